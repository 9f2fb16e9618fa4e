//! Normalisation by the statistics of a batch.

use ndarray::{Array1, ArrayView2, ArrayViewMut2, Zip};

use super::channels::{ChannelParameter, ChannelSums, Channels};
use super::{Layer, check_backward, check_forward, check_passed};
use crate::{
    Affine, BufferView, BufferViewMut, LayerPlace, Mode, ParameterView, Session, Step,
    TrainingError, UpdateBuffer, UpdateParameter,
};

/// y = γ · (x − mean) / √(variance + ε) + β for each channel (Ioffe and Szegedy 2015), as PyTorch's
/// `BatchNorm1d` and `BatchNorm2d` with their default ε = 10⁻⁵ and momentum 0.1.
///
/// In [`Mode::Training`] mean and variance are those of the batch, over its vectors and the
/// channel's positions, and each forward pass moves the running ones a tenth of the way (the
/// variance by its unbiased estimate); in evaluation they are the running ones. Backward: the
/// gradient of what the last forward pass computed.
///
/// Parameters: `"weight"` (γ), `"bias"` (β); buffers: `"running_mean"`, `"running_var"`; all of one
/// number per channel.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    channels: Channels,
    weight: ChannelParameter,
    bias: ChannelParameter,
    running_mean: Array1<f32>,
    running_var: Array1<f32>,
    sums: ChannelSums,
    pass: Pass,
    features: Features,
}

/// The statistics of the last forward pass.
#[derive(Clone, Debug)]
struct Pass {
    /// Of each channel.
    means: Vec<f32>,
    /// 1 / √(variance + ε) of each channel.
    inverse_deviations: Vec<f32>,
    /// Share that a value has in its channel's statistics: none in running ones.
    share: f64,
    /// Shape of its inputs; none before the first.
    shape: Option<(usize, usize)>,
}

/// Numbers of the channels, spread to their features.
#[derive(Clone, Debug)]
struct Features {
    means: Vec<f32>,
    factors: Vec<f32>,
    offsets: Vec<f32>,
    /// What the statistics take from a gradient: this much, and this much per distance from the mean.
    levels: Vec<f32>,
    slopes: Vec<f32>,
}

const MOMENTUM: f32 = 0.1;
const EPSILON: f32 = 1e-5;

impl BatchNorm {
    /// γ = 1, β = 0, running mean 0 and variance 1. Features are channel-major, with so many
    /// positions in each channel: one after a dense layer, those of an output channel after a
    /// convolution.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`] without channels or positions, and for more than 2²⁰
    /// features in all.
    pub fn new(channels: usize, positions: usize) -> Result<Self, TrainingError> {
        let of_channels = Channels::new(channels, positions)?;
        Ok(Self {
            channels: of_channels,
            weight: ChannelParameter::new("weight", vec![1.0; channels]),
            bias: ChannelParameter::new("bias", vec![0.0; channels]),
            running_mean: Array1::zeros(channels),
            running_var: Array1::ones(channels),
            sums: ChannelSums::new(of_channels),
            pass: Pass {
                means: vec![0.0; channels],
                inverse_deviations: vec![0.0; channels],
                share: 0.0,
                shape: None,
            },
            features: Features::new(of_channels.features()),
        })
    }

    /// Takes the statistics of a batch and moves the running ones towards them.
    fn measure(&mut self, input: ArrayView2<'_, f32>) -> Result<(), TrainingError> {
        let values = input.nrows() * self.channels.positions();
        if values < 2 {
            return Err(TrainingError::TooFewToNormalise {
                layer: LayerPlace::default(),
                values,
            });
        }
        let count = values as f64;
        self.pass.share = count.recip();
        for (mean, sum) in self.pass.means.iter_mut().zip(self.sums.of(input)) {
            *mean = (sum / count) as f32;
        }
        self.spread_means();
        let means = &self.features.means;
        let squares = self
            .sums
            .of_products(input, means, input, |distance, _| distance);
        let statistics = self.pass.means.iter().zip(squares);
        for (channel, (&mean, squares)) in statistics.enumerate() {
            let variance = (squares / count) as f32;
            let unbiased = (squares / (count - 1.0)) as f32;
            self.pass.inverse_deviations[channel] = inverse_deviation(variance);
            move_towards(mean, &mut self.running_mean[channel]);
            move_towards(unbiased, &mut self.running_var[channel]);
        }
        Ok(())
    }

    /// Takes the running statistics.
    fn recall(&mut self) {
        self.pass.share = 0.0;
        let running = self.running_mean.iter().zip(&self.running_var);
        for (channel, (&mean, &variance)) in running.enumerate() {
            self.pass.means[channel] = mean;
            self.pass.inverse_deviations[channel] = inverse_deviation(variance);
        }
        self.spread_means();
    }

    fn spread_means(&mut self) {
        let means = self.pass.means.iter().copied();
        self.channels.spread(means, &mut self.features.means);
    }

