//! What comes of a training.

use serde::{Deserialize, Serialize};

/// What came of one way of training on one chip.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    /// Test accuracy on the chip, in percent.
    pub(super) accuracy_percent: f64,
    /// That of the digital network before it was brought onto the array, in percent; a network that
    /// was not trained before guesses.
    pub(super) digital_percent: f64,
    /// Samples that ran on the chip in training.
    pub(super) samples_in_the_loop: u64,
    /// Samples that were trained on without the chip.
    pub(super) samples_off_chip: u64,
    /// Chip time of the training and of the measurements that it takes, in s.
    pub(super) training_s: f64,
    /// Chip time per image, in µs.
    pub(super) inference_us: f64,
    /// Share of the array's outputs at the ends of their range while test images are classified, in
    /// percent.
    pub(super) saturated_percent: f64,
    /// Accuracy on training samples in each epoch on an array, while the network changes, in percent.
    pub(super) learning: Vec<f64>,
    /// Time that the computer took for the training, in s: another each time.
    pub(super) wall_s: f64,
}

impl Measured {
    /// Samples that were trained on, wherever.
    pub(super) const fn samples(&self) -> u64 {
        self.samples_in_the_loop + self.samples_off_chip
    }
}
