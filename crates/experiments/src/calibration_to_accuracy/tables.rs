//! The tables of the report.

use super::case_results::CaseResults;
use super::imperfection::IMPERFECTIONS;
use super::knob::Knob;
use super::point::Kind;
use crate::ExperimentError;
use crate::operating_point::Network;
use crate::report::{Cell, Column, Table};
use crate::statistics::mean;
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
                Network::BOTH.map(|network| case.correlations(imperfection, network));
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
        let mut rows: Vec<(&str, Box<dyn Fn(&super::Point) -> bool>)> =
            vec![("everything", Box::new(|_| true))];
        rows.push(("nothing", Box::new(|point| point.kind == Kind::Usual)));
        for knob in Knob::ALL {
            let is_of =
                move |point: &super::Point| matches!(point.kind, Kind::Turned(of, _) if of == knob);
            rows.push((knob.name(), Box::new(is_of)));
        }
        rows.push((
            "mixtures",
            Box::new(|point| matches!(point.kind, Kind::Mixed(..))),
        ));
        for (name, accept) in rows {
            let places: Vec<usize> = (0..case.points.len())
                .filter(|&place| accept(&case.points[place]))
                .collect();
            if places.is_empty() {
                continue;
            }
            let lost = |network| {
                let chips = 0..case.chip_seeds.len();
                let of_chip = chips.map(|chip| {
                    let losses = places
                        .iter()
                        .map(|&place| case.losses(place, network)[chip]);
                    mean(&losses.collect::<Vec<_>>())
                });
                of_chip.collect::<Vec<f64>>()
            };
            table.push_row(vec![
                Cell::text(&case.case.name),
                Cell::text(name),
                Cell::text(with_interval(&lost(Network::Deployed), 1)),
                Cell::text(with_interval(&lost(Network::Trained), 1)),
                Cell::text(with_interval(&case.won_back_percent(accept), 0)),
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
        for network in Network::BOTH {
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
            let number = |of: fn(&crate::operating_point::Measured) -> f64, decimals| {
                Cell::number(case.mean(place, of), decimals)
            };
            table.push_row(vec![
                Cell::text(&case.case.name),
                Cell::text(point.text()),
                number(|m| 1e3 * m.gain_lsb(), 2),
                number(|m| m.noise_percent(), 1),
                number(|m| m.gain_spread_percent(), 1),
                number(|m| m.offset_spread_percent(), 1),
                number(|m| m.deviation_percent(), 1),
                number(|m| m.error_percent(), 1),
                number(|m| m.deployed.clipped_percent, 2),
                number(|m| m.deployed.percent, 1),
                number(|m| m.trained.percent, 1),
                number(|m| m.trained.inference_us, 1),
            ])?;
        }
    }
    Ok(table)
}
