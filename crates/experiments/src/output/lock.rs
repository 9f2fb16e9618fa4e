//! One run at a time for each result folder.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::write_error;
use crate::ExperimentError;

/// Held as long as results for a folder are made, and what they were made from is cleared away: a locked file
/// beside it, removed in the end.
///
/// The system frees the lock of a process that was killed; the file that it leaves is taken over by
/// whoever comes next.
#[derive(Debug)]
pub struct FolderLock {
    path: PathBuf,
    /// Open as long as the lock is held.
    _file: File,
    /// Folders that were made for it, the innermost first.
    made: Vec<PathBuf>,
}

impl FolderLock {
    /// Takes the lock of a folder, which need not exist, nor those above it.
    ///
    /// # Errors
    /// [`ExperimentError::FolderInUse`] if someone else holds it, [`ExperimentError::Write`] if no file
    /// can be made beside the folder.
    pub(super) fn take(folder: &Path) -> Result<Self, ExperimentError> {
        let parent = folder.parent().unwrap_or(folder);
        let failed = |source| write_error(parent, source);
        let path = parent.join(name(folder));
        let mut attempts = 0;
        loop {
            let (file, made) = match create(&path, parent) {
                // Whoever had made the folders for a lock of his own is removing them: they are gone where a
                // file is to be made in them, or there when they are made and gone when they are looked at.
                Err(error) if goes_away(&error) && attempts < ATTEMPTS => {
                    attempts += 1;
                    continue;
                }
                created => created.map_err(failed)?,
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(ExperimentError::FolderInUse {
                        folder: folder.to_owned(),
                    });
                }
                // Some network file systems have no locks: those who use one know of each other.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            // Whoever held it may have removed it since it was opened.
            if is_at(&file, &path) {
                return Ok(Self {
                    path,
                    _file: file,
                    made,
                });
            }
        }
    }
}

/// Times that it is tried to make a file whose folder goes away meanwhile.
const ATTEMPTS: usize = 100;

fn goes_away(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
    )
}

/// Makes a file and the folders above it, which are returned, the innermost first.
fn create(path: &Path, parent: &Path) -> io::Result<(File, Vec<PathBuf>)> {
    let missing = parent.ancestors().take_while(|above| !above.exists());
    let made = missing.map(Path::to_owned).collect();
    fs::create_dir_all(parent)?;
    Ok((File::create(path)?, made))
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // What cannot be removed does no harm.
        let _ = fs::remove_file(&self.path);
        for folder in &self.made {
            // Only if nothing came into it.
            let _ = fs::remove_dir(folder);
        }
    }
}

fn name(folder: &Path) -> OsString {
    let mut name = OsString::from(".bss2-lock-");
    name.push(folder.file_name().unwrap_or_default());
    name
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |a: fs::Metadata, b: fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    file.metadata()
        .and_then(|ours| Ok(same(ours, fs::metadata(path)?)))
        .unwrap_or(false)
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_had_by_one_at_a_time_and_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/results");
        let lock = FolderLock::take(&folder).unwrap();
        let refused = FolderLock::take(&folder).unwrap_err();
        assert!(matches!(refused, ExperimentError::FolderInUse { .. }));
        let _beside = FolderLock::take(&parent.path().join("other")).unwrap();
        drop(lock);
        assert!(!parent.path().join("a").exists());
        FolderLock::take(&folder).unwrap();
    }

    #[test]
    fn the_file_of_a_run_that_was_killed_is_taken_over() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join(".bss2-lock-results"), "").unwrap();
        drop(FolderLock::take(&parent.path().join("results")).unwrap());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn no_folder_can_be_made_where_a_file_is() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("above");
        fs::write(&file, "of someone else").unwrap();
        let refused = FolderLock::take(&file.join("results")).unwrap_err();
        assert!(matches!(refused, ExperimentError::Write { .. }));
        assert_eq!(fs::read(&file).unwrap(), b"of someone else");
    }

    #[test]
    fn many_at_once_take_turns() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let parent = tempfile::tempdir().unwrap();
        // Each who comes makes the folder above, and removes it again.
        let folder = parent.path().join("above/results");
        let (holders, turns) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while turns.load(Ordering::SeqCst) < 200 {
                        let lock = match FolderLock::take(&folder) {
                            Err(ExperimentError::FolderInUse { .. }) => continue,
                            taken => taken.unwrap(),
                        };
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                        turns.fetch_add(1, Ordering::SeqCst);
                        holders.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
    }
}
