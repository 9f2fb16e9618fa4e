//! From the searches' results to tables and text.

use super::charts::charts;
use super::results::{Results, is_certain};
use super::summary::summary;
use super::{Aim, EXPERIMENT, Strategy, records, tables};
use crate::named_chart::NamedChart;
use crate::plot::{fixed, significant};
use crate::report::{Details, Section};
use crate::wording::{chips, difference, text, unbroken};
use crate::{DataDescription, ExperimentError, Knob, Outcome};

pub(super) fn outcome(
    results: &Results<'_>,
    data: &DataDescription,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let table = tables::found(results)?;
    let charts = charts(results)?;
    let section = Section::new(EXPERIMENT.name, "A search beyond the grid")
        .with_question(
            "How accurate can a network become within a given chip time, if calibration targets, mapping and \
             run settings are turned together?",
        )
        .with_method(method(results, data))
        .with_finding(finding(results))
        .with_limits(limits())
        .with_table(table.clone())
        .with_table(tables::settings(results)?)
        .with_table(tables::trajectory(results)?)
        .with_details(Details::new(
            "Configuration of this experiment",
            configuration.to_string(),
        ));
    Ok(Outcome {
        configuration,
        records: records::tidy(results, &data.name),
        further_tables: vec![records::trials(results)?],
        summary: summary(results),
        table,
        section: NamedChart::add_all(&charts, section),
        charts: NamedChart::into_files(charts),
    })
}

fn method(results: &Results<'_>, data: &DataDescription) -> String {
    let parameters = results.parameters;
    let knobs: Vec<&str> = parameters.space.knobs().map(Knob::name).collect();
    format!(
        "The network of `calibration-to-accuracy` on {}, with one send as usual. A setting is one of {}: \
         {}. It is judged on {} by the accuracy on a fifth of the training samples, which the networks have \
         not seen, and by the chip time that an input takes. Three ways of searching are compared, up to {} \
         settings each: the number of sends alone, settings at random, and evolution, where settings descend \
         from the best so far that keeps the time limit and one that no other beats in both accuracy and \
         time: each knob from one of both, some turned further; one in five is drawn at random. The best setting of every search is then judged on {} that it has not seen, with networks \
         of their own, by the test samples.",
        data.name,
        significant(parameters.space.size(), 2),
        knobs.join(", "),
        chips(parameters.search_chips.len()),
        parameters
            .generations
            .saturating_mul(parameters.per_generation),
        chips(parameters.fresh_chips.len()),
    )
}

fn limits() -> String {
    "Intervals are 95 % (Student's t over fresh chips, of means over searches), so they do not hold the spread \
     between searches, which the trajectories show. A search that takes longer may find more: the best \
     that was found is a lower bound of what there is. Settings that suit these chips and this network \
     need not suit others."
        .to_owned()
}

/// Says what the numbers say, whatever they are.
fn finding(results: &Results<'_>) -> String {
    let aims = results.parameters.aims.iter();
    let paragraphs: Vec<String> = aims.map(|&aim| of_aim(results, aim)).collect();
    unbroken(&paragraphs.join("\n\n"))
}

fn of_aim(results: &Results<'_>, aim: Aim) -> String {
    let usual = text(
        results.fresh_usual(aim).iter().map(|j| j.on_chip.percent),
        1,
    );
    let told = results.parameters.strategies.iter().map(|&strategy| {
        let percents = results.fresh(aim, strategy, |on| on.percent);
        if percents.is_empty() {
            return format!("{} finds nothing", strategy.name());
        }
        let gained = difference(&results.gained(aim, strategy), 1);
        format!(
            "{} {} % ({gained} points)",
            strategy.name(),
            text(percents, 1)
        )
    });
    let told: Vec<String> = told.collect();
    format!(
        "{}, at most {} µs: usual settings {usual} %; {}.{}{}",
        capitalised(&aim.text()),
        fixed(results.limit_us(aim), 1),
        told.join(", "),
        comparison(results, aim),
        best(results, aim),
    )
}

fn comparison(results: &Results<'_>, aim: Aim) -> String {
    let ahead = results.ahead(aim, Strategy::Evolution, Strategy::Random);
    if ahead.is_empty() {
        return String::new();
    }
    let behind: Vec<f64> = ahead.iter().map(|points| -points).collect();
    let verdict = match (is_certain(&ahead), is_certain(&behind)) {
        (true, _) => {
            "On these chips the settings that evolution found beat those of as many random trials"
        }
        (_, true) => {
            "On these chips the settings of as many random trials beat those that evolution found"
        }
        _ => {
            "On these chips the settings that evolution found and those of as many random trials do not differ by more than chance"
        }
    };
    format!(" {verdict}: {} points.", difference(&ahead, 1))
}

fn best(results: &Results<'_>, aim: Aim) -> String {
    let search = tables::best_search(results, aim, Strategy::Evolution);
    let setting = search.and_then(|search| search.found.best(results.limit_us(aim)));
    setting.map_or_else(String::new, |tried| {
        format!(
            " The best by evolution: {}.",
            tables::settings_text(results, tried)
        )
    })
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}
