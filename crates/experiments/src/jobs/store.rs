//! Where results of jobs are kept.

use std::fs;
use std::path::{Path, PathBuf};

use bss2_file::Format;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Address;
use crate::ExperimentError;

const FORMAT: Format = Format::new("bss2-job", 1);
/// Ending of the files.
const ENDING: &str = "job";

/// A job's result as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept<R> {
    /// The file may have been renamed.
    name: String,
    result: R,
}

/// Folders with results of jobs, one of which takes new ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobStore {
    /// Where they are kept.
    folder: Option<PathBuf>,
    /// Where they are looked for besides.
    others: Vec<PathBuf>,
}

impl JobStore {
    /// Keeps nothing.
    pub(crate) const fn nowhere() -> Self {
        Self {
            folder: None,
            others: Vec::new(),
        }
    }

    /// Keeps results in a folder, which is made when there is one.
    pub(crate) const fn in_folder(folder: PathBuf) -> Self {
        Self {
            folder: Some(folder),
            others: Vec::new(),
        }
    }

    /// Finds those in several folders, and keeps nothing.
    pub(crate) const fn of_folders(others: Vec<PathBuf>) -> Self {
        Self {
            folder: None,
            others,
        }
    }

    /// The result of a job, if it is there and intact.
    pub(super) fn find<R: DeserializeOwned>(&self, address: &Address) -> Option<R> {
        let folders = self.folder.iter().chain(&self.others);
        let mut kept = folders.filter_map(|folder| {
            let kept: Kept<R> = bss2_file::load(&file(folder, address), FORMAT).ok()?;
            (kept.name == address.name()).then_some(kept.result)
        });
        kept.next()
    }

    /// Keeps the result of a job.
    pub(super) fn keep<R: Serialize + DeserializeOwned>(
        &self,
        address: &Address,
        result: &R,
    ) -> Result<(), ExperimentError> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        fs::create_dir_all(folder).map_err(|source| ExperimentError::Write {
            path: folder.clone(),
            source,
        })?;
        let name = address.name().to_owned();
        bss2_file::save(&file(folder, address), FORMAT, &Kept { name, result })?;
        // A type that the format does not read back would be done anew each time.
        debug_assert!(self.find::<R>(address).is_some(), "{}", address.key());
        Ok(())
    }

    /// Names and contents of all files that are kept, by name.
    pub(crate) fn files(&self) -> Result<Vec<(String, Vec<u8>)>, ExperimentError> {
        let Some(folder) = self.folder.as_deref().filter(|folder| folder.exists()) else {
            return Ok(Vec::new());
        };
        let mut files = Vec::new();
        for path in of_jobs(folder)? {
            let content = fs::read(&path).map_err(|e| read_error(&path, e))?;
            let name = path.file_name().unwrap_or_default();
            files.push((name.to_string_lossy().into_owned(), content));
        }
        files.sort();
        Ok(files)
    }

    /// Removes what is kept, and the folder unless something else is in it.
    pub(crate) fn clear(&self) -> Result<(), ExperimentError> {
        let Some(folder) = self.folder.as_deref().filter(|folder| folder.exists()) else {
            return Ok(());
        };
        for path in of_jobs(folder)? {
            fs::remove_file(&path).map_err(|source| ExperimentError::Write { path, source })?;
        }
        // Something else may be in it.
        let _ = fs::remove_dir(folder);
        Ok(())
    }
}

fn file(folder: &Path, address: &Address) -> PathBuf {
    folder.join(address.name()).with_extension(ENDING)
}

/// The files of jobs in a folder.
fn of_jobs(folder: &Path) -> Result<Vec<PathBuf>, ExperimentError> {
    let entries = fs::read_dir(folder).map_err(|e| read_error(folder, e))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let paths: Vec<PathBuf> = paths
        .collect::<Result<_, _>>()
        .map_err(|e| read_error(folder, e))?;
    let is_job = |path: &PathBuf| path.extension().is_some_and(|ending| ending == ENDING);
    Ok(paths.into_iter().filter(is_job).collect())
}

fn read_error(path: &Path, source: std::io::Error) -> ExperimentError {
    ExperimentError::Read {
        path: path.to_owned(),
        source,
    }
}
