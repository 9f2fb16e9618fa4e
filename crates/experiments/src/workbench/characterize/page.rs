//! The page about a characterization.

use bss2_calibration::CalibrationResult;
use bss2_core::ArrayMode;

use super::CharacterizationJob;
use super::figures::State;
use super::measure::LINEAR_LSB;
use super::{charts, table};
use crate::ExperimentError;
use crate::configuration::to_toml;
use crate::plot::{Axis, fixed};
use crate::report::{Cell, Column, Details, Figure, Page, Section, Table};
use crate::workbench::quadrants::name;

pub(super) fn of(
    job: &CharacterizationJob,
    calibration: Option<&CalibrationResult>,
    states: &[State<'_>],
    totals: &str,
) -> Result<Page, ExperimentError> {
    let lead = if calibration.is_some() {
        "A simulated BrainScaleS-2 chip, fresh and with its calibration, seen through what a real \
         chip can show."
    } else {
        "A fresh simulated BrainScaleS-2 chip, seen through what a real chip can show."
    };
    let page = Page::new(format!("Characterization of chip {}", job.chip.seed), lead)
        .with_section(overview(job, calibration, states, totals)?)?
        .with_section(columns(states))?
        .with_section(drivers(states))?
        .with_fact("bss2", env!("CARGO_PKG_VERSION"))
        .with_fact("Seed of the noise", job.trial_seed.to_string());
    Ok(page)
}

fn overview(
    job: &CharacterizationJob,
    calibration: Option<&CalibrationResult>,
    states: &[State<'_>],
    totals: &str,
) -> Result<Section, ExperimentError> {
    let quadrants = states.first().map_or(0, State::quadrants);
    let quadrants: Vec<String> = (0..quadrants).map(name).collect();
    let configuration = to_toml(&job.chip.config)?.to_string();
    let overview = Section::new("overview", "Overview")
        .with_method(format!(
            "Columns: every input sends the same activation into the same weight, of both signs, so \
             that drivers and synapses average out. Gain (per activation and weight unit) and \
             offset are those of a line through the mean results within ±{LINEAR_LSB} LSB at the \
             expected gain; noise is the spread of repeats there. The departure is that of the mean \
             curve from a line. Drivers: one at a time, median over the columns of the hemisphere; \
             mismatch is the mean over activations. Time constants: as calibrations measure \
             them.\n\nQuadrants: {}.",
            quadrants.join("; ")
        ))
        .with_finding(totals)
        .with_table(provenance(job, calibration, states)?);
    let section = table::for_page(states)?
        .into_iter()
        .fold(overview, Section::with_table)
        .with_details(Details::new("The chip's configuration", configuration));
    Ok(match calibration {
        Some(calibration) => section.with_details(Details::new(
            "The calibration's targets and options",
            to_toml(&calibration.procedure)?.to_string(),
        )),
        None => section,
    })
}

fn provenance(
    job: &CharacterizationJob,
    calibration: Option<&CalibrationResult>,
    states: &[State<'_>],
) -> Result<Table, ExperimentError> {
    let mode = match states.first().map(|state| state.measurements.mode) {
        Some(ArrayMode::SynapticLine) => "synaptic line",
        Some(ArrayMode::Unsigned) => "unsigned",
        Some(ArrayMode::Membrane) | None => "membrane",
    };
    let default = f64::from(job.chip.config.temperature.reference_celsius);
    let celsius = job.chip.temperature_celsius.map_or(default, f64::from);
    let mut rows = vec![
        ("Seed of the chip", job.chip.seed.to_string()),
        ("Kind of chip", job.chip.kind().to_owned()),
        ("Sizes", job.chip.config.geometry.to_string()),
        ("Temperature", format!("{} °C", fixed(celsius, 1))),
        ("Mode of the array", mode.to_owned()),
        (
            "Seed of the measurements' noise",
            job.trial_seed.to_string(),
        ),
    ];
    if let Some(calibration) = calibration {
        let at = calibration.temperature_celsius;
        rows.extend([
            ("Chip of the calibration", calibration.chip.to_string()),
            ("Procedure", calibration.procedure.name().to_owned()),
            ("Seed of its noise", calibration.trial_seed.to_string()),
            (
                "Calibrated at",
                at.map_or_else(|| "–".to_owned(), |at| format!("{} °C", fixed(at, 1))),
            ),
            ("Calibrated by bss2", calibration.tool_version.clone()),
        ]);
    }
    let columns = vec![Column::text("What"), Column::text("Value")];
    let mut table = Table::new("Provenance", columns);
    for (what, value) in rows {
        table.push_row(vec![Cell::text(what), Cell::text(value)])?;
    }
    Ok(table)
}

fn columns(states: &[State<'_>]) -> Section {
    let offsets = charts::along_the_chip(
        "Baselines along the chip",
        "Column of the chip",
        Axis::linear("CADC code without events", "LSB"),
        states,
        |state| state.measurements.baselines.clone(),
    );
    let gains = charts::along_the_chip(
        "Gains along the chip",
        "Output of the chip",
        Axis::linear("Gain", "10⁻³ LSB"),
        states,
        |state| {
            state
                .measurements
                .gains
                .iter()
                .map(|gain| 1000.0 * gain)
                .collect()
        },
    );
    Section::new("columns", "Columns")
        .with_question("How far do columns lie apart, and how straight is what they answer?")
        .with_figure(Figure::new(
            &offsets,
            "Every column of the chip, those that do not work included; dashed lines are borders \
             of quadrants.",
        ))
        .with_figure(Figure::new(
            &charts::baselines(states),
            "Number of columns by their mean code, logarithmic; columns that do not work are left \
             out.",
        ))
        .with_figure(Figure::new(
            &gains,
            "Per activation and weight unit; those that do not work included where they have a gain.",
        ))
        .with_figure(Figure::new(
            &charts::column_curves(states),
            "Mean over the columns that work; the band is their standard deviation.",
        ))
}

fn drivers(states: &[State<'_>]) -> Section {
    let sends = states
        .first()
        .map_or(1, |state| state.measurements.driver_sends);
    let largest = charts::along_the_chip(
        "Largest amplitudes along the chip",
        "Driver of the chip",
        Axis::linear("Result to one driver, x = 31, w = 63", "LSB"),
        states,
        |state| {
            let last = state.measurements.drivers.columns().into_iter().next_back();
            last.map(|drivers| drivers.to_vec()).unwrap_or_default()
        },
    );
    Section::new("drivers", "Drivers")
        .with_question("How far do drivers lie apart?")
        .with_figure(Figure::new(
            &charts::driver_curves(states),
            format!(
                "Mean over the drivers that work, {sends} sends; the band is their standard \
                 deviation.",
            ),
        ))
        .with_figure(Figure::new(
            &largest,
            "Every driver of the chip, those that do not work included.",
        ))
}
