//! Why a value could not be saved or loaded.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a file could not be written or read. Every message begins with the file's path.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refused.
    #[error("{}: cannot be {attempt}: {message}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was attempted, as a participle: `read` or `written`.
        attempt: &'static str,
        /// The system's error, as its kind: that can be copied and compared, the error cannot.
        kind: io::ErrorKind,
        /// The system's error in words.
        message: String,
    },

    /// There is something at the path that is neither a file nor a link to one.
    #[error("{}: is a folder or a device, not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },

    /// The file does not hold what it should, or the value cannot be stored.
    #[error("{}: {error}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        #[source]
        error: ContentError,
    },
}

/// Why bytes are not those of a stored value, or a value cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ContentError {
    /// A [`Format`](crate::Format) that no file can have.
    #[error(
        "no kind of file is called '{kind}': names have 1 to 16 characters out of a-z, 0-9 and -"
    )]
    Kind {
        /// The kind asked for.
        kind: &'static str,
    },

    /// The first bytes are not those of a bss2 file.
    #[error(
        "not a bss2 file, or one that was transferred as text; fetch it again as binary (begins with \"{found}\")"
    )]
    Foreign {
        /// The first bytes, 8 at most; those that are no printable ASCII are escaped.
        found: String,
    },

    /// The header has a layout that this crate does not know.
    #[error("header version {found}, this program reads {supported}: {}", remedy(*.supported, *.found))]
    OtherContainer {
        /// The version that this crate reads.
        supported: u32,
        /// The version found.
        found: u32,
    },

    /// The file is intact, but holds something else.
    #[error("holds \"{found}\", not \"{expected}\"")]
    OtherKind {
        /// The kind asked for.
        expected: &'static str,
        /// The kind found; bytes that are no printable ASCII are escaped.
        found: String,
    },

    /// The file is intact and of the right kind, but was written with another layout.
    #[error(
        "\"{kind}\" version {found}, this program reads {expected}: {}",
        remedy(*.expected, *.found)
    )]
    OtherVersion {
        /// The kind.
        kind: &'static str,
        /// The version asked for.
        expected: u32,
        /// The version found.
        found: u32,
    },

    /// The file ends too early.
    #[error("cut short: {found} bytes instead of {expected}")]
    Truncated {
        /// Length due in bytes: of header and content, or of the header alone where that is
        /// incomplete.
        expected: u64,
        /// Length found in bytes.
        found: u64,
    },

    /// The file goes on after its content.
    #[error("goes on after its end: {found} bytes instead of {expected}")]
    Trailing {
        /// Length due of header and content in bytes.
        expected: u64,
        /// Length found in bytes.
        found: u64,
    },

    /// Header or content are not as they were written.
    #[error("damaged: checksum {found:08x} instead of {expected:08x}")]
    Checksum {
        /// CRC-32 in the header.
        expected: u32,
        /// CRC-32 of what is there.
        found: u32,
    },

    /// The content is larger than any file may be.
    #[error("content of {bytes} bytes: at most {max} can be stored")]
    TooLarge {
        /// Length of the content in bytes.
        bytes: u64,
        /// Largest length accepted, in bytes.
        max: u64,
    },

    /// The value cannot be stored.
    #[error("cannot be stored: {message}")]
    Encode {
        /// The reason given by the type or by bincode.
        message: String,
    },

    /// The content is as it was written, but is no value of the type asked for: the type refuses
    /// it, or has changed without a new format version.
    #[error("cannot be read as the type asked for, has that changed? {message}")]
    Decode {
        /// The reason given by the type or by bincode.
        message: String,
    },

    /// The content is longer than the value of the type asked for: the type has changed without a
    /// new format version.
    #[error("longer by {unread} bytes than the type asked for, has that changed?")]
    Unread {
        /// Bytes left after the value.
        unread: u64,
    },
}

fn remedy(expected: u32, found: u32) -> &'static str {
    if found > expected {
        "written by a newer version, update bss2"
    } else {
        "written by an older version, make the file anew"
    }
}
