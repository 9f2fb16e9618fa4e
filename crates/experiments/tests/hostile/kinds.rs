//! The kinds of files that are read.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::{ArrayGeometry, NOMINAL_GAIN_LSB, RunSettings};
use bss2_data::{Dataset, YinYang, read_idx_images};
use bss2_experiments::StudyFile;
use bss2_experiments::workbench::{read_network, read_recipe, read_targets, read_tiling};
use bss2_file::{ContentError, Format};
use bss2_hardware::{ChipConfig, IdealArray, SimulatedChip};
use bss2_mapping::{Layer, LayerShape, MappingStrategy, Plan, Tiling};
use bss2_training::{
    Budget, Checkpoint, Examples, Method, NetworkDescription, OnArray, OneChip, Recipe, RecipeRun,
    Recording, Twin, WeightFile,
};
use ndarray::{Array4, Array5, array};
use tempfile::TempDir;

/// Files that are read besides, in a folder for each kind.
pub(crate) const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile/corpus");

/// The library for TOML keeps 100 bytes for each bracket and each part of a key.
const TOML_BYTES_PER_BYTE: u64 = 128;

/// Files of one kind.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// One that is as it should be.
    pub(crate) intact: Vec<u8>,
    /// What is read of such bytes, which are also in the file at [`path`](Self::path), as bytes
    /// again.
    pub(crate) read: fn(&Self, &[u8]) -> Result<Vec<u8>, String>,
    /// Whether accidents show.
    pub(crate) has_checksum: bool,
    /// Memory that reading a byte may take: four bytes, unless a library needs more.
    pub(crate) bytes_per_byte: u64,
    folder: Option<TempDir>,
}

impl Kind {
    fn of_bytes(
        name: &'static str,
        intact: Vec<u8>,
        read: fn(&Self, &[u8]) -> Result<Vec<u8>, String>,
    ) -> Self {
        Self {
            name,
            intact,
            read,
            has_checksum: false,
            bytes_per_byte: 4,
            folder: None,
        }
    }

    /// Those that are read from disk only.
    fn of_files(
        name: &'static str,
        intact: Vec<u8>,
        read: fn(&Self, &[u8]) -> Result<Vec<u8>, String>,
    ) -> Self {
        Self {
            folder: Some(tempfile::tempdir().unwrap()),
            ..Self::of_bytes(name, intact, read)
        }
    }

    fn with_checksum(self) -> Self {
        Self {
            has_checksum: true,
            ..self
        }
    }

    fn in_toml(self) -> Self {
        Self {
            bytes_per_byte: TOML_BYTES_PER_BYTE,
            ..self
        }
    }

    /// A few bytes may hold many, of which no more are read than the header promises.
    fn compressed(self) -> Self {
        Self {
            bytes_per_byte: 4000,
            ..self
        }
    }

