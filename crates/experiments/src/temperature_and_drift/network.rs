//! The network that all chips share.

use bss2_core::NOMINAL_GAIN_LSB;
use bss2_hardware::IdealArray;
use bss2_training::{Method, OneChip, RecipeRun, Session, WeightFile, evaluate};
use serde::{Deserialize, Serialize};

use super::Parameters;
use crate::{ExperimentError, StudyData, Task};

/// A network trained digitally.
#[derive(Serialize, Deserialize)]
pub(super) struct StudyNetwork {
    /// What it came to.
    pub(super) weights: WeightFile,
    /// Test accuracy in percent.
    pub(super) float_percent: f64,
    /// The same on an ideal array of nominal gain.
    pub(super) ideal_percent: f64,
}

impl StudyNetwork {
    /// Steps of progress that its training takes.
    pub(super) const STEPS: u64 = 1;

    pub(super) fn trained(
        parameters: &Parameters,
        data: &StudyData,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let array = IdealArray::new(parameters.chip.geometry, NOMINAL_GAIN_LSB)?;
        let mut lab = OneChip(array);
        let run = RecipeRun {
            recipe: &Method::Float.recipe(&parameters.budget),
            description: &parameters.network,
            strategies: None,
            weights: None,
            training: data.training()?,
            validation: None,
            deployment_samples: parameters.deployment_samples,
            geometry: parameters.chip.geometry,
            seed: parameters.network_seed,
            checkpoint: None,
        };
        let mut trained = run.run(&mut lab, &mut |_| ())?;
        let mut digital = trained.digital;
        let float = evaluate(&mut digital.network, &mut Session::digital(), data.test()?)?;
        let mut session = Session::on(&mut lab.0, parameters.network_seed);
        let ideal = evaluate(&mut trained.deployed.network, &mut session, data.test()?)?;
        task.step("network");
        Ok(Self {
            weights: digital.names.export(&digital.network)?,
            float_percent: 100.0 * float,
            ideal_percent: 100.0 * ideal,
        })
    }
}
