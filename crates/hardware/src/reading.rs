//! The vectors of a run, from activations to codes, shared among threads.

use bss2_core::{Buffer, CadcChannel, Region, RunRequest};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use crate::buffers::{slice, slice_mut};
use crate::circuit::Circuit;
use crate::model::{self, Batch, Model, by_events};
use crate::pass::{Pass, Timing};
use crate::readout::{Moment, ReadoutNoise, ReadoutPass, ToRead};
use crate::share::share;

/// Values of vectors that go through a model together; bounds the scratch memory.
const VALUES_AT_ONCE: usize = 1 << 14;

/// Vectors that go through a model together.
pub(crate) fn vectors_at_once(region: Region) -> usize {
    VALUES_AT_ONCE.div_ceil(region.inputs.max(region.columns))
}

/// What all vectors of a run have in common.
pub(crate) struct Reading<'a> {
    model: &'a dyn Model,
    pass: Pass<'a>,
    readouts: ReadoutPass<'a>,
}

/// Neighbouring vectors that go through the model together.
struct Block<'a, T> {
    first_vector: u64,
    /// Vectors × inputs.
    activations: ArrayView2<'a, u8>,
    /// The first vector's number in the run.
    number: usize,
    /// Vectors × columns.
    outputs: ArrayViewMut2<'a, T>,
}

/// Buffers of one thread, which share no cache line with those of another.
#[derive(Clone, Debug, Default)]
#[repr(align(128))]
pub(crate) struct Workspace {
    pub(crate) noise: ReadoutNoise,
    sent: Buffer<u8>,
    timings: Vec<Timing>,
    order: Vec<usize>,
    places: Vec<usize>,
    voltages: Buffer<f32>,
    codes: Buffer<u8>,
    model: model::Scratch,
    /// Outputs of a run outside the model's validity.
    doubtful: u64,
}

impl<'a> Reading<'a> {
    /// A run on a region of inputs × physical columns.
    pub(crate) fn new(
        model: &'a dyn Model,
        circuit: &'a Circuit,
        request: &RunRequest,
        (channel, moment): (CadcChannel, Moment),
    ) -> Self {
        let RunRequest {
            region,
            settings,
            trial,
        } = *request;
        Self {
            model,
            pass: Pass::new(circuit, region, settings, trial),
            readouts: ReadoutPass::new(&circuit.readout, channel, region, trial, moment),
        }
    }

    /// Makes outputs (vectors × columns) of neighbouring vectors: `put` makes those of some of them, given the
    /// number of the first, of their codes (vectors × physical columns). Says how many codes lie outside the
    /// model's validity. Each workspace is a thread's; no code depends on their number.
    pub(crate) fn read<T: Send>(
        &self,
        first_vector: u64,
        activations: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, T>,
        workspaces: &mut [Workspace],
        put: impl Fn(usize, ArrayView2<'_, u8>, ArrayViewMut2<'_, T>) + Sync,
    ) -> u64 {
        let (vectors, threads) = (activations.nrows(), workspaces.len());
        let rounds = vectors.div_ceil(threads * vectors_at_once(self.pass.region));
        let at_once = vectors.div_ceil(threads * rounds.max(1)).max(1);
        for workspace in workspaces.iter_mut() {
            workspace.noise.prepare(self.pass.region.columns);
            workspace.doubtful = 0;
        }
        let blocks = activations
            .axis_chunks_iter(Axis(0), at_once)
            .zip(outputs.axis_chunks_iter_mut(Axis(0), at_once))
            .enumerate()
            .map(|(block, (activations, outputs))| Block {
                first_vector: first_vector.wrapping_add((block * at_once) as u64),
                activations,
                number: block * at_once,
                outputs,
            });
        share(blocks, workspaces, |workspace, block| {
            self.read_block(block, workspace, &put);
        });
        workspaces.iter().map(|workspace| workspace.doubtful).sum()
    }

    fn read_block<T>(
        &self,
        block: Block<'_, T>,
        workspace: &mut Workspace,
        put: &impl Fn(usize, ArrayView2<'_, u8>, ArrayViewMut2<'_, T>),
    ) {
        let Block {
            first_vector,
            activations,
            number,
            outputs,
        } = block;
        let Workspace {
            noise,
            sent,
            timings,
            order,
            places,
            voltages,
            codes,
            model,
            doubtful,
        } = workspace;
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
        self.pass.find_timings(slice(&activations), timings);
        by_events(timings, order, places);
        let batch = Batch {
            first_vector,
            activations,
            timings,
            order,
        };
        let shape = (activations.nrows(), self.pass.region.columns);
        let mut voltages = voltages.shaped(shape);
        *doubtful += self
            .model
            .voltages(&self.pass, &batch, model, voltages.view_mut());
        let mut codes = codes.shaped(shape);
        let read = ToRead {
            first_vector,
            timings,
            order,
            voltages: slice(&voltages),
        };
        self.readouts.convert(&read, noise, slice_mut(&mut codes));
        put(number, codes.view(), outputs);
    }
}
