//! Putting a new folder in the place of an old one.

use std::fs;
use std::io;
use std::path::Path;

/// Moves `new` to `target`, and what was there to `old` or to where `new` was.
///
/// In one step where the system can: whoever looks, even after the process was killed, finds one of
/// both at `target`. Elsewhere in two steps, and what was there is put back if the second fails.
pub(super) fn put_in_place(new: &Path, target: &Path, old: &Path) -> io::Result<()> {
    if !target.exists() {
        return fs::rename(new, target);
    }
    match exchange(new, target) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => swap(new, target, old),
        done => done,
    }
}

#[cfg(target_os = "linux")]
fn exchange(new: &Path, target: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE).map_err(|errno| match errno {
        // Of systems and file systems that do not know the flag.
        Errno::INVAL | Errno::NOSYS => io::ErrorKind::Unsupported.into(),
        errno => errno.into(),
    })
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn swap(new: &Path, target: &Path, old: &Path) -> io::Result<()> {
    fs::rename(target, old)?;
    fs::rename(new, target).inspect_err(|_| {
        // The first error says what went wrong; a second one could add nothing.
        let _ = fs::rename(old, target);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_replace_and_a_missing_new_folder_changes_nothing() {
        for replace in [put_in_place, swap] {
            let parent = tempfile::tempdir().unwrap();
            let [new, target, old] = ["new", "target", "old"].map(|name| parent.path().join(name));
            fs::create_dir(&target).unwrap();
            fs::write(target.join("file"), "old").unwrap();
            assert!(replace(&new, &target, &old).is_err());
            assert_eq!(fs::read_to_string(target.join("file")).unwrap(), "old");

            fs::create_dir(&new).unwrap();
            fs::write(new.join("file"), "new").unwrap();
            replace(&new, &target, &old).unwrap();
            assert_eq!(fs::read_to_string(target.join("file")).unwrap(), "new");
        }
    }
}
