//! Where a folder is written before it has its name.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use tempfile::TempDir;

/// A folder beside the target, removed when it is dropped.
pub(super) fn new(target: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(&prefix(target))
        .tempdir_in(target.parent().unwrap_or(target))
}

/// Removes drafts of the target that were left by runs that were killed. Only for whoever holds the
/// target's lock.
pub(super) fn remove_left(target: &Path) {
    // Where folders cannot be exchanged in one step, the results may lie in the draft.
    if !target.exists() {
        return;
    }
    let entries = fs::read_dir(target.parent().unwrap_or(target));
    let prefix = prefix(target);
    for entry in entries.into_iter().flatten().flatten() {
        let name = entry.file_name();
        let rest = name.as_encoded_bytes();
        let rest = rest.strip_prefix(prefix.as_encoded_bytes());
        if rest.is_some_and(|rest| rest.iter().all(u8::is_ascii_alphanumeric)) {
            // What cannot be removed does no harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn prefix(target: &Path) -> OsString {
    let mut prefix = OsString::from(".bss2-draft-");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_that_were_left_are_removed_unless_they_hold_the_only_results() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("results");
        let left = new(&target).unwrap().keep();
        let of_another = new(&parent.path().join("results-2")).unwrap();
        remove_left(&target);
        assert!(left.exists());
        fs::create_dir(&target).unwrap();
        remove_left(&target);
        assert!(!left.exists());
        assert!(of_another.path().exists());
    }
}
