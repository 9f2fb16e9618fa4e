//! What is saved is what is loaded.

use bss2_file::{Format, decode, encode, load, save};
use proptest::prelude::*;

use crate::sample::{SAMPLE, Sample, any_sample, small};

proptest! {
    #[test]
    fn in_memory(sample in any_sample()) {
        let bytes = encode(SAMPLE, &sample).unwrap();
        prop_assert_eq!(decode::<Sample>(SAMPLE, &bytes).unwrap(), sample);
    }

    #[test]
    fn of_floats_to_the_last_bit(bits in any::<Vec<u64>>()) {
        let floats: Vec<f64> = bits.iter().map(|&b| f64::from_bits(b)).collect();
        let bytes = encode(SAMPLE, &floats).unwrap();
        let found: Vec<f64> = decode(SAMPLE, &bytes).unwrap();
        let found: Vec<u64> = found.into_iter().map(f64::to_bits).collect();
        prop_assert_eq!(found, bits);
    }
}

#[test]
fn through_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample");
    save(&path, SAMPLE, &small()).unwrap();
    assert_eq!(load::<Sample>(&path, SAMPLE).unwrap(), small());
    assert_eq!(
        std::fs::read(&path).unwrap(),
        encode(SAMPLE, &small()).unwrap()
    );
}

#[test]
fn of_nothing_and_of_the_longest_kind() {
    let format = Format::new("0123456789-abcde", u32::MAX);
    assert_eq!(format.kind().len(), Format::MAX_KIND_BYTES);
    let bytes = encode(format, &()).unwrap();
    assert_eq!(bytes.len(), 44);
    decode::<()>(format, &bytes).unwrap();
}

#[test]
fn of_unsized_values() {
    let bytes = encode(SAMPLE, [1_u8, 2].as_slice()).unwrap();
    assert_eq!(decode::<Vec<u8>>(SAMPLE, &bytes).unwrap(), [1, 2]);
    let bytes = encode(SAMPLE, "text").unwrap();
    assert_eq!(decode::<String>(SAMPLE, &bytes).unwrap(), "text");
}
