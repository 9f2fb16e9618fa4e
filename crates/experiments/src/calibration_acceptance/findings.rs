//! From the chips' results to tables and text.

use bss2_calibration::acceptance::Group;

use super::charts::charts;
use super::chip_run::{ChipRun, Treatment};
use super::summary::{Place, count, of_process, passes, summary};
use super::{EXPERIMENT, Parameters, records, tables};
use crate::acceptance::State;
use crate::named_chart::NamedChart;
use crate::report::{KeyNumber, Section};
use crate::wording::{chips, unbroken};
use crate::{ExperimentError, Outcome};

pub(super) fn outcome(
    runs: &[ChipRun],
    parameters: &Parameters,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let charts = charts(runs, parameters)?;
    let mut section = Section::new(EXPERIMENT.name, "The real chip's own tests")
        .with_question(
            "Do calibrated chips pass the acceptance tests of the real chip's calibration, and do the \
             tests tell them from others?",
        )
        .with_method(method(runs, parameters))
        .with_finding(finding(runs, parameters))
        .with_limits(LIMITS);
    let table = tables::counts(runs, parameters)?;
    for (process, of) in parameters.processes.iter().enumerate() {
        let runs_of_process = of_process(runs, process);
        let passing = runs_of_process
            .iter()
            .filter(|run| run.passes_all(CALIBRATED));
        let share = 100.0 * passing.count() as f64 / runs_of_process.len() as f64;
        let label = format!("Calibrated chips that pass everything, {}", of.name);
        let number = KeyNumber::new(label, share).with_unit("%");
        section = section.with_key_number(number.with_decimals(0));
    }
    let section = section
        .with_table(table.clone())
        .with_table(tables::values(runs, parameters)?);
    Ok(Outcome {
        configuration,
        records: runs
            .iter()
            .flat_map(|run| records::of(run, parameters))
            .collect(),
        further_tables: records::tables(runs, parameters)?,
        summary: summary(runs, parameters),
        table,
        section: NamedChart::add_all(&charts, section),
        charts: NamedChart::into_files(charts),
    })
}

const CALIBRATED: Treatment = Treatment::Known(State::Calibrated);

const LIMITS: &str = "\
The limits are wide: a chip that passes may still be far from a good one. Passing was in part put in: the lines' signal was set such that drivers come \
to about the amplitude that the source expects, and the share of stuck channels such that few chips \
have one. The criteria for multiplication on synaptic lines see neither drivers nor CADC, only whether \
the lines keep their charge: chips that were calibrated for nothing but have slow lines meet them. The \
source has no uncalibrated or overwritten chip for them; here an overwritten one has fast lines.";

fn method(runs: &[ChipRun], parameters: &Parameters) -> String {
    let processes: Vec<String> = parameters
        .processes
        .iter()
        .enumerate()
        .map(|(number, process)| {
            let count = of_process(runs, number).len();
            format!("{} of the {} process", chips(count), process.name)
        })
        .collect();
    format!(
        "{}. The criteria are those of calix' hardware tests, with all elements of a chip, also those \
         that failed their calibration. Each chip is calibrated for the CADC's full range (criteria \
         1), on membranes by the known procedure (3), and converted from there to synaptic lines (2, \
         4). Copies of it are judged right after calibration, with the calibrated registers \
         overwritten as in the source, and with the calibration applied again; `joint` chips were \
         calibrated by the joint procedure instead, fresh ones not at all, so that none of their \
         columns counts as calibrated with success.\n\n\
         CADC: one reading of the debug line at mid-range. Drivers: activations 1…31 at weight 63, \
         3 sends, 5 runs, on slow lines. Membranes: 30 runs of 12 simultaneous pulses 1.2 µs apart, 8 \
         rows of weight 10, all excitatory or all inhibitory. Synaptic lines: nine vectors on weights \
         −63…63, and on the same with the opposite sign, 30 runs; results are differences of codes, \
         and columns in which two vectors both reach the CADC's end are left out of their \
         comparison.",
        processes.join(" and "),
    )
}

/// Says what the numbers say, whatever they are.
fn finding(runs: &[ChipRun], parameters: &Parameters) -> String {
    let processes = parameters.processes.iter().enumerate();
    let paragraphs: Vec<String> = processes
        .map(|(number, process)| {
            let runs = of_process(runs, number);
            let all = |treatment| runs.iter().filter(|run| run.passes_all(treatment)).count();
            format!(
                "Of {} of the {} process, {} pass every test right after calibration, {} after the \
                 joint procedure (without the CADC's), {} with the calibration applied again. {} {}{} {}",
                chips(runs.len()),
                process.name,
                all(CALIBRATED),
                all(Treatment::Joint),
                all(Treatment::Known(State::Reapplied)),
                missed(&runs),
                fooled(&runs, State::Fresh),
                uncalibrated(&runs),
                fooled(&runs, State::Overwritten),
            )
        })
        .collect();
    unbroken(&paragraphs.join("\n\n"))
}

/// Which criteria calibrated chips miss.
fn missed(runs: &[&ChipRun]) -> String {
    let missed: Vec<String> = Place::all()
        .filter_map(|place| {
            let met = place.met(runs, CALIBRATED);
            let missed = met.len() - count(&met);
            let name = place.criterion.name;
            (missed > 0).then(|| format!("{} {name} ({})", place.number(), chips(missed)))
        })
        .collect();
    if missed.is_empty() {
        return "No calibrated chip misses any criterion.".to_owned();
    }
    format!("Missed after calibration: {}.", missed.join(", "))
}

/// How many fresh chips fail in membrane mode for nothing but want of a calibration.
fn uncalibrated(runs: &[&ChipRun]) -> String {
    let fresh = Treatment::Known(State::Fresh);
    let tested = runs
        .iter()
        .filter_map(|run| run.tested(fresh, Group::Membrane));
    let otherwise_fit = tested.filter(|tested| {
        let mut met = tested.verdicts().map(|verdict| verdict.is_met());
        let calibrated = met.next().unwrap_or(false);
        !calibrated && met.all(|met| met)
    });
    match otherwise_fit.count() {
        0 => String::new(),
        count => format!(
            " On membranes, {count} of the fresh ones would pass if columns did not have to be \
             calibrated."
        ),
    }
}

/// Which groups chips pass that should not.
fn fooled(runs: &[&ChipRun], state: State) -> String {
    let passed: Vec<String> = Group::ALL
        .into_iter()
        .filter_map(|group| {
            let passed = count(&passes(runs, Treatment::Known(state), group));
            (passed > 0).then(|| format!("{} ({})", group.name(), chips(passed)))
        })
        .collect();
    if passed.is_empty() {
        return format!("No {} chip passes any group.", state.name());
    }
    format!(
        "Groups that {} chips pass: {}.",
        state.name(),
        passed.join(", ")
    )
}
