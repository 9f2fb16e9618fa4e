//! From the chips' results to tables and text.

use bss2_training::Method;

use super::charts::charts;
use super::drift::Course;
use super::policy::Policy;
use super::summary::summary;
use super::trends::{Trend, always_falls};
use super::{EXPERIMENT, Results, records, tables};
use crate::named_chart::NamedChart;
use crate::plot::fixed;
use crate::report::{Details, Section};
use crate::statistics::mean;
use crate::wording::{chips, difference, text, unbroken};
use crate::{ExperimentError, Outcome};

pub(super) fn outcome(
    results: &Results<'_>,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let table = tables::accuracies(results)?;
    let charts = charts(results)?;
    let section = Section::new(EXPERIMENT.name, "Temperature and drift")
        .with_question(
            "What do temperatures other than that of the calibration, and time since it, cost networks \
             that were trained in different ways? Which refresh wins back how much, at what cost in \
             chip time?",
        )
        .with_method(method(results))
        .with_finding(finding(results))
        .with_limits(limits(results))
        .with_table(tables::trends(results)?)
        .with_table(table.clone())
        .with_table(tables::errors(results)?)
        .with_table(tables::layers(results)?)
        .with_table(tables::policies(results)?)
        .with_details(Details::new(
            "Configuration of this experiment",
            configuration.to_string(),
        ));
    Ok(Outcome {
        configuration,
        records: records::of(results),
        further_tables: Vec::new(),
        summary: summary(results),
        table,
        section: NamedChart::add_all(&charts, section),
        charts: NamedChart::into_files(charts),
    })
}

fn method(results: &Results<'_>) -> String {
    let parameters = results.parameters;
    let drift = &parameters.drift;
    let list = |values: &[f32]| {
        let values: Vec<String> = values.iter().map(f32::to_string).collect();
        values.join(", ")
    };
    let hours: Vec<String> = drift.hours.iter().map(f64::to_string).collect();
    format!(
        "One network is trained digitally on {}. {}, {} h old, are calibrated by the joint procedure at {} \
         °C, each time from the beginning; the network is brought onto each as it is, and trained further in \
         other ways for {} epochs at the temperature of the calibration (temperature-aware training \
         takes turns at 40, 60 and 80 °C). All are then used at {} °C, with the same noise. Error: root \
         mean square of what separates the layers' results ({} inputs, {} repeats, weights of the \
         network without further training) from the exact product at the gain measured right after \
         calibration, relative to that product; noise is what differs between repeats, relative to \
         the signal at the present gain; the rest is systematic. Root mean squares over layers.\n\n\
         Drift: chips calibrated at {} °C stay there or are {} K warmer from then on. At each of the ages \
         {} h a policy does something, with the chip and the network as it left them before; a touch-up \
         is {} epoch of training in the loop on {} samples. Accuracy is that right after it; time then \
         goes on without refreshes.",
        results.data.name,
        chips(results.runs.len()),
        parameters.hours_before,
        list(&parameters.calibration_celsius),
        parameters.budget.array_epochs,
        list(&parameters.celsius),
        parameters.error_vectors,
        parameters.error_repeats,
        drift.calibration_celsius,
        drift.warmer_kelvin.iter().copied().fold(0.0, f32::max),
        hours.join(", "),
        drift.touch_up.epochs,
        drift.touch_up.samples,
    )
}

/// Says what the numbers say, whatever they are.
fn finding(results: &Results<'_>) -> String {
    let mut paragraphs = vec![trends(results), methods(results)];
    for network in 0..results.parameters.drift.methods.len() {
        paragraphs.push(policies(results, network));
    }
    unbroken(&paragraphs.join("\n\n"))
}

/// Which published trends show.
fn trends(results: &Results<'_>) -> String {
    let trends = Trend::all(results);
    let of = |wanted: Option<bool>| {
        let found = trends.iter().filter(|trend| trend.holds() == wanted);
        let found = found.map(|t| format!("{} ({}: {})", t.claim, t.quantity, t.text()));
        found.collect::<Vec<_>>().join("; ")
    };
    let sentences = [
        ("Published trends that show here", of(Some(true))),
        ("That do not", of(Some(false))),
        ("Left open", of(None)),
    ];
    let sentences = sentences.into_iter().filter(|(_, found)| !found.is_empty());
    let sentences = sentences.map(|(name, found)| format!("{name}: {found}."));
    let (slope, all) = always_falls(results, |at| at.network.relative_gain);
    let (protocol, _) = always_falls(results, |at| f64::from(at.mock.gain_lsb));
    format!(
        "{} Gain falls from every temperature to the next on {slope} of {all} calibrated chips by the \
         layers' slope, on {protocol} by the published protocol.",
        sentences.collect::<Vec<_>>().join(" ")
    )
}

