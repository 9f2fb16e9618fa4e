//! Gains and response curves of columns, given the amplitudes of the drivers.

use super::super::curve::{Curves, Knots};
use super::super::{ColumnTwin, HemisphereTwin};
use super::normal::{Gathered, Normal};
use super::samples::{Samples, Sums};

/// Features beside the knots: excitatory gain, inhibitory gain, events.
const GAINS: usize = 3;

/// Numbers of a sample: gains, shares of the knots around its sum, and the value that they are to explain.
const NUMBERS: usize = GAINS + 4 + 1;

/// Outputs up to here are taken for linear at the beginning, in LSB.
const LINEAR_LSB: f32 = 60.0;

/// By how much a curve's slope is expected to change from knot to knot, as a step in LSB.
const BEND_LSB: f64 = 1.5;

/// How far from zero a curve has the slope 1, in LSB: what gains mean.
const GAUGE_LSB: f32 = 48.0;

/// Standard deviation of what that is kept with, in LSB.
const GAUGE_DEVIATION_LSB: f64 = 0.05;

/// Offsets and gains are expected to lie around zero, and within this, in LSB and relative to
/// [`NOMINAL_GAIN_LSB`](bss2_core::NOMINAL_GAIN_LSB): only where nothing is measured does it count.
const EXPECTED: f64 = 1e3;

/// Variance of a mean that the twin does not explain, beside the noise, in LSB².
const UNEXPLAINED_LSB2: f64 = 0.1;

/// Gain of a column that responds, relative to the median.
const LEAST_GAIN: f32 = 0.1;

/// First guess: straight lines.
pub(super) fn begin(samples: &Samples, twin: &mut HemisphereTwin) {
    let mut lines = vec![Normal::new(GAINS + 1); samples.columns];
    for set in &samples.sets {
        let sums = set.sums(twin);
        for ((v, c), &mean) in set.means.indexed_iter() {
            if mean.abs() <= LINEAR_LSB {
                let [positive, negative] = sums.at(v, c).map(f64::from);
                let events = f64::from(set.events[v]);
                let features = [(0, positive), (1, -negative), (2, events), (3, 1.0)];
                lines[c].add(&features, f64::from(mean), 1.0);
            }
        }
    }
    for (column, line) in twin.columns.iter_mut().zip(lines) {
        let found = line.solve();
        column.excitatory_lsb = found[0] as f32;
        column.inhibitory_lsb = found[1] as f32;
        column.event_lsb = found[2] as f32;
        column.deviations_lsb.fill(found[3] as f32);
    }
}

/// Improves gains and curves together: least squares around what they are.
pub(super) fn improve(samples: &Samples, knots: Knots, twin: &mut HemisphereTwin) {
    let curves = Curves::new(knots, twin);
    let sums: Vec<Sums> = samples.sets.iter().map(|set| set.sums(twin)).collect();
    let improved = (0..samples.columns).map(|column| {
        let gathered = pulp::Arch::new().dispatch(Gather {
            samples,
            sums: &sums,
            knots,
            curves: &curves,
            twin,
            column,
        });
        let last = GAINS + knots.count() - 1;
        let mut normal = Normal::new(last + 1);
        for (first, around) in gathered.around.iter().enumerate() {
            // Shares beyond the last knot are zero.
            let number = |place| {
                if place < GAINS {
                    place
                } else {
                    last.min(first + place)
                }
            };
            normal.add_gathered(number, around);
        }
        let noise = gathered.variance / f64::max(gathered.count, 1.0) / samples.repeats as f64;
        expect(&mut normal, knots, noise + UNEXPLAINED_LSB2);
        improved(&twin.columns[column], knots, &normal.solve())
    });
    twin.columns = improved.collect();
}

/// What all samples say of a column.
struct GatheredColumn {
    /// By the first knot around a sum.
    around: Vec<Gathered<NUMBERS>>,
    /// Sum of the variances, and number of samples.
    variance: f64,
    count: f64,
}

/// The samples of a column, as a task that is compiled once per kind of processor.
struct Gather<'a> {
    samples: &'a Samples,
    sums: &'a [Sums],
    knots: Knots,
    curves: &'a Curves,
    twin: &'a HemisphereTwin,
    column: usize,
}

