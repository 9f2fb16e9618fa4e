//! Weights in files that other programs read.

mod names;
mod safetensors_file;

pub use names::TensorNames;
pub use safetensors_file::WeightFile;
