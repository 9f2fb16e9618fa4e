//! Every single number, as rows of the tidy table.

use super::chip_run::{AtCalibration, ChipRun};
use super::policy::Policy;
use super::{EXPERIMENT, Results};
use crate::Record;

/// The rows of all chips, after those of the network that they share.
pub(super) fn of(results: &Results<'_>) -> Vec<Record> {
    let mut rows = Rows {
        results,
        records: Vec::new(),
    };
    let (seed, network) = (results.parameters.network_seed, &results.network);
    rows.add(seed, "float", "accuracy", None, network.float_percent, "%");
    rows.add(
        seed,
        "ideal array",
        "accuracy",
        None,
        network.ideal_percent,
        "%",
    );
    for run in &results.runs {
        let celsius = results.parameters.calibration_celsius.iter();
        for (celsius, at) in celsius.zip(&run.calibrations) {
            rows.add_calibration(run.seed, *celsius, at);
        }
        rows.add_courses(run);
    }
    rows.records
}

struct Rows<'a> {
    results: &'a Results<'a>,
    records: Vec<Record>,
}

impl Rows<'_> {
    fn add(
        &mut self,
        chip_seed: u64,
        stage: &str,
        metric: &str,
        index: Option<usize>,
        value: f64,
        unit: &str,
    ) {
        self.records.push(Record {
            experiment: EXPERIMENT.name,
            dataset: self.results.data.name.clone(),
            chip_seed,
            stage: stage.to_owned(),
            metric: metric.to_owned(),
            index,
            value,
            unit: unit.to_owned(),
        });
    }

    fn add_calibration(&mut self, seed: u64, calibrated: f32, at: &AtCalibration) {
        let results = self.results;
        let calibration = format!("calibrated at {calibrated} °C");
        self.add(
            seed,
            &calibration,
            "gain per send",
            None,
            at.gain_lsb,
            "LSB",
        );
        for (method, &time) in results.parameters.methods.iter().zip(&at.training_s) {
            let metric = format!("chip time of training, {method}");
            self.add(seed, &calibration, &metric, None, time, "s");
        }
        for (celsius, point) in results.parameters.celsius.iter().zip(&at.points) {
            let stage = format!("{calibration}, used at {celsius} °C");
            let mut add = |metric: &str, index, value: f64, unit: &str| {
                self.add(seed, &stage, metric, index, value, unit);
            };
            add("gain", None, point.mock.gain_lsb.into(), "LSB");
            add("noise", None, point.mock.noise_lsb.into(), "LSB");
            let network = point.network;
            for (metric, value) in [
                ("error-to-signal", network.error_to_signal),
                ("noise-to-signal", network.noise_to_signal),
                ("systematic error-to-signal", network.systematic_to_signal),
                ("error of the gain, to signal", network.gain_error_to_signal),
                ("relative gain of the layers", network.relative_gain),
            ] {
                add(metric, None, 100.0 * value, "%");
            }
            for (index, layer) in point.layers.iter().enumerate() {
                let to_signal = 100.0 * layer.error / layer.signal;
                add("error-to-signal of a layer", Some(index), to_signal, "%");
                add("gain of a layer", Some(index), layer.gain, "LSB");
                add("noise of a layer", Some(index), layer.noise, "LSB");
            }
            let accuracies = results
                .parameters
                .methods
                .iter()
                .zip(&point.accuracies_percent);
            for (method, &accuracy) in accuracies {
                add(&format!("accuracy, {method}"), None, accuracy, "%");
            }
        }
    }

    fn add_courses(&mut self, run: &ChipRun) {
        let drift = &self.results.parameters.drift;
        for (network, (method, &fresh)) in drift.methods.iter().zip(&run.fresh_percent).enumerate()
        {
            let stage = format!("{method}, right after calibration");
            self.add(run.seed, &stage, "accuracy", None, fresh, "%");
            for course in &run.courses {
                let scenario = self.results.scenario_name(course.scenario);
                let stage = format!("{method}, {scenario}: {}", course.policy.name());
                let mut add = |metric: &str, index, value: f64, unit: &str| {
                    self.add(run.seed, &stage, metric, index, value, unit);
                };
                for (index, &accuracy) in course.accuracies_percent[network].iter().enumerate() {
                    add("accuracy at an age", Some(index), accuracy, "%");
                }
                for (index, &accuracy) in course.later_percent[network].iter().enumerate() {
                    add(
                        "accuracy after the last refresh",
                        Some(index),
                        accuracy,
                        "%",
                    );
                }
                if course.policy != Policy::Nothing {
                    let time = course.refresh_ms[network];
                    add("chip time of a refresh", None, time, "ms");
                }
            }
        }
    }
}