impl pulp::WithSimd for Gather<'_> {
    type Output = GatheredColumn;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> GatheredColumn {
        let Self {
            samples,
            sums,
            knots,
            curves,
            twin,
            column,
        } = self;
        let mut gathered = GatheredColumn {
            around: vec![Gathered::NOTHING; knots.count()],
            variance: 0.0,
            count: 0.0,
        };
        for (set, sums) in samples.sets.iter().zip(sums) {
            let vectors = set.means.column(column).into_iter();
            let vectors = vectors.zip(set.variances.column(column)).zip(&set.events);
            for (v, ((&mean, &variance), &events)) in vectors.enumerate() {
                if mean.is_nan() {
                    continue;
                }
                let [positive, negative] = sums.at(v, column);
                let sum = twin.sum(column, [positive, negative], events);
                let slope = curves.slope(column, sum);
                let [positive, negative, events] =
                    [positive, -negative, events].map(|step| f64::from(slope * step));
                let (first, [before, left, right, after]) = knots.shares(sum);
                let value = f64::from(mean - sum);
                gathered.around[first].add([
                    positive, negative, events, before, left, right, after, value,
                ]);
                gathered.variance += f64::from(variance);
                gathered.count += 1.0;
            }
        }
        gathered
    }
}

/// Adds what is expected of any column, for measurements of a variance.
fn expect(normal: &mut Normal, knots: Knots, variance: f64) {
    let weight = |deviation: f64| variance / (deviation * deviation);
    for gain in 0..GAINS {
        let usual = f64::from(bss2_core::NOMINAL_GAIN_LSB);
        normal.add(&[(gain, 1.0)], 0.0, weight(EXPECTED * usual));
    }
    for knot in 0..knots.count() {
        normal.add(&[(GAINS + knot, 1.0)], 0.0, weight(EXPECTED));
    }
    for middle in 1..knots.count() - 1 {
        let bend = [(middle - 1, 1.0), (middle, -2.0), (middle + 1, 1.0)];
        let bend = bend.map(|(knot, share)| (GAINS + knot, share));
        normal.add(&bend, 0.0, weight(BEND_LSB));
    }
    let near = |lsb: f32| (0..knots.count()).position(|knot| knots.at(knot) >= lsb);
    if let (Some(below), Some(above)) = (near(-GAUGE_LSB), near(GAUGE_LSB)) {
        let rise = [(GAINS + below, -1.0), (GAINS + above, 1.0)];
        normal.add(&rise, 0.0, weight(GAUGE_DEVIATION_LSB));
    }
}

fn improved(column: &ColumnTwin, knots: Knots, found: &[f64]) -> ColumnTwin {
    let mut deviations: Vec<f32> = found[GAINS..].iter().map(|&d| d as f32).collect();
    keep_rising(knots, &mut deviations);
    ColumnTwin {
        excitatory_lsb: column.excitatory_lsb + found[0] as f32,
        inhibitory_lsb: column.inhibitory_lsb + found[1] as f32,
        event_lsb: column.event_lsb + found[2] as f32,
        deviations_lsb: deviations,
        ..column.clone()
    }
}

/// Outputs never fall where sums rise: seen from the middle, the rest is noise.
fn keep_rising(knots: Knots, deviations: &mut [f32]) {
    let step = knots.at(1) - knots.at(0);
    let middle = deviations.len() / 2;
    for knot in middle + 1..deviations.len() {
        deviations[knot] = deviations[knot].max(deviations[knot - 1] - step);
    }
    for knot in (0..middle).rev() {
        deviations[knot] = deviations[knot].min(deviations[knot + 1] + step);
    }
}

/// Tells columns that do not respond from those that do, and leaves them what they put out.
pub(super) fn flag_dead(samples: &Samples, twin: &mut HemisphereTwin) {
    let gain = |c: &ColumnTwin| 0.5 * (c.excitatory_lsb.abs() + c.inhibitory_lsb.abs());
    let mut gains: Vec<f32> = twin.columns.iter().map(gain).collect();
    let middle = gains.len() / 2;
    let median = *gains.select_nth_unstable_by(middle, f32::total_cmp).1;
    for (number, column) in twin.columns.iter_mut().enumerate() {
        column.works = gain(column) > LEAST_GAIN * median && median > 0.0;
        if !column.works {
            column.excitatory_lsb = 0.0;
            column.inhibitory_lsb = 0.0;
            column.event_lsb = 0.0;
            column.deviations_lsb.fill(samples.mean_output(number));
        }
    }
}
