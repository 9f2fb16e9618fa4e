//! The folder of a study's results: complete or not there.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::ExperimentError;

/// A result folder that is being written beside its final place; [`publish`](Self::publish) moves
/// it there as a whole. Dropped before that, it leaves nothing behind.
#[derive(Debug)]
pub struct ResultFolder {
    target: PathBuf,
    draft: TempDir,
}

/// The folder within the draft that becomes the target.
const RESULTS: &str = "results";

/// The file by which a folder is known as one of ours.
const MARK: &str = "summary.json";

impl ResultFolder {
    /// Prepares to write `target`. It may be missing, empty, or hold an earlier study's results,
    /// which are then replaced.
    ///
    /// # Errors
    /// [`ExperimentError::ForeignFolder`] if it holds anything else,
    /// [`ExperimentError::Write`] if its parent cannot be written.
    pub fn claim(target: &Path) -> Result<Self, ExperimentError> {
        let target = std::path::absolute(target).map_err(|e| write_error(target, e))?;
        refuse_foreign(&target)?;
        let parent = target.parent().unwrap_or(&target);
        fs::create_dir_all(parent).map_err(|e| write_error(parent, e))?;
        let draft = tempfile::Builder::new()
            .prefix(".bss2-draft-")
            .tempdir_in(parent)
            .map_err(|e| write_error(parent, e))?;
        fs::create_dir(draft.path().join(RESULTS)).map_err(|e| write_error(parent, e))?;
        Ok(Self { target, draft })
    }

    /// The results within the draft: the draft itself is readable by its owner only.
    fn results(&self) -> PathBuf {
        self.draft.path().join(RESULTS)
    }

    /// Writes one file, given by its path within the folder.
    ///
    /// # Errors
    /// [`ExperimentError::Write`].
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), ExperimentError> {
        let path = self.results().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|e| write_error(parent, e))?;
        }
        fs::write(&path, content).map_err(|e| write_error(&self.target.join(name), e))
    }

    /// Moves the folder to its place.
    ///
    /// # Errors
    /// [`ExperimentError::Write`]; an earlier study's results are then back in their place.
    pub fn publish(self) -> Result<(), ExperimentError> {
        refuse_foreign(&self.target)?;
        let failed = |e| write_error(&self.target, e);
        let parent = self.target.parent().unwrap_or(&self.target);
        let earlier = tempfile::Builder::new()
            .prefix(".bss2-earlier-")
            .tempdir_in(parent)
            .map_err(failed)?;
        let aside = earlier.path().join("results");
        let existed = self.target.exists();
        if existed {
            fs::rename(&self.target, &aside).map_err(failed)?;
        }
        if let Err(error) = fs::rename(self.results(), &self.target) {
            if existed {
                fs::rename(&aside, &self.target).map_err(failed)?;
            }
            return Err(failed(error));
        }
        Ok(())
    }
}

fn refuse_foreign(target: &Path) -> Result<(), ExperimentError> {
    let foreign = || ExperimentError::ForeignFolder {
        folder: target.to_owned(),
    };
    if !target.exists() {
        return Ok(());
    }
    let mut entries = fs::read_dir(target).map_err(|_| foreign())?;
    if entries.next().is_some() && !target.join(MARK).is_file() {
        return Err(foreign());
    }
    Ok(())
}

fn write_error(path: &Path, source: std::io::Error) -> ExperimentError {
    ExperimentError::Write {
        path: path.to_owned(),
        source,
    }
}
