//! What the error consists of, by the measured profile: each imperfection alone.

use std::sync::Arc;

use bss2_core::random::derive_seed;
use bss2_mapping::{
    ArrayProfile, ColumnProfile, DriverProfile, HemisphereProfile, MappingStrategy, Placed, Plan,
    ProfiledArray,
};
use serde::{Deserialize, Serialize};

use super::bench::{Bench, TRIALS};
use super::choice::{Choice, in_order};
use super::measured::over_layers;
use crate::ExperimentError;
use crate::sample::Sample;

/// One imperfection of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cause {
    Noise,
    ColumnGain,
    Imbalance,
    Offset,
    Drivers,
    Synapses,
    Curvature,
    /// Rounding and the ends of `i8`, of an array without any other imperfection.
    Rounding,
    /// All of these at once, which may cancel, but for noise.
    AllButNoise,
    /// All of these at once.
    All,
}

impl Cause {
    /// Combinations, which are no further share of the whole.
    pub(super) const TOGETHER: [Self; 2] = [Self::AllButNoise, Self::All];

    pub(super) const ALL: [Self; 8] = [
        Self::Noise,
        Self::ColumnGain,
        Self::Imbalance,
        Self::Offset,
        Self::Drivers,
        Self::Synapses,
        Self::Curvature,
        Self::Rounding,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Noise => "trial-to-trial noise",
            Self::ColumnGain => "gain of columns",
            Self::Imbalance => "imbalance of positive and negative weights",
            Self::Offset => "offset of columns",
            Self::Drivers => "gain of drivers",
            Self::Synapses => "spread of single synapses",
            Self::Curvature => "curvature",
            Self::Rounding => "rounding to i8",
            Self::AllButNoise => "all but noise at once",
            Self::All => "all at once",
        }
    }

    /// The profile with nothing but this.
    fn alone(self, profile: &ArrayProfile) -> Result<ArrayProfile, ExperimentError> {
        let hemispheres = profile.hemispheres().iter().map(|hemisphere| {
            let columns = hemisphere.columns.iter();
            let drivers = hemisphere.drivers.iter();
            HemisphereProfile {
                columns: columns.map(|column| self.column(column)).collect(),
                drivers: drivers.map(|&driver| self.driver(driver)).collect(),
                common_noise_lsb: match self {
                    Self::Noise | Self::All => hemisphere.common_noise_lsb,
                    _ => 0.0,
                },
            }
        });
        let (geometry, settings) = (profile.geometry(), profile.settings());
        let hemispheres = hemispheres.collect();
        Ok(ArrayProfile::new(
            geometry,
            settings,
            profile.gain_lsb(),
            hemispheres,
        )?)
    }

    fn column(self, measured: &ColumnProfile) -> ColumnProfile {
        let mut column = ColumnProfile {
            gain_positive: 1.0,
            gain_negative: 1.0,
            offset_lsb: 0.0,
            noise_lsb: 0.0,
            residual: 0.0,
            linearity_lsb: 0.0,
            works: measured.works,
        };
        match self {
            Self::Noise => column.noise_lsb = measured.noise_lsb,
            Self::ColumnGain => {
                column.gain_positive = measured.gain();
                column.gain_negative = measured.gain();
            }
            Self::Imbalance => {
                column.gain_positive += measured.imbalance();
                column.gain_negative -= measured.imbalance();
            }
            Self::Offset => column.offset_lsb = measured.offset_lsb,
            Self::Synapses => column.residual = measured.residual,
            Self::Curvature => column.linearity_lsb = measured.linearity_lsb,
            Self::Drivers | Self::Rounding => {}
            Self::AllButNoise => {
                column = ColumnProfile {
                    noise_lsb: 0.0,
                    ..*measured
                };
            }
            Self::All => column = *measured,
        }
        column
    }

    fn driver(self, measured: DriverProfile) -> DriverProfile {
        match self {
            Self::Drivers | Self::AllButNoise | Self::All => measured,
            _ => DriverProfile {
                gain: 1.0,
                works: measured.works,
            },
        }
    }
}

/// What is expected of one imperfection alone, relative to the signal.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Remains {
    pub(super) cause: Cause,
    /// In order.
    pub(super) in_order: f64,
    /// The same blocks placed.
    pub(super) placed: f64,
}

impl Bench<'_> {
    /// Every imperfection by itself, in order and placed. The chip is not run.
    pub(super) fn remains(&self, reference: &Choice) -> Result<Vec<Remains>, ExperimentError> {
        let tiling = in_order(self.parameters);
        let (_, samples) = self.deployed(&self.chip, reference, &tiling)?;
        let profile = &self.profiles.base;
        let strategy = Placed::new(Arc::clone(profile), tiling);
        let placed = samples
            .iter()
            .map(|sample| Ok(strategy.plan(&sample.layer()?, self.geometry())?))
            .collect::<Result<Vec<Plan>, ExperimentError>>()?;
        let in_order: Vec<Plan> = samples.iter().map(|sample| sample.plan.clone()).collect();
        let causes = Cause::ALL.into_iter().chain(Cause::TOGETHER);
        let remains = causes.map(|cause| {
            let alone = Arc::new(cause.alone(profile)?);
            Ok(Remains {
                cause,
                in_order: self.expected(&samples, &in_order, &alone)?,
                placed: self.expected(&samples, &placed, &alone)?,
            })
        });
        remains.collect()
    }

    fn expected(
        &self,
        samples: &[Sample],
        plans: &[Plan],
        profile: &Arc<ArrayProfile>,
    ) -> Result<f64, ExperimentError> {
        let mut errors = Vec::with_capacity(plans.len());
        let seed = derive_seed(self.seed, TRIALS);
        for (sample, plan) in samples.iter().zip(plans) {
            let mut array = ProfiledArray::new(Arc::clone(profile), 0);
            let gain_lsb = profile.gain_per_send_lsb();
            errors.push(sample.error_by(plan, &mut array, gain_lsb, seed)?);
        }
        Ok(over_layers(errors.into_iter()))
    }
}
