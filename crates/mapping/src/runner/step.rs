//! Passes of a batch, from weights and inputs to sums.

use std::ops::Range;

use bss2_core::{
    ArrayLoad, ArrayPass, ArrayRun, Buffer, MacArray, Region, RunReport, RunRequest, Trial,
};
use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};
use smallvec::SmallVec;

use super::drive::{self, Signal, Source};
use super::{Place, combine, load};
use crate::{Activations, MappingError, Pass, Plan, Run};

/// Most runs, and loads, that the array is given at once (but for a single pass, which may have more): there is
/// room for so many without an allocation.
pub(super) const RUNS_AT_ONCE: usize = 16;

/// Most readings, more or less, that are not worth another thread when they are added.
const READINGS_AT_ONCE: usize = 1 << 17;

/// Some of what the array is given at once.
pub(super) type AtOnce<T> = SmallVec<[T; RUNS_AT_ONCE]>;

/// One pass of a batch.
pub(super) struct Step<'a> {
    pub(super) plan: &'a Plan,
    pub(super) pass: &'a Pass,
    pub(super) places: &'a [Place],
    pub(super) scratch: &'a mut Scratch,
}

/// Makes room for so many buffers, and keeps those that are there.
pub(super) fn at_least<T: Clone + Default>(buffers: &mut Vec<T>, count: usize) {
    if buffers.len() < count {
        buffers.resize(count, T::default());
    }
}

/// Buffers of a pass; of one with fewer runs than another had, some are left over.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    of_runs: Vec<OfRun>,
    /// By signal of the input coding, then run.
    turns: [Vec<Sent>; Signal::MOST],
}

/// What a run needs.
#[derive(Clone, Debug, Default)]
struct OfRun {
    sources: Vec<Source>,
    composition: load::Composition,
    combination: combine::Scratch,
}

/// One signal of a run.
#[derive(Clone, Debug, Default)]
struct Sent {
    /// Vectors × inputs of the region, if they do not stand so in the batch.
    driven: Buffer<u8>,
    /// Vectors × columns of the region.
    readings: Buffer<i8>,
}

impl Step<'_> {
    /// Composes weights and gathers inputs that do not stand on the array as in the layer.
    pub(super) fn prepare(&mut self, weights: ArrayView2<'_, i8>, activations: Activations<'_>) {
        let (plan, coding) = (self.plan, self.plan.coding());
        let runs = self.pass.runs.len();
        let Scratch { of_runs, turns } = &mut *self.scratch;
        at_least(of_runs, runs);
        let parts = self.pass.runs.iter().zip(self.places);
        for ((run, place), own) in parts.clone().zip(&mut *of_runs) {
            drive::find_sources(plan, run, place.region, &mut own.sources);
            if load::as_they_are(plan, run, weights).is_none() {
                load::compose(plan, run, place.region, weights, &mut own.composition);
            }
        }
        let batch = activations.dim().0;
        for (signal, turn) in Signal::of(coding.inputs).iter().zip(turns) {
            let vectors = signal.vectors(coding, batch);
            at_least(turn, runs);
            for (((run, place), own), sent) in parts.clone().zip(&*of_runs).zip(turn) {
                let region = place.region;
                if drive::as_they_are(plan, run, activations).is_none() {
                    let driven = sent.driven.shaped((vectors, region.inputs));
                    let at_once = coding.vectors_at_once;
                    drive::gather(activations, &own.sources, at_once, *signal, driven);
                }
            }
        }
    }

    /// Adds what the array is asked to do to the lists, runs in the order in which they are given passes of the
    /// trial, and how many loads and runs each of its passes has.
    fn list<'s>(
        &'s mut self,
        weights: ArrayView2<'s, i8>,
        activations: Activations<'s>,
        trial: &mut Trial,
        lists: &mut Lists<'s>,
    ) {
        let (plan, coding) = (self.plan, self.plan.coding());
        let Scratch { of_runs, turns } = &mut *self.scratch;
        let parts = self.pass.runs.iter().zip(self.places);
        let loads_before = lists.loads.len();
        for ((run, place), own) in parts.clone().zip(&*of_runs) {
            match load::as_they_are(plan, run, weights) {
                Some(weights) => lists.loads.push(ArrayLoad {
                    region: place.region,
                    weights,
                }),
                None => lists
                    .loads
                    .extend(place.loads.iter().map(|&region| ArrayLoad {
                        region,
                        weights: own.composition.part(place.region, region),
                    })),
            }
        }
        let mut loads = lists.loads.len() - loads_before;
        for (signal, turn) in Signal::of(coding.inputs).iter().zip(turns) {
            let vectors = signal.vectors(coding, activations.dim().0);
            for ((run, place), Sent { driven, readings }) in parts.clone().zip(turn) {
                let trial = trial.next_pass();
                lists.runs.push(ArrayRun {
                    request: RunRequest {
                        region: place.region,
                        settings: plan.settings(),
                        trial: Trial {
                            first_vector: signal.first_vector(coding, trial.first_vector),
                            ..trial
                        },
                    },
                    activations: drive::as_they_are(plan, run, activations)
                        .unwrap_or_else(|| driven.view()),
                    outputs: readings.shaped((vectors, place.region.columns)),
                });
            }
            // Weights stay for the second signal.
            lists.passes.push((std::mem::take(&mut loads), parts.len()));
        }
    }

    /// The runs, where they lie and what was read of some vectors, if that are outputs.
    fn outputs(
        &self,
        vectors: Range<usize>,
    ) -> impl Iterator<Item = (&Run, Region, ArrayView2<'_, i8>)> {
        let parts = self.pass.runs.iter().zip(self.places);
        parts
            .zip(&self.scratch.turns[0])
            .map(move |((run, place), sent)| {
                let readings = sent.readings.view();
                (
                    run,
                    place.region,
                    readings.slice_move(s![vectors.clone(), ..]),
                )
            })
    }

    /// Adds what a coding makes of the readings to the outputs. Says how many readings at an end of `i8` were
    /// subtracted, or others from them.
    fn combine(&mut self, mut outputs: ArrayViewMut2<'_, i8>) -> u64 {
        let Scratch { of_runs, turns } = &mut *self.scratch;
        let parts = self.pass.runs.iter().zip(self.places);
        let (first, last) = match Signal::of(self.plan.coding().inputs) {
            [_] => (None, &turns[0]),
            _ => (Some(&turns[0]), &turns[1]),
        };
        let mut saturated = 0;
        for (number, ((run, place), own)) in parts.zip(of_runs).enumerate() {
            let first = first.map(|turn| turn[number].readings.view());
            let readings = (first, last[number].readings.view());
            saturated += combine::combine(
                self.plan,
                run,
                place.region,
                readings,
                &mut own.combination,
                outputs.view_mut(),
            );
        }
        saturated
    }
}

