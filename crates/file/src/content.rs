//! Values to bytes and back, in memory. The only place that knows bincode.

use std::marker::PhantomData;

use bincode::config::{self, Config};
use bincode::enc::write::SizeWriter;
use bincode::serde::{encode_into_std_write, encode_into_writer, seed_decode_from_slice};
use serde::{Serialize, de::DeserializeOwned};

use crate::bounded::Bounded;
use crate::header::Header;
use crate::{ContentError, Format};

/// Most bytes that one file's content may have: 256 MiB, header not counted.
pub const MAX_CONTENT_BYTES: usize = 256 << 20;

/// Integers of fixed width: bincode counts an integer's full width against its limit, however short
/// it is written, so with variable width a file could be saved that is too large to load.
fn config() -> impl Config {
    config::standard()
        .with_little_endian()
        .with_fixed_int_encoding()
        .with_limit::<MAX_CONTENT_BYTES>()
}

/// The bytes of a file that holds `value`, header included.
///
/// # Errors
/// [`ContentError::Encode`] if the value cannot be stored, [`ContentError::TooLarge`] if it takes
/// more than [`MAX_CONTENT_BYTES`], [`ContentError::Kind`]. (Values that nest more than 256 times are
/// written, and refused by [`decode`].)
pub fn encode<T>(format: Format, value: &T) -> Result<Vec<u8>, ContentError>
where
    T: Serialize + ?Sized,
{
    let encode_error = |error: bincode::error::EncodeError| ContentError::Encode {
        message: error.to_string(),
    };
    let mut size = SizeWriter::default();
    encode_into_writer(value, &mut size, config()).map_err(encode_error)?;
    if size.bytes_written > MAX_CONTENT_BYTES {
        return Err(ContentError::TooLarge {
            bytes: size.bytes_written as u64,
            max: MAX_CONTENT_BYTES as u64,
        });
    }
    let mut content = Vec::with_capacity(size.bytes_written);
    encode_into_std_write(value, &mut content, config()).map_err(encode_error)?;
    Ok([Header::of(format, &content)?.to_bytes(), content].concat())
}

/// The value that `bytes`, all of them, were made of by [`encode`] with the same format.
///
/// # Errors
/// Any [`ContentError`] but [`ContentError::Encode`]. Damage is looked for first: a format is
/// reported as another one only if the checksum agrees. [`ContentError::Decode`] also for more than 256
/// values within each other, whatever [`encode`] says.
pub fn decode<T: DeserializeOwned>(format: Format, bytes: &[u8]) -> Result<T, ContentError> {
    let (header, content) = Header::split(bytes)?;
    header.check_length(bytes.len() as u64)?;
    header.check_checksum(content)?;
    header.check_format(format)?;
    // Elements without fields aside, most take eight bytes, none less than one.
    let seed = Bounded::new(PhantomData::<T>, content.len() / 8);
    let decoded = seed_decode_from_slice(seed, content, config());
    let (value, used) = decoded.map_err(|error| ContentError::Decode {
        message: error.to_string(),
    })?;
    match content.len() - used {
        0 => Ok(value),
        unread => Err(ContentError::Unread {
            unread: unread as u64,
        }),
    }
}
