//! Running a study: experiments, their jobs, and the folder with what came out.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::jobs::{JobStore, Jobs, Scope, Shard, pool};
use crate::report::Table;
use crate::{Experiment, ExperimentError, JobFailure, Outcome, Progress, ResultFolder, Settings};

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
    /// Jobs that failed; their experiments have no results.
    pub failures: Vec<JobFailure>,
}

/// What came of an experiment.
enum Ended {
    WithOutcome(Box<Outcome>),
    /// Some jobs failed.
    Failed(Vec<JobFailure>),
}

/// Runs the experiments one after the other, each on the settings' threads, and writes the result
/// folder when all have ended.
///
/// Until then finished jobs are kept beside it, in a folder whose name ends in `.unfinished`: a
/// study that was interrupted, or some of whose jobs failed, goes on from there when it is run again.
///
/// # Errors
/// [`ExperimentError`]; `folder` is as it was before then. Jobs that fail are no error, but stand in
/// the report and on the page.
pub fn run_study(
    experiments: &[&'static Experiment],
    settings: &Settings,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<StudyReport, ExperimentError> {
    settings.check()?;
    check_experiments(experiments, settings)?;
    let target = ResultFolder::claim(folder)?;
    let store = JobStore::in_folder(unfinished(folder));
    let jobs = Jobs::new(progress, store.clone(), Scope::All, threads(settings));
    let report = run_all(experiments, settings, target, &jobs)?;
    if report.failures.is_empty() {
        store.clear()?;
    }
    Ok(report)
}

/// Does one shard of the jobs and writes a folder with their results, for [`merge_shards`].
/// The same shard goes on where it was interrupted, as [`run_study`] does.
///
/// # Errors
/// [`ExperimentError`], which includes that of jobs that fail; `folder` is as it was before then.
pub fn run_shard(
    experiments: &[&'static Experiment],
    settings: &Settings,
    shard: Shard,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(), ExperimentError> {
    settings.check()?;
    check_experiments(experiments, settings)?;
    let mut target = ResultFolder::claim(folder)?;
    let store = JobStore::in_folder(unfinished(folder));
    let scope = Scope::Shard(shard);
    let jobs = Jobs::new(progress, store.clone(), scope, threads(settings));
    let mut failures = Vec::new();
    for experiment in experiments {
        match pool(threads(settings))?.install(|| experiment.run_by(settings, &jobs)) {
            Ok(_) | Err(ExperimentError::JobsElsewhere { .. }) => {}
            Err(ExperimentError::JobsFailed { failures: more, .. }) => failures.extend(more),
            Err(error) => return Err(error),
        }
    }
    if let Some(first) = failures.first() {
        return Err(ExperimentError::JobsFailed {
            experiment: first.experiment(),
            failures,
        });
    }
    for (name, content) in store.files()? {
        target.add(format!("{}/{name}", shards::JOBS), content);
    }
    let file = StudyFile::of(experiments, settings).with_shard(shard);
    target.publish(&file.to_toml()?.to_string())?;
    store.clear()
}

/// Runs experiments by their jobs and writes the folder.
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
            Err(error) => return Err(error),
        };
        ended.push((*experiment, end));
    }
    let common = StudyFile::of(experiments, settings);
    results::write(folder, &common, settings, &ended)?;
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
    Ok(report)
}

/// Where finished jobs are kept until the results can be written.
fn unfinished(folder: &Path) -> PathBuf {
    let mut name = folder
        .file_name()
        .map_or_else(OsString::new, OsString::from);
    name.push(UNFINISHED);
    folder.with_file_name(name)
}

fn threads(settings: &Settings) -> usize {
    settings
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// Each experiment once (their files and sections bear their names), and parameters for none other.
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
