//! Every number that the experiment depends on.

use serde::{Deserialize, Serialize};

use super::EXPERIMENT;
use super::midpoint::Search;
use crate::parameter_check::{Checked, REPEATS_MAX};
use crate::{ExperimentError, Preset, Settings};

/// Every number that the experiment depends on, besides its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the networks of each kind, as many as there would be chips.
    pub network_seeds: Vec<u64>,
    /// Widths of the hidden layers of networks without convolutions.
    pub mlp_hidden: Vec<usize>,
    /// Networks with convolutions.
    pub cnn: ConvolutionalNetwork,
    /// Epochs of training.
    pub epochs: usize,
    /// Samples per training step.
    pub batch: usize,
    /// Learning rate at first.
    pub rate: f32,
    /// Learning rate at last, relative to that at first.
    pub last_rate: f32,
    /// Logits per unit of the outputs.
    pub logits_per_unit: f32,
    /// Least and most noise among which midpoints are sought.
    pub sigma_range: (f64, f64),
    /// How often this range, on a logarithmic scale, is halved.
    pub halvings: u32,
    /// Draws of noise over which every accuracy is averaged.
    pub noise_draws: u64,
    /// Noise in training, relative to the midpoint of the same network trained without.
    pub training_noise: f64,
    /// Noise on all layers for which accuracies are shown.
    pub curve_sigmas: Vec<f64>,
}

/// A network of convolutions, each followed by a mean of 2 × 2, and dense layers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConvolutionalNetwork {
    /// Channels of the convolutions.
    pub channels: Vec<usize>,
    /// Side of the kernels.
    pub kernel: usize,
    /// Zeros around the inputs of each convolution.
    pub paddings: Vec<usize>,
    /// Widths of the hidden dense layers.
    pub hidden: Vec<usize>,
}

impl ConvolutionalNetwork {
    /// Smallest side of images that the published network takes.
    const PUBLISHED_SIDE_MIN: usize = 12;

    /// `LeNet5` for images of 28 × 28.
    fn published() -> Self {
        Self {
            channels: vec![6, 16],
            kernel: 5,
            paddings: vec![2, 0],
            hidden: vec![120, 84],
        }
    }

    /// The same made small for images of 8 × 8.
    fn small() -> Self {
        Self {
            channels: vec![4, 8],
            kernel: 3,
            paddings: vec![1, 1],
            hidden: vec![32, 24],
        }
    }
}

impl Parameters {
    /// The parameters for a preset. Data from files get fewer epochs, because they are larger.
    /// Networks are the published ones where images, rows × columns, are large enough for them.
    pub fn resolve(settings: &Settings, image: (usize, usize)) -> Self {
        let from_files = settings.data.is_some();
        let is_large = image.0.min(image.1) >= ConvolutionalNetwork::PUBLISHED_SIDE_MIN;
        let (seeds, epochs, noise_draws) = match (settings.preset, from_files) {
            (Preset::Quick, false) => (5, 16, 2),
            (Preset::Standard, false) => (10, 30, 5),
            (Preset::Full, false) => (20, 60, 10),
            (Preset::Quick, true) => (1, 1, 1),
            (Preset::Standard, true) => (5, 5, 1),
            (Preset::Full, true) => (10, 15, 2),
        };
        let (mlp_hidden, cnn) = if is_large {
            (vec![128; 3], ConvolutionalNetwork::published())
        } else {
            (vec![64; 3], ConvolutionalNetwork::small())
        };
        Self {
            network_seeds: settings.chip_seeds(seeds),
            mlp_hidden,
            cnn,
            epochs,
            batch: if from_files { 100 } else { 32 },
            rate: if from_files { 0.002 } else { 0.004 },
            last_rate: 0.02,
            logits_per_unit: 1.0,
            sigma_range: (1e-2, 1e2),
            halvings: 8,
            noise_draws,
            training_noise: 0.5,
            curve_sigmas: (-8..=6)
                .map(|step| 10_f64.powf(0.25 * f64::from(step)))
                .collect(),
        }
    }

    /// Parameters that results can come of.
    ///
    /// # Errors
    /// [`ExperimentError::Parameter`] with the first that is none of these.
    pub fn check(&self) -> Result<(), ExperimentError> {
        /// By then the ends of the range are neighbours.
        const HALVINGS_MAX: u32 = 100;
        let checked = Checked(EXPERIMENT.name);
        checked.several("network_seeds", &self.network_seeds)?;
        checked.within("halvings", self.halvings, 0, HALVINGS_MAX)?;
        checked.within("noise_draws", self.noise_draws, 1, REPEATS_MAX as u64)
    }

    pub(super) const fn search(&self) -> Search {
        Search {
            range: self.sigma_range,
            halvings: self.halvings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::to_toml;
    use crate::parameter_check::tests::{Refused, assert_refused};

    #[test]
    fn every_parameter_stands_in_the_configuration() {
        let default = Parameters::resolve(&Settings::default(), (8, 8));
        let text = |parameters: &Parameters| to_toml(parameters).unwrap().to_string();
        let changes: [fn(&mut Parameters); 17] = [
            |p| p.network_seeds.push(99),
            |p| p.mlp_hidden.push(3),
            |p| p.cnn.channels.push(3),
            |p| p.cnn.kernel += 1,
            |p| p.cnn.paddings.push(1),
            |p| p.cnn.hidden.push(3),
            |p| p.epochs += 1,
            |p| p.batch += 1,
            |p| p.rate += 1e-6,
            |p| p.last_rate += 1e-6,
            |p| p.logits_per_unit += 1e-6,
            |p| p.sigma_range.0 += 1e-6,
            |p| p.sigma_range.1 += 1e-6,
            |p| p.halvings += 1,
            |p| p.noise_draws += 1,
            |p| p.training_noise += 1e-6,
            |p| p.curve_sigmas.push(99.0),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = default.clone();
            change(&mut changed);
            assert_ne!(text(&changed), text(&default), "change {number}");
        }
    }

    #[test]
    fn what_no_result_can_come_of_is_refused_by_name() {
        let default = Parameters::resolve(&Settings::default(), (8, 8));
        let changes: [Refused<Parameters>; 4] = [
            (|p| p.network_seeds.clear(), "network_seeds: is empty"),
            (
                |p| p.halvings = u32::MAX,
                "halvings: 4294967295 is outside 0…100",
            ),
            (|p| p.noise_draws = 0, "noise_draws: 0 is outside 1…1000"),
            (|p| p.noise_draws = u64::MAX, "noise_draws: 18446744073"),
        ];
        assert_refused(&default, Parameters::check, &changes);
    }
}
