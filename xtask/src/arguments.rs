//! What can be asked for on the command line.

use std::path::{Path, PathBuf};

use bss2_experiments::workbench::{
    ArrayKind, CalibrationJob, CharacterizationJob, ChipChoice, EvaluateJob, PROCEDURES, PlanJob,
    STRATEGIES, SpeedJob, TrainJob, TrainingWay, layer_shape, procedure, read_recipe, read_targets,
    read_tiling, strategy,
};
use bss2_experiments::{
    Budget, ChipConfig, DataChoice, ExperimentError, Method, Preset, Settings, Shard, StudyFile,
    TrainingError, read_text,
};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

/// Tasks of the bss2 workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the study, or parts of it, and write a folder with tables, plots and a report.
    Experiments(ExperimentOptions),
    /// Calibrate one chip, save the result, and write a page about it.
    Calibrate(CalibrateOptions),
    /// Measure one chip, fresh or before and after a calibration: gain, noise, fixed pattern,
    /// drivers, time constants.
    Characterize(CharacterizeOptions),
    /// Plan a layer: how it lies on the array, in how many passes, and what that costs.
    Plan(PlanOptions),
    /// Train a network for one chip, and write a folder with its weights and a page about it.
    Train(TrainOptions),
    /// Evaluate a network's weights on an array.
    Evaluate(EvaluateOptions),
    /// Measure how fast the simulated chip is on this machine, by batch, layer, chips and threads.
    Speed(SpeedOptions),
    /// Print the configuration of a chip, every parameter with its meaning, range and source; a
    /// file with it may be changed and given to `experiments --chip` or `calibrate --config`.
    Chip {
        /// Preset to print.
        #[arg(default_value = "typical", value_parser = PossibleValuesParser::new(chip_presets()))]
        preset: String,
    },
}

