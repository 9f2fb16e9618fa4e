//! Versioned, checksummed binary files.
//!
//! What took chip time to find (a calibration, a digital twin, a checkpoint of a training) is kept
//! in one file per value. [`save`] replaces such a file as a whole or not at all, [`load`] gives
//! back exactly the value that was saved or says why not: another kind of file, another version, a
//! file cut short, a flipped bit. [`encode`] and [`decode`] do the same with bytes in memory.
//!
//! # Example
//!
//! ```
//! use bss2_file::{ContentError, FileError, Format};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Offsets {
//!     chip: String,
//!     codes: Vec<i32>,
//! }
//!
//! const OFFSETS: Format = Format::new("offsets", 1);
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("chip-3.offsets");
//! let offsets = Offsets { chip: "seed 3".into(), codes: vec![4, -1, 0] };
//! bss2_file::save(&path, OFFSETS, &offsets)?;
//! assert_eq!(bss2_file::load::<Offsets>(&path, OFFSETS)?, offsets);
//!
//! // A program that has moved on to another layout does not misread the file.
//! let error = bss2_file::load::<(u64, Offsets)>(&path, Format::new("offsets", 2)).unwrap_err();
//! assert!(matches!(
//!     error,
//!     FileError::Content { error: ContentError::OtherVersion { expected: 2, found: 1, .. }, .. }
//! ));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What may be stored
//!
//! Anything with serde's derives. The content is written with bincode, which keeps values without
//! names or types: it can only be read as the type that wrote it. Hence:
//!
//! - **Any change of a stored type, or of a type within it, needs a new format version**: fields
//!   added, removed, reordered or of another type, variants anywhere but at the end of an enum. To
//!   read older files as well, keep the old type, and load it when the new one is refused with
//!   [`ContentError::OtherVersion`].
//! - **No serde attribute that lets the data decide what is read**: `flatten`, `untagged`, `tag`,
//!   `skip_serializing_if` and the one-sided `skip_serializing` and `skip_deserializing` give files
//!   that cannot be read, if they can be written. `default`, `alias` and `deny_unknown_fields` have
//!   no effect here; `rename`, `with`, `try_from` and `into` work as ever.
//! - Sequences and maps must know their length, as all of the standard library and ndarray do.
//!
//! # On disk
//!
//! All numbers are little endian.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `89 42 53 53 32 0d 0a 1a`: not ASCII, "BSS2", CR LF, end of text; any transfer as text breaks it |
//! | 4 | version of this table, 1 |
//! | 16 | [kind](Format::kind), padded with zeros |
//! | 4 | [format version](Format::version) |
//! | 8 | length of the content in bytes, at most [`MAX_CONTENT_BYTES`] |
//! | 4 | CRC-32 (that of gzip and PNG) of everything else, before and after |
//! | | the content: bincode 2, integers of fixed width |
//!
//! The checksum finds accidents, no forgeries; a forged file can give a wrong value, but cannot make
//! the reader claim much more memory than the file is large: promised lengths are not believed.

mod bounded;
mod content;
mod disk;
mod draft;
mod error;
mod format;
mod header;

pub use content::{MAX_CONTENT_BYTES, decode, encode};
pub use disk::{load, replace, save};
pub use draft::{draft_prefix, remove_drafts};
pub use error::{ContentError, FileError};
pub use format::Format;
