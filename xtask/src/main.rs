//! Command line of the bss2 workspace: `cargo xtask …`. Arguments in, the study's crate called,
//! progress and tables shown.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use bss2_experiments::ChipConfig;
use clap::Parser;
use clap::error::ErrorKind;

mod arguments;
mod bars;
mod experiments;
mod workbench;

use arguments::{Arguments, Command, ExperimentOptions};

/// Exit status for anything a user can mend: arguments, data, folders.
const REFUSED: u8 = 2;

/// Exit status for work of which a part failed.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            tell(error.to_string().trim_end());
            return ExitCode::from(REFUSED);
        }
        Err(error) if error.use_stderr() => return refuse(&arguments::in_one_line(&error)),
        Err(help) => {
            return show(&help.to_string());
        }
    };
    let result = match arguments.command {
        Command::Experiments(options) => return experiments(&options),
        Command::Calibrate(options) => workbench::calibrate(&options, &mut warn),
        Command::Characterize(options) => workbench::characterize(&options),
        Command::Plan(options) => workbench::plan(&options),
        Command::Train(options) => workbench::train(&options),
        Command::Evaluate(options) => workbench::evaluate(&options),
        Command::Speed(options) => workbench::speed(&options),
        Command::Chip { preset } => ChipConfig::preset(&preset)
            .and_then(|config| config.to_toml())
            .map_err(|error| error.to_string()),
    };
    match result {
        Ok(text) => show(&text),
        Err(error) => refuse(&error),
    }
}

/// Runs experiments; failed jobs stand on standard error and in the exit status.
fn experiments(options: &ExperimentOptions) -> ExitCode {
    let done = match experiments::run(options) {
        Ok(done) => done,
        Err(error) => return refuse(&error),
    };
    let shown = show(&done.text);
    if done.failures.is_empty() {
        return shown;
    }
    for failure in &done.failures {
        tell(format_args!("failed: {}", failure.replace('\n', " ")));
    }
    tell(done.remedy);
    ExitCode::from(FAILED)
}

/// Writes to standard output. Whoever has stopped reading it (`… | head`) has seen enough.
fn show(text: &str) -> ExitCode {
    let mut output = std::io::stdout().lock();
    match output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            refuse(&format!("cannot write to standard output: {error}"))
        }
        _ => ExitCode::SUCCESS,
    }
}

fn warn(message: &str) {
    tell(format_args!("warning: {message}"));
}

fn refuse(message: &str) -> ExitCode {
    tell(format_args!("error: {}", message.replace('\n', " ")));
    ExitCode::from(REFUSED)
}

/// Writes a line to standard error. Where that fails there is nobody to be told.
fn tell(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
