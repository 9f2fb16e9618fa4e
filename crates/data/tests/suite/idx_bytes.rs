//! Writes IDX files for the tests.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

/// The header of an array of unsigned bytes.
pub(crate) fn header(shape: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, shape.len() as u8];
    bytes.extend(shape.iter().flat_map(|side| side.to_be_bytes()));
    bytes
}

/// A complete file.
pub(crate) fn idx(shape: &[u32], data: &[u8]) -> Vec<u8> {
    [header(shape), data.to_vec()].concat()
}

/// Three images of two rows and four columns: a small file with nothing special about it.
pub(crate) fn three_images() -> Vec<u8> {
    let data: Vec<u8> = (0..24).map(|i| i * 10).collect();
    idx(&[3, 2, 4], &data)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
