//! Putting the shards of a study together.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{StudyFile, StudyReport, check_experiments, run_all, threads};
use crate::configuration::to_toml;
use crate::jobs::{JobStore, Jobs, Shard};
use crate::{ExperimentError, JobFailure, Progress, ResultFolder, read_text};

/// The folder of a shard's jobs within its own.
pub(super) const JOBS: &str = "jobs";
/// The file of a shard's jobs that failed.
pub(super) const FAILURES: &str = "failures.toml";

/// What is in that file.
#[derive(Default, Serialize, Deserialize)]
struct Failures {
    failures: Vec<JobFailure>,
}

/// Writes the result folder of a study from the folders of all its shards: the same that
/// [`run_study`](super::run_study) writes alone, by the same program and with the same data.
///
/// `data` is for a machine where the data lie elsewhere than for the first shard. Jobs that failed in
/// their shard are failures of the study.
///
/// # Errors
/// [`ExperimentError::Shards`] unless the folders hold all shards of one study, each once;
/// [`ExperimentError::JobsElsewhere`] if results are missing or of another program or other data.
pub fn merge_shards(
    folders: &[PathBuf],
    data: Option<&Path>,
    number_of_threads: Option<usize>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<StudyReport, ExperimentError> {
    let study = common(folders)?;
    let experiments = study.experiments()?;
    let mut settings = study.settings()?;
    settings.threads = number_of_threads;
    if let Some(data) = data {
        settings.data = Some(data.to_owned());
    }
    settings.check()?;
    check_experiments(&experiments, &settings)?;
    let target = ResultFolder::claim(folder)?;
    let store = JobStore::of_folders(folders.iter().map(|folder| folder.join(JOBS)).collect());
    let mut failures = Vec::new();
    for folder in folders {
        failures.extend(failures_in(folder)?);
    }
    let jobs = Jobs::merged(progress, store, failures, threads(&settings));
    run_all(&experiments, &settings, target, &jobs)
}

/// The study that the folders are the shards of.
fn common(folders: &[PathBuf]) -> Result<StudyFile, ExperimentError> {
    let mut shards: Vec<(Shard, &PathBuf)> = Vec::new();
    let mut study: Option<StudyFile> = None;
    for folder in folders {
        let file = StudyFile::read(&folder.join("configuration.toml"))?;
        let (of_folder, shard) = file.split_shard();
        let shard = shard.ok_or_else(|| refused(folder, "is no shard of a study"))?;
        let study = study.get_or_insert_with(|| of_folder.clone());
        if !study.is_same_as(&of_folder) {
            let first = folders[0].display();
            return Err(refused(folder, format!("is of another study than {first}")));
        }
        if let Some((_, other)) = shards.iter().find(|(found, _)| *found == shard) {
            let other = other.display();
            return Err(refused(folder, format!("is shard {shard}, as is {other}")));
        }
        shards.push((shard, folder));
    }
    let (Some(study), Some((first, _))) = (study, shards.first()) else {
        return Err(refused(Path::new("merge"), "no folders were given"));
    };
    let of = first.of();
    if let Some((shard, folder)) = shards.iter().find(|(shard, _)| shard.of() != of) {
        let reason = format!("is shard {shard}, others are of {of}");
        return Err(refused(folder, reason));
    }
    let is_there = |number: usize| shards.iter().any(|(shard, _)| shard.number() == number);
    match (1..=of).find(|&number| !is_there(number)) {
        None => Ok(study),
        Some(number) => {
            let reason = format!("shard {number}/{of} is missing beside it");
            Err(refused(&folders[0], reason))
        }
    }
}

/// Refuses a folder that holds another shard of the same study, which would be lost.
pub(super) fn refuse_other(folder: &Path, file: &StudyFile) -> Result<(), ExperimentError> {
    // Any folder that is no shard's is for others to judge.
    let Ok(found) = StudyFile::read(&folder.join("configuration.toml")) else {
        return Ok(());
    };
    let (found, of_folder) = found.split_shard();
    let (study, shard) = file.clone().split_shard();
    match of_folder {
        Some(other) if Some(other) != shard && found.is_same_as(&study) => Err(refused(
            folder,
            format!("is shard {other} of the same study already; choose another folder"),
        )),
        _ => Ok(()),
    }
}

/// The content of [`FAILURES`].
pub(super) fn failures_text(failures: &[JobFailure]) -> Result<String, ExperimentError> {
    let failures = failures.to_vec();
    Ok(to_toml(&Failures { failures })?.to_string())
}

/// What failed in a shard.
fn failures_in(folder: &Path) -> Result<Vec<JobFailure>, ExperimentError> {
    let path = folder.join(FAILURES);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = read_text(&path)?;
    let found: Failures =
        toml::from_str(&text).map_err(|error| refused(&path, error.to_string()))?;
    Ok(found.failures)
}

fn refused(folder: &Path, reason: impl Into<String>) -> ExperimentError {
    ExperimentError::Shards {
        folder: folder.to_owned(),
        reason: reason.into(),
    }
}
