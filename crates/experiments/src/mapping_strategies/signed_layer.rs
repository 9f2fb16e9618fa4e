//! Codings of signed inputs and weights, on a layer of random numbers.

use bss2_core::random::{derive_seed, keyed_stream};
use bss2_core::{Trial, WEIGHT_MAX};
use bss2_mapping::{
    Coding, InputCoding, Layer, LayerSample, LayerShape, MappingStrategy, OutputError, Tiling,
    WeightCoding, Workload,
};
use ndarray::Array2;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::bench::{Bench, TRIALS};
use crate::ExperimentError;
use crate::parameter_check::Checked;

/// A layer of random weights and inputs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SignedLayer {
    /// Inputs, each −16…15.
    pub inputs: usize,
    /// Outputs.
    pub outputs: usize,
    /// Vectors of inputs.
    pub vectors: usize,
    /// Largest magnitude of a weight.
    pub largest_weight: i8,
    /// Vectors that measure what raised inputs add.
    pub correction_vectors: u32,
}

impl Default for SignedLayer {
    fn default() -> Self {
        Self {
            inputs: 128,
            outputs: 64,
            vectors: 256,
            largest_weight: 31,
            correction_vectors: 16,
        }
    }
}

impl SignedLayer {
    /// Most inputs, outputs and vectors.
    const SIDE_MAX: usize = 4096;

    pub(super) fn check(&self, checked: Checked) -> Result<(), ExperimentError> {
        for (name, side) in [
            ("signed_layer.inputs", self.inputs),
            ("signed_layer.outputs", self.outputs),
            ("signed_layer.vectors", self.vectors),
        ] {
            checked.within(name, side, 1, Self::SIDE_MAX)?;
        }
        let (name, most) = ("signed_layer.largest_weight", WEIGHT_MAX);
        checked.within(name, self.largest_weight, 1, most)
    }
}

/// What a coding does to the layer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct SignedResult {
    pub(super) inputs: InputCoding,
    pub(super) weights: WeightCoding,
    /// Relative to the signal.
    pub(super) error: f64,
    /// Chip time per vector of the batch, in µs.
    pub(super) vector_us: f64,
    pub(super) columns: usize,
}

impl SignedResult {
    pub(super) fn name(&self) -> String {
        format!("inputs: {} / weights: {}", self.inputs, self.weights)
    }
}

impl Bench<'_> {
    /// The layer in every coding that takes signed inputs.
    pub(super) fn signed_layer(&self) -> Result<Vec<SignedResult>, ExperimentError> {
        let layer = self.parameters.signed_layer;
        let mut rng = keyed_stream(self.parameters.network_seed, SIGNED_LAYER);
        let most = layer.largest_weight;
        let weights = Array2::from_shape_simple_fn((layer.inputs, layer.outputs), || {
            rng.random_range(-most..=most)
        });
        let activations = Array2::from_shape_simple_fn((layer.vectors, layer.inputs), || {
            rng.random_range(-16_i8..=15)
        });
        let sample = LayerSample {
            weights: weights.view(),
            activations: activations.view().into(),
        };
        let correction_vectors = layer.correction_vectors;
        let mut results = Vec::new();
        for inputs in [
            InputCoding::TwoPasses,
            InputCoding::Offset { correction_vectors },
        ] {
            for weights in [
                WeightCoding::Signed,
                WeightCoding::ColumnPair,
                WeightCoding::Offset,
            ] {
                let coding = Coding {
                    inputs,
                    weights,
                    ..Coding::PLAIN
                };
                results.push(self.coded(coding, layer, sample)?);
            }
        }
        Ok(results)
    }

    fn coded(
        &self,
        coding: Coding,
        layer: SignedLayer,
        sample: LayerSample<'_>,
    ) -> Result<SignedResult, ExperimentError> {
        let tiling = Tiling::in_order()
            .with_settings(self.parameters.base)
            .with_coding(coding);
        let shape = LayerShape::dense(layer.inputs, layer.outputs)?;
        let plan = tiling.plan(&Layer::with_sample(shape, sample)?, self.geometry())?;
        let error = OutputError::of(
            &plan,
            &mut self.chip.clone(),
            sample,
            self.profiles.base.gain_per_send_lsb(),
            &mut Trial::new(derive_seed(self.seed, TRIALS)),
        )?;
        let workload = Workload::new(layer.vectors as u64, sample.activations.active_share())?;
        let cost = plan.cost(workload, &self.parameters.cost_model);
        Ok(SignedResult {
            inputs: coding.inputs,
            weights: coding.weights,
            error: error.relative(),
            vector_us: cost.chip_time_us / layer.vectors as f64,
            columns: coding.columns(layer.outputs),
        })
    }
}

/// Purpose of the layer's random numbers.
const SIGNED_LAYER: u64 = 4;
