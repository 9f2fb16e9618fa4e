//! The figures to take away.

use std::collections::BTreeMap;

use super::budget::Budget;
use super::state::State;
use super::variant::Variant;
use crate::SummaryEntry;
use crate::operating_point::{Measured, NetworkState};

pub(super) fn summary(budgets: &[Budget<'_>]) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    for budget in budgets {
        let case = &budget.case.name;
        let mut add = |figure: String, values: &[f64], unit| {
            if let Some(entry) = SummaryEntry::of(values, unit) {
                summary.insert(format!("{case}/{figure}"), entry);
            }
        };
        add("accuracy/float".to_owned(), &budget.float_percents(), "%");
        for state in State::ALL {
            let name = state.name();
            for variant in [Variant::All, Variant::Ideal] {
                let of = variant.text();
                let error = budget.values(state, variant, Measured::error_percent);
                add(format!("error/{name}, {of}"), &error, "%");
                for network in NetworkState::BOTH {
                    let figure = format!("accuracy/{name}, {of}, {}", network.name());
                    add(figure, &budget.percents(state, variant, network), "%");
                }
            }
            for source in budget.sources() {
                let of = source.name();
                let share = budget.error_share_percent(state, source);
                add(
                    format!("share of the squared error/{name}, {of}"),
                    &share,
                    "%",
                );
                for network in NetworkState::BOTH {
                    let gained = budget.gained_without(state, source, network);
                    let figure = format!("gained without/{name}, {of}, {}", network.name());
                    add(figure, &gained, "points");
                }
            }
        }
    }
    summary
}
