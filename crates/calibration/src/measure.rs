//! Measurements that routines share.

use bss2_core::{Chip, Region, RunRequest, RunSettings, Trial};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::CalibrationError;

/// A chip on the bench, with the trials counted: each measurement takes a pass of its own.
#[derive(Debug)]
pub struct Bench<'a, C: ?Sized> {
    /// The chip.
    pub chip: &'a mut C,
    trial: Trial,
}

impl<'a, C: Chip + ?Sized> Bench<'a, C> {
    /// Puts a chip on the bench; `trial_seed` fixes the noise of all measurements.
    pub fn new(chip: &'a mut C, trial_seed: u64) -> Self {
        Self {
            chip,
            trial: Trial::new(trial_seed),
        }
    }

    /// CADC codes of a hemisphere's columns (vectors × columns), averaged over `runs` runs.
    ///
    /// # Errors
    /// [`CalibrationError::Array`] if the chip refuses.
    pub fn mean_codes(
        &mut self,
        hemisphere: usize,
        settings: RunSettings,
        activations: ArrayView2<'_, u8>,
        runs: usize,
    ) -> Result<Array2<f64>, CalibrationError> {
        let region = Region::whole(self.chip.geometry(), hemisphere);
        let shape = (activations.nrows(), region.columns);
        let mut codes = Array2::zeros(shape);
        let mut mean = Array2::zeros(shape);
        for _ in 0..runs {
            let trial = self.trial.next_pass();
            let request = RunRequest {
                region,
                settings,
                trial,
            };
            self.chip
                .read_cadc(&request, activations, codes.view_mut())?;
            mean.zip_mut_with(&codes, |mean, &code| *mean += f64::from(code) / runs as f64);
        }
        Ok(mean)
    }

    /// Codes of a hemisphere's columns without any event, averaged over `runs` runs.
    ///
    /// # Errors
    /// [`CalibrationError::Array`] if the chip refuses.
    pub fn baseline(
        &mut self,
        hemisphere: usize,
        runs: usize,
    ) -> Result<Array1<f64>, CalibrationError> {
        // The runs become vectors of one pass: fewer round trips, as much noise.
        let silence = Array2::zeros((runs, self.chip.geometry().inputs()));
        let codes = self.mean_codes(hemisphere, RunSettings::default(), silence.view(), 1)?;
        Ok(codes.mean_axis(Axis(0)).unwrap_or_default())
    }

    /// Loads the same weight into every synapse of every hemisphere.
    ///
    /// # Errors
    /// [`CalibrationError::Array`] if the chip refuses.
    pub fn load_uniform_weight(&mut self, weight: i8) -> Result<(), CalibrationError> {
        let geometry = self.chip.geometry();
        let weights = Array2::from_elem((geometry.inputs(), geometry.columns()), weight);
        for hemisphere in 0..geometry.hemispheres() {
            self.chip
                .load_weights(Region::whole(geometry, hemisphere), weights.view())?;
        }
        Ok(())
    }
}

/// Median of a set of numbers; NaN sorts to the ends. Zero for an empty set.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}
