//! Carrying out a plan.

mod attention;
mod combine;
mod drive;
mod load;
mod step;

use bss2_core::{MacArray, Region, RunReport, Trial};
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::strategy::check_shape;
use crate::{Activations, MappingError, Pass, Plan, Run};
use attention::attentively;
use drive::Signal;
use step::{AtOnce, RUNS_AT_ONCE, Scratch, Step, at_least, combine_all, run_all};

/// Most bytes of inputs and readings in passes that the array is given at once (but for a single pass): as many
/// as a layer of 784 inputs and 128 outputs has in a batch of 2048.
const BYTES_AT_ONCE: usize = 2 << 20;

/// Runs a plan on an array and keeps the buffers for the next batch.
#[derive(Clone, Debug)]
pub struct PlanRunner {
    plan: Plan,
    /// Regions of each run of each pass.
    places: Vec<Vec<Place>>,
    /// Buffers for as many passes as the array was given at once at most.
    scratch: Vec<Scratch>,
}

/// Where a run lies.
#[derive(Clone, Debug)]
struct Place {
    region: Region,
    loads: Vec<Region>,
}

impl PlanRunner {
    /// Takes over a plan.
    pub fn new(plan: Plan) -> Self {
        let place = |run: &Run| Place {
            region: run.region(),
            loads: run.loads(),
        };
        let places = plan.passes().iter();
        let places = places.map(|pass| pass.runs.iter().map(place).collect());
        Self {
            places: places.collect(),
            scratch: Vec::new(),
            plan,
        }
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Multiplies a batch of activations (vectors × inputs, in the range of the plan's
    /// [`InputCoding`](crate::InputCoding)) with the weights (inputs of one group × outputs, in the range of its
    /// [`WeightCoding`](crate::WeightCoding)) into `outputs` (vectors × outputs, LSB): per pass, loads
    /// weights, runs all hemispheres together, each run with noise of its own (the next pass of
    /// `trial`), and adds the results, saturating to `i8`. The reports of all runs are summed. Where passes
    /// are small, the array is given [several at once](MacArray::run_passes).
    ///
    /// Weights are loaded with each batch; a [`WeightCache`](bss2_core::WeightCache) around the array
    /// leaves out what is there.
    ///
    /// # Errors
    /// [`MappingError::OtherGeometry`], [`MappingError::Shape`], [`MappingError::WeightOutOfRange`],
    /// [`MappingError::InputOutOfRange`] or [`MappingError::FirstVector`] before anything is run;
    /// [`MappingError::Array`] if the array refuses; `outputs` then hold some of the passes at most, and more of
    /// `trial` may be used up.
    pub fn run<'a, A: MacArray + ?Sized>(
        &mut self,
        array: &mut A,
        weights: ArrayView2<'_, i8>,
        activations: impl Into<Activations<'a>>,
        trial: &mut Trial,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, MappingError> {
        let activations = activations.into();
        attentively(|| self.run_checked(array, weights, activations, trial, outputs.view_mut()))
    }

    fn run_checked<A: MacArray + ?Sized>(
        &mut self,
        array: &mut A,
        weights: ArrayView2<'_, i8>,
        activations: Activations<'_>,
        trial: &mut Trial,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, MappingError> {
        self.check(array, weights, activations, outputs.dim())?;
        self.check_first_vector(*trial)?;
        outputs.fill(0);
        let mut report = RunReport::default();
        let mut next = 0;
        while next < self.places.len() {
            let count = self.passes_at_once(next, activations);
            at_least(&mut self.scratch, count);
            let passes = self.plan.passes()[next..].iter().zip(&self.places[next..]);
            let steps = passes.zip(&mut self.scratch[..count]);
            let steps = steps.map(|((pass, places), scratch)| Step {
                plan: &self.plan,
                pass,
                places,
                scratch,
            });
            let mut steps: AtOnce<Step<'_>> = steps.collect();
            for step in &mut steps {
                step.prepare(weights, activations);
            }
            report += run_all(array, &mut steps, weights, activations, trial)?;
            report += saturated(combine_all(&self.plan, &mut steps, outputs.view_mut()));
            next += count;
        }
        Ok(report)
    }

    /// How many passes, beginning with one of them, the array is given at once.
    fn passes_at_once(&self, first: usize, activations: Activations<'_>) -> usize {
        let coding = self.plan.coding();
        let turns = Signal::of(coding.inputs).len();
        let vectors = activations.dim().0.div_ceil(coding.vectors_at_once);
        let (mut bytes, mut runs, mut loads) = (0, 0, 0);
        let fits = |(pass, places): &(&Pass, &Vec<Place>)| {
            let values = |(run, place): (&Run, &Place)| {
                let is_gathered = drive::as_they_are(&self.plan, run, activations).is_none();
                let inputs = if is_gathered { place.region.inputs } else { 0 };
                inputs + place.region.columns
            };
            let values: usize = pass.runs.iter().zip(*places).map(values).sum();
            bytes += turns * vectors * values;
            runs += turns * pass.runs.len();
            loads += places.iter().map(|place| place.loads.len()).sum::<usize>();
            bytes <= BYTES_AT_ONCE && runs.max(loads) <= RUNS_AT_ONCE
        };
        let passes = self.plan.passes()[first..].iter();
        let fitting = passes.zip(&self.places[first..]).take_while(fits);
        fitting.count().max(1)
    }

    fn check<A: MacArray + ?Sized>(
        &self,
        array: &A,
        weights: ArrayView2<'_, i8>,
        activations: Activations<'_>,
        outputs: (usize, usize),
    ) -> Result<(), MappingError> {
        let (planned, found) = (self.plan.geometry(), array.geometry());
        if planned != found {
            return Err(MappingError::OtherGeometry {
                planned,
                what: "the array",
                found,
            });
        }
        let shape = self.plan.shape();
        let vectors = activations.dim().0;
        check_shape("weights", shape.weights(), weights.dim())?;
        check_shape("activations", (vectors, shape.inputs()), activations.dim())?;
        check_shape("outputs", (vectors, shape.outputs()), outputs)?;
        load::check_weights(weights, self.plan.coding().weights)?;
        drive::check_inputs(activations, self.plan.coding().inputs)
    }

    fn check_first_vector(&self, trial: Trial) -> Result<(), MappingError> {
        let vectors_at_once = self.plan.coding().vectors_at_once;
        if trial.first_vector.is_multiple_of(vectors_at_once as u64) {
            return Ok(());
        }
        Err(MappingError::FirstVector {
            first_vector: trial.first_vector,
            vectors_at_once,
        })
    }
}

/// The report of so many readings at an end of the range.
fn saturated(readings: u64) -> RunReport {
    RunReport {
        saturated_readings: readings,
        ..RunReport::default()
    }
}
