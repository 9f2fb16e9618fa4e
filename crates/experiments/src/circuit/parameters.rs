//! Every number that the experiment depends on.

use bss2_calibration::Procedure;
use bss2_core::{ACTIVATION_MAX, ArrayGeometry, WEIGHT_MAX};
use bss2_hardware::ChipConfig;
use serde::{Deserialize, Serialize};

use super::EXPERIMENT;
use crate::parameter_check::{Checked, REPEATS_MAX};
use crate::{ExperimentError, Preset, Settings};

/// Every number that the experiment depends on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the chips; figures show the first.
    pub chip_seeds: Vec<u64>,
    /// The multiplication whose course is recorded.
    pub trace: TraceParameters,
    /// How the drivers are measured.
    pub drivers: DriverParameters,
    /// How the swing is measured.
    pub swing: SwingParameters,
    /// How the saturation of the OTAs is measured.
    pub line: LineParameters,
    /// Stimuli on which both models are compared.
    pub validity: ValidityParameters,
    /// The chips.
    pub chip: ChipConfig,
    /// Their calibration.
    pub calibration: Procedure,
}

/// One row after the other sends an event; the first ones have positive weights.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TraceParameters {
    /// Column of the first hemisphere.
    pub column: usize,
    /// Activation of all rows.
    pub activation: u8,
    /// Magnitude of all weights.
    pub weight: i8,
    /// Rows with positive weights.
    pub positive_rows: usize,
    /// Rows with negative weights, after them.
    pub negative_rows: usize,
    /// Cycles from event to event.
    pub wait_between_events: u32,
    /// Cycles from sample to sample.
    pub sample_interval: u32,
    /// Time after the readout for which the recording goes on, in µs.
    pub afterwards_us: f64,
}

/// Each driver alone, into one column that is otherwise ideal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DriverParameters {
    /// Weight of the column.
    pub weight: i8,
    /// How often each event is sent.
    pub num_sends: u32,
}

/// One row into one weight after the other, all columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SwingParameters {
    /// The row.
    pub row: usize,
    /// Its activation.
    pub activation: u8,
    /// How often its event is sent.
    pub num_sends: u32,
    /// How often each point is repeated.
    pub repeats: usize,
    /// Results up to this magnitude make the linear prediction, in LSB.
    pub linear_lsb: f64,
}

/// All rows at full activation into one weight.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LineParameters {
    /// The weights.
    pub weights: Vec<i8>,
    /// Cycles from event to event.
    pub waits: Vec<u32>,
    /// Bias of the OTAs, low enough for results to stay in range; it does not move the saturation.
    pub ota_bias: i32,
}

/// Random weights and activations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ValidityParameters {
    /// Largest magnitudes of the weights.
    pub magnitudes: Vec<i8>,
    /// Cycles from event to event.
    pub waits: Vec<u32>,
    /// Numbers of sends.
    pub sends: Vec<u32>,
    /// Smallest activations other than zero.
    pub least_activations: Vec<u8>,
    /// Shares of activations that are not zero.
    pub densities: Vec<f64>,
    /// Vectors for each combination of these and each order of signs.
    pub vectors: usize,
    /// Bias of the OTAs where all weights have one sign.
    pub ota_bias: i32,
    /// Results beyond this lie too near the ends of the swing to compare, in LSB.
    pub in_range_lsb: f64,
}

impl Parameters {
    /// The parameters for a preset.
    pub fn resolve(settings: &Settings) -> Self {
        let chips = match settings.preset {
            Preset::Quick => 2,
            Preset::Standard => 4,
            Preset::Full => 10,
        };
        Self {
            chip_seeds: settings.chip_seeds(chips),
            trace: TraceParameters {
                column: 40,
                activation: 31,
                weight: 63,
                positive_rows: 8,
                negative_rows: 4,
                wait_between_events: 150,
                sample_interval: 4,
                afterwards_us: 0.8,
            },
            drivers: DriverParameters {
                weight: 63,
                num_sends: 32,
            },
            swing: SwingParameters {
                row: 0,
                activation: 12,
                num_sends: 124,
                repeats: 4,
                linear_lsb: 60.0,
            },
            line: LineParameters {
                weights: vec![16, 32, 63],
                waits: vec![1, 2, 3, 5, 10, 25, 50, 100],
                ota_bias: 80,
            },
            validity: ValidityParameters {
                magnitudes: vec![8, 16, 24, 32, 48, 63],
                waits: vec![1, 2, 5, 10, 25],
                sends: vec![1, 4],
                least_activations: vec![1, 24],
                densities: vec![0.3, 1.0],
                vectors: 1,
                ota_bias: 80,
                in_range_lsb: 90.0,
            },
            chip: settings.chip.clone(),
            calibration: Procedure::default(),
        }
    }

