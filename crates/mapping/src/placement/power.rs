//! How strong the inputs and outputs of a layer are.

use ndarray::Axis;

use crate::output_error::as_floats;
use crate::{Block, Layer, LayerShape};

/// Typical strengths of a layer's inputs and outputs.
pub(super) struct Powers {
    shape: LayerShape,
    known: Option<Known>,
}

struct Known {
    weights: ndarray::Array2<i8>,
    /// Of each input over the sample.
    means: Vec<f32>,
    mean_squares: Vec<f32>,
}

impl Powers {
    pub(super) fn of(layer: &Layer<'_>) -> Self {
        let known = layer.sample().map(|sample| {
            let activations = as_floats(sample.activations);
            let vectors = activations.nrows().max(1) as f32;
            Known {
                weights: sample.weights.to_owned(),
                means: (activations.sum_axis(Axis(0)) / vectors).to_vec(),
                mean_squares: (activations.map(|x| x * x).sum_axis(Axis(0)) / vectors).to_vec(),
            }
        });
        Self {
            shape: layer.shape(),
            known,
        }
    }

    /// Strengths of the inputs and outputs of a block: inputs are taken to vary independently.
    pub(super) fn of_block(&self, block: &Block) -> BlockPowers {
        let (inputs, outputs) = (block.inputs.len(), block.outputs.len());
        let Some(known) = &self.known else {
            return BlockPowers {
                outputs: vec![1.0; outputs],
                magnitudes: vec![0.0; outputs],
                inputs: vec![1.0; inputs],
            };
        };
        let first =
            block.inputs.span().start / self.shape.group_inputs() * self.shape.group_inputs();
        let mut of_inputs = vec![0.0; inputs];
        let (mut means, mut variances) = (vec![0.0; outputs], vec![0.0; outputs]);
        let mut magnitudes = vec![0.0; outputs];
        for (of_input, input) in of_inputs.iter_mut().zip(block.inputs.iter()) {
            let (mean, mean_square) = (known.means[input], known.mean_squares[input]);
            let variance = mean_square - mean * mean;
            let weights = known.weights.row(input - first);
            let sums = means.iter_mut().zip(&mut variances).zip(&mut magnitudes);
            for (output, ((sum, spread), magnitude)) in block.outputs.iter().zip(sums) {
                let weight = f32::from(weights[output]);
                *magnitude += weight.abs() * mean;
                *of_input += weight * weight * mean_square;
                *sum += weight * mean;
                *spread += weight * weight * variance;
            }
        }
        let of_outputs = means.iter().zip(variances);
        let of_outputs = of_outputs.map(|(mean, variance): (&f32, f32)| mean * mean + variance);
        BlockPowers {
            outputs: of_outputs.collect(),
            magnitudes,
            inputs: of_inputs,
        }
    }
}

/// Strengths of a block's inputs and outputs.
pub(super) struct BlockPowers {
    /// Mean square of what each output sums up, in squared products of activation and weight units.
    pub(super) outputs: Vec<f32>,
    /// Mean of what each output sums up, signs of weights left out, in products.
    pub(super) magnitudes: Vec<f32>,
    /// Mean square of what each input adds to all outputs, in squared products.
    pub(super) inputs: Vec<f32>,
}
