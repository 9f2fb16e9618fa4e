//! The exact bytes of a file. If this test fails, existing files can no longer be read: then the
//! header's version, or that of every format, must change, and the changelog must say so.

use bss2_file::{decode, encode};

use crate::sample::{SAMPLE, Sample, small};

#[rustfmt::skip]
const SMALL: &[u8] = &[
    0x89, b'B', b'S', b'S', b'2', b'\r', b'\n', 0x1a,
    1, 0, 0, 0,                                                       // header version
    b's', b'a', b'm', b'p', b'l', b'e', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // kind
    3, 0, 0, 0,                                                       // format version
    86, 0, 0, 0, 0, 0, 0, 0,                                          // length
    0x8c, 0xa6, 0xdc, 0x30,                                           // CRC-32, computed by zlib
    2, 0, 0, 0, 0, 0, 0, 0, 0xc2, 0xb5,                               // name
    2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff,       // codes
    1, 0,                                                             // ok
    1, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f,                                  // residual
    3, 0, 0, 0, 0, 0, 0, 0,                                           // modes
    0, 0, 0, 0,
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf,
    2, 0, 0, 0, 3, 0, 0x90, 1,
    1, 0, 0, 0, 0, 0, 0, 0, b'a', 7, 0, 0, 0, 0, 0, 0, 0,             // counts
];

#[test]
fn of_a_small_file_is_pinned() {
    assert_eq!(encode(SAMPLE, &small()).unwrap(), SMALL);
    assert_eq!(decode::<Sample>(SAMPLE, SMALL).unwrap(), small());
}
