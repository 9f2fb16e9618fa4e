//! Two quantities that trade against each other, one point for each value of the knob.

use super::knob::Knob;
use super::quantity::{
    CLIPPED, GAIN, LONG_GAIN, LOST, MEMBRANE_TAU, NOISE, Quantity, SIGNAL_TO_ERROR,
    SIGNAL_TO_NOISE, SYNAPSE_SPREAD, VECTOR_TIME,
};
use super::records::POINTS_FILE;
use super::results::{AtPoint, Results};
use crate::named_chart::NamedChart;
use crate::plot::{Axis, Prefer, ScatterChart, ScatterSeries};
use crate::statistics::mean;

/// What is drawn against what.
pub(super) struct Trade {
    pub(super) stem: &'static str,
    pub(super) title: &'static str,
    /// Knobs, by the names of their series.
    pub(super) series: &'static [(&'static str, Knob)],
    pub(super) x: (Quantity, Prefer),
    pub(super) y: (Quantity, Prefer),
}

const OTA_BIAS: Trade = Trade {
    stem: "tradeoffs-ota-bias-front",
    title: "Gain against noise",
    series: &[("i_synin_gm", Knob::OtaBias)],
    x: (NOISE, Prefer::Lower),
    y: (GAIN, Prefer::Higher),
};
const DAC_BIAS: Trade = Trade {
    stem: "tradeoffs-dac-bias-front",
    title: "Loss under load against the spread of synapses",
    series: &[
        ("short τ_syn", Knob::DacBias),
        ("long τ_syn", Knob::DacBiasLongTau),
    ],
    x: (SYNAPSE_SPREAD, Prefer::Lower),
    y: (LOST, Prefer::Lower),
};
const TARGET_NOISE: Trade = Trade {
    stem: "tradeoffs-target-noise-front",
    title: "Memory against noise",
    series: &[("target_noise", Knob::TargetNoise)],
    x: (NOISE, Prefer::Lower),
    y: (MEMBRANE_TAU, Prefer::Higher),
};
const MEMBRANE_TAU_TRADE: Trade = Trade {
    stem: "tradeoffs-tau-mem-front",
    title: "Gain over a long sequence against noise",
    series: &[("τ_mem", Knob::MembraneTau)],
    x: (NOISE, Prefer::Lower),
    y: (LONG_GAIN, Prefer::Higher),
};
const SYNAPTIC_TAU: Trade = Trade {
    stem: "tradeoffs-tau-syn-front",
    title: "Signal to noise against loss under load",
    series: &[
        ("default i_synin_gm", Knob::SynapticTau),
        ("lower i_synin_gm", Knob::SynapticTauCompensated),
    ],
    x: (LOST, Prefer::Lower),
    y: (SIGNAL_TO_NOISE, Prefer::Higher),
};
const CADC_RANGE: Trade = Trade {
    stem: "tradeoffs-cadc-range-front",
    title: "Gain against clipping",
    series: &[("CADC range", Knob::CadcRange)],
    x: (CLIPPED, Prefer::Lower),
    y: (GAIN, Prefer::Higher),
};
const WAIT: Trade = Trade {
    stem: "tradeoffs-wait-front",
    title: "Loss under load against chip time",
    series: &[("wait_between_events", Knob::Wait)],
    x: (VECTOR_TIME, Prefer::Lower),
    y: (LOST, Prefer::Lower),
};
const SENDS: Trade = Trade {
    stem: "tradeoffs-sends-front",
    title: "Quality against chip time",
    series: &[("num_sends", Knob::NumSends)],
    x: (VECTOR_TIME, Prefer::Lower),
    y: (SIGNAL_TO_ERROR, Prefer::Higher),
};

impl Trade {
    /// What is drawn for a knob.
    pub(super) const fn of(knob: Knob) -> &'static Self {
        match knob {
            Knob::OtaBias => &OTA_BIAS,
            Knob::DacBias | Knob::DacBiasLongTau => &DAC_BIAS,
            Knob::TargetNoise => &TARGET_NOISE,
            Knob::MembraneTau => &MEMBRANE_TAU_TRADE,
            Knob::SynapticTau | Knob::SynapticTauCompensated => &SYNAPTIC_TAU,
            Knob::CadcRange => &CADC_RANGE,
            Knob::Wait => &WAIT,
            Knob::NumSends => &SENDS,
        }
    }

    pub(super) fn chart(&self, results: &Results) -> NamedChart {
        let mut orders = Vec::new();
        let series = self.series.iter().map(|(name, knob)| {
            let places: Vec<(f64, f64, String)> = results
                .of(*knob)
                .iter()
                .map(|at| {
                    let [x, y] = [self.x.0, self.y.0].map(|quantity| over_chips(at, quantity));
                    (x, y, at.point.value.to_string())
                })
                .collect();
            orders.push(from_left_to_right(name, self.series.len(), &places));
            let points = places.into_iter().map(|(x, y, _)| (x, y));
            ScatterSeries::new(*name, points.collect())
        });
        let series = series.collect();
        let axis = |quantity: Quantity| Axis::linear(capital(quantity.name), quantity.unit);
        let chart = ScatterChart::new(self.title, axis(self.x.0), axis(self.y.0), series)
            .with_pareto_front(self.x.1, self.y.1);
        let caption = format!(
            "Means over chips. From left to right, then upwards: {}.",
            orders.join("; ")
        );
        NamedChart::new(self.stem, chart, caption, POINTS_FILE)
    }
}

fn over_chips(at: &AtPoint<'_>, quantity: Quantity) -> f64 {
    mean(&at.values(quantity.value))
}

/// The knob's values in the order in which their points stand.
fn from_left_to_right(name: &str, series: usize, places: &[(f64, f64, String)]) -> String {
    let mut places: Vec<&(f64, f64, String)> = places.iter().collect();
    places.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let values: Vec<&str> = places.iter().map(|(_, _, value)| &**value).collect();
    let values = values.join(", ");
    if series > 1 {
        format!("{name}: {values}")
    } else {
        values
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
