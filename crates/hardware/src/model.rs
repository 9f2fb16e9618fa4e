//! How voltages at the readout follow from activations: two models of the same circuit.

use bss2_core::Region;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use crate::circuit::Circuit;
use crate::pass::{Pass, Timing};

/// Computes what the CADC gets to see.
pub(crate) trait Model {
    /// Prepares for a hemisphere of a circuit that has changed.
    fn fold(&mut self, circuit: &Circuit, hemisphere: usize);

    /// Prepares for a circuit in which nothing has changed but the weights of a region (inputs of
    /// the mode × physical columns).
    fn fold_weights(&mut self, circuit: &Circuit, region: Region);

    /// Voltage at the readout source of each of the region's columns at the time of readout
    /// (vectors × columns), in LSB above the nominal reset potential, noise of the readout apart.
    ///
    /// Returns how many voltages lie outside the model's range of validity.
    fn voltages(
        &mut self,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        voltages: ArrayViewMut2<'_, f32>,
    ) -> u64;
}

/// Some neighbouring vectors of a run.
pub(crate) struct Batch<'a> {
    /// Number of the first vector.
    pub(crate) first_vector: u64,
    /// Vectors × inputs of the region, in standard layout.
    pub(crate) activations: ArrayView2<'a, u8>,
    /// Timing of each vector.
    pub(crate) timings: &'a [Timing],
}

impl<'a> Batch<'a> {
    /// Number, activations and timing of each vector.
    pub(crate) fn vectors(&self) -> impl Iterator<Item = (u64, ArrayView1<'a, u8>, Timing)> {
        let activations = self.activations;
        let rows = (0..activations.nrows()).map(move |v| activations.index_axis_move(Axis(0), v));
        let numbers = (0..).map(|v| self.first_vector.wrapping_add(v));
        numbers
            .zip(rows)
            .zip(self.timings)
            .map(|((number, activations), timing)| (number, activations, *timing))
    }
}
