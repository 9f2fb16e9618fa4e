//! The folder of a study's results: complete or not there.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::ExperimentError;

mod exchange;
mod lock;
mod manifest;

pub use lock::FolderLock;
use manifest::Manifest;

/// The file that holds the configuration, and the proof that a folder is ours.
const CONFIGURATION: &str = "configuration.toml";

/// The files of a result folder, kept in memory until [`publish`](Self::publish) writes them all.
///
/// As long as it is there, nobody else can make results for the same folder.
#[derive(Debug)]
pub struct ResultFolder {
    target: PathBuf,
    files: Vec<(String, Vec<u8>)>,
    lock: FolderLock,
}

impl ResultFolder {
    /// Makes sure that `target` can be written later, by nobody else until then, and changes nothing yet.
    /// It may be missing, empty, or hold an earlier study's results and nothing else; these will then be
    /// replaced.
    ///
    /// # Errors
    /// [`ExperimentError::FolderInUse`] if another run makes results for it,
    /// [`ExperimentError::ForeignFolder`] if it holds anything else,
    /// [`ExperimentError::EnclosingFolder`] if it is or holds the current folder,
    /// [`ExperimentError::Write`] if nothing can be written where it is to be.
    pub fn claim(target: &Path) -> Result<Self, ExperimentError> {
        // Without a slash at the end, which would hide a link, and the folder's name.
        let target = target.components().as_path();
        // A link stays, its folder is written.
        let target = if target.is_symlink() || target.file_name().is_none() {
            &target.canonicalize().map_err(|e| read_error(target, e))?
        } else {
            target
        };
        let absolute = std::path::absolute(target).map_err(|e| write_error(target, e))?;
        refuse_enclosing(&absolute)?;
        let lock = FolderLock::take(&absolute)?;
        manifest::refuse_foreign(&absolute)?;
        Ok(Self {
            target: absolute,
            files: Vec::new(),
            lock,
        })
    }

    /// A path beside the folder: its own with something appended to the name.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        let name = self.target.file_name();
        let mut name = name.map_or_else(OsString::new, OsString::from);
        name.push(suffix);
        self.target.with_file_name(name)
    }

    /// Whether something that is there lies within the folder, and will be replaced with it.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        let target = self.target.canonicalize();
        let path = path.canonicalize();
        path.is_ok_and(|path| target.is_ok_and(|target| path.starts_with(target)))
    }

    /// Adds a file, given by its path within the folder, parts divided by `/`.
    pub fn add(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.push((name.into(), content.into()));
    }

    /// Writes the folder beside its place and moves it there as a whole; drafts of runs that were killed are
    /// removed. `configuration` is TOML and becomes `configuration.toml`, below the version of bss2 and the
    /// names of all files. The lock is for who has to clear something away before anybody else begins.
    ///
    /// # Errors
    /// [`ExperimentError`]; what was there before is then as it was.
    pub fn publish(mut self, configuration: &str) -> Result<FolderLock, ExperimentError> {
        let names = self.files.iter().map(|(name, _)| name.as_str());
        let manifest = Manifest::of(names.chain([CONFIGURATION])).to_toml()?;
        self.add(CONFIGURATION, format!("{manifest}\n{configuration}"));

        refuse_enclosing(&self.target)?;
        manifest::refuse_foreign(&self.target)?;
        let failed = |e| write_error(&self.target, e);
        let parent = self.target.parent().unwrap_or(&self.target);
        fs::create_dir_all(parent).map_err(failed)?;
        let draft = tempfile::Builder::new()
            .prefix(&bss2_file::draft_prefix(&self.target))
            .tempdir_in(parent)
            .map_err(failed)?;
        // Within the draft, which only its owner may read: the results get ordinary permissions.
        let (new, old) = (draft.path().join("new"), draft.path().join("old"));
        fs::create_dir(&new).map_err(failed)?;
        for (name, content) in &self.files {
            write_file(&new.join(name), content)
                .map_err(|e| write_error(&self.target.join(name), e))?;
        }
        if let Err(error) = exchange::put_in_place(&new, &self.target, &old) {
            if old.exists() {
                // They could not be put back: these are the only ones.
                let kept = draft.keep().join("old");
                let why = format!("{error}; earlier results are in {}", kept.display());
                return Err(failed(io::Error::new(error.kind(), why)));
            }
            return Err(failed(error));
        }
        drop(draft);
        bss2_file::remove_drafts(&self.target);
        Ok(self.lock)
    }
}

fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = File::create(path)?;
    file.write_all(content)?;
    // The folder's name must not be on disk before what is in it.
    file.sync_all()
}

/// Refuses the current folder and those above it: replacing one would leave whoever works there in
/// a folder that is gone.
fn refuse_enclosing(target: &Path) -> Result<(), ExperimentError> {
    if !target.exists() {
        return Ok(());
    }
    let resolved = target.canonicalize().map_err(|e| read_error(target, e))?;
    let current = std::env::current_dir().and_then(|path| path.canonicalize());
    match current {
        Ok(current) if current.starts_with(&resolved) => {
            Err(ExperimentError::EnclosingFolder { folder: resolved })
        }
        Ok(_) => Ok(()),
        Err(error) => Err(read_error(Path::new("."), error)),
    }
}

fn read_error(path: &Path, source: io::Error) -> ExperimentError {
    ExperimentError::Read {
        path: path.to_owned(),
        source,
    }
}

fn write_error(path: &Path, source: io::Error) -> ExperimentError {
    ExperimentError::Write {
        path: path.to_owned(),
        source,
    }
}
