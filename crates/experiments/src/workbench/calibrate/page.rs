//! The page about a calibration.

use bss2_calibration::CalibrationResult;
use bss2_core::{ArrayGeometry, ArrayMode, Scope};

use super::super::ChipChoice;
use super::super::quadrants::name;
use super::{charts, table};
use crate::ExperimentError;
use crate::configuration::to_toml;
use crate::plot::{Chart, fixed};
use crate::report::{Cell, Column, Details, Figure, KeyNumber, Page, Section, Table};
use crate::workbench::cost::chip_time_ms;

pub(super) fn of(
    chip: &ChipChoice,
    result: &CalibrationResult,
    totals: &str,
) -> Result<Page, ExperimentError> {
    let geometry = chip.config.geometry;
    let page = Page::new(
        format!("Calibration of chip {}", chip.seed),
        format!(
            "What the {} procedure did to the registers of a simulated BrainScaleS-2 chip, what it \
             left of its mismatch, and what that cost.",
            result.procedure.name()
        ),
    )
    .with_section(overview(chip, result, totals)?)?
    .with_section(residuals(result))?
    .with_section(parameters(result, geometry)?)?
    .with_section(failures(result, geometry)?)?
    .with_section(cost(result))?
    .with_fact("bss2", &result.tool_version)
    .with_fact("Chip", result.chip.as_str());
    Ok(page)
}

fn overview(
    chip: &ChipChoice,
    result: &CalibrationResult,
    totals: &str,
) -> Result<Section, ExperimentError> {
    let share = |elements: &[bool]| {
        let working = elements.iter().filter(|&&works| works).count();
        100.0 * working as f64 / elements.len().max(1) as f64
    };
    let measurements: u64 = result.routines.iter().map(|r| r.measurements).sum();
    let number = |label, value, decimals, unit| {
        KeyNumber::new(label, value)
            .with_decimals(decimals)
            .with_unit(unit)
    };
    let details = Details::new(
        "Targets and options",
        to_toml(&result.procedure)?.to_string(),
    );
    let chip_details = Details::new(
        "The chip's configuration",
        to_toml(&chip.config)?.to_string(),
    );
    Ok(Section::new("overview", "Overview")
        .with_key_number(number(
            "Working columns",
            share(&result.working_columns),
            1,
            "%",
        ))
        .with_key_number(number(
            "Working drivers",
            share(&result.working_drivers),
            1,
            "%",
        ))
        .with_key_number(number(
            "Chip time",
            chip_time_ms(&result.cost) / 1000.0,
            1,
            "s",
        ))
        .with_key_number(number("Measurements", measurements as f64, 0, ""))
        .with_finding(totals)
        .with_table(provenance(chip, result)?)
        .with_table(table::routines_for_page(result)?)
        .with_details(details)
        .with_details(chip_details))
}

fn provenance(chip: &ChipChoice, result: &CalibrationResult) -> Result<Table, ExperimentError> {
    let mode = match result.mode {
        ArrayMode::Membrane => "membrane",
        ArrayMode::SynapticLine => "synaptic line",
        ArrayMode::Unsigned => "unsigned",
    };
    let temperature = result.temperature_celsius.map_or_else(
        || "no sensor".to_owned(),
        |celsius| format!("{} °C", fixed(celsius, 1)),
    );
    let mut table = Table::new(
        "Provenance",
        vec![Column::text("What"), Column::text("Value")],
    );
    for (what, value) in [
        ("Chip", result.chip.to_string()),
        ("Seed of the chip", chip.seed.to_string()),
        ("Kind of chip", chip.kind().to_owned()),
        ("Sizes", chip.config.geometry.to_string()),
        ("Procedure", result.procedure.name().to_owned()),
        ("Mode of the array", mode.to_owned()),
        (
            "Seed of the measurements' noise",
            result.trial_seed.to_string(),
        ),
        ("Temperature", temperature),
        ("Version of bss2", result.tool_version.clone()),
        ("Vectors sent", result.cost.vectors.to_string()),
        (
            "Register instances written",
            result.cost.register_writes.to_string(),
        ),
        ("Settles of the CapMem", result.cost.settles.to_string()),
    ] {
        table.push_row(vec![Cell::text(what), Cell::text(value)])?;
    }
    Ok(table)
}

fn figure(chart: &dyn Chart, caption: &str) -> Figure {
    Figure::new(chart, caption)
}

fn residuals(result: &CalibrationResult) -> Section {
    Section::new("residuals", "What is left of the mismatch")
        .with_question("How far from their targets do instances lie before and after each routine?")
        .with_figure(figure(
            &charts::changes(result),
            "Standard deviation over the instances that succeeded, in the unit of each routine; on \
             the logarithmic axis equal distances are equal factors. A routine that begins where \
             an earlier one has been can hardly gain.",
        ))
        .with_figure(figure(
            &charts::residuals(result),
            "All instances with a response, those that failed included; counts are logarithmic.",
        ))
}

fn parameters(
    result: &CalibrationResult,
    geometry: ArrayGeometry,
) -> Result<Section, ExperimentError> {
    let quadrants: Vec<String> = (0..Scope::Quadrant.instances(geometry)).map(name).collect();
    Ok(Section::new("parameters", "What the registers hold")
        .with_question("Where did the registers go, and do quadrants differ?")
        .with_method(format!("Quadrants: {}.", quadrants.join("; ")))
        .with_figure(figure(
            &charts::parameters(result, geometry),
            "Number of instances by value; the dashed line is the value after power-on.",
        ))
        .with_table(table::quadrants(result)?))
}

fn failures(
    result: &CalibrationResult,
    geometry: ArrayGeometry,
) -> Result<Section, ExperimentError> {
    let list = |scope, what: &str| {
        let failed: Vec<String> = charts::failures_by(result, scope, geometry)
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(element, _)| element.to_string())
            .collect();
        match failed.len() {
            0 => format!("All {what} of the chip succeeded."),
            _ => format!("These {what} of the chip failed: {}.", failed.join(", ")),
        }
    };
    let section = Section::new("failures", "What failed")
        .with_question("Which columns and drivers did not reach their targets?")
        .with_method(
            "The last routine of each register counts. A column answers for its neuron and for the \
             channel that delivers its results.",
        )
        .with_finding(format!(
            "{}\n\n{}",
            list(Scope::Column, "columns"),
            list(Scope::Driver, "drivers")
        ));
    // A map without failures shows nothing.
    [(Scope::Column, "column"), (Scope::Driver, "driver")]
        .into_iter()
        .filter(|(scope, _)| {
            let counts = charts::failures_by(result, *scope, geometry);
            counts.iter().any(|&count| count > 0)
        })
        .try_fold(section, |section, (scope, element)| {
            let map = charts::failures(result, scope, geometry)?;
            let caption = format!("Each cell is a {element}, in rows of 32 from hemisphere 0 on.");
            Ok(section.with_figure(figure(&map, &caption)))
        })
}

fn cost(result: &CalibrationResult) -> Section {
    Section::new("cost", "What it cost")
        .with_question("Where does the chip's time go?")
        .with_figure(figure(
            &charts::chip_times(result),
            "Time for which the chip is occupied, settling of the CapMem (20 ms each time) \
             included; the host's own work is not part of it.",
        ))
}
