//! What can be asked for on the command line.

use std::path::PathBuf;

use bss2_experiments::{Preset, Settings};
use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Experiments to run; all of them without a name.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// How much work to do.
    #[arg(long, value_enum, default_value_t)]
    preset: PresetName,

    /// Folder with IDX files such as MNIST's, plain or gzip; without it, the embedded handwritten
    /// digits are used.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Number of chips, 1 to 1000; without it, the preset's.
    #[arg(long, value_name = "N")]
    chips: Option<usize>,

    /// Seed of everything random and number of the first chip.
    #[arg(long, value_name = "S", default_value_t = Settings::default().seed)]
    seed: u64,

    /// Number of threads, 1 to 1024; without it, one per core. Never changes a result.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// Folder for the results; an earlier study's results in it are replaced.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) out: PathBuf,

    /// List the experiments and stop.
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum PresetName {
    /// At most a minute on two cores with the embedded digits.
    #[default]
    Quick,
    /// More chips and epochs.
    Standard,
    /// As much as the documentation's findings rest on.
    Full,
}

impl ExperimentOptions {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            preset: match self.preset {
                PresetName::Quick => Preset::Quick,
                PresetName::Standard => Preset::Standard,
                PresetName::Full => Preset::Full,
            },
            data: self.data.clone(),
            chips: self.chips,
            seed: self.seed,
            threads: self.threads,
        }
    }
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
