//! Neurons in membrane mode.

use bss2_core::{BASELINE_CODE, Register, RunSettings};

use super::{Criterion, Limit, largest, least};
use crate::bench::Pulses;
use crate::quadrants::split_by_quadrant;
use crate::routine::{InputSign, load_rows};
use crate::statistics::{deviation, mean, quantile};
use crate::{Bench, CalibrationError};

/// Source: calix, test of neuron integration.
pub(super) const CRITERIA: &[Criterion] = &[
    Criterion::new("columns calibrated with success", "%", Limit::AtLeast(60.0)),
    Criterion::new(
        "distance of two baselines, 80 % quantile",
        "LSB",
        Limit::AtMost(6.0),
    ),
    Criterion::new(
        "distance of baselines from code 128, 80 % quantile",
        "LSB",
        Limit::AtMost(16.0),
    ),
    Criterion::new(
        "noise, 75 % quantile of a quadrant",
        "LSB",
        Limit::Below(7.0),
    ),
    Criterion::new(
        "excitatory amplitude, 10 % quantile of a quadrant",
        "LSB",
        Limit::Above(20.0),
    ),
    Criterion::new(
        "inhibitory amplitude, 10 % quantile of a quadrant",
        "LSB",
        Limit::Above(20.0),
    ),
    Criterion::new(
        "σ of the middle 80 % of a quadrant's amplitudes",
        "LSB",
        Limit::Below(10.0),
    ),
    Criterion::new(
        "distance of a quadrant's excitatory and inhibitory means",
        "LSB",
        Limit::AtMost(10.0),
    ),
];

/// Source: calix, the same test: neurons rest far off, their inputs are switched off.
pub(super) const OVERWRITING: &[(Register, i32)] = &[
    (Register::VLeak, 600),
    (Register::VReset, 610),
    (Register::IBiasSyninExcShift, 310),
    (Register::IBiasSyninInhShift, 310),
    (Register::IBiasLeak, 250),
    (Register::IBiasSyninExcGm, 0),
    (Register::IBiasSyninInhGm, 0),
];

/// The weight of the rows that hold one.
const WEIGHT: i8 = 10;

/// Runs of each sign.
const RUNS: usize = 30;

const STIMULUS: Pulses = Pulses {
    events: 12,
    interval_us: 1.2,
    readout_delay_us: RunSettings::READOUT_DELAY_US,
};

/// A reading without events, as long after the reset as a typical integration takes. One of the
/// versions of the source has 10 µs, another 30.
const BASELINE: Pulses = Pulses::none(10.0);

/// Values of the criteria, given which columns were calibrated with success.
pub(super) fn measure(
    bench: &mut Bench<'_>,
    working: &[bool],
) -> Result<Vec<f64>, CalibrationError> {
    let seen = Seen {
        columns: bench.geometry().columns(),
        excitatory: Answer::measure(bench, InputSign::Excitatory)?,
        inhibitory: Answer::measure(bench, InputSign::Inhibitory)?,
    };
    let succeeded = working.iter().filter(|&&works| works).count();
    let columns = bench.instances(Register::VLeak);
    Ok(vec![
        100.0 * succeeded as f64 / columns as f64,
        seen.repetition(),
        seen.distance_from_baseline(),
        seen.noise(),
        seen.weakest(&seen.excitatory),
        seen.weakest(&seen.inhibitory),
        seen.spread(),
        seen.distance_of_signs(),
    ])
}

/// What all columns of the chip answer to the stimulus of one sign, in LSB.
struct Answer {
    baselines: Vec<f64>,
    /// How far the mean over the runs lies from the baseline, to the side of the sign.
    amplitudes: Vec<f64>,
    /// Standard deviations over the runs.
    noise: Vec<f64>,
}

impl Answer {
    fn measure(bench: &mut Bench<'_>, sign: InputSign) -> Result<Self, CalibrationError> {
        load_rows(bench, sign.of(WEIGHT))?;
        let baselines = bench.pulses(BASELINE, 1)?.causal;
        let driven = bench.pulses(STIMULUS, RUNS)?;
        let side = f64::from(sign.of(1));
        let rises = driven.causal.iter().zip(&baselines);
        Ok(Self {
            amplitudes: rises
                .map(|(code, baseline)| side * (code - baseline))
                .collect(),
            baselines,
            noise: driven.deviation,
        })
    }
}

/// What the chip shows.
struct Seen {
    /// Columns of a hemisphere.
    columns: usize,
    excitatory: Answer,
    inhibitory: Answer,
}

impl Seen {
    fn signs(&self) -> [&Answer; 2] {
        [&self.excitatory, &self.inhibitory]
    }

    /// The largest of a statistic, over quadrants and signs.
    fn worst(&self, values: fn(&Answer) -> &[f64], of_quadrant: fn(&[f64]) -> f64) -> f64 {
        let quadrants = self
            .signs()
            .into_iter()
            .flat_map(|answer| split_by_quadrant(values(answer), self.columns));
        largest(quadrants.map(|quadrant| of_quadrant(&quadrant)))
    }

    /// How far both signs' baselines lie apart, which were read one after the other.
    fn repetition(&self) -> f64 {
        let [first, second] = self.signs().map(|answer| &answer.baselines);
        let distances = first.iter().zip(second).map(|(a, b)| (a - b).abs());
        quantile(distances, 0.8)
    }

    fn distance_from_baseline(&self) -> f64 {
        largest(self.signs().map(|answer| {
            let baselines = answer.baselines.iter();
            quantile(
                baselines.map(|code| (code - f64::from(BASELINE_CODE)).abs()),
                0.8,
            )
        }))
    }

    fn noise(&self) -> f64 {
        self.worst(
            |answer| &answer.noise,
            |noise| quantile(noise.iter().copied(), 0.75),
        )
    }

    fn weakest(&self, answer: &Answer) -> f64 {
        let quadrants = split_by_quadrant(&answer.amplitudes, self.columns).into_iter();
        least(quadrants.map(|quadrant| quantile(quadrant, 0.1)))
    }

    fn spread(&self) -> f64 {
        self.worst(|answer| &answer.amplitudes, spread_of_middle)
    }

    fn distance_of_signs(&self) -> f64 {
        let [excitatory, inhibitory] = self
            .signs()
            .map(|answer| split_by_quadrant(&answer.amplitudes, self.columns));
        let distances = excitatory.iter().zip(&inhibitory);
        largest(
            distances.map(|(excitatory, inhibitory)| (mean(excitatory) - mean(inhibitory)).abs()),
        )
    }
}

/// Standard deviation of what lies between the 10 % and the 90 % quantile.
fn spread_of_middle(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    let cut = values.len() / 10;
    deviation(&values[cut..values.len() - cut])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_columns_do_not_count_in_the_middle() {
        let values = [-1e3, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1e3];
        assert_eq!(spread_of_middle(&values), 1.0);
    }
}
