//! What must hold of whatever is read.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::kinds::Kind;

/// Memory that reading may take.
const fn memory_max(bytes: usize) -> u64 {
    4 * bytes as u64 + (1 << 20)
}

/// Reads a file, and looks at memory and panics meanwhile.
pub(crate) fn read(kind: &Kind, bytes: &[u8]) -> Result<Vec<u8>, String> {
    kind.put(bytes);
    let mut found = None;
    let memory = allocation_counter::measure(|| {
        found = Some(catch_unwind(AssertUnwindSafe(|| (kind.read)(kind, bytes))));
    });
    let found = found.expect("it was called");
    let found = found.unwrap_or_else(|_| panic!("{}: panics for {}", kind.name, shown(bytes)));
    let content = kind.content_bytes(bytes);
    assert!(
        memory.bytes_max <= memory_max(content),
        "{}: {} bytes of memory for {} bytes: {}",
        kind.name,
        memory.bytes_max,
        bytes.len(),
        shown(bytes)
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
            shown(bytes)
        ),
    }
}

/// Holds the reader of a file that somebody made: any value may be in it.
pub(crate) fn hold_forged(kind: &Kind, bytes: &[u8]) {
    if let Err(message) = read(kind, bytes) {
        assert!(!message.is_empty());
    }
}

/// What is needed to try it again.
fn shown(bytes: &[u8]) -> String {
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = std::env::temp_dir().join("bss2-hostile");
    let _ = std::fs::write(&path, bytes);
    format!(
        "{} (also in {})",
        &hexadecimal[..hexadecimal.len().min(400)],
        path.display()
    )
}
