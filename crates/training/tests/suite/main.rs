//! Laws of training, seen from outside.

mod conformance;
mod convolutions;
mod deployment;
mod errors;
mod gradients;
mod in_the_loop;
mod layers_of_ones_own;
mod optimizers;
mod reports;
mod reproducibility;
mod support;
