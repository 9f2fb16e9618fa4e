//! Named arrays in a safetensors file.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use ndarray::ArrayD;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::{TrainingError, WeightUnits};

/// What a safetensors file holds: arrays of `f32` by name, and notes by name.
///
/// Names and shapes are those of a PyTorch `state_dict`: `fc1.weight` is out × in, that of a
/// convolution out × in (of its group) × height × width, `fc1.bias` out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightFile {
    /// The arrays.
    pub tensors: BTreeMap<String, ArrayD<f32>>,
    /// The notes (`__metadata__`).
    pub notes: BTreeMap<String, String>,
}

impl WeightFile {
    /// Largest file that is read, in bytes: 2 GiB.
    pub const BYTES_MAX: u64 = 1 << 31;

    /// Reads a file. Arrays of `f32` and `f64` are taken, the latter rounded; the counters of PyTorch's
    /// normalisations, `….num_batches_tracked`, are left out.
    ///
    /// # Errors
    /// [`TrainingError::WeightFile`] names the file and what is wrong with it, such as an array of
    /// another type.
    pub fn load(path: &Path) -> Result<Self, TrainingError> {
        let failed = |message: String| TrainingError::WeightFile {
            path: path.to_owned(),
            message,
        };
        let bytes = read(path).map_err(failed)?;
        Self::decode(&bytes).map_err(failed)
    }

    /// The same with a note, `units`, of what the numbers are given in.
    #[must_use]
    pub fn with_units(mut self, units: WeightUnits) -> Self {
        let name = match units {
            WeightUnits::Digital => "digital",
            WeightUnits::Array => IN_ARRAY_UNITS,
        };
        self.notes.insert(UNITS.to_owned(), name.to_owned());
        self
    }

    /// What the numbers are given in: where no note says so, as in other programs' files, those of a
    /// digital network.
    pub fn units(&self) -> WeightUnits {
        match self.notes.get(UNITS) {
            Some(name) if name == IN_ARRAY_UNITS => WeightUnits::Array,
            _ => WeightUnits::Digital,
        }
    }

    /// The bytes of such a file.
    ///
    /// # Errors
    /// [`TrainingError::Description`] if an array cannot be stored.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TrainingError> {
        let bytes = self.encode();
        bytes.map_err(|message| TrainingError::Description { message })
    }

    /// Writes the file; an earlier one is replaced as a whole or not at all.
    ///
    /// # Errors
    /// [`TrainingError::WeightFile`] if an array cannot be stored, [`TrainingError::File`] if the
    /// system refuses.
    pub fn save(&self, path: &Path) -> Result<(), TrainingError> {
        let bytes = self.encode().map_err(|message| TrainingError::WeightFile {
            path: path.to_owned(),
            message,
        })?;
        Ok(bss2_file::replace(path, &bytes)?)
    }

    fn encode(&self) -> Result<Vec<u8>, String> {
        let bytes: Vec<(&String, &[usize], Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, values)| {
                let bytes = values.iter().flat_map(|value| value.to_le_bytes());
                (name, values.shape(), bytes.collect())
            })
            .collect();
        let mut views = Vec::with_capacity(bytes.len());
        for (name, shape, bytes) in &bytes {
            let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes);
            views.push((name.as_str(), view.map_err(|error| error.to_string())?));
        }
        let notes: HashMap<String, String> = self.notes.clone().into_iter().collect();
        let notes = (!notes.is_empty()).then_some(notes);
        safetensors::serialize(views, notes).map_err(|error| error.to_string())
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let in_words = |error: safetensors::SafeTensorError| error.to_string();
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(in_words)?;
        let file = SafeTensors::deserialize(bytes).map_err(in_words)?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            if name.rsplit('.').next() != Some(COUNTER) {
                let values = values(&view).map_err(|why| format!("{name}: {why}"))?;
                tensors.insert(name, values);
            }
        }
        let notes = header.metadata().clone().unwrap_or_default();
        Ok(Self {
            tensors,
            notes: notes.into_iter().collect(),
        })
    }
}

