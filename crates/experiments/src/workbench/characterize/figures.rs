//! What measurements come to, over the chip or one of its quadrants.

use bss2_calibration::CalibrationResult;
use bss2_core::{ArrayMode, Scope};

use super::measure::Measurements;
use crate::statistics::{deviation, line, mean, median, root_mean_square};
use crate::workbench::quadrants::quadrant_of;

/// What figures are over: the same elements in all states, so that these compare.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    /// By column of the chip.
    pub(super) columns: Vec<bool>,
    /// By output of the array.
    pub(super) outputs: Vec<bool>,
    /// By driver of the chip.
    pub(super) drivers: Vec<bool>,
    /// How they were chosen, in words.
    pub(super) rule: &'static str,
}

/// An element that answers with less than this share of the median is said not to respond.
const LEAST_RESPONSE: f64 = 0.25;

impl Selection {
    /// What a calibration calls working; without one, what responds.
    pub(super) fn of(
        measured: &[(&str, Measurements)],
        calibration: Option<&CalibrationResult>,
    ) -> Self {
        let Some((_, first)) = measured.first() else {
            return Self {
                columns: Vec::new(),
                outputs: Vec::new(),
                drivers: Vec::new(),
                rule: "none",
            };
        };
        let (columns_each, outputs_each) = (first.chip.columns(), first.array.columns());
        let each = match first.mode {
            ArrayMode::SynapticLine => 2,
            ArrayMode::Membrane | ArrayMode::Unsigned => 1,
        };
        let columns_of = |output: usize| {
            let start = output / outputs_each * columns_each + output % outputs_each * each;
            start..start + each
        };
        if let Some(calibration) = calibration {
            let columns = calibration.working_columns.clone();
            let outputs = (0..first.gains.len())
                .map(|output| columns_of(output).all(|column| columns.get(column) == Some(&true)))
                .collect();
            return Self {
                columns,
                outputs,
                drivers: calibration.working_drivers.clone(),
                rule: "those that the calibration calls working",
            };
        }
        let largest = |row: usize| first.drivers.row(row).iter().copied().fold(0.0, f64::max);
        let responses: Vec<f64> = (0..first.drivers.nrows()).map(largest).collect();
        let outputs = responding(&first.gains);
        let mut columns = vec![true; first.baselines.len()];
        for (output, responds) in outputs.iter().enumerate() {
            columns[columns_of(output)].fill(*responds);
        }
        Self {
            columns,
            outputs,
            drivers: responding(&responses),
            rule: "those that respond",
        }
    }
}

fn responding(responses: &[f64]) -> Vec<bool> {
    let typical = median(responses.iter().copied().filter(|r| r.is_finite()));
    let responds = |response: &f64| *response > LEAST_RESPONSE * typical;
    responses.iter().map(responds).collect()
}

/// A state of the chip, and what was measured in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct State<'a> {
    pub(super) name: &'a str,
    pub(super) measurements: &'a Measurements,
    pub(super) selection: &'a Selection,
}

/// The whole chip, or one quadrant.
pub(super) type Part = Option<usize>;

/// A point of a curve over several elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CurvePoint {
    pub(super) x: f64,
    pub(super) mean: f64,
    /// Standard deviation over the elements.
    pub(super) deviation: f64,
}

impl State<'_> {
    /// Number of quadrants of the chip.
    pub(super) fn quadrants(&self) -> usize {
        Scope::Quadrant.instances(self.measurements.chip)
    }

    /// Selected elements of a part, those without a value left out.
    fn select(part: Part, selected: &[bool], each: usize, values: &[f64]) -> Vec<f64> {
        let elements = values.iter().zip(selected).enumerate();
        elements
            .filter(|(element, (value, selected))| {
                **selected
                    && value.is_finite()
                    && part.is_none_or(|quadrant| quadrant_of(*element, each) == quadrant)
            })
            .map(|(_, (value, _))| *value)
            .collect()
    }

    pub(super) fn of_columns(&self, part: Part, values: &[f64]) -> Vec<f64> {
        let each = self.measurements.chip.columns();
        Self::select(part, &self.selection.columns, each, values)
    }

    pub(super) fn of_outputs(&self, part: Part, values: &[f64]) -> Vec<f64> {
        let each = self.measurements.array.columns();
        Self::select(part, &self.selection.outputs, each, values)
    }

    pub(super) fn of_drivers(&self, part: Part, values: &[f64]) -> Vec<f64> {
        let each = self.measurements.chip.inputs();
        Self::select(part, &self.selection.drivers, each, values)
    }

    /// Mean curve of a part's outputs, from the lowest sum to the highest.
    pub(super) fn column_curve(&self, part: Part) -> Vec<CurvePoint> {
        let rows = self.measurements.curves.outer_iter();
        let mut points: Vec<CurvePoint> = self
            .measurements
            .sums
            .iter()
            .zip(rows)
            .map(|(&x, row)| point(x, &self.of_outputs(part, &row.to_vec())))
            .collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        points
    }

    /// Mean curve of a part's drivers over activations 1…31.
    pub(super) fn driver_curve(&self, part: Part) -> Vec<CurvePoint> {
        let activations = self.measurements.drivers.columns();
        activations
            .into_iter()
            .enumerate()
            .map(|(x, drivers)| point(x as f64 + 1.0, &self.of_drivers(part, &drivers.to_vec())))
            .collect()
    }
}

