//! A study as a file.

use std::path::{Path, PathBuf};

use bss2_hardware::ChipConfig;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::configuration::to_toml;
use crate::jobs::Shard;
use crate::sources::SOURCES;
use crate::{Experiment, ExperimentError, Preset, Settings, find, read_text};

/// A study as a TOML file: what is to be run, and with which settings. The `configuration.toml` of a
/// result folder is one, by which the run can be repeated.
///
/// ```toml
/// preset = "quick"      # quick, standard, full
/// seed = 1
/// chips = 3             # without it, as many as the preset has
/// process = "typical"   # or a table [chip], as `cargo xtask chip` prints it
/// data = "mnist"        # folder with IDX files; without it, the digits
///
/// # Only these; each with as many of its parameters as are to differ from the preset's.
/// [experiments.walking-noise]
/// network_seeds = [1, 2]
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyFile {
    #[serde(default)]
    preset: Preset,
    #[serde(default = "default_seed")]
    seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chips: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shard: Option<Shard>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sources: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chip: Option<ChipConfig>,
    #[serde(default)]
    experiments: Table,
    /// The head of a result folder's file.
    #[serde(default, skip_serializing)]
    bss2_version: Option<String>,
    #[serde(default, skip_serializing)]
    files: Option<Vec<String>>,
}

fn default_seed() -> u64 {
    Settings::default().seed
}

