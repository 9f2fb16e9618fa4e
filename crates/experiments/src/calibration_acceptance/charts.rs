//! The chart.

use super::Parameters;
use super::chip_run::{ChipRun, Treatment};
use super::records::VERDICTS_FILE;
use super::summary::{Place, count, of_process};
use crate::ExperimentError;
use crate::named_chart::NamedChart;
use crate::plot::{Axis, HeatMap};

pub(super) fn charts(
    runs: &[ChipRun],
    parameters: &Parameters,
) -> Result<Vec<NamedChart>, ExperimentError> {
    let places: Vec<Place> = Place::all().collect();
    let (mut names, mut shares) = (Vec::new(), Vec::new());
    for (number, process) in parameters.processes.iter().enumerate() {
        let runs = of_process(runs, number);
        for treatment in Treatment::ALL {
            names.push(format!("{}, {}", process.name, treatment.name()));
            shares.extend(places.iter().map(|place| {
                let met = place.met(&runs, treatment);
                100.0 * count(&met) as f64 / met.len() as f64
            }));
        }
    }
    let axis = Axis::linear("Chips that meet the criterion", "%").with_range(0.0, 100.0)?;
    let shape = (names.len(), places.len());
    let chart = HeatMap::new("Who passes the real chip's tests", axis, shape, shares)?
        .with_captions("Chips", "Criterion, as numbered in the tables")
        .with_row_names(names)?
        .with_column_names(places.iter().map(Place::number).collect())?;
    Ok(vec![NamedChart::new(
        "calibration-acceptance",
        chart,
        "Share of the chips that meet each criterion: 1 CADC, 2 drivers, 3 membranes, 4 synaptic lines. \
         An uncalibrated or overwritten chip is to miss some of a group, not all of them. The joint \
         procedure brings no CADC over its full range.",
        VERDICTS_FILE,
    )])
}
