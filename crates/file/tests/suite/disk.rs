//! What saving does to a folder, and loading from what is not there.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use bss2_file::{ContentError, FileError, load, save};

use crate::sample::{SAMPLE, Sample, Stubborn, small};

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn an_earlier_file_is_replaced_whatever_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value");
    fs::write(&path, vec![b'x'; 100_000]).unwrap();
    for value in [1_u64, 2] {
        save(&path, SAMPLE, &value).unwrap();
        assert_eq!(load::<u64>(&path, SAMPLE).unwrap(), value);
    }
    assert_eq!(names(folder.path()), ["value"]);
}

/// Who has the old file open keeps it: it is replaced, not written over.
#[cfg(unix)]
#[test]
fn a_reader_keeps_the_file_it_has_opened() {
    use std::io::Read;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value");
    save(&path, SAMPLE, &1_u64).unwrap();
    let old = fs::read(&path).unwrap();
    let mut reader = fs::File::open(&path).unwrap();
    save(&path, SAMPLE, &2_u64).unwrap();
    let mut found = Vec::new();
    reader.read_to_end(&mut found).unwrap();
    assert_eq!(found, old);
}

#[test]
fn a_value_that_cannot_be_stored_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value");
    for expected in [&[][..], &["value"]] {
        let error = save(&path, SAMPLE, &Stubborn).unwrap_err();
        assert!(error.to_string().contains("out of tune"), "{error}");
        assert!(matches!(
            error,
            FileError::Content {
                error: ContentError::Encode { .. },
                ..
            }
        ));
        assert_eq!(names(folder.path()), expected);
        save(&path, SAMPLE, &small()).unwrap();
    }
    assert_eq!(load::<Sample>(&path, SAMPLE).unwrap(), small());
}

#[test]
fn a_missing_folder_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("value");
    let error = save(&path, SAMPLE, &1_u64).unwrap_err();
    assert!(matches!(
        error,
        FileError::Io {
            attempt: "written",
            kind: ErrorKind::NotFound,
            ..
        }
    ));
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_folder_is_neither_replaced_nor_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value");
    fs::create_dir(&path).unwrap();
    let expected = FileError::NotAFile { path: path.clone() };
    assert_eq!(save(&path, SAMPLE, &1_u64), Err(expected.clone()));
    assert_eq!(load::<u64>(&path, SAMPLE), Err(expected));
    assert!(path.is_dir());
    assert_eq!(names(folder.path()), ["value"]);
}

/// The last step, renaming, fails: the draft, written by then, goes away.
#[cfg(unix)]
#[test]
fn a_name_that_only_a_folder_can_have_leaves_no_draft() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value/");
    let error = save(&path, SAMPLE, &1_u64).unwrap_err();
    assert!(matches!(error, FileError::Io { .. }), "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_its_file_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (link, file) = (folder.path().join("link"), folder.path().join("file"));
    std::os::unix::fs::symlink("file", &link).unwrap();
    let dangling = save(&link, SAMPLE, &1_u64).unwrap_err();
    assert!(matches!(dangling, FileError::Io { .. }), "{dangling}");
    assert_eq!(names(folder.path()), ["link"]);

    fs::write(&file, "").unwrap();
    save(&link, SAMPLE, &2_u64).unwrap();
    assert!(link.is_symlink());
    assert_eq!(load::<u64>(&file, SAMPLE).unwrap(), 2);
    assert_eq!(load::<u64>(&link, SAMPLE).unwrap(), 2);
}

#[cfg(unix)]
#[test]
fn devices_are_left_alone() {
    let path = Path::new("/dev/null");
    let expected = FileError::NotAFile { path: path.into() };
    assert_eq!(load::<u64>(path, SAMPLE), Err(expected.clone()));
    assert_eq!(save(path, SAMPLE, &1_u64), Err(expected));
}

#[cfg(unix)]
#[test]
fn permissions_are_those_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let mode = |name: &str| {
        let metadata = fs::metadata(folder.path().join(name)).unwrap();
        metadata.permissions().mode()
    };
    fs::write(folder.path().join("any"), "").unwrap();
    save(&folder.path().join("value"), SAMPLE, &1_u64).unwrap();
    assert_eq!(mode("value"), mode("any"));
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value");
    let missing = load::<u64>(&path, SAMPLE).unwrap_err();
    assert!(matches!(
        missing,
        FileError::Io {
            attempt: "read",
            kind: ErrorKind::NotFound,
            ..
        }
    ));
    fs::write(&path, "").unwrap();
    let empty = load::<u64>(&path, SAMPLE).unwrap_err();
    assert!(matches!(
        empty,
        FileError::Content {
            error: ContentError::Truncated {
                expected: 44,
                found: 0
            },
            ..
        }
    ));
    save(&path, SAMPLE, &1_u64).unwrap();
    let other = load::<u32>(&path, SAMPLE).unwrap_err();
    for error in [missing, empty, other] {
        let message = error.to_string();
        assert!(message.starts_with(path.to_str().unwrap()), "{message}");
    }
}
