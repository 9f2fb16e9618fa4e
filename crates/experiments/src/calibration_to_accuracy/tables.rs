//! The tables of the report.

use super::case_results::CaseResults;
use super::imperfection::IMPERFECTIONS;
use super::point::Group;
use crate::ExperimentError;
use crate::operating_point::{Measured, NetworkState};
use crate::report::{Cell, Column, Table};
use crate::wording::{correlation, text, with_interval};

fn spread(values: Vec<f64>, decimals: usize) -> Cell {
    Cell::text(text(values, decimals))
}

/// Which imperfection tells what is lost.
pub(super) fn correlations(results: &[CaseResults<'_>]) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Chips"),
        Column::text("Imperfection"),
        Column::number("As deployed"),
        Column::number("Trained in the loop"),
    ];
    let mut table = Table::new(
        "Rank correlation over settings of an imperfection with the accuracy lost: mean over chips \
         (95 % interval)",
        columns,
    );
    for case in results {
        for imperfection in IMPERFECTIONS {
            let [deployed, trained] =
                NetworkState::BOTH.map(|network| case.correlations(imperfection, network));
            table.push_row(vec![
                Cell::text(&case.case.name),
                Cell::text(format!("{}, {}", imperfection.name, imperfection.unit)),
                Cell::text(correlation(&deployed)),
                Cell::text(correlation(&trained)),
            ])?;
        }
    }
    Ok(table)
}

/// What training wins back, knob by knob.
pub(super) fn won_back(results: &[CaseResults<'_>]) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Chips"),
        Column::text("What is turned"),
        Column::number("Lost as deployed, points"),
        Column::number("Lost after training, points"),
        Column::number("Won back, %"),
    ];
    let mut table = Table::new(
        "What training in the loop wins back, over all values of a knob: mean over chips (95 % interval)",
        columns,
    );
    for case in results {
        for group in Group::all().filter(|group| case.has_some_of(*group)) {
            let lost = |network| with_interval(&case.mean_losses(group, network), 1);
            table.push_row(vec![
                Cell::text(&case.case.name),
                Cell::text(group.name()),
                Cell::text(lost(NetworkState::Deployed)),
                Cell::text(lost(NetworkState::Trained)),
                Cell::text(with_interval(&case.won_back_percent(group), 0)),
            ])?;
        }
    }
    Ok(table)
}

/// The settings to recommend.
pub(super) fn recommended(results: &[CaseResults<'_>]) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Chips"),
        Column::text("Network"),
        Column::text("For"),
        Column::text("Settings"),
        Column::number("Accuracy, %"),
        Column::number("Chip time, µs"),
        Column::number("Energy, µJ"),
        Column::number("Calibration, ms"),
    ];
    let mut table = Table::new(
        "Settings to recommend: mean ± standard deviation over chips",
        columns,
    );
    for case in results {
        for network in NetworkState::BOTH {
            for recommended in case.recommended(network) {
                let point = recommended.point;
                let values = |of: fn(&crate::operating_point::OnChip) -> f64| {
                    case.values(point, |measured| of(network.of(measured)))
                };
                table.push_row(vec![
                    Cell::text(&case.case.name),
                    Cell::text(network.name()),
                    Cell::text(recommended.aim.name()),
                    Cell::text(case.points[point].values_text()),
                    spread(values(|on| on.percent), 1),
                    spread(values(|on| on.inference_us), 1),
                    spread(values(|on| on.inference_uj), 2),
                    spread(case.values(point, |measured| measured.calibration_ms), 0),
                ])?;
            }
        }
    }
    Ok(table)
}

/// Every point.
pub(super) fn points(results: &[CaseResults<'_>]) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("Chips"),
        Column::text("Setting"),
        Column::number("Gain, 10⁻³ LSB"),
        Column::number("Noise, %"),
        Column::number("Gains, %"),
        Column::number("Offsets, %"),
        Column::number("Deviation, %"),
        Column::number("Error, %"),
        Column::number("Clipped, %"),
        Column::number("Deployed, %"),
        Column::number("Trained, %"),
        Column::number("Chip time, µs"),
    ];
    let mut table = Table::new("All settings: means over chips", columns);
    for case in results {
        for (place, point) in case.points.iter().enumerate() {
            let number =
                |of: fn(&Measured) -> f64, decimals| Cell::number(case.mean(place, of), decimals);
            table.push_row(vec![
                Cell::text(&case.case.name),
                Cell::text(point.text()),
                number(|m| 1e3 * m.gain_lsb(), 2),
                number(Measured::noise_percent, 1),
                number(Measured::gain_spread_percent, 1),
                number(Measured::offset_spread_percent, 1),
                number(Measured::deviation_percent, 1),
                number(Measured::error_percent, 1),
                number(|m| m.deployed.clipped_percent, 2),
                number(|m| m.deployed.percent, 1),
                number(|m| m.trained.percent, 1),
                number(|m| m.trained.inference_us, 1),
            ])?;
        }
    }
    Ok(table)
}
