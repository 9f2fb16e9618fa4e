//! A layer's plan as matrix products: one per block, copy and sign of weights.

use bss2_core::Buffer;
use bss2_core::product::Onto;
use bss2_mapping::{Block, Coding, Plan, Run, WeightCoding};
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::product::multiply;
use crate::twin::response::Response;

/// One product: amplitudes times effective weights are sums, each on one column.
pub(super) struct Part<'a> {
    pub(super) response: &'a Response,
    /// What an output of the part counts in that of the layer.
    pub(super) share: f32,
    /// Vectors × rows.
    pub(super) amplitudes: ArrayView2<'a, f32>,
    /// Derivatives of the amplitudes with respect to the inputs, vectors × rows.
    slopes: ArrayView2<'a, f32>,
    /// Rows × columns, in LSB per unit of amplitude.
    pub(super) effective: ArrayView2<'a, f32>,
    /// Derivatives of these with respect to the weights.
    per_weight: ArrayView2<'a, f32>,
    /// Vectors × columns, in LSB.
    pub(super) sums: ArrayView2<'a, f32>,
    /// The columns on the array, and the layer's outputs to which they add.
    pub(super) columns: &'a [usize],
    pub(super) outputs: &'a [usize],
    /// The layer's inputs by row.
    inputs: &'a [usize],
    /// Inputs of the groups before the block's.
    first_input: usize,
    first_vector: usize,
    vectors_at_once: usize,
}

impl Part<'_> {
    /// Numbers of the vectors in the batch.
    pub(super) fn vectors(&self) -> impl Iterator<Item = usize> + Clone {
        (self.first_vector..).step_by(self.vectors_at_once)
    }

    /// Adds the gradient with respect to the effective weights to that of the layer's.
    pub(super) fn add_weights(&self, from: ArrayView2<'_, f32>, mut to: ArrayViewMut2<'_, f32>) {
        let rows = from.outer_iter().zip(self.per_weight.outer_iter());
        for ((from, per_weight), &input) in rows.zip(self.inputs) {
            let mut to = to.row_mut(input - self.first_input);
            for ((from, per_weight), &output) in from.iter().zip(per_weight).zip(self.outputs) {
                to[output] += from * per_weight;
            }
        }
    }

    /// Adds the gradient with respect to the amplitudes to that of the layer's inputs.
    pub(super) fn add_inputs(&self, from: ArrayView2<'_, f32>, mut to: ArrayViewMut2<'_, f32>) {
        let vectors = from.outer_iter().zip(self.slopes.outer_iter());
        for ((from, slopes), vector) in vectors.zip(self.vectors()) {
            let mut to = to.row_mut(vector);
            for ((from, slope), &input) in from.iter().zip(slopes).zip(self.inputs) {
                to[input] += from * slope;
            }
        }
    }
}

/// Which weights a column of an output holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    All,
    Positive,
    Negative,
}

impl Held {
    fn of(coding: WeightCoding) -> &'static [Self] {
        match coding {
            WeightCoding::Signed | WeightCoding::Offset => &[Self::All],
            WeightCoding::ColumnPair => &[Self::Positive, Self::Negative],
        }
    }

    /// The weight on the array, and its derivative.
    fn coded(self, weight: f32) -> (f32, f32) {
        match self {
            Self::All => (weight, 1.0),
            Self::Positive => (weight.max(0.0), f32::from(u8::from(weight > 0.0))),
            Self::Negative => ((-weight).max(0.0), -f32::from(u8::from(weight < 0.0))),
        }
    }

    /// Digital sign of the column.
    fn sign(self) -> f32 {
        if self == Self::Negative { -1.0 } else { 1.0 }
    }
}

/// Buffers of one product.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// Vectors of the batch.
    vectors: usize,
    /// By row of a run's hemisphere, the place of its input among those of all vectors at once.
    sources: Vec<Option<usize>>,
    /// Events by step of a run.
    events: Vec<f32>,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    block_columns: Vec<usize>,
    columns: Vec<usize>,
    amplitudes: Buffer<f32>,
    slopes: Buffer<f32>,
    effective: Buffer<f32>,
    per_weight: Buffer<f32>,
    sums: Buffer<f32>,
}

