//! `cargo xtask experiments`.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use bss2_experiments::{
    EXPERIMENTS, Experiment, ExperimentError, StudyReport, find, merge_shards, run_shard, run_study,
};

use crate::arguments::{ExperimentOptions, MergeCommand, MergeOptions};
use crate::bars::Bars;

/// What came of a command: text for standard output, and what is to be told besides if the work is
/// not complete.
pub(crate) struct Done {
    pub(crate) text: String,
    pub(crate) failures: Vec<String>,
    /// What does what failed.
    pub(crate) remedy: &'static str,
}

const AGAIN: &str = "The same command does what failed again, and no more.";

/// Runs what was asked for.
pub(crate) fn run(options: &ExperimentOptions) -> Result<Done, String> {
    if let Some(MergeCommand::Merge(options)) = &options.merge {
        return merge(options);
    }
    if options.list {
        return Ok(complete(list()));
    }
    let file = options.file().map_err(in_words)?;
    let of_file = file
        .as_ref()
        .map(|file| file.experiments().map_err(in_words));
    let chosen = match of_file.transpose()? {
        Some(of_file) if options.names.is_empty() => of_file,
        _ => named(&options.names)?,
    };
    let mut settings = options.settings(file.as_ref())?;
    settings
        .parameters
        .retain(|name, _| chosen.iter().any(|e| e.name == name));
    let started = Instant::now();
    let mut done = match options.shard {
        None => {
            let report = run_study(&chosen, &settings, &options.out, &Bars).map_err(in_words)?;
            told(report, started, &options.out)
        }
        Some(shard) => {
            let failures = run_shard(&chosen, &settings, shard, &options.out, &Bars);
            let failures = failures.map_err(in_words)?;
            let seconds = started.elapsed().as_secs_f64();
            let folder = options.out.display();
            Done {
                text: format!("{seconds:.1} s. Shard {shard}: {folder}\n"),
                failures: failures.iter().map(ToString::to_string).collect(),
                remedy: AGAIN,
            }
        }
    };
    if file.is_some_and(|file| file.is_of_other_sources()) {
        done.text += "The file was written by another version of bss2: results may differ.\n";
    }
    Ok(done)
}

fn merge(options: &MergeOptions) -> Result<Done, String> {
    let started = Instant::now();
    let data = options.data.as_deref();
    let report = merge_shards(&options.folders, data, options.threads, &options.out, &Bars);
    let done = told(report.map_err(in_words)?, started, &options.out);
    Ok(Done {
        remedy: "Run the shards in which jobs failed again, and merge again.",
        ..done
    })
}

fn named(names: &[String]) -> Result<Vec<&'static Experiment>, String> {
    if names.is_empty() {
        return Ok(EXPERIMENTS.iter().collect());
    }
    let found = names.iter().map(|name| find(name));
    found.collect::<Result<_, _>>().map_err(in_words)
}

/// Tables, missed targets, and where the page is.
fn told(report: StudyReport, started: Instant, out: &Path) -> Done {
    let mut text = String::new();
    for table in &report.tables {
        text += &table.to_text();
        text.push('\n');
    }
    for miss in &report.misses {
        // Writing to a string does not fail.
        let _ = writeln!(text, "misses its target: {miss}");
    }
    let seconds = started.elapsed().as_secs_f64();
    let page = out.join("index.html");
    let _ = writeln!(text, "{seconds:.1} s. Report: {}", page.display());
    Done {
        text,
        failures: report.failures.iter().map(ToString::to_string).collect(),
        remedy: AGAIN,
    }
}

const fn complete(text: String) -> Done {
    Done {
        text,
        failures: Vec::new(),
        remedy: AGAIN,
    }
}

fn in_words(error: ExperimentError) -> String {
    error.to_string()
}

fn list() -> String {
    let line = |e: &Experiment| format!("{:25}{}\n", e.name, e.about);
    EXPERIMENTS.iter().map(line).collect()
}
