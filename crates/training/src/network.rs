//! A stack of layers.

use ndarray::{Array2, ArrayView2, ArrayViewD, Ix2};

use crate::error::check_shape;
use crate::layer::{all_finite, reshaped};
use crate::{
    BufferView, BufferViewMut, Layer, LayerPlace, LinearLayer, MakeGradientModel, ParameterView,
    Session, Step, TrainingError, UpdateParameter,
};

/// Layers one after the other, with buffers for what passes between them.
pub struct Network {
    layers: Vec<Box<dyn Layer>>,
    /// What errors call the layers.
    places: Vec<LayerPlace>,
    outputs: Vec<Array2<f32>>,
    gradients: Vec<Array2<f32>>,
    /// Shape of the last input that passed through all layers; none since a pass that failed.
    passed: Option<(usize, usize)>,
}

impl Network {
    /// Largest accepted number of values that a layer puts out for a batch: 2³¹, 8 GiB.
    pub const BATCH_VALUES_MAX: usize = 1 << 31;

    /// Stacks layers.
    ///
    /// # Errors
    /// [`TrainingError::Widths`] if there are none.
    pub fn new(layers: Vec<Box<dyn Layer>>) -> Result<Self, TrainingError> {
        if layers.is_empty() {
            return Err(TrainingError::Widths { widths: Vec::new() });
        }
        let buffers = vec![Array2::zeros((0, 0)); layers.len()];
        Ok(Self {
            places: (0..layers.len()).map(LayerPlace::from).collect(),
            layers,
            gradients: buffers.clone(),
            outputs: buffers,
            passed: None,
        })
    }

    /// The same with other names and positions of its layers in errors, as far as there are any.
    pub(crate) fn with_places(mut self, places: impl IntoIterator<Item = LayerPlace>) -> Self {
        for (to, place) in self.places.iter_mut().zip(places) {
            *to = place;
        }
        self
    }

