//! Recordings as NPZ files.

use std::io::{Cursor, Read, Seek, Write};

use bss2_core::{Baseline, RunSettings};
use ndarray::{Array, ArrayView, Dimension, Ix0, arr0};
use ndarray_npy::{NpzWriter, ViewElement, ViewNpyExt, WritableElement};
use zip::ZipArchive;

use super::Recording;
use crate::TrainingError;

/// Names of the arrays, in this order: weights, activations, outputs, and three whole numbers.
const WEIGHTS: &str = "weights";
const ACTIVATIONS: &str = "activations";
const OUTPUTS: &str = "outputs";
const NUM_SENDS: &str = "num_sends";
const WAIT: &str = "wait_between_events";
const MEASURED_BASELINE: &str = "measured_baseline";

/// Longest header of an array: NumPy's take 128 bytes at most for such arrays.
const HEADER_BYTES_MAX: usize = 1024;

/// Longest file that is read: three arrays of 256 MiB, and room for others.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Alignment that suits every type of number.
const ALIGNMENT: usize = 16;

impl Recording {
    /// Writes an NPZ file, not compressed:
    ///
    /// | array | type | shape |
    /// | --- | --- | --- |
    /// | `weights` | int8, −63…63 | hemispheres × sets × inputs × columns |
    /// | `activations` | uint8, 0…31 | hemispheres × sets × vectors × inputs |
    /// | `outputs` | int8, in LSB | hemispheres × sets × repeats × vectors × columns |
    /// | `num_sends` | int64 | none |
    /// | `wait_between_events` | int64, in cycles of 8 ns | none |
    /// | `measured_baseline` | int64; 1: [measured](Baseline::Measured), 0 or no such array: constant | none |
    ///
    /// # Errors
    /// [`TrainingError::RecordingArray`] if it cannot be written.
    pub fn write_npz(&self, to: impl Write + Seek) -> Result<(), TrainingError> {
        let settings = self.settings();
        let measured = i64::from(settings.baseline() == Baseline::Measured);
        let mut file = NpzWriter::new(to);
        add(&mut file, WEIGHTS, &self.weights)?;
        add(&mut file, ACTIVATIONS, &self.activations)?;
        add(&mut file, OUTPUTS, &self.outputs)?;
        add(&mut file, NUM_SENDS, &arr0(i64::from(settings.num_sends())))?;
        add(
            &mut file,
            WAIT,
            &arr0(i64::from(settings.wait_between_events())),
        )?;
        add(&mut file, MEASURED_BASELINE, &arr0(measured))?;
        let finished = file.finish();
        finished.map_err(|error| refused("file", &error)).map(drop)
    }

    /// Reads an NPZ file, such as NumPy's `savez` writes, with the arrays of
    /// [`write_npz`](Self::write_npz); others are left alone. It may be hostile: no more is claimed
    /// than the file holds. It is read whole; 1 GiB at most, and 256 MiB for an array.
    ///
    /// # Errors
    /// [`TrainingError::RecordingArray`] for an array that is missing, damaged, too large,
    /// compressed, or of another type; [`TrainingError::Array`] for settings outside their ranges; those
    /// of [`Recording::new`].
    pub fn read_npz(from: impl Read) -> Result<Self, TrainingError> {
        let mut bytes = Vec::new();
        let count = from.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
        count.map_err(|error| refused("file", &error))?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(refuse("file", "more than 1 GiB"));
        }
        if promises_too_many_entries(&bytes) {
            return Err(refuse("file", "promises more arrays than it has room for"));
        }
        let file = ZipArchive::new(Cursor::new(&bytes));
        let mut file = file.map_err(|error| refused("file", &error))?;
        let number = |file: &mut _, name| {
            let number = read::<i64, Ix0, _>(file, name)?.into_scalar();
            u32::try_from(number).map_err(|error| refused(name, &error))
        };
        let settings = RunSettings::new(number(&mut file, NUM_SENDS)?, number(&mut file, WAIT)?)?;
        let has_baseline = file
            .file_names()
            .any(|name| name == entry(MEASURED_BASELINE));
        let baseline = if has_baseline && number(&mut file, MEASURED_BASELINE)? != 0 {
            Baseline::Measured
        } else {
            Baseline::Constant
        };
        Self::new(
            settings.with_baseline(baseline),
            read(&mut file, WEIGHTS)?,
            read(&mut file, ACTIVATIONS)?,
            read(&mut file, OUTPUTS)?,
        )
    }
}

