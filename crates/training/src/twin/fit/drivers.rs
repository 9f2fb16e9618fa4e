//! Amplitudes of drivers, given gains and response curves of the columns: linear least squares for
//! all drivers at once, by conjugate gradients.
//!
//! Where signs of weights are not balanced, all drivers do much the same: one driver after the other
//! would take many rounds.

use bss2_core::product::Panels;
use ndarray::{Array2, Zip};

use super::super::curve::{Curves, Knots};
use super::super::{DriverTwin, HemisphereTwin};
use super::samples::{Samples, Set};
use crate::product::{laid_out, product};

/// Activations at which amplitudes are found; between them they are straight.
const CODES: [usize; 8] = [1, 3, 6, 10, 15, 20, 25, 31];

/// Weight of the expectation that an amplitude is its activation, in LSB²: only where nothing is
/// measured does it count.
const EXPECTATION_LSB2: f32 = 0.05;

/// Where a column responds by less than this share, its output says little of its sum.
const LEAST_SLOPE: f32 = 0.4;

/// Largest amplitude of a driver that does not respond, in activation units.
const LEAST_AMPLITUDE: f32 = 2.0;

/// Steps of conjugate gradients in a round, and the square of the residual, relative to that at the
/// beginning, with which they end. What they leave is left to the next round, which knows the columns
/// better.
const STEPS: usize = 6;
const SOLVED: f64 = 1e-8;

/// Improves the amplitudes of all drivers.
pub(super) fn improve(samples: &Samples, knots: Knots, twin: &mut HemisphereTwin) {
    let equations = Equations::new(samples, knots, twin);
    let found = equations.solve(twin);
    for (driver, found) in twin.drivers.iter_mut().zip(found.outer_iter()) {
        for (x, amplitude) in driver.amplitudes.iter_mut().enumerate().skip(1) {
            let [(left, share), (right, rest)] = shares(x as u8);
            *amplitude += share * found[left] + rest * found[right];
        }
    }
    normalise(twin);
}

/// The codes next to an activation, and what they count there: nothing if it is zero.
fn shares(x: u8) -> [(usize, f32); 2] {
    let x = usize::from(x);
    if x == 0 {
        return [(0, 0.0); 2];
    }
    let right = CODES.partition_point(|&code| code < x);
    let right = right.clamp(1, CODES.len() - 1);
    let (below, above) = (CODES[right - 1], CODES[right]);
    let share = (x as f32 - below as f32) / (above - below) as f32;
    [(right - 1, 1.0 - share), (right, share)]
}

/// The shares of all activations: they are looked up for every vector and driver.
type AllShares = [[(usize, f32); 2]; DriverTwin::CODES];

fn all_shares() -> AllShares {
    std::array::from_fn(|x| shares(x as u8))
}

/// What amplitudes (drivers × codes) are to explain.
struct Equations<'a> {
    drivers: usize,
    sets: Vec<OfSet<'a>>,
}

struct OfSet<'a> {
    set: &'a Set,
    /// What a unit of amplitude adds to a sum, in LSB, drivers × columns, and the reverse.
    onto_columns: Panels,
    onto_drivers: Panels,
    /// The squares of the latter.
    squares: Panels,
    /// Of the sums, in LSB, vectors × columns; zero where nothing is known.
    missing: Array2<f32>,
    /// 1 where something is known, else 0.
    known: Array2<f32>,
}

impl<'a> Equations<'a> {
    fn new(samples: &'a Samples, knots: Knots, twin: &HemisphereTwin) -> Self {
        let curves = Curves::new(knots, twin);
        let sets = samples.sets.iter();
        Self {
            drivers: samples.inputs,
            sets: sets.map(|set| OfSet::new(set, &curves, twin)).collect(),
        }
    }

    /// Changes of the amplitudes.
    fn solve(&self, twin: &HemisphereTwin) -> Array2<f32> {
        let shape = (self.drivers, CODES.len());
        let mut residual = Array2::from_shape_fn(shape, |(driver, number)| {
            let code = CODES[number];
            EXPECTATION_LSB2 * (code as f32 - twin.drivers[driver].amplitudes[code])
        });
        let mut diagonal = Array2::from_elem(shape, EXPECTATION_LSB2);
        let shares = all_shares();
        let squared_shares = shares.map(|both| both.map(|(code, share)| (code, share * share)));
        for of_set in &self.sets {
            of_set.gather(
                &of_set.missing,
                &of_set.onto_drivers,
                &shares,
                &mut residual,
            );
            of_set.gather(
                &of_set.known,
                &of_set.squares,
                &squared_shares,
                &mut diagonal,
            );
        }
        let mut found = Array2::zeros(shape);
        let mut direction = &residual / &diagonal;
        let mut left = inner(&residual, &direction);
        let enough = SOLVED * left;
        for _ in 0..STEPS {
            if left <= enough {
                break;
            }
            let image = self.apply(&direction);
            let step = (left / inner(&direction, &image)) as f32;
            found.scaled_add(step, &direction);
            residual.scaled_add(-step, &image);
            let scaled = &residual / &diagonal;
            let now = inner(&residual, &scaled);
            direction = scaled + (now / left) as f32 * &direction;
            left = now;
        }
        found
    }

