//! What an experiment delivers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::CsvFile;
use crate::plot::Chart;
use crate::report::{Section, Table};

/// One measured number: a row of the tidy table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// The experiment.
    pub experiment: &'static str,
    /// The data set.
    pub dataset: String,
    /// Seed of the chip.
    pub chip_seed: u64,
    /// At which stage or setting it was measured.
    pub stage: String,
    /// What was measured.
    pub metric: String,
    /// Which one of several (epoch, routine instance), if there are several.
    pub index: Option<usize>,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: String,
}

/// A figure of the summary: mean and standard deviation over chips.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SummaryEntry {
    /// Mean.
    pub value: f64,
    /// Standard deviation; absent for a single value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std: Option<f64>,
    /// Number of values.
    pub n: usize,
    /// Unit.
    pub unit: &'static str,
    /// What the value is expected to be, if anything is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// How the value is compared with the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// Whether it meets the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass: Option<bool>,
}

/// How a value is compared with its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The value must reach the target.
    AtLeast,
    /// The value must not exceed the target.
    AtMost,
}

impl Rule {
    /// The comparison as a sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => "≥",
            Self::AtMost => "≤",
        }
    }
}

impl SummaryEntry {
    /// Mean and standard deviation of values that are all finite and at least one; `None`
    /// otherwise.
    pub fn of(values: &[f64], unit: &'static str) -> Option<Self> {
        let summary = crate::plot::Summary::of(values)?;
        if summary.count < values.len() {
            return None;
        }
        Some(Self {
            value: summary.mean,
            // Equal values have no spread, whatever rounding makes of their mean.
            std: summary.deviation.map(|deviation| {
                let equal = values.iter().all(|value| *value == values[0]);
                if equal { 0.0 } else { deviation }
            }),
            n: summary.count,
            unit,
            target: None,
            rule: None,
            pass: None,
        })
    }

    /// Compares the value with a target.
    #[must_use]
    pub fn expected(mut self, rule: Rule, target: f64) -> Self {
        self.target = Some(target);
        self.rule = Some(rule);
        self.pass = Some(match rule {
            Rule::AtLeast => self.value >= target,
            Rule::AtMost => self.value <= target,
        });
        self
    }
}

/// Everything that comes out of one experiment.
pub struct Outcome {
    /// Every number that the results depend on.
    pub configuration: toml::Table,
    /// Every single result, less what [`further_tables`](Self::further_tables) hold.
    pub records: Vec<Record>,
    /// Single results that need columns of their own.
    pub further_tables: Vec<CsvFile>,
    /// Figures by name.
    pub summary: BTreeMap<String, SummaryEntry>,
    /// The table for the terminal.
    pub table: Table,
    /// The part of the report.
    pub section: Section,
    /// Charts that are also written as files of their own, by file stem.
    pub charts: Vec<(&'static str, Box<dyn Chart>)>,
}