    /// Parameters that results can come of.
    ///
    /// # Errors
    /// [`ExperimentError::Parameter`] with the first that is none of these.
    pub fn check(&self) -> Result<(), ExperimentError> {
        let checked = Checked(EXPERIMENT.name);
        checked.several("chip_seeds", &self.chip_seeds)?;
        self.trace.check(checked, self.chip.geometry)?;
        checked.within("swing.repeats", self.swing.repeats, 1, REPEATS_MAX)?;
        self.validity.check(checked)
    }
}

impl TraceParameters {
    /// Longest time after the readout, in µs.
    const AFTERWARDS_MAX_US: f64 = 10_000.0;

    fn check(&self, checked: Checked, geometry: ArrayGeometry) -> Result<(), ExperimentError> {
        let last = geometry.columns() - 1;
        checked.within("trace.column", self.column, 0, last)?;
        checked.within("trace.weight", self.weight, 0, WEIGHT_MAX)?;
        let rows = geometry.inputs();
        checked.within("trace.positive_rows", self.positive_rows, 0, rows)?;
        let left = rows - self.positive_rows;
        checked.within("trace.negative_rows", self.negative_rows, 0, left)?;
        let interval = self.sample_interval;
        checked.within("trace.sample_interval", interval, 1, u32::MAX)?;
        let (name, most) = ("trace.afterwards_us", Self::AFTERWARDS_MAX_US);
        checked.within(name, self.afterwards_us, 0.0, most)
    }
}

impl ValidityParameters {
    fn check(&self, checked: Checked) -> Result<(), ExperimentError> {
        for &magnitude in &self.magnitudes {
            checked.within("validity.magnitudes", magnitude, 0, WEIGHT_MAX)?;
        }
        for &least in &self.least_activations {
            checked.within("validity.least_activations", least, 0, ACTIVATION_MAX)?;
        }
        for &density in &self.densities {
            checked.within("validity.densities", density, 0.0, 1.0)?;
        }
        checked.within("validity.vectors", self.vectors, 1, REPEATS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter_check::tests::{Refused, assert_refused};

    #[test]
    fn what_no_result_can_come_of_is_refused_by_name() {
        let default = Parameters::resolve(&Settings::default());
        let changes: [Refused<Parameters>; 15] = [
            (|p| p.chip_seeds.clear(), "chip_seeds: is empty"),
            (
                |p| p.trace.column = 256,
                "trace.column: 256 is outside 0…255",
            ),
            (
                |p| p.trace.weight = -128,
                "trace.weight: -128 is outside 0…63",
            ),
            (
                |p| p.trace.positive_rows = usize::MAX,
                "trace.positive_rows: 18446744073",
            ),
            (
                |p| p.trace.negative_rows = usize::MAX,
                "trace.negative_rows: 18446744073",
            ),
            (
                |p| p.trace.sample_interval = 0,
                "trace.sample_interval: 0 is outside",
            ),
            (
                |p| p.trace.afterwards_us = f64::INFINITY,
                "trace.afterwards_us: inf is outside 0…10000",
            ),
            (|p| p.trace.afterwards_us = -1.0, "trace.afterwards_us: -1"),
            (
                |p| p.swing.repeats = 0,
                "swing.repeats: 0 is outside 1…1000",
            ),
            (
                |p| p.swing.repeats = usize::MAX,
                "swing.repeats: 18446744073",
            ),
            (
                |p| p.validity.magnitudes = vec![-8],
                "validity.magnitudes: -8 is outside 0…63",
            ),
            (
                |p| p.validity.least_activations = vec![32],
                "validity.least_activations: 32 is outside 0…31",
            ),
            (
                |p| p.validity.densities = vec![1.5],
                "validity.densities: 1.5 is outside 0…1",
            ),
            (
                |p| p.validity.densities = vec![f64::NAN],
                "validity.densities: NaN",
            ),
            (
                |p| p.validity.vectors = 0,
                "validity.vectors: 0 is outside 1…1000",
            ),
        ];
        assert_refused(&default, Parameters::check, &changes);
    }
}
