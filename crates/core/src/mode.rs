//! How the rows and columns of a synapse array are used.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{ArrayGeometry, ReadoutSource, WEIGHT_MAX};

/// How rows and columns are used, and what is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrayMode {
    /// A driver's two rows are excitatory and inhibitory: one signed input per driver, one output
    /// per column, integrated on the membranes.
    #[default]
    Membrane,
    /// All rows are excitatory and inputs of their own; results are read from the synaptic lines
    /// ("synin"), and neighbouring columns, the first for positive weights, the second for negative
    /// ones, are subtracted digitally: twice the inputs, half the outputs.
    ///
    /// Lines forget their charge with τ_syn: registers that suit membrane mode leave next to nothing
    /// of it at the readout. Slow them down (`i_bias_synin_exc_tau` near 0: about 20 µs).
    SynapticLine,
    /// All rows are excitatory and inputs of their own, integrated on the membranes: twice the
    /// inputs, weights without sign.
    Unsigned,
}

impl ArrayMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Membrane, Self::SynapticLine, Self::Unsigned];

    /// Sizes of the array in this mode on a chip of the given physical sizes (those of membrane
    /// mode). An odd last column has no partner in synaptic-line mode and stays unused. (No array has
    /// more than twice the inputs of the largest chip.)
    pub const fn geometry(self, chip: ArrayGeometry) -> ArrayGeometry {
        let rows = if chip.inputs() < ArrayGeometry::SIDE_MAX {
            2 * chip.inputs()
        } else {
            2 * ArrayGeometry::SIDE_MAX
        };
        match self {
            Self::Membrane => chip,
            Self::SynapticLine => chip.resized(rows, chip.columns() / 2),
            Self::Unsigned => chip.resized(rows, chip.columns()),
        }
    }

    /// Inputs and columns that [probing](crate::ChipProbe) sees in this mode: the mode's inputs, and
    /// every physical column.
    pub const fn probe_geometry(self, chip: ArrayGeometry) -> ArrayGeometry {
        chip.resized(self.geometry(chip).inputs(), chip.columns())
    }

    /// Weights that the mode can hold.
    pub const fn weights(self) -> RangeInclusive<i8> {
        match self {
            Self::Membrane | Self::SynapticLine => -WEIGHT_MAX..=WEIGHT_MAX,
            Self::Unsigned => 0..=WEIGHT_MAX,
        }
    }

    /// What the columns' CADC channels show in this mode.
    pub const fn readout_source(self) -> ReadoutSource {
        match self {
            Self::Membrane | Self::Unsigned => ReadoutSource::Membrane,
            Self::SynapticLine => ReadoutSource::ExcitatoryLine,
        }
    }
}
