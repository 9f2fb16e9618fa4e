//! The array without imperfections.

use bss2_core::product::{HalfPanels, HalfRows};
use bss2_core::{ArrayError, ArrayGeometry, Buffer, MacArray, Region, RunReport, RunRequest};
use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::ConfigError;
use crate::buffers::{slice, slice_mut};
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
    outputs: Buffer<i8>,
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
            outputs: Buffer::new(),
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
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        request
            .region
            .check_run(self.geometry, activations, outputs.dim())?;
        let gain = self.gain_lsb * request.settings.num_sends() as f32;
        let sums = self.sums.compute(request.region, activations);
        let mut rounded = self.outputs.shaped(outputs.dim());
        pulp::Arch::new().dispatch(Round {
            gain,
            sums: slice(&sums),
            outputs: slice_mut(&mut rounded),
        });
        outputs.assign(&rounded);
        Ok(RunReport::default())
    }
}

/// Rounds what was summed, as a task that is compiled once per kind of processor.
struct Round<'a> {
    gain: f32,
    sums: &'a [f32],
    outputs: &'a mut [i8],
}

impl pulp::WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        for (out, sum) in self.outputs.iter_mut().zip(self.sums) {
            *out = (self.gain * sum).round_ties_even() as i8;
        }
    }
}

/// Exact sums of products: factors have fewer bits than half precision keeps, and |Σ| ≤ 31·63 for each of
/// at most 1024 inputs stays an exact integer below 2²⁴.
#[derive(Clone, Debug)]
pub(crate) struct ExactSums {
    weights: Vec<HalfPanels>,
    /// A row of weights.
    row: Vec<f32>,
    activations: Buffer<f32>,
    factors: HalfRows,
    sums: Buffer<f32>,
}

impl ExactSums {
    pub(crate) fn new(geometry: ArrayGeometry) -> Self {
        let zeros = HalfPanels::zeros(geometry.inputs(), geometry.columns());
        Self {
            weights: vec![zeros; geometry.hemispheres()],
            row: Vec::new(),
            activations: Buffer::new(),
            factors: HalfRows::default(),
            sums: Buffer::new(),
        }
    }

    pub(crate) fn load(&mut self, region: Region, weights: ArrayView2<'_, i8>) {
        let panels = &mut self.weights[region.hemisphere];
        for mut part in panels.parts_mut(region.input_range(), region.column_range()) {
            let first = part.columns().start - region.first_column;
            let columns = s![first..first + part.columns().len()];
            for (input, weights) in region.input_range().zip(weights.outer_iter()) {
                self.row.clear();
                let weights = weights.slice_move(columns);
                self.row.extend(weights.iter().map(|&w| f32::from(w)));
                part.put(input, &self.row);
            }
        }
    }

    /// Sums of a checked run, vectors × columns.
    pub(crate) fn compute(
        &mut self,
        region: Region,
        activations: ArrayView2<'_, u8>,
    ) -> ArrayViewMut2<'_, f32> {
        let mut factors = self.activations.shaped(activations.dim());
        factors.zip_mut_with(&activations, |to, &from| *to = f32::from(from));
        self.factors.assign(factors.view(), region.first_input);
        let mut sums = self.sums.shaped((activations.nrows(), region.columns));
        self.weights[region.hemisphere].multiply_block(
            &self.factors,
            region.column_range(),
            sums.view_mut(),
        );
        sums
    }
}
