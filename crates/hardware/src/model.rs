//! How voltages at the readout follow from activations: two models of the same circuit.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::circuit::Circuit;
use crate::pass::Pass;

/// Computes what the CADC gets to see.
pub(crate) trait Model {
    /// Prepares for a circuit whose columns or weights of a hemisphere have changed.
    fn fold(&mut self, circuit: &Circuit, hemisphere: usize);

    /// Voltage at the readout source of each of the region's columns at the time of readout
    /// (vectors × columns), in LSB above the nominal reset potential, noise of the readout apart.
    ///
    /// `activations` hold the vectors from `first_vector` on. Returns how many voltages lie outside
    /// the model's range of validity.
    fn voltages(
        &mut self,
        pass: &Pass<'_>,
        first_vector: u64,
        activations: ArrayView2<'_, u8>,
        voltages: ArrayViewMut2<'_, f32>,
    ) -> u64;
}
