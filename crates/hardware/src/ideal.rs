//! The array without imperfections.

use bss2_core::{ArrayError, ArrayGeometry, Buffer, MacArray, Region, RunReport, RunRequest};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Zip, s};

use crate::ConfigError;
use crate::error::check_range;

/// Exact integer products, scaled by one gain, rounded to even and saturated to `i8`:
/// y = sat(round(gain · `num_sends` · Σ x·w)).
///
/// With a gain of 1 the outputs are the exact integers, as long as they fit.
#[derive(Clone, Debug)]
pub struct IdealArray {
    geometry: ArrayGeometry,
    gain_lsb: f32,
    sums: ExactSums,
}

impl IdealArray {
    /// An array with zero weights and a gain in LSB per activation and weight unit.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless the gain lies in 10⁻⁶…10³.
    pub fn new(geometry: ArrayGeometry, gain_lsb: f32) -> Result<Self, ConfigError> {
        check_range("ideal.gain_lsb", gain_lsb, 1e-6, 1e3)?;
        Ok(Self {
            geometry,
            gain_lsb,
            sums: ExactSums::new(geometry),
        })
    }
}

impl MacArray for IdealArray {
    fn geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights(self.geometry, weights)?;
        self.sums.load(region, weights);
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        request
            .region
            .check_run(self.geometry, activations, outputs.dim())?;
        let gain = self.gain_lsb * request.settings.num_sends() as f32;
        Zip::from(outputs)
            .and(&self.sums.compute(request.region, activations))
            .for_each(|out, &sum| *out = (gain * sum).round_ties_even() as i8);
        Ok(RunReport::default())
    }
}

/// Exact sums of products, kept in `f32`: |Σ| ≤ 31·63 for each of at most 1024 inputs stays an exact
/// integer below 2²⁴.
#[derive(Clone, Debug)]
pub(crate) struct ExactSums {
    weights: Vec<Array2<f32>>,
    activations: Buffer<f32>,
    sums: Buffer<f32>,
}

impl ExactSums {
    pub(crate) fn new(geometry: ArrayGeometry) -> Self {
        let zeros = Array2::zeros((geometry.inputs(), geometry.columns()));
        Self {
            weights: vec![zeros; geometry.hemispheres()],
            activations: Buffer::new(),
            sums: Buffer::new(),
        }
    }

    pub(crate) fn load(&mut self, region: Region, weights: ArrayView2<'_, i8>) {
        self.weights[region.hemisphere]
            .slice_mut(s![region.input_range(), region.column_range()])
            .zip_mut_with(&weights, |to, &from| *to = f32::from(from));
    }

    /// Sums of a checked run, vectors × columns.
    pub(crate) fn compute(
        &mut self,
        region: Region,
        activations: ArrayView2<'_, u8>,
    ) -> ArrayViewMut2<'_, f32> {
        let mut factors = self.activations.shaped(activations.dim());
        factors.zip_mut_with(&activations, |to, &from| *to = f32::from(from));
        let mut sums = self.sums.shaped((activations.nrows(), region.columns));
        let weights = &self.weights[region.hemisphere];
        let block = weights.slice(s![region.input_range(), region.column_range()]);
        general_mat_mul(1.0, &factors, &block, 0.0, &mut sums);
        sums
    }
}
