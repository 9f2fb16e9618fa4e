//! The network that all chips share.

use bss2_core::NOMINAL_GAIN_LSB;
use bss2_hardware::IdealArray;
use bss2_mapping::Tiling;
use bss2_training::{
    Adam, Deployment, Examples, LayerDeployment, LinearLayer, Network, OnLayers, Session, Step,
    deploy, evaluate, float_mlp, published_mnist_cnn, train,
};
use ndarray::s;
use serde::{Deserialize, Serialize};

use super::Parameters;
use crate::{ExperimentError, StudyData, Task};

/// A network trained digitally.
#[derive(Serialize, Deserialize)]
pub(super) struct StudyNetwork {
    /// Its linear layers.
    pub(super) layers: Vec<LinearLayer>,
    /// All that it computes.
    pub(super) steps: Vec<Step>,
    /// Whether it is the one that was published for MNIST.
    pub(super) is_published: bool,
    /// Test accuracy in percent.
    pub(super) float_percent: f64,
    /// The same on an ideal array of nominal gain, mapped in order.
    pub(super) ideal_percent: f64,
}

impl StudyNetwork {
    /// Steps of progress that its training takes.
    pub(super) fn steps(parameters: &Parameters) -> u64 {
        (parameters.float_epochs as u64).saturating_add(1)
    }

    pub(super) fn trained(
        parameters: &Parameters,
        data: &StudyData,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let (mut network, is_published) = untrained(parameters, data)?;
        train(
            &mut network,
            &mut Session::digital(),
            data.training()?,
            parameters.float_schedule(),
            &parameters.float_loss(),
            &mut Adam::new(parameters.float_rate)?,
            &mut |_| task.step("network"),
        )?;
        let test = test_images(parameters, data)?;
        let float = evaluate(&mut network, &mut Session::digital(), test)?;
        let steps = network.steps()?;
        let ideal = on_ideal_array(&steps, parameters, data)?;
        task.step("ideal array");
        Ok(Self {
            layers: network.linear_layers(),
            steps,
            is_published,
            float_percent: 100.0 * float,
            ideal_percent: 100.0 * ideal,
        })
    }

    /// Name of a layer.
    pub(super) fn layer_name(index: usize) -> String {
        format!("layer {}", index + 1)
    }

    /// Vectors that a layer is given for one image.
    pub(super) fn vectors_per_image(&self, layer: usize) -> u64 {
        match &self.layers[layer] {
            LinearLayer::Dense(_) => 1,
            LinearLayer::Conv { convolution, .. } => convolution.positions() as u64,
        }
    }

    /// Its layers in words.
    pub(super) fn description(&self) -> String {
        let layers = self.layers.iter().map(|layer| match layer {
            LinearLayer::Dense(weights) => format!("{} → {}", weights.nrows(), weights.ncols()),
            LinearLayer::Conv { convolution, .. } => {
                let options = convolution.options();
                format!(
                    "{} kernels of {} × {} at {} positions",
                    options.output_channels,
                    options.kernel.0,
                    options.kernel.1,
                    convolution.positions()
                )
            }
        });
        layers.collect::<Vec<_>>().join(", ")
    }
}

/// The published network for images of its size, a hidden layer otherwise.
fn untrained(
    parameters: &Parameters,
    data: &StudyData,
) -> Result<(Network, bool), ExperimentError> {
    let description = data.description();
    let seed = parameters.network_seed;
    if (description.features, description.classes) == (28 * 28, 10) {
        return Ok((published_mnist_cnn(seed)?, true));
    }
    let widths = [description.features, parameters.hidden, description.classes];
    Ok((float_mlp(&widths, seed)?, false))
}

fn on_ideal_array(
    steps: &[Step],
    parameters: &Parameters,
    data: &StudyData,
) -> Result<f64, ExperimentError> {
    let geometry = parameters.chip.geometry;
    let strategy = Tiling::in_order().with_settings(parameters.base);
    let deployment = Deployment {
        geometry,
        layers: OnLayers::All(LayerDeployment {
            strategy: &strategy,
            scaling: parameters.scaling,
            ..LayerDeployment::default()
        }),
        ..Deployment::default()
    };
    let samples = data.first_training_inputs(parameters.deployment_samples);
    let (mut network, _) = deploy(steps, samples, deployment)?;
    let mut array = IdealArray::new(geometry, NOMINAL_GAIN_LSB)?;
    let mut session = Session::on(&mut array, parameters.network_seed);
    Ok(evaluate(
        &mut network,
        &mut session,
        test_images(parameters, data)?,
    )?)
}

/// The images on which all strategies are judged.
pub(super) fn test_images<'a>(
    parameters: &Parameters,
    data: &'a StudyData,
) -> Result<Examples<'a>, ExperimentError> {
    let all = data.test()?;
    let count = all.len().min(parameters.test_images);
    let first = all.inputs().slice_move(s![..count, ..]);
    Ok(Examples::new(first, &data.test_labels()[..count])?)
}