fn methods(results: &Results<'_>) -> String {
    let reference = results.method(Method::InTheLoop);
    let methods = results.parameters.methods.iter().enumerate();
    let sentences = methods.map(|(place, method)| {
        let paired = reference
            .filter(|&reference| reference != place)
            .map(|reference| {
                let differences = |of: &dyn Fn(usize) -> Vec<f64>| -> Vec<f64> {
                    let pairs = of(place).into_iter().zip(of(reference));
                    pairs.map(|(own, other)| own - other).collect()
                };
                format!(
                    ", against in-the-loop training {} and {}",
                    difference(&differences(&|method| results.overall(method)), 1),
                    difference(&differences(&|method| results.worst(method)), 1),
                )
            });
        format!(
            "{method} {} %, at the worst temperature {} %{}",
            text(results.overall(place), 1),
            text(results.worst(place), 1),
            paired.unwrap_or_default(),
        )
    });
    let network = &results.network;
    format!(
        "Accuracy over all temperatures and calibrations (float {} %, ideal array {} %): {}. Differences \
         are in percentage points, paired on the same chip.",
        fixed(network.float_percent, 1),
        fixed(network.ideal_percent, 1),
        sentences.collect::<Vec<_>>().join("; "),
    )
}

/// What the policies add for a network, in every scenario.
fn policies(results: &Results<'_>, network: usize) -> String {
    let drift = &results.parameters.drift;
    let scenarios = (0..drift.warmer_kelvin.len()).map(|scenario| {
        let nothing = results.mean_accuracies(scenario, Policy::Nothing, network);
        let refreshing = Policy::ALL.into_iter().filter(|p| *p != Policy::Nothing);
        let refreshing = refreshing.map(|policy| {
            let gains = results.gains(scenario, policy, network);
            let times = results.of_courses(scenario, policy, |c| c.refresh_ms[network]);
            format!(
                "{} {} for {} ms",
                policy.name(),
                difference(&gains, 1),
                fixed(mean(&times), 1)
            )
        });
        format!(
            "{}: {} % with nothing done; {}{}.",
            results.scenario_name(scenario),
            text(nothing.iter().copied(), 1),
            refreshing.collect::<Vec<_>>().join(", "),
            fading(results, scenario, network),
        )
    });
    format!(
        "Network of {} training, {} % right after calibration. Mean over ages, what each refresh adds in \
         percentage points and its chip time: {}",
        drift.methods[network],
        text(results.fresh(network), 1),
        scenarios.collect::<Vec<_>>().join(" Then "),
    )
}

/// What is left of a calibration anew some time after it.
fn fading(results: &Results<'_>, scenario: usize, network: usize) -> String {
    let change = |course: &Course| {
        let fresh = course.accuracies_percent[network].last();
        let later = course.later_percent[network].last();
        fresh
            .zip(later)
            .map_or(f64::NAN, |(fresh, later)| later - fresh)
    };
    let changes = results.of_courses(scenario, Policy::Everything, change);
    match results.parameters.drift.hours_after.last() {
        None => String::new(),
        Some(hours) => format!(
            "; {hours} h after the last calibration anew, accuracy has moved by {} points",
            difference(&changes, 1)
        ),
    }
}

fn limits(results: &Results<'_>) -> String {
    let tau_h = f64::from(results.parameters.chip.drift.tau_s) / 3600.0;
    format!(
        "Brackets are 95 % intervals of the mean over {} (Student's t). That gain and noise fall with the \
         temperature is put into the simulated chips, with sizes that are assumed; whether noise-to-signal \
         rises follows from these sizes. What a calibration makes of it, and what networks make of that, \
         is measured. Drift has one time constant ({} h, assumed) and a bound: far beyond it, days and \
         weeks are alike, and chips do not age. Temperature is the same everywhere on a chip. Errors of \
         the layers are those of weights without further training. One network, one split of the data.",
        chips(results.runs.len()),
        fixed(tau_h, 2),
    )
}
