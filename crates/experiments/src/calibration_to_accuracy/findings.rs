//! From the chips' results to tables and text.

use super::case_results::CaseResults;
use super::charts::charts;
use super::imperfection::IMPERFECTIONS;
use super::point::Group;
use super::recommended::Aim;
use super::summary::summary;
use super::{EXPERIMENT, Parameters, records, tables};
use crate::named_chart::NamedChart;
use crate::operating_point::NetworkState;
use crate::plot::fixed;
use crate::report::{Details, Section};
use crate::statistics::mean;
use crate::wording::{chips, correlation, difference, text, unbroken, with_interval};
use crate::{DataDescription, ExperimentError, Knob, Outcome};

pub(super) fn outcome(
    results: &[CaseResults<'_>],
    parameters: &Parameters,
    data: &DataDescription,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let table = tables::recommended(results)?;
    let charts = charts(results)?;
    let section = Section::new(EXPERIMENT.name, "From calibration targets to accuracy")
        .with_question(
            "Which imperfection of the multiplication costs a network its accuracy, which part of that \
             does training in the loop win back, where does more calibration stop paying, and which \
             settings are best?",
        )
        .with_method(method(parameters, data))
        .with_finding(finding(results))
        .with_limits(limits(parameters, results))
        .with_table(table.clone())
        .with_table(tables::correlations(results)?)
        .with_table(tables::won_back(results)?)
        .with_table(tables::points(results)?)
        .with_details(Details::new(
            "Configuration of this experiment",
            configuration.to_string(),
        ));
    Ok(Outcome {
        configuration,
        records: records::tidy(results, parameters, &data.name),
        further_tables: vec![records::points(results)?],
        summary: summary(results),
        table,
        section: NamedChart::add_all(&charts, section),
        charts: NamedChart::into_files(charts),
    })
}

fn method(parameters: &Parameters, data: &DataDescription) -> String {
    let points = parameters.grids.points();
    let count = points.len();
    let mixtures = points.iter().filter(|point| Group::Mixtures.holds(point));
    let task = parameters.cases.first().map(|case| &case.task);
    let epochs = task.map_or(0, |task| task.budget.array_epochs);
    let (vectors, repeats) = task.map_or((0, 0), |t| (t.layer_vectors, t.layer_repeats));
    format!(
        "A network so narrow that imperfections matter is trained digitally on {}, one for each chip; one \
         send. {} of each kind are set up in {count} ways: as usual, with one knob turned (targets of the \
         joint procedure, how often and how fast vectors are sent, repeated rows and columns, effort of the \
         calibration), and in {} mixtures where all knobs are turned at random. Each time the network is \
         brought onto the chip as it is, and trained further in the loop for {epochs} epochs. How well its \
         own layers are multiplied shows on {vectors} inputs, {repeats} times each: noise between repeats, \
         spread of the columns' gains and offsets, what noise-free results depart from their column's line, \
         and the whole distance of single results from one line for all columns. What is lost is counted against \
         the digital network.",
        data.name,
        chips(parameters.chip_seeds.len()),
        mixtures.count(),
    )
}

fn limits(parameters: &Parameters, results: &[CaseResults<'_>]) -> String {
    let left_out = results.iter().flat_map(|case| {
        let points = case.without_signal.iter();
        points.map(|point| format!("{} on {} chips", point.text(), case.case.name))
    });
    let left_out: Vec<String> = left_out.collect();
    let left_out = if left_out.is_empty() {
        String::new()
    } else {
        format!(
            " Left out, because the gain of a chip cannot be told from noise there: {}.",
            left_out.join(", ")
        )
    };
    let undefined = results.iter().map(CaseResults::most_undefined).max();
    format!(
        "Intervals are 95 % (Student's t over chips, each with a network of its own). A correlation over \
         these settings holds for how these settings were chosen; where an imperfection has no meaning, \
         because there is no signal (up to {} settings), a setting does not count for it. The best of many settings looks better \
         than it is: the advantage of the recommended ones was seen on the same chips that they were \
         chosen by. For speed and energy up to {} points of accuracy are given up.{left_out}",
        undefined.unwrap_or(0),
        parameters.give_up_percent
    )
}

/// Says what the numbers say, whatever they are.
fn finding(results: &[CaseResults<'_>]) -> String {
    let paragraphs: Vec<String> = results
        .iter()
        .flat_map(|case| {
            [
                predictors(case),
                recovery(case),
                effort(case),
                settings(case),
            ]
        })
        .collect();
    let told = paragraphs.into_iter().filter(|text| !text.is_empty());
    unbroken(&told.collect::<Vec<_>>().join("\n\n"))
}

fn predictors(case: &CaseResults<'_>) -> String {
    let of = |network: NetworkState| {
        let mut found: Vec<(&str, Vec<f64>)> = IMPERFECTIONS
            .iter()
            .map(|&imperfection| (imperfection.name, case.correlations(imperfection, network)))
            .filter(|(_, values)| !values.is_empty())
            .collect();
        found.sort_by(|a, b| mean(&b.1).total_cmp(&mean(&a.1)));
        let told = found
            .iter()
            .take(3)
            .map(|(name, values)| format!("{name} {}", correlation(values)));
        told.collect::<Vec<_>>().join(", ")
    };
    format!(
        "On {} chips, the accuracy lost over settings has the highest rank correlations, as deployed, with: \
         {}; after training in the loop: {}.",
        case.case.name,
        of(NetworkState::Deployed),
        of(NetworkState::Trained)
    )
}

fn recovery(case: &CaseResults<'_>) -> String {
    let lost = |network| text(case.mean_losses(Group::All, network), 1);
    format!(
        "Of {} points that networks lose on the mean of all settings, training in the loop leaves {}: it \
         wins back {} %.",
        lost(NetworkState::Deployed),
        lost(NetworkState::Trained),
        with_interval(&case.won_back_percent(Group::All), 0),
    )
}

/// From which effort on more of it is not seen to pay.
fn effort(case: &CaseResults<'_>) -> String {
    if case.networks.len() < 2 {
        return String::new();
    }
    let places = case.along(Knob::Effort);
    let mut by_time: Vec<(f64, f64, usize)> = places
        .iter()
        .map(|&(value, place)| (case.mean(place, |m| m.calibration_ms), value, place))
        .collect();
    by_time.sort_by(|a, b| a.0.total_cmp(&b.0));
    let told = NetworkState::BOTH.map(|network| {
        let enough = by_time
            .iter()
            .enumerate()
            .find(|&(number, &(_, _, place))| {
                let dearer = &by_time[number + 1..];
                !dearer
                    .iter()
                    .any(|&(_, _, other)| case.is_better(network, place, other))
            });
        let Some((_, &(time, value, place))) = enough else {
            return String::new();
        };
        format!(
            "{}: {} ({} ms of chip time, {} %)",
            network.name(),
            Knob::Effort.text(value),
            fixed(time, 0),
            text(case.percents(place, network), 1)
        )
    });
    format!(
        "The least effort of calibration than which none that takes longer is better by more than chance: {}.",
        told.join("; ")
    )
}

fn settings(case: &CaseResults<'_>) -> String {
    let network = NetworkState::Trained;
    let told = case.recommended(network).into_iter().map(|recommended| {
        let point = recommended.point;
        let gained = case.gained(network, 0, point);
        let time = case.mean(point, |m| network.of(m).inference_us);
        let cost = match recommended.aim {
            Aim::Energy => {
                let energy = case.mean(point, |m| network.of(m).inference_uj);
                format!("{} µJ", fixed(energy, 2))
            }
            Aim::Accuracy | Aim::Speed => format!("{} µs", fixed(time, 1)),
        };
        format!(
            "for {}: {} ({} %, {} points against the usual settings, {cost})",
            recommended.aim.name(),
            case.points[point].values_text(),
            text(case.percents(point, network), 1),
            difference(&gained, 1),
        )
    });
    format!(
        "Of the settings tried, with training in the loop, {}.",
        told.collect::<Vec<_>>().join("; ")
    )
}
