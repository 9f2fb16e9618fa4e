//! What an array is asked to do in one go.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::{ArrayError, Region, RunRequest};

/// Weights that are written, then runs that are done at the same time, at most one per hemisphere; see
/// [`MacArray::run_passes`](crate::MacArray::run_passes).
#[derive(Debug)]
pub struct ArrayPass<'p, 'a> {
    /// The weights, in the order in which they are written. Arrays may cut the list, as a
    /// [`WeightCache`](crate::WeightCache) does.
    pub loads: &'p mut [ArrayLoad<'a>],
    /// The runs. Arrays may put them in another order, as [`Chips`](crate::Chips) do.
    pub runs: &'p mut [ArrayRun<'a>],
}

/// Weights that are to be loaded: the arguments of
/// [`MacArray::load_weights`](crate::MacArray::load_weights).
#[derive(Clone, Copy, Debug)]
pub struct ArrayLoad<'a> {
    /// Where to.
    pub region: Region,
    /// Inputs × columns, −63…63.
    pub weights: ArrayView2<'a, i8>,
}

/// A run that is to be done at the same time as others: the arguments of
/// [`MacArray::run`](crate::MacArray::run).
#[derive(Debug)]
pub struct ArrayRun<'a> {
    /// What to run, and how.
    pub request: RunRequest,
    /// Vectors × inputs, 0…31.
    pub activations: ArrayView2<'a, u8>,
    /// Vectors × columns, in LSB.
    pub outputs: ArrayViewMut2<'a, i8>,
}

impl<'p, 'a> ArrayPass<'p, 'a> {
    /// Runs with the weights that are there.
    pub fn of_runs(runs: &'p mut [ArrayRun<'a>]) -> Self {
        Self {
            loads: &mut [],
            runs,
        }
    }

    /// Refuses two runs on one hemisphere.
    ///
    /// # Errors
    /// [`ArrayError::HemisphereTwice`].
    pub fn check_hemispheres(&self) -> Result<(), ArrayError> {
        let hemisphere = |run: &ArrayRun<'_>| run.request.region.hemisphere;
        for (index, run) in self.runs.iter().enumerate() {
            if self.runs[..index]
                .iter()
                .any(|r| hemisphere(r) == hemisphere(run))
            {
                return Err(ArrayError::HemisphereTwice {
                    hemisphere: hemisphere(run),
                });
            }
        }
        Ok(())
    }
}
