//! A deployed layer with weights and typical inputs, to be run by itself.

use bss2_core::{MacArray, Trial};
use bss2_mapping::{
    LayerSample, LoweredConvolution, Lowering, MappingError, OutputError, Plan, PlanRunner,
};
use bss2_training::LinearLayer;
use ndarray::{Array2, s};

use crate::recording::Planned;

/// A layer as it stands on the array.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) plan: Plan,
    weights: Array2<i8>,
    activations: Array2<u8>,
}

impl Sample {
    /// Joins what was planned with the weights that were deployed.
    pub(crate) fn new(planned: Planned, deployed: &LinearLayer) -> Result<Self, MappingError> {
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

    /// The same with no more than so many inputs, from the first.
    #[must_use]
    pub(crate) fn limited_to(mut self, vectors: usize) -> Self {
        let count = self.activations.nrows().min(vectors);
        self.activations = self.activations.slice(s![..count, ..]).to_owned();
        self
    }

    /// Exact products (vectors × outputs) of a layer without groups.
    pub(crate) fn exact_products(&self) -> Array2<f64> {
        let activations = self.activations.mapv(f64::from);
        activations.dot(&self.weights.mapv(f64::from))
    }

    /// What an array makes of the inputs (vectors × outputs), in LSB of a single send.
    pub(crate) fn outputs_lsb(
        &self,
        array: &mut dyn MacArray,
        trial: &mut Trial,
    ) -> Result<Array2<f64>, MappingError> {
        let mut outputs = Array2::zeros((self.activations.nrows(), self.plan.shape().outputs()));
        let (weights, activations) = (self.weights.view(), self.activations.view());
        let mut runner = PlanRunner::new(self.plan.clone());
        runner.run(array, weights, activations, trial, outputs.view_mut())?;
        let amplification = f64::from(self.plan.amplification());
        Ok(outputs.mapv(|y| f64::from(y) / amplification))
    }

    fn sample(&self) -> LayerSample<'_> {
        LayerSample {
            weights: self.weights.view(),
            activations: self.activations.view().into(),
        }
    }

    /// Share of the inputs that are not zero.
    pub(crate) fn active_share(&self) -> f64 {
        self.sample().activations.active_share()
    }

    /// What separates an array's results from the exact product, by a plan of this layer.
    pub(crate) fn error_by(
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
    pub(crate) fn layer(&self) -> Result<bss2_mapping::Layer<'_>, MappingError> {
        bss2_mapping::Layer::with_sample(self.plan.shape(), self.sample())
    }
}