fn entry(name: &str) -> String {
    format!("{name}.npy")
}

fn refused(array: &'static str, error: &dyn std::error::Error) -> TrainingError {
    refuse(array, &error.to_string())
}

fn refuse(array: &'static str, reason: &str) -> TrainingError {
    TrainingError::RecordingArray {
        array,
        reason: reason.to_owned(),
    }
}

/// Whether anything that may be the end of a ZIP file's list of entries counts more of them than the
/// file has room for: whoever reads it claims memory for as many, some hundred bytes for each.
fn promises_too_many_entries(bytes: &[u8]) -> bool {
    /// Bytes that an array takes at least: its header of 80, and its name and what is said of it in two places.
    const ENTRY_BYTES: u64 = 80 + 30 + 46 + 2 * 5;
    let most = bytes.len() as u64 / ENTRY_BYTES;
    let number = |record: &[u8], place: std::ops::Range<usize>| {
        let bytes = record.get(place).unwrap_or_default().iter().rev();
        bytes.fold(0, |number, &byte| number << 8 | u64::from(byte))
    };
    (0..bytes.len()).any(|start| {
        let record = &bytes[start..];
        let count = match record {
            [b'P', b'K', 5, 6, ..] => number(record, 8..10).max(number(record, 10..12)),
            [b'P', b'K', 6, 6, ..] => number(record, 24..32).max(number(record, 32..40)),
            _ => 0,
        };
        count > most
    })
}

fn add<T: WritableElement, D: Dimension>(
    file: &mut NpzWriter<impl Write + Seek>,
    name: &'static str,
    array: &Array<T, D>,
) -> Result<(), TrainingError> {
    let added = file.add_array(name, array);
    added.map_err(|error| refused(name, &error))
}

/// Reads an array whose header is not trusted: what it promises is there already.
fn read<T: ViewElement + Clone, D: Dimension, R: Read + Seek>(
    file: &mut ZipArchive<R>,
    name: &'static str,
) -> Result<Array<T, D>, TrainingError> {
    let entry = file.by_name(&entry(name));
    let mut entry = entry.map_err(|error| refused(name, &error))?;
    let limit = (Recording::VALUES_MAX + HEADER_BYTES_MAX) as u64;
    let mut content = Vec::new();
    let read = entry.by_ref().take(limit + 1).read_to_end(&mut content);
    read.map_err(|error| refused(name, &error))?;
    if content.len() as u64 > limit {
        return Err(refuse(name, "more than 256 MiB"));
    }
    if header_bytes(&content).is_none_or(|bytes| bytes > HEADER_BYTES_MAX) {
        return Err(refuse(
            name,
            "no NPY array of version 1 with a short header",
        ));
    }
    // Numbers of several bytes are read where they lie, which has to suit them.
    let mut aligned = vec![0; content.len() + ALIGNMENT];
    let start = aligned.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
    let aligned = &mut aligned[start..][..content.len()];
    aligned.copy_from_slice(&content);
    view(name, aligned)
}

fn view<T: ViewElement + Clone, D: Dimension>(
    name: &'static str,
    content: &[u8],
) -> Result<Array<T, D>, TrainingError> {
    let view = ArrayView::<T, D>::view_npy(content);
    let view = view.map_err(|error| refused(name, &error))?;
    Ok(view.to_owned())
}

/// Length of the header of an NPY array of version 1.
fn header_bytes(content: &[u8]) -> Option<usize> {
    let version = content.get(6)?;
    let length = content.get(8..10)?;
    (*version == 1).then(|| usize::from(length[0]) + 256 * usize::from(length[1]))
}
