//! What a file says it holds.

/// What a file holds: a kind of content, and the version of its layout.
///
/// Declared once beside the type that is stored, as a constant. A mistake in the kind is then found
/// by the compiler:
///
/// ```
/// use bss2_file::Format;
///
/// const CALIBRATION: Format = Format::new("calibration", 1);
/// ```
///
/// ```compile_fail
/// use bss2_file::Format;
///
/// const CALIBRATION: Format = Format::new("Calibration of chip 3", 1);
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
    /// that grows with every change of the stored type.
    ///
    /// # Panics
    /// If the kind is anything else; in a constant, compilation fails.
    #[must_use]
    pub const fn new(kind: &'static str, version: u32) -> Self {
        assert!(
            is_kind(kind.as_bytes()),
            "a kind has 1 to 16 characters out of a-z, 0-9 and -"
        );
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
    pub(crate) fn kind_field(self) -> [u8; Self::MAX_KIND_BYTES] {
        let mut field = [0; Self::MAX_KIND_BYTES];
        for (to, from) in field.iter_mut().zip(self.kind.bytes()) {
            *to = from;
        }
        field
    }
}

const fn is_kind(mut bytes: &[u8]) -> bool {
    if bytes.is_empty() || bytes.len() > Format::MAX_KIND_BYTES {
        return false;
    }
    while let [first, rest @ ..] = bytes {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'-') {
            return false;
        }
        bytes = rest;
    }
    true
}
