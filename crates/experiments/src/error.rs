//! Errors of a study.

use std::path::PathBuf;

use bss2_calibration::CalibrationError;

use bss2_core::{ArrayError, ChipIdentity, ControlError};
use bss2_data::DataError;
use bss2_file::FileError;
use bss2_hardware::ConfigError;
use bss2_mapping::MappingError;
use bss2_training::{TrainingError, WeightUnits};
use thiserror::Error;

use crate::JobFailure;
use crate::plot::PlotError;
use crate::report::ReportError;
use crate::workbench::TargetsError;

/// Why a study did not run or could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// A file that describes no network.
    #[error("{}: {reason}", path.display())]
    NetworkFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that is read lies in the folder of the results, and would be replaced with it.
    #[error(
        "{} is read, and lies in {}, which is replaced; choose another folder for the results",
        path.display(), folder.display()
    )]
    ReadFromResults {
        /// The file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// Weights in other units than the network's.
    #[error(
        "{} holds weights in {} units, {} describes a network in {} units: take {}",
        weights.display(), units_name(*found), network.display(), units_name(*expected),
        weights_for(*expected)
    )]
    OtherUnits {
        /// File of the weights.
        weights: PathBuf,
        /// File of the network.
        network: PathBuf,
        /// Units of the weights.
        found: WeightUnits,
        /// Units of the network.
        expected: WeightUnits,
    },
    /// A network in units of the array, which a training cannot begin with.
    #[error("{} describes a network in array units: {reason}", path.display())]
    ArrayUnits {
        /// File of the network.
        path: PathBuf,
        /// What is wrong with the training.
        reason: &'static str,
    },
    /// An option that has no meaning for an array.
    #[error("{option} has no meaning for {array}: leave it out, or evaluate on a chip")]
    NotOfArray {
        /// The option.
        option: &'static str,
        /// The array.
        array: &'static str,
    },
    /// A network for other inputs than the data's.
    #[error(
        "{data} has images of {image:?} (channels, rows, columns), the network takes inputs of {found}"
    )]
    OtherInput {
        /// Name of the data.
        data: String,
        /// Channels, rows and columns of its images.
        image: (usize, usize, usize),
        /// Length of the network's inputs.
        found: usize,
    },
    /// No experiment has that name.
    #[error("unknown experiment '{name}', known are: {known}")]
    UnknownExperiment {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A setting outside its range.
    #[error("{setting} = {value} is outside {min}…{max}")]
    SettingOutOfRange {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        value: u64,
        /// Smallest accepted value.
        min: u64,
        /// Largest accepted value.
        max: u64,
    },
    /// The same experiment was asked for more than once.
    #[error("experiment '{name}' is named more than once")]
    DuplicateExperiment {
        /// Its name.
        name: &'static str,
    },
    /// No preset has that name.
    #[error("unknown preset '{name}', known are: {known}")]
    UnknownPreset {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// No calibration procedure has that name.
    #[error("unknown procedure '{name}', known are: {known}")]
    UnknownProcedure {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// No strategy has that name.
    #[error("unknown strategy '{name}', known are: {known}")]
    UnknownStrategy {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A layer that is not given as two numbers.
    #[error("layer '{text}' is not INPUTSxOUTPUTS in whole numbers, such as 300x10")]
    LayerForm {
        /// What was given.
        text: String,
    },
    /// A file that holds no tiling.
    #[error("{}: {reason}", path.display())]
    TilingFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of targets that cannot be used.
    #[error("{}: {error}", path.display())]
    Targets {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: TargetsError,
    },
    /// A calibration that would have taken the place of another chip's.
    #[error("{}: is there already and belongs to chip {calibrated}", path.display())]
    OtherChipsFile {
        /// The file.
        path: PathBuf,
        /// The chip that it belongs to.
        calibrated: ChipIdentity,
    },
    /// A file that is no earlier output would be lost.
    #[error("{} is there already and is no {expected}; choose another file", path.display())]
    ForeignFile {
        /// The path.
        path: PathBuf,
        /// What might have been replaced.
        expected: &'static str,
    },
    /// Two outputs would be written to the same file.
    #[error("both the calibration and its report would be {}; choose another file for the report", path.display())]
    SameFile {
        /// The path.
        path: PathBuf,
    },
    /// The output folder is the current folder or one above it.
    #[error("{} is or holds the current folder; choose another folder for the results", folder.display())]
    EnclosingFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The output folder holds something that a study does not write, and that would be lost.
    #[error("{} holds '{entry}', which is no earlier result of this command; choose another folder", folder.display())]
    ForeignFolder {
        /// The folder.
        folder: PathBuf,
        /// What it holds.
        entry: String,
    },
    /// Someone else makes results for the output folder at this moment.
    #[error("{}: another run is making results for it; wait until it has ended, or choose another folder", folder.display())]
    FolderInUse {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file or folder could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Results could not be brought into a file format.
    #[error("cannot encode {what}: {reason}")]
    Encode {
        /// Which file.
        what: &'static str,
        /// What the encoder says.
        reason: String,
    },
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// Number of threads asked for.
        threads: usize,
        /// What the system says.
        reason: String,
    },
    /// A parameter that cannot be given to an experiment.
    #[error("{experiment}: {name}{}{reason}", if name.is_empty() { "" } else { ": " })]
    Parameter {
        /// The experiment.
        experiment: &'static str,
        /// Which of its parameters, parts divided by dots; empty if that is not known.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that describes no study.
    #[error("{}: {reason}", path.display())]
    StudyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Folders that are not the shards of one study, each once.
    #[error("{}: {reason}", folder.display())]
    Shards {
        /// A folder.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Jobs failed; all others were done.
    #[error("{experiment}: {} of its jobs failed: {}", failures.len(), in_words(failures))]
    JobsFailed {
        /// The experiment.
        experiment: &'static str,
        /// The jobs.
        failures: Vec<JobFailure>,
    },
    /// Jobs are not done here, but with other shards of the study.
    #[error("{experiment}: results of {missing} jobs are missing")]
    JobsElsewhere {
        /// The experiment.
        experiment: &'static str,
        /// How many results are missing.
        missing: usize,
    },
    /// Networks that were kept do not belong to the chips.
    #[error("{found} networks are there, {expected} are needed: one for each chip of each case")]
    NetworksMissing {
        /// How many are needed.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A chip whose gain cannot be told from noise.
    #[error("the chip's gain cannot be told from noise")]
    NoSignal,
    /// A job panicked: a fault of bss2.
    #[error("panicked: {message}")]
    Panic {
        /// What the panic says.
        message: String,
    },
    /// An experiment panicked besides its jobs: what was kept of them is not of its parameters, or bss2 is
    /// at fault.
    #[error(
        "{experiment}: what its jobs found could not be put together: {message}. Kept results that are not of \
         its parameters do that (remove the folder of results), or a fault of bss2"
    )]
    UnfitResults {
        /// The experiment.
        experiment: &'static str,
        /// What the panic says.
        message: String,
    },
    /// No shard of a study is called that.
    #[error("shard '{text}' is not NUMBER/COUNT with 1 ≤ NUMBER ≤ COUNT ≤ {max}, such as 1/4")]
    UnknownShard {
        /// What was given.
        text: String,
        /// The most shards.
        max: usize,
    },
    /// No process has that name.
    #[error("unknown process '{name}', known are: {known}")]
    UnknownProcess {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A file of results could not be kept.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder with data is not there.
    #[error("no data folder at {}", folder.display())]
    NoDataFolder {
        /// The path.
        folder: PathBuf,
    },
    /// Data from which nothing can be learned.
    #[error("{name} cannot be learned from: {reason}")]
    DegenerateData {
        /// The data set.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A chip's configuration was refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An array refused what it was asked for.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A chip refused a register.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A calibration failed.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// A layer could not be mapped.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// A training failed.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// A chart could not be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// The report could not be put together.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// The name of units in files.
const fn units_name(units: WeightUnits) -> &'static str {
    match units {
        WeightUnits::Digital => "digital",
        WeightUnits::Array => "array",
    }
}

/// Which weights a network in such units is described for.
const fn weights_for(units: WeightUnits) -> &'static str {
    match units {
        WeightUnits::Digital => "a training's digital.safetensors, or those of another program",
        WeightUnits::Array => "the weights.safetensors that the training wrote beside it",
    }
}

/// The first few failures, one after the other.
fn in_words(failures: &[JobFailure]) -> String {
    const MOST: usize = 3;
    let told: Vec<String> = failures
        .iter()
        .take(MOST)
        .map(ToString::to_string)
        .collect();
    let rest = failures.len().saturating_sub(MOST);
    let more = if rest > 0 {
        format!("; and {rest} more")
    } else {
        String::new()
    };
    told.join("; ") + &more
}