    /// Puts bytes where they are read from.
    pub(crate) fn put(&self, bytes: &[u8]) {
        if self.folder.is_some() {
            fs::write(self.path(), bytes).unwrap();
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().join("file")
    }

    /// Our own files as a forger would write them, with a length and a checksum that agree.
    pub(crate) fn repaired(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let content = bytes.len().checked_sub(44)?;
        if !bytes.starts_with(b"\x89BSS2") {
            return None;
        }
        let mut bytes = bytes.to_vec();
        bytes[..32].copy_from_slice(&self.intact[..32]);
        bytes[32..40].copy_from_slice(&(content as u64).to_le_bytes());
        let any = Format::new("any", 1);
        if let Err(ContentError::Checksum { found, .. }) = bss2_file::decode::<u8>(any, &bytes) {
            bytes[40..44].copy_from_slice(&found.to_le_bytes());
        }
        Some(bytes)
    }

    /// What is kept of such files.
    pub(crate) fn corpus(&self) -> Vec<Vec<u8>> {
        let Ok(entries) = fs::read_dir(PathBuf::from(CORPUS).join(self.name)) else {
            return Vec::new();
        };
        entries
            .map(|entry| fs::read(entry.unwrap().path()).unwrap())
            .collect()
    }
}

fn words(error: impl std::error::Error) -> String {
    error.to_string()
}

fn small() -> ArrayGeometry {
    ArrayGeometry::new(1, 4, 8).unwrap()
}

/// Of a small chip.
pub(crate) fn calibration() -> Kind {
    let config = ChipConfig {
        geometry: small(),
        ..ChipConfig::typical()
    };
    let mut chip = SimulatedChip::new(&config.check().unwrap(), 1);
    let result = Procedure::joint().run(&mut chip, 1, &mut |_| {}).unwrap();
    let bytes = bss2_file::encode(CalibrationResult::FORMAT, &result).unwrap();
    Kind::of_files("calibration", bytes, |kind, _| {
        let result = CalibrationResult::load(&kind.path()).map_err(words)?;
        bss2_file::encode(CalibrationResult::FORMAT, &result).map_err(words)
    })
    .with_checksum()
}

/// Of a small network.
pub(crate) fn checkpoint() -> Kind {
    let budget = Budget {
        digital_epochs: 1,
        array_epochs: 1,
        batch: 10,
        ..Budget::default()
    };
    let samples = YinYang::new(20, 1, 1).unwrap().split().unwrap().train;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let run = RecipeRun {
        recipe: &Method::QuantisationAware.recipe(&budget),
        description: &NetworkDescription::mlp(&[4, 3], &OnArray::default()),
        strategies: None,
        weights: None,
        training: Examples::new(samples.inputs().view(), samples.labels()).unwrap(),
        validation: None,
        deployment_samples: 20,
        geometry: ArrayGeometry::BSS2,
        seed: 1,
        checkpoint: Some(&path),
    };
    let ideal = IdealArray::new(ArrayGeometry::BSS2, NOMINAL_GAIN_LSB).unwrap();
    run.run(&mut OneChip(ideal), &mut |_| {}).unwrap();
    Kind::of_files("checkpoint", fs::read(&path).unwrap(), |kind, _| {
        let found = Checkpoint::load(&kind.path()).map_err(words)?.unwrap();
        bss2_file::encode(Checkpoint::FORMAT, &found).map_err(words)
    })
    .with_checksum()
}

pub(crate) fn twin() -> Kind {
    let twin = Twin::mock(small(), NOMINAL_GAIN_LSB, 1.6, RunSettings::USUAL).unwrap();
    let bytes = bss2_file::encode(Twin::FORMAT, &twin).unwrap();
    Kind::of_files("twin", bytes, |kind, _| {
        let found = Twin::load(&kind.path()).map_err(words)?;
        bss2_file::encode(Twin::FORMAT, &found).map_err(words)
    })
    .with_checksum()
}

/// NPZ.
pub(crate) fn recording() -> Kind {
    let recording = Recording::new(
        RunSettings::USUAL,
        Array4::from_elem((1, 1, 4, 8), 3),
        Array4::from_elem((1, 1, 2, 4), 5),
        Array5::from_elem((1, 1, 2, 2, 8), -7),
    );
    let mut file = Cursor::new(Vec::new());
    recording.unwrap().write_npz(&mut file).unwrap();
    Kind::of_bytes("recording", file.into_inner(), |_, bytes| {
        let found = Recording::read_npz(bytes).map_err(words)?;
        let mut file = Cursor::new(Vec::new());
        found.write_npz(&mut file).map_err(words)?;
        Ok(file.into_inner())
    })
}

/// Safetensors.
pub(crate) fn weights() -> Kind {
    let file = WeightFile {
        tensors: [
            (
                "fc1.weight".to_owned(),
                array![[1.0, -2.5], [3.0, 0.1]].into_dyn(),
            ),
            ("fc1.bias".to_owned(), array![0.5, f32::MAX].into_dyn()),
        ]
        .into(),
        notes: [("units".to_owned(), "array".to_owned())].into(),
    };
    Kind::of_files("weights", file.to_bytes().unwrap(), |kind, _| {
        WeightFile::load(&kind.path())
            .map_err(words)?
            .to_bytes()
            .map_err(words)
    })
}

/// IDX.
pub(crate) fn images() -> Kind {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2];
    bytes.extend(1..=12);
    Kind::of_bytes("images", bytes, read_images)
}

/// IDX, compressed.
pub(crate) fn images_gzip() -> Kind {
    use flate2::{Compression, read::GzEncoder};
    use std::io::Read;
    let mut bytes = Vec::new();
    GzEncoder::new(&images().intact[..], Compression::best())
        .read_to_end(&mut bytes)
        .unwrap();
    Kind::of_bytes("images_gzip", bytes, read_images)
        .with_checksum()
        .compressed()
}

