//! A small data set in IDX files, learned in a moment.

use std::path::Path;
use std::{fs, io};

use bss2_experiments::Settings;

/// An IDX file of unsigned bytes.
pub(crate) fn idx(shape: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, shape.len() as u8];
    bytes.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(data);
    bytes
}

/// Images of 5 × 4 pixels in three classes, each with its own bright row.
pub(crate) fn write_part(folder: &Path, prefix: &str, count: u32) -> io::Result<()> {
    let labels: Vec<u8> = (0..count).map(|i| (i % 3) as u8).collect();
    let pixels: Vec<u8> = (0..count)
        .flat_map(|i| {
            (0..20_u32).map(move |p| {
                let bright = p / 4 == i % 3 + 1;
                let texture = (i.wrapping_mul(31) + p.wrapping_mul(17)) % 60;
                (if bright { 180 } else { 10 } + texture) as u8
            })
        })
        .collect();
    let name = |what: &str| folder.join(format!("{prefix}-{what}-ubyte"));
    fs::write(name("images-idx3"), idx(&[count, 5, 4], &pixels))?;
    fs::write(name("labels-idx1"), idx(&[count], &labels))
}

/// A folder with training and test samples.
pub(crate) fn write() -> io::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    write_part(folder.path(), "train", 600)?;
    write_part(folder.path(), "t10k", 90)?;
    Ok(folder)
}

/// Settings for a number of chips that learn the set in `folder`.
pub(crate) fn settings(folder: &tempfile::TempDir, chips: usize) -> Settings {
    Settings {
        data: Some(folder.path().to_owned()),
        chips: Some(chips),
        ..Settings::default()
    }
}
