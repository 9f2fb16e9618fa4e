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
    /// Vectors of a batch; for a convolution, those of all its positions.
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

/// A mapping whose error is not known yet.
struct Possible<'a> {
    plan: Plan,
    cost: PlanCost,
    profile: &'a Arc<ArrayProfile>,
}

impl Tuned {
    /// All mappings of a layer that fit the array, with cost and expected error.
    ///
    /// # Errors
    /// [`MappingError::NoSample`] for a layer without a sample; [`MappingError::NothingToChoose`];
    /// [`MappingError::OtherGeometry`] for a profile of another array; those of the tiling, unless
    /// another repetition or number of copies fits.
    pub fn candidates(
        &self,
        layer: &Layer<'_>,
        geometry: ArrayGeometry,
    ) -> Result<Vec<Candidate>, MappingError> {
        let sample = layer.sample().ok_or(MappingError::NoSample)?;
        let possible = self.possible(layer, sample, geometry)?;
        possible
            .into_iter()
            .map(|possible| judged(possible, sample))
            .collect()
    }

    /// All mappings that fit the array, the quickest first.
    fn possible(
        &self,
        layer: &Layer<'_>,
        sample: LayerSample<'_>,
        geometry: ArrayGeometry,
    ) -> Result<Vec<Possible<'_>>, MappingError> {
        self.check()?;
        let workload = self.workload(sample)?;
        let mut possible = Vec::new();
        let mut last_refusal = None;
        for (profile, coding) in self.choices() {
            let placed = Placed::new(Arc::clone(profile), self.tiling.with_coding(coding));
            match placed.plan(layer, geometry) {
                Ok(plan) => possible.push(Possible {
                    cost: plan.cost(workload, &self.cost_model),
                    plan,
                    profile,
                }),
                Err(
                    refusal @ (MappingError::HemisphereTooSmall { .. }
                    | MappingError::TooManyBlocks { .. }),
                ) => last_refusal = Some(refusal),
                Err(error) => return Err(error),
            }
        }
        possible.sort_by(|a, b| a.cost.chip_time_us.total_cmp(&b.cost.chip_time_us));
        match last_refusal {
            Some(refusal) if possible.is_empty() => Err(refusal),
            _ => Ok(possible),
        }
    }

    /// Every profile with every coding.
    fn choices(&self) -> impl Iterator<Item = (&Arc<ArrayProfile>, Coding)> {
        let codings = self.row_repetitions.iter().flat_map(|&row_repetition| {
            self.column_copies.iter().map(move |&column_copies| Coding {
                row_repetition,
                column_copies,
                ..self.tiling.coding
            })
        });
        let codings: Vec<Coding> = codings.collect();
        let profiles = self.profiles.iter();
        profiles.flat_map(move |profile| codings.clone().into_iter().map(move |c| (profile, c)))
    }

    fn check(&self) -> Result<(), MappingError> {
        let is_number = match self.objective {
            Objective::LeastError { chip_time_us } => !chip_time_us.is_nan(),
            Objective::LeastTime { error_lsb } => !error_lsb.is_nan(),
            Objective::NoSlowerThan(_) => true,
        };
        let there = [
            ("the objective", is_number),
            ("profiles", !self.profiles.is_empty()),
            ("row_repetitions", !self.row_repetitions.is_empty()),
            ("column_copies", !self.column_copies.is_empty()),
        ];
        match there.into_iter().find(|(_, is_there)| !is_there) {
            None => Ok(()),
            Some((what, _)) => Err(MappingError::NothingToChoose { what }),
        }
    }

    /// The batch, with as many active inputs as the sample.
    fn workload(&self, sample: LayerSample<'_>) -> Result<Workload, MappingError> {
        Workload::new(self.vectors, sample.activations.active_share())
    }

    /// Of the mappings within a chip time, the one with the least expected error.
    fn least_error(
        possible: Vec<Possible<'_>>,
        sample: LayerSample<'_>,
        chip_time_us: f64,
    ) -> Result<Plan, MappingError> {
        let least_time_us = possible
            .first()
            .map_or(f64::INFINITY, |p| p.cost.chip_time_us);
        let quick = possible
            .into_iter()
            .take_while(|p| p.cost.chip_time_us <= chip_time_us);
        let candidates = quick.map(|possible| judged(possible, sample));
        let candidates = candidates.collect::<Result<Vec<Candidate>, MappingError>>()?;
        let error = |candidate: &Candidate| candidate.expected.error_lsb;
        let best = candidates
            .into_iter()
            .min_by(|a, b| error(a).total_cmp(&error(b)));
        best.map(|candidate| candidate.plan)
            .ok_or(MappingError::TooLittleTime {
                chip_time_us,
                least_time_us,
            })
    }

    /// The quickest mapping with no larger an expected error; of equally quick ones, the first tried.
    fn least_time(
        possible: Vec<Possible<'_>>,
        sample: LayerSample<'_>,
        error_lsb: f64,
    ) -> Result<Plan, MappingError> {
        let mut least_error_lsb = f64::INFINITY;
        for possible in possible {
            let candidate = judged(possible, sample)?;
            if candidate.expected.error_lsb <= error_lsb {
                return Ok(candidate.plan);
            }
            least_error_lsb = least_error_lsb.min(candidate.expected.error_lsb);
        }
        Err(MappingError::TooSmallError {
            error_lsb,
            least_error_lsb,
        })
    }
}

/// What is to be expected of a mapping on an array that is as its profile says.
fn judged(possible: Possible<'_>, sample: LayerSample<'_>) -> Result<Candidate, MappingError> {
    let Possible {
        plan,
        cost,
        profile,
    } = possible;
    let mut array = ProfiledArray::new(Arc::clone(profile), 0);
    let gain_lsb = profile.gain_per_send_lsb();
    let expected = OutputError::of(&plan, &mut array, sample, gain_lsb, &mut Trial::new(0))?;
    Ok(Candidate {
        plan,
        cost,
        expected,
    })
}

impl MappingStrategy for Tuned {
    /// # Errors
    /// Those of [`candidates`](Tuned::candidates); [`MappingError::TooLittleTime`] with the least chip
    /// time that is taken; [`MappingError::TooSmallError`] with the least error that is expected.
    fn plan(&self, layer: &Layer<'_>, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        let sample = layer.sample().ok_or(MappingError::NoSample)?;
        let possible = self.possible(layer, sample, geometry)?;
        match self.objective {
            Objective::LeastError { chip_time_us } => {
                Self::least_error(possible, sample, chip_time_us)
            }
            Objective::NoSlowerThan(tiling) => {
                let reference = tiling.plan(layer, geometry)?;
                let cost = reference.cost(self.workload(sample)?, &self.cost_model);
                Self::least_error(possible, sample, cost.chip_time_us)
            }
            Objective::LeastTime { error_lsb } => Self::least_time(possible, sample, error_lsb),
        }
    }
}
