//! What several tests of the command line need.

use std::path::Path;
use std::process::Command;

pub(crate) fn xtask(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).current_dir(folder);
    command
}

/// A network for the embedded digits.
pub(crate) const NETWORK: &str = r#"
input = { height = 8, width = 8 }

[[layers]]
type = "flatten"

[[layers]]
type = "dense"
name = "fc1"
outputs = 10
"#;
