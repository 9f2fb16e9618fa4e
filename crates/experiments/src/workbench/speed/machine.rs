//! What kind of machine this is; not which one.

use std::fmt::{self, Display, Formatter};
use std::fs;

use serde::Serialize;

/// What a figure of time depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Machine {
    architecture: &'static str,
    system: &'static str,
    processor: String,
    threads: usize,
}

impl Machine {
    pub(super) fn here() -> Self {
        let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let named = |line: &str| {
                Some(
                    line.strip_prefix("model name")?
                        .trim_start_matches([' ', '\t', ':'])
                        .to_owned(),
                )
            };
            text.lines().find_map(named)
        });
        Self {
            architecture: std::env::consts::ARCH,
            system: std::env::consts::OS,
            processor: processor.unwrap_or_else(|| "unknown".to_owned()),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            architecture,
            system,
            processor,
            threads,
        } = self;
        write!(
            f,
            "{processor}, {threads} threads, {architecture}, {system}"
        )
    }
}

/// Memory that this process holds now, in MB, where the system tells.
pub(super) fn memory_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    // What it calls kB are 1024 bytes.
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024e-6)
}
