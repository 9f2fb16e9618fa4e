//! Tests of files from outside, as a user calls them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod sample;

mod attributes;
mod damage;
mod disk;
mod hostile;
mod layout;
mod round_trip;
