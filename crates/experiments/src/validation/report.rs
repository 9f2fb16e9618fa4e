//! The table, and how it is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Band, Check};
use super::{ChipValues, EXPERIMENT, PROTOCOLS};
use crate::plot::{Axis, Category, CategoryChart, Reference, fixed};
use crate::report::{Cell, Column, Figure, KeyNumber, Section, Table, Verdict};
use crate::statistics::median;
use crate::{ExperimentError, Outcome, Record, SummaryEntry};

/// A check with what the chips show.
struct Found {
    check: &'static Check,
    /// By chip.
    values: Vec<f64>,
}

impl Found {
    fn median(&self) -> f64 {
        median(self.values.iter().copied())
    }

    fn passes(&self) -> bool {
        self.check.band.contains(self.median())
    }
}

pub(super) fn outcome(
    chips: &[ChipValues],
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let checks = PROTOCOLS.iter().flat_map(|protocol| protocol.checks);
    let found: Vec<Found> = checks
        .enumerate()
        .map(|(index, check)| Found {
            check,
            values: chips.iter().map(|chip| chip.values[index]).collect(),
        })
        .collect();
    let table = table(&found, chips.len())?;
    let chart = chart(&found)?;
    let section = section(&found, &table, &chart)?;
    Ok(Outcome {
        configuration,
        records: records(chips),
        further_tables: Vec::new(),
        summary: summary(&found),
        table,
        section,
        charts: vec![("validation", Box::new(chart))],
    })
}

fn table(found: &[Found], chips: usize) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        format!("Simulated beside published: median (least … greatest) of {chips} chips"),
        vec![
            Column::text("Row"),
            Column::text("Quantity"),
            Column::number("Target"),
            Column::number("Simulated"),
            Column::text("Verdict"),
        ],
    );
    for found in found {
        let check = found.check;
        let number = |value| fixed(value, check.decimals);
        let least = found.values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = found
            .values
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let simulated = format!(
            "{} ({} … {})",
            number(found.median()),
            number(least),
            number(greatest)
        );
        table.push_row(vec![
            Cell::text(check.row.to_string()),
            Cell::text(check.quantity_with_unit()),
            Cell::text(check.target()),
            Cell::text(simulated),
            Cell::verdict(Verdict::of(found.passes())),
        ])?;
    }
    Ok(table)
}

/// Where each row's target comes from.
fn sources(found: &[Found]) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        "Sources of the targets",
        vec![Column::text("Row"), Column::text("Source")],
    );
    let sources: BTreeSet<(u8, &str)> = found
        .iter()
        .map(|found| (found.check.row, found.check.source))
        .collect();
    for (row, source) in sources {
        table.push_row(vec![Cell::text(row.to_string()), Cell::text(source)])?;
    }
    Ok(table)
}

fn section(
    found: &[Found],
    table: &Table,
    chart: &CategoryChart,
) -> Result<Section, ExperimentError> {
    let rows: BTreeSet<u8> = found.iter().map(|found| found.check.row).collect();
    let missed: BTreeSet<u8> = found
        .iter()
        .filter(|found| !found.passes())
        .map(|found| found.check.row)
        .collect();
    let passed = rows.len() - missed.len();
    let verdict = if missed.is_empty() {
        format!("All {} rows lie in their bands.", rows.len())
    } else {
        let missed: Vec<String> = missed.iter().map(u8::to_string).collect();
        format!(
            "{passed} of {} rows lie in their bands; missed: row {}.",
            rows.len(),
            missed.join(", row ")
        )
    };
    Ok(Section::new("validation", "Beside the published figures")
        .with_question("Do simulated chips behave like the chips that were measured?")
        .with_method(
            "Chips are calibrated with the default procedure, drift for half a day, as the sources \
             calibrate every night and measure by day, and are measured as the sources did it: single runs where they show single runs, resampled weights and inputs where they \
             resample. A row passes if the median over the chips lies in its band for each of its \
             quantities; bands come from the sources, not from the simulation.",
        )
        .with_finding(verdict)
        .with_limits(
            "Agreement at these points does not make other behaviour right. Row 9 uses the driver \
             offsets of the membrane-mode calibration and the registers of synaptic-line mode; row \
             14 tests the criteria that the present procedure aims at.",
        )
        .with_key_number(KeyNumber::new("rows passed", passed as f64).with_decimals(0))
        .with_figure(Figure::new(chart, "Every chip's value and their mean, scaled such that each quantity's band reaches from 0 \
             to 1; a band with one end has it at 1."))
        .with_table(table.clone())
        .with_table(sources(found)?))
}

/// Place of a value relative to its band: inside lies between 0 and 1. A band with one end has that
/// end at 1.
fn place(band: Band, value: f64) -> f64 {
    match (band.min.is_finite(), band.max.is_finite()) {
        (true, true) => (value - band.min) / (band.max - band.min),
        (true, false) => band.min / value,
        // Nothing is allowed at all.
        _ if band.max == 0.0 => value + 0.5,
        _ => value / band.max,
    }
}

fn chart(found: &[Found]) -> Result<CategoryChart, ExperimentError> {
    let categories = found
        .iter()
        .map(|found| {
            let places = found
                .values
                .iter()
                .map(|&value| place(found.check.band, value));
            let name = format!("{}: {}", found.check.row, found.check.quantity);
            Category::new(name, places.collect())
        })
        .collect();
    let places = found.iter().flat_map(|found| {
        let values = found.values.iter();
        values.map(|&value| place(found.check.band, value))
    });
    // Both ends of the band are seen, and whatever lies beyond them.
    let (low, high) = places.fold((-0.25, 1.25), |(low, high): (f64, f64), place| {
        (low.min(place), high.max(place))
    });
    let axis = Axis::linear("Place in the band", "").with_range(low.max(-2.0), high.min(3.0))?;
    Ok(
        CategoryChart::new("Simulated chips in the published bands", axis, categories)
            .with_reference(Reference::band(0.0, 1.0, "published band"))
            .with_dot_label("one chip")
            .with_decimals(2),
    )
}

fn records(chips: &[ChipValues]) -> Vec<Record> {
    let checks = || PROTOCOLS.iter().flat_map(|protocol| protocol.checks);
    chips
        .iter()
        .flat_map(|chip| {
            checks().zip(&chip.values).map(|(check, &value)| Record {
                experiment: EXPERIMENT.name,
                dataset: String::new(),
                chip_seed: chip.seed,
                stage: format!("row {}", check.row),
                metric: check.quantity.to_owned(),
                index: None,
                value,
                unit: check.unit.to_owned(),
            })
        })
        .collect()
}

fn summary(found: &[Found]) -> BTreeMap<String, SummaryEntry> {
    found
        .iter()
        .filter_map(|found| {
            let name = format!("row {:02}/{}", found.check.row, found.check.quantity);
            Some((name, SummaryEntry::of(&found.values, found.check.unit)?))
        })
        .collect()
}
