//! What a study wrote into a folder: the only files that a later one may replace.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{CONFIGURATION, read_error};
use crate::{ExperimentError, read_text};

/// The head of `configuration.toml`.
#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    bss2_version: String,
    /// Every file of the folder by its path within, parts divided by `/`.
    files: BTreeSet<String>,
}

impl Manifest {
    pub(super) fn of<'a>(files: impl Iterator<Item = &'a str>) -> Self {
        Self {
            bss2_version: env!("CARGO_PKG_VERSION").to_owned(),
            files: files.map(str::to_owned).collect(),
        }
    }

    pub(super) fn to_toml(&self) -> Result<String, ExperimentError> {
        toml::to_string_pretty(self).map_err(|error| ExperimentError::Encode {
            what: CONFIGURATION,
            reason: error.to_string(),
        })
    }

    /// The manifest of a folder; none if no study wrote the folder.
    fn read(folder: &Path) -> Option<Self> {
        let text = read_text(&folder.join(CONFIGURATION)).ok()?;
        toml::from_str(&text).ok()
    }

    /// Whether a path within the folder is a file of the study, or a folder of such files.
    fn lists(&self, path: &str, is_folder: bool) -> bool {
        if !is_folder {
            return self.files.contains(path);
        }
        let within = format!("{path}/");
        self.files.iter().any(|file| file.starts_with(&within))
    }
}

/// Refuses a folder with anything in it that its manifest does not list, and any folder that is not
/// empty and has no manifest.
pub(super) fn refuse_foreign(folder: &Path) -> Result<(), ExperimentError> {
    if !folder.exists() {
        return Ok(());
    }
    let manifest = Manifest::read(folder);
    let is_ours = |path: &str, is_folder| {
        let manifest = manifest.as_ref();
        manifest.is_some_and(|manifest| manifest.lists(path, is_folder))
    };
    match first_foreign(folder, "", &is_ours)? {
        None => Ok(()),
        Some(entry) => Err(ExperimentError::ForeignFolder {
            folder: folder.to_owned(),
            entry,
        }),
    }
}

/// The first entry, by name, that is not ours; `prefix` leads from the result folder to `folder`.
fn first_foreign(
    folder: &Path,
    prefix: &str,
    is_ours: &dyn Fn(&str, bool) -> bool,
) -> Result<Option<String>, ExperimentError> {
    let unreadable = |error| read_error(folder, error);
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut entries: Vec<DirEntry> = entries.collect::<Result<_, _>>().map_err(unreadable)?;
    entries.sort_by_key(DirEntry::file_name);
    for entry in entries {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // Not followed: a link is nothing that a study writes.
        let kind = entry.file_type().map_err(unreadable)?;
        let is_folder = kind.is_dir();
        if !(is_folder || kind.is_file()) || !is_ours(&path, is_folder) {
            return Ok(Some(path));
        }
        if is_folder {
            let within = first_foreign(&entry.path(), &format!("{path}/"), is_ours)?;
            if within.is_some() {
                return Ok(within);
            }
        }
    }
    Ok(None)
}
