//! The vectors of runs, from activations to codes, shared among threads.

use bss2_core::{ACTIVATION_MAX, Buffer, CadcChannel, Region, RunRequest, find_outside};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use crate::buffers::{slice, slice_mut};
use crate::circuit::Circuit;
use crate::model::{self, Batch, Model, Prepared, by_events};
use crate::pass::{Pass, Timing};
use crate::readout::{Moment, ReadoutNoise, ReadoutPass, ToRead};
use crate::share::share;

/// Values of vectors that go through a model together; bounds the scratch memory.
const VALUES_AT_ONCE: usize = 1 << 14;

/// Vectors that go through a model together.
pub(crate) fn vectors_at_once(region: Region) -> usize {
    VALUES_AT_ONCE.div_ceil(region.inputs.max(region.columns))
}

/// A run that a model is prepared for.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    model: &'a dyn Model,
    prepared: &'a Prepared,
    pass: Pass<'a>,
    readouts: ReadoutPass<'a>,
    first_vector: u64,
    /// Vectors × inputs.
    activations: ArrayView2<'a, u8>,
}

/// Neighbouring vectors of a run that go through the model together.
struct Block<'b, 'a, 'o, T> {
    /// A copy, as what threads look at all the time should not lie where another one writes.
    of: Reading<'a>,
    /// The run's number among those that are done at once.
    run: usize,
    /// The first vector's number in the run.
    first: usize,
    /// Vectors × inputs.
    activations: ArrayView2<'b, u8>,
    /// Vectors × columns.
    outputs: ArrayViewMut2<'o, T>,
}

/// Buffers of one thread, which share no cache line with those of another.
#[derive(Clone, Debug, Default)]
#[repr(align(128))]
pub(crate) struct Workspace {
    pub(crate) noise: ReadoutNoise,
    /// The run that the noise was prepared for.
    prepared_for: Option<usize>,
    sent: Buffer<u8>,
    timings: Vec<Timing>,
    order: Vec<usize>,
    places: Vec<usize>,
    voltages: Buffer<f32>,
    codes: Buffer<u8>,
    model: model::Scratch,
    /// Outputs outside the model's validity, if all activations can be sent.
    doubtful: Option<u64>,
}

impl<'a> Reading<'a> {
    /// A run on a region of inputs × physical columns.
    pub(crate) fn new(
        (model, prepared): (&'a dyn Model, &'a Prepared),
        circuit: &'a Circuit,
        request: &RunRequest,
        (channel, moment): (CadcChannel, Moment),
        activations: ArrayView2<'a, u8>,
    ) -> Self {
        let RunRequest {
            region,
            settings,
            trial,
        } = *request;
        Self {
            model,
            prepared,
            pass: Pass::new(circuit, region, settings, trial),
            readouts: ReadoutPass::new(&circuit.readout, channel, region, trial, moment),
            first_vector: trial.first_vector,
            activations,
        }
    }

    /// The vectors in blocks for so many threads; in `finer` times as many blocks, unless these were too small.
    fn blocks<'b, 'o, T>(
        &'b self,
        run: usize,
        outputs: &'o mut ArrayViewMut2<'_, T>,
        (threads, finer): (usize, usize),
    ) -> impl DoubleEndedIterator<Item = Block<'b, 'a, 'o, T>> {
        let vectors = self.activations.nrows();
        let rounds = finer * vectors.div_ceil(threads * vectors_at_once(self.pass.region));
        let at_once = vectors.div_ceil(threads * rounds.max(1));
        let at_once = at_once.max(self.model.vectors_at_once());
        let outputs = outputs.axis_chunks_iter_mut(Axis(0), at_once);
        let blocks = self.activations.axis_chunks_iter(Axis(0), at_once);
        let blocks = blocks.zip(outputs).enumerate();
        blocks.map(move |(block, (activations, outputs))| Block {
            of: *self,
            run,
            first: block * at_once,
            activations,
            outputs,
        })
    }
}

/// Makes outputs (vectors × columns) of the vectors of some runs: `put` makes those of some neighbours, given the
/// number of the first in its run, of their codes (vectors × physical columns). Says how many codes lie outside
/// the model's validity; nothing if some activation is too large, and some outputs are not written then. Each
/// workspace is a thread's; no code depends on their number.
pub(crate) fn read_all<T: Send>(
    runs: &[Reading<'_>],
    outputs: &mut [ArrayViewMut2<'_, T>],
    workspaces: &mut [Workspace],
    put: impl Fn(usize, ArrayView2<'_, u8>, ArrayViewMut2<'_, T>) + Sync,
) -> Option<u64> {
    let threads = workspaces.len();
    for workspace in workspaces.iter_mut() {
        workspace.prepared_for = None;
        workspace.doubtful = Some(0);
    }
    // Where threads meet, one waits for the other to end its last block.
    let middle = runs.len() / 2;
    let runs = runs.iter().zip(outputs).enumerate();
    let blocks = runs.flat_map(|(run, (reading, outputs))| {
        let meet = threads > 1 && middle > 0 && run == middle;
        let finer = if meet { 4 } else { 1 };
        reading.blocks(run, outputs, (threads, finer))
    });
    share(blocks, workspaces, |workspace, block| {
        block.read(workspace, &put);
    });
    workspaces.iter().map(|workspace| workspace.doubtful).sum()
}

impl<T> Block<'_, '_, '_, T> {
    fn read(
        self,
        workspace: &mut Workspace,
        put: &impl Fn(usize, ArrayView2<'_, u8>, ArrayViewMut2<'_, T>),
    ) {
        let Self {
            of,
            run,
            first,
            activations,
            outputs,
        } = self;
        let Workspace {
            noise,
            prepared_for,
            sent,
            timings,
            order,
            places,
            voltages,
            codes,
            model,
            doubtful,
        } = workspace;
        let columns = of.pass.region.columns;
        if prepared_for.replace(run) != Some(run) {
            noise.prepare(columns);
        }
        let first_vector = of.first_vector.wrapping_add(first as u64);
        // Most arrays have their rows side by side; others are copied.
        let activations = if activations.is_standard_layout() {
            activations
        } else {
            let mut copy = sent.shaped(activations.dim());
            for (mut copy, row) in copy.outer_iter_mut().zip(activations.outer_iter()) {
                match (copy.as_slice_mut(), row.to_slice()) {
                    (Some(copy), Some(row)) => copy.copy_from_slice(row),
                    _ => copy.assign(&row),
                }
            }
            sent.view()
        };
        if find_outside(activations, 0..=ACTIVATION_MAX).is_some() {
            *doubtful = None;
        }
        let Some(doubtful) = doubtful else {
            return;
        };
        of.pass.find_timings(slice(&activations), timings);
        by_events(timings, order, places);
        let batch = Batch {
            first_vector,
            activations,
            timings,
            order,
        };
        let shape = (activations.nrows(), columns);
        let mut voltages = voltages.shaped(shape);
        *doubtful += of
            .model
            .voltages(of.prepared, &of.pass, &batch, model, voltages.view_mut());
        let mut codes = codes.shaped(shape);
        let read = ToRead {
            first_vector,
            timings,
            order,
            voltages: slice(&voltages),
        };
        of.readouts.convert(&read, noise, slice_mut(&mut codes));
        put(first, codes.view(), outputs);
    }
}
