//! Tests of the data sets from outside, as a user calls them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod idx_bytes;

mod idx_folder;
mod idx_hostile;
mod idx_round_trip;
mod mnist;
mod splitting;
mod yin_yang;