    /// Runs a batch (vectors × inputs) through all layers; the result (vectors × outputs) stays
    /// until the next run.
    ///
    /// # Errors
    /// [`TrainingError::Width`] if a layer takes another number of inputs;
    /// [`TrainingError::BatchTooLarge`] beyond [`BATCH_VALUES_MAX`](Self::BATCH_VALUES_MAX);
    /// [`TrainingError::NotFinite`] if a layer's outputs are not; what a layer reports.
    pub fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
    ) -> Result<&Array2<f32>, TrainingError> {
        self.passed = None;
        for index in 0..self.layers.len() {
            let (done, rest) = self.outputs.split_at_mut(index);
            let input = done.last().map_or(input, |output| output.view());
            let place = |_: &LayerPlace| self.places[index].clone();
            let shape = output_shape(self.layers[index].as_ref(), input.dim())
                .map_err(|error| error.at_layer(place))?;
            let output = reshaped(&mut rest[0], shape);
            self.layers[index]
                .forward(session, input, output.view_mut())
                .map_err(|error| error.at_layer(place))?;
            if !all_finite(output) {
                return Err(TrainingError::NotFinite {
                    layer: self.places[index].clone(),
                    what: "outputs",
                });
            }
        }
        self.passed = Some(input.dim());
        Ok(&self.outputs[self.layers.len() - 1])
    }

    /// Runs the gradient of the loss with respect to the last [`forward`](Self::forward)'s result
    /// back through all layers, down to the first one with parameters. `input` is that of the
    /// forward pass.
    ///
    /// # Errors
    /// [`TrainingError::NoForward`] unless the last forward pass succeeded;
    /// [`TrainingError::Shape`] if `input` or `loss_gradient` is not of its shape; what a layer
    /// reports.
    pub fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        loss_gradient: ArrayView2<'_, f32>,
    ) -> Result<(), TrainingError> {
        let last = self.layers.len() - 1;
        let passed = self.passed.ok_or(TrainingError::NoForward)?;
        check_shape("input", passed, input.dim())?;
        check_shape(
            "loss gradient",
            self.outputs[last].dim(),
            loss_gradient.dim(),
        )?;
        reshaped(&mut self.gradients[last], loss_gradient.dim()).assign(&loss_gradient);
        let first = self.first_with_parameters();
        for index in (first..=last).rev() {
            let (before, from) = self.gradients.split_at_mut(index);
            let input = index
                .checked_sub(1)
                .map_or(input, |i| self.outputs[i].view());
            let input_gradient = before.last_mut().filter(|_| index > first);
            let input_gradient =
                input_gradient.map(|buffer| reshaped(buffer, input.dim()).view_mut());
            let output = self.outputs[index].view();
            self.layers[index]
                .backward(input, output, from[0].view_mut(), input_gradient)
                .map_err(|error| error.at_layer(|_| self.places[index].clone()))?;
        }
        Ok(())
    }

    /// Shows the trainable parameters, each with the index of its layer, from the first layer to
    /// the last.
    pub fn parameters(&self, visit: &mut dyn FnMut(usize, ParameterView<'_>)) {
        for (index, layer) in self.layers.iter().enumerate() {
            layer.parameters(&mut |parameter| visit(index, parameter));
        }
    }

    /// Hands out the same parameters in the same order to be updated.
    ///
    /// # Errors
    /// Those of `update`, which is not called again then.
    pub fn update_parameters(
        &mut self,
        update: &mut UpdateParameter<'_>,
    ) -> Result<(), TrainingError> {
        self.layers
            .iter_mut()
            .try_for_each(|layer| layer.update_parameters(update))
    }

    /// Refuses weights, and what is kept beside them, that have left the range of `f32`.
    pub(crate) fn check_finite(&self) -> Result<(), TrainingError> {
        let mut diverged = None;
        let mut look = |layer: usize, what, values: ArrayViewD<'_, f32>| {
            // Infinite ones were brought back to the ends of the range.
            let is_lost = |value: &f32| value.is_nan() || value.abs() >= f32::MAX;
            if diverged.is_none() && values.iter().any(is_lost) {
                diverged = Some((layer, what));
            }
        };
        self.parameters(&mut |layer, parameter| look(layer, "weights", parameter.value));
        self.buffers(&mut |layer, buffer| look(layer, "statistics", buffer.value));
        match diverged {
            None => Ok(()),
            Some((layer, what)) => Err(TrainingError::NotFinite {
                layer: self.places[layer].clone(),
                what,
            }),
        }
    }

    /// What errors call a layer.
    pub(crate) fn place(&self, layer: usize) -> LayerPlace {
        let place = self.places.get(layer).cloned();
        place.unwrap_or_else(|| layer.into())
    }

    /// What errors call the last layer with parameters, or the last of all.
    pub(crate) fn last_trained(&self) -> LayerPlace {
        let mut last = None;
        self.parameters(&mut |layer, _| last = Some(layer));
        self.places[last.unwrap_or(self.layers.len() - 1)].clone()
    }

    /// Number of layers, at least one.
    #[expect(clippy::len_without_is_empty, reason = "a network is never empty")]
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Gives each layer on the array the gradient model that `make` makes for its plan.
    ///
    /// # Errors
    /// Those of `make`, which is not called again then.
    pub fn set_gradient_models(
        &mut self,
        make: &mut MakeGradientModel<'_>,
    ) -> Result<(), TrainingError> {
        let mut layers = self.layers.iter_mut();
        layers.try_for_each(|layer| layer.set_gradient_model(make))
    }

    /// Width of the outputs for inputs of the given width.
    ///
    /// # Errors
    /// [`TrainingError::Width`] if a layer takes another number of inputs.
    pub fn output_width(&self, inputs: usize) -> Result<usize, TrainingError> {
        let mut width = inputs;
        for (layer, place) in self.layers.iter().zip(&self.places) {
            width = layer
                .outputs(width)
                .map_err(|error| error.at_layer(|_| place.clone()))?;
        }
        Ok(width)
    }

    /// Shows what the layers keep beside their parameters, such as running statistics, each with the
    /// index of its layer, from the first layer to the last.
    pub fn buffers(&self, visit: &mut dyn FnMut(usize, BufferView<'_>)) {
        for (index, layer) in self.layers.iter().enumerate() {
            layer.buffers(&mut |buffer| visit(index, buffer));
        }
    }

    /// Hands out the same buffers in the same order to be replaced.
    ///
    /// # Errors
    /// Those of `update`, which is not called again then.
    pub fn update_buffers(
        &mut self,
        update: &mut dyn FnMut(usize, BufferViewMut<'_>) -> Result<(), TrainingError>,
    ) -> Result<(), TrainingError> {
        let mut layers = self.layers.iter_mut().enumerate();
        layers.try_for_each(|(index, layer)| {
            layer.update_buffers(&mut |buffer| update(index, buffer))
        })
    }

    /// Copies of the weights (inputs × outputs) of all linear layers: of every parameter `"weight"`
    /// of two dimensions.
    pub fn weights(&self) -> Vec<Array2<f32>> {
        let mut weights = Vec::new();
        self.parameters(&mut |_, parameter| {
            if let ("weight", Ok(value)) =
                (parameter.name, parameter.value.into_dimensionality::<Ix2>())
            {
                weights.push(value.to_owned());
            }
        });
        weights
    }

    /// What the layers compute, as [`deploy`](crate::deploy) takes it: what [`Layer::step`] tells.
    ///
    /// # Errors
    /// [`TrainingError::NoStep`] for a layer that no step describes.
    pub fn steps(&self) -> Result<Vec<Step>, TrainingError> {
        let layers = self.layers.iter().zip(&self.places);
        layers
            .map(|(layer, place)| {
                layer.step().ok_or_else(|| TrainingError::NoStep {
                    layer: place.clone(),
                })
            })
            .collect()
    }

    /// Copies of all linear layers.
    pub fn linear_layers(&self) -> Vec<LinearLayer> {
        let steps = self.layers.iter().filter_map(|layer| layer.step());
        steps
            .filter_map(|step| match step {
                Step::Linear(linear) => Some(linear),
                _ => None,
            })
            .collect()
    }

    fn first_with_parameters(&self) -> usize {
        let has_parameters = |layer: &dyn Layer| {
            let mut any = false;
            layer.parameters(&mut |_| any = true);
            any
        };
        self.layers
            .iter()
            .position(|layer| has_parameters(layer.as_ref()))
            .unwrap_or(0)
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("layers", &self.layers.len())
            .finish_non_exhaustive()
    }
}

/// Shape of a layer's outputs for a batch, if the layer takes it and it is not too large.
fn output_shape(
    layer: &dyn Layer,
    (vectors, inputs): (usize, usize),
) -> Result<(usize, usize), TrainingError> {
    let outputs = layer.outputs(inputs)?;
    if vectors.saturating_mul(outputs) > Network::BATCH_VALUES_MAX {
        return Err(TrainingError::BatchTooLarge {
            layer: LayerPlace::default(),
            vectors,
            outputs,
            limit: Network::BATCH_VALUES_MAX,
        });
    }
    Ok((vectors, outputs))
}