fn read_images(_: &Kind, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let images = read_idx_images(bytes, "file").map_err(words)?;
    Ok([format!("{:?}", images.shape()).as_bytes(), images.data()].concat())
}

/// JSON.
pub(crate) fn plan() -> Kind {
    let layer = Layer::from(LayerShape::dense(5, 3).unwrap());
    let plan = Tiling::in_order().plan(&layer, small()).unwrap();
    Kind::of_bytes("plan", serde_json::to_vec(&plan).unwrap(), |_, bytes| {
        let plan: Plan = serde_json::from_slice(bytes).map_err(words)?;
        serde_json::to_vec(&plan).map_err(words)
    })
}

/// TOML, as all below.
pub(crate) fn chip() -> Kind {
    let text = ChipConfig::typical().to_toml().unwrap();
    Kind::of_bytes("chip", text.into_bytes(), |_, bytes| {
        let text = str::from_utf8(bytes).map_err(words)?;
        let config = ChipConfig::from_toml(text).map_err(words)?;
        config.clone().check().map_err(words)?;
        Ok(config.to_toml().map_err(words)?.into_bytes())
    })
    .in_toml()
}

const NETWORK: &str = r#"
input = { height = 8, width = 8 }

[[layers]]
type = "conv2d"
name = "c1"
channels = 3
kernel = [3, 3]
stride = [2, 2]

[[layers]]
type = "flatten"

[[layers]]
type = "dense"
name = "fc1"
outputs = 10
"#;

pub(crate) fn network() -> Kind {
    Kind::of_files("network", NETWORK.into(), |kind, _| {
        let found = read_network(&kind.path()).map_err(words)?;
        Ok(found.to_toml().map_err(words)?.into_bytes())
    })
    .in_toml()
}

const STUDY: &str = r#"
preset = "quick"
seed = 1
chips = 2

[experiments.mac-characteristics]
effect_repeats = 8
gm_factors = [0.5, 1.0]

[experiments.mac-characteristics.calibration.membrane.targets.cadc]
lower = 150
upper = 500

[chip]
geometry = { hemispheres = 2, inputs = 128, columns = 256 }
"#;

pub(crate) fn study() -> Kind {
    Kind::of_files("study", STUDY.into(), |kind, _| {
        let found = StudyFile::read(&kind.path()).map_err(words)?;
        let settings = found.settings().map_err(words)?;
        settings.check().map_err(words)?;
        let names = found.experiments().map_err(words)?;
        let names: Vec<&str> = names.iter().map(|experiment| experiment.name).collect();
        Ok(format!("{settings:?} {names:?}").into_bytes())
    })
    .in_toml()
}

pub(crate) fn tiling() -> Kind {
    let text = "cut = \"even\"\n";
    Kind::of_files("tiling", text.into(), |kind, _| {
        let found = read_tiling(&kind.path()).map_err(words)?;
        Ok(format!("{found:?}").into_bytes())
    })
    .in_toml()
}

pub(crate) fn targets() -> Kind {
    let text = bss2_experiments::workbench::print_targets(&Procedure::joint()).unwrap();
    Kind::of_files("targets", text.into_bytes(), |kind, _| {
        let found = read_targets(&kind.path()).map_err(words)?;
        found.check().map_err(words)?;
        Ok(format!("{found:?}").into_bytes())
    })
    .in_toml()
}

pub(crate) fn recipe() -> Kind {
    let recipe: Recipe = Method::QuantisationAware.recipe(&Budget::default());
    let text = toml::to_string(&recipe).unwrap();
    Kind::of_files("recipe", text.into_bytes(), |kind, _| {
        let found = read_recipe(&kind.path()).map_err(words)?;
        found.check().map_err(words)?;
        Ok(toml::to_string(&found).map_err(words)?.into_bytes())
    })
    .in_toml()
}

/// Hands the names of all kinds, which are those of the functions that make them, to a macro.
macro_rules! with_all_kinds {
    ($to:ident) => {
        $to!(
            calibration,
            checkpoint,
            twin,
            recording,
            weights,
            images,
            images_gzip,
            plan,
            chip,
            network,
            study,
            tiling,
            targets,
            recipe
        );
    };
}
pub(crate) use with_all_kinds;
