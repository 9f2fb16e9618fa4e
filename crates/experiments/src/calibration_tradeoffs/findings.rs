//! From the results to text, parts and charts.

use super::knob::Knob;
use super::panel_charts;
use super::quantity::{
    CALIBRATION_TIME, CLIPPED, GAIN, GAIN_SPREAD, LONG_GAIN, LOST, MEMBRANE_TAU, NOISE,
    OFFSET_SPREAD, Quantity, SIGNAL_TO_ERROR, SIGNAL_TO_NOISE, SYNAPSE_SPREAD, VECTOR_TIME,
};
use super::results::Results;
use super::scatter_charts::Trade;
use super::tradeoff::{self, Found};
use super::{EXPERIMENT, Parameters, limits, records, summary, tables};
use crate::named_chart::NamedChart;
use crate::plot::{Summary, fixed};
use crate::report::{KeyNumber, Part, Section};
use crate::statistics::mean;
use crate::wording::{chips, moved, unbroken};
use crate::{ExperimentError, Outcome};

/// A part of the section: one knob, or two ways to turn it.
struct Group {
    title: &'static str,
    /// Knobs, and what tells them apart where there are two.
    knobs: &'static [(Knob, &'static str)],
    /// What is worth saying of each.
    told: &'static [Quantity],
}

const GROUPS: [Group; 8] = [
    Group {
        title: "Bias of the OTAs",
        knobs: &[(Knob::OtaBias, "")],
        told: &[
            GAIN,
            NOISE,
            SIGNAL_TO_NOISE,
            MEMBRANE_TAU,
            OFFSET_SPREAD,
            CLIPPED,
        ],
    },
    Group {
        title: "Bias of the synapses' DAC",
        knobs: &[
            (Knob::DacBias, "With the default τ_syn"),
            (Knob::DacBiasLongTau, "With a long τ_syn"),
        ],
        told: &[GAIN, NOISE, SYNAPSE_SPREAD, GAIN_SPREAD, LOST],
    },
    Group {
        title: "Noise at which the leak is as weak as possible",
        knobs: &[(Knob::TargetNoise, "")],
        told: &[MEMBRANE_TAU, LONG_GAIN, NOISE, GAIN],
    },
    Group {
        title: "Time constant of the membranes, leak on",
        knobs: &[(Knob::MembraneTau, "")],
        told: &[LONG_GAIN, NOISE, GAIN, SIGNAL_TO_NOISE],
    },
    Group {
        title: "Time constant of the synaptic lines",
        knobs: &[
            (Knob::SynapticTau, "With the default `i_synin_gm`"),
            (
                Knob::SynapticTauCompensated,
                "With an `i_synin_gm` that falls as τ_syn rises",
            ),
        ],
        told: &[GAIN, NOISE, LOST, CLIPPED, OFFSET_SPREAD, GAIN_SPREAD],
    },
    Group {
        title: "Dynamic range of the CADC",
        knobs: &[(Knob::CadcRange, "")],
        told: &[GAIN, NOISE, SIGNAL_TO_NOISE, CLIPPED, OFFSET_SPREAD],
    },
    Group {
        title: "Wait between events",
        knobs: &[(Knob::Wait, "")],
        told: &[LOST, NOISE, SIGNAL_TO_NOISE, VECTOR_TIME],
    },
    Group {
        title: "Number of sends",
        knobs: &[(Knob::NumSends, "")],
        told: &[GAIN, NOISE, SIGNAL_TO_NOISE, CLIPPED, LOST, VECTOR_TIME],
    },
];

pub(super) fn outcome(
    results: &Results,
    parameters: &Parameters,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let found = tradeoff::all(results);
    let table = tables::tradeoffs(&found, results.chip_seeds.len())?;
    let mut section = Section::new(EXPERIMENT.name, "What calibration trades")
        .with_question(
            "Each target of a calibration and each setting of a run can be turned. What is won, what \
             is lost, and what limits the results?",
        )
        .with_method(method(results, parameters))
        .with_finding(finding(results, &found))
        .with_limits(limits_of_method(parameters))
        .with_table(table.clone());
    for number in key_numbers(results, &found) {
        section = section.with_key_number(number);
    }
    let mut charts = Vec::new();
    for group in &GROUPS {
        let (part, of_group) = group.part(results)?;
        section = section.with_part(part);
        charts.extend(of_group);
    }
    Ok(Outcome {
        configuration,
        records: records::tradeoffs(results, &found),
        further_tables: vec![records::points(results)?],
        summary: summary::summary(results, &found),
        table,
        section,
        charts: NamedChart::into_files(charts),
    })
}

impl Group {
    fn part(&self, results: &Results) -> Result<(Part, Vec<NamedChart>), ExperimentError> {
        let texts = self.knobs.iter().map(|(knob, case)| {
            let points = results.of(*knob);
            let (Some(first), Some(last)) = (points.first(), points.last()) else {
                return String::new();
            };
            let told = self.told.iter().map(|quantity| {
                let [from, to] = [first, last].map(|at| at.values(quantity.value));
                let moves = moved(&from, &to, quantity.decimals, quantity.unit);
                let moves = moves.replace(" )", ")");
                format!("the {} {}", quantity.name, moves.trim_end())
            });
            let from_to = format!("{} to {}", first.point.value, last.point.text());
            let begin = match *case {
                "" => format!("From {from_to}"),
                case => format!("{case}, from {from_to}"),
            };
            format!(
                "{begin}: {}. {}",
                told.collect::<Vec<_>>().join("; "),
                limits::sentences(&points)
            )
        });
        let text = texts.collect::<Vec<_>>().join("\n\n");
        let mut part = Part::new(self.title, unbroken(&text));
        let mut charts = Vec::new();
        for (knob, _) in self.knobs {
            charts.push(panel_charts::chart(results, *knob)?);
        }
        if let Some((knob, _)) = self.knobs.first() {
            charts.push(Trade::of(*knob).chart(results));
        }
        for chart in &charts {
            part = part.with_figure(chart.figure());
        }
        Ok((part, charts))
    }
}

