//! A deployed layer with weights and typical inputs, to be run by itself.

use bss2_core::{MacArray, Trial};
use bss2_mapping::{LayerSample, LoweredConvolution, Lowering, MappingError, OutputError, Plan};
use bss2_training::LinearLayer;
use ndarray::Array2;

use super::recording::Planned;

/// A layer as it stands on the array.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) plan: Plan,
    weights: Array2<i8>,
    activations: Array2<u8>,
}

impl Sample {
    /// Joins what was planned with the weights that were deployed.
    pub(super) fn new(planned: Planned, deployed: &LinearLayer) -> Result<Self, MappingError> {
        let rounded = deployed.weights().mapv(|w| w.round_ties_even() as i8);
        let weights = match deployed {
            LinearLayer::Dense(_) => rounded,
            LinearLayer::Conv { convolution, .. } => {
                let lowered = LoweredConvolution::new(*convolution, Lowering::Im2col)?;
                let mut expanded = Array2::zeros(lowered.shape().weights());
                lowered.expand(rounded.view(), expanded.view_mut())?;
                expanded
            }
        };
        Ok(Self {
            plan: planned.plan,
            weights,
            activations: planned.activations,
        })
    }

    fn sample(&self) -> LayerSample<'_> {
        LayerSample {
            weights: self.weights.view(),
            activations: self.activations.view().into(),
        }
    }

    /// Share of the inputs that are not zero.
    pub(super) fn active_share(&self) -> f64 {
        self.sample().activations.active_share()
    }

    /// What separates an array's results from the exact product, by a plan of this layer.
    pub(super) fn error_by(
        &self,
        plan: &Plan,
        array: &mut dyn MacArray,
        gain_per_send_lsb: f32,
        seed: u64,
    ) -> Result<OutputError, MappingError> {
        let trial = &mut Trial::new(seed);
        OutputError::of(plan, array, self.sample(), gain_per_send_lsb, trial)
    }

    /// The layer for a strategy.
    pub(super) fn layer(&self) -> Result<bss2_mapping::Layer<'_>, MappingError> {
        bss2_mapping::Layer::with_sample(self.plan.shape(), self.sample())
    }
}