    fn normalise(&mut self, input: ArrayView2<'_, f32>, mut output: ArrayViewMut2<'_, f32>) {
        let Features {
            means,
            factors,
            offsets,
            ..
        } = &mut self.features;
        let of_channels = self.weight.value.iter().zip(&self.pass.inverse_deviations);
        let products = of_channels.map(|(weight, inverse)| weight * inverse);
        self.channels.spread(products, factors);
        let biases = self.bias.value.iter().copied();
        self.channels.spread(biases, offsets);
        for (to, from) in output.rows_mut().into_iter().zip(input.rows()) {
            Zip::from(to)
                .and(from)
                .and(&means[..])
                .and(&factors[..])
                .and(&offsets[..])
                .for_each(|to, &x, &mean, &factor, &offset| *to = (x - mean) * factor + offset);
        }
    }

    /// The gradients of γ and β, and what the statistics take from that of the inputs.
    fn parameter_gradients(&mut self, input: ArrayView2<'_, f32>, gradient: ArrayView2<'_, f32>) {
        for (to, sum) in self.bias.gradient.iter_mut().zip(self.sums.of(gradient)) {
            *to = sum as f32;
        }
        let means = &self.features.means;
        let products = self.sums.of_products(input, means, gradient, |_, g| g);
        let inverses = &self.pass.inverse_deviations;
        let weights = self.weight.gradient.iter_mut();
        for ((to, product), &inverse) in weights.zip(products).zip(inverses) {
            *to = (product * f64::from(inverse)) as f32;
        }
        let share = self.pass.share as f32;
        let levels = self.bias.gradient.iter().map(|sum| share * sum);
        self.channels.spread(levels, &mut self.features.levels);
        let slopes = self.weight.gradient.iter().zip(inverses);
        let slopes = slopes.map(|(sum, inverse)| share * sum * inverse);
        self.channels.spread(slopes, &mut self.features.slopes);
    }

    /// dx = γ/σ · (g − Σg/n − (x − mean)/σ² · Σg·(x − mean)/n); n is infinite for running statistics.
    fn pull_back(
        &self,
        input: ArrayView2<'_, f32>,
        mut gradient: ArrayViewMut2<'_, f32>,
        mut input_gradient: ArrayViewMut2<'_, f32>,
    ) {
        let of_features = &self.features;
        let rows = gradient.rows_mut().into_iter().zip(input.rows());
        for ((mut gradient, input), to) in rows.zip(input_gradient.rows_mut()) {
            Zip::from(&mut gradient)
                .and(input)
                .and(&of_features.means[..])
                .and(&of_features.levels[..])
                .and(&of_features.slopes[..])
                .for_each(|g, &x, &mean, &level, &slope| *g -= level + slope * (x - mean));
            Zip::from(to)
                .and(&gradient)
                .and(&of_features.factors[..])
                .for_each(|to, &g, &factor| *to = factor * g);
        }
    }
}

impl Features {
    fn new(count: usize) -> Self {
        let zeros = vec![0.0; count];
        Self {
            means: zeros.clone(),
            factors: zeros.clone(),
            offsets: zeros.clone(),
            levels: zeros.clone(),
            slopes: zeros,
        }
    }
}

impl Layer for BatchNorm {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        self.channels.outputs(inputs)
    }

    fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        match session.mode() {
            Mode::Training => self.measure(input)?,
            Mode::Evaluation => self.recall(),
        }
        self.normalise(input, output);
        self.pass.shape = Some(input.dim());
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
        check_passed(self.pass.shape, input)?;
        self.parameter_gradients(input, gradient.view());
        if let Some(input_gradient) = input_gradient {
            self.pull_back(input, gradient, input_gradient);
        }
        Ok(())
    }

    fn parameters(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        visit(self.weight.view());
        visit(self.bias.view());
    }

    fn update_parameters(&mut self, update: &mut UpdateParameter<'_>) -> Result<(), TrainingError> {
        update(self.weight.view_mut())?;
        update(self.bias.view_mut())
    }

    fn buffers(&self, visit: &mut dyn FnMut(BufferView<'_>)) {
        for (name, value) in [
            ("running_mean", &self.running_mean),
            ("running_var", &self.running_var),
        ] {
            let value = value.view().into_dyn();
            visit(BufferView { name, value });
        }
    }

    fn update_buffers(&mut self, update: &mut UpdateBuffer<'_>) -> Result<(), TrainingError> {
        for (name, value) in [
            ("running_mean", &mut self.running_mean),
            ("running_var", &mut self.running_var),
        ] {
            let value = value.view_mut().into_dyn();
            update(BufferViewMut { name, value })?;
        }
        Ok(())
    }

    fn step(&self) -> Option<Step> {
        let inverses = self.running_var.mapv(inverse_deviation);
        let factors = &self.weight.value * &inverses;
        let offsets = &self.bias.value - &(&self.running_mean * &factors);
        Some(Step::Affine(Affine {
            factors: factors.to_vec(),
            offsets: offsets.to_vec(),
            positions: self.channels.positions(),
        }))
    }
}

fn inverse_deviation(variance: f32) -> f32 {
    (variance + EPSILON).sqrt().recip()
}

fn move_towards(found: f32, running: &mut f32) {
    *running += MOMENTUM * (found - *running);
}
