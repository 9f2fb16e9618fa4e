//! Files: read with limits, replaced as a whole.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use crate::draft::{draft_prefix, folder_of};
use crate::header::Header;
use crate::{ContentError, FileError, Format, content};

/// Writes `value` to the file at `path`, in a folder that exists.
///
/// An earlier file is replaced in one step: whoever reads it, even after a crash, finds the old
/// content or the new. The new file has ordinary permissions. A link stays, the file it leads to is
/// replaced.
///
/// # Errors
/// [`FileError::Content`] if the value cannot be stored, [`FileError::NotAFile`] if a folder or
/// device is in its place, [`FileError::Io`] if the system refuses. An earlier file is then as it
/// was, and nothing else is left behind.
pub fn save<T>(path: &Path, format: Format, value: &T) -> Result<(), FileError>
where
    T: Serialize + ?Sized,
{
    let bytes = content::encode(format, value).map_err(|e| content_error(path, e))?;
    replace(path, &bytes)
}

/// Reads the value that [`save`] wrote to `path` with the same format.
///
/// Nothing is read beyond the header unless the file is as long as that promises.
///
/// # Errors
/// [`FileError::Io`] if the system cannot deliver the file, [`FileError::NotAFile`] if it is a
/// folder or device, [`FileError::Content`] if it does not hold such a value, or not intact.
pub fn load<T: DeserializeOwned>(path: &Path, format: Format) -> Result<T, FileError> {
    let bytes = read(path)?;
    content::decode(format, &bytes).map_err(|e| content_error(path, e))
}

fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let failed = |e| io_error(path, "read", &e);
    // Before it is opened: that would wait for the other end of a pipe.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(not_a_file(path));
    }
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();

    let mut bytes = Vec::new();
    let mut head = (&file).take(Header::BYTES as u64);
    head.read_to_end(&mut bytes).map_err(failed)?;
    let content_bytes = Header::split(&bytes)
        .and_then(|(header, _)| {
            header.check_length(length)?;
            Ok(header.content_bytes())
        })
        .map_err(|e| content_error(path, e))?;
    // The file may grow meanwhile; one byte more is enough to see that.
    let mut rest = file.take(content_bytes + 1);
    rest.read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Writes bytes, of whatever format, to the file at `path`, as [`save`] does with a value.
///
/// # Errors
/// [`FileError::NotAFile`] if a folder or device is in its place, [`FileError::Io`] if the system
/// refuses. An earlier file is then as it was, and nothing else is left behind.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |e| io_error(path, "written", &e);
    let target = if path.is_symlink() {
        path.canonicalize().map_err(failed)?
    } else {
        path.to_owned()
    };
    match fs::metadata(&target) {
        Ok(found) if !found.is_file() => return Err(not_a_file(path)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        Ok(_) | Err(_) => {}
    }
    let mut draft = tempfile::Builder::new()
        .prefix(&draft_prefix(&target))
        // tempfile's own files are for their owner only.
        .make_in(folder_of(&target), |draft| File::create_new(draft))
        .map_err(failed)?;
    let file = draft.as_file_mut();
    file.write_all(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    draft.persist(&target).map_err(|e| failed(e.error))?;
    Ok(())
}

fn content_error(path: &Path, error: ContentError) -> FileError {
    FileError::Content {
        path: path.to_owned(),
        error,
    }
}

fn not_a_file(path: &Path) -> FileError {
    FileError::NotAFile {
        path: path.to_owned(),
    }
}

fn io_error(path: &Path, attempt: &'static str, error: &io::Error) -> FileError {
    FileError::Io {
        path: path.to_owned(),
        attempt,
        kind: error.kind(),
        message: error.to_string(),
    }
}
