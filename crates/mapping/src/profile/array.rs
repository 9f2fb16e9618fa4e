//! An array that does what a profile says.

use std::sync::Arc;

use bss2_core::product::{Onto, Panels};
use bss2_core::random::NoiseStream;
use bss2_core::{
    ArrayError, ArrayGeometry, Buffer, MacArray, Region, RunReport, RunRequest, Trial,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

use super::{ArrayProfile, LINEARITY_LSB};

/// An array with the gains, offsets, noise, residual errors and linearity of a profile: what is to
/// be expected of the measured one. Residual errors are drawn from a seed, as a profile knows how
/// large they are but not which synapse has which. It knows the profile's settings only.
#[derive(Clone, Debug)]
pub struct ProfiledArray {
    profile: Arc<ArrayProfile>,
    seed: u64,
    /// LSB per activation unit, by hemisphere, inputs × columns.
    effective: Vec<Array2<f32>>,
    /// Of those, the block of the last run.
    block: Panels,
    activations: Buffer<f32>,
    results: Buffer<f32>,
    normals: Vec<f32>,
}

/// Purposes of random numbers.
#[derive(Clone, Copy)]
enum Source {
    Residual,
    Noise,
    CommonNoise,
}

impl ProfiledArray {
    /// An array with zero weights.
    pub fn new(profile: Arc<ArrayProfile>, seed: u64) -> Self {
        let geometry = profile.geometry();
        let zeros = Array2::zeros((geometry.inputs(), geometry.columns()));
        Self {
            effective: vec![zeros; geometry.hemispheres()],
            normals: vec![0.0; geometry.columns()],
            profile,
            seed,
            block: Panels::default(),
            activations: Buffer::new(),
            results: Buffer::new(),
        }
    }
}

impl MacArray for ProfiledArray {
    fn geometry(&self) -> ArrayGeometry {
        self.profile.geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights(self.geometry(), weights)?;
        let hemisphere = &self.profile.hemispheres()[region.hemisphere];
        let columns = &hemisphere.columns[region.column_range()];
        let stream = NoiseStream::new(
            Trial::new(self.seed),
            region.hemisphere,
            Source::Residual as u64,
        );
        let place = s![region.input_range(), region.column_range()];
        let mut effective = self.effective[region.hemisphere].slice_mut(place);
        let rows = effective.outer_iter_mut().zip(weights.outer_iter());
        for ((mut to, weights), row) in rows.zip(region.input_range()) {
            let normals = &mut self.normals[..region.columns];
            stream.fill(row as u64, region.first_column, normals);
            let driver_lsb = self.profile.gain_lsb() * hemisphere.drivers[row].gain;
            let synapses = to.iter_mut().zip(weights).zip(columns).zip(normals);
            for (((to, &weight), column), normal) in synapses {
                let spread = 1.0 + column.residual * *normal;
                let gain = if weight > 0 {
                    column.gain_positive
                } else {
                    column.gain_negative
                };
                *to = driver_lsb * gain * spread * f32::from(weight);
            }
        }
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let region = request.region;
        region.check_run(self.geometry(), activations, outputs.dim())?;
        if request.settings != self.profile.settings() {
            return Err(ArrayError::OtherSettings {
                held: self.profile.settings(),
                asked: request.settings,
            });
        }
        let mut driven = self.activations.shaped(activations.dim());
        driven.zip_mut_with(&activations, |to, &x| *to = f32::from(x));
        let mut results = self.results.shaped(outputs.dim());
        let place = s![region.input_range(), region.column_range()];
        let effective = self.effective[region.hemisphere].slice(place);
        self.block.assign(effective);
        let product = self
            .block
            .multiply(driven.view(), Onto::Nothing, results.view_mut());
        let Ok(()) = product else {
            unreachable!("the run has been checked");
        };

        let hemisphere = &self.profile.hemispheres()[region.hemisphere];
        let columns = &hemisphere.columns[region.column_range()];
        let common_lsb = hemisphere.common_noise_lsb;
        let stream = |source| NoiseStream::new(request.trial, region.hemisphere, source as u64);
        let (own, common) = (stream(Source::Noise), stream(Source::CommonNoise));
        let rows = outputs.outer_iter_mut().zip(results.outer_iter());
        for (number, (mut to, results)) in rows.enumerate() {
            let vector = request.trial.first_vector.wrapping_add(number as u64);
            let normals = &mut self.normals[..region.columns];
            own.fill(vector, region.first_column, normals);
            let mut shared = [0.0];
            common.fill(vector, 0, &mut shared);
            let shared_lsb = common_lsb * shared[0];
            for (((to, &y), column), normal) in to.iter_mut().zip(results).zip(columns).zip(normals)
            {
                let own_variance = column.noise_lsb.powi(2) - common_lsb.powi(2);
                // Beyond what a reading can show, nothing is known of the bend.
                let shown = y.clamp(f32::from(i8::MIN), f32::from(i8::MAX));
                let bend = column.linearity_lsb * (shown / LINEARITY_LSB).powi(3);
                let noise = shared_lsb + own_variance.max(0.0).sqrt() * *normal;
                // Conversion to i8 saturates.
                *to = (y + bend + column.offset_lsb + noise).round() as i8;
            }
        }
        Ok(RunReport::default())
    }
}
