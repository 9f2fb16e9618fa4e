//! The mock mode of the existing software stack.

use bss2_core::random::NoiseStream;
use bss2_core::{ArrayError, ArrayGeometry, Buffer, MacArray, Region, RunReport, RunRequest};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use crate::ConfigError;
use crate::buffers::{slice, slice_mut};
use crate::error::check_range;
use crate::ideal::ExactSums;
use crate::stream::NoiseSource;

/// A gain and one Gaussian per output: y = sat(⌊gain · `num_sends` · Σ x·w + N(0, σ)⌋).
///
/// Source: hxtorch's mock mode, whose defaults are a gain of 0.002 and σ = 2 LSB. The noise has no
/// seed of its own: it is keyed by the [`Trial`](bss2_core::Trial) of each run.
#[derive(Clone, Debug)]
pub struct MockArray {
    geometry: ArrayGeometry,
    gain_lsb: f32,
    noise_lsb: f32,
    sums: ExactSums,
    noise: Buffer<f32>,
    outputs: Buffer<i8>,
}

impl MockArray {
    /// Standard deviation of the published mock of the second chip version, in LSB.
    pub const PUBLISHED_NOISE_LSB: f32 = 1.6;

    /// A mock with zero weights, a gain in LSB per activation and weight unit, and the standard
    /// deviation of the noise in LSB.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless the gain lies in 10⁻⁶…10³ and the noise in 0…100.
    pub fn new(
        geometry: ArrayGeometry,
        gain_lsb: f32,
        noise_lsb: f32,
    ) -> Result<Self, ConfigError> {
        check_range("mock.gain_lsb", gain_lsb, 1e-6, 1e3)?;
        check_range("mock.noise_lsb", noise_lsb, 0.0, 100.0)?;
        Ok(Self {
            geometry,
            gain_lsb,
            noise_lsb,
            sums: ExactSums::new(geometry),
            noise: Buffer::new(),
            outputs: Buffer::new(),
        })
    }
}

impl MacArray for MockArray {
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
        let region = request.region;
        region.check_run(self.geometry, activations, outputs.dim())?;
        let gain = self.gain_lsb * request.settings.num_sends() as f32;
        let stream = NoiseStream::new(request.trial, region.hemisphere, NoiseSource::Mock as u64);
        let sums = self.sums.compute(region, activations);
        let blocks = sums.axis_chunks_iter(Axis(0), VECTORS_AT_ONCE);
        let outputs = outputs.axis_chunks_iter_mut(Axis(0), VECTORS_AT_ONCE);
        let mut vector = request.trial.first_vector;
        for (sums, mut outputs) in blocks.zip(outputs) {
            let mut noise = self.noise.shaped(sums.dim());
            let noise = slice_mut(&mut noise);
            stream.fill_vectors(vector, region.first_column, region.columns, noise);
            let mut rounded = self.outputs.shaped(sums.dim());
            pulp::Arch::new().dispatch(Disturb {
                gain,
                noise_lsb: self.noise_lsb,
                sums: slice(&sums),
                noise,
                outputs: slice_mut(&mut rounded),
            });
            outputs.assign(&rounded);
            vector = vector.wrapping_add(VECTORS_AT_ONCE as u64);
        }
        Ok(RunReport::default())
    }
}

/// Vectors whose noise is drawn together.
const VECTORS_AT_ONCE: usize = 64;

/// Sums with noise, rounded down, as a task that is compiled once per kind of processor.
struct Disturb<'a> {
    gain: f32,
    noise_lsb: f32,
    sums: &'a [f32],
    noise: &'a [f32],
    outputs: &'a mut [i8],
}

impl pulp::WithSimd for Disturb<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        for ((out, sum), n) in self.outputs.iter_mut().zip(self.sums).zip(self.noise) {
            *out = (self.gain * sum + self.noise_lsb * n).floor() as i8;
        }
    }
}