impl Parts {
    /// Computes every product of a layer, with inputs (vectors × inputs) and weights (inputs of one
    /// group × outputs), and hands it on.
    pub(super) fn visit(
        &mut self,
        responses: &[Response],
        plan: &Plan,
        inputs: ArrayView2<'_, f32>,
        weights: ArrayView2<'_, f32>,
        visit: &mut dyn FnMut(Part<'_>),
    ) {
        self.vectors = inputs.nrows();
        for run in plan.runs() {
            let response = &responses[run.hemisphere];
            self.count_events(plan, run, inputs);
            for block in &run.blocks {
                self.drive(plan.coding(), response, block, inputs);
                for copy in 0..plan.coding().column_copies {
                    for &held in Held::of(plan.coding().weights) {
                        self.multiply(plan, response, block, (copy, held), weights);
                        visit(self.part(plan, response, block, held));
                    }
                }
            }
        }
    }

    /// Counts the rows of a run that are sent an event, in each of its steps.
    fn count_events(&mut self, plan: &Plan, run: &Run, inputs: ArrayView2<'_, f32>) {
        let coding = plan.coding();
        self.sources.clear();
        self.sources.resize(plan.geometry().inputs(), None);
        for block in &run.blocks {
            let places = block.inputs.iter();
            let places = places.flat_map(|input| std::iter::repeat_n(input, coding.row_repetition));
            for (row, input) in block.rows.iter().zip(places) {
                self.sources[row] = Some(block.replica * plan.shape().inputs() + input);
            }
        }
        let width = plan.shape().inputs();
        let steps = inputs.nrows().div_ceil(coding.vectors_at_once);
        let events = (0..steps).map(|step| {
            let sent = self.sources.iter().flatten().filter(|&&place| {
                let vector = step * coding.vectors_at_once + place / width;
                let input = inputs.get((vector, place % width));
                input.is_some_and(|x| x.round_ties_even() > 0.0)
            });
            sent.count() as f32
        });
        self.events.clear();
        self.events.extend(events);
    }

    /// Amplitudes on the rows of a block.
    fn drive(
        &mut self,
        coding: Coding,
        response: &Response,
        block: &Block,
        inputs: ArrayView2<'_, f32>,
    ) {
        self.inputs.clear();
        let of_rows = block.inputs.iter();
        let of_rows = of_rows.flat_map(|i| std::iter::repeat_n(i, coding.row_repetition));
        self.inputs.extend(of_rows);
        let shape = (vectors_of(block, coding, self.vectors), self.inputs.len());
        let mut amplitudes = self.amplitudes.shaped(shape);
        let mut slopes = self.slopes.shaped(shape);
        let vectors = (block.replica..).step_by(coding.vectors_at_once);
        let rows = amplitudes.outer_iter_mut().zip(slopes.outer_iter_mut());
        for ((mut amplitudes, mut slopes), vector) in rows.zip(vectors) {
            let inputs = inputs.row(vector);
            let rows = block.rows.iter().zip(&self.inputs);
            let numbers = amplitudes.iter_mut().zip(&mut slopes);
            for ((amplitude, slope), (row, &input)) in numbers.zip(rows) {
                (*amplitude, *slope) = response.amplitude(row, inputs[input]);
            }
        }
    }

    /// Sums of one copy of a block's columns.
    fn multiply(
        &mut self,
        plan: &Plan,
        response: &Response,
        block: &Block,
        (copy, held): (usize, Held),
        weights: ArrayView2<'_, f32>,
    ) {
        let coding = plan.coding();
        self.outputs.clear();
        self.outputs.extend(block.outputs.iter());
        self.block_columns.clear();
        self.block_columns.extend(block.columns.iter());
        let per_output = coding.weights.columns_per_output();
        let per_copy = self.block_columns.len() / coding.column_copies;
        let of_copy = &self.block_columns[copy * per_copy + usize::from(held == Held::Negative)..];
        let columns = of_copy.iter().step_by(per_output);
        self.columns.clear();
        self.columns.extend(columns.take(self.outputs.len()));

        let shape = (self.inputs.len(), self.columns.len());
        let mut effective = self.effective.shaped(shape);
        let mut per_weight = self.per_weight.shaped(shape);
        let first_input = first_input_of_group(plan, block);
        let rows = effective.outer_iter_mut().zip(per_weight.outer_iter_mut());
        for ((mut effective, mut per_weight), &input) in rows.zip(&self.inputs) {
            let weights = weights.row(input - first_input);
            let places = self.columns.iter().zip(&self.outputs);
            let numbers = effective.iter_mut().zip(&mut per_weight);
            for ((effective, per_weight), (&column, &output)) in numbers.zip(places) {
                let (weight, derivative) = held.coded(weights[output]);
                let lsb = response.gain[column] * response.share(column, weight);
                (*effective, *per_weight) = (lsb * weight, lsb * derivative);
            }
        }
        let steps = vectors_of(block, coding, self.vectors);
        let mut sums = self.sums.shaped((steps, shape.1));
        multiply(
            self.amplitudes.view(),
            effective.view(),
            Onto::Nothing,
            sums.view_mut(),
        );
        if let Some(of_event) = &response.event {
            for (mut sums, events) in sums.outer_iter_mut().zip(&self.events) {
                for (sum, &column) in sums.iter_mut().zip(&self.columns) {
                    *sum += of_event[column] * events;
                }
            }
        }
    }

    fn part<'a>(
        &'a self,
        plan: &Plan,
        response: &'a Response,
        block: &Block,
        held: Held,
    ) -> Part<'a> {
        let coding = plan.coding();
        Part {
            response,
            share: held.sign() / coding.column_copies as f32,
            amplitudes: self.amplitudes.view(),
            slopes: self.slopes.view(),
            effective: self.effective.view(),
            per_weight: self.per_weight.view(),
            sums: self.sums.view(),
            columns: &self.columns,
            outputs: &self.outputs,
            inputs: &self.inputs,
            first_input: first_input_of_group(plan, block),
            first_vector: block.replica,
            vectors_at_once: coding.vectors_at_once,
        }
    }
}

/// How many vectors of a batch a block takes.
fn vectors_of(block: &Block, coding: Coding, vectors: usize) -> usize {
    vectors
        .saturating_sub(block.replica)
        .div_ceil(coding.vectors_at_once)
}

fn first_input_of_group(plan: &Plan, block: &Block) -> usize {
    let of_group = plan.shape().group_inputs();
    block.inputs.span().start / of_group * of_group
}
