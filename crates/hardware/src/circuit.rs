//! A chip's circuit with registers, conditions and weights applied: what both models compute with.

use std::sync::Arc;

use bss2_core::{ArrayGeometry, ArrayMode, Region};
use ndarray::ArrayView2;

use crate::columns::Columns;
use crate::conditions::Conditions;
use crate::driver::Pulses;
use crate::instance::Instance;
use crate::readout::Readout;
use crate::registers::{RegisterFile, Stale};
use crate::synapse::{Currents, PanelFactors, Sign, Synapses};
use crate::synram::Synram;

/// The circuit of one chip.
#[derive(Clone, Debug)]
pub(crate) struct Circuit {
    pub(crate) geometry: ArrayGeometry,
    pub(crate) mode: ArrayMode,
    /// By hemisphere, then input of the mode.
    pub(crate) pulses: Pulses,
    synapses: Arc<Synapses>,
    pub(crate) synrams: Vec<Synram>,
    pub(crate) columns: Columns,
    pub(crate) readout: Readout,
    /// Jitter of each event.
    pub(crate) jitter_activations: f32,
}

impl Circuit {
    /// The circuit in a mode, all weights zero.
    pub(crate) fn new(
        instance: &Instance,
        registers: &RegisterFile,
        conditions: &Conditions,
        mode: ArrayMode,
    ) -> Self {
        let config = &instance.config;
        let columns = Columns::fold(instance, registers, conditions);
        let synrams = (0..config.geometry.hemispheres())
            .map(|h| Synram::new(config.geometry, &instance.synapses, h, mode))
            .collect();
        Self {
            geometry: config.geometry,
            mode,
            pulses: pulses(instance, registers, conditions, mode),
            synapses: Arc::clone(&instance.synapses),
            synrams,
            readout: Readout::fold(instance, registers, conditions, &columns),
            columns,
            jitter_activations: config.driver.jitter_activations * conditions.noise(),
        }
    }

    /// Folds anew what has become stale.
    pub(crate) fn refold(
        &mut self,
        instance: &Instance,
        registers: &RegisterFile,
        conditions: &Conditions,
        stale: Stale,
    ) {
        let config = &instance.config;
        if stale.drivers {
            self.pulses = pulses(instance, registers, conditions, self.mode);
            self.jitter_activations = config.driver.jitter_activations * conditions.noise();
        }
        if stale.columns || stale.synapses {
            self.columns = Columns::fold(instance, registers, conditions);
            self.readout = Readout::fold(instance, registers, conditions, &self.columns);
        }
        if stale.synapses {
            for synram in &mut self.synrams {
                synram.registers_changed();
            }
        }
    }

    /// Writes a checked block of weights.
    pub(crate) fn write_weights(&mut self, region: Region, weights: ArrayView2<'_, i8>) {
        self.synrams[region.hemisphere].write(&self.synapses, region, weights);
    }

    /// Brings the charges of a region's synapses up to date, for whoever follows single events.
    pub(crate) fn charge(&mut self, region: Region) {
        self.synrams[region.hemisphere].charge(&self.synapses, &self.columns, region);
    }

    /// Mismatch currents of a panel of a hemisphere, by row.
    pub(crate) fn mismatch(&self, hemisphere: usize, panel: usize) -> &[Currents] {
        self.synapses.mismatch(hemisphere, panel)
    }

    /// What acts on the charges of a panel of a hemisphere.
    pub(crate) fn panel_factors(&self, hemisphere: usize, panel: usize) -> PanelFactors {
        let of_chip = self.synrams[hemisphere].panel_of_chip(panel);
        self.synapses.panel_factors(&self.columns, of_chip)
    }

    /// Index of a hemisphere's column among the columns of the chip.
    pub(crate) fn column_of_chip(&self, hemisphere: usize, column: usize) -> usize {
        hemisphere * self.geometry.columns() + column
    }

    /// The columns of a region among the columns of the chip.
    pub(crate) fn columns_of_chip(&self, region: Region) -> std::ops::Range<usize> {
        let first = self.column_of_chip(region.hemisphere, region.first_column);
        first..first + region.columns
    }

    /// Charge that simultaneous pulses of full length on a region's inputs bring onto each of its
    /// columns' lines.
    pub(crate) fn charges_of_pulses(&self, region: Region, sign: Sign) -> Vec<f32> {
        let mut charges = vec![0.0; region.columns];
        let synram = &self.synrams[region.hemisphere];
        let pulses = &self.pulses.ceiling[self.first_input(region)..][..region.inputs];
        for (input, pulse) in region.input_range().zip(pulses) {
            let row = synram.row(sign, input, region.column_range());
            for (charge, synapse) in charges.iter_mut().zip(row) {
                *charge += pulse * synapse;
            }
        }
        charges
    }

    /// Index of a region's first input among the inputs of the chip.
    pub(crate) fn first_input(&self, region: Region) -> usize {
        region.hemisphere * self.mode.geometry(self.geometry).inputs() + region.first_input
    }
}

fn pulses(
    instance: &Instance,
    registers: &RegisterFile,
    conditions: &Conditions,
    mode: ArrayMode,
) -> Pulses {
    let config = &instance.config;
    let inputs_per_driver = mode.geometry(config.geometry).inputs() / config.geometry.inputs();
    instance
        .drivers
        .pulses(&config.driver, registers, conditions, inputs_per_driver)
}