impl StudyFile {
    /// Experiments with settings.
    pub(super) fn of(experiments: &[&'static Experiment], settings: &Settings) -> Self {
        let process = settings.chip.preset_name();
        let tables = experiments.iter().map(|experiment| {
            let given = settings.parameters.get(experiment.name).cloned();
            let parameters = given.unwrap_or_else(|| Table::new().into());
            (experiment.name.to_owned(), parameters)
        });
        Self {
            preset: settings.preset,
            seed: settings.seed,
            chips: settings.chips,
            process: process.map(str::to_owned),
            data: settings.data.clone(),
            shard: None,
            sources: Some(SOURCES.to_owned()),
            chip: process.is_none().then(|| settings.chip.clone()),
            experiments: tables.collect(),
            bss2_version: None,
            files: None,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ExperimentError::Read`]; [`ExperimentError::StudyFile`] if it describes no study.
    pub fn read(path: &Path) -> Result<Self, ExperimentError> {
        let text = read_text(path)?;
        let refused = |reason: String| ExperimentError::StudyFile {
            path: path.to_owned(),
            reason,
        };
        let file: Self = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        if file.process.is_some() && file.chip.is_some() {
            let reason = "either 'process' or a table 'chip' says what chips are like, not both";
            return Err(refused(reason.to_owned()));
        }
        Ok(file)
    }

    /// The experiments that the file names, in the order in which they run; all if it names none.
    ///
    /// # Errors
    /// [`ExperimentError::UnknownExperiment`].
    pub fn experiments(&self) -> Result<Vec<&'static Experiment>, ExperimentError> {
        for name in self.experiments.keys() {
            find(name)?;
        }
        let is_named = |e: &&Experiment| self.experiments.contains_key(e.name);
        let all = crate::EXPERIMENTS.iter();
        Ok(if self.experiments.is_empty() {
            all.collect()
        } else {
            all.filter(is_named).collect()
        })
    }

    /// The settings, on all threads.
    ///
    /// # Errors
    /// [`ExperimentError::UnknownProcess`].
    pub fn settings(&self) -> Result<Settings, ExperimentError> {
        let chip = match (&self.chip, &self.process) {
            (Some(chip), _) => chip.clone(),
            (None, None) => ChipConfig::typical(),
            (None, Some(name)) => process(name)?,
        };
        Ok(Settings {
            preset: self.preset,
            data: self.data.clone(),
            chips: self.chips,
            chip,
            seed: self.seed,
            threads: None,
            parameters: self.experiments.clone(),
        })
    }

    /// Whether it was written by a program with other sources than this one: results may differ.
    pub fn is_of_other_sources(&self) -> bool {
        let sources = self.sources.as_deref();
        sources.is_some_and(|sources| sources != SOURCES)
    }

    /// Whether it describes the same study, wherever the data lie: results name them by their content.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        let data = match (&self.data, &other.data) {
            (Some(here), Some(_)) => Some(here.clone()),
            (_, there) => there.clone(),
        };
        let other = Self {
            data,
            ..other.clone()
        };
        *self == other
    }

    /// The same for one shard of the jobs.
    pub(super) fn with_shard(mut self, shard: Shard) -> Self {
        self.shard = Some(shard);
        self
    }

    /// The study, and which shard of it the file is for.
    pub(super) fn split_shard(mut self) -> (Self, Option<Shard>) {
        let shard = self.shard.take();
        self.bss2_version = None;
        self.files = None;
        (self, shard)
    }

    /// Puts an experiment's whole configuration in the place of what was given for it.
    pub(super) fn resolve(&mut self, experiment: &Experiment, configuration: Table) {
        let name = experiment.name.to_owned();
        self.experiments.insert(name, Value::Table(configuration));
    }

    pub(super) fn to_toml(&self) -> Result<Table, ExperimentError> {
        to_toml(self)
    }
}

/// The chips of a preset.
fn process(name: &str) -> Result<ChipConfig, ExperimentError> {
    let mut presets = ChipConfig::PRESETS.iter();
    match presets.find(|(preset, _)| *preset == name) {
        Some((_, make)) => Ok(make()),
        None => Err(ExperimentError::UnknownProcess {
            name: name.to_owned(),
            known: ChipConfig::PRESETS.map(|(name, _)| name).join(", "),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StudyFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.toml");
        std::fs::write(&path, text).unwrap();
        StudyFile::read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_file_leaves_out_is_as_by_default() {
        let file = read("").unwrap();
        assert_eq!(file.settings().unwrap(), Settings::default());
        assert_eq!(file.experiments().unwrap().len(), crate::EXPERIMENTS.len());
        let text = "process = 'worse'\nchips = 2\n[experiments.circuit]\nchip_seeds = [4]";
        let file = read(text).unwrap();
        let (settings, experiments) = (file.settings().unwrap(), file.experiments().unwrap());
        assert_eq!(settings.chip, ChipConfig::worse_process());
        assert_eq!((settings.chips, experiments[0].name), (Some(2), "circuit"));
        assert_eq!(experiments.len(), 1);
    }

    #[test]
    fn a_file_that_was_written_is_read_back() {
        let mut chip = ChipConfig::better_process();
        chip.noise.read_lsb = 1.25;
        let settings = Settings {
            chip,
            preset: Preset::Full,
            chips: Some(7),
            parameters: "[circuit]\nchip_seeds = [3]".parse().unwrap(),
            ..Settings::default()
        };
        let experiments = [find("circuit").unwrap()];
        let file = StudyFile::of(&experiments, &settings);
        let again = read(&file.to_toml().unwrap().to_string()).unwrap();
        assert_eq!(again, file);
        assert_eq!(again.settings().unwrap(), settings);
        assert!(!again.is_of_other_sources());
    }

    #[test]
    fn files_that_describe_no_study_are_refused() {
        for (text, expected) in [
            ("prest = 'quick'", "unknown field `prest`"),
            ("preset = 'huge'", "unknown variant"),
            ("seed = -1", "invalid value"),
            ("shard = '3/2'", "3/2"),
            ("process = 'typical'\n[chip]", "not both"),
            ("=", "TOML parse error"),
        ] {
            let error = read(text).unwrap_err();
            let is_told = error.contains(expected) && error.contains("study.toml");
            assert!(is_told, "{error}");
        }
        let unknown = read("[experiments.second-study]").unwrap().experiments();
        assert!(unknown.is_err());
        let unknown = read("process = 'best'").unwrap().settings().unwrap_err();
        assert!(unknown.to_string().contains("typical"), "{unknown}");
    }
}
