//! Carrying out a plan.

use bss2_core::{Buffer, MacArray, RunReport, RunRequest, RunSettings, Trial};
use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::{MappingError, Plan};

/// Runs a plan on an array and keeps the buffers for the next batch.
#[derive(Clone, Debug)]
pub struct PlanRunner {
    plan: Plan,
    partial: Buffer<i8>,
}

impl PlanRunner {
    /// Takes over a plan.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            partial: Buffer::new(),
        }
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Multiplies a batch of activations (vectors × inputs, 0…31) with the weights (inputs ×
    /// outputs, −63…63) into `outputs` (vectors × outputs, LSB): per tile, loads its weights, runs
    /// it as the next pass of `trial`, and adds its results, saturating to `i8`. The reports of all
    /// tiles are summed.
    ///
    /// # Errors
    /// [`MappingError::OtherGeometry`] or [`MappingError::Shape`] before anything is run;
    /// [`MappingError::Array`] if the array refuses, `outputs` then hold the tiles run so far.
    pub fn run<A: MacArray + ?Sized>(
        &mut self,
        array: &mut A,
        weights: ArrayView2<'_, i8>,
        activations: ArrayView2<'_, u8>,
        settings: RunSettings,
        trial: &mut Trial,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, MappingError> {
        self.check(array, weights.dim(), activations.dim(), outputs.dim())?;
        let mut report = RunReport::default();
        for tile in self.plan.tiles() {
            let block = weights.slice(s![tile.inputs.clone(), tile.outputs.clone()]);
            array.load_weights(tile.region, block)?;
            let request = RunRequest {
                region: tile.region,
                settings,
                trial: trial.next_pass(),
            };
            let driven = activations.slice(s![.., tile.inputs.clone()]);
            let mut sums = outputs.slice_mut(s![.., tile.outputs.clone()]);
            if !tile.adds {
                report += array.run(&request, driven, sums)?;
                continue;
            }
            let mut partial = self.partial.shaped(sums.dim());
            report += array.run(&request, driven, partial.view_mut())?;
            sums.zip_mut_with(&partial, |sum, &part| *sum = sum.saturating_add(part));
        }
        Ok(report)
    }

    fn check<A: MacArray + ?Sized>(
        &self,
        array: &A,
        weights: (usize, usize),
        activations: (usize, usize),
        outputs: (usize, usize),
    ) -> Result<(), MappingError> {
        if array.geometry() != self.plan.geometry() {
            return Err(MappingError::OtherGeometry {
                planned: self.plan.geometry(),
                found: array.geometry(),
            });
        }
        let shape = self.plan.shape();
        let vectors = activations.0;
        let expectations = [
            ("weights", (shape.inputs, shape.outputs), weights),
            ("activations", (vectors, shape.inputs), activations),
            ("outputs", (vectors, shape.outputs), outputs),
        ];
        for (what, expected, found) in expectations {
            if expected != found {
                return Err(MappingError::Shape {
                    what,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }
}
