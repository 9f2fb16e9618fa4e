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

    /// Mean square of what each output of a block sums up, and of what each of its inputs adds to
    /// all of them, in squared products of activation and weight units: inputs are taken to vary
    /// independently.
    pub(super) fn of_block(&self, block: &Block) -> (Vec<f32>, Vec<f32>) {
        let (inputs, outputs) = (block.inputs.len(), block.outputs.len());
        let Some(known) = &self.known else {
            return (vec![1.0; outputs], vec![1.0; inputs]);
        };
        let first =
            block.inputs.span().start / self.shape.group_inputs() * self.shape.group_inputs();
        let mut of_inputs = vec![0.0; inputs];
        let (mut means, mut variances) = (vec![0.0; outputs], vec![0.0; outputs]);
        for (of_input, input) in of_inputs.iter_mut().zip(block.inputs.iter()) {
            let (mean, mean_square) = (known.means[input], known.mean_squares[input]);
            let variance = mean_square - mean * mean;
            let weights = known.weights.row(input - first);
            let sums = means.iter_mut().zip(&mut variances);
            for (output, (sum, spread)) in block.outputs.iter().zip(sums) {
                let weight = f32::from(weights[output]);
                *of_input += weight * weight * mean_square;
                *sum += weight * mean;
                *spread += weight * weight * variance;
            }
        }
        let of_outputs = means
            .iter()
            .zip(variances)
            .map(|(mean, variance)| mean * mean + variance);
        (of_outputs.collect(), of_inputs)
    }
}
