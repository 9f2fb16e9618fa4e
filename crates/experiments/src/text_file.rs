//! Files of text that people write.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::ExperimentError;

/// Longest file of text that is read, in bytes: 16 MiB, enough for the names of 200,000 jobs. What
/// reads TOML takes up to 128 times as much memory.
pub const TEXT_BYTES_MAX: u64 = 16 << 20;

/// Reads a file of text: a chip, a network, a study.
///
/// # Errors
/// [`ExperimentError::Read`] if the system cannot deliver it, or if it is too long or no UTF-8.
pub fn read_text(path: &Path) -> Result<String, ExperimentError> {
    read(path).map_err(|source| ExperimentError::Read {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Path) -> io::Result<String> {
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut bytes = Vec::new();
    // A pipe does not tell how long it is; one byte more is enough to see that.
    File::open(path)?
        .take(TEXT_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        return Err(invalid(format!(
            "it is longer than the {TEXT_BYTES_MAX} bytes that are read at most"
        )));
    }
    String::from_utf8(bytes).map_err(|error| invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn folders_and_endless_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "seed = 1\n").unwrap();
        assert_eq!(read_text(&path).unwrap(), "seed = 1\n");
        // Cut within a character.
        fs::write(&path, "µ".repeat(TEXT_BYTES_MAX as usize / 2 + 1)).unwrap();
        let refused = read_text(&path).unwrap_err().to_string();
        assert!(refused.contains("longer than the 16777216"), "{refused}");
        let refused = read_text(folder.path()).unwrap_err();
        assert!(matches!(refused, ExperimentError::Read { .. }), "{refused}");
    }
}
