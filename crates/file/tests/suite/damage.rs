//! Files that are not as they were written, or hold something else.

use bss2_file::{ContentError, Format, decode, encode};

use crate::sample::{SAMPLE, Sample, small};

fn read(bytes: &[u8]) -> Result<Sample, ContentError> {
    decode(SAMPLE, bytes)
}

#[test]
fn every_change_of_one_byte_is_refused() {
    let intact = encode(SAMPLE, &small()).unwrap();
    for position in 0..intact.len() {
        for flip in 1..=u8::MAX {
            let mut bytes = intact.clone();
            bytes[position] ^= flip;
            let error = read(&bytes).expect_err("a changed file was read");
            let expected = match position {
                0..8 => matches!(error, ContentError::Foreign { .. }),
                8..12 => matches!(error, ContentError::OtherContainer { supported: 1, .. }),
                32..40 => matches!(
                    error,
                    ContentError::Truncated { .. }
                        | ContentError::Trailing { .. }
                        | ContentError::TooLarge { .. }
                ),
                _ => matches!(error, ContentError::Checksum { .. }),
            };
            assert!(expected, "byte {position} ^ {flip:02x}: {error}");
        }
    }
}

#[test]
fn every_shorter_file_is_refused() {
    let intact = encode(SAMPLE, &small()).unwrap();
    for found in 0..intact.len() {
        let expected = if found < 44 { 44 } else { intact.len() };
        assert_eq!(
            read(&intact[..found]),
            Err(ContentError::Truncated {
                expected: expected as u64,
                found: found as u64
            })
        );
    }
}

#[test]
fn every_longer_file_is_refused() {
    let intact = encode(SAMPLE, &small()).unwrap();
    for more in [&[0][..], b"\n", &intact] {
        let bytes = [&intact, more].concat();
        assert_eq!(
            read(&bytes),
            Err(ContentError::Trailing {
                expected: intact.len() as u64,
                found: bytes.len() as u64
            })
        );
    }
}

#[test]
fn transfer_as_text_is_named() {
    let intact = encode(SAMPLE, &small()).unwrap();
    let unix = intact.iter().copied().filter(|&b| b != b'\r').collect();
    let dos = intact.iter().flat_map(|&b| match b {
        b'\n' => b"\r\n".to_vec(),
        _ => vec![b],
    });
    let utf8 = String::from_utf8_lossy(&intact).into_owned();
    let seven_bits = intact.iter().map(|b| b & 0x7f);
    for damaged in [
        unix,
        dos.collect(),
        utf8.into_bytes(),
        seven_bits.collect::<Vec<u8>>(),
    ] {
        let error = read(&damaged).unwrap_err();
        assert!(matches!(error, ContentError::Foreign { .. }), "{error}");
        assert!(error.to_string().contains("as text"), "{error}");
    }
}

#[test]
fn foreign_files_are_shown_escaped() {
    let error = read(b"\x1b[2J\"\xff").unwrap_err();
    assert_eq!(
        error,
        ContentError::Foreign {
            found: r#"\x1b[2J\"\xff"#.into()
        }
    );
    assert!(!error.to_string().contains(char::is_control));
}

#[test]
fn another_kind_is_named() {
    let bytes = encode(Format::new("samples", 3), &small()).unwrap();
    let error = read(&bytes).unwrap_err();
    assert_eq!(
        error,
        ContentError::OtherKind {
            expected: "sample",
            found: "samples".into()
        }
    );
    assert_eq!(error.to_string(), r#"holds "samples", not "sample""#);
}

/// A kind that this crate would not write, with a checksum that agrees.
#[test]
fn another_kind_is_shown_escaped() {
    let mut bytes = encode(SAMPLE, &small()).unwrap();
    bytes[12..16].copy_from_slice(b"\x1b\0\n\"");
    let Err(ContentError::Checksum { found, .. }) = read(&bytes) else {
        panic!("the checksum covers the kind");
    };
    bytes[40..44].copy_from_slice(&found.to_le_bytes());
    let error = read(&bytes).unwrap_err();
    assert_eq!(
        error,
        ContentError::OtherKind {
            expected: "sample",
            found: r#"\x1b\x00\n\"le"#.into()
        }
    );
    assert!(!error.to_string().contains(char::is_control));
}

#[test]
fn another_version_is_named_newer_or_older() {
    for (found, wording) in [(2, "an older version"), (4, "a newer version")] {
        let bytes = encode(Format::new("sample", found), &small()).unwrap();
        let error = read(&bytes).unwrap_err();
        assert_eq!(
            error,
            ContentError::OtherVersion {
                kind: "sample",
                expected: 3,
                found
            }
        );
        assert!(error.to_string().contains(wording), "{error}");
    }
}

#[test]
fn a_type_that_has_changed_is_refused() {
    let bytes = encode(SAMPLE, &(1_u32, 2_u32)).unwrap();
    assert_eq!(
        decode::<u32>(SAMPLE, &bytes),
        Err(ContentError::Unread { unread: 4 })
    );
    for error in [
        decode::<[u32; 3]>(SAMPLE, &bytes).unwrap_err(),
        decode::<[bool; 8]>(
            SAMPLE,
            &encode(SAMPLE, &[1_u8, 2, 0, 0, 0, 0, 0, 0]).unwrap(),
        )
        .unwrap_err(),
    ] {
        assert!(matches!(error, ContentError::Decode { .. }), "{error}");
        assert!(error.to_string().contains("has that changed?"), "{error}");
    }
}
