//! Choosing redundancy, sends and wait of a layer.

use std::sync::Arc;

use bss2_core::{ArrayGeometry, CostModel, Trial};
use serde::{Deserialize, Serialize};

use crate::{
    ArrayProfile, Coding, Layer, LayerSample, MappingError, MappingStrategy, OutputError, Placed,
    Plan, PlanCost, ProfiledArray, Tiling, Workload,
};

/// What a layer's mapping is chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// The least expected error at a chip time, in µs for the workload.
    LeastError {
        /// Most chip time.
        chip_time_us: f64,
    },
    /// The least expected error in no more chip time than a tiling takes.
    NoSlowerThan(Tiling),
    /// The least chip time at an expected error.
    LeastTime {
        /// Largest error, in LSB of a single send on a single row.
        error_lsb: f64,
    },
}

/// Tries profiles (each measured at its own sends and wait), repetitions of rows and copies of columns,
/// and keeps the mapping that meets an objective best, by the error to be expected on an array that is
/// as the profiles say.
///
/// Layers need a [sample](Layer::with_sample) of weights and activations.
#[derive(Clone, Debug)]
pub struct Tuned {
    /// What was measured of the array, at every timing that may be chosen.
    pub profiles: Vec<Arc<ArrayProfile>>,
    /// Everything that is not chosen.
    pub tiling: Tiling,
    /// Repetitions of rows to choose from.
    pub row_repetitions: Vec<usize>,
    /// Copies of columns to choose from; those that need more passes than one copy are tried, too.
    pub column_copies: Vec<usize>,
    /// Vectors of a batch.
    pub vectors: u64,
    /// What chip time is reckoned with.
    pub cost_model: CostModel,
    /// What is to be met.
    pub objective: Objective,
}

/// A mapping that was considered.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The plan.
    pub plan: Plan,
    /// Its cost for the workload.
    pub cost: PlanCost,
    /// Its expected error.
    pub expected: OutputError,
}

impl Tuned {
    /// All mappings of a layer that fit the array, with cost and expected error.
    ///
    /// # Errors
    /// [`MappingError::NoSample`] for a layer without a sample;
    /// [`MappingError::OtherGeometry`] for a profile of another array; those of the tiling,
    /// unless another repetition or number of copies fits.
    pub fn candidates(
        &self,
        layer: &Layer<'_>,
        geometry: ArrayGeometry,
    ) -> Result<Vec<Candidate>, MappingError> {
        let sample = layer.sample().ok_or(MappingError::NoSample)?;
        let workload = self.workload(sample)?;
        let mut candidates = Vec::new();
        let mut last_refusal = None;
        for profile in &self.profiles {
            for &row_repetition in &self.row_repetitions {
                for &column_copies in &self.column_copies {
                    let coding = Coding {
                        row_repetition,
                        column_copies,
                        ..self.tiling.coding
                    };
                    let placed = Placed::new(Arc::clone(profile), self.tiling.with_coding(coding));
                    match placed.plan(layer, geometry) {
                        Ok(plan) => candidates.push(self.judged(plan, profile, sample, workload)?),
                        Err(refusal @ MappingError::HemisphereTooSmall { .. }) => {
                            last_refusal = Some(refusal);
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        match last_refusal {
            Some(refusal) if candidates.is_empty() => Err(refusal),
            _ => Ok(candidates),
        }
    }

    fn judged(
        &self,
        plan: Plan,
        profile: &Arc<ArrayProfile>,
        sample: LayerSample<'_>,
        workload: Workload,
    ) -> Result<Candidate, MappingError> {
        let mut array = ProfiledArray::new(Arc::clone(profile), 0);
        let gain_lsb = profile.gain_per_send_lsb();
        let trial = &mut Trial::new(0);
        Ok(Candidate {
            cost: plan.cost(workload, &self.cost_model),
            expected: OutputError::of(&plan, &mut array, sample, gain_lsb, trial)?,
            plan,
        })
    }

    /// The batch, with as many active inputs as the sample.
    fn workload(&self, sample: LayerSample<'_>) -> Result<Workload, MappingError> {
        Workload::new(self.vectors, sample.activations.active_share())
    }

    /// Most chip time and largest error that are allowed.
    fn limits(
        &self,
        layer: &Layer<'_>,
        sample: LayerSample<'_>,
        geometry: ArrayGeometry,
    ) -> Result<(f64, f64), MappingError> {
        match self.objective {
            Objective::LeastError { chip_time_us } => Ok((chip_time_us, f64::INFINITY)),
            Objective::NoSlowerThan(tiling) => {
                let plan = tiling.plan(layer, geometry)?;
                let cost = plan.cost(self.workload(sample)?, &self.cost_model);
                Ok((cost.chip_time_us, f64::INFINITY))
            }
            Objective::LeastTime { error_lsb } => Ok((f64::INFINITY, error_lsb)),
        }
    }
}

impl MappingStrategy for Tuned {
    /// # Errors
    /// Beside those of [`candidates`](Tuned::candidates), [`MappingError::NoCandidate`] with the least
    /// chip time and the least error that there are.
    fn plan(&self, layer: &Layer<'_>, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        let sample = layer.sample().ok_or(MappingError::NoSample)?;
        let (chip_time_us, error_lsb) = self.limits(layer, sample, geometry)?;
        let candidates = self.candidates(layer, geometry)?;
        let least = |value: fn(&Candidate) -> f64| {
            candidates.iter().map(value).fold(f64::INFINITY, f64::min)
        };
        let least_time_us = least(|c| c.cost.chip_time_us);
        let least_error_lsb = least(|c| c.expected.error_lsb);
        let allowed = candidates
            .into_iter()
            .filter(|c| c.cost.chip_time_us <= chip_time_us && c.expected.error_lsb <= error_lsb);
        let target = |candidate: &Candidate| match self.objective {
            Objective::LeastError { .. } | Objective::NoSlowerThan(_) => {
                candidate.expected.error_lsb
            }
            Objective::LeastTime { .. } => candidate.cost.chip_time_us,
        };
        let best = allowed.min_by(|a, b| target(a).total_cmp(&target(b)));
        best.map(|candidate| candidate.plan)
            .ok_or(MappingError::NoCandidate {
                least_time_us,
                least_error_lsb,
            })
    }
}
