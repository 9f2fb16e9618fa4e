//! A simulated chip on the bench: stimuli in, results out, each run with noise of its own.

use std::ops::AddAssign;

use bss2_core::{
    ArrayGeometry, CadcChannel, ChipControl, ChipProbe, MacArray, Metered, Region, Register,
    RunReport, RunRequest, RunSettings, Trial,
};
use bss2_hardware::SimulatedChip;
use ndarray::{Array2, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

use crate::ExperimentError;

/// A chip whose costs are counted.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) chip: Metered<SimulatedChip>,
    /// What the chip said of all runs so far.
    pub(crate) reported: Reported,
    trial: Trial,
}

/// What the chip said of all runs of a bench.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reported {
    pub(crate) runs: RunReport,
    /// Number of their outputs.
    pub(crate) outputs: u64,
}

impl AddAssign for Reported {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.outputs += other.outputs;
    }
}

impl Bench {
    pub(crate) fn new(chip: SimulatedChip, trial_seed: u64) -> Self {
        Self {
            chip: Metered::new(chip),
            trial: Trial::new(trial_seed),
            reported: Reported::default(),
        }
    }

    pub(crate) fn geometry(&self) -> ArrayGeometry {
        self.chip.geometry()
    }

    /// A run of a whole hemisphere with new noise.
    pub(crate) fn request(&mut self, hemisphere: usize, settings: RunSettings) -> RunRequest {
        RunRequest {
            region: Region::whole(self.geometry(), hemisphere),
            settings,
            trial: self.trial.next_pass(),
        }
    }

    /// Loads weights (inputs × columns) into a hemisphere.
    pub(crate) fn load(
        &mut self,
        hemisphere: usize,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ExperimentError> {
        let region = Region::whole(self.geometry(), hemisphere);
        Ok(self.chip.load_weights(region, weights)?)
    }

    /// Loads one weight into every synapse of a hemisphere.
    pub(crate) fn load_uniform(
        &mut self,
        hemisphere: usize,
        weight: i8,
    ) -> Result<(), ExperimentError> {
        let geometry = self.geometry();
        let weights = Array2::from_elem((geometry.inputs(), geometry.columns()), weight);
        self.load(hemisphere, weights.view())
    }

    /// Results of a hemisphere (vectors × columns) in LSB.
    pub(crate) fn run(
        &mut self,
        hemisphere: usize,
        settings: RunSettings,
        activations: ArrayView2<'_, u8>,
    ) -> Result<Array2<f64>, ExperimentError> {
        Ok(self.run_and_report(hemisphere, settings, activations)?.0)
    }

    /// Results of a hemisphere, and what the chip says of the run.
    pub(crate) fn run_and_report(
        &mut self,
        hemisphere: usize,
        settings: RunSettings,
        activations: ArrayView2<'_, u8>,
    ) -> Result<(Array2<f64>, RunReport), ExperimentError> {
        let request = self.request(hemisphere, settings);
        let mut outputs = Array2::zeros((activations.nrows(), request.region.columns));
        let report = self.chip.run(&request, activations, outputs.view_mut())?;
        self.count(report, outputs.len());
        Ok((outputs.mapv(f64::from), report))
    }

    /// Codes of the causal CADC channels of a region (vectors × columns); inputs outside the region
    /// are silent.
    pub(crate) fn read_codes(
        &mut self,
        region: Region,
        settings: RunSettings,
        activations: ArrayView2<'_, u8>,
    ) -> Result<Array2<f64>, ExperimentError> {
        let request = RunRequest {
            region,
            settings,
            trial: self.trial.next_pass(),
        };
        let mut codes = Array2::zeros((activations.nrows(), region.columns));
        let channel = CadcChannel::Causal;
        let report = self
            .chip
            .read_cadc(&request, channel, activations, codes.view_mut())?;
        self.count(report, codes.len());
        Ok(codes.mapv(f64::from))
    }

    fn count(&mut self, runs: RunReport, outputs: usize) {
        self.reported += Reported {
            runs,
            outputs: outputs as u64,
        };
    }

    /// Writes one value into all instances of a register and settles.
    pub(crate) fn set_all(
        &mut self,
        register: Register,
        value: i32,
    ) -> Result<(), ExperimentError> {
        let count = register.instances(self.chip.control_geometry());
        self.chip.write_register(register, &vec![value; count])?;
        Ok(self.chip.settle()?)
    }
}

/// A batch in which the rows of an array repeat: all rows once, then all again.
pub(crate) fn repeated(vectors: ArrayView2<'_, u8>, repeats: usize) -> Array2<u8> {
    let (count, inputs) = vectors.dim();
    Array2::from_shape_fn((repeats * count, inputs), |(v, i)| vectors[[v % count, i]])
}

/// What repeats have in common and how they differ, by vector and column.
pub(crate) struct OverRepeats {
    pub(crate) means: Array2<f64>,
    /// Sample standard deviations.
    pub(crate) deviations: Array2<f64>,
}

impl OverRepeats {
    /// Of the results of a [`repeated`] batch.
    pub(crate) fn of(outputs: &Array2<f64>, vectors: usize) -> Self {
        let shape = (vectors, outputs.ncols());
        let (mut means, mut deviations) = (Array2::zeros(shape), Array2::zeros(shape));
        for v in 0..vectors {
            let repeats = outputs.slice(s![v..;vectors, ..]);
            let count = repeats.nrows() as f64;
            means
                .row_mut(v)
                .assign(&(repeats.sum_axis(Axis(0)) / count));
            deviations
                .row_mut(v)
                .assign(&repeats.std_axis(Axis(0), 1.0));
        }
        Self { means, deviations }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn repeats_are_told_from_vectors() {
        let vectors = array![[1_u8, 2], [3, 4]];
        let batch = repeated(vectors.view(), 3);
        let outputs = batch.mapv(f64::from) + array![[0.0], [0.0], [1.0], [0.0], [2.0], [0.0]];
        let over = OverRepeats::of(&outputs, 2);
        assert_eq!(over.means, array![[2.0, 3.0], [3.0, 4.0]]);
        assert_eq!(over.deviations, array![[1.0, 1.0], [0.0, 0.0]]);
    }
}
