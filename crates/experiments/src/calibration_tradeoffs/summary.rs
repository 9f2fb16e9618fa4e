//! The figures to take away.

use std::collections::BTreeMap;

use super::quantity::{
    CLIPPED, ERROR, GAIN, GAIN_SPREAD, NOISE, OFFSET_SPREAD, SIGNAL_TO_ERROR, SIGNAL_TO_NOISE,
};
use super::results::Results;
use super::tradeoff::Found;
use crate::SummaryEntry;

/// What became of every expectation, and a few quantities at every point.
pub(super) fn summary(results: &Results, found: &[Found<'_>]) -> BTreeMap<String, SummaryEntry> {
    let mut summary: BTreeMap<String, SummaryEntry> = found
        .iter()
        .map(|found| (found.tradeoff.figure(), found.entry.clone()))
        .collect();
    let everywhere = [
        GAIN,
        NOISE,
        GAIN_SPREAD,
        OFFSET_SPREAD,
        ERROR,
        SIGNAL_TO_NOISE,
        SIGNAL_TO_ERROR,
        CLIPPED,
    ];
    for at in results.all() {
        for quantity in everywhere {
            let figure = format!(
                "{}/{} {}",
                quantity.name,
                at.point.knob.name(),
                at.point.value
            );
            if let Some(entry) = SummaryEntry::of(&at.values(quantity.value), quantity.unit) {
                summary.insert(figure, entry);
            }
        }
    }
    summary
}
