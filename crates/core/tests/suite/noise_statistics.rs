//! The noise stream is standard normal and independent in every direction in which it is used.
//!
//! Every statistic is turned into its place in the distribution that it has under the hypothesis,
//! 0…1, and refused in the outer 10⁻⁴ of it, half on either side: too good a fit is refused, too.
//! Seeds are fixed, so a test that passes once passes always. Controls show what would be refused.

use bss2_core::Trial;
use bss2_core::random::NoiseStream;
use statrs::distribution::Normal;

mod controls;
mod distribution;
mod independence;
mod statistics;

/// Probability with which a right stream is refused, for each single statistic.
const SIGNIFICANCE: f64 = 1e-4;

/// Draws of each test of the distribution.
const DRAWS: usize = 1 << 21;

/// Pairs of each test of independence.
const PAIRS: usize = 1 << 20;

/// A statistic and its place in its distribution.
type Finding = (String, f64);

fn is_refused(place: f64) -> bool {
    !(0.5 * SIGNIFICANCE..=1.0 - 0.5 * SIGNIFICANCE).contains(&place)
}

fn assert_accepted(what: &str, findings: &[Finding]) {
    for (statistic, place) in findings {
        assert!(!is_refused(*place), "{what}: {statistic} at {place}");
    }
}

/// Names of the statistics that refuse.
fn refusals(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .filter(|(_, place)| is_refused(*place))
        .map(|(statistic, _)| statistic.as_str())
        .collect()
}

fn normal() -> Normal {
    Normal::new(0.0, 1.0).expect("a spread of 1")
}

fn stream(seed: u64, pass: u64, hemisphere: usize, source: u64) -> NoiseStream {
    let trial = Trial {
        seed,
        pass,
        first_vector: 0,
    };
    NoiseStream::new(trial, hemisphere, source)
}

/// Vectors of as many elements as a hemisphere has columns.
fn columns_of_vectors(seed: u64, count: usize) -> Vec<f32> {
    let stream = stream(seed, 0, 0, 0);
    let mut draws = vec![0.0; count];
    for (vector, out) in draws.chunks_mut(256).enumerate() {
        stream.fill(vector as u64, 0, out);
    }
    draws
}

/// Elements that lie `lag` apart in many vectors, each element in one pair.
fn elements_apart(lag: usize) -> [Vec<f32>; 2] {
    let draws = columns_of_vectors(21, 2 * PAIRS);
    let mut sets = [Vec::with_capacity(PAIRS), Vec::with_capacity(PAIRS)];
    for pair in draws.chunks_exact(2 * lag) {
        sets[0].extend_from_slice(&pair[..lag]);
        sets[1].extend_from_slice(&pair[lag..]);
    }
    sets
}
