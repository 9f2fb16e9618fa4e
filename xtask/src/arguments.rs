//! What can be asked for on the command line.

use std::path::PathBuf;

use bss2_experiments::{Preset, Settings};
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
}

#[derive(Debug, Args)]
pub(crate) struct ExperimentOptions {
    /// Experiments to run, each at most once; all of them without a name.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

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
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            preset: self.preset,
            data: self.data.clone(),
            chips: self.chips,
            seed: self.seed,
            threads: self.threads,
        }
    }
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
