//! From the chips' results to tables and text.

use super::charts::charts;
use super::choice::{IN_ORDER, PLACED};
use super::measured::Measured;
use super::placement_gain::Pair;
use super::remains::Cause;
use super::summary::summary;
use super::{EXPERIMENT, Results, records, tables};
use crate::named_chart::NamedChart;
use crate::plot::fixed;
use crate::published::MNIST_ACCURACIES_PERCENT;
use crate::report::{Details, Section};
use crate::statistics::mean;
use crate::wording::{chips, text, unbroken};
use crate::{ExperimentError, Outcome};

pub(super) fn outcome(
    results: &Results<'_>,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let table = tables::strategies(results)?;
    let charts = charts(results)?;
    let section = Section::new(EXPERIMENT.name, "How a network is mapped onto the array")
        .with_question(
            "Which ways of cutting, packing, repeating, coding and placing a network's layers pay, in \
             error and accuracy against chip time and energy? What is it worth to know the chip?",
        )
        .with_method(method(results))
        .with_finding(finding(results))
        .with_limits(limits(results))
        .with_table(table.clone())
        .with_table(tables::pairs(results)?)
        .with_table(tables::remains(results)?)
        .with_table(tables::signed_layer(results)?)
        .with_details(Details::new(
            "Configuration of this experiment",
            configuration.to_string(),
        ));
    Ok(Outcome {
        configuration,
        records: records::of(results),
        further_tables: vec![records::layers(results)?],
        summary: summary(results),
        table,
        section: NamedChart::add_all(&charts, section),
        charts: NamedChart::into_files(charts),
    })
}

fn method(results: &Results<'_>) -> String {
    let parameters = results.parameters;
    let gains = results.runs.iter().map(|run| run.gain_lsb);
    let profile_ms = results.runs.iter().map(|run| run.profile_ms);
    format!(
        "One network ({}) is trained digitally on {} and brought onto {} of the same process in {} \
         ways, without retraining. Each chip is calibrated by the joint procedure; then its profile \
         (gains, offsets, noise of all columns, gains of drivers) is measured with nothing but weights \
         in and results out, at all timings that are used. Weights are scaled for the measured gain, \
         {} LSB per send. Unless a strategy says otherwise, vectors are sent {} times with {} cycles \
         between events. Error: root mean square, over outputs and typical inputs, of what separates \
         a layer's results from the exact product of its rounded weights and activations, relative to \
         the root mean square of that product; over layers again the root mean square. Chip time and \
         energy are counted while {} test images are evaluated.\n\nMeasuring one profile takes {} ms of \
         chip time.",
        results.network.description(),
        results.data.name,
        chips(results.runs.len()),
        results.choices.len(),
        text(gains, 5),
        parameters.base.num_sends(),
        parameters.base.wait_between_events(),
        results.data.test_samples.min(parameters.test_images),
        text(profile_ms, 1),
    )
}

/// Says what the numbers say, whatever they are.
fn finding(results: &Results<'_>) -> String {
    let mut paragraphs = vec![accuracy(results)];
    paragraphs.extend(fastest(results));
    paragraphs.push(knowledge(results));
    paragraphs.push(remaining(results));
    unbroken(&paragraphs.join("\n\n"))
}

fn accuracy(results: &Results<'_>) -> String {
    let network = &results.network;
    let means = |of: fn(&Measured) -> f64| -> Vec<(usize, f64)> {
        let places = 0..results.choices.len();
        places
            .map(|place| (place, mean(&results.values(place, of))))
            .filter(|(_, mean)| mean.is_finite())
            .collect()
    };
    let best = means(|m| m.accuracy_percent);
    let best = best.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let accuracy_of = |place| text(results.values(place, |m| m.accuracy_percent), 1);
    let mut sentences = vec![format!(
        "The network reaches {} % digitally, {} % on an ideal array, and {} % on calibrated chips as the \
         existing stack maps it.",
        fixed(network.float_percent, 1),
        fixed(network.ideal_percent, 1),
        accuracy_of(0),
    )];
    if let Some((place, _)) = best {
        sentences.push(format!(
            "The highest mean accuracy is that of '{}': {} %, in {} times the chip time.",
            results.choices[*place].name,
            accuracy_of(*place),
            text(results.ratios(*place, 0, |m| m.image_us), 2),
        ));
    }
    if results.has_published_counterpart() {
        let published = MNIST_ACCURACIES_PERCENT.iter();
        let published: Vec<String> = published
            .map(|(name, percent)| format!("{name} {} %", fixed(*percent, 2)))
            .collect();
        let published = published.join(", ");
        sentences.push(format!("Published for this network: {published}."));
    }
    sentences.join(" ")
}

