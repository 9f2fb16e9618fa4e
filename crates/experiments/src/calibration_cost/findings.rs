//! From the chips' results to tables and text.

use bss2_calibration::Step;

use super::charts::charts;
use super::chip_run::ChipRun;
use super::refreshes::Remedy;
use super::residual::Residual;
use super::searches::Task;
use super::summary::{RATIOS, of_process, summary};
use super::{EXPERIMENT, Parameters, records};
use crate::named_chart::NamedChart;
use crate::report::{Cell, Column, Section, Table, Verdict};
use crate::statistics::mean;
use crate::wording::{chips, moved, text, unbroken};
use crate::{ExperimentError, Outcome};

pub(super) fn outcome(
    runs: &[ChipRun],
    parameters: &Parameters,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let table = comparison(runs, parameters)?;
    let charts = charts(runs, parameters);
    let section = Section::new(EXPERIMENT.name, "What a calibration costs")
        .with_question(
            "How much chip time does a calibration take, where does it go, and can a model of the \
             circuit replace most of the searching?",
        )
        .with_method(method(runs, parameters))
        .with_finding(finding(runs, parameters))
        .with_limits(
            "Chip time counts what the chip is busy with; hemispheres take turns, and the host's own \
             work is left out. The joint procedure's model has the form of the simulated circuit, \
             which follows what is published of the real one: where that form is wrong, more rounds \
             or a search of its own would be needed.",
        )
        .with_table(table.clone())
        .with_table(procedures(runs, parameters)?)
        .with_table(searches(runs, parameters)?)
        .with_table(remedies(runs, parameters)?);
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
        "{}. Each is calibrated twice from its reset state: with the known procedure, in which \
         searches are nested in searches, and with the joint one, which fits a model of drivers, \
         ramps and neurons to few measurements and corrects all registers together. After every \
         routine a copy of the chip is judged by multiplications that neither procedure uses: gains \
         of all columns from {} random vectors on random weights, amplitudes of all drivers alone at \
         activations {:?}. Elements that answer less than {} of the median do not work and are left \
         out, those that merely failed to calibrate are not. A measurement is one of all instances \
         of a register; nested ones count.\n\nSearches: one routine each on a calibrated chip whose \
         register was reset. Drift: {} h later at {} °C.",
        processes.join(" and "),
        parameters.gain_vectors,
        parameters.driver_activations,
        parameters.least_share,
        parameters.pause_s / 3600.0,
        parameters.refresh_celsius,
    )
}

/// Says what the numbers say, whatever they are.
fn finding(runs: &[ChipRun], parameters: &Parameters) -> String {
    let mut sentences = Vec::new();
    for (number, process) in parameters.processes.iter().enumerate() {
        let runs = of_process(runs, number);
        let both = |of: fn(&Residual) -> f64| {
            let nested: Vec<f64> = runs.iter().map(|run| of(&run.nested.residual())).collect();
            let joint: Vec<f64> = runs.iter().map(|run| of(&run.joint.residual())).collect();
            moved(&nested, &joint, 2, "%")
        };
        let [_, _, measurements, time] =
            [0, 1, 2, 3].map(|ratio: usize| RATIOS[ratio].over(runs.iter().copied(), parameters));
        sentences.push(format!(
            "{} process: from the nested to the joint procedure the columns' mismatch {}, the \
             drivers' {}; the nested one takes {} times as many measurements and {} times as much \
             chip time.",
            capitalised(&process.name),
            both(|residual| residual.columns_percent),
            both(|residual| residual.drivers_percent),
            text(measurements, 1),
            text(time, 1),
        ));
    }
    if let Some(share) = nested_share(runs) {
        sentences.push(format!(
            "Of the nested procedure's settles {} % belong to searches within searches.",
            text([share], 0)
        ));
    }
    unbroken(&sentences.join("\n\n"))
}

/// Share of settles that the routines take which run another within, in percent.
fn nested_share(runs: &[ChipRun]) -> Option<f64> {
    let routines: Vec<_> = runs
        .iter()
        .flat_map(|run| &run.nested.result.routines)
        .collect();
    if routines.is_empty() {
        return None;
    }
    let settles = |of: &dyn Fn(u64, usize) -> bool| -> u64 {
        routines
            .iter()
            .filter(|routine| of(routine.measurements, routine.course.len()))
            .map(|routine| routine.cost.settles)
            .sum()
    };
    // Nested measurements count, but only the outer ones are on the course.
    let nested = settles(&|measurements, steps| measurements > steps as u64);
    Some(100.0 * nested as f64 / settles(&|_, _| true) as f64)
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The joint procedure beside the nested one.
fn comparison(runs: &[ChipRun], parameters: &Parameters) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        "The joint procedure beside the nested one, each ratio on the same chip: mean ± standard \
         deviation over chips",
        vec![
            Column::text("Process"),
            Column::text("Ratio"),
            Column::number("Found"),
            Column::number("Target"),
            Column::number("Chips that meet it"),
            Column::text("Verdict"),
        ],
    );
    for (number, process) in parameters.processes.iter().enumerate() {
        let runs = of_process(runs, number);
        for ratio in &RATIOS {
            let values = ratio.over(runs.iter().copied(), parameters);
            let met = ratio.met(&[mean(&values)]) == 1;
            table.push_row(vec![
                Cell::text(&*process.name),
                Cell::text(ratio.name),
                Cell::text(text(values.iter().copied(), 2)),
                Cell::text(ratio.target_text()),
                Cell::text(format!("{} of {}", ratio.met(&values), values.len())),
                Cell::verdict(Verdict::of(met)),
            ])?;
        }
    }
    Ok(table)
}

