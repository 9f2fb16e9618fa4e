//! The figures to take away.

use std::collections::BTreeMap;

use super::case_results::CaseResults;
use super::imperfection::IMPERFECTIONS;
use super::point::Group;
use crate::SummaryEntry;
use crate::operating_point::NetworkState;

pub(super) fn summary(results: &[CaseResults<'_>]) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    for case in results {
        let name = &case.case.name;
        let mut add = |figure: String, values: &[f64], unit| {
            if let Some(entry) = SummaryEntry::of(values, unit) {
                summary.insert(format!("{name}/{figure}"), entry);
            }
        };
        add("accuracy/float".to_owned(), &case.float_percents(), "%");
        for network in NetworkState::BOTH {
            let of = network.name();
            add(
                format!("accuracy/usual settings, {of}"),
                &case.percents(0, network),
                "%",
            );
            for recommended in case.recommended(network) {
                let (aim, point) = (recommended.aim.name(), recommended.point);
                let measured = |of: fn(&crate::operating_point::OnChip) -> f64| {
                    case.values(point, |measured| of(network.of(measured)))
                };
                add(
                    format!("for {aim}, {of}/accuracy"),
                    &measured(|on| on.percent),
                    "%",
                );
                add(
                    format!("for {aim}, {of}/chip time"),
                    &measured(|on| on.inference_us),
                    "µs",
                );
                add(
                    format!("for {aim}, {of}/energy"),
                    &measured(|on| on.inference_uj),
                    "µJ",
                );
            }
            for imperfection in IMPERFECTIONS {
                let correlations = case.correlations(imperfection, network);
                add(
                    format!("rank correlation/{}, {of}", imperfection.name),
                    &correlations,
                    "",
                );
            }
        }
        add(
            "won back by training".to_owned(),
            &case.won_back_percent(Group::All),
            "%",
        );
    }
    summary
}
