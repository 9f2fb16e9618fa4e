//! What is written is what is read.

use std::io::{self, ErrorKind, Read};

use bss2_data::{read_idx_images, read_idx_labels};
use proptest::prelude::*;

use crate::idx_bytes::{gzip, idx};

proptest! {
    #[test]
    fn images_survive(
        (shape, data) in (1_u32..8, 1_u32..8, 1_u32..8).prop_flat_map(|(count, height, width)| {
            let len = (count * height * width) as usize;
            (Just([count, height, width]), prop::collection::vec(any::<u8>(), len))
        }),
    ) {
        let file = idx(&shape, &data);
        let plain = read_idx_images(&file[..], "plain").unwrap();
        prop_assert_eq!(plain.shape(), shape.map(|side| side as usize));
        prop_assert_eq!(plain.data(), &data);
        prop_assert_eq!(plain.count(), shape[0] as usize);
        let zipped = read_idx_images(&gzip(&file)[..], "gzip").unwrap();
        prop_assert_eq!(zipped, plain);
    }

    #[test]
    fn labels_survive(labels in prop::collection::vec(any::<u8>(), 1..300)) {
        let file = idx(&[labels.len() as u32], &labels);
        let plain = read_idx_labels(&file[..], "plain").unwrap();
        prop_assert_eq!(plain.shape(), [labels.len()]);
        prop_assert_eq!(plain.data(), &labels);
        prop_assert_eq!(read_idx_labels(&gzip(&file)[..], "gzip").unwrap(), plain);
    }
}

#[test]
fn several_gzip_streams_in_a_row_are_one_file() {
    let file = idx(&[2, 1, 2], &[1, 2, 3, 4]);
    for cut in [1, 10, 16, 18] {
        let parts = [gzip(&file[..cut]), gzip(&file[cut..])].concat();
        let array = read_idx_images(&parts[..], "parts").unwrap();
        assert_eq!(array.data(), [1, 2, 3, 4], "cut at {cut}");
    }
}

#[test]
fn a_slow_and_interrupted_reader_delivers_the_same() {
    let file = idx(&[2, 1, 2], &[1, 2, 3, 4]);
    for bytes in [file.clone(), gzip(&file)] {
        let slow = Slow {
            bytes: &bytes,
            interrupted: false,
        };
        assert_eq!(read_idx_images(slow, "slow").unwrap().data(), [1, 2, 3, 4]);
    }
}

/// One byte at a time, with an interruption before each.
struct Slow<'a> {
    bytes: &'a [u8],
    interrupted: bool,
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(ErrorKind::Interrupted.into());
        }
        let count = buffer.len().min(1);
        self.bytes.read(&mut buffer[..count])
    }
}
