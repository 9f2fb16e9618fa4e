//! Damaged, dishonest and endless IDX files: each must end in a typed error, soon and in little
//! memory.

use std::io::{self, ErrorKind, Read};

use bss2_data::{DataError, read_idx_images, read_idx_labels};
use proptest::prelude::*;

use crate::idx_bytes::{gzip, header, idx, three_images};

#[test]
fn truncation_at_every_byte_is_reported_with_both_lengths() {
    let whole = three_images();
    for cut in 0..whole.len() {
        let error = read_idx_images(&whole[..cut], "cut").unwrap_err();
        let DataError::IdxTruncated {
            file,
            expected,
            found,
        } = &error
        else {
            panic!("{cut} bytes: {error}");
        };
        let due = if cut < 16 { 16 } else { whole.len() };
        assert_eq!((file.as_str(), *expected, *found), ("cut", due, cut));
    }
}

#[test]
fn gzip_truncated_at_every_byte_is_an_error() {
    let whole = gzip(&three_images());
    for cut in 0..whole.len() {
        let error = read_idx_images(&whole[..cut], "cut").unwrap_err();
        match cut {
            0 | 1 => assert!(
                matches!(error, DataError::IdxTruncated { .. }),
                "{cut}: {error}"
            ),
            _ => assert!(matches!(error, DataError::Gzip { .. }), "{cut}: {error}"),
        }
    }
}

#[test]
fn every_flipped_header_bit_is_an_error() {
    let whole = three_images();
    for byte in 0..16 {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1 << bit;
            let error = read_idx_images(&damaged[..], "flipped").unwrap_err();
            let expected = match byte {
                0 | 1 => matches!(error, DataError::IdxMagic { .. }),
                2 => matches!(error, DataError::IdxElementType { .. }),
                3 => matches!(error, DataError::IdxRank { .. }),
                _ => matches!(
                    error,
                    DataError::IdxTruncated { .. }
                        | DataError::IdxTrailing { .. }
                        | DataError::IdxEmpty { .. }
                ),
            };
            assert!(expected, "byte {byte}, bit {bit}: {error}");
        }
    }
}

#[test]
fn flipped_bits_in_gzip_never_change_the_content() {
    let content = read_idx_images(&three_images()[..], "plain").unwrap();
    let whole = gzip(&three_images());
    let mut errors = 0;
    for byte in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1 << bit;
            match read_idx_images(&damaged[..], "flipped") {
                Ok(read) => assert_eq!(read, content, "byte {byte}, bit {bit}"),
                Err(_) => errors += 1,
            }
        }
    }
    // The bits that do not matter are the time stamp, compression level and system in the header.
    assert!(
        errors >= 8 * (whole.len() - 10),
        "{errors} of {} bits",
        8 * whole.len()
    );
}

#[test]
fn trailing_bytes_are_refused() {
    let mut longer = three_images();
    longer.push(0);
    for bytes in [longer.clone(), gzip(&longer)] {
        let error = read_idx_images(&bytes[..], "longer").unwrap_err();
        assert!(
            matches!(error, DataError::IdxTrailing { expected: 40, .. }),
            "{error}"
        );
    }
}

#[test]
fn bytes_after_a_gzip_stream_are_refused() {
    let mut longer = gzip(&three_images());
    longer.extend(b"junk");
    let error = read_idx_images(&longer[..], "longer").unwrap_err();
    assert!(matches!(error, DataError::Gzip { .. }), "{error}");
}

#[test]
fn zero_dimensions_are_refused() {
    for shape in [[0, 2, 4], [3, 0, 4], [3, 2, 0], [0, u32::MAX, u32::MAX]] {
        let error = read_idx_images(&header(&shape)[..], "empty").unwrap_err();
        assert!(matches!(error, DataError::IdxEmpty { .. }), "{error}");
    }
    let error = read_idx_labels(&header(&[0])[..], "empty").unwrap_err();
    assert!(matches!(error, DataError::IdxEmpty { .. }), "{error}");
}

#[test]
fn overflowing_dimensions_are_refused() {
    for shape in [[u32::MAX; 3], [1 << 31, 1 << 31, 2], [1 << 31, 1 << 31, 4]] {
        let error = read_idx_images(&idx(&shape, &[1; 8])[..], "huge").unwrap_err();
        assert!(matches!(error, DataError::IdxTooLarge { .. }), "{error}");
    }
}

