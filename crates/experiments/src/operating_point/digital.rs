//! The digital training, which all chips share.

use bss2_core::NOMINAL_GAIN_LSB;
use bss2_hardware::IdealArray;
use bss2_training::{Method, OneChip, RecipeRun, Session, WeightFile, evaluate};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{NetworkCase, NetworkTask};
use crate::{ExperimentError, StudyData, Task};

/// A network trained digitally.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DigitalNetwork {
    pub(crate) weights: WeightFile,
    /// Test accuracy in percent.
    pub(crate) float_percent: f64,
    /// The same quantised, on an ideal array of nominal gain.
    pub(crate) ideal_percent: f64,
}

impl DigitalNetwork {
    /// For every case one for each of some seeds; cases that compute the same share theirs.
    pub(crate) fn of_cases(
        cases: &[NetworkCase],
        data: &StudyData,
        seeds: &[u64],
        progress: &dyn Task,
    ) -> Result<Vec<Vec<Self>>, ExperimentError> {
        let mut networks: Vec<Vec<Self>> = Vec::with_capacity(cases.len());
        for (place, case) in cases.iter().enumerate() {
            let same = cases[..place]
                .iter()
                .position(|other| other.task == case.task);
            let of_case = match same {
                None => Self::of_seeds(&case.task, data, seeds, progress)?,
                Some(same) => {
                    for seed in seeds {
                        progress.step(&format!("network {seed}"));
                    }
                    networks[same].clone()
                }
            };
            networks.push(of_case);
        }
        Ok(networks)
    }

    /// Whether every case has as many as there are chips: those that were kept may be others.
    pub(crate) fn check_count(
        networks: &[Vec<Self>],
        cases: usize,
        chips: usize,
    ) -> Result<(), ExperimentError> {
        let is_each_whole = networks.iter().all(|of_case| of_case.len() == chips);
        if networks.len() == cases && is_each_whole {
            return Ok(());
        }
        Err(ExperimentError::NetworksMissing {
            expected: cases * chips,
            found: networks.iter().map(Vec::len).sum(),
        })
    }

    /// One for each of some seeds, side by side.
    pub(crate) fn of_seeds(
        task: &NetworkTask,
        data: &StudyData,
        seeds: &[u64],
        progress: &dyn Task,
    ) -> Result<Vec<Self>, ExperimentError> {
        let train = |&seed: &u64| {
            let network = Self::trained(task, data, seed)?;
            progress.step(&format!("network {seed}"));
            Ok(network)
        };
        seeds.par_iter().map(train).collect()
    }

    fn trained(task: &NetworkTask, data: &StudyData, seed: u64) -> Result<Self, ExperimentError> {
        let geometry = bss2_core::ArrayGeometry::BSS2;
        let mut lab = OneChip(IdealArray::new(geometry, NOMINAL_GAIN_LSB)?);
        let run = RecipeRun {
            recipe: &Method::Float.recipe(&task.budget),
            description: &task.network,
            strategies: None,
            weights: None,
            training: data.training()?.first(task.training_samples),
            validation: None,
            deployment_samples: task.deployment_samples,
            geometry,
            seed,
            checkpoint: None,
        };
        let mut trained = run.run(&mut lab, &mut |_| ())?;
        let test = data.test()?.first(task.test_samples);
        let digital = &mut trained.digital;
        let float = evaluate(&mut digital.network, &mut Session::digital(), test)?;
        let mut session = Session::on(&mut lab.0, seed);
        let ideal = evaluate(&mut trained.deployed.network, &mut session, test)?;
        Ok(Self {
            weights: digital.names.export(&digital.network)?,
            float_percent: 100.0 * float,
            ideal_percent: 100.0 * ideal,
        })
    }
}
