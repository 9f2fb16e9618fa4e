//! What must hold of whatever is read.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::kinds::Kind;

const MEBIBYTE: u64 = 1 << 20;

/// Reads a file, and looks at memory and panics meanwhile.
pub(crate) fn read(kind: &Kind, bytes: &[u8]) -> Result<Vec<u8>, String> {
    kind.put(bytes);
    let mut found = None;
    let memory = allocation_counter::measure(|| {
        found = Some(catch_unwind(AssertUnwindSafe(|| (kind.read)(kind, bytes))));
    });
    let found = found.expect("it was called");
    let found = found.unwrap_or_else(|_| panic!("{}: panics for {}", kind.name, kept(kind, bytes)));
    assert!(
        memory.bytes_max <= kind.bytes_per_byte * bytes.len() as u64 + MEBIBYTE,
        "{}: {} bytes of memory for {} bytes: {}",
        kind.name,
        memory.bytes_max,
        bytes.len(),
        kept(kind, bytes)
    );
    found
}

/// Holds the reader of a file that came to harm by accident: if that shows, it is told.
pub(crate) fn hold(kind: &Kind, bytes: &[u8], value: &[u8]) {
    match read(kind, bytes) {
        Err(message) => assert!(!message.is_empty()),
        Ok(found) => assert!(
            !kind.has_checksum || found == value,
            "{}: another value without a word: {}",
            kind.name,
            kept(kind, bytes)
        ),
    }
}

/// Holds the reader of a file that somebody made: any value may be in it.
pub(crate) fn hold_forged(kind: &Kind, bytes: &[u8]) {
    if let Err(message) = read(kind, bytes) {
        assert!(!message.is_empty());
    }
}

/// Keeps a file so that it can be tried again, and says where.
fn kept(kind: &Kind, bytes: &[u8]) -> String {
    let path = std::env::temp_dir().join(format!("bss2-hostile-{}", kind.name));
    match std::fs::write(&path, bytes) {
        Ok(()) => path.display().to_string(),
        Err(error) => error.to_string(),
    }
}
