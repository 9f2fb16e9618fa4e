//! Command line of the bss2 workspace: `cargo xtask …`. Arguments in, the study's crate called,
//! progress and tables shown.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line prints"
)]

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

mod arguments;
mod bars;
mod experiments;

use arguments::{Arguments, Command};

/// Exit status for anything a user can mend: arguments, data, folders.
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            eprint!("{error}");
            return ExitCode::from(REFUSED);
        }
        Err(error) if error.use_stderr() => return refuse(&arguments::in_one_line(&error)),
        Err(help) => {
            print!("{help}");
            return ExitCode::SUCCESS;
        }
    };
    let result = match arguments.command {
        Command::Experiments(options) => experiments::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error.to_string()),
    }
}

fn refuse(message: &str) -> ExitCode {
    eprintln!("error: {}", message.replace('\n', " "));
    ExitCode::from(REFUSED)
}