fn chip_presets() -> [&'static str; 4] {
    ChipConfig::PRESETS.map(|(name, _)| name)
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ExperimentOptions {
    #[command(subcommand)]
    pub(crate) merge: Option<MergeCommand>,

    /// Experiments to run, each at most once; all of them without a name.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// TOML file that says what to run with which parameters, such as the configuration.toml of an
    /// earlier run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["preset", "chips", "chip", "seed"])]
    from: Option<PathBuf>,

    /// Do only one of several equal parts of the work, and write a folder for `experiments merge`.
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,

    /// How much work to do.
    #[arg(long, default_value_t, value_parser = preset_parser())]
    preset: Preset,

    /// Folder with IDX files such as MNIST's, plain or gzip; without it, the embedded handwritten
    /// digits are used.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Number of chips, 1 to 1000; without it, the preset's.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    chips: Option<usize>,

    /// What the chips are like: a preset (typical, better, worse, noiseless) or a TOML file, as
    /// `cargo xtask chip` prints one.
    #[arg(long, value_name = "PRESET|FILE", default_value = "typical")]
    chip: String,

    /// Seed of everything random and number of the first chip, 0 to 2^53 − 1000.
    #[arg(long, value_name = "S", allow_negative_numbers = true, default_value_t = Settings::default().seed)]
    seed: u64,

    /// Number of threads, 1 to 1024; without it, one per core. Never changes a result.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<usize>,

    /// Folder for the results: missing, empty, or with nothing but an earlier study's results,
    /// which are replaced.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) out: PathBuf,

    /// List the experiments and stop.
    #[arg(long)]
    pub(crate) list: bool,
}

impl ExperimentOptions {
    /// The file that describes the study, if one was given.
    pub(crate) fn file(&self) -> Result<Option<StudyFile>, ExperimentError> {
        self.from.as_deref().map(StudyFile::read).transpose()
    }

    /// The settings: those of the file, or of the other options.
    ///
    /// # Errors
    /// What is wrong with the chip's configuration, in words.
    pub(crate) fn settings(&self, file: Option<&StudyFile>) -> Result<Settings, String> {
        let Some(file) = file else {
            return Ok(Settings {
                chip: read_chip(&self.chip)?,
                preset: self.preset,
                data: self.data.clone(),
                chips: self.chips,
                seed: self.seed,
                threads: self.threads,
                ..Settings::default()
            });
        };
        let settings = file.settings().map_err(|error| error.to_string())?;
        Ok(Settings {
            data: self.data.clone().or(settings.data),
            threads: self.threads,
            ..settings
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum MergeCommand {
    /// Put the folders of all shards together to the folder that the study would have written alone.
    Merge(MergeOptions),
}

#[derive(Debug, Args)]
pub(crate) struct MergeOptions {
    /// The folders of all shards, in any order.
    #[arg(value_name = "DIR", required = true)]
    pub(crate) folders: Vec<PathBuf>,

    /// Folder with the IDX files, if they lie elsewhere than when the shards were run.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Number of threads, 1 to 1024; without it, one per core. Never changes a result.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) threads: Option<usize>,

    /// Folder for the results: missing, empty, or with nothing but an earlier study's results,
    /// which are replaced.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) out: PathBuf,
}

/// What a chip is like.
#[derive(Debug, Args)]
struct ChipKindOptions {
    /// What such chips are like: a preset (typical, better, worse, noiseless) or a TOML file, as
    /// `cargo xtask chip` prints one.
    #[arg(long, value_name = "PRESET|FILE", default_value = "typical")]
    config: String,

    /// Temperature of the chip in °C, −40 to 125; without it, the configuration's.
    #[arg(long, value_name = "C", allow_negative_numbers = true)]
    temperature: Option<f32>,
}

impl ChipKindOptions {
    fn of_seed(&self, seed: u64) -> Result<ChipChoice, String> {
        Ok(ChipChoice {
            seed,
            config: read_chip(&self.config)?,
            temperature_celsius: self.temperature,
        })
    }
}

/// The chip on the workbench.
#[derive(Debug, Args)]
pub(crate) struct ChipOptions {
    /// Seed of the chip, 0 to 2^53 − 1000.
    #[arg(long, value_name = "SEED", allow_negative_numbers = true)]
    chip: Option<u64>,

    #[command(flatten)]
    kind: ChipKindOptions,

    /// Seed of the measurements' noise, 0 to 2^53 − 1000.
    #[arg(
        long,
        value_name = "S",
        allow_negative_numbers = true,
        default_value_t = 1
    )]
    seed: u64,
}

impl ChipOptions {
    fn choice(&self) -> Result<ChipChoice, String> {
        let seed = self.chip.ok_or("which chip? Name its seed with --chip")?;
        self.kind.of_seed(seed)
    }
}

#[derive(Debug, Args)]
pub(crate) struct CalibrateOptions {
    #[command(flatten)]
    chip: ChipOptions,

    /// TOML file with a procedure and its targets, as `--print-targets` prints one.
    #[arg(long, value_name = "FILE", conflicts_with = "procedure")]
    target: Option<PathBuf>,

    /// Procedure with its default targets, in place of a file.
    #[arg(long, value_name = "NAME", default_value = "membrane", value_parser = PossibleValuesParser::new(procedure_names()))]
    procedure: String,

    /// File for the calibration: missing, or an earlier one of the same chip (even if damaged), which is
    /// replaced.
    #[arg(long, value_name = "FILE", required_unless_present = "print_targets")]
    pub(crate) out: Option<PathBuf>,

    /// File for the page; without it, beside the calibration with the extension html.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,

    /// Print the default targets of a procedure, each with its meaning and range, and stop.
    #[arg(long, value_name = "PROCEDURE", num_args = 0..=1, default_missing_value = "membrane", conflicts_with_all = ["procedure", "target", "out"], value_parser = PossibleValuesParser::new(procedure_names()))]
    pub(crate) print_targets: Option<String>,
}

impl CalibrateOptions {
    /// What is to be done.
    ///
    /// # Errors
    /// What is wrong with the arguments, in words.
    pub(crate) fn job(&self) -> Result<CalibrationJob, String> {
        let in_words = |error: ExperimentError| error.to_string();
        let calibration = self.out.clone().unwrap_or_default();
        let beside = || calibration.with_extension("html");
        Ok(CalibrationJob {
            chip: self.chip.choice()?,
            procedure: match &self.target {
                Some(path) => read_targets(path).map_err(in_words)?,
                None => procedure(&self.procedure).map_err(in_words)?,
            },
            trial_seed: self.chip.seed,
            report: self.report.clone().unwrap_or_else(beside),
            calibration,
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct CharacterizeOptions {
    #[command(flatten)]
    chip: ChipOptions,

    /// Calibration of this chip: it is measured fresh and with the calibration, in its mode.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,

    /// File for a page with plots; without it, none is written.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

impl CharacterizeOptions {
    /// What is to be done.
    ///
    /// # Errors
    /// What is wrong with the arguments, in words.
    pub(crate) fn job(&self) -> Result<CharacterizationJob, String> {
        Ok(CharacterizationJob {
            chip: self.chip.choice()?,
            calibration: self.calibration.clone(),
            trial_seed: self.chip.seed,
            report: self.report.clone(),
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct SpeedOptions {
    /// Time for each row of the table, in ms, 1…60000.
    #[arg(long, value_name = "MS", default_value_t = 300)]
    patience_ms: u64,

    /// Folder for a page with plots, and the figures; without it, none is written.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl SpeedOptions {
    /// What is to be done.
    pub(crate) fn job(&self) -> SpeedJob {
        SpeedJob {
            patience_ms: self.patience_ms,
            out: self.out.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct PlanOptions {
    /// Sizes of the layer, such as 300x10.
    #[arg(long, value_name = "INPUTSxOUTPUTS", allow_hyphen_values = true)]
    layer: String,

    /// Groups into which inputs and outputs are divided; 1 is a dense layer.
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        default_value_t = 1
    )]
    groups: usize,

    /// TOML file with a tiling, all keys optional: cut, order, hemispheres, packing,
    /// fill_with_vectors, and the tables coding and settings.
    #[arg(long, value_name = "FILE.toml", conflicts_with = "strategy")]
    tiling: Option<PathBuf>,

    /// Tiling by name, in place of a file.
    #[arg(long, value_name = "NAME", default_value = "in-order", value_parser = PossibleValuesParser::new(strategy_names()))]
    strategy: String,

    /// How often each vector is sent, 1 to 1000; without it, the tiling's number.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    num_sends: Option<u32>,

    /// Cycles of 8 ns from one event to the next, 1 to 1000; without it, the tiling's number.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    wait_between_events: Option<u32>,

    /// Chips of two hemispheres each that work as one array, 1 to 8.
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        default_value_t = 1
    )]
    chips: usize,

    /// Vectors whose cost is told, 0 to 2^32.
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        default_value_t = 1000
    )]
    vectors: u64,

    /// Share of their inputs that are not zero, 0 to 1.
    #[arg(
        long,
        value_name = "S",
        allow_negative_numbers = true,
        default_value_t = 1.0
    )]
    active_share: f64,

    /// Folder for plan.json, plan.txt and plan.svg: missing, empty, or with nothing but earlier
    /// results, which are replaced; without it, the plan is printed and nothing written.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl PlanOptions {
    /// What is to be done.
    ///
    /// # Errors
    /// What is wrong with the arguments, in words.
    pub(crate) fn job(&self) -> Result<PlanJob, String> {
        let in_words = |error: ExperimentError| error.to_string();
        let tiling = match &self.tiling {
            Some(path) => read_tiling(path),
            None => strategy(&self.strategy),
        };
        Ok(PlanJob {
            shape: layer_shape(&self.layer, self.groups).map_err(in_words)?,
            tiling: tiling.map_err(in_words)?,
            num_sends: self.num_sends,
            wait_between_events: self.wait_between_events,
            chips: self.chips,
            vectors: self.vectors,
            active_share: self.active_share,
            out: self.out.clone(),
        })
    }
}

/// The chip that a network runs on.
#[derive(Debug, Args)]
struct NetworkChipOptions {
    /// Seed of the chip, 0 to 2^53 − 1000; 1 without it.
    #[arg(long, value_name = "SEED", allow_negative_numbers = true)]
    chip: Option<u64>,

    #[command(flatten)]
    kind: ChipKindOptions,

    /// Calibration of this chip, as `cargo xtask calibrate` makes one; without it, the chip is as it was
    /// made.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,

    /// Seed of weights, orders and noise, 0 to 2^53 − 1000.
    #[arg(
        long,
        value_name = "S",
        allow_negative_numbers = true,
        default_value_t = 1
    )]
    seed: u64,
}

impl NetworkChipOptions {
    fn choice(&self) -> Result<ChipChoice, String> {
        self.kind.of_seed(self.chip.unwrap_or(1))
    }
}

#[derive(Debug, Args)]
pub(crate) struct TrainOptions {
    /// TOML file with the network: docs/training.md.
    #[arg(value_name = "NETWORK.toml", required_unless_present_any = ["list", "print_recipe"])]
    network: Option<PathBuf>,

    /// Folder with IDX files such as MNIST's, plain or gzip, or `yin-yang`, or `digits`.
    #[arg(long, value_name = "DIR|NAME", default_value = "digits")]
    data: String,

    /// How to train: a method's name (`--list` lists them).
    #[arg(long, value_name = "NAME", default_value = "in-the-loop", value_parser = PossibleValuesParser::new(method_names()))]
    method: String,

    /// TOML file with stages, in place of a method's.
    #[arg(long, value_name = "FILE.toml", conflicts_with_all = ["method", "digital_epochs", "array_epochs"])]
    recipe: Option<PathBuf>,

    /// Epochs of digital training; without it, the method's number.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    digital_epochs: Option<usize>,

    /// Epochs of training on an array; without it, the method's number.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    array_epochs: Option<usize>,

    /// safetensors file with weights to begin with.
    #[arg(long, value_name = "FILE.safetensors")]
    weights: Option<PathBuf>,

    /// Keep one in N training samples for validation, and the network that does best on them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    validation_one_in: Option<u64>,

    #[command(flatten)]
    chip: NetworkChipOptions,

    /// Folder for the results: missing, empty, or with nothing but an earlier training's results,
    /// which are replaced. An interrupted training continues when it is run again.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["list", "print_recipe"])]
    pub(crate) out: Option<PathBuf>,

    /// Print a method's recipe for the data as TOML, to be changed and given to `--recipe`, and stop.
    #[arg(long, value_name = "METHOD", conflicts_with_all = ["network", "method", "recipe", "out"], value_parser = PossibleValuesParser::new(method_names()))]
    print_recipe: Option<String>,

    /// List the methods and stop.
    #[arg(long)]
    pub(crate) list: bool,
}

impl TrainOptions {
    /// What is to be done.
    ///
    /// # Errors
    /// What is wrong with the arguments, in words.
    pub(crate) fn job(&self) -> Result<TrainJob, String> {
        let way = if let Some(path) = &self.recipe {
            let recipe = read_recipe(path).map_err(|error| error.to_string())?;
            TrainingWay::Recipe(path.display().to_string(), recipe)
        } else {
            self.way(&self.method)?
        };
        Ok(TrainJob {
            network: self.network.clone().unwrap_or_default(),
            data: DataChoice::named(&self.data),
            way,
            chip: self.chip.choice()?,
            calibration: self.chip.calibration.clone(),
            weights: self.weights.clone(),
            validation_one_in: self.validation_one_in.map(|part| part as usize),
            seed: self.chip.seed,
            out: self.out.clone().unwrap_or_default(),
        })
    }

    /// The recipe that is to be printed, if one is asked for.
    ///
    /// # Errors
    /// What is wrong with the arguments, in words.
    pub(crate) fn printed_recipe(&self) -> Option<Result<String, String>> {
        let method = self.print_recipe.as_ref()?;
        let data = DataChoice::named(&self.data);
        Some(self.way(method).and_then(|way| {
            let text = way.print_recipe(&data, self.chip.seed);
            text.map_err(|error| error.to_string())
        }))
    }

    /// A method with the epochs that are asked for.
    fn way(&self, method: &str) -> Result<TrainingWay, String> {
        let method = method.parse::<Method>();
        let method = method.map_err(|error: TrainingError| error.to_string())?;
        let usual = Budget::default();
        // Another number would be another recipe, or else the method has no use for it.
        let more = Budget {
            array_epochs: usual.array_epochs + 1,
            ..usual
        };
        if self.array_epochs.is_some() && method.recipe(&more) == method.recipe(&usual) {
            return Err(format!(
                "{method} does not train on an array: leave --array-epochs out, or choose another method"
            ));
        }
        Ok(TrainingWay::Method(
            method,
            Budget {
                digital_epochs: self.digital_epochs.unwrap_or(usual.digital_epochs),
                array_epochs: self.array_epochs.unwrap_or(usual.array_epochs),
                ..usual
            },
        ))
    }
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateOptions {
    /// TOML file with the network: docs/training.md, or the one that a training wrote.
    #[arg(value_name = "NETWORK.toml")]
    network: PathBuf,

    /// safetensors file with its weights.
    #[arg(long, value_name = "FILE.safetensors")]
    weights: PathBuf,

    /// Folder with IDX files such as MNIST's, plain or gzip, or `yin-yang`, or `digits`.
    #[arg(long, value_name = "DIR|NAME", default_value = "digits")]
    data: String,

    /// What it runs on: an ideal array, a generic mock with the nominal gain and the published noise, or
    /// a chip; only a chip has a seed, a temperature and a calibration.
    #[arg(long, value_name = "ARRAY", default_value = "chip", value_parser = PossibleValuesParser::new(["ideal", "mock", "chip"]))]
    array: String,

    #[command(flatten)]
    chip: NetworkChipOptions,
}

impl EvaluateOptions {
    /// What is to be done.
    ///
    /// # Errors
    /// What is wrong with the arguments, in words.
    pub(crate) fn job(&self) -> Result<EvaluateJob, String> {
        let of_a_chip = [
            ("--chip", self.chip.chip.is_some()),
            ("--temperature", self.chip.kind.temperature.is_some()),
            ("--calibration", self.chip.calibration.is_some()),
        ];
        let given = of_a_chip.into_iter().find(|(_, is_given)| *is_given);
        if let (Some((option, _)), "ideal" | "mock") = (given, &*self.array) {
            return Err(format!(
                "{option} is for --array chip, the array is {}: leave it out",
                self.array
            ));
        }
        Ok(EvaluateJob {
            network: self.network.clone(),
            weights: self.weights.clone(),
            data: DataChoice::named(&self.data),
            array: match self.array.as_str() {
                "ideal" => ArrayKind::Ideal,
                "mock" => ArrayKind::Mock,
                _ => ArrayKind::Chip,
            },
            chip: self.chip.choice()?,
            calibration: self.chip.calibration.clone(),
            seed: self.chip.seed,
        })
    }
}

fn method_names() -> [&'static str; Method::ALL.len()] {
    Method::ALL.map(Method::name)
}

fn strategy_names() -> [&'static str; STRATEGIES.len()] {
    STRATEGIES.map(|(name, _)| name)
}

fn procedure_names() -> [&'static str; PROCEDURES.len()] {
    PROCEDURES.map(|(name, _)| name)
}

/// A preset's configuration, or that of a file.
fn read_chip(name: &str) -> Result<ChipConfig, String> {
    let unknown = match ChipConfig::preset(name) {
        Ok(config) => return Ok(config),
        Err(unknown) => unknown,
    };
    if !Path::new(name).exists() {
        return Err(format!("{unknown}; nor is there such a file"));
    }
    let text = read_text(Path::new(name)).map_err(|error| error.to_string())?;
    let checked = ChipConfig::from_toml(&text).and_then(|config| {
        config.clone().check()?;
        Ok(config)
    });
    checked.map_err(|reason| format!("{name}: {reason}"))
}

/// Reads a preset, and lists all of them in the help and when there is no such one.
fn preset_parser() -> impl TypedValueParser<Value = Preset> {
    let names = Preset::ALL.map(|preset| PossibleValue::new(preset.name()).help(preset.about()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Preset>())
}

/// The part of clap's message that says what is wrong, in one line; usage and hints, which follow
/// after an empty line, are left to `--help`.
pub(crate) fn in_one_line(error: &clap::Error) -> String {
    let message = error.to_string();
    let lines: Vec<&str> = message
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let reason = lines.join(" ");
    let reason = reason.strip_prefix("error: ").unwrap_or(&reason);
    format!("{reason} (see --help)")
}
