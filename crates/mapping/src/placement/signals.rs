//! How strong the inputs and outputs of a layer are.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};

use crate::output_error::as_floats;
use crate::{Block, Indices, Layer, LayerShape};

/// What is known of a layer's signals.
pub(super) struct Signals<'a> {
    shape: LayerShape,
    sample: Option<Sample<'a>>,
}

struct Sample<'a> {
    /// Inputs of one group × outputs.
    weights: ArrayView2<'a, i8>,
    /// Vectors × inputs.
    activations: Array2<f32>,
}

/// Moments of an output over the sample: y is the sum of products, t the same without the signs of
/// the weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub(super) y: f32,
    pub(super) y_y: f32,
    pub(super) t: f32,
    pub(super) t_t: f32,
    pub(super) y_t: f32,
}

impl Moments {
    /// Of a signal of which nothing is known.
    const UNKNOWN: Self = Self {
        y: 0.0,
        y_y: 1.0,
        t: 0.0,
        t_t: 0.0,
        y_t: 0.0,
    };

    fn of(y: ArrayView1<'_, f32>, t: ArrayView1<'_, f32>) -> Self {
        let count = y.len().max(1) as f32;
        Self {
            y: y.sum() / count,
            y_y: y.dot(&y) / count,
            t: t.sum() / count,
            t_t: t.dot(&t) / count,
            y_t: y.dot(&t) / count,
        }
    }

    /// The same in other units.
    pub(super) fn scaled(self, unit: f32) -> Self {
        let squared = unit * unit;
        Self {
            y: unit * self.y,
            y_y: squared * self.y_y,
            t: unit * self.t,
            t_t: squared * self.t_t,
            y_t: squared * self.y_t,
        }
    }
}

/// What a block sums up, by input.
pub(super) struct BlockSignals {
    /// Inputs × outputs of the block.
    pub(super) weights: Array2<f32>,
    /// Inputs × vectors.
    pub(super) activations: Array2<f32>,
}

impl<'a> Signals<'a> {
    pub(super) fn of(layer: &Layer<'a>) -> Self {
        let sample = layer.sample().map(|sample| Sample {
            weights: sample.weights,
            activations: as_floats(sample.activations),
        });
        Self {
            shape: layer.shape(),
            sample,
        }
    }

    /// Weights and activations of a block, if they are known.
    pub(super) fn of_block(&self, block: &Block) -> Option<BlockSignals> {
        let sample = self.sample.as_ref()?;
        let of_group = self.shape.group_inputs();
        let local = block.inputs.iter().map(|input| (input % of_group) as u32);
        let local: Indices = local.collect::<Vec<u32>>().into();
        let (rows, columns) = (block.inputs.len(), block.outputs.len());
        let weights = match (local.as_range(), block.outputs.as_range()) {
            (Some(inputs), Some(outputs)) => {
                sample.weights.slice(s![inputs, outputs]).mapv(f32::from)
            }
            _ => Array2::from_shape_fn((rows, columns), |(row, column)| {
                f32::from(sample.weights[[local.at(row), block.outputs.at(column)]])
            }),
        };
        let vectors = sample.activations.nrows();
        let activations = Array2::from_shape_fn((rows, vectors), |(row, vector)| {
            sample.activations[[vector, block.inputs.at(row)]]
        });
        Some(BlockSignals {
            weights,
            activations,
        })
    }
}

impl BlockSignals {
    /// Moments of each output.
    pub(super) fn outputs(of: Option<&Self>, count: usize) -> Vec<Moments> {
        let Some(of) = of else {
            return vec![Moments::UNKNOWN; count];
        };
        let y = of.activations.t().dot(&of.weights);
        let t = of.activations.t().dot(&of.weights.map(|w| w.abs()));
        y.columns()
            .into_iter()
            .zip(t.columns())
            .map(|(y, t)| Moments::of(y, t))
            .collect()
    }

    /// Σ over vectors and outputs of the square of what an input adds.
    pub(super) fn power(&self, input: usize) -> f32 {
        let (weights, activations) = (self.weights.row(input), self.activations.row(input));
        weights.dot(&weights) * activations.dot(&activations)
    }

    /// The same of its product with something (vectors × outputs).
    pub(super) fn pull(&self, input: usize, other: &Array2<f32>) -> f32 {
        let by_vector: Array1<f32> = other.dot(&self.weights.row(input));
        by_vector.dot(&self.activations.row(input))
    }

    /// Adds what an input adds, times a factor, to something (vectors × outputs).
    pub(super) fn add(&self, input: usize, factor: f32, to: &mut Array2<f32>) {
        let weights = self.weights.row(input);
        for (mut row, &activation) in to.outer_iter_mut().zip(self.activations.row(input)) {
            if activation != 0.0 {
                row.scaled_add(factor * activation, &weights);
            }
        }
    }
}