/// Largest distance of a part's mean curve from a straight line, where it is taken for linear.
fn departure_lsb(state: &State<'_>, part: Part) -> f64 {
    let rows = state.measurements.curves.outer_iter();
    let points: Vec<(f64, f64)> = state
        .measurements
        .sums
        .iter()
        .zip(rows)
        .zip(&state.measurements.linear)
        .filter(|(_, linear)| **linear)
        .map(|((&sum, row), _)| (sum, mean(&state.of_outputs(part, &row.to_vec()))))
        .collect();
    let (slope, intercept) = line(&points);
    let departures = points
        .iter()
        .map(|(x, y)| (y - slope * x - intercept).abs());
    departures.fold(f64::NAN, f64::max)
}

/// Standard deviation over a part's drivers, mean over activations.
fn driver_mismatch_lsb(state: &State<'_>, part: Part) -> f64 {
    let deviations: Vec<f64> = state
        .driver_curve(part)
        .iter()
        .map(|point| point.deviation)
        .collect();
    mean(&deviations)
}

fn largest_amplitude_lsb(state: &State<'_>, part: Part) -> f64 {
    let curve = state.driver_curve(part);
    curve.last().map_or(f64::NAN, |point| point.mean)
}

fn point(x: f64, values: &[f64]) -> CurvePoint {
    CurvePoint {
        x,
        mean: mean(values),
        deviation: deviation(values),
    }
}

/// A number that is shown for each quadrant and for the chip.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) decimals: usize,
    pub(super) value: fn(&State<'_>, Part) -> f64,
}

fn relative_deviation_percent(values: &[f64]) -> f64 {
    100.0 * deviation(values) / mean(values).abs()
}

/// All figures, in the order of the table.
pub(super) const FIGURES: &[Figure] = &[
    Figure {
        name: "gain per activation and weight",
        unit: "10⁻³ LSB",
        decimals: 2,
        value: |state, part| 1000.0 * mean(&state.of_outputs(part, &state.measurements.gains)),
    },
    Figure {
        name: "fixed pattern: gain, σ over columns",
        unit: "%",
        decimals: 1,
        value: |state, part| {
            relative_deviation_percent(&state.of_outputs(part, &state.measurements.gains))
        },
    },
    Figure {
        name: "fixed pattern: offset, σ over columns",
        unit: "LSB",
        decimals: 1,
        value: |state, part| deviation(&state.of_outputs(part, &state.measurements.offsets)),
    },
    Figure {
        name: "offset, mean",
        unit: "LSB",
        decimals: 1,
        value: |state, part| mean(&state.of_outputs(part, &state.measurements.offsets)),
    },
    Figure {
        name: "trial-to-trial σ",
        unit: "LSB",
        decimals: 2,
        value: |state, part| root_mean_square(&state.of_outputs(part, &state.measurements.noise)),
    },
    Figure {
        name: "largest departure from a line",
        unit: "LSB",
        decimals: 2,
        value: departure_lsb,
    },
    Figure {
        name: "baseline, mean code",
        unit: "LSB",
        decimals: 1,
        value: |state, part| mean(&state.of_columns(part, &state.measurements.baselines)),
    },
    Figure {
        name: "baseline, σ over columns",
        unit: "LSB",
        decimals: 1,
        value: |state, part| deviation(&state.of_columns(part, &state.measurements.baselines)),
    },
    Figure {
        name: "driver amplitude, x = 31, w = 63",
        unit: "LSB",
        decimals: 1,
        value: largest_amplitude_lsb,
    },
    Figure {
        name: "driver mismatch, σ over drivers",
        unit: "LSB",
        decimals: 2,
        value: driver_mismatch_lsb,
    },
    Figure {
        name: "time constant of membranes, median",
        unit: "µs",
        decimals: 1,
        value: |state, part| median(state.of_columns(part, &state.measurements.time_constants[0])),
    },
    Figure {
        name: "time constant of membranes, σ",
        unit: "%",
        decimals: 1,
        value: |state, part| {
            relative_deviation_percent(
                &state.of_columns(part, &state.measurements.time_constants[0]),
            )
        },
    },
    Figure {
        name: "time constant of excitatory lines, median",
        unit: "µs",
        decimals: 3,
        value: |state, part| median(state.of_columns(part, &state.measurements.time_constants[1])),
    },
    Figure {
        name: "time constant of excitatory lines, σ",
        unit: "%",
        decimals: 1,
        value: |state, part| {
            relative_deviation_percent(
                &state.of_columns(part, &state.measurements.time_constants[1]),
            )
        },
    },
    Figure {
        name: "time constant of inhibitory lines, median",
        unit: "µs",
        decimals: 3,
        value: |state, part| median(state.of_columns(part, &state.measurements.time_constants[2])),
    },
    Figure {
        name: "time constant of inhibitory lines, σ",
        unit: "%",
        decimals: 1,
        value: |state, part| {
            relative_deviation_percent(
                &state.of_columns(part, &state.measurements.time_constants[2]),
            )
        },
    },
];

