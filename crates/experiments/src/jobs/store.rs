//! Where results of jobs are kept.

use std::collections::BTreeSet;
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
        if self.find::<R>(address).is_none() {
            return Err(ExperimentError::Encode {
                what: "a job's result",
                reason: "it is not read back".to_owned(),
            });
        }
        Ok(())
    }

    /// Names and contents of the files that are kept of some addresses' names.
    pub(super) fn files(
        &self,
        names: &BTreeSet<String>,
    ) -> Result<Vec<(String, Vec<u8>)>, ExperimentError> {
        let read = |path: PathBuf| {
            let content = fs::read(&path).map_err(|source| ExperimentError::Read {
                path: path.clone(),
                source,
            })?;
            let name = path.file_name().unwrap_or_default();
            Ok((name.to_string_lossy().into_owned(), content))
        };
        self.kept(names).map(read).collect()
    }

    /// Removes what is kept of some addresses' names, and the folder if nothing else is in it.
    pub(super) fn clear(&self, names: &BTreeSet<String>) -> Result<(), ExperimentError> {
        for path in self.kept(names) {
            fs::remove_file(&path).map_err(|source| ExperimentError::Write { path, source })?;
        }
        if let Some(folder) = &self.folder {
            for name in names {
                bss2_file::remove_drafts(&of_name(folder, name));
            }
            // Something else may be in it.
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }

    /// The files that are there of some addresses' names.
    fn kept<'a>(&'a self, names: &'a BTreeSet<String>) -> impl Iterator<Item = PathBuf> + 'a {
        let folder = self.folder.iter();
        folder
            .flat_map(move |folder| names.iter().map(move |name| of_name(folder, name)))
            .filter(|path| path.is_file())
    }
}

fn file(folder: &Path, address: &Address) -> PathBuf {
    of_name(folder, address.name())
}

fn of_name(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).with_extension(ENDING)
}
