//! The figures to take away.

use std::collections::BTreeMap;

use super::Parameters;
use super::chip_run::ChipRun;
use super::residual::Residual;
use crate::SummaryEntry;
use crate::outcome::Rule;

/// How many times fewer measurements the joint procedure is to take.
const FEWER_MEASUREMENTS: f64 = 4.0;

/// How many times less chip time it is to take.
const LESS_CHIP_TIME: f64 = 3.0;

/// One number of the joint procedure relative to the same of the nested one, on the same chip.
pub(super) struct Ratio {
    pub(super) name: &'static str,
    of: fn(&ChipRun, &Parameters) -> f64,
    rule: Rule,
    target: f64,
}

/// Everything in which the procedures are compared.
pub(super) const RATIOS: [Ratio; 4] = [
    Ratio {
        name: "column mismatch, joint relative to nested",
        of: |run, _| relative(run, |residual| residual.columns_percent),
        rule: Rule::AtMost,
        target: 1.0,
    },
    Ratio {
        name: "driver mismatch, joint relative to nested",
        of: |run, _| relative(run, |residual| residual.drivers_percent),
        rule: Rule::AtMost,
        target: 1.0,
    },
    Ratio {
        name: "measurements, nested relative to joint",
        of: |run, _| run.nested.measurements() / run.joint.measurements(),
        rule: Rule::AtLeast,
        target: FEWER_MEASUREMENTS,
    },
    Ratio {
        name: "chip time, nested relative to joint",
        of: |run, parameters| {
            let [nested, joint] = [&run.nested, &run.joint]
                .map(|convergence| parameters.chip_time_ms(&convergence.result.cost));
            nested / joint
        },
        rule: Rule::AtLeast,
        target: LESS_CHIP_TIME,
    },
];

fn relative(run: &ChipRun, of: fn(&Residual) -> f64) -> f64 {
    of(&run.joint.residual()) / of(&run.nested.residual())
}

impl Ratio {
    /// The ratio on every chip of a process.
    pub(super) fn over<'a>(
        &self,
        runs: impl IntoIterator<Item = &'a ChipRun>,
        parameters: &Parameters,
    ) -> Vec<f64> {
        runs.into_iter()
            .map(|run| (self.of)(run, parameters))
            .collect()
    }

    /// How many of the chips meet the target by themselves.
    pub(super) fn met(&self, values: &[f64]) -> usize {
        let meets = |value: &&f64| match self.rule {
            Rule::AtLeast => **value >= self.target,
            Rule::AtMost => **value <= self.target,
        };
        values.iter().filter(meets).count()
    }

    /// The target in words.
    pub(super) fn target_text(&self) -> String {
        format!("{} {}", self.rule.sign(), self.target)
    }
}

/// Chips of a process.
pub(super) fn of_process(runs: &[ChipRun], process: usize) -> Vec<&ChipRun> {
    runs.iter().filter(|run| run.process == process).collect()
}

pub(super) fn summary(runs: &[ChipRun], parameters: &Parameters) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    for (number, process) in parameters.processes.iter().enumerate() {
        let runs = of_process(runs, number);
        for ratio in &RATIOS {
            let values = ratio.over(runs.iter().copied(), parameters);
            if let Some(entry) = SummaryEntry::of(&values, "1") {
                let name = format!("{}/{}", ratio.name, process.name);
                summary.insert(name, entry.expected(ratio.rule, ratio.target));
            }
        }
    }
    summary
}
