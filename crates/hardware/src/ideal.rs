//! The array without imperfections.

use bss2_core::product::{FixedPanels, FixedRows, Grid};
use bss2_core::{
    ArrayError, ArrayGeometry, Buffer, MacArray, Region, RunReport, RunRequest, WEIGHT_MAX,
};
use ndarray::{ArrayView2, ArrayViewMut2};

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

/// The nearest integer that an output can be, the even one if there are two.
#[inline(always)]
fn rounded(value: f32) -> i8 {
    // Where numbers are so large, neighbours lie 1 apart; their low bits are the integer's. (Vectors of
    // these operations are found on every processor, those of a conversion that saturates are not.)
    const LARGE: f32 = 12_582_912.0;
    let within = value.clamp(i8::MIN.into(), i8::MAX.into());
    (within + LARGE).to_bits() as i8
}

impl pulp::WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        for (out, sum) in self.outputs.iter_mut().zip(self.sums) {
            *out = rounded(self.gain * sum);
        }
    }
}

/// Exact sums of products: factors are integers, and |Σ| ≤ 31·63 for each of at most 2048 inputs stays an
/// exact integer below 2²⁴.
#[derive(Clone, Debug)]
pub(crate) struct ExactSums {
    weights: Vec<FixedPanels>,
    activations: Buffer<f32>,
    factors: FixedRows,
    sums: Buffer<f32>,
}

impl ExactSums {
    pub(crate) fn new(geometry: ArrayGeometry) -> Self {
        let weights = Grid::integers(geometry.columns(), WEIGHT_MAX.unsigned_abs().into());
        let Ok(zeros) = FixedPanels::zeros(geometry.inputs(), weights) else {
            unreachable!("arrays have at most 2048 inputs");
        };
        Self {
            weights: vec![zeros; geometry.hemispheres()],
            activations: Buffer::new(),
            factors: FixedRows::default(),
            sums: Buffer::new(),
        }
    }

    pub(crate) fn load(&mut self, region: Region, weights: ArrayView2<'_, i8>) {
        let panels = &mut self.weights[region.hemisphere];
        let Ok(parts) = panels.parts_mut(region.input_range(), region.column_range()) else {
            unreachable!("the region has been checked");
        };
        for mut part in parts {
            let first = part.columns().start - region.first_column;
            part.set(|input, values| {
                let weights = weights.row(input - region.first_input);
                for (value, weight) in values.iter_mut().zip(weights.iter().skip(first)) {
                    *value = f32::from(*weight);
                }
            });
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
        let weights = &self.weights[region.hemisphere];
        let mut sums = self.sums.shaped((activations.nrows(), region.columns));
        let product = weights
            .assign(&mut self.factors, factors.view(), region.first_input)
            .and_then(|()| {
                weights.multiply_block(&self.factors, region.column_range(), sums.view_mut())
            });
        let Ok(()) = product else {
            unreachable!("the run has been checked");
        };
        sums
    }
}
