//! What a file says it holds.

use crate::ContentError;

/// What a file holds: a kind of content, and the version of its layout.
///
/// Declared once beside the type that is stored, as a constant:
///
/// ```
/// use bss2_file::Format;
///
/// const CALIBRATION: Format = Format::new("calibration", 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    kind: &'static str,
    version: u32,
}

impl Format {
    /// Most bytes that a kind may have.
    pub const MAX_KIND_BYTES: usize = 16;

    /// A format with a kind of 1 to 16 characters out of `a`–`z`, `0`–`9` and `-`, and a version
    /// that grows with every change of the stored type. With any other kind nothing can be saved or
    /// loaded ([`ContentError::Kind`](crate::ContentError::Kind)).
    #[must_use]
    pub const fn new(kind: &'static str, version: u32) -> Self {
        Self { kind, version }
    }

    /// The kind of content.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        self.kind
    }

    /// The version of the content's layout.
    #[must_use]
    pub const fn version(self) -> u32 {
        self.version
    }

    /// The kind as it stands in a file, padded with zeros.
    pub(crate) fn kind_field(self) -> Result<[u8; Self::MAX_KIND_BYTES], ContentError> {
        let bytes = self.kind.as_bytes();
        let known = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let mut field = [0; Self::MAX_KIND_BYTES];
        match field.get_mut(..bytes.len()) {
            Some(to) if !to.is_empty() && bytes.iter().all(known) => to.copy_from_slice(bytes),
            _ => return Err(ContentError::Kind { kind: self.kind }),
        }
        Ok(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_short_and_plain() {
        for kind in ["a", "0123456789-abcde"] {
            assert!(Format::new(kind, 1).kind_field().is_ok(), "{kind}");
        }
        for kind in ["", "0123456789-abcdef", "Chip", "chip 3", "chïp", "a\0"] {
            let refused = Format::new(kind, 1).kind_field();
            assert_eq!(refused, Err(ContentError::Kind { kind }));
        }
    }
}
