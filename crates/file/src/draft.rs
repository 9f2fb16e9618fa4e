//! What is written before it has its name.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// How the names of drafts of a file or folder begin, which lie beside it.
pub fn draft_prefix(target: &Path) -> OsString {
    let mut prefix = OsString::from(".bss2-draft-");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

/// Removes drafts of a file or folder that were left by writers that were killed.
///
/// Only for who knows that nobody writes it at this moment. What cannot be removed stays: it does no
/// harm.
pub fn remove_drafts(target: &Path) {
    let Ok(entries) = fs::read_dir(folder_of(target)) else {
        return;
    };
    let prefix = draft_prefix(target);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let rest = name
            .as_encoded_bytes()
            .strip_prefix(prefix.as_encoded_bytes());
        // What comes after it is tempfile's; else it is another target's, or no draft.
        let is_random = |rest: &[u8]| rest.len() == 6 && rest.iter().all(u8::is_ascii_alphanumeric);
        if !rest.is_some_and(is_random) {
            continue;
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let _ = if is_folder {
            fs::remove_dir_all(entry.path())
        } else {
            fs::remove_file(entry.path())
        };
    }
}

/// The folder that a file or folder lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn drafts_of_others_and_everything_else_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let stay = [
            "file",
            ".bss2-draft-file",
            ".bss2-draft-file-2-Ab3Cd4",
            ".bss2-draft-fil-Ab3Cd4",
            ".bss2-draft-file-mybackup",
        ];
        for name in stay.iter().chain(&[".bss2-draft-file-Ab3Cd4"]) {
            fs::write(path(name), "").unwrap();
        }
        fs::create_dir(path(".bss2-draft-file-uvwxyz")).unwrap();
        fs::write(path(".bss2-draft-file-uvwxyz/within"), "").unwrap();
        remove_drafts(&path("file"));
        assert!(stay.iter().all(|name| path(name).exists()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), stay.len());
        remove_drafts(&path("nowhere/file"));
    }
}
