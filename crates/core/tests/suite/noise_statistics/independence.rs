//! Neighbours in every direction know nothing of each other.

use bss2_core::random::NoiseStream;

use super::statistics::dependence;
use super::{PAIRS, assert_accepted, elements_apart, stream};

#[test]
fn elements_are_independent_at_every_distance() {
    // Blocks of 64 draws come from 16 counters: elements i and i + 16 from one word, i + 32 and i + 48 from the other.
    for lag in [
        1, 2, 3, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 255, 256, 257,
    ] {
        let [a, b] = elements_apart(lag);
        assert_accepted(&format!("{lag} apart"), &dependence(&a, &b));
    }
}

/// Vectors of 256 elements from two ways of drawing, for many numbers.
fn side_by_side(draw: impl Fn(u64) -> [(NoiseStream, u64); 2]) -> [Vec<f32>; 2] {
    let mut sets = [vec![0.0; PAIRS], vec![0.0; PAIRS]];
    for number in 0..PAIRS / 256 {
        let part = 256 * number..256 * (number + 1);
        for (set, (stream, vector)) in sets.iter_mut().zip(draw(number as u64)) {
            stream.fill(vector, 0, &mut set[part.clone()]);
        }
    }
    sets
}

fn assert_independent(what: &str, draw: impl Fn(u64) -> [(NoiseStream, u64); 2]) {
    let [a, b] = side_by_side(draw);
    assert_accepted(what, &dependence(&a, &b));
}

#[test]
fn neighbouring_vectors_and_passes_are_independent() {
    let base = stream(31, 0, 0, 0);
    assert_independent("vectors", |n| [(base, 2 * n), (base, 2 * n + 1)]);
    assert_independent("distant vectors", |n| [(base, n), (base, n + (1 << 32))]);
    assert_independent("passes", |n| {
        [
            (stream(32, 2 * n, 0, 0), 9),
            (stream(32, 2 * n + 1, 0, 0), 9),
        ]
    });
    assert_independent("two passes over a batch", |n| {
        [(stream(33, 0, 0, 0), n), (stream(33, 1, 0, 0), n)]
    });
    assert_independent("next vector of the pass before", |n| {
        [(stream(34, 1, 0, 0), n), (stream(34, 0, 0, 0), n + 1)]
    });
}

#[test]
fn hemispheres_sources_and_seeds_are_independent() {
    assert_independent("hemispheres", |n| {
        [(stream(41, n, 0, 0), 0), (stream(41, n, 1, 0), 0)]
    });
    assert_independent("sources", |n| {
        [(stream(42, n, 0, 0), 0), (stream(42, n, 0, 1), 0)]
    });
    assert_independent("hemisphere and source exchanged", |n| {
        [(stream(43, n, 0, 1), 0), (stream(43, n, 1, 0), 0)]
    });
    assert_independent("pass and source exchanged", |n| {
        [(stream(44, n, 0, n + 1), 0), (stream(44, n + 1, 0, n), 0)]
    });
    assert_independent("seeds", |n| {
        [(stream(2 * n, 0, 0, 0), 0), (stream(2 * n + 1, 0, 0, 0), 0)]
    });
    assert_independent("seeds that differ in the highest bit", |n| {
        [(stream(n, 0, 0, 0), 0), (stream(n | 1 << 63, 0, 0, 0), 0)]
    });
    assert_independent("seed and pass exchanged", |n| {
        [(stream(n, 7, 0, 0), 0), (stream(7, n, 0, 0), 0)]
    });
}
