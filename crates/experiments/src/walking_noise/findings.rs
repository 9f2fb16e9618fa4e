//! From the networks' results to tables and text.

use bss2_training::NoiseKind;

use super::architecture::Architecture;
use super::charts::charts;
use super::network_run::Bearing;
use super::results::KINDS;
use super::summary::summary;
use super::tables::published;
use super::{EXPERIMENT, Results, records, tables};
use crate::named_chart::NamedChart;
use crate::plot::fixed;
use crate::report::{Details, Section};
use crate::statistics::mean;
use crate::wording::{difference, factor, text, unbroken};
use crate::{ExperimentError, Outcome};

pub(super) fn outcome(
    results: &Results<'_>,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let table = tables::global(results)?;
    let charts = charts(results)?;
    let section = Section::new(EXPERIMENT.name, "How much noise a layer bears")
        .with_question(
            "How much noise on the outputs of one layer, or of all, does a network bear? Which layers \
             bear least? What do normalisation, and noise in training, change?",
        )
        .with_method(method(results))
        .with_finding(finding(results))
        .with_limits(limits(results))
        .with_table(table.clone())
        .with_table(tables::layers(results)?)
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
    let widths: Vec<String> = parameters.mlp_hidden.iter().map(usize::to_string).collect();
    format!(
        "Digital networks alone, no chip: the noise is put on the outputs of linear layers, bias \
         included, before normalisation and rectifier, in the manner of Borras et al. (Walking Noise, \
         arXiv:2212.10430). MLPs have hidden layers of {}; CNNs have {} convolutions of {} × {} with \
         means of 2 × 2, then dense layers; each with and without batch normalisation, {} seeds of each, \
         {} epochs on {}. Additive noise is σn, n drawn from N(0, 1) for every output anew; \
         multiplicative noise replaces an output y by y(1 + σn). The midpoint is the σ at which accuracy \
         has fallen half way from that without noise to chance, found by bisection of its logarithm ({} \
         halvings of {}…{}, {} draws of noise, {} test samples). Trained with noise: the same network \
         from the beginning with noise of {} times the midpoint at the same place; its midpoint is \
         counted from its own accuracy without noise.",
        widths.join(", "),
        parameters.cnn.channels.len(),
        parameters.cnn.kernel,
        parameters.cnn.kernel,
        parameters.network_seeds.len(),
        parameters.epochs,
        results.data.name,
        parameters.halvings,
        parameters.sigma_range.0,
        parameters.sigma_range.1,
        parameters.noise_draws,
        results.data.test_samples,
        parameters.training_noise,
    )
}

/// Says what the numbers say, whatever they are.
fn finding(results: &Results<'_>) -> String {
    let paragraphs = [
        together(results),
        normalisation(results),
        weakest(results, NoiseKind::Additive),
        weakest(results, NoiseKind::Multiplicative),
        training(results),
    ];
    unbroken(&paragraphs.join("\n\n"))
}

/// Noise on all layers.
fn together(results: &Results<'_>) -> String {
    let networks = Architecture::ALL.map(|architecture| {
        let name = architecture.name();
        let sigma = text(results.global_midpoints(architecture), 3);
        match published(architecture) {
            Some(published) if results.has_published_counterpart() => {
                format!("{name} {sigma} (published: {})", fixed(published, 3))
            }
            _ => format!("{name} {sigma}"),
        }
    });
    format!(
        "Additive noise on all layers takes accuracy half way to chance at a σ of: {}.",
        networks.join("; ")
    )
}

fn normalisation(results: &Results<'_>) -> String {
    let sentences = Architecture::NORMALISED.map(|(plain, normalised)| {
        let [plain_sigmas, normalised_sigmas] =
            [plain, normalised].map(|architecture| results.global_midpoints(architecture));
        let ratios = ratios(&normalised_sigmas, &plain_sigmas);
        format!(
            "the {} bears {} the additive noise on all layers",
            plain.name(),
            factor(&ratios),
        )
    });
    format!("With normalisation {}.", sentences.join(", "))
}

fn ratios(of: &[f64], to: &[f64]) -> Vec<f64> {
    of.iter().zip(to).map(|(of, to)| of / to).collect()
}