/// The note of what numbers are given in.
const UNITS: &str = "units";
const IN_ARRAY_UNITS: &str = "array";

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let in_words = |error: std::io::Error| error.to_string();
    let found = fs::metadata(path).map_err(in_words)?;
    if !found.is_file() {
        return Err("it is no file".to_owned());
    }
    if found.len() > WeightFile::BYTES_MAX {
        return Err(format!(
            "it has {} bytes, at most {} are read",
            found.len(),
            WeightFile::BYTES_MAX
        ));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(in_words)?;
    let read = file.take(WeightFile::BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(in_words)?;
    Ok(bytes)
}

/// What PyTorch's normalisations count, which networks have no use for.
const COUNTER: &str = "num_batches_tracked";

/// The numbers of an array.
fn values(view: &TensorView<'_>) -> Result<ArrayD<f32>, String> {
    let data = view.data();
    let numbers: Vec<f32> = match view.dtype() {
        Dtype::F32 => {
            let (numbers, _) = data.as_chunks();
            numbers
                .iter()
                .map(|&bytes| f32::from_le_bytes(bytes))
                .collect()
        }
        Dtype::F64 => {
            let (numbers, _) = data.as_chunks();
            let numbers = numbers.iter().map(|&bytes| f64::from_le_bytes(bytes));
            numbers.map(|number| number as f32).collect()
        }
        other => return Err(format!("{other:?} is not read, store it as float32")),
    };
    let values = ArrayD::from_shape_vec(view.shape(), numbers);
    values.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn file() -> WeightFile {
        WeightFile {
            tensors: [
                (
                    "fc1.weight".to_owned(),
                    array![[1.0, -2.5], [3.0, 0.1]].into_dyn(),
                ),
                ("fc1.bias".to_owned(), array![0.5, f32::MAX].into_dyn()),
            ]
            .into(),
            notes: [("bss2.units".to_owned(), "float".to_owned())].into(),
        }
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        file().save(&path).unwrap();
        assert_eq!(WeightFile::load(&path).unwrap(), file());
    }

    #[test]
    fn units_are_kept_and_digital_without_a_note() {
        assert_eq!(file().units(), WeightUnits::Digital);
        for units in [WeightUnits::Array, WeightUnits::Digital] {
            let bytes = file().with_units(units).to_bytes().unwrap();
            assert_eq!(WeightFile::decode(&bytes).unwrap().units(), units);
        }
    }

    #[test]
    fn files_cut_short_and_foreign_files_are_refused() {
        let bytes = file().encode().unwrap();
        for length in 0..bytes.len() {
            assert!(WeightFile::decode(&bytes[..length]).is_err(), "{length}");
        }
        assert!(WeightFile::decode(b"no such file, but long enough to be one").is_err());
        let missing = WeightFile::load(Path::new("/nowhere/w.safetensors"));
        let error = missing.unwrap_err().to_string();
        assert!(error.contains("/nowhere/w.safetensors"), "{error}");
        assert!(WeightFile::load(Path::new("/")).is_err());
    }

    #[test]
    fn doubles_are_rounded_and_counters_left_out() {
        let double = 0.1_f64.to_le_bytes();
        let count = 3_i64.to_le_bytes();
        let views = [
            ("a", TensorView::new(Dtype::F64, vec![1], &double).unwrap()),
            (
                "bn1.num_batches_tracked",
                TensorView::new(Dtype::I64, vec![], &count).unwrap(),
            ),
        ];
        let bytes = safetensors::serialize(views, None).unwrap();
        let read = WeightFile::decode(&bytes).unwrap();
        assert_eq!(read.tensors.len(), 1);
        assert_eq!(read.tensors["a"], array![0.1_f32].into_dyn());
    }

    #[test]
    fn other_types_are_refused_by_name() {
        let bytes = [0_u8; 8];
        for (dtype, length, expected) in [
            (Dtype::F16, 2, "fc1.weight: F16"),
            (Dtype::I32, 4, "fc1.weight: I32"),
            (Dtype::I64, 8, "fc1.weight: I64"),
        ] {
            let view = TensorView::new(dtype, vec![1], &bytes[..length]).unwrap();
            let file = safetensors::serialize([("fc1.weight", view)], None).unwrap();
            let error = WeightFile::decode(&file).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
