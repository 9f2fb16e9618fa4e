//! The least chip time at the error that the existing stack leaves.

use std::sync::Arc;

use bss2_core::{ArrayGeometry, Trial};
use bss2_mapping::{
    ArrayProfile, Layer, MappingError, MappingStrategy, Objective, OutputError, Plan,
    ProfiledArray, Tiling, Tuned,
};

/// Tunes each layer to the least chip time at which the expected error is no larger than that of a
/// tiling; where there is no such mapping, the tiling it is.
#[derive(Debug)]
pub(super) struct AsGoodInLessTime {
    reference: Tiling,
    profile: Arc<ArrayProfile>,
    tuned: Tuned,
}

impl AsGoodInLessTime {
    /// Compares with a tiling whose timing is that of the profile.
    pub(super) fn new(reference: Tiling, profile: Arc<ArrayProfile>, tuned: Tuned) -> Self {
        Self {
            reference,
            profile,
            tuned,
        }
    }
}

impl MappingStrategy for AsGoodInLessTime {
    fn plan(&self, layer: &Layer<'_>, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        let reference = self.reference.plan(layer, geometry)?;
        let sample = layer.sample().ok_or(MappingError::NoSample)?;
        let mut array = ProfiledArray::new(Arc::clone(&self.profile), 0);
        let gain_lsb = self.profile.gain_per_send_lsb();
        let trial = &mut Trial::new(0);
        let expected = OutputError::of(&reference, &mut array, sample, gain_lsb, trial)?;
        let tuned = Tuned {
            objective: Objective::LeastTime {
                error_lsb: expected.error_lsb,
            },
            ..self.tuned.clone()
        };
        match tuned.plan(layer, geometry) {
            Err(MappingError::TooSmallError { .. }) => Ok(reference),
            planned => planned,
        }
    }
}
