//! Files of text that people write.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::ExperimentError;

/// Longest file of text that is read, in bytes: 1 MiB. What reads TOML takes up to 128 times as much
/// memory.
pub const TEXT_BYTES_MAX: u64 = 1 << 20;

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
    let mut text = String::new();
    // A pipe does not tell how long it is; one byte more is enough to see that.
    let file = File::open(path)?.take(TEXT_BYTES_MAX + 1);
    BufReader::new(file).read_to_string(&mut text)?;
    if text.len() as u64 > TEXT_BYTES_MAX {
        let why = format!("it is longer than the {TEXT_BYTES_MAX} bytes that are read at most");
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    Ok(text)
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
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(TEXT_BYTES_MAX + 1).unwrap();
        let refused = read_text(&path).unwrap_err().to_string();
        assert!(refused.contains("longer than the 1048576"), "{refused}");
        let refused = read_text(folder.path()).unwrap_err();
        assert!(matches!(refused, ExperimentError::Read { .. }), "{refused}");
    }
}
