//! Running experiments and writing what came out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use crate::configuration::to_toml;
use crate::plot::fixed;
use crate::report::{Cell, Column, Details, Page, Table, Verdict};
use crate::{
    CsvFile, Experiment, ExperimentError, Outcome, Preset, Progress, ResultFolder, Settings,
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

/// What all experiments of a study have in common, as it is written beside the results.
#[derive(Serialize)]
struct Common<'a> {
    preset: Preset,
    chips: &'static str,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Path>,
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
    refuse_duplicates(experiments)?;
    let folder = ResultFolder::claim(folder)?;
    let common = to_toml(&Common {
        preset: settings.preset,
        chips: chips_name(settings),
        seed: settings.seed,
        data: settings.data.as_deref(),
    })?;
    let pool = thread_pool(settings.threads)?;
    let mut outcomes = Vec::with_capacity(experiments.len());
    for experiment in experiments {
        let outcome = pool.install(|| experiment.run(settings, progress))?;
        outcomes.push((*experiment, outcome));
    }
    write(folder, common, settings, &outcomes)?;
    Ok(StudyReport {
        misses: outcomes.iter().flat_map(|(e, o)| misses(e, o)).collect(),
        tables: outcomes.into_iter().map(|(_, o)| o.table).collect(),
    })
}

/// What the study's chips are like, in a word; the whole configuration stands with each experiment.
fn chips_name(settings: &Settings) -> &'static str {
    settings.chip.preset_name().unwrap_or("own configuration")
}

/// Their files and sections bear the experiments' names.
fn refuse_duplicates(experiments: &[&'static Experiment]) -> Result<(), ExperimentError> {
    let mut names = BTreeSet::new();
    match experiments.iter().find(|e| !names.insert(e.name)) {
        None => Ok(()),
        Some(Experiment { name, .. }) => Err(ExperimentError::DuplicateExperiment { name }),
    }
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

/// The resolved configuration of a study: what is common to all, and a table per experiment.
fn configuration(mut common: toml::Table, outcomes: &[(&'static Experiment, Outcome)]) -> String {
    let experiments: toml::Table = outcomes
        .iter()
        .map(|(experiment, outcome)| {
            let configuration = outcome.configuration.clone();
            (experiment.name.to_owned(), configuration.into())
        })
        .collect();
    common.insert("experiments".to_owned(), experiments.into());
    common.to_string()
}

fn write(
    mut folder: ResultFolder,
    common: toml::Table,
    settings: &Settings,
    outcomes: &[(&'static Experiment, Outcome)],
) -> Result<(), ExperimentError> {
    let configuration = configuration(common, outcomes);
    let mut summaries: BTreeMap<&str, &BTreeMap<String, SummaryEntry>> = BTreeMap::new();
    let mut page = Page::new(
        "bss2 study",
        "Analog matrix multiplication on simulated BrainScaleS-2 chips: what imperfections cost, \
         what calibration and training win back.",
    )
    .with_fact("bss2", env!("CARGO_PKG_VERSION"))
    .with_fact("Seed", settings.seed.to_string())
    .with_fact("Preset", settings.preset.name())
    .with_fact("Chips", chips_name(settings));
    for (experiment, outcome) in outcomes {
        summaries.insert(experiment.name, &outcome.summary);
        let records = CsvFile::of(experiment.records_file, &outcome.records)?;
        for table in [&records].into_iter().chain(&outcome.further_tables) {
            folder.add(table.name(), table.content());
        }
        for (stem, chart) in &outcome.charts {
            folder.add(format!("figures/{stem}.svg"), chart.to_standalone_svg());
        }
        let details = Details::new("Configuration of the run", &configuration);
        let section = outcome.section.clone().with_details(details);
        page.push_section(match expectations(&outcome.summary)? {
            Some(table) => section.with_table(table),
            None => section,
        })?;
    }
    folder.add("summary.json", json(&summaries)?);
    folder.add("index.html", page.to_html());
    folder.publish(&configuration)
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
