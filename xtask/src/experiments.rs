//! `cargo xtask experiments`.

use std::time::Instant;

use bss2_experiments::{EXPERIMENTS, Experiment, ExperimentError, find, run_study};

use crate::arguments::ExperimentOptions;
use crate::bars::Bars;

/// Runs what was asked for; the text is for standard output.
pub(crate) fn run(options: &ExperimentOptions) -> Result<String, String> {
    if options.list {
        return Ok(list());
    }
    let chosen: Vec<&'static Experiment> = if options.names.is_empty() {
        EXPERIMENTS.iter().collect()
    } else {
        let found = options.names.iter().map(|name| find(name));
        found.collect::<Result<_, _>>().map_err(in_words)?
    };
    let started = Instant::now();
    let settings = options.settings()?;
    let report = run_study(&chosen, &settings, &options.out, &Bars).map_err(in_words)?;
    let tables = report.tables.iter().map(|table| table.to_text() + "\n");
    let misses = report
        .misses
        .iter()
        .map(|miss| format!("misses its target: {miss}\n"));
    let last = format!(
        "{:.1} s. Report: {}\n",
        started.elapsed().as_secs_f64(),
        options.out.join("index.html").display()
    );
    Ok(tables.chain(misses).chain([last]).collect())
}

fn in_words(error: ExperimentError) -> String {
    error.to_string()
}

fn list() -> String {
    let line = |e: &Experiment| format!("{:23}{}\n", e.name, e.about);
    EXPERIMENTS.iter().map(line).collect()
}
