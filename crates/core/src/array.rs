//! The analog multiplier as everything above the chip sees it.

use std::ops::AddAssign;

use ndarray::{ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};

use crate::{ArrayError, ArrayGeometry, ArrayPass, Region, RunSettings};

/// An array of analog multipliers: weights stay, vectors stream through.
///
/// Implementations are exclusive like a chip (`&mut self`); they may use threads inside as long as
/// results do not depend on them, and they move to another thread together with what runs on them.
/// `&mut T` and `Box<dyn MacArray>` forward.
pub trait MacArray: Send {
    /// Sizes of the array.
    fn geometry(&self) -> ArrayGeometry;

    /// Writes a block of weights (inputs × columns, −63…63) into a region and leaves the rest of
    /// the synram as it is. A fresh array holds zeros.
    ///
    /// # Errors
    /// See [`Region::check_weights`]; the array is unchanged then.
    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError>;

    /// Multiplies each activation vector (vectors × inputs, 0…31) with the region's weights into
    /// `outputs` (vectors × columns), in CADC units (LSB) relative to the baseline, saturated to
    /// `i8`.
    ///
    /// Equal requests with equal activations give equal outputs, bit for bit, however a batch is
    /// split: give each part the [trial](Trial) of the whole with its own `first_vector`.
    ///
    /// # Errors
    /// See [`Region::check_run`]; `outputs` are unchanged then.
    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError>;

    /// Does passes one after the other: what they put out is that of [`load_weights`](Self::load_weights)
    /// and [`run`](Self::run), called in order; what is counted is the time of each pass's runs
    /// [side by side](crate::CostLedger::alongside). Reports are summed.
    ///
    /// An array that is given several passes at once can look ahead. It may put the runs of a pass in
    /// another order, and take loads out of it that change nothing.
    ///
    /// # Errors
    /// [`ArrayError::HemisphereTwice`] for a pass with two runs on one hemisphere, before any of its runs;
    /// those of [`load_weights`](Self::load_weights) and [`run`](Self::run). Which weights are loaded then, and
    /// what stands in the outputs of any run, is left open.
    fn run_passes(&mut self, passes: &mut [ArrayPass<'_, '_>]) -> Result<RunReport, ArrayError> {
        let mut report = RunReport::default();
        for pass in passes {
            pass.check_hemispheres()?;
            for load in &*pass.loads {
                self.load_weights(load.region, load.weights)?;
            }
            for run in &mut *pass.runs {
                report += self.run(&run.request, run.activations, run.outputs.view_mut())?;
            }
        }
        Ok(report)
    }
}

/// What an array says of a run besides its outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// Outputs that a model computed outside the range in which it is known to agree with its
    /// reference; zero where outputs are exact or measured. For a simulated chip: outputs that may
    /// lie more than 3 LSB from those of its transient model (most of them do not); longer waits,
    /// fewer sends or the transient model itself leave no doubt.
    pub doubtful_outputs: u64,
    /// Readings at an end of the range of `i8` that were, or from which others were, subtracted
    /// digitally: the difference is no longer what the array would have put out without an end.
    /// Arrays themselves report none; who subtracts does.
    pub saturated_readings: u64,
}

impl AddAssign for RunReport {
    fn add_assign(&mut self, other: Self) {
        let sum = u64::saturating_add;
        self.doubtful_outputs = sum(self.doubtful_outputs, other.doubtful_outputs);
        self.saturated_readings = sum(self.saturated_readings, other.saturated_readings);
    }
}

/// What to run, how, and with which random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequest {
    /// The inputs driven and the columns read.
    pub region: Region,
    /// Timing of the events.
    pub settings: RunSettings,
    /// Key of the trial-to-trial noise.
    pub trial: Trial,
}

/// Key of the trial-to-trial noise of one run.
///
/// Noise depends on the key, the hemisphere, the vector's number and the column, and on nothing
/// else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trial {
    /// Seed of the experiment's trials; 0 is a seed like any other.
    pub seed: u64,
    /// Counts passes over the array: a new number, new noise.
    pub pass: u64,
    /// Number of the batch's first vector, for batches run in parts.
    pub first_vector: u64,
}

impl Trial {
    /// The first pass under a seed.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            pass: 0,
            first_vector: 0,
        }
    }

    /// Hands out this pass and moves on to the next.
    #[must_use = "the pass handed out is used up"]
    pub fn next_pass(&mut self) -> Self {
        let current = *self;
        self.pass = self.pass.wrapping_add(1);
        current
    }
}

macro_rules! forward_mac_array {
    ($($pointer:ty),*) => {$(
        impl<T: MacArray + ?Sized> MacArray for $pointer {
            fn geometry(&self) -> ArrayGeometry {
                (**self).geometry()
            }

            fn load_weights(
                &mut self,
                region: Region,
                weights: ArrayView2<'_, i8>,
            ) -> Result<(), ArrayError> {
                (**self).load_weights(region, weights)
            }

            fn run(
                &mut self,
                request: &RunRequest,
                activations: ArrayView2<'_, u8>,
                outputs: ArrayViewMut2<'_, i8>,
            ) -> Result<RunReport, ArrayError> {
                (**self).run(request, activations, outputs)
            }

            fn run_passes(
                &mut self,
                passes: &mut [ArrayPass<'_, '_>],
            ) -> Result<RunReport, ArrayError> {
                (**self).run_passes(passes)
            }
        }
    )*};
}

forward_mac_array!(&mut T, Box<T>);
