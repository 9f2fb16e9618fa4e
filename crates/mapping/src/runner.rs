//! Carrying out a plan.

mod combine;
mod drive;
mod load;

use bss2_core::{ArrayGeometry, ArrayRun, Buffer, MacArray, Region, RunReport, RunRequest, Trial};
use ndarray::{ArrayView2, ArrayViewMut2};
use smallvec::SmallVec;

use crate::strategy::check_shape;
use crate::{Activations, INPUT_OFFSET, InputCoding, MappingError, Pass, Plan, Run};
use drive::{Signal, Source};

/// Runs of a pass: no allocation, as an array has at most 16 hemispheres.
type Together<'a> = SmallVec<[ArrayRun<'a>; ArrayGeometry::HEMISPHERES_MAX]>;

/// Runs a plan on an array and keeps the buffers for the next batch.
#[derive(Clone, Debug)]
pub struct PlanRunner {
    plan: Plan,
    /// Regions of each run of each pass.
    places: Vec<Vec<Place>>,
    /// Buffers for as many runs as a pass has at most.
    scratch: Vec<Scratch>,
}

/// Where a run lies.
#[derive(Clone, Debug)]
struct Place {
    region: Region,
    loads: Vec<Region>,
}

/// What a run needs while it is carried out.
#[derive(Clone, Debug, Default)]
struct Scratch {
    sources: Vec<Source>,
    composition: load::Composition,
    driven: Buffer<u8>,
    /// What was read, vectors × columns of the region.
    readings: Buffer<i8>,
    /// Readings that are to be subtracted from these.
    subtracted: Buffer<i8>,
    /// What the inputs' offset puts out, by column of the region.
    correction: Vec<i16>,
    differences: Buffer<i16>,
    averages: combine::Averages,
    columns: Vec<usize>,
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
        let most_runs = plan.passes().iter().map(|pass| pass.runs.len()).max();
        Self {
            places: places.collect(),
            scratch: vec![Scratch::default(); most_runs.unwrap_or(0)],
            plan,
        }
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Multiplies a batch of activations (vectors × inputs, in the range of the plan's
    /// [`InputCoding`]) with the weights (inputs of one group × outputs, in the range of its
    /// [`WeightCoding`](crate::WeightCoding)) into `outputs` (vectors × outputs, LSB): per pass, loads
    /// weights, runs all hemispheres together, each run with noise of its own (the next pass of
    /// `trial`), and adds the results, saturating to `i8`. The reports of all runs are summed.
    ///
    /// Weights are loaded with each batch; a [`WeightCache`](bss2_core::WeightCache) around the array
    /// leaves out what is there.
    ///
    /// # Errors
    /// [`MappingError::OtherGeometry`], [`MappingError::Shape`], [`MappingError::WeightOutOfRange`],
    /// [`MappingError::InputOutOfRange`] or [`MappingError::FirstVector`] before anything is run;
    /// [`MappingError::Array`] if the array refuses, `outputs` then hold the passes run so far.
    pub fn run<'a, A: MacArray + ?Sized>(
        &mut self,
        array: &mut A,
        weights: ArrayView2<'_, i8>,
        activations: impl Into<Activations<'a>>,
        trial: &mut Trial,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, MappingError> {
        let activations = activations.into();
        self.check(array, weights, activations, outputs.dim())?;
        self.check_first_vector(*trial)?;
        outputs.fill(0);
        let mut report = RunReport::default();
        for (pass, places) in self.plan.passes().iter().zip(&self.places) {
            let mut step = Step {
                plan: &self.plan,
                pass,
                places,
                scratch: &mut self.scratch,
            };
            step.load(array, weights)?;
            report += step.drive(array, activations, trial)?;
            report += saturated(step.combine(outputs.view_mut()));
        }
        Ok(report)
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

/// One pass of a batch.
struct Step<'a> {
    plan: &'a Plan,
    pass: &'a Pass,
    places: &'a [Place],
    scratch: &'a mut [Scratch],
}

impl Step<'_> {
    /// The runs of the pass with their places and buffers.
    fn parts(&mut self) -> impl Iterator<Item = (&Run, &Place, &mut Scratch)> {
        let runs = self.pass.runs.iter().zip(self.places);
        runs.zip(self.scratch.iter_mut())
            .map(|((run, place), scratch)| (run, place, scratch))
    }

    fn load<A: MacArray + ?Sized>(
        &mut self,
        array: &mut A,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), MappingError> {
        let plan = self.plan;
        for (run, place, scratch) in self.parts() {
            load::load(array, plan, run, place, weights, &mut scratch.composition)?;
        }
        Ok(())
    }

    /// Sends a batch, as often as the input coding asks for, and leaves the readings in the scratch.
    fn drive<A: MacArray + ?Sized>(
        &mut self,
        array: &mut A,
        activations: Activations<'_>,
        trial: &mut Trial,
    ) -> Result<RunReport, MappingError> {
        let plan = self.plan;
        for (run, place, scratch) in self.parts() {
            drive::find_sources(plan, run, place.region, &mut scratch.sources);
        }
        match plan.coding().inputs {
            InputCoding::Unsigned => self.send(array, activations, Signal::Whole, trial),
            InputCoding::TwoPasses => {
                let mut report = self.send(array, activations, Signal::Negative, trial)?;
                for scratch in self.scratch.iter_mut() {
                    std::mem::swap(&mut scratch.readings, &mut scratch.subtracted);
                }
                report += self.send(array, activations, Signal::Positive, trial)?;
                Ok(report)
            }
            InputCoding::Offset { correction_vectors } => {
                let mut report = self.measure_correction(array, correction_vectors, trial)?;
                report += self.send(array, activations, Signal::Raised, trial)?;
                Ok(report)
            }
        }
    }

    /// Runs all hemispheres with a part of the activations.
    fn send<A: MacArray + ?Sized>(
        &mut self,
        array: &mut A,
        activations: Activations<'_>,
        signal: Signal,
        trial: &mut Trial,
    ) -> Result<RunReport, MappingError> {
        let plan = self.plan;
        let at_once = plan.coding().vectors_at_once;
        let vectors = activations.dim().0.div_ceil(at_once);
        for (run, place, scratch) in self.parts() {
            if drive::as_they_are(plan, run, activations).is_none() {
                let driven = scratch.driven.shaped((vectors, place.region.inputs));
                drive::gather(activations, &scratch.sources, at_once, signal, driven);
            }
        }
        let settings = plan.settings();
        let runs = self.parts().map(|(run, place, scratch)| {
            let region = place.region;
            let direct = drive::as_they_are(plan, run, activations);
            let driven = direct.unwrap_or_else(|| scratch.driven.view());
            let pass = trial.next_pass();
            ArrayRun {
                request: RunRequest {
                    region,
                    settings,
                    trial: Trial {
                        first_vector: pass.first_vector / at_once as u64,
                        ..pass
                    },
                },
                activations: driven,
                outputs: scratch.readings.shaped((vectors, region.columns)),
            }
        });
        let mut runs: Together<'_> = runs.collect();
        Ok(array.run_together(&mut runs)?)
    }

    /// Measures what the offset of the inputs puts out.
    fn measure_correction<A: MacArray + ?Sized>(
        &mut self,
        array: &mut A,
        vectors: u32,
        trial: &mut Trial,
    ) -> Result<RunReport, MappingError> {
        let settings = self.plan.settings();
        let vectors = vectors as usize;
        let runs = self.parts().map(|(_, place, scratch)| {
            let region = place.region;
            let mut driven = scratch.driven.shaped((vectors, region.inputs));
            for mut vector in driven.outer_iter_mut() {
                for (to, source) in vector.iter_mut().zip(&scratch.sources) {
                    *to = if source.is_some() { INPUT_OFFSET } else { 0 };
                }
            }
            ArrayRun {
                request: RunRequest {
                    region,
                    settings,
                    trial: Trial {
                        first_vector: 0,
                        ..trial.next_pass()
                    },
                },
                activations: scratch.driven.view(),
                outputs: scratch.readings.shaped((vectors, region.columns)),
            }
        });
        let mut runs: Together<'_> = runs.collect();
        let mut report = array.run_together(&mut runs)?;
        drop(runs);
        for (run, place, scratch) in self.parts() {
            let readings = scratch.readings.view();
            let columns = run.blocks.iter().flat_map(|block| block.columns.iter());
            scratch.columns.clear();
            scratch
                .columns
                .extend(columns.map(|column| column - place.region.first_column));
            report += saturated(combine::at_ends(readings, &scratch.columns));
            let means = readings.columns().into_iter().map(|column| {
                let sum: i32 = column.iter().map(|&y| i32::from(y)).sum();
                i16::from(combine::rounded_mean(sum, vectors))
            });
            scratch.correction.clear();
            scratch.correction.extend(means);
        }
        Ok(report)
    }

    /// Says how many readings at an end of `i8` were subtracted, or others from them.
    fn combine(&mut self, mut outputs: ArrayViewMut2<'_, i8>) -> u64 {
        let plan = self.plan;
        let mut saturated = 0;
        for (run, place, scratch) in self.parts() {
            saturated += combine::combine(plan, run, place.region, scratch, outputs.view_mut());
        }
        saturated
    }
}
