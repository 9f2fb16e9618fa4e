//! Measurements that routines share.

use bss2_core::{
    ArrayGeometry, CadcChannel, Chip, Region, RunReport, RunRequest, RunSettings, Trial,
};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::CalibrationError;

/// A chip on the bench, with the trials counted: each measurement takes a pass of its own.
#[derive(Debug)]
pub struct Bench<'a, C: ?Sized> {
    /// The chip.
    pub chip: &'a mut C,
    trial: Trial,
    report: RunReport,
}

impl<'a, C: Chip + ?Sized> Bench<'a, C> {
    /// Puts a chip on the bench; `trial_seed` fixes the noise of all measurements.
    pub fn new(chip: &'a mut C, trial_seed: u64) -> Self {
        Self {
            chip,
            trial: Trial::new(trial_seed),
            report: RunReport::default(),
        }
    }

    /// Inputs and columns that measurements see in the chip's mode: the mode's inputs, and every
    /// physical column.
    pub fn geometry(&self) -> ArrayGeometry {
        let chip = self.chip.control_geometry();
        self.chip.mode().probe_geometry(chip)
    }

    /// What the chip said of all measurements so far.
    pub const fn report(&self) -> RunReport {
        self.report
    }

    /// Codes of the causal CADC channels of a hemisphere's columns (vectors × columns), averaged
    /// over `runs` runs, 1…1000.
    ///
    /// # Errors
    /// [`CalibrationError::OptionOutOfRange`] for another number of runs;
    /// [`CalibrationError::Array`] if the chip refuses.
    pub fn mean_codes(
        &mut self,
        hemisphere: usize,
        settings: RunSettings,
        activations: ArrayView2<'_, u8>,
        runs: usize,
    ) -> Result<Array2<f64>, CalibrationError> {
        self.mean_codes_of(CadcChannel::Causal, hemisphere, settings, activations, runs)
    }

    /// [`mean_codes`](Self::mean_codes) of either channel.
    fn mean_codes_of(
        &mut self,
        channel: CadcChannel,
        hemisphere: usize,
        settings: RunSettings,
        activations: ArrayView2<'_, u8>,
        runs: usize,
    ) -> Result<Array2<f64>, CalibrationError> {
        check_runs("runs", runs)?;
        let region = Region::whole(self.geometry(), hemisphere);
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
            let chip = &mut self.chip;
            self.report += chip.read_cadc(&request, channel, activations, codes.view_mut())?;
            mean.zip_mut_with(&codes, |mean, &code| *mean += f64::from(code) / runs as f64);
        }
        Ok(mean)
    }

    /// Codes of one CADC channel of each of a hemisphere's columns without any event, averaged over
    /// `runs` runs, 1…1000.
    ///
    /// # Errors
    /// See [`mean_codes`](Self::mean_codes).
    pub fn baseline(
        &mut self,
        hemisphere: usize,
        channel: CadcChannel,
        runs: usize,
    ) -> Result<Array1<f64>, CalibrationError> {
        check_runs("runs", runs)?;
        // The runs become vectors of one pass: fewer round trips, as much noise.
        let silence = Array2::zeros((runs, self.geometry().inputs()));
        let settings = RunSettings::default();
        let codes = self.mean_codes_of(channel, hemisphere, settings, silence.view(), 1)?;
        Ok(codes.sum_axis(Axis(0)) / runs as f64)
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

/// Refuses to average over no runs or over more than 1000.
pub(crate) fn check_runs(option: &'static str, runs: usize) -> Result<(), CalibrationError> {
    const MAX: usize = 1000;
    if (1..=MAX).contains(&runs) {
        return Ok(());
    }
    Err(CalibrationError::OptionOutOfRange {
        option,
        value: runs as f64,
        min: 1.0,
        max: MAX as f64,
    })
}

/// Median of a set of numbers (of an even count the mean of the middle two); NaN sorts to the ends,
/// an empty set has NaN.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        None => f64::NAN,
        Some(upper) if values.len() % 2 == 1 => *upper,
        Some(upper) => 0.5 * (values[middle - 1] + upper),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_even_and_empty_sets() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }
}
