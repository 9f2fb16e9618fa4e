//! The folder with what came of a study.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Ended, StudyFile};
use crate::plot::fixed;
use crate::report::{Cell, Column, Details, Page, Section, Table, Verdict};
use crate::sources::SOURCES;
use crate::{
    CsvFile, Experiment, ExperimentError, FolderLock, JobFailure, ResultFolder, Settings,
    SummaryEntry,
};

/// Writes the folder.
pub(super) fn write(
    mut folder: ResultFolder,
    common: &StudyFile,
    settings: &Settings,
    ended: &[(&'static Experiment, Ended)],
) -> Result<FolderLock, ExperimentError> {
    let configuration = configuration(common, ended)?;
    let mut summaries: BTreeMap<&str, &BTreeMap<String, SummaryEntry>> = BTreeMap::new();
    let mut page = Page::new(
        "bss2 study",
        "Analog matrix multiplication on simulated BrainScaleS-2 chips: what imperfections cost, \
         what calibration and training win back.",
    )
    .with_fact("bss2", format!("{} ({SOURCES})", env!("CARGO_PKG_VERSION")))
    .with_fact("Seed", settings.seed.to_string())
    .with_fact("Preset", settings.preset.name())
    .with_fact("Chips", chips_name(settings));
    for (experiment, end) in ended {
        let outcome = match end {
            Ended::WithOutcome(outcome) => outcome,
            Ended::Failed(failures) => {
                page.push_section(failed(experiment, failures)?)?;
                continue;
            }
        };
        summaries.insert(experiment.name, &outcome.summary);
        let records = CsvFile::of(experiment.records_file, &outcome.records)?;
        for table in [&records].into_iter().chain(&outcome.further_tables) {
            folder.add(table.name(), table.content());
        }
        for (stem, chart) in &outcome.charts {
            folder.add(format!("figures/{stem}.svg"), chart.to_standalone_svg());
        }
        let section = outcome.section.clone();
        page.push_section(match expectations(&outcome.summary)? {
            Some(table) => section.with_table(table),
            None => section,
        })?;
    }
    page.push_section(
        Section::new("configuration", "The run")
            .with_finding(
                "Everything that the results depend on: `cargo xtask experiments --from configuration.toml` \
                 repeats them.",
            )
            .with_details(Details::new("Configuration of the run", &configuration)),
    )?;
    folder.add("summary.json", json(&summaries)?);
    folder.add("index.html", page.to_html());
    folder.add("report.md", page.to_markdown());
    folder.publish(&configuration)
}

/// What the study's chips are like, in a word; the whole configuration stands with each experiment.
fn chips_name(settings: &Settings) -> &'static str {
    settings.chip.preset_name().unwrap_or("own configuration")
}

/// The resolved configuration of a study: what is common to all, and a table per experiment.
fn configuration(
    common: &StudyFile,
    ended: &[(&'static Experiment, Ended)],
) -> Result<String, ExperimentError> {
    let mut common = common.clone();
    for (experiment, end) in ended {
        if let Ended::WithOutcome(outcome) = end {
            common.resolve(experiment, outcome.configuration.clone());
        }
    }
    Ok(common.to_toml()?.to_string())
}

/// What is to be told of an experiment without results.
fn failed(experiment: &Experiment, failures: &[JobFailure]) -> Result<Section, ExperimentError> {
    let section = Section::new(experiment.name, experiment.about);
    if let [failure] = failures
        && failure.key().is_empty()
    {
        return Ok(section.with_finding(format!("No results: {}.", failure.reason())));
    }
    let columns = vec![Column::text("Job"), Column::text("Why it failed")];
    let mut table = Table::new("Jobs that failed", columns);
    for failure in failures {
        table.push_row(vec![
            Cell::text(failure.key()),
            Cell::text(failure.reason()),
        ])?;
    }
    Ok(section
        .with_finding("No results: some of its jobs failed. All others were done, and are kept.")
        .with_table(table))
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
