//! Files that are written only where nothing else is lost.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bss2_calibration::{CalibrationError, CalibrationResult};
use bss2_core::ChipIdentity;
use bss2_file::{ContentError, FileError};

use crate::ExperimentError;
use crate::report::{GENERATOR, Page};

/// Makes sure that a calibration can be written to a path later, and changes nothing yet: there may
/// be nothing, or an earlier calibration of the same chip, damaged or of another version as it may be.
pub(super) fn claim_calibration(path: &Path, chip: &ChipIdentity) -> Result<(), ExperimentError> {
    claim(path, "calibration", |path| {
        Ok(match CalibrationResult::load(path) {
            Ok(earlier) if earlier.chip != *chip => {
                return Err(ExperimentError::OtherChipsFile {
                    path: path.to_owned(),
                    calibrated: earlier.chip,
                });
            }
            Ok(_) => true,
            Err(CalibrationError::File(FileError::Content { error, .. })) => !matches!(
                error,
                ContentError::Foreign { .. }
                    | ContentError::OtherKind { .. }
                    | ContentError::OtherContainer { .. }
            ),
            Err(error) => return Err(error.into()),
        })
    })
}

/// Makes sure that a page can be written to a path later, and changes nothing yet: there may be
/// nothing, or an earlier page of ours.
pub(super) fn claim_page(path: &Path) -> Result<(), ExperimentError> {
    claim(path, "page of bss2", |path| {
        const HEAD_BYTES: u64 = 4096;
        let mut head = Vec::new();
        let file = File::open(path).map_err(|error| read_error(path, error))?;
        let read = file.take(HEAD_BYTES).read_to_end(&mut head);
        read.map_err(|error| read_error(path, error))?;
        Ok(String::from_utf8_lossy(&head).contains(GENERATOR))
    })
}

/// Writes a page; an earlier one is replaced as a whole or not at all.
pub(super) fn write_page(path: &Path, page: &Page) -> Result<(), ExperimentError> {
    Ok(bss2_file::replace(path, page.to_html().as_bytes())?)
}

fn claim(
    path: &Path,
    expected: &'static str,
    may_replace: impl Fn(&Path) -> Result<bool, ExperimentError>,
) -> Result<(), ExperimentError> {
    let target = through_links(path)?;
    match fs::metadata(&target) {
        Ok(found) if !found.is_file() || !may_replace(path)? => {
            return Err(ExperimentError::ForeignFile {
                path: path.to_owned(),
                expected,
            });
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(write_error(path, error));
        }
        Ok(_) | Err(_) => {}
    }
    // A file without a name: it cannot be left behind.
    tempfile::tempfile_in(folder_of(&target)).map_err(|error| write_error(path, error))?;
    Ok(())
}

/// A link stays, what it leads to is written.
fn through_links(path: &Path) -> Result<PathBuf, ExperimentError> {
    if path.is_symlink() {
        path.canonicalize().map_err(|e| write_error(path, e))
    } else {
        Ok(path.to_owned())
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_replace_pages_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        claim_page(&path).unwrap();
        write_page(&path, &Page::new("t", "one")).unwrap();
        claim_page(&path).unwrap();
        write_page(&path, &Page::new("t", "two")).unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("two"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        fs::write(&path, "<html>my own</html>").unwrap();
        let refused = claim_page(&path).unwrap_err();
        assert!(matches!(refused, ExperimentError::ForeignFile { .. }));
        let refused = claim_page(folder.path()).unwrap_err();
        assert!(matches!(refused, ExperimentError::ForeignFile { .. }));
        let nowhere = folder.path().join("nowhere/page.html");
        let refused = claim_page(&nowhere).unwrap_err();
        assert!(matches!(refused, ExperimentError::Write { .. }));
    }

    #[test]
    fn calibrations_replace_what_was_one_even_if_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chip.calibration");
        claim_calibration(&path, &ChipIdentity::new("chip")).unwrap();
        bss2_file::save(&path, CalibrationResult::FORMAT, &1_u8).unwrap();
        claim_calibration(&path, &ChipIdentity::new("chip")).unwrap();
        for content in [
            &b"a,b\n1,2\n"[..],
            &bss2_file::encode(bss2_file::Format::new("twin", 1), &1_u8).unwrap(),
        ] {
            fs::write(&path, content).unwrap();
            let refused = claim_calibration(&path, &ChipIdentity::new("chip")).unwrap_err();
            assert!(matches!(refused, ExperimentError::ForeignFile { .. }));
            assert_eq!(fs::read(&path).unwrap(), content);
        }
    }
}
