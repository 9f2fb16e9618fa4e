//! One way of setting up a chip and of using it, and what a network is worth there: how well its
//! layers are multiplied, its accuracy as it is and after training in the loop, and what that costs.

use bss2_calibration::Procedure;
use bss2_core::RunSettings;
use bss2_mapping::{ScalingRule, Tiling};
use bss2_training::{NetworkDescription, OnArray};
use serde::{Deserialize, Serialize};

mod bench;
mod calibration;
mod case;
mod digital;
mod fresh_chip;
mod knob;
mod layout;
mod measured;
mod network_state;
mod task;

pub use bench::Meanwhile;
pub(crate) use bench::{Judged, PointBench, ShiftsBy};
pub use case::NetworkCase;
pub(crate) use digital::DigitalNetwork;
pub(crate) use fresh_chip::FreshChip;
pub use knob::Knob;
pub use layout::Layout;
pub(crate) use measured::{Measured, OnChip};
pub use network_state::NetworkState;
pub use task::NetworkTask;

/// How a chip is calibrated and how layers run on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// How often each vector is sent.
    pub num_sends: u32,
    /// Cycles of 8 ns from one event to the next.
    pub wait_between_events: u32,
    /// Rows that every input drives.
    pub row_repetition: usize,
    /// Columns over which every output is averaged.
    pub column_copies: usize,
    /// Share of a layer's weights that are to fit the range of ±63, 0…1.
    pub weight_quantile: f64,
    /// Share of a layer's outputs that are to fit the range of the next one's activations, 0…1.
    pub output_quantile: f64,
    /// How layers are cut and placed.
    pub layout: Layout,
    /// How the chip is calibrated, in files a table named after the procedure, such as
    /// `calibration.membrane`; without it, in files `calibration = "none"`, the chip is as it comes.
    #[serde(with = "calibration")]
    pub calibration: Option<Procedure>,
}

impl OperatingPoint {
    /// The usual calibration, one send at the usual pace.
    pub(crate) fn usual() -> Self {
        Self {
            num_sends: 1,
            wait_between_events: RunSettings::USUAL.wait_between_events(),
            row_repetition: 1,
            column_copies: 1,
            weight_quantile: ScalingRule::default().weight_quantile,
            output_quantile: ScalingRule::default().output_quantile,
            layout: Layout::InOrder,
            calibration: Some(Procedure::joint()),
        }
    }

    /// How layers are brought onto the array.
    pub(crate) fn on_array(&self, of_network: &OnArray) -> OnArray {
        let mut on_array = of_network.clone();
        on_array.num_sends = self.num_sends;
        on_array.wait_between_events = self.wait_between_events;
        let coding = on_array.tiling.coding;
        on_array.tiling = Tiling::from(self.layout).with_coding(coding);
        on_array.tiling.coding.row_repetition = self.row_repetition;
        on_array.tiling.coding.column_copies = self.column_copies;
        on_array.scaling.weight_quantile = self.weight_quantile;
        on_array.scaling.output_quantile = self.output_quantile;
        on_array
    }

    /// A network that runs so.
    pub(crate) fn network(&self, network: &NetworkDescription) -> NetworkDescription {
        let mut network = network.clone();
        for layer in network.on_array_mut() {
            *layer = self.on_array(layer);
        }
        network
    }
}