/// The layers that bear least and most noise of a kind.
fn weakest(results: &Results<'_>, kind: NoiseKind) -> String {
    let sentences = Architecture::ALL.map(|architecture| {
        let places = results.places(architecture);
        let midpoints = |place| {
            let of = |bearing: &Bearing| bearing.midpoint;
            results.values(architecture, kind, place, of)
        };
        let always: Vec<usize> = (1..places.len())
            .filter(|&place| mean(&midpoints(place)).is_finite())
            .collect();
        let by_mean =
            |a: &&usize, b: &&usize| mean(&midpoints(**a)).total_cmp(&mean(&midpoints(**b)));
        let (Some(&least), Some(&most)) =
            (always.iter().min_by(by_mean), always.iter().max_by(by_mean))
        else {
            return format!(
                "{}: no layer's noise takes accuracy so far",
                architecture.name()
            );
        };
        let never = places.len() - 1 - always.len();
        let rest = match never {
            0 => String::new(),
            never => format!(", not counting {never} where it never falls so far on some seed"),
        };
        format!(
            "{}: {} least ({}), {} most, {} as much{rest}{}",
            architecture.name(),
            places[least],
            text(midpoints(least), 2),
            places[most],
            factor(&ratios(&midpoints(most), &midpoints(least))),
            relative(results, architecture, kind),
        )
    });
    let kind = KINDS.iter().find(|(other, _)| *other == kind);
    let kind = kind.map_or("", |(_, name)| name);
    format!(
        "Layers by the {kind} noise that they bear alone: {}.",
        sentences.join("; ")
    )
}

/// For additive noise, between what the midpoints lie in units of the outputs.
fn relative(results: &Results<'_>, architecture: Architecture, kind: NoiseKind) -> String {
    if kind != NoiseKind::Additive {
        return String::new();
    }
    let layers = 1..results.places(architecture).len();
    let means: Vec<f64> = layers
        .map(|place| mean(&results.values(architecture, kind, place, Bearing::relative_midpoint)))
        .filter(|mean| mean.is_finite())
        .collect();
    let least = means.iter().copied().fold(f64::INFINITY, f64::min);
    let most = means.iter().copied().fold(0.0, f64::max);
    format!(
        " (relative to the root mean square of their outputs {} to {})",
        fixed(least, 2),
        fixed(most, 2)
    )
}

/// What noise in training changes.
fn training(results: &Results<'_>) -> String {
    let sentences = Architecture::ALL.map(|architecture| {
        let gains = |kind| results.values(architecture, kind, 0, Bearing::gain);
        let lost = results.values(architecture, NoiseKind::Additive, 0, |bearing| {
            Some(bearing.hardened.as_ref()?.accuracy_percent)
        });
        let accuracies = results.of(architecture).map(|run| run.accuracy_percent);
        let lost: Vec<f64> = lost
            .iter()
            .zip(accuracies)
            .map(|(then, before)| then - before)
            .collect();
        format!(
            "{}: {} the additive noise on all layers (accuracy without noise {} points) and {} the \
             multiplicative",
            architecture.name(),
            factor(&gains(NoiseKind::Additive)),
            difference(&lost, 1),
            factor(&gains(NoiseKind::Multiplicative)),
        )
    });
    let one_layer = Architecture::ALL.map(|architecture| {
        format!(
            "{} {} with outputs {} as large",
            architecture.name(),
            factor(&over_layers(results, architecture, Bearing::gain)),
            factor(&over_layers(results, architecture, Bearing::growth)),
        )
    });
    format!(
        "Trained with noise of {} times the midpoint, networks bear, relative to the same seed trained \
         without, {}. Trained so for additive noise on one layer, the mean over layers: {}.",
        results.parameters.training_noise,
        sentences.join("; "),
        one_layer.join("; "),
    )
}

/// A number for additive noise: for each seed the geometric mean over the layers that have it.
fn over_layers(
    results: &Results<'_>,
    architecture: Architecture,
    of: fn(&Bearing) -> Option<f64>,
) -> Vec<f64> {
    let of_run = |run: &super::NetworkRun| {
        let bearings = run.bearings.iter();
        let logarithms: Vec<f64> = bearings
            .filter(|bearing| bearing.kind == NoiseKind::Additive)
            .filter(|bearing| bearing.place.layer().is_some())
            .filter_map(|bearing| of(bearing).map(f64::ln))
            .collect();
        mean(&logarithms).exp()
    };
    results.of(architecture).map(of_run).collect()
}

fn limits(results: &Results<'_>) -> String {
    let mut limits = vec![String::from(
        "Factors in brackets are 95 % intervals of the mean over seeds (Student's t), which share the \
         data and its split. Noise is independent from output to output and sample to sample; that of \
         a chip is partly the same for all. Without normalisation a layer's outputs have no fixed scale: \
         σ compares between networks only together with it.",
    )];
    limits.push(if results.has_published_counterpart() {
        String::from(
            "The published strengths are second hand, their networks of other sizes, trained for longer.",
        )
    } else {
        format!(
            "Published strengths are for MNIST and CIFAR-10 and larger networks; they stand beside these \
             with `--data` MNIST, not beside {}.",
            results.data.name
        )
    });
    limits.join(" ")
}