/// The strategies with the least chip time in batches and image by image.
fn fastest(results: &Results<'_>) -> Option<String> {
    let least = |of: fn(&Measured) -> f64| {
        let places =
            (0..results.choices.len()).map(|place| (place, mean(&results.values(place, of))));
        let places = places.filter(|(_, mean)| mean.is_finite());
        places
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(place, _)| place)
    };
    let batch = least(|m| m.image_us)?;
    let single = least(|m| m.single_us)?;
    let error = |place| text(results.errors_relative_to_in_order(place), 2);
    Some(format!(
        "Least chip time in batches: '{}', {} times that in order, with {} times the error. Least chip \
         time of an image by itself: '{}', {} times that in order, with {} times the error.",
        results.choices[batch].name,
        text(results.ratios(batch, 0, |m| m.image_us), 2),
        error(batch),
        results.choices[single].name,
        text(results.ratios(single, 0, |m| m.single_us), 2),
        error(single),
    ))
}

fn knowledge(results: &Results<'_>) -> String {
    let sentences = Pair::gains(results).into_iter().map(|gain| {
        let better = gain.errors.iter().filter(|&&error| error < 1.0).count();
        let mut sentences = vec![format!(
            "Error of '{}' relative to '{}' on the same chip: {}, smaller on {better} of {}, in {} \
             times the chip time.",
            gain.pair.informed,
            gain.pair.uninformed,
            gain.text(),
            chips(gain.errors.len()),
            text(gain.times.iter().copied(), 3),
        )];
        let without = gain.errors_without_failed.len();
        if (1..gain.errors.len()).contains(&without) {
            sentences.push(format!(
                "On the {} on which '{}' uses no failed row or column: {}.",
                chips(without),
                gain.pair.uninformed,
                text(gain.errors_without_failed.iter().copied(), 3),
            ));
        }
        sentences.join(" ")
    });
    sentences.collect::<Vec<_>>().join(" ")
}

/// Why placement gains no more: what it can change and what it cannot.
fn remaining(results: &Results<'_>) -> String {
    let mut causes = Cause::ALL.map(|cause| (cause, results.share_in_order(cause)));
    causes.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shares = causes.map(|(cause, share)| format!("{} {} %", cause.name(), fixed(share, 0)));
    let both = |cause| {
        let errors = results.caused(cause).map(|errors| 100.0 * mean(&errors));
        errors.map(|error| fixed(error, 1))
    };
    let [noise_in_order, noise_placed] = both(Cause::Noise);
    let [rest_in_order, rest_placed] = both(Cause::AllButNoise);
    format!(
        "What the error consists of, by the measured profiles, '{IN_ORDER}', as share of the mean \
         square: {}. Everything but noise leaves {rest_in_order} % of the signal '{IN_ORDER}' and \
         {rest_placed} % '{PLACED}', noise and rounding alone {noise_in_order} % and {noise_placed} %. \
         Were only noise and rounding left, as they are '{IN_ORDER}', the error would be {} times what it \
         is.",
        shares.join(", "),
        fixed(results.noise_and_rounding_alone(), 3),
    )
}

fn limits(results: &Results<'_>) -> String {
    let mut limits = vec![String::from(
        "Errors are against rounded weights: what rounding itself costs shows in the accuracy only. \
         Strategies that choose among numbers of sends are shown weights that fill their range, which \
         scaling then shrinks where more sends would drive outputs out of range. Codings that need a \
         smaller range of weights are compared on a layer of random numbers only. Chip time is that of \
         the cost model; a second chip's energy counts, its price does not. Failed rows and columns that \
         are left out may cost room, and with it vectors at once.",
    )];
    if results
        .ratios(1, 0, |m| m.image_us)
        .iter()
        .all(|&ratio| ratio == 1.0)
    {
        limits.push(String::from(
            "Every layer of this network fits one block: cutting and order make no difference here.",
        ));
    }
    let without_room = results.without_room();
    if !without_room.is_empty() {
        limits.push(format!(
            "Left out because the array has no room for all layers at once: {}.",
            without_room.join(", ")
        ));
    }
    limits.join(" ")
}
