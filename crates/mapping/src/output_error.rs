//! How far a plan's results lie from the exact product.

use bss2_core::{MacArray, Trial};
use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use crate::{Activations, LayerSample, LayerShape, MappingError, Plan, PlanRunner};

/// What separates results from the exact product, over all outputs of a sample of vectors.
///
/// Both numbers are in LSB of a single send on a single row, so that plans with different sends and
/// repetitions can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutputError {
    /// Root mean square of the differences.
    pub error_lsb: f64,
    /// Root mean square of the exact products.
    pub signal_lsb: f64,
}

impl OutputError {
    /// The error relative to the signal; NaN without a signal.
    pub fn relative(self) -> f64 {
        self.error_lsb / self.signal_lsb
    }

    /// Runs a plan on an array and compares with the exact product at a gain, in LSB per activation
    /// and weight unit and send.
    ///
    /// On a [`ProfiledArray`](crate::ProfiledArray) this is what is to be expected of the measured
    /// array.
    ///
    /// # Errors
    /// As [`PlanRunner::run`].
    pub fn of(
        plan: &Plan,
        array: &mut dyn MacArray,
        sample: LayerSample<'_>,
        gain_per_send_lsb: f32,
        trial: &mut Trial,
    ) -> Result<Self, MappingError> {
        let mut outputs = Array2::zeros((sample.activations.dim().0, plan.shape().outputs()));
        let mut runner = PlanRunner::new(plan.clone());
        runner.run(
            array,
            sample.weights,
            sample.activations,
            trial,
            outputs.view_mut(),
        )?;
        let exact = exact_products(plan.shape(), sample);
        let amplification = f64::from(plan.amplification());
        let gain = f64::from(gain_per_send_lsb);
        let mut squares = (0.0, 0.0);
        for (&y, &exact) in outputs.iter().zip(&exact) {
            let expected = gain * f64::from(exact);
            squares.0 += (f64::from(y) / amplification - expected).powi(2);
            squares.1 += expected.powi(2);
        }
        let count = outputs.len().max(1) as f64;
        Ok(Self {
            error_lsb: (squares.0 / count).sqrt(),
            signal_lsb: (squares.1 / count).sqrt(),
        })
    }
}

/// Σ x·w (vectors × outputs) in single precision, which is exact up to 8000 inputs of a group.
fn exact_products(shape: LayerShape, sample: LayerSample<'_>) -> Array2<f32> {
    let mut products = Array2::zeros((sample.activations.dim().0, shape.outputs()));
    let weights = as_floats(sample.weights.into());
    let activations = as_floats(sample.activations);
    for group in 0..shape.groups() {
        let inputs = group * shape.group_inputs()..(group + 1) * shape.group_inputs();
        let outputs = group * shape.group_outputs()..(group + 1) * shape.group_outputs();
        let activations: ArrayView2<'_, f32> = activations.slice(s![.., inputs]);
        let weights = weights.slice(s![.., outputs.clone()]);
        let mut products = products.slice_mut(s![.., outputs]);
        ndarray::linalg::general_mat_mul(1.0, &activations, &weights, 0.0, &mut products);
    }
    products
}

/// Integers as numbers to compute with. (Not mapped: that fails in debug builds for no rows that were split
/// off others.)
pub(crate) fn as_floats(values: Activations<'_>) -> Array2<f32> {
    match values {
        Activations::Unsigned(values) => {
            Array2::from_shape_fn(values.dim(), |at| f32::from(values[at]))
        }
        Activations::Signed(values) => {
            Array2::from_shape_fn(values.dim(), |at| f32::from(values[at]))
        }
    }
}
