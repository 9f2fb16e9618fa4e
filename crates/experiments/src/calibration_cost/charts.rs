//! The experiment's charts.

use super::Parameters;
use super::chip_run::ChipRun;
use super::convergence::Stop;
use super::records::{CONVERGENCE_FILE, ROUTINES_FILE, SEARCHES_FILE, procedures};
use super::residual::Residual;
use super::searches::Task;
use super::summary::of_process;
use crate::named_chart::NamedChart;
use crate::plot::{Axis, Category, CategoryChart, Chart, LineChart, LinePoint, LineSeries, Panels};

pub(super) fn charts(runs: &[ChipRun], parameters: &Parameters) -> Vec<NamedChart> {
    let mut charts = vec![NamedChart::new(
        "calibration-cost-procedures",
        procedures_chart(runs, parameters),
        "The chip's mismatch if the procedure were stopped after each of its routines (the joint one's \
         stages), from the fresh chip on the left; mean over the chips of a process. Measured by \
         multiplications that no calibration uses.",
        CONVERGENCE_FILE,
    )];
    charts.extend(search_charts(runs, parameters));
    charts.push(NamedChart::new(
        "calibration-cost-routines",
        routines_chart(runs, parameters),
        "Where the chip time goes: every routine of both procedures, nested routines within the one \
         that runs them; first process, mean over chips.",
        ROUTINES_FILE,
    ));
    charts
}

/// A residual, its title and its unit.
type Quantity = (&'static str, &'static str, fn(&Residual) -> f64);

const QUANTITIES: [Quantity; 2] = [
    ("Columns", "%", |residual| residual.columns_percent),
    ("Drivers", "%", |residual| residual.drivers_percent),
];

/// What is paid, its title and its unit.
type Price = (&'static str, &'static str, fn(&Stop, &Parameters) -> f64);

const PRICES: [Price; 2] = [
    ("measurements", "", |stop, _| stop.measurements as f64),
    ("chip time", "ms", |stop, parameters| {
        parameters.chip_time_ms(&stop.cost)
    }),
];

fn procedures_chart(runs: &[ChipRun], parameters: &Parameters) -> Panels {
    let mut panels: Vec<Box<dyn Chart>> = Vec::new();
    for (quantity, unit, of) in QUANTITIES {
        for (price, price_unit, paid) in PRICES {
            let mut series = Vec::new();
            for (number, process) in parameters.processes.iter().enumerate() {
                let runs = of_process(runs, number);
                for procedure in 0..2 {
                    let name = runs.first().map_or("", |run| procedures(run)[procedure].0);
                    let curve = mean_curve(&runs, procedure, of, |stop| paid(stop, parameters));
                    let name = format!("{name}, {}", process.name);
                    series.push(LineSeries::new(name, curve));
                }
            }
            panels.push(Box::new(LineChart::new(
                format!("{quantity} against {price}"),
                Axis::logarithmic(price, price_unit),
                Axis::logarithmic("standard deviation", unit),
                series,
            )));
        }
    }
    Panels::new("Mismatch against what it costs", panels)
}

/// Means over chips, stop by stop; what costs nothing yet is drawn at the smallest unit.
fn mean_curve(
    runs: &[&ChipRun],
    procedure: usize,
    of: fn(&Residual) -> f64,
    paid: impl Fn(&Stop) -> f64,
) -> Vec<LinePoint> {
    let stops: Vec<&[Stop]> = runs
        .iter()
        .map(|run| procedures(run)[procedure].1.stops.as_slice())
        .collect();
    let count = stops.iter().map(|stops| stops.len()).min().unwrap_or(0);
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    (0..count)
        .map(|stop| {
            let at = |value: &dyn Fn(&Stop) -> f64| {
                mean(stops.iter().map(|s| value(&s[stop])).collect())
            };
            LinePoint::new(at(&paid).max(1.0), at(&|stop| of(&stop.residual)))
        })
        .collect()
}

/// How the residual falls in every search, one panel per routine.
fn search_charts(runs: &[ChipRun], parameters: &Parameters) -> [NamedChart; 2] {
    let runs = of_process(runs, 0);
    let panels = |by_time: bool| {
        let panel =
            |task| Box::new(search_chart(&runs, task, parameters, by_time)) as Box<dyn Chart>;
        Task::ALL.map(panel).into()
    };
    let caption = "Median distance from the target over all instances, at the values that the search \
                   tries, from the reset value on the left; the last point is what it keeps. First \
                   process, mean over chips.";
    [
        NamedChart::new(
            "calibration-cost-searches",
            Panels::new("Searches against measurements", panels(false)),
            caption,
            SEARCHES_FILE,
        ),
        NamedChart::new(
            "calibration-cost-searches-time",
            Panels::new("Searches against chip time", panels(true)),
            caption,
            SEARCHES_FILE,
        ),
    ]
}

fn search_chart(
    runs: &[&ChipRun],
    task: Task,
    parameters: &Parameters,
    by_time: bool,
) -> LineChart {
    let mut names: Vec<&str> = Vec::new();
    for trial in runs.iter().flat_map(|run| &run.searches) {
        if trial.task == task && !names.contains(&trial.search.as_str()) {
            names.push(&trial.search);
        }
    }
    let series = names.into_iter().map(|name| {
        let courses: Vec<_> = runs
            .iter()
            .flat_map(|run| &run.searches)
            .filter(|trial| trial.task == task && trial.search == name)
            .map(|trial| &trial.course)
            .collect();
        let count = courses.iter().map(|course| course.len()).min().unwrap_or(0);
        let point = |step: usize| {
            let residuals: Vec<f64> = courses.iter().filter_map(|c| c[step].residual).collect();
            let paid = courses.iter().map(|course| {
                let step = &course[step];
                if by_time {
                    parameters.chip_time_ms(&step.cost)
                } else {
                    step.measurements as f64
                }
            });
            let paid = paid.sum::<f64>() / courses.len() as f64;
            let mean = residuals.iter().sum::<f64>() / residuals.len() as f64;
            LinePoint::new(paid, mean)
        };
        LineSeries::new(name, (0..count).map(point).collect())
    });
    let x_axis = if by_time {
        Axis::logarithmic("chip time", "ms")
    } else {
        Axis::linear("measurements", "").whole_numbers()
    };
    LineChart::new(
        task.name(),
        x_axis,
        Axis::logarithmic("median distance from target", task.unit()),
        series.collect(),
    )
}

/// Chip time of every routine.
fn routines_chart(runs: &[ChipRun], parameters: &Parameters) -> CategoryChart {
    let runs = of_process(runs, 0);
    let mut categories: Vec<(String, Vec<f64>)> = Vec::new();
    for run in &runs {
        for (procedure, convergence) in procedures(run) {
            // Routines that run more than once stand together.
            let mut sums: Vec<(String, f64)> = Vec::new();
            for routine in &convergence.result.routines {
                let name = format!("{procedure}: {}", routine.name);
                let time_ms = parameters.chip_time_ms(&routine.cost);
                match sums.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, sum)) => *sum += time_ms,
                    None => sums.push((name, time_ms)),
                }
            }
            for (name, sum) in sums {
                match categories.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, values)) => values.push(sum),
                    None => categories.push((name, vec![sum])),
                }
            }
        }
    }
    let categories = categories
        .into_iter()
        .map(|(name, values)| Category::new(name, values));
    let axis = Axis::logarithmic("Chip time", "ms");
    CategoryChart::new("Chip time of every routine", axis, categories.collect())
        .with_dot_label("one chip")
        .with_decimals(1)
}
