//! Every single number, as rows of the tidy table.

use super::network_run::{Bearing, NetworkRun};
use super::results::KINDS;
use super::{EXPERIMENT, Results};
use crate::Record;

/// The rows of all networks; the seed of a network stands in the place of a chip's.
pub(super) fn of(results: &Results<'_>) -> Vec<Record> {
    let mut rows = Rows {
        dataset: &results.data.name,
        records: Vec::new(),
    };
    for run in &results.runs {
        rows.add(
            run,
            "without noise",
            "accuracy",
            None,
            run.accuracy_percent,
            "%",
        );
        let curve = run
            .curve_percent
            .iter()
            .zip(&results.parameters.curve_sigmas);
        for (index, (&percent, &sigma)) in curve.enumerate() {
            let stage = "additive noise on all layers";
            rows.add(run, stage, "noise", Some(index), sigma, "1");
            rows.add(run, stage, "accuracy", Some(index), percent, "%");
        }
        for bearing in &run.bearings {
            rows.add_bearing(run, bearing);
        }
    }
    rows.records
}

struct Rows<'a> {
    dataset: &'a str,
    records: Vec<Record>,
}

impl Rows<'_> {
    fn add(
        &mut self,
        run: &NetworkRun,
        stage: &str,
        metric: &str,
        index: Option<usize>,
        value: f64,
        unit: &str,
    ) {
        self.records.push(Record {
            experiment: EXPERIMENT.name,
            dataset: self.dataset.to_owned(),
            chip_seed: run.seed,
            stage: format!("{}: {stage}", run.architecture.name()),
            metric: metric.to_owned(),
            index,
            value,
            unit: unit.to_owned(),
        });
    }

    fn add_bearing(&mut self, run: &NetworkRun, bearing: &Bearing) {
        let kind = KINDS.iter().find(|(kind, _)| *kind == bearing.kind);
        let kind = kind.map_or("", |(_, name)| name);
        let stage = format!("{kind} noise on {}", bearing.place.name());
        let mut add = |metric: &str, value: Option<f64>, unit: &str| {
            if let Some(value) = value {
                self.add(run, &stage, metric, None, value, unit);
            }
        };
        add("midpoint", bearing.midpoint, "1");
        add("output, root mean square", bearing.output_rms, "1");
        if let Some(hardened) = &bearing.hardened {
            let accuracy = Some(hardened.accuracy_percent);
            add("noise in training", Some(hardened.sigma), "1");
            add("accuracy after noisy training", accuracy, "%");
            add("midpoint after noisy training", hardened.midpoint, "1");
            let rms = hardened.output_rms;
            add("output after noisy training, root mean square", rms, "1");
        }
    }
}
