//! All layers on the array at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use bss2_core::ArrayGeometry;
use bss2_mapping::{
    Layer, LayerShape, LoweredConvolution, Lowering, MappingError, MappingStrategy, Plan, Tiling,
    share_array,
};
use bss2_training::LinearLayer;

use super::network::StudyNetwork;
use crate::ExperimentError;

/// Hands out plans that were made for all layers together, in the order of the layers.
#[derive(Debug)]
pub(super) struct Resident {
    plans: Vec<Plan>,
    tiling: Tiling,
    next: AtomicUsize,
}

impl Resident {
    /// Plans all layers; `None` where the array has no room for them.
    pub(super) fn new(
        network: &StudyNetwork,
        tiling: Tiling,
        geometry: ArrayGeometry,
    ) -> Result<Option<Self>, ExperimentError> {
        let layers = network
            .layers
            .iter()
            .map(|layer| Ok((shape(layer)?, tiling)));
        let layers = layers.collect::<Result<Vec<_>, MappingError>>()?;
        match share_array(&layers, geometry) {
            Ok(plans) => Ok(Some(Self {
                plans,
                tiling,
                next: AtomicUsize::new(0),
            })),
            Err(MappingError::NoRoom { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn shape(layer: &LinearLayer) -> Result<LayerShape, MappingError> {
    match layer {
        LinearLayer::Dense(weights) => LayerShape::dense(weights.nrows(), weights.ncols()),
        LinearLayer::Conv { convolution, .. } => {
            Ok(LoweredConvolution::new(*convolution, Lowering::Im2col)?.shape())
        }
    }
}

impl MappingStrategy for Resident {
    fn plan(&self, layer: &Layer<'_>, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        match self.plans.get(number) {
            Some(plan) if plan.shape() == layer.shape() => Ok(plan.clone()),
            // A layer beyond those that it was made for has the array for itself.
            _ => self.tiling.plan(layer, geometry),
        }
    }
}
