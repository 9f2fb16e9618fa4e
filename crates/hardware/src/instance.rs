//! What is drawn for one chip.

use std::sync::Arc;

use crate::cadc::Cadc;
use crate::conditions::Sensitivity;
use crate::config::ChipConfig;
use crate::driver::Drivers;
use crate::line::Lines;
use crate::membrane::Membranes;
use crate::ota::Otas;
use crate::synapse::Synapses;

/// The hidden mismatch of one chip, with the parameters from which it was drawn.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) config: ChipConfig,
    pub(crate) drivers: Drivers,
    pub(crate) synapses: Arc<Synapses>,
    pub(crate) lines: Lines,
    pub(crate) otas: Otas,
    pub(crate) membranes: Membranes,
    pub(crate) cadc: Cadc,
    pub(crate) sensitivity: Sensitivity,
}

impl Instance {
    pub(crate) fn draw(config: ChipConfig, seed: u64) -> Self {
        let geometry = config.geometry;
        Self {
            drivers: Drivers::draw(&config.driver, geometry, seed),
            synapses: Arc::new(Synapses::draw(&config.synapse, geometry, seed)),
            lines: Lines::draw(&config.line, geometry, seed),
            otas: Otas::draw(&config.ota, geometry, seed),
            membranes: Membranes::draw(&config.membrane, geometry, seed),
            cadc: Cadc::draw(&config.cadc, geometry, seed),
            sensitivity: Sensitivity::draw(&config, seed),
            config,
        }
    }
}
