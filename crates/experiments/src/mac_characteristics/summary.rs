//! The figures to take away.

use std::collections::BTreeMap;

use super::chip_run::{ChipRun, StateRun};
use super::effects::{Effect, Knob, Load};
use super::fixed_stimulus::Stimulus;
use super::state::State;
use crate::SummaryEntry;

/// One number of every chip in a state.
pub(super) fn over_chips(
    runs: &[ChipRun],
    state: State,
    value: impl Fn(&StateRun) -> f64,
) -> Vec<f64> {
    runs.iter().map(|run| value(run.at(state))).collect()
}

/// What was found at one setting.
pub(super) fn at(run: &StateRun, knob: Knob, load: Load, value: f64) -> Option<&Effect> {
    let mut effects = run.effects.iter();
    effects.find(|e| e.knob == knob && e.load == load && e.value == value)
}

/// At the default settings: one send, constant baseline, biases as they are.
pub(super) fn at_default(run: &StateRun) -> Option<&Effect> {
    at(run, Knob::MeasuredBaseline, Load::Moderate, 0.0)
}

pub(super) fn summary(runs: &[ChipRun]) -> BTreeMap<String, SummaryEntry> {
    let mut summary = BTreeMap::new();
    let mut add = |figure: String, values: &[f64], unit| {
        if let Some(entry) = SummaryEntry::of(values, unit) {
            summary.insert(figure, entry);
        }
    };
    for state in State::ALL {
        let name = state.name();
        let mut add_each = |figure: &str, unit, value: &dyn Fn(&StateRun) -> f64| {
            add(
                format!("{figure}/{name}"),
                &over_chips(runs, state, value),
                unit,
            );
        };
        for stimulus in Stimulus::ALL {
            let (stimulus_name, fixed) = (stimulus.name(), |run: &StateRun| {
                run.fixed(stimulus).spread_percent()
            });
            add_each(&format!("column spread, {stimulus_name}"), "%", &fixed);
        }
        add_each("mean, 100 rows of 15 × 21", "LSB", &|run| {
            run.fixed(Stimulus::ManyRows).mean_lsb()
        });
        add_each("trial-to-trial noise", "LSB", &|run| {
            run.fixed(Stimulus::ManyRows).noise_lsb()
        });
        add_each("excitatory slope above inhibitory", "%", &|run| {
            run.transfer.asymmetry_percent()
        });
        let default = |value: fn(&Effect) -> f64| {
            move |run: &StateRun| at_default(run).map_or(f64::NAN, value)
        };
        add_each(
            "gain",
            "LSB per activation·weight",
            &default(|e| e.gain_lsb),
        );
        add_each("gain spread", "%", &default(|e| e.gain_spread_percent));
        add_each("offset spread", "LSB", &default(|e| e.offset_spread_lsb));
    }
    let calibration: Vec<f64> = runs.iter().map(|run| run.calibration_ms).collect();
    add("chip time of calibration".to_owned(), &calibration, "ms");
    summary
}
