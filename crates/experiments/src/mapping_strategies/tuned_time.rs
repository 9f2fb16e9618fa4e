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

#[cfg(test)]
mod tests {
    use bss2_core::testing::hold_all;
    use bss2_core::{CostModel, NOMINAL_GAIN_LSB, RunSettings};
    use bss2_hardware::MockArray;
    use bss2_mapping::ProfileProtocol;
    use bss2_mapping::testing::{STRATEGY_LAWS, StrategySubject};

    use super::*;

    #[test]
    fn it_obeys_the_laws_of_strategies() {
        let geometry = ArrayGeometry::new(2, 16, 12).unwrap();
        let mut mock = MockArray::new(geometry, NOMINAL_GAIN_LSB, 1.6).unwrap();
        let profiles = [1, 4].map(|sends| {
            let settings = RunSettings::new(sends, 5).unwrap();
            let profile = ProfileProtocol::default().measure(&mut mock, settings, 1);
            Arc::new(profile.unwrap())
        });
        let tuned = Tuned {
            profiles: profiles.to_vec(),
            tiling: Tiling::packed(),
            row_repetitions: vec![1, 2],
            column_copies: vec![1, 2],
            vectors: 100,
            cost_model: CostModel::default(),
            objective: Objective::NoSlowerThan(Tiling::IN_ORDER),
        };
        let [profile, _] = profiles;
        let strategy = AsGoodInLessTime::new(Tiling::IN_ORDER, profile, tuned);
        let subject = StrategySubject::for_arrays(strategy, vec![geometry]);
        assert_eq!(hold_all(STRATEGY_LAWS, &subject), Ok(()));
    }
}