#[cfg(test)]
mod tests {
    use bss2_core::ArrayGeometry;
    use bss2_hardware::{ChipConfig, SimulatedChip};

    use super::super::measure::Expected;
    use super::*;

    fn measured(config: ChipConfig, mode: ArrayMode) -> Vec<(&'static str, Measurements)> {
        let config = ChipConfig {
            geometry: ArrayGeometry::new(2, 16, 24).unwrap(),
            ..config
        };
        let mut chip = SimulatedChip::new(&config.check().unwrap(), 5);
        let expected = Expected::of_reset(mode);
        let found = Measurements::of(&mut chip, mode, expected, 1, &mut |_| {}).unwrap();
        vec![("fresh", found)]
    }

    fn value(measured: &[(&str, Measurements)], name: &str, part: Part) -> f64 {
        let figure = FIGURES.iter().find(|figure| figure.name == name).unwrap();
        let state = State {
            name: measured[0].0,
            measurements: &measured[0].1,
            selection: &Selection::of(measured, None),
        };
        (figure.value)(&state, part)
    }

    #[test]
    fn a_chip_without_mismatch_or_noise_shows_none() {
        let config = ChipConfig::typical().without_mismatch().without_noise();
        let chip = measured(config, ArrayMode::Membrane);
        for part in [None, Some(0), Some(3)] {
            for name in [
                "fixed pattern: gain, σ over columns",
                "fixed pattern: offset, σ over columns",
                "trial-to-trial σ",
                "baseline, σ over columns",
                "driver mismatch, σ over drivers",
                "time constant of membranes, σ",
            ] {
                let value = value(&chip, name, part);
                assert!(value.abs() < 1e-9, "{name}: {value}");
            }
            let gain = value(&chip, "gain per activation and weight", part);
            assert!((1.5..2.1).contains(&gain), "{gain}");
        }
    }

    #[test]
    fn mismatch_and_noise_are_told_apart() {
        let noisy = measured(ChipConfig::typical(), ArrayMode::Membrane);
        let quiet = measured(ChipConfig::typical().without_noise(), ArrayMode::Membrane);
        assert!(value(&noisy, "trial-to-trial σ", None) > 1.0);
        assert!(value(&quiet, "trial-to-trial σ", None) < 0.5);
        for chip in [noisy, quiet] {
            assert!(value(&chip, "fixed pattern: offset, σ over columns", None) > 3.0);
            assert!(value(&chip, "driver mismatch, σ over drivers", None) > 1.0);
        }
    }

    #[test]
    fn outputs_of_synaptic_lines_answer_for_two_columns() {
        let chip = measured(ChipConfig::typical(), ArrayMode::SynapticLine);
        let found = &chip[0].1;
        assert_eq!((found.gains.len(), found.baselines.len()), (24, 48));
        let selection = Selection::of(&chip, None);
        for (output, pair) in selection.columns.chunks(2).enumerate() {
            assert_eq!(pair, [selection.outputs[output]; 2]);
        }
    }

    #[test]
    fn what_hardly_answers_is_said_not_to_respond() {
        let answers = [1.0, 0.9, 0.1, f64::NAN, 1.1];
        assert_eq!(responding(&answers), [true, true, false, false, true]);
    }
}
