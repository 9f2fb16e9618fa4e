//! Draws are standard normal, whichever way they are drawn.

use bss2_core::random::NoiseStream;

use super::statistics::{goodness_of_fit, kolmogorov, largest_distance, moments, tails};
use super::{DRAWS, assert_accepted, columns_of_vectors, stream};

/// Draws of the test of the tails: about ten beyond 5 σ on either side.
const TAIL_DRAWS: usize = 1 << 25;

fn assert_normal(what: &str, mut draws: Vec<f32>) {
    assert_accepted(what, &moments(&draws));
    assert_accepted(what, &goodness_of_fit(&mut draws));
}

/// The same element of many vectors or streams.
fn one_of_each(draw: impl Fn(u64) -> (NoiseStream, u64), element: usize) -> Vec<f32> {
    let mut draws = vec![0.0; DRAWS];
    for (number, out) in draws.iter_mut().enumerate() {
        let (stream, vector) = draw(number as u64);
        stream.fill(vector, element, std::slice::from_mut(out));
    }
    draws
}

#[test]
fn columns_of_many_vectors_are_normal() {
    assert_normal("256 columns", columns_of_vectors(11, DRAWS));
}

#[test]
fn elements_of_one_vector_are_normal() {
    let mut draws = vec![0.0; DRAWS];
    stream(12, 3, 1, 2).fill(77, 0, &mut draws);
    assert_normal("one vector", draws);
}

#[test]
fn one_column_over_many_vectors_is_normal() {
    let stream = stream(13, 0, 0, 0);
    assert_normal("column 7", one_of_each(|vector| (stream, vector), 7));
}

#[test]
fn one_value_over_many_passes_is_normal() {
    let draws = one_of_each(|pass| (stream(14, pass, 0, 1), 5), 250);
    assert_normal("passes", draws);
}

#[test]
fn one_value_over_many_seeds_is_normal() {
    let draws = one_of_each(|seed| (stream(seed, 0, 1, 0), 0), 16);
    assert_normal("seeds", draws);
}

#[test]
fn tails_hold_as_many_draws_as_they_should() {
    let draws = columns_of_vectors(15, TAIL_DRAWS);
    assert_accepted("tails", &tails(&draws));
    let largest = draws
        .iter()
        .fold(0.0_f32, |largest, x| largest.max(x.abs()));
    assert!((5.0..5.4).contains(&largest), "{largest}");
}

/// Deviations too small for one sample's statistics show in the statistics of many samples: places
/// of small samples are uniform.
#[test]
fn places_of_small_samples_are_spread_evenly() {
    const SAMPLES: usize = 2000;
    let draws = columns_of_vectors(16, SAMPLES * 1024);
    let mut places = [Vec::new(), Vec::new()];
    for sample in draws.chunks(1024) {
        for (places, (_, place)) in places.iter_mut().zip(goodness_of_fit(&mut sample.to_vec())) {
            places.push(place);
        }
    }
    for (places, what) in places.iter_mut().zip(["Kolmogorov", "Anderson"]) {
        places.sort_unstable_by(f64::total_cmp);
        let place = kolmogorov(largest_distance(places.iter().copied()), SAMPLES);
        assert_accepted(what, &[("evenness".to_owned(), place)]);
    }
}
