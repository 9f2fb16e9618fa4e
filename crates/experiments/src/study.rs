//! Running experiments and writing what came out.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::experiment::to_toml;
use crate::plot::fixed;
use crate::report::{Cell, Column, Details, Page, Table, Verdict};
use crate::{
    Experiment, ExperimentError, Outcome, Preset, Progress, Record, ResultFolder, Settings,
    SummaryEntry,
};

/// What [`run_study`] has to tell.
#[derive(Debug)]
pub struct StudyReport {
    /// One table per experiment, for the terminal.
    pub tables: Vec<Table>,
    /// Figures that miss their target: experiment and figure.
    pub misses: Vec<String>,
}

/// The resolved configuration of a study, as it is written beside the results.
#[derive(Serialize)]
struct Configuration<'a> {
    bss2_version: &'static str,
    preset: Preset,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Path>,
    experiments: BTreeMap<&'static str, toml::Table>,
}

/// Runs the experiments one after the other, each on the settings' threads, and writes the result
/// folder when all have ended.
///
/// # Errors
/// [`ExperimentError`]; `folder` is as it was before then.
pub fn run_study(
    experiments: &[&'static Experiment],
    settings: &Settings,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<StudyReport, ExperimentError> {
    settings.check()?;
    let folder = ResultFolder::claim(folder)?;
    let configuration = configuration(experiments, settings)?;
    let pool = thread_pool(settings.threads)?;
    let mut outcomes = Vec::with_capacity(experiments.len());
    for experiment in experiments {
        let outcome = pool.install(|| experiment.run(settings, progress))?;
        outcomes.push((*experiment, outcome));
    }
    write(folder, &configuration, settings, &outcomes)?;
    Ok(StudyReport {
        misses: outcomes.iter().flat_map(|(e, o)| misses(e, o)).collect(),
        tables: outcomes.into_iter().map(|(_, o)| o.table).collect(),
    })
}

fn thread_pool(threads: Option<usize>) -> Result<rayon::ThreadPool, ExperimentError> {
    let threads = threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| ExperimentError::Threads {
            threads,
            reason: error.to_string(),
        })
}

fn configuration(
    experiments: &[&'static Experiment],
    settings: &Settings,
) -> Result<String, ExperimentError> {
    let mut resolved = BTreeMap::new();
    for experiment in experiments {
        resolved.insert(experiment.name, (experiment.resolve)(settings)?);
    }
    let table = to_toml(&Configuration {
        bss2_version: env!("CARGO_PKG_VERSION"),
        preset: settings.preset,
        seed: settings.seed,
        data: settings.data.as_deref(),
        experiments: resolved,
    })?;
    Ok(table.to_string())
}

fn write(
    mut folder: ResultFolder,
    configuration: &str,
    settings: &Settings,
    outcomes: &[(&'static Experiment, Outcome)],
) -> Result<(), ExperimentError> {
    let mut summaries: BTreeMap<&str, &BTreeMap<String, SummaryEntry>> = BTreeMap::new();
    let mut page = Page::new(
        "bss2 study",
        "Analog matrix multiplication on simulated BrainScaleS-2 chips: what imperfections cost, \
         what calibration and training win back.",
    )
    .with_fact("bss2", env!("CARGO_PKG_VERSION"))
    .with_fact("Seed", settings.seed.to_string())
    .with_fact("Preset", settings.preset.name());
    for (experiment, outcome) in outcomes {
        summaries.insert(experiment.name, &outcome.summary);
        folder.add(format!("{}.csv", experiment.name), csv(&outcome.records)?);
        for (stem, chart) in &outcome.charts {
            folder.add(format!("figures/{stem}.svg"), chart.to_standalone_svg());
        }
        let details = Details::new("Configuration of the run", configuration);
        let section = outcome.section.clone().with_details(details);
        page.push_section(match expectations(&outcome.summary)? {
            Some(table) => section.with_table(table),
            None => section,
        })?;
    }
    folder.add("summary.json", json(&summaries)?);
    folder.add("configuration.toml", configuration);
    folder.add("index.html", page.to_html());
    folder.publish()
}

/// What was expected of an experiment's figures, and whether it came.
fn expectations(
    summary: &BTreeMap<String, SummaryEntry>,
) -> Result<Option<Table>, ExperimentError> {
    let mut table = Table::new(
        "Expectations",
        vec![
            Column::text("Figure"),
            Column::number("Value"),
            Column::number("Expected"),
            Column::text("Unit"),
            Column::text("Verdict"),
        ],
    );
    let mut any = false;
    for (figure, entry) in summary {
        if let (Some(target), Some(rule), Some(pass)) = (entry.target, entry.rule, entry.pass) {
            any = true;
            table.push_row(vec![
                Cell::text(figure),
                Cell::number(entry.value, 2),
                Cell::text(format!("{} {}", rule.sign(), fixed(target, 2))),
                Cell::text(entry.unit),
                Cell::verdict(Verdict::of(pass)),
            ])?;
        }
    }
    Ok(any.then_some(table))
}

fn csv(records: &[Record]) -> Result<Vec<u8>, ExperimentError> {
    let encode = |error: csv::Error| ExperimentError::Encode {
        what: "a table",
        reason: error.to_string(),
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.serialize(record).map_err(encode)?;
    }
    writer
        .into_inner()
        .map_err(|error| encode(error.into_error().into()))
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, ExperimentError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| ExperimentError::Encode {
        what: "summary.json",
        reason: error.to_string(),
    })?;
    text.push(b'\n');
    Ok(text)
}

fn misses(experiment: &Experiment, outcome: &Outcome) -> Vec<String> {
    outcome
        .summary
        .iter()
        .filter(|(_, entry)| entry.pass == Some(false))
        .map(|(figure, _)| format!("{}: {figure}", experiment.name))
        .collect()
}
