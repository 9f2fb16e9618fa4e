//! Running a study: experiments, their jobs, and the folder with what came out.

use std::collections::BTreeSet;
use std::path::Path;

use crate::jobs::{JobStore, Jobs, Scope, Shard, pool};
use crate::report::Table;
use crate::{
    Experiment, ExperimentError, JobFailure, Outcome, Progress, ResultFolder, Settings, Silent,
};

mod file;
mod results;
mod shards;

pub use file::StudyFile;
pub use shards::merge_shards;

/// Ending of the folder beside the results' where finished jobs are kept until all are.
const UNFINISHED: &str = ".unfinished";

/// What [`run_study`] has to tell.
#[derive(Debug)]
pub struct StudyReport {
    /// One table per experiment, for the terminal.
    pub tables: Vec<Table>,
    /// Figures that miss their target: experiment and figure.
    pub misses: Vec<String>,
    /// Jobs that failed, and experiments as a whole; these experiments have no results.
    pub failures: Vec<JobFailure>,
}

/// What came of an experiment.
enum Ended {
    WithOutcome(Box<Outcome>),
    /// Some jobs failed, or the experiment as a whole.
    Failed(Vec<JobFailure>),
}

/// Runs the experiments one after the other, each on the settings' threads, and writes the result
/// folder when all have ended.
///
/// Until then finished jobs are kept beside it, in a folder whose name ends in `.unfinished`: a
/// study that was interrupted, or some of whose jobs failed, goes on from there when it is run again.
///
/// # Errors
/// [`ExperimentError`]; `folder` is as it was before then. What cannot be used is refused before any
/// work. Jobs and experiments that fail are no error, but stand in the report and on the page.
pub fn run_study(
    experiments: &[&'static Experiment],
    settings: &Settings,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<StudyReport, ExperimentError> {
    settings.check()?;
    check_experiments(experiments, settings)?;
    let target = ResultFolder::claim(folder)?;
    let store = JobStore::in_folder(target.beside(UNFINISHED));
    let jobs = Jobs::new(progress, store, Scope::All, threads(settings));
    run_all(experiments, settings, target, &jobs)
}

/// Does one shard of the jobs and writes a folder with their results, for [`merge_shards`].
/// The same shard goes on where it was interrupted, as [`run_study`] does.
///
/// # Errors
/// [`ExperimentError`]; `folder` is as it was before then. It is [`ExperimentError::Shards`] if the
/// folder is another shard of the same study. Jobs that fail are no error: they are what is returned,
/// and stand in the folder.
pub fn run_shard(
    experiments: &[&'static Experiment],
    settings: &Settings,
    shard: Shard,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Vec<JobFailure>, ExperimentError> {
    settings.check()?;
    let file = StudyFile::of(experiments, settings).with_shard(shard);
    shards::refuse_other(folder, &file)?;
    check_experiments(experiments, settings)?;
    let mut target = ResultFolder::claim(folder)?;
    let store = JobStore::in_folder(target.beside(UNFINISHED));
    let scope = Scope::Shard(shard);
    let jobs = Jobs::new(progress, store, scope, threads(settings));
    let mut failures = Vec::new();
    for experiment in experiments {
        match pool(threads(settings))?.install(|| experiment.run_by(settings, &jobs)) {
            Ok(_) | Err(ExperimentError::JobsElsewhere { .. }) => {}
            Err(ExperimentError::JobsFailed { failures: more, .. }) => failures.extend(more),
            Err(error) => failures.push(JobFailure::of_experiment(experiment.name, &error)),
        }
    }
    for (name, content) in jobs.files()? {
        target.add(format!("{}/{name}", shards::JOBS), content);
    }
    if !failures.is_empty() {
        target.add(shards::FAILURES, shards::failures_text(&failures)?);
    }
    shards::refuse_other(folder, &file)?;
    let lock = target.publish(&file.to_toml()?.to_string())?;
    if failures.is_empty() {
        jobs.clear()?;
    }
    drop(lock);
    Ok(failures)
}

/// Runs experiments by their jobs, writes the folder, and clears away what was kept of the jobs if none
/// failed.
fn run_all(
    experiments: &[&'static Experiment],
    settings: &Settings,
    folder: ResultFolder,
    jobs: &Jobs<'_>,
) -> Result<StudyReport, ExperimentError> {
    let mut ended = Vec::with_capacity(experiments.len());
    for experiment in experiments {
        let outcome = pool(threads(settings))?.install(|| experiment.run_by(settings, jobs));
        let end = match outcome {
            Ok(outcome) => Ended::WithOutcome(Box::new(outcome)),
            Err(ExperimentError::JobsFailed { failures, .. }) => Ended::Failed(failures),
            // Not a failure, but shards that do not belong together.
            Err(error @ ExperimentError::JobsElsewhere { .. }) => return Err(error),
            Err(error) => Ended::Failed(vec![JobFailure::of_experiment(experiment.name, &error)]),
        };
        ended.push((*experiment, end));
    }
    let common = StudyFile::of(experiments, settings);
    let lock = results::write(folder, &common, settings, &ended)?;
    let mut report = StudyReport {
        tables: Vec::new(),
        misses: Vec::new(),
        failures: Vec::new(),
    };
    for (experiment, end) in ended {
        match end {
            Ended::WithOutcome(outcome) => {
                report.misses.extend(misses(experiment, &outcome));
                report.tables.push(outcome.table);
            }
            Ended::Failed(failures) => report.failures.extend(failures),
        }
    }
    if report.failures.is_empty() {
        jobs.clear()?;
    }
    drop(lock);
    Ok(report)
}

fn threads(settings: &Settings) -> usize {
    settings
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// Each experiment once (their files and sections bear their names), and parameters for none other,
/// all of which can be used: an experiment that has none of its jobs gets as far as these.
fn check_experiments(
    experiments: &[&'static Experiment],
    settings: &Settings,
) -> Result<(), ExperimentError> {
    let mut names = BTreeSet::new();
    if let Some(Experiment { name, .. }) = experiments.iter().find(|e| !names.insert(e.name)) {
        return Err(ExperimentError::DuplicateExperiment { name });
    }
    for name in settings.parameters.keys() {
        crate::find(name)?;
    }
    let pool = pool(threads(settings))?;
    for experiment in experiments {
        let jobs = Jobs::new(&Silent, JobStore::nowhere(), Scope::Nothing, 1);
        match pool.install(|| experiment.run_by(settings, &jobs)) {
            Ok(_) | Err(ExperimentError::JobsElsewhere { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn misses(experiment: &Experiment, outcome: &Outcome) -> Vec<String> {
    outcome
        .summary
        .iter()
        .filter(|(_, entry)| entry.pass == Some(false))
        .map(|(figure, _)| format!("{}: {figure}", experiment.name))
        .collect()
}