    /// Normal equations times amplitudes.
    fn apply(&self, amplitudes: &Array2<f32>) -> Array2<f32> {
        let shares = all_shares();
        let mut image = amplitudes * EXPECTATION_LSB2;
        for of_set in &self.sets {
            let spread = of_set.spread(amplitudes, &shares);
            let mut sums = product(&spread, &of_set.onto_columns);
            sums *= &of_set.known;
            of_set.gather(&sums, &of_set.onto_drivers, &shares, &mut image);
        }
        image
    }
}

/// Sum of all products of two elements.
fn inner(a: &Array2<f32>, b: &Array2<f32>) -> f64 {
    let products = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b));
    products.sum()
}

impl<'a> OfSet<'a> {
    fn new(set: &'a Set, curves: &Curves, twin: &HemisphereTwin) -> Self {
        let sums = set.sums(twin);
        let mut missing = Array2::zeros(set.means.dim());
        let mut known = Array2::zeros(set.means.dim());
        let rows = missing.outer_iter_mut().zip(known.outer_iter_mut());
        for (v, (mut missing, mut known)) in rows.enumerate() {
            let outputs = missing.iter_mut().zip(&mut known).zip(set.means.row(v));
            for (c, ((missing, known), &mean)) in outputs.enumerate() {
                let sum = twin.sum(c, sums.at(v, c), set.events[v]);
                let slope = curves.slope(c, sum);
                if !mean.is_nan() && slope > LEAST_SLOPE {
                    *missing = (mean - curves.output(c, sum)) / slope;
                    *known = 1.0;
                }
            }
        }
        let mut weights_lsb = set.positive.clone();
        for (mut weights, negative) in weights_lsb.outer_iter_mut().zip(set.negative.outer_iter()) {
            Zip::from(&mut weights)
                .and(negative)
                .and(&ndarray::ArrayView1::from(&twin.columns))
                .for_each(|weight, negative, column| {
                    *weight = column.excitatory_lsb * *weight - column.inhibitory_lsb * negative;
                });
        }
        Self {
            set,
            onto_columns: laid_out(weights_lsb.view()),
            onto_drivers: laid_out(weights_lsb.t()),
            squares: laid_out(weights_lsb.mapv(|w| w * w).t()),
            missing,
            known,
        }
    }

    /// Amplitudes at the codes to those of all activations, vectors × drivers.
    fn spread(&self, amplitudes: &Array2<f32>, shares: &AllShares) -> Array2<f32> {
        let mut spread = Array2::zeros(self.set.activations.dim());
        let rows = spread.outer_iter_mut();
        for (mut spread, activations) in rows.zip(self.set.activations.outer_iter()) {
            let sent = activations.iter().zip(by_driver(amplitudes));
            for (spread, (&x, amplitudes)) in spread.iter_mut().zip(sent) {
                let [(left, share), (right, rest)] = shares[usize::from(x)];
                *spread = share * amplitudes[left] + rest * amplitudes[right];
            }
        }
        spread
    }

    /// The reverse: adds what values (vectors × columns), weighted (columns × drivers), say of the codes'
    /// amplitudes, or, with squared weights and shares, of their squares.
    fn gather(
        &self,
        values: &Array2<f32>,
        weights: &Panels,
        shares: &AllShares,
        to: &mut Array2<f32>,
    ) {
        let of_drivers = product(values, weights);
        let rows = of_drivers.outer_iter();
        for (of_drivers, activations) in rows.zip(self.set.activations.outer_iter()) {
            let sent = of_drivers.iter().zip(activations);
            for ((value, &x), to) in sent.zip(by_driver_mut(to)) {
                for (code, share) in shares[usize::from(x)] {
                    to[code] += share * value;
                }
            }
        }
    }
}

/// Values (drivers × codes) by driver.
fn by_driver(values: &Array2<f32>) -> &[[f32; CODES.len()]] {
    let Some(values) = values.as_slice() else {
        unreachable!("they are made in standard layout");
    };
    values.as_chunks().0
}

fn by_driver_mut(values: &mut Array2<f32>) -> &mut [[f32; CODES.len()]] {
    let Some(values) = values.as_slice_mut() else {
        unreachable!("they are made in standard layout");
    };
    values.as_chunks_mut().0
}

/// Flags drivers that do not respond, and brings the rest to amplitudes that are activations on
/// average; the columns' gains make up for it.
fn normalise(twin: &mut HemisphereTwin) {
    let (mut products, mut squares) = (0.0, 0.0);
    for driver in &mut twin.drivers {
        flag(driver);
        if driver.works {
            for (x, &amplitude) in driver.amplitudes.iter().enumerate() {
                products += f64::from(amplitude) * x as f64;
                squares += (x * x) as f64;
            }
        }
    }
    if products <= 0.0 {
        return;
    }
    let scale = (products / squares) as f32;
    for driver in &mut twin.drivers {
        for amplitude in &mut driver.amplitudes {
            *amplitude /= scale;
        }
    }
    for column in &mut twin.columns {
        column.excitatory_lsb *= scale;
        column.inhibitory_lsb *= scale;
    }
}

fn flag(driver: &mut DriverTwin) {
    for amplitude in &mut driver.amplitudes {
        *amplitude = amplitude.max(0.0);
    }
    driver.works = driver.amplitudes.iter().any(|&a| a > LEAST_AMPLITUDE);
    if !driver.works {
        driver.amplitudes.fill(0.0);
    }
}
