//! Laws of training, seen from outside.

mod conformance;
mod convolutions;
mod deployment;
mod described;
mod digital_layers;
mod errors;
mod gradients;
mod in_the_loop;
mod initial_weights;
mod laws;
mod layer_laws;
mod layers_of_ones_own;
mod losses;
mod optimizers;
mod rate_schedules;
mod recipes;
mod reports;
mod reproducibility;
mod support;
mod trainers;
mod twin;
mod twin_fit;
mod twin_gradient;
mod twin_recording;