fn finding(results: &Results, found: &[Found<'_>]) -> String {
    let unseen: Vec<String> = found
        .iter()
        .filter(|found| !found.is_visible())
        .map(|found| {
            format!(
                "{} ({})",
                found.tradeoff.turned(),
                found.tradeoff.quantity.name
            )
        })
        .collect();
    let seen = found.len() - unseen.len();
    let rest = if unseen.is_empty() {
        String::new()
    } else {
        format!(" These do not show: {}.", unseen.join("; "))
    };
    let calibrations = results.all().filter(|at| at.point.knob.is_target());
    let mut calibrations: Vec<(f64, String)> = calibrations
        .map(|at| {
            let where_from = format!("{} {}", at.point.knob.name(), at.point.text());
            (mean(&at.values(CALIBRATION_TIME.value)), where_from)
        })
        .collect();
    calibrations.sort_by(|one, other| one.0.total_cmp(&other.0));
    let cost = match (calibrations.first(), calibrations.last()) {
        (Some((least, cheap)), Some((most, dear))) => format!(
            " The calibrations take from {} ms ({cheap}) to {} ms ({dear}) of chip time.",
            fixed(*least, 0),
            fixed(*most, 0)
        ),
        _ => String::new(),
    };
    format!(
        "Of {} directions in which quantities are known to move on real chips, {seen} show on the \
         simulated ones, although nothing but the circuit's equations moves them.{rest}{cost} What each \
         knob does, and what limits the results at its ends, stands below.",
        found.len(),
    )
}

fn method(results: &Results, parameters: &Parameters) -> String {
    let stimuli = &parameters.stimuli;
    format!(
        "{}. One knob at a time is turned, everything else stays at its default. Each value of a \
         target takes a calibration of its own by the joint procedure, settings of runs take none. \
         The leak is off in multiplications, except where it is the knob.\n\n\
         A random layer ({} vectors, {} repeats; weights −63…63, each with its opposite beside it; \
         activations 0…31) shows the gain (slope of results against exact sums), the trial-to-trial \
         noise, the spread of gains and offsets over columns, the signal (standard deviation of \
         noise-free results), and the total error (distance of single results from one line for all \
         columns). A sweep from the most negative to the most positive sums ({} steps, both signs \
         driven) shows the non-linearity (distance of noise-free results from each column's own \
         line) and the clipped share (results at the ends of the codes, or more than {} LSB short of \
         the line through the inner third). Dense load (weights of ±{}…63) against the same rows with \
         one pair of weights in {} shows how much gain the charge of both signs takes. Single rows, \
         sent {} times, show the spread of synapses, less what rows and columns have in common. A \
         pulse of all drivers, read after longer and longer waits, shows the time constant with which \
         a membrane forgets; the layer with {} cycles between events shows the gain over a long \
         sequence relative to the usual pace. Noise is subtracted from all spreads. Long τ_syn in the \
         DAC's sweep: {} µs, with `i_synin_gm` at {}.",
        chips(results.chip_seeds.len()),
        stimuli.layer_vectors,
        stimuli.layer_repeats,
        stimuli.ramp_steps,
        stimuli.clipped_beyond_lsb,
        stimuli.load_least_weight,
        stimuli.load_thinned,
        stimuli.single_sends,
        stimuli.long_wait,
        parameters.long_tau_syn_us,
        parameters.long_tau_ota_bias,
    )
}

fn limits_of_method(parameters: &Parameters) -> String {
    format!(
        "One hemisphere, right after calibration, at the temperature of reference. Time per vector \
         holds a share of one round trip per batch. Columns that failed to calibrate are measured \
         like all others, those that answer nothing are not. Where lines are slower than {} µs, or \
         more than {} % of a run's outputs are doubtful in the lumped model, chips are followed event \
         by event; their calibrations are not. Expectations ask for the direction alone: a mean \
         change of a twentieth, or of one percentage point for shares.",
        parameters.lumped_up_to_tau_syn_us,
        100.0 * parameters.most_doubtful_share,
    )
}

/// Numbers to take away.
fn key_numbers(results: &Results, found: &[Found<'_>]) -> Vec<KeyNumber> {
    let seen = found.iter().filter(|found| found.is_visible()).count();
    let mut numbers = vec![
        KeyNumber::new(
            format!("Known trade-offs that show, of {}", found.len()),
            seen as f64,
        )
        .with_decimals(0),
    ];
    let heights = results.of(Knob::NumSends).into_iter().filter_map(|at| {
        let summary = Summary::of(&at.values(SIGNAL_TO_ERROR.value))?;
        Some((at.point.value, summary))
    });
    let heights: Vec<(f64, Summary)> = heights.collect();
    let best = heights
        .iter()
        .max_by(|one, other| one.1.mean.total_cmp(&other.1.mean));
    for (sends, summary) in heights.first().into_iter().chain(best) {
        let number = KeyNumber::new(
            format!("Signal to total error, {}", sends_text(*sends)),
            summary.mean,
        )
        .with_decimals(2);
        numbers.push(match summary.deviation {
            Some(deviation) => number.with_deviation(deviation),
            None => number,
        });
    }
    numbers
}

fn sends_text(sends: f64) -> String {
    if sends == 1.0 {
        "1 send".to_owned()
    } else {
        format!("{sends} sends")
    }
}
