//! What stands before the content: how it is written, read and held against the rest.

use crate::{ContentError, Format, MAX_CONTENT_BYTES};

/// As PNG's, whose every byte finds another kind of damage: high bit lost or taken for UTF-8, CR LF
/// to LF, and the end of a text file.
const MAGIC: [u8; 8] = *b"\x89BSS2\r\n\x1a";

/// Version of the header's own layout, that is of the table in the crate's documentation.
const CONTAINER: u32 = 1;

/// The fields that differ from file to file.
pub(crate) struct Header {
    kind: [u8; Format::MAX_KIND_BYTES],
    version: u32,
    content_bytes: u64,
    checksum: u32,
}

impl Header {
    /// Length in a file.
    pub(crate) const BYTES: usize = 44;

    pub(crate) fn of(format: Format, content: &[u8]) -> Result<Self, ContentError> {
        let mut header = Self {
            kind: format.kind_field()?,
            version: format.version(),
            content_bytes: content.len() as u64,
            checksum: 0,
        };
        header.checksum = header.checksum_with(content);
        Ok(header)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.before_checksum();
        bytes.extend(self.checksum.to_le_bytes());
        bytes
    }

    /// Splits what begins with a header into that and the rest, of whatever length.
    pub(crate) fn split(bytes: &[u8]) -> Result<(Self, &[u8]), ContentError> {
        let start = bytes.get(..MAGIC.len()).unwrap_or(bytes);
        if !MAGIC.starts_with(start) {
            return Err(ContentError::Foreign {
                found: start.escape_ascii().to_string(),
            });
        }
        let mut fields = Fields { bytes, rest: bytes };
        fields.next::<{ MAGIC.len() }>()?;
        let container = u32::from_le_bytes(fields.next()?);
        if container != CONTAINER {
            return Err(ContentError::OtherContainer {
                supported: CONTAINER,
                found: container,
            });
        }
        let header = Self {
            kind: fields.next()?,
            version: u32::from_le_bytes(fields.next()?),
            content_bytes: u64::from_le_bytes(fields.next()?),
            checksum: u32::from_le_bytes(fields.next()?),
        };
        Ok((header, fields.rest))
    }

    /// Length of the content, once [`check_length`](Self::check_length) has passed.
    pub(crate) fn content_bytes(&self) -> u64 {
        self.content_bytes
    }

    /// Holds the promised length against the limit and against that of header and content together.
    pub(crate) fn check_length(&self, found: u64) -> Result<(), ContentError> {
        if self.content_bytes > MAX_CONTENT_BYTES as u64 {
            return Err(ContentError::TooLarge {
                bytes: self.content_bytes,
                max: MAX_CONTENT_BYTES as u64,
            });
        }
        let expected = Self::BYTES as u64 + self.content_bytes;
        if found < expected {
            return Err(ContentError::Truncated { expected, found });
        }
        if found > expected {
            return Err(ContentError::Trailing { expected, found });
        }
        Ok(())
    }

    pub(crate) fn check_checksum(&self, content: &[u8]) -> Result<(), ContentError> {
        let found = self.checksum_with(content);
        if found != self.checksum {
            return Err(ContentError::Checksum {
                expected: self.checksum,
                found,
            });
        }
        Ok(())
    }

    pub(crate) fn check_format(&self, format: Format) -> Result<(), ContentError> {
        if self.kind != format.kind_field()? {
            let padding = self.kind.iter().rev().take_while(|&&byte| byte == 0);
            let length = self.kind.len() - padding.count();
            let name: Vec<u8> = self.kind.into_iter().take(length).collect();
            return Err(ContentError::OtherKind {
                expected: format.kind(),
                found: name.escape_ascii().to_string(),
            });
        }
        if self.version != format.version() {
            return Err(ContentError::OtherVersion {
                kind: format.kind(),
                expected: format.version(),
                found: self.version,
            });
        }
        Ok(())
    }

    fn before_checksum(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.extend(MAGIC);
        bytes.extend(CONTAINER.to_le_bytes());
        bytes.extend(self.kind);
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(self.content_bytes.to_le_bytes());
        bytes
    }

    fn checksum_with(&self, content: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.before_checksum());
        hasher.update(content);
        hasher.finalize()
    }
}

/// Takes fields of fixed length off the front of a file.
struct Fields<'a> {
    bytes: &'a [u8],
    rest: &'a [u8],
}

impl Fields<'_> {
    fn next<const N: usize>(&mut self) -> Result<[u8; N], ContentError> {
        let truncated = ContentError::Truncated {
            expected: Header::BYTES as u64,
            found: self.bytes.len() as u64,
        };
        let (field, rest) = self.rest.split_first_chunk().ok_or(truncated)?;
        self.rest = rest;
        Ok(*field)
    }
}
