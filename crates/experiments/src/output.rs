//! The folder of a study's results: complete or not there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ExperimentError;

/// The files of a result folder, kept in memory until [`publish`](Self::publish) writes them all.
#[derive(Debug)]
pub struct ResultFolder {
    target: PathBuf,
    files: Vec<(String, Vec<u8>)>,
}

impl ResultFolder {
    /// Makes sure that `target` can be written later, and changes nothing yet. It may be missing,
    /// empty, or hold an earlier study's results, which will then be replaced.
    ///
    /// # Errors
    /// [`ExperimentError::ForeignFolder`] if it holds anything else,
    /// [`ExperimentError::Write`] if nothing can be written where it is to be.
    pub fn claim(target: &Path) -> Result<Self, ExperimentError> {
        let absolute = std::path::absolute(target).map_err(|e| write_error(target, e))?;
        refuse_foreign(&absolute)?;
        let existing = absolute.ancestors().skip(1).find(|path| path.exists());
        let existing = existing.unwrap_or(&absolute);
        // A file without a name: it cannot be left behind.
        tempfile::tempfile_in(existing).map_err(|e| write_error(existing, e))?;
        Ok(Self {
            target: absolute,
            files: Vec::new(),
        })
    }

    /// Adds a file, given by its path within the folder.
    pub fn add(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.push((name.into(), content.into()));
    }

    /// Writes the folder beside its place and moves it there as a whole.
    ///
    /// # Errors
    /// [`ExperimentError::ForeignFolder`] or [`ExperimentError::Write`]; what was there before is
    /// then as it was.
    pub fn publish(self) -> Result<(), ExperimentError> {
        refuse_foreign(&self.target)?;
        let failed = |e| write_error(&self.target, e);
        let parent = self.target.parent().unwrap_or(&self.target);
        fs::create_dir_all(parent).map_err(failed)?;
        let draft = tempfile::Builder::new()
            .prefix(".bss2-draft-")
            .tempdir_in(parent)
            .map_err(failed)?;
        // Within the draft, which only its owner may read: the results get ordinary permissions.
        let (new, old) = (draft.path().join("new"), draft.path().join("old"));
        fs::create_dir(&new).map_err(failed)?;
        for (name, content) in &self.files {
            write_file(&new.join(name), content)
                .map_err(|e| write_error(&self.target.join(name), e))?;
        }
        swap(&new, &self.target, &old).map_err(failed)
    }
}

fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, content)
}

/// Moves `new` to `target`, and what was there to `old`; puts it back if that fails.
fn swap(new: &Path, target: &Path, old: &Path) -> io::Result<()> {
    if !target.exists() {
        return fs::rename(new, target);
    }
    fs::rename(target, old)?;
    fs::rename(new, target).inspect_err(|_| {
        // The first error says what went wrong; a second one could add nothing.
        let _ = fs::rename(old, target);
    })
}

/// Refuses to replace a folder with anything in it that a study does not write.
fn refuse_foreign(target: &Path) -> Result<(), ExperimentError> {
    if !target.exists() {
        return Ok(());
    }
    let unreadable = |source| ExperimentError::Read {
        path: target.to_owned(),
        source,
    };
    for entry in fs::read_dir(target).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !is_ours(&entry.path()) {
            return Err(ExperimentError::ForeignFolder {
                folder: target.to_owned(),
                entry: entry.file_name().to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

fn is_ours(path: &Path) -> bool {
    let has_extension =
        |path: &Path, extension: &str| path.extension().is_some_and(|e| e == extension);
    match path.file_name().and_then(|name| name.to_str()) {
        Some("summary.json" | "configuration.toml" | "index.html") => path.is_file(),
        Some("figures") => fs::read_dir(path).is_ok_and(|mut figures| {
            figures.all(|figure| figure.is_ok_and(|f| has_extension(&f.path(), "svg")))
        }),
        _ => path.is_file() && has_extension(path, "csv"),
    }
}

fn write_error(path: &Path, source: io::Error) -> ExperimentError {
    ExperimentError::Write {
        path: path.to_owned(),
        source,
    }
}
