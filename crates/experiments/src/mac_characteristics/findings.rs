//! From the chips' results to tables and text.

use bss2_core::{NOMINAL_GAIN_LSB, RunSettings};

use super::charts::charts;
use super::chip_run::{ChipRun, StateRun};
use super::effects::{Effect, Knob, Load};
use super::fixed_stimulus::{FixedRun, Stimulus};
use super::state::State;
use super::summary::{at, at_default, over_chips, summary};
use super::{EXPERIMENT, Parameters, records};
use crate::named_chart::NamedChart;
use crate::plot::{Summary, fixed};
use crate::report::{Cell, Column, KeyNumber, Section, Table};
use crate::wording::{chips, moved, text, unbroken};
use crate::{ExperimentError, Outcome};

pub(super) fn outcome(
    runs: &[ChipRun],
    parameters: &Parameters,
    configuration: toml::Table,
) -> Result<Outcome, ExperimentError> {
    let table = stimuli_table(runs)?;
    let charts = charts(runs)?;
    let section = section(runs, parameters, &table)?;
    Ok(Outcome {
        configuration,
        records: runs.iter().flat_map(records::of).collect(),
        further_tables: records::tables(runs)?,
        summary: summary(runs),
        table,
        section: NamedChart::add_all(&charts, section),
        charts: NamedChart::into_files(charts),
    })
}

fn section(
    runs: &[ChipRun],
    parameters: &Parameters,
    table: &Table,
) -> Result<Section, ExperimentError> {
    let mut section = Section::new(
        EXPERIMENT.name,
        "The multiply-accumulate, before and after calibration",
    )
    .with_question(
        "What does one analog multiplication deliver, how far do columns and repetitions lie apart, \
         and what do the settings change?",
    )
    .with_method(method(runs, parameters))
    .with_finding(finding(runs, parameters))
    .with_limits(
        "Columns are compared through one stimulus at a time; a column that is right on average may \
         be wrong for single synapses. What settings change was measured on the first hemisphere. \
         All chips are at the temperature of reference and just calibrated. The published spreads \
         were seen on chips some time after a calibration with other stimuli, and are wider; `validation` \
         lets chips drift for half a day first.",
    )
    .with_table(table.clone())
    .with_table(settings_table(runs)?);
    let spread = |run: &StateRun| run.fixed(Stimulus::ManyRows).spread_percent();
    let noise = |run: &StateRun| run.fixed(Stimulus::ManyRows).noise_lsb();
    let numbers: [(&str, Vec<f64>, &str); 4] = [
        (
            "Column spread, fresh",
            over_chips(runs, State::Fresh, spread),
            "%",
        ),
        (
            "Column spread, calibrated",
            over_chips(runs, State::Calibrated, spread),
            "%",
        ),
        (
            "Noise of a single pass, calibrated",
            over_chips(runs, State::Calibrated, noise),
            "LSB",
        ),
        (
            "Calibration, chip time",
            runs.iter().map(|run| 1e-3 * run.calibration_ms).collect(),
            "s",
        ),
    ];
    for (label, values, unit) in numbers {
        if let Some(summary) = Summary::of(&values) {
            let number = KeyNumber::new(label, summary.mean)
                .with_unit(unit)
                .with_decimals(2);
            section = section.with_key_number(match summary.deviation {
                Some(deviation) => number.with_deviation(deviation),
                None => number,
            });
        }
    }
    Ok(section)
}

fn method(runs: &[ChipRun], parameters: &Parameters) -> String {
    let gain = f64::from(NOMINAL_GAIN_LSB);
    let largest = parameters.transfer_rows as f64 * 31.0 * 63.0 * gain;
    format!(
        "{}, each first with its registers at their reset values and then after the calibration \
         procedure. Results against weights and activations: {} of the 128 rows of each hemisphere, \
         evenly spaced, all with the same activation and weight, so that the largest product comes \
         to {} LSB at the nominal gain and stays within the swing; {} repeats, all columns. \
         Columns that answer nothing, whose result moves by less than {} LSB over the whole sweep, \
         are left out everywhere: {} on all chips together.\n\nTwo published stimuli, {} repeats: {}; and {}, \
         each of four rows by itself.\n\nSettings: {} random vectors on random weights, {} repeats. \
         For each column, results are fitted against the exact sums: the slope is its gain, the \
         intercept its offset. Each weight has its opposite in the next row. Moderate input has \
         weights up to ±40 and activations 0…31, strong input weights of ±50…63 and activations \
         24…31; all 128 rows are driven. Chip time: reset, events, \
         readout.",
        chips(runs.len()),
        parameters.transfer_rows,
        fixed(largest, 0),
        parameters.transfer_repeats,
        parameters.least_swing_lsb,
        runs.iter().map(|run| run.dead_columns).sum::<usize>(),
        parameters.fixed_repeats,
        Stimulus::ManyRows.name(),
        Stimulus::OneRow.name(),
        parameters.effect_vectors,
        parameters.effect_repeats,
    )
}