/// No machine can reserve 4 EiB: this passes only if the header's promise reserves nothing.
#[cfg(target_pointer_width = "64")]
#[test]
fn a_promise_reserves_no_memory() {
    let promise = idx(&[1 << 31, 1 << 31, 1], &[1; 8]);
    for bytes in [promise.clone(), gzip(&promise)] {
        let error = read_idx_images(&bytes[..], "promise").unwrap_err();
        let DataError::IdxTruncated {
            expected, found, ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!((expected, found), ((1 << 62) + 16, 24));
    }
}

#[test]
fn an_endless_file_is_left_after_its_promised_end() {
    let endless = io::Cursor::new(three_images()).chain(io::repeat(0));
    let error = read_idx_images(endless, "endless").unwrap_err();
    assert!(
        matches!(error, DataError::IdxTrailing { expected: 40, .. }),
        "{error}"
    );
}

/// A gzip bomb without end: one compressed stream after another.
#[test]
fn an_endless_gzip_stream_is_left_after_its_promised_end() {
    let mut bomb = Counted {
        inner: io::Cursor::new(gzip(&three_images())).chain(Cycle::new(gzip(&vec![0; 100_000]))),
        bytes: 0,
    };
    let error = read_idx_images(&mut bomb, "bomb").unwrap_err();
    assert!(
        matches!(error, DataError::IdxTrailing { expected: 40, .. }),
        "{error}"
    );
    assert!(
        bomb.bytes < 1 << 20,
        "{} compressed bytes were read",
        bomb.bytes
    );
}

#[test]
fn failures_of_the_reader_are_passed_on() {
    for (start, whole) in [
        (0, three_images()),
        (17, three_images()),
        (12, gzip(&three_images())),
    ] {
        let failing = whole[..start].chain(Failing);
        let error = read_idx_images(failing, "disk").unwrap_err();
        let DataError::Io { file, source } = error else {
            panic!("after {start} bytes: {error}");
        };
        assert_eq!(
            (file.as_str(), source.kind()),
            ("disk", ErrorKind::PermissionDenied)
        );
    }
}

#[test]
fn images_and_labels_are_not_taken_for_each_other() {
    let labels = idx(&[4], &[0, 1, 2, 3]);
    assert!(matches!(
        read_idx_images(&labels[..], "labels"),
        Err(DataError::IdxRank {
            expected: 3,
            found: 1,
            ..
        })
    ));
    assert!(matches!(
        read_idx_labels(&three_images()[..], "images"),
        Err(DataError::IdxRank {
            expected: 1,
            found: 3,
            ..
        })
    ));
}

#[test]
fn gzip_within_gzip_is_not_unpacked() {
    let twice = gzip(&gzip(&three_images()));
    let error = read_idx_images(&twice[..], "twice").unwrap_err();
    assert!(
        matches!(
            error,
            DataError::IdxMagic {
                found: [0x1f, 0x8b],
                ..
            }
        ),
        "{error}"
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        start in prop_oneof![
            Just(vec![]),
            Just(vec![0, 0, 8, 3]),
            Just(vec![0, 0, 8, 1]),
            Just(vec![0x1f, 0x8b]),
            Just(vec![0x1f, 0x8b, 8, 0]),
        ],
        rest in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let bytes = [start, rest].concat();
        for read in [read_idx_images(&bytes[..], "noise"), read_idx_labels(&bytes[..], "noise")] {
            match read {
                Ok(array) => prop_assert_eq!(array.shape().iter().product::<usize>(), array.data().len()),
                Err(error) => prop_assert!(!error.to_string().contains('\n')),
            }
        }
    }
}

/// Counts the bytes taken from a reader.
struct Counted<R> {
    inner: R,
    bytes: usize,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count;
        Ok(count)
    }
}

/// Yields the same bytes over and over.
struct Cycle {
    bytes: Vec<u8>,
    next: usize,
}

impl Cycle {
    fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, next: 0 }
    }
}

impl Read for Cycle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.next..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.next = (self.next + count) % self.bytes.len();
        Ok(count)
    }
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::PermissionDenied.into())
    }
}
