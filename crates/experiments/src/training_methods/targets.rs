//! Published accuracies of the same network on MNIST, and what is to be reached.

use bss2_training::Method;

use super::way::Way;
use super::{CaseResults, ChipState};
use crate::published::MNIST_ACCURACIES_PERCENT;

/// An accuracy beside a published one.
pub(super) struct Target {
    pub(super) name: &'static str,
    /// Test accuracies on all chips, in percent.
    pub(super) percents: Vec<f64>,
    /// What is to be reached, if that is asked for.
    pub(super) at_least: Option<f64>,
    /// By name in [`MNIST_ACCURACIES_PERCENT`].
    published: Option<&'static str>,
}

impl Target {
    /// All of a case, which has to be that of the published network.
    pub(super) fn all(case: &CaseResults<'_>) -> Vec<Self> {
        let of = |method| case.accuracies(Way::of(ChipState::Calibrated, method));
        let runs = || case.runs.iter();
        let target = |name, percents, at_least, published| Self {
            name,
            percents,
            at_least,
            published,
        };
        let float = runs().map(|run| run.float_percent).collect();
        let ideal = runs().map(|run| run.ideal_percent).collect();
        vec![
            target("float", float, Some(98.3), Some("float")),
            target(
                "quantised, on an ideal array",
                ideal,
                Some(98.1),
                Some("quantised"),
            ),
            target(
                "calibrated chip without retraining",
                of(Method::Float),
                None,
                Some("chip without retraining"),
            ),
            target(
                "calibrated chip in the loop",
                of(Method::InTheLoop),
                Some(98.0),
                Some("chip in the loop"),
            ),
            target("best, calibrated chip", of(Method::Best), Some(98.8), None),
        ]
    }

    pub(super) fn published_percent(&self) -> Option<f64> {
        let mut all = MNIST_ACCURACIES_PERCENT.iter();
        let (_, percent) = all.find(|(name, _)| Some(*name) == self.published)?;
        Some(*percent)
    }
}