/// Says what the numbers say, whatever they are.
fn finding(runs: &[ChipRun], parameters: &Parameters) -> String {
    let paragraphs = [
        calibration_finding(runs),
        timing_finding(runs, parameters),
        bias_finding(runs, parameters),
    ];
    unbroken(&paragraphs.join("\n\n"))
}

fn calibration_finding(runs: &[ChipRun]) -> String {
    let across = |value: &dyn Fn(&StateRun) -> f64, decimals, unit| {
        let [before, after] = State::ALL.map(|state| over_chips(runs, state, value));
        moved(&before, &after, decimals, unit)
    };
    let default =
        |value: fn(&Effect) -> f64| move |run: &StateRun| at_default(run).map_or(f64::NAN, value);
    let calibrated =
        |value: fn(&StateRun) -> f64| text(over_chips(runs, State::Calibrated, value), 1);
    format!(
        "With calibration the spread of the columns' means {} for 100 rows; that of their gains \
         {}, that of their offsets {}; the trial-to-trial noise {}. A single run of a calibrated chip \
         shows {} % for 100 rows (published: {} %) and {} % for one row (published: {} %). Positive \
         weights give {} % more than negative ones.",
        across(
            &|run| run.fixed(Stimulus::ManyRows).spread_percent(),
            1,
            "%"
        ),
        across(&default(|e| e.gain_spread_percent), 1, "%"),
        across(&default(|e| e.offset_spread_lsb), 1, "LSB"),
        across(&|run| run.fixed(Stimulus::ManyRows).noise_lsb(), 2, "LSB"),
        calibrated(|run| run.fixed(Stimulus::ManyRows).single_run_spread_percent()),
        fixed(Stimulus::ManyRows.published_spread_percent(), 1),
        calibrated(|run| run.fixed(Stimulus::OneRow).single_run_spread_percent()),
        fixed(Stimulus::OneRow.published_spread_percent(), 1),
        calibrated(|run| run.transfer.asymmetry_percent()),
    )
}

/// How numbers move from one value of a knob to another.
struct Turned<'a> {
    runs: &'a [ChipRun],
    state: State,
    knob: Knob,
    load: Load,
    from: f64,
    to: f64,
}

impl Turned<'_> {
    fn moves(&self, value: impl Fn(&Effect) -> f64, decimals: usize, unit: &str) -> String {
        let [from, to] = [self.from, self.to].map(|setting| {
            over_chips(self.runs, self.state, |run| {
                at(run, self.knob, self.load, setting).map_or(f64::NAN, &value)
            })
        });
        moved(&from, &to, decimals, unit)
    }

    fn gain(&self) -> String {
        self.moves(|e| 1e3 * e.gain_lsb, 2, "thousandths of an LSB")
    }

    fn noise(&self) -> String {
        self.moves(|e| e.noise_lsb, 2, "LSB")
    }

    fn offsets(&self) -> String {
        self.moves(|e| e.offset_spread_lsb, 1, "LSB")
    }

    fn chip_time(&self) -> String {
        self.moves(|e| e.chip_time_us, 1, "µs")
    }
}

fn timing_finding(runs: &[ChipRun], parameters: &Parameters) -> String {
    let (fewest, most) = ends(parameters.sends.iter().map(|&sends| f64::from(sends)));
    let (shortest, longest) = ends(parameters.waits.iter().map(|&wait| f64::from(wait)));
    let default = f64::from(RunSettings::default().wait_between_events());
    let turned = |knob, load, from, to| Turned {
        runs,
        state: State::Calibrated,
        knob,
        load,
        from,
        to,
    };
    let sends = turned(Knob::NumSends, Load::Moderate, fewest, most);
    let strong = turned(Knob::Wait, Load::Strong, shortest, default);
    let moderate = turned(Knob::Wait, Load::Moderate, shortest, default);
    let slow = turned(Knob::Wait, Load::Moderate, default, longest);
    format!(
        "On calibrated chips, from {fewest} to {most} sends the gain per send {} and the noise {}; \
         in units of activation · weight the noise {}. From {shortest} to {default} cycles between \
         events the gain {} for strong dense input; for moderate input it {}. From {default} to \
         {longest} cycles the spread of the offsets {} and the chip time per vector {}.",
        sends.gain(),
        sends.noise(),
        sends.moves(Effect::input_noise, 0, "units"),
        strong.gain(),
        moderate.gain(),
        slow.offsets(),
        slow.chip_time(),
    )
}

