//! The array that other things are compared with.

use std::num::NonZero;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

use crate::{ArrayError, ArrayGeometry, MacArray, Region, RunReport, RunRequest};

/// Exact integer products, divided by one number (rounded towards zero) and saturated: y = sat(Σ x·w / d).
/// The number of sends changes nothing. It is slow and easily seen to be right.
#[derive(Clone, Debug)]
pub struct ExactArray {
    geometry: ArrayGeometry,
    divisor: NonZero<u16>,
    weights: Vec<Array2<i8>>,
}

impl ExactArray {
    /// An array with zero weights.
    pub fn new(geometry: ArrayGeometry, divisor: NonZero<u16>) -> Self {
        let zeros = Array2::zeros((geometry.inputs(), geometry.columns()));
        Self {
            geometry,
            divisor,
            weights: vec![zeros; geometry.hemispheres()],
        }
    }
}

impl MacArray for ExactArray {
    fn geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights(self.geometry, weights)?;
        let block = s![region.input_range(), region.column_range()];
        self.weights[region.hemisphere]
            .slice_mut(block)
            .assign(&weights);
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let region = request.region;
        region.check_run(self.geometry, activations, outputs.dim())?;
        let block = s![region.input_range(), region.column_range()];
        let weights = self.weights[region.hemisphere].slice(block);
        // Not mapped: that fails in debug builds for no rows that were split off others.
        let activations = Array2::from_shape_fn(activations.dim(), |at| i32::from(activations[at]));
        let sums = activations.dot(&weights.mapv(i32::from));
        outputs.zip_mut_with(&sums, |out, sum| {
            let scaled =
                (sum / i32::from(self.divisor.get())).clamp(i32::from(i8::MIN), i32::from(i8::MAX));
            *out = scaled as i8;
        });
        Ok(RunReport::default())
    }
}
