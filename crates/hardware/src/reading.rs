//! The vectors of a run, from activations to codes, shared among threads.

use bss2_core::{Buffer, Region};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use crate::buffers::{slice, slice_mut};
use crate::model::{self, Batch, Model, by_events};
use crate::pass::{Pass, Timing};
use crate::readout::{ReadoutNoise, ReadoutPass, ToRead};

/// Values of vectors that go through a model together; bounds the scratch memory.
const VALUES_AT_ONCE: usize = 1 << 14;

/// Vectors that go through a model together.
pub(crate) fn vectors_at_once(region: Region) -> usize {
    VALUES_AT_ONCE.div_ceil(region.inputs.max(region.columns))
}

/// What all vectors of a run have in common.
pub(crate) struct Reading<'a> {
    pub(crate) model: &'a dyn Model,
    pub(crate) pass: Pass<'a>,
    pub(crate) readouts: ReadoutPass<'a>,
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
}

/// Threads of the present pool that so many vectors are worth, if fewer than `at_once` are not worth
/// one. (Who does not come from the pool waits long for its threads.)
pub(crate) fn threads_for(vectors: usize, at_once: usize) -> usize {
    let at_once = match rayon::current_thread_index() {
        Some(_) => at_once,
        None => 4 * at_once,
    };
    (vectors / at_once).clamp(1, rayon::current_num_threads())
}

impl Reading<'_> {
    /// Codes of neighbouring vectors (vectors × columns), and how many of them lie outside the
    /// model's validity. Each workspace is a thread's; no code depends on their number.
    pub(crate) fn codes(
        &self,
        first_vector: u64,
        activations: ArrayView2<'_, u8>,
        codes: ArrayViewMut2<'_, u8>,
        workspaces: &mut [Workspace],
    ) -> u64 {
        if let [workspace] = workspaces {
            return self.codes_here(first_vector, activations, codes, workspace);
        }
        let threads = workspaces.len();
        let (here, there) = workspaces.split_at_mut(threads / 2);
        let vectors = activations.nrows() * here.len() / threads;
        let next_vector = first_vector.wrapping_add(vectors as u64);
        let activations = activations.split_at(Axis(0), vectors);
        let codes = codes.split_at(Axis(0), vectors);
        let (doubtful, others) = rayon::join(
            || self.codes(first_vector, activations.0, codes.0, here),
            || self.codes(next_vector, activations.1, codes.1, there),
        );
        doubtful + others
    }

    fn codes_here(
        &self,
        mut first_vector: u64,
        activations: ArrayView2<'_, u8>,
        mut codes: ArrayViewMut2<'_, u8>,
        workspace: &mut Workspace,
    ) -> u64 {
        workspace.noise.prepare(codes.ncols());
        let mut doubtful = 0;
        let at_once = vectors_at_once(self.pass.region);
        let blocks = activations.axis_chunks_iter(Axis(0), at_once);
        for (activations, codes) in blocks.zip(codes.axis_chunks_iter_mut(Axis(0), at_once)) {
            doubtful += self.block(first_vector, activations, codes, workspace);
            first_vector = first_vector.wrapping_add(at_once as u64);
        }
        doubtful
    }

    fn block(
        &self,
        first_vector: u64,
        activations: ArrayView2<'_, u8>,
        mut codes: ArrayViewMut2<'_, u8>,
        workspace: &mut Workspace,
    ) -> u64 {
        let Workspace {
            noise,
            sent,
            timings,
            order,
            places,
            voltages,
            codes: found,
            model,
        } = workspace;
        // Most arrays have their rows side by side; others are copied.
        let activations = if activations.is_standard_layout() {
            activations
        } else {
            let mut copy = sent.shaped(activations.dim());
            copy.assign(&activations);
            sent.view(activations.dim())
        };
        timings.clear();
        let vectors = slice(&activations).chunks(activations.ncols());
        timings.extend(vectors.map(|x| self.pass.timing(x)));
        by_events(timings, order, places);
        let batch = Batch {
            first_vector,
            activations,
            timings,
            order,
        };
        let mut voltages = voltages.shaped(codes.dim());
        let doubtful = self
            .model
            .voltages(&self.pass, &batch, model, voltages.view_mut());
        let mut found = found.shaped(codes.dim());
        let read = ToRead {
            first_vector,
            timings,
            order,
            voltages: slice(&voltages),
        };
        self.readouts.convert(&read, noise, slice_mut(&mut found));
        codes.assign(&found);
        doubtful
    }
}
