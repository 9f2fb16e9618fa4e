//! The charts.

use super::EXPERIMENT;
use super::budget::Budget;
use super::state::State;
use crate::named_chart::NamedChart;
use crate::operating_point::NetworkState;
use crate::plot::{Axis, Category, CategoryChart, Chart, Panels, Reference};

pub(super) fn charts(budgets: &[Budget<'_>]) -> Vec<NamedChart> {
    let chart = |stem, chart: Panels, caption: &str| {
        NamedChart::new(stem, chart, caption, EXPERIMENT.records_file)
    };
    vec![
        chart(
            "budget-error",
            shares(budgets),
            "Share of the squared error of the multiplication that goes when one source is switched off. \
             One dot per chip. Below zero: without the source the error is larger.",
        ),
        chart(
            "budget-accuracy",
            gained(budgets),
            "Accuracy that comes back when one source is switched off, on calibrated chips: of the network \
             as it is deployed, and trained in the loop. One dot per chip.",
        ),
    ]
}

fn shares(budgets: &[Budget<'_>]) -> Panels {
    let mut panels: Vec<Box<dyn Chart>> = Vec::new();
    for budget in budgets {
        for state in State::ALL {
            let categories = budget.sources().into_iter().map(|source| {
                Category::new(source.name(), budget.error_share_percent(state, source))
            });
            panels.push(panel(
                format!("{} chips, {}", budget.case.name, state.name()),
                Axis::linear("Share of the squared error", "%"),
                categories.collect(),
            ));
        }
    }
    Panels::new("What the error of the multiplication comes from", panels)
}

fn gained(budgets: &[Budget<'_>]) -> Panels {
    let mut panels: Vec<Box<dyn Chart>> = Vec::new();
    for budget in budgets {
        for network in NetworkState::BOTH {
            let categories = budget.sources().into_iter().map(|source| {
                let gained = budget.gained_without(State::Calibrated, source, network);
                Category::new(source.name(), gained)
            });
            panels.push(panel(
                format!("{} chips, {}", budget.case.name, network.name()),
                Axis::linear("Accuracy that comes back", "percent points"),
                categories.collect(),
            ));
        }
    }
    Panels::new("What the accuracy is lost by", panels)
}

fn panel(title: String, axis: Axis, categories: Vec<Category>) -> Box<dyn Chart> {
    let chart = CategoryChart::new(title, axis, categories)
        .with_dot_label("one chip")
        .with_decimals(1)
        .with_reference(Reference::line(0.0, ""));
    Box::new(chart)
}
