//! What is drawn for one chip.

use crate::cadc::Cadc;
use crate::config::ChipConfig;
use crate::driver::Drivers;
use crate::membrane::{self, Membrane};
use crate::ota::SynapticInputs;
use crate::synapse::Synapses;

/// The hidden mismatch of one chip, with the parameters from which it was drawn.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) config: ChipConfig,
    pub(crate) drivers: Drivers,
    pub(crate) synapses: Synapses,
    pub(crate) inputs: SynapticInputs,
    pub(crate) membranes: Vec<Membrane>,
    pub(crate) cadc: Cadc,
}

impl Instance {
    pub(crate) fn draw(config: ChipConfig, seed: u64) -> Self {
        let geometry = config.geometry;
        Self {
            drivers: Drivers::draw(&config.driver, geometry, seed),
            synapses: Synapses::draw(&config.synapse, geometry, seed),
            inputs: SynapticInputs::draw(&config.ota, geometry, seed),
            membranes: membrane::draw(&config.membrane, geometry, seed),
            cadc: Cadc::draw(&config.cadc, geometry, seed),
            config,
        }
    }
}
