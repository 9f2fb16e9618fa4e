//! A sum per channel.

use ndarray::{ArrayView2, ArrayViewMut2, Zip};

use super::channels::{ChannelParameter, ChannelSums, Channels};
use super::{Layer, check_backward, check_forward};
use crate::{Affine, LayerPlace, ParameterView, Session, Step, TrainingError, UpdateParameter};

/// y = x + b in `f32`, with a trainable b, the parameter `"bias"`, for each channel. Features are
/// channel-major: one position per channel after a dense layer, those of an output channel after a
/// convolution.
#[derive(Clone, Debug)]
pub struct Bias {
    channels: Channels,
    parameter: ChannelParameter,
    sums: ChannelSums,
    /// The bias of each feature.
    spread: Vec<f32>,
}

impl Bias {
    /// Takes over the biases, one for each channel, in units of the inputs.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`] without channels or positions, and for more than 2²⁰
    /// features in all; [`TrainingError::NotFinite`].
    pub fn new(bias: Vec<f32>, positions: usize) -> Result<Self, TrainingError> {
        let channels = Channels::new(bias.len(), positions)?;
        if !bias.iter().all(|b| b.is_finite()) {
            return Err(TrainingError::NotFinite {
                layer: LayerPlace::default(),
                what: "biases",
            });
        }
        Ok(Self {
            channels,
            parameter: ChannelParameter::new("bias", bias),
            sums: ChannelSums::new(channels),
            spread: vec![0.0; channels.features()],
        })
    }
}

impl Layer for Bias {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        self.channels.outputs(inputs)
    }

    fn forward(
        &mut self,
        _session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        let bias = self.parameter.value.iter().copied();
        self.channels.spread(bias, &mut self.spread);
        for (to, from) in output.rows_mut().into_iter().zip(input.rows()) {
            Zip::from(to)
                .and(from)
                .and(&self.spread[..])
                .for_each(|to, &x, &bias| *to = x + bias);
        }
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError> {
        check_backward(self, input, output, &gradient, input_gradient.as_ref())?;
        let sums = self.sums.of(gradient.view());
        for (to, sum) in self.parameter.gradient.iter_mut().zip(sums) {
            *to = sum as f32;
        }
        if let Some(mut input_gradient) = input_gradient {
            input_gradient.assign(&gradient);
        }
        Ok(())
    }

    fn parameters(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        visit(self.parameter.view());
    }

    fn update_parameters(&mut self, update: &mut UpdateParameter<'_>) -> Result<(), TrainingError> {
        update(self.parameter.view_mut())
    }

    fn step(&self) -> Option<Step> {
        Some(Step::Affine(Affine {
            factors: vec![1.0; self.channels.count()],
            offsets: self.parameter.value.to_vec(),
            positions: self.channels.positions(),
        }))
    }
}