/// Adds what was read in some steps to the outputs. Says how many readings at an end of `i8` were subtracted, or
/// others from them.
pub(super) fn combine_all(
    plan: &Plan,
    steps: &mut [Step<'_>],
    mut outputs: ArrayViewMut2<'_, i8>,
) -> u64 {
    if plan.coding().is_plain() {
        let vectors = outputs.nrows().div_ceil(plan.coding().vectors_at_once);
        add_all(plan, steps, 0..vectors, outputs);
        return 0;
    }
    let saturated = steps
        .iter_mut()
        .map(|step| step.combine(outputs.view_mut()));
    saturated.sum()
}

/// Adds readings of some vectors that are outputs to these; threads of a pool share them.
fn add_all(
    plan: &Plan,
    steps: &[Step<'_>],
    vectors: Range<usize>,
    mut outputs: ArrayViewMut2<'_, i8>,
) {
    let readings = outputs.len() * steps.len();
    let is_in_pool = rayon::current_thread_index().is_some();
    if is_in_pool && readings > READINGS_AT_ONCE && vectors.len() > 1 {
        let half = vectors.len() / 2;
        let middle = vectors.start + half;
        let (first, last) = outputs.split_at(Axis(0), half * plan.coding().vectors_at_once);
        rayon::join(
            || add_all(plan, steps, vectors.start..middle, first),
            || add_all(plan, steps, middle..vectors.end, last),
        );
        return;
    }
    for step in steps {
        for (run, region, readings) in step.outputs(vectors.clone()) {
            combine::add(plan, run, region, readings, outputs.view_mut());
        }
    }
}

/// What the array is asked to do.
#[derive(Default)]
struct Lists<'a> {
    loads: AtOnce<ArrayLoad<'a>>,
    runs: AtOnce<ArrayRun<'a>>,
    /// Loads and runs of each of its passes.
    passes: AtOnce<(usize, usize)>,
}

/// Gives the array all passes of some steps at once; readings are left in their scratch.
pub(super) fn run_all<A: MacArray + ?Sized>(
    array: &mut A,
    steps: &mut [Step<'_>],
    weights: ArrayView2<'_, i8>,
    activations: Activations<'_>,
    trial: &mut Trial,
) -> Result<RunReport, MappingError> {
    let mut lists = Lists::default();
    for step in steps {
        step.list(
            weights.reborrow(),
            activations.reborrow(),
            trial,
            &mut lists,
        );
    }
    let (mut loads, mut runs) = (&mut lists.loads[..], &mut lists.runs[..]);
    let mut passes: AtOnce<ArrayPass<'_, '_>> = SmallVec::new();
    for &(loads_of_pass, runs_of_pass) in &lists.passes {
        let (loads_now, loads_left) = loads.split_at_mut(loads_of_pass);
        let (runs_now, runs_left) = runs.split_at_mut(runs_of_pass);
        (loads, runs) = (loads_left, runs_left);
        passes.push(ArrayPass {
            loads: loads_now,
            runs: runs_now,
        });
    }
    Ok(array.run_passes(&mut passes)?)
}
