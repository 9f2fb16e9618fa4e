//! From the chips' results to tables and text.

use bss2_training::{Gradients, Method};

use super::charts::charts;
use super::comparison::Difference;
use super::gradient_models::GradientModels;
use super::records::WALL_TIME_FILE;
use super::summary::summary;
use super::way::{Way, gradients_name};
use super::{CaseData, CaseResults, EXPERIMENT, Results, records, tables};
use crate::named_chart::NamedChart;
use crate::report::{Details, Section};
use crate::statistics::mean;
use crate::wording::{chips, text, unbroken};
use crate::{ExperimentError, Outcome};

pub(super) fn outcome(
    results: &Results<'_>,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let charts = charts(results)?;
    let mut section = Section::new(EXPERIMENT.name, "How a network is trained for a chip")
        .with_question(
            "Which ways of training a network for a chip reach which accuracy, on chips with and without \
             calibration, and what do they cost on the chip? Which model of the chip's derivative trains \
             best in the loop?",
        )
        .with_method(method(results))
        .with_finding(finding(results))
        .with_limits(LIMITS);
    for case in &results.cases {
        section = section.with_table(tables::methods(case)?);
        if case.has_all_methods() {
            section = section.with_table(tables::differences(case)?);
        }
    }
    section = section.with_table(tables::gradient_models(results)?);
    if let Some(published) = results.published_case() {
        section = section.with_table(tables::targets(published)?);
    }
    let section = section.with_details(Details::new(
        "Configuration of this experiment",
        configuration.to_string(),
    ));
    Ok(Outcome {
        configuration,
        records: records::of(results),
        further_tables: vec![records::wall_times(results)?],
        summary: summary(results),
        table: tables::overview(results)?,
        section: NamedChart::add_all(&charts, section),
        charts: NamedChart::into_files(charts),
    })
}

impl Results<'_> {
    /// The case of the published network on the data of the publication.
    fn published_case(&self) -> Option<&CaseResults<'_>> {
        let is_mnist = self.data.name == "mnist" && self.parameters.is_published_network;
        self.cases.first().filter(|_| is_mnist)
    }
}

fn method(results: &Results<'_>) -> String {
    let mut paragraphs = vec![format!(
        "On {} per network, one network after the other is trained by every method for the chip as it was \
         made, and for the same chip after calibration by the joint procedure. What methods have in common, \
         the digital training, is done once per chip; that of best is another, and those from scratch have \
         none. Accuracies are those of test samples on the chip, \
         after training.",
        chips(results.parameters.chip_seeds.len()),
    )];
    let cases = results.cases.iter().map(|results| {
        let case = results.case;
        let chip = case.chip.preset_name().unwrap_or("configured");
        let sends = case.network.on_array().map(|layer| layer.num_sends.to_string());
        let sends: Vec<String> = sends.collect();
        format!(
            "'{}': {}, {chip} chips, sends by layer: {}; {} epochs of digital training and {} on an array.",
            case.name,
            results.data.name,
            sends.join(", "),
            case.budget.digital_epochs,
            case.budget.array_epochs,
        )
    });
    paragraphs.push(cases.collect::<Vec<_>>().join(" "));
    let methods = Method::ALL.map(|method| format!("{method}: {}", method.about()));
    paragraphs.push(format!("Methods: {}.", methods.join("; ")));
    paragraphs.push(format!(
        "Chip time is that of the cost model and counts all that a method measures of the chip. What the \
         computer took for each training stands in {WALL_TIME_FILE}: these times depend on the computer \
         and its load, and are the only numbers that are others in each run.",
    ));
    paragraphs.join("\n\n")
}

/// Says what the numbers say, whatever they are.
fn finding(results: &Results<'_>) -> String {
    let with_all = results.cases.iter().filter(|case| case.has_all_methods());
    let mut paragraphs: Vec<String> = with_all.flat_map(methods).collect();
    let yin_yang = results.cases.iter();
    let yin_yang = yin_yang.filter(|results| results.case.data == CaseData::YinYang);
    paragraphs.extend(yin_yang.map(of_yin_yang));
    paragraphs.extend(gradients(results));
    unbroken(&paragraphs.join("\n\n"))
}

