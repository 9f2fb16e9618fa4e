//! The IDX file format: arrays of unsigned bytes.

use std::io::{self, Cursor, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

use crate::DataError;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTE: u8 = 0x08;
const IMAGE_RANK: u8 = 3;
const LABEL_RANK: u8 = 1;

/// The content of an IDX file: bytes in row-major order (the last dimension runs fastest).
///
/// There is at least one element, and as many as the product of the dimensions says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxArray {
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl IdxArray {
    /// The dimensions: `[images, height, width]` for images, `[labels]` for labels, each at least 1.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements, as many as the product of [`shape`](Self::shape).
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The first dimension: number of images or labels.
    pub fn count(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }
}

/// Reads images (three dimensions) from a complete IDX file, plain or gzip.
///
/// Which of the two it is shows in the first bytes. `file` names the source in errors. Memory use
/// follows the bytes that really arrive, whatever the header promises, and reading stops one byte
/// after the promised end, however much a compressed stream would go on to yield. The checksum of a
/// gzip stream is verified.
///
/// The format (Y. `LeCun`'s for MNIST): two zero bytes, the element type (`08`, unsigned byte), the
/// number of dimensions, each dimension as a big-endian `u32`, then the elements.
///
/// ```
/// let bytes = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20];
/// let images = bss2_data::read_idx_images(&bytes[..], "two pixels")?;
/// assert_eq!((images.shape(), images.data()), (&[1, 1, 2][..], &[10, 20][..]));
/// # Ok::<(), bss2_data::DataError>(())
/// ```
///
/// # Errors
///
/// [`DataError::Io`], [`DataError::Gzip`], [`DataError::IdxMagic`], [`DataError::IdxElementType`],
/// [`DataError::IdxRank`], [`DataError::IdxEmpty`], [`DataError::IdxTooLarge`],
/// [`DataError::IdxTruncated`] or [`DataError::IdxTrailing`].
pub fn read_idx_images(reader: impl Read, file: &str) -> Result<IdxArray, DataError> {
    read_idx(reader, file, IMAGE_RANK)
}

/// Reads labels (one dimension) from a complete IDX file, plain or gzip.
///
/// See [`read_idx_images`] for the format and the care taken.
///
/// # Errors
///
/// As [`read_idx_images`].
pub fn read_idx_labels(reader: impl Read, file: &str) -> Result<IdxArray, DataError> {
    read_idx(reader, file, LABEL_RANK)
}

fn read_idx(mut reader: impl Read, file: &str, rank: u8) -> Result<IdxArray, DataError> {
    let mut start = Vec::new();
    let limit = GZIP_MAGIC.len() as u64;
    reader
        .by_ref()
        .take(limit)
        .read_to_end(&mut start)
        .map_err(|source| io_error(file, source))?;
    if start == GZIP_MAGIC {
        let whole = MultiGzDecoder::new(Cursor::new(start).chain(reader));
        parse(whole, file, rank, gzip_error)
    } else {
        parse(Cursor::new(start).chain(reader), file, rank, io_error)
    }
}

/// Reads the uncompressed file; `read_error` says what a failure to read means.
fn parse(
    mut reader: impl Read,
    file: &str,
    rank: u8,
    read_error: fn(&str, io::Error) -> DataError,
) -> Result<IdxArray, DataError> {
    let header_len = 4 + 4 * usize::from(rank);
    let mut header = Vec::new();
    reader
        .by_ref()
        .take(header_len as u64)
        .read_to_end(&mut header)
        .map_err(|source| read_error(file, source))?;
    check_start(&header, file, rank)?;
    if header.len() < header_len {
        return Err(DataError::IdxTruncated {
            file: file.to_owned(),
            expected: header_len,
            found: header.len(),
        });
    }

    let shape = dimensions(&header[4..]);
    let (data_len, file_len) = lengths(&shape, header_len, file)?;
    // The vector grows with what arrives: the header's promise alone reserves nothing.
    let mut data = Vec::new();
    reader
        .take(data_len as u64 + 1)
        .read_to_end(&mut data)
        .map_err(|source| read_error(file, source))?;
    if data.len() < data_len {
        return Err(DataError::IdxTruncated {
            file: file.to_owned(),
            expected: file_len,
            found: header_len + data.len(),
        });
    }
    if data.len() > data_len {
        return Err(DataError::IdxTrailing {
            file: file.to_owned(),
            expected: file_len,
        });
    }
    Ok(IdxArray { shape, data })
}

/// Checks as much of the first four bytes as there is: that a file is of the wrong kind says more
/// than that it is too short.
fn check_start(header: &[u8], file: &str, rank: u8) -> Result<(), DataError> {
    if let [first, second, ..] = *header
        && (first, second) != (0, 0)
    {
        return Err(DataError::IdxMagic {
            file: file.to_owned(),
            found: [first, second],
        });
    }
    if let [_, _, found, ..] = *header
        && found != UNSIGNED_BYTE
    {
        return Err(DataError::IdxElementType {
            file: file.to_owned(),
            found,
        });
    }
    if let [_, _, _, found, ..] = *header
        && found != rank
    {
        return Err(DataError::IdxRank {
            file: file.to_owned(),
            expected: rank,
            found,
        });
    }
    Ok(())
}

fn dimensions(bytes: &[u8]) -> Vec<usize> {
    let (words, _) = bytes.as_chunks::<4>();
    words
        .iter()
        .map(|&word| u32::from_be_bytes(word) as usize)
        .collect()
}

/// The lengths in bytes of the data and of the whole file.
fn lengths(shape: &[usize], header_len: usize, file: &str) -> Result<(usize, usize), DataError> {
    if shape.contains(&0) {
        return Err(DataError::IdxEmpty {
            file: file.to_owned(),
            shape: shape.to_vec(),
        });
    }
    let data_len = shape
        .iter()
        .try_fold(1_usize, |product, &side| product.checked_mul(side));
    let file_len = data_len.and_then(|len| len.checked_add(header_len));
    match (data_len, file_len) {
        (Some(data_len), Some(file_len)) if isize::try_from(file_len).is_ok() => {
            Ok((data_len, file_len))
        }
        _ => Err(DataError::IdxTooLarge {
            file: file.to_owned(),
            shape: shape.to_vec(),
        }),
    }
}

fn io_error(file: &str, source: io::Error) -> DataError {
    DataError::Io {
        file: file.to_owned(),
        source,
    }
}

/// Tells damage to a gzip stream from a failure to read it.
fn gzip_error(file: &str, source: io::Error) -> DataError {
    match source.kind() {
        ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
            DataError::Gzip {
                file: file.to_owned(),
                source,
            }
        }
        _ => io_error(file, source),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn dimensions_are_big_endian() {
        assert_eq!(
            dimensions(&[0, 0, 0x27, 0x10, 1, 2, 3, 4]),
            [10_000, 0x0102_0304]
        );
    }

    #[test]
    fn a_wrong_start_outranks_a_short_file() {
        let error = |bytes: &[u8]| read_idx_images(bytes, "f").unwrap_err();
        assert!(matches!(
            error(b"<!"),
            DataError::IdxMagic {
                found: [0x3c, 0x21],
                ..
            }
        ));
        assert!(matches!(
            error(&[0, 0, 0x0d]),
            DataError::IdxElementType { found: 0x0d, .. }
        ));
        assert!(matches!(
            error(&[0, 0, 8, 1]),
            DataError::IdxRank {
                expected: 3,
                found: 1,
                ..
            }
        ));
        assert!(matches!(
            error(&[0]),
            DataError::IdxTruncated {
                expected: 16,
                found: 1,
                ..
            }
        ));
        assert!(matches!(
            error(&[]),
            DataError::IdxTruncated {
                expected: 16,
                found: 0,
                ..
            }
        ));
    }

    #[test]
    fn messages_name_the_file_and_what_was_found() {
        let message = |bytes: &[u8]| read_idx_images(bytes, "dir/f").unwrap_err().to_string();
        assert_eq!(
            message(b"<!DOCTYPE"),
            "dir/f: expected an IDX file (first bytes 00 00) or gzip (1f 8b), found 3c 21"
        );
        assert_eq!(
            message(&[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 9, 9, 9]),
            "dir/f: expected 20 bytes, found 19: the file is cut short"
        );
    }
}