/// What every procedure leaves and costs, first process.
fn procedures(runs: &[ChipRun], parameters: &Parameters) -> Result<Table, ExperimentError> {
    let runs = of_process(runs, 0);
    let mut table = Table::new(
        "Procedures: what they leave and what they cost (first process, mean ± standard deviation \
         over chips)",
        vec![
            Column::text("Procedure"),
            Column::number("Columns, %"),
            Column::number("Drivers, %"),
            Column::number("Offsets, LSB"),
            Column::number("Measurements"),
            Column::number("Settles"),
            Column::number("Readouts"),
            Column::number("Chip time, s"),
        ],
    );
    let over = |value: &dyn Fn(&ChipRun) -> f64, decimals| {
        Cell::text(text(runs.iter().map(|run| value(run)), decimals))
    };
    for (place, name) in ["nested", "joint"].into_iter().enumerate() {
        let of = |run: &ChipRun, value: &dyn Fn(&super::convergence::Convergence) -> f64| {
            value(records::procedures(run)[place].1)
        };
        table.push_row(vec![
            Cell::text(name),
            over(&|run| of(run, &|c| c.residual().columns_percent), 2),
            over(&|run| of(run, &|c| c.residual().drivers_percent), 2),
            over(&|run| of(run, &|c| c.residual().offsets_lsb), 2),
            over(&|run| of(run, &|c| c.measurements()), 0),
            over(&|run| of(run, &|c| c.result.cost.settles as f64), 0),
            over(&|run| of(run, &|c| c.result.cost.readouts as f64), 0),
            over(
                &|run| of(run, &|c| 1e-3 * parameters.chip_time_ms(&c.result.cost)),
                2,
            ),
        ])?;
    }
    for (place, name) in ["synaptic lines", "converted to lines"]
        .into_iter()
        .enumerate()
    {
        let none = || Cell::text("–");
        table.push_row(vec![
            Cell::text(name),
            none(),
            none(),
            none(),
            over(
                &|run| super::refreshes::measurements(&run.lines[place]) as f64,
                0,
            ),
            over(&|run| run.lines[place].cost.settles as f64, 0),
            over(&|run| run.lines[place].cost.readouts as f64, 0),
            over(
                &|run| 1e-3 * parameters.chip_time_ms(&run.lines[place].cost),
                2,
            ),
        ])?;
    }
    Ok(table)
}

/// What remedies against drift and warmth are worth, first process.
fn remedies(runs: &[ChipRun], parameters: &Parameters) -> Result<Table, ExperimentError> {
    let runs = of_process(runs, 0);
    let mut table = Table::new(
        "After drift and at another temperature: what is done anew, what that leaves, and what it \
         costs (first process)",
        vec![
            Column::text("Done anew"),
            Column::number("Baselines, LSB"),
            Column::number("Offsets, LSB"),
            Column::number("Columns, %"),
            Column::number("Drivers, %"),
            Column::number("Measurements"),
            Column::number("Chip time, ms"),
        ],
    );
    for (place, remedy) in Remedy::ALL.into_iter().enumerate() {
        let over = |value: &dyn Fn(&super::refreshes::Remedied) -> f64, decimals| {
            let values = runs.iter().filter_map(|run| run.remedied.get(place));
            Cell::text(text(values.map(value), decimals))
        };
        table.push_row(vec![
            Cell::text(remedy.name()),
            over(&|r| r.residual.baselines_lsb, 2),
            over(&|r| r.residual.offsets_lsb, 2),
            over(&|r| r.residual.columns_percent, 2),
            over(&|r| r.residual.drivers_percent, 2),
            over(&|r| r.measurements as f64, 0),
            over(&|r| parameters.chip_time_ms(&r.cost), 0),
        ])?;
    }
    Ok(table)
}

/// Every search on every routine, first process.
fn searches(runs: &[ChipRun], parameters: &Parameters) -> Result<Table, ExperimentError> {
    let runs = of_process(runs, 0);
    let mut table = Table::new(
        "Searches: what each leaves, the measurements before and after it included (first process)",
        vec![
            Column::text("Routine"),
            Column::text("Search"),
            Column::number("Median distance before"),
            Column::number("After"),
            Column::text("Unit"),
            Column::number("Measurements"),
            Column::number("Chip time, ms"),
        ],
    );
    let Some(first) = runs.first() else {
        return Ok(table);
    };
    for (place, trial) in first.searches.iter().enumerate() {
        let ends = |of: &dyn Fn(&[Step]) -> Option<f64>| {
            let courses = runs.iter().filter_map(|run| run.searches.get(place));
            courses
                .filter_map(|trial| of(&trial.course))
                .collect::<Vec<_>>()
        };
        let decimals = match trial.task {
            Task::LeakPotential | Task::OtaGain => 2,
            Task::SynapticTau | Task::DriverOffset => 4,
        };
        table.push_row(vec![
            Cell::text(trial.task.name()),
            Cell::text(&trial.search),
            Cell::text(text(ends(&|course| course.first()?.residual), decimals)),
            Cell::text(text(ends(&|course| course.last()?.residual), decimals)),
            Cell::text(trial.task.unit()),
            Cell::text(text(ends(&|c| Some(c.last()?.measurements as f64)), 0)),
            Cell::text(text(
                ends(&|course| Some(parameters.chip_time_ms(&course.last()?.cost))),
                0,
            )),
        ])?;
    }
    Ok(table)
}
