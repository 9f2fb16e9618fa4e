//! Bytes that nobody has saved: an error, no panic, no memory claimed on their word.

use bss2_file::{ContentError, MAX_CONTENT_BYTES, decode, encode, load};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::sample::{Bytes, Raw, SAMPLE, Sample};

proptest! {
    #[test]
    fn any_bytes(bytes in any::<Vec<u8>>()) {
        prop_assert!(decode::<Sample>(SAMPLE, &bytes).is_err());
    }

    #[test]
    fn any_bytes_after_the_magic(bytes in any::<Vec<u8>>()) {
        let bytes = [b"\x89BSS2\r\n\x1a\x01\0\0\0", bytes.as_slice()].concat();
        prop_assert!(decode::<Sample>(SAMPLE, &bytes).is_err());
    }

    /// Behind a header that is right, some contents are values; only these may be read.
    #[test]
    fn any_content(content in any::<Vec<u8>>()) {
        let bytes = encode(SAMPLE, &Raw(content)).unwrap();
        if let Ok(sample) = decode::<Sample>(SAMPLE, &bytes) {
            prop_assert_eq!(encode(SAMPLE, &sample).unwrap().len(), bytes.len());
        }
        if let Ok(words) = decode::<Vec<u16>>(SAMPLE, &bytes) {
            prop_assert_eq!(encode(SAMPLE, &words).unwrap(), bytes);
        }
    }
}

/// A type that holds itself.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Chain {
    End,
    Link(Box<Chain>),
}

#[test]
fn a_chain_without_end() {
    let chain = |links: usize| {
        let variant = |number: u32| number.to_le_bytes();
        let content = [vec![variant(1); links], vec![variant(0)]].concat();
        let content = content.concat();
        decode::<Chain>(SAMPLE, &encode(SAMPLE, &Raw(content)).unwrap())
    };
    let three = (0..3).fold(Chain::End, |chain, _| Chain::Link(Box::new(chain)));
    assert_eq!(chain(3), Ok(three));
    assert!(chain(100).is_ok());
    for links in [1000, 10_000_000] {
        assert!(matches!(chain(links), Err(ContentError::Decode { .. })));
    }
}

fn claiming(content_bytes: u64) -> Vec<u8> {
    let mut bytes = encode(SAMPLE, &7_u8).unwrap();
    bytes[32..40].copy_from_slice(&content_bytes.to_le_bytes());
    bytes
}

#[test]
fn a_header_that_promises_much() {
    let max = MAX_CONTENT_BYTES as u64;
    for bytes in [max + 1, u64::MAX - 43, u64::MAX] {
        assert_eq!(
            decode::<u8>(SAMPLE, &claiming(bytes)),
            Err(ContentError::TooLarge { bytes, max })
        );
    }
    assert_eq!(
        decode::<u8>(SAMPLE, &claiming(max)),
        Err(ContentError::Truncated {
            expected: 44 + max,
            found: 45
        })
    );
}

/// As above, but the file is as long as promised (and takes no room on disk): it is not even read.
#[test]
fn a_file_that_is_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long");
    let too_much = 1 << 50;
    std::fs::write(&path, claiming(too_much)).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    // Not every file system has files of that length; then a short one has to do.
    let _ = file.set_len(44 + too_much);
    let error = load::<u8>(&path, SAMPLE).unwrap_err();
    assert!(error.to_string().contains("at most 268435456"), "{error}");
}

/// Lengths within the content: bincode believes none that exceeds the limit, serde's sequences
/// claim memory in small portions.
#[test]
fn a_content_that_promises_much() {
    for length in [1_u64 << 40, u64::MAX] {
        let bytes = encode(SAMPLE, &length).unwrap();
        for error in [
            decode::<String>(SAMPLE, &bytes).unwrap_err(),
            decode::<Vec<f64>>(SAMPLE, &bytes).unwrap_err(),
            decode::<Vec<String>>(SAMPLE, &bytes).unwrap_err(),
            decode::<Sample>(SAMPLE, &bytes).unwrap_err(),
        ] {
            assert!(matches!(error, ContentError::Decode { .. }), "{error}");
        }
    }
}

#[test]
fn a_value_that_is_too_large() {
    // Zeros that are never touched.
    let value = Bytes(vec![0; MAX_CONTENT_BYTES]);
    assert_eq!(
        encode(SAMPLE, &value),
        Err(ContentError::TooLarge {
            bytes: MAX_CONTENT_BYTES as u64 + 8,
            max: MAX_CONTENT_BYTES as u64
        })
    );
}
