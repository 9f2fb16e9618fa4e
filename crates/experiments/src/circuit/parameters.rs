//! Every number that the experiment depends on.

use bss2_calibration::Procedure;
use bss2_hardware::ChipConfig;
use serde::{Deserialize, Serialize};

use crate::{Preset, Settings};

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
}
