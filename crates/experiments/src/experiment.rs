//! The experiments there are.

use crate::jobs::{JobStore, Jobs, Scope, caught};
use crate::{
    ExperimentError, Outcome, Progress, Settings, calibration_acceptance, calibration_cost,
    calibration_to_accuracy, calibration_tradeoffs, circuit, error_budget, first_study,
    mac_characteristics, mapping_strategies, settings_search, temperature_and_drift,
    training_methods, validation, walking_noise,
};

/// An experiment that can be run by name.
#[derive(Clone, Copy, Debug)]
pub struct Experiment {
    /// Name on the command line and in result files.
    pub name: &'static str,
    /// One line on what it shows.
    pub about: &'static str,
    /// The file that holds its records.
    pub records_file: &'static str,
    pub(crate) run: fn(&Settings, &Jobs<'_>) -> Result<Outcome, ExperimentError>,
}

/// All experiments, in the order in which they run.
pub const EXPERIMENTS: &[Experiment] = &[
    first_study::EXPERIMENT,
    validation::EXPERIMENT,
    mac_characteristics::EXPERIMENT,
    circuit::EXPERIMENT,
    calibration_cost::EXPERIMENT,
    calibration_acceptance::EXPERIMENT,
    calibration_tradeoffs::EXPERIMENT,
    mapping_strategies::EXPERIMENT,
    training_methods::EXPERIMENT,
    temperature_and_drift::EXPERIMENT,
    walking_noise::EXPERIMENT,
    calibration_to_accuracy::EXPERIMENT,
    error_budget::EXPERIMENT,
    settings_search::EXPERIMENT,
];

/// Finds an experiment by name.
///
/// # Errors
/// [`ExperimentError::UnknownExperiment`] names those there are.
pub fn find(name: &str) -> Result<&'static Experiment, ExperimentError> {
    EXPERIMENTS.iter().find(|e| e.name == name).ok_or_else(|| {
        let known: Vec<&str> = EXPERIMENTS.iter().map(|e| e.name).collect();
        ExperimentError::UnknownExperiment {
            name: name.to_owned(),
            known: known.join(", "),
        }
    })
}

impl Experiment {
    /// Runs the experiment on the current thread pool.
    ///
    /// # Errors
    /// [`ExperimentError`] if a setting or the data cannot be used, or a part of the work fails.
    pub fn run(
        &self,
        settings: &Settings,
        progress: &dyn Progress,
    ) -> Result<Outcome, ExperimentError> {
        let threads = rayon::current_num_threads();
        let jobs = Jobs::new(progress, JobStore::nowhere(), Scope::All, threads);
        self.run_by(settings, &jobs)
    }

    /// Runs the experiment by its jobs. Results that were kept of them may hold anything: a panic over
    /// them is an error.
    pub(crate) fn run_by(
        &self,
        settings: &Settings,
        jobs: &Jobs<'_>,
    ) -> Result<Outcome, ExperimentError> {
        settings.check()?;
        caught(|| (self.run)(settings, jobs)).map_err(|error| match error {
            ExperimentError::Panic { message } => ExperimentError::UnfitResults {
                experiment: self.name,
                message,
            },
            other => other,
        })
    }
}