/// One paragraph per state of the chips.
fn methods<'a>(results: &'a CaseResults<'_>) -> impl Iterator<Item = String> + use<'a> {
    results.case.states.iter().map(|&state| {
        let way = |method| Way::of(state, method);
        let methods = &results.case.methods;
        let against = |reference: Method, is: fn(&Difference) -> bool| -> Vec<String> {
            let others = methods.iter().filter_map(|&method| {
                let difference = results.difference(way(method), way(reference))?;
                is(&difference).then(|| format!("{method} by {}", difference.text()))
            });
            others.collect()
        };
        let digital: Vec<f64> = results.runs.iter().map(|run| run.float_percent).collect();
        let mut sentences = vec![format!(
            "'{}', {} chips: digitally trained networks reach {} % as numbers and {} % on the chip.",
            results.case.name,
            state.name(),
            text(digital, 1),
            text(results.accuracies(way(Method::Float)), 1),
        )];
        if let Some(best) = results.best(methods.iter().map(|&method| way(method))) {
            sentences.push(format!(
                "The highest mean is that of {}: {} %.",
                best.name(),
                text(results.accuracies(best), 1)
            ));
            sentences.extend(cheapest_alike(results, best));
        }
        sentences.push(listed(
            "Better than float, with an interval above zero",
            &against(Method::Float, Difference::is_gain),
        ));
        sentences.push(listed(
            "Worse than float",
            &against(Method::Float, Difference::is_loss),
        ));
        sentences.push(listed(
            "Better than in-the-loop",
            &against(Method::InTheLoop, Difference::is_gain),
        ));
        sentences.push(listed(
            "Worse than in-the-loop",
            &against(Method::InTheLoop, Difference::is_loss),
        ));
        sentences.join(" ")
    })
}

fn listed(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        format!("{what}: none.")
    } else {
        format!("{what}: {} points.", names.join(", "))
    }
}

/// Of the methods that cannot be told from the best, the one with the least chip time.
fn cheapest_alike(results: &CaseResults<'_>, best: Way) -> Option<String> {
    let time_s = |way| mean(&results.values(way, |measured| measured.training_s));
    let ways = results.case.methods.iter();
    let ways = ways.map(|&method| Way::of(best.state, method));
    let alike = ways.filter(|&way| {
        let difference = results.difference(way, best);
        difference.is_none_or(|difference| difference.interval().is_some() && !difference.is_loss())
    });
    let cheapest = alike.min_by(|a, b| time_s(*a).total_cmp(&time_s(*b)))?;
    let share = time_s(cheapest) / time_s(best);
    (cheapest != best).then(|| {
        format!(
            "Of those that these chips do not tell from it, {} takes the least chip time: {} s, {} times \
             that of {}.",
            cheapest.name(),
            crate::plot::significant(time_s(cheapest), 2),
            crate::plot::significant(share, 2),
            best.name(),
        )
    })
}

fn of_yin_yang(results: &CaseResults<'_>) -> String {
    let ways = results.case.ways().into_iter();
    let accuracies = ways.map(|way| {
        format!(
            "{} on {} chips: {} %",
            way.name(),
            way.state.name(),
            text(results.accuracies(way), 1)
        )
    });
    let accuracies: Vec<String> = accuracies.collect();
    let digital = results.runs.iter().map(|run| run.float_percent);
    format!(
        "'{}': {} % digitally; {}.",
        results.case.name,
        text(digital, 1),
        accuracies.join(", ")
    )
}

/// Which models train better or worse than a linear gain, and how many outputs saturate there.
fn gradients(results: &Results<'_>) -> Option<String> {
    let all: Vec<GradientModels<'_>> = results.cases.iter().flat_map(GradientModels::of).collect();
    if all.is_empty() {
        return None;
    }
    let mut sentences = vec![String::from(
        "Models of the chip's derivative in the loop, with the share of outputs at the ends of their range \
         after training.",
    )];
    let mut alike = Vec::new();
    for models in &all {
        match models.told_from_linear() {
            Some(told) => sentences.push(told),
            None => alike.push(format!(
                "{} ({} % saturated)",
                models.name(),
                models.saturated(Gradients::Linear)
            )),
        }
    }
    if !alike.is_empty() {
        sentences.push(format!(
            "These chips tell no model from the linear gain in: {}.",
            alike.join("; ")
        ));
    }
    Some(sentences.join(" "))
}

impl GradientModels<'_> {
    fn saturated(&self, gradients: Gradients) -> String {
        let way = self.way(gradients);
        text(self.case.values(way, |m| m.saturated_percent), 2)
    }

    /// The models that gain or lose against the linear gain, if any does.
    fn told_from_linear(&self) -> Option<String> {
        let linear = self.way(Gradients::Linear);
        let told = self.ways().into_iter().filter_map(|(gradients, way)| {
            let difference = self.case.difference(way, linear)?;
            let is_told = difference.is_gain() || difference.is_loss();
            is_told.then(|| {
                format!(
                    "{} {} points ({} % saturated)",
                    gradients_name(gradients),
                    difference.text(),
                    self.saturated(gradients)
                )
            })
        });
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| {
            format!(
                "{}: by a linear gain {} % ({} % saturated); against that {}.",
                self.name(),
                text(self.case.accuracies(linear), 1),
                self.saturated(Gradients::Linear),
                told.join(", ")
            )
        })
    }
}

const LIMITS: &str = "Intervals are those of the mean over these chips, each with a digital network of its \
                      own; among some hundred comparisons a few exclude zero by chance. All methods share \
                      learning rates and batches, none was tuned by itself, and they differ in how many \
                      samples they run in the loop: what one has over another may be due to that. The \
                      temperature-aware one is judged at the usual temperature only, where it has no \
                      advantage to show. Chip time is that of the cost model without the host's own work. \
                      Chips do not drift between training and test.";