fn bias_finding(runs: &[ChipRun], parameters: &Parameters) -> String {
    let (least, largest) = ends(parameters.gm_factors.iter().copied());
    let (dimmest, full) = ends(parameters.synapse_bias_factors.iter().copied());
    let turned = |state, knob, from, to| Turned {
        runs,
        state,
        knob,
        load: Load::Moderate,
        from,
        to,
    };
    let ota = turned(State::Calibrated, Knob::OtaBias, least, largest);
    let synapses = turned(State::Calibrated, Knob::SynapseBias, dimmest, full);
    let [fresh, calibrated] =
        State::ALL.map(|state| turned(state, Knob::MeasuredBaseline, 0.0, 1.0));
    format!(
        "From {least} to {largest} times the OTAs' bias the gain {} and the noise {}. From {dimmest} \
         to {full} times the synapses' bias the gain {}, its spread over columns {}, and the noise \
         {}. Where the baseline is measured before each vector, the spread of the offsets {} on \
         fresh chips and {} on calibrated ones; the noise {}, the chip time per vector {}.",
        ota.gain(),
        ota.noise(),
        synapses.gain(),
        synapses.moves(|e| e.gain_spread_percent, 1, "%"),
        synapses.noise(),
        fresh.offsets(),
        calibrated.offsets(),
        calibrated.noise(),
        calibrated.chip_time(),
    )
}

/// Smallest and largest.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}

fn stimuli_table(runs: &[ChipRun]) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        format!(
            "Two published stimuli: spread of the columns' means, and of single results, noise \
             included, as published; mean ± standard deviation over {}",
            chips(runs.len())
        ),
        vec![
            Column::text("Stimulus"),
            Column::text("State"),
            Column::number("Mean, LSB"),
            Column::number("Noise, LSB"),
            Column::number("Column spread, %"),
            Column::number("Of a single run, %"),
            Column::number("Published, %"),
        ],
    );
    for stimulus in Stimulus::ALL {
        for state in State::ALL {
            let number = |value: fn(&FixedRun) -> f64, decimals| {
                let values = over_chips(runs, state, |run| value(run.fixed(stimulus)));
                Cell::text(text(values, decimals))
            };
            table.push_row(vec![
                Cell::text(stimulus.name()),
                Cell::text(state.name()),
                number(FixedRun::mean_lsb, 1),
                number(FixedRun::noise_lsb, 2),
                number(FixedRun::spread_percent, 1),
                number(FixedRun::single_run_spread_percent, 1),
                Cell::number(stimulus.published_spread_percent(), 1),
            ])?;
        }
    }
    Ok(table)
}

fn settings_table(runs: &[ChipRun]) -> Result<Table, ExperimentError> {
    let mut table = Table::new(
        "What settings and biases change on calibrated chips: gain per send and its spread over \
         columns, spread of the columns' offsets, noise of a single pass, the same in units of \
         activation · weight, and chip time per vector",
        vec![
            Column::text("Setting"),
            Column::number("Value"),
            Column::text("Input"),
            Column::number("Gain, 10⁻³ LSB"),
            Column::number("Gain spread, %"),
            Column::number("Offsets, LSB"),
            Column::number("Noise, LSB"),
            Column::number("Noise, units"),
            Column::number("Chip time, µs"),
        ],
    );
    let effects = runs
        .first()
        .map_or(&[][..], |run| &run.at(State::Calibrated).effects);
    for (index, effect) in effects.iter().enumerate() {
        let number = |value: fn(&Effect) -> f64, decimals| {
            let values = over_chips(runs, State::Calibrated, |run| value(&run.effects[index]));
            Cell::text(text(values, decimals))
        };
        table.push_row(vec![
            Cell::text(format!("`{}`", effect.knob.name())),
            Cell::text(effect.value.to_string()),
            Cell::text(effect.load.name()),
            number(|e| 1e3 * e.gain_lsb, 3),
            number(|e| e.gain_spread_percent, 1),
            number(|e| e.offset_spread_lsb, 2),
            number(|e| e.noise_lsb, 2),
            number(Effect::input_noise, 0),
            number(|e| e.chip_time_us, 1),
        ])?;
    }
    Ok(table)
}
