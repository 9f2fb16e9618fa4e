//! Every single number of one chip, as rows of the tidy table.

use super::EXPERIMENT;
use super::chip_run::ChipRun;
use super::stage::Stage;
use crate::{DataDescription, Record};

/// The rows of one chip.
pub(super) fn of(run: &ChipRun, data: &DataDescription) -> Vec<Record> {
    let mut rows = Rows {
        chip_seed: run.seed,
        dataset: &data.name,
        records: Vec::new(),
    };
    rows.add_evaluations(run);
    rows.add_deployment(run);
    rows.add_calibration(run);
    rows.add_learning(run);
    rows.records
}

struct Rows<'a> {
    chip_seed: u64,
    dataset: &'a str,
    records: Vec<Record>,
}

impl Rows<'_> {
    fn add(&mut self, stage: &str, metric: &str, index: Option<usize>, value: f64, unit: &str) {
        self.records.push(Record {
            experiment: EXPERIMENT.name,
            dataset: self.dataset.to_owned(),
            chip_seed: self.chip_seed,
            stage: stage.to_owned(),
            metric: metric.to_owned(),
            index,
            value,
            unit: unit.to_owned(),
        });
    }

    fn add_evaluations(&mut self, run: &ChipRun) {
        for stage in Stage::ALL {
            let (name, result) = (stage.name(), run.at(stage));
            self.add(name, "accuracy", None, result.accuracy_percent, "%");
            if let Some(inference_us) = result.inference_us {
                self.add(name, "chip time per image", None, inference_us, "µs");
            }
            if let Some(training_s) = result.training_s {
                self.add(name, "training chip time", None, training_s, "s");
            }
        }
    }

    fn add_deployment(&mut self, run: &ChipRun) {
        for (index, layer) in run.layers.iter().enumerate() {
            let (scale, clipped) = (f64::from(layer.weight_scale), 100.0 * layer.clipped_weights);
            let mut add =
                |metric, value, unit| self.add("deployment", metric, Some(index), value, unit);
            add("weight scale", scale, "weight units");
            add("clipped weights", clipped, "%");
            add("output at the quantile", f64::from(layer.output_lsb), "LSB");
            if let Some(shift) = layer.shift {
                add("shift", f64::from(shift), "bit");
            }
        }
    }

    fn add_calibration(&mut self, run: &ChipRun) {
        self.add("calibration", "chip time", None, run.calibration_ms, "ms");
        for (index, routine) in run.calibration.routines.iter().enumerate() {
            let stage = format!("calibration: {}", routine.name);
            let mut add = |metric, value, unit| self.add(&stage, metric, Some(index), value, unit);
            add("spread before", routine.spread_before(), &*routine.unit);
            add("spread after", routine.spread_after(), &*routine.unit);
            add("success rate", 100.0 * routine.success_rate(), "%");
        }
    }

    fn add_learning(&mut self, run: &ChipRun) {
        for stage in Stage::RETRAINED {
            for epoch in &run.at(stage).learning {
                let (index, loss) = (Some(epoch.epoch), f64::from(epoch.loss));
                let accuracy = 100.0 * epoch.accuracy;
                self.add(stage.name(), "training loss", index, loss, "nat");
                self.add(stage.name(), "training accuracy", index, accuracy, "%");
            }
        }
    }
}
