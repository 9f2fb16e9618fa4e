//! Random streams: everything random in the workspace comes from an explicit seed through here.
//!
//! - [`keyed_stream`] draws what is drawn once: manufacturing mismatch, initial weights, orders of
//!   samples. Each purpose has a stream of its own, so one can be switched off or reordered without
//!   moving any other draw.
//! - [`NoiseStream`] draws trial-to-trial noise. It is counter-based: the value for a (vector,
//!   element) pair depends on the key alone, never on what was drawn before, so batches may be
//!   split and spread over threads without changing a bit.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use crate::Trial;

mod normal;
mod philox;

/// Portable stream for one purpose under a seed: `ChaCha8` with the stream number set to `stream`.
pub fn keyed_stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Standard normal noise, keyed by (trial seed, pass, hemisphere, source), then by vector and
/// element.
///
/// Philox2x32-7 (Salmon et al., SC 2011) turns each counter into two words, Box and Muller's
/// transform turns each of these into two normals. Largest possible magnitude: 5.4 σ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseStream {
    key: u64,
}

impl NoiseStream {
    /// The stream of one noise source in one pass over one hemisphere. `first_vector` of the trial
    /// is not part of the key: give absolute vector numbers to [`fill`](Self::fill). Elements are numbered
    /// modulo 2³⁷.
    pub fn new(trial: Trial, hemisphere: usize, source: u64) -> Self {
        let key = mix(mix(mix(mix(trial.seed) ^ trial.pass) ^ hemisphere as u64) ^ source);
        Self { key }
    }

    /// Fills `out` with the standard normals of elements `first`, `first + 1`, … of a vector.
    pub fn fill(&self, vector: u64, first: usize, out: &mut [f32]) {
        self.fill_vectors(vector, first, out.len(), out);
    }

    /// Fills rows of `count` values each with the standard normals of elements `first`, `first + 1`, …
    /// of neighbouring vectors: faster than one vector after the other. (The last row may be shorter.)
    pub fn fill_vectors(&self, first_vector: u64, first: usize, count: usize, out: &mut [f32]) {
        pulp::Arch::new().dispatch(Fill {
            stream: *self,
            first_vector,
            first,
            count,
            out,
        });
    }

    /// The standard normals of the first `COUNT` elements of neighbouring vectors: 1, 2, 4, 8, or 16.
    pub fn fill_firsts<const COUNT: usize>(&self, first_vector: u64, out: &mut [[f32; COUNT]]) {
        pulp::Arch::new().dispatch(FillFirsts {
            stream: *self,
            first_vector,
            out,
        });
    }

    /// What stands for a vector: key and high word of its counters.
    const fn words(self, vector: u64) -> u64 {
        mix(self.key ^ vector)
    }
}

/// Elements of a vector that have normals of their own: those of 2³² blocks.
const ELEMENTS: u64 = (1 << 32) * normal::BLOCK as u64;

/// [`NoiseStream::fill_vectors`] as a task that is compiled once per kind of processor. A closure would not
/// be inlined into that.
struct Fill<'a> {
    stream: NoiseStream,
    first_vector: u64,
    first: usize,
    count: usize,
    out: &'a mut [f32],
}

impl pulp::WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        self.run();
    }
}

impl Fill<'_> {
    /// For code that is compiled for the processor at hand already.
    ///
    /// The blocks of all rows are computed some at a time, one row after the other, even if a part of
    /// them is not wanted.
    #[inline(always)]
    fn run(mut self) {
        // Of a row that is longer than what is wanted, the rest need not be computed.
        self.count = self.count.min(self.out.len());
        if self.count == 0 {
            return;
        }
        self.first = (self.first as u64 % ELEMENTS) as usize;
        let end = self.first.saturating_add(self.count);
        let blocks = self.first / normal::BLOCK..end.div_ceil(normal::BLOCK);
        let mut left = blocks.len() * self.out.len().div_ceil(self.count);
        let (mut row, mut block) = (0, blocks.start);
        let mut next = || {
            let place = (row, block);
            block += 1;
            if block == blocks.end {
                (row, block) = (row + 1, blocks.start);
            }
            place
        };
        let mut computed = [[0.0; normal::BLOCK]; normal::BLOCKS];
        let mut places = [(0, 0); normal::BLOCKS];
        let mut keys = [(0, 0); normal::BLOCKS];
        while left > 1 {
            // (`array::from_fn` and `map` are not inlined here.)
            for (place, key) in places.iter_mut().zip(&mut keys) {
                *place = next();
                *key = self.key(*place);
            }
            normal::blocks(keys, &mut computed);
            for (place, normals) in places.into_iter().zip(&computed).take(left) {
                self.put(place, normals);
            }
            left = left.saturating_sub(normal::BLOCKS);
        }
        if left == 1 {
            let place = next();
            normal::block(self.key(place), &mut computed[0]);
            self.put(place, &computed[0]);
        }
    }

    /// What a block is computed from, given by its row and its number.
    #[inline(always)]
    fn key(&self, (row, block): (usize, usize)) -> normal::BlockKey {
        let vector = self.first_vector.wrapping_add(row as u64);
        (block as u32, self.stream.words(vector))
    }

    /// Puts the wanted part of a block into its row.
    #[inline(always)]
    fn put(&mut self, (row, block): (usize, usize), normals: &[f32; normal::BLOCK]) {
        let first = block * normal::BLOCK;
        let (before, skipped) = (
            first.saturating_sub(self.first),
            self.first.saturating_sub(first),
        );
        let row = row * self.count;
        let end = (row + self.count).min(self.out.len());
        // Blocks beyond the end of a shorter last row have nothing to put.
        let to = &mut self.out[(row + before).min(end)..end];
        if let (0, Some(to)) = (skipped, to.first_chunk_mut()) {
            *to = *normals;
        } else {
            let count = to.len().min(normals.len() - skipped);
            to[..count].copy_from_slice(&normals[skipped..][..count]);
        }
    }
}

/// [`NoiseStream::fill_firsts`], likewise.
struct FillFirsts<'a, const COUNT: usize> {
    stream: NoiseStream,
    first_vector: u64,
    out: &'a mut [[f32; COUNT]],
}

impl<const COUNT: usize> pulp::WithSimd for FillFirsts<'_, COUNT> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let mut vector = self.first_vector;
        for out in self.out.chunks_mut(normal::AT_ONCE / COUNT) {
            let words = |v: usize| self.stream.words(vector.wrapping_add(v as u64));
            let normals = normal::firsts::<COUNT>(words);
            let (normals, _) = normals.as_chunks();
            out.copy_from_slice(&normals[..out.len()]);
            vector = vector.wrapping_add(out.len() as u64);
        }
    }
}

/// A one-to-one scrambling of 64 bits (the finaliser of `SplitMix64`, Steele et al. 2014).
const fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A seed for a sub-task, such as one chip of a study: scrambles `seed` with `index`.
pub const fn derive_seed(seed: u64, index: u64) -> u64 {
    mix(mix(seed) ^ index)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use proptest::prelude::*;
    use rand::Rng;

    use super::*;

    #[test]
    fn keyed_streams_keep_their_values() {
        let words: Vec<u32> = (0..3).map(|i| keyed_stream(7, i).next_u32()).collect();
        assert_eq!(words, [601_310_139, 2_832_706_247, 2_521_860_105]);
    }

    #[test]
    fn noise_keeps_its_values() {
        let mut out = [0.0; 4];
        let trial = Trial {
            seed: 1,
            pass: 2,
            first_vector: 0,
        };
        NoiseStream::new(trial, 1, 3).fill(4, 0, &mut out);
        assert_eq!(
            out,
            [0.599_833_9, -1.927_770_1, -0.503_555_9, -0.648_272_34]
        );
    }

    proptest! {
        #[test]
        fn every_kind_of_processor_gets_the_same_bits(seed: u64, first in 0_usize..99, len in 0_usize..99) {
            let stream = NoiseStream::new(Trial::new(seed), 0, 0);
            let (mut dispatched, mut plain) = (vec![0.0; len], vec![0.0; len]);
            stream.fill(1, first, &mut dispatched);
            Fill { stream, first_vector: 1, first, count: len, out: &mut plain }.run();
            prop_assert_eq!(dispatched, plain);
        }

        #[test]
        fn neighbouring_vectors_are_the_same_as_each_alone(
            seed: u64, vector: u64, first in 0_usize..99, count in prop_oneof![1_usize..33, 1_usize..300],
            vectors in 0_usize..12, cut in 0_usize..300,
        ) {
            let stream = NoiseStream::new(Trial::new(seed), 0, 0);
            let mut together = vec![0.0; vectors * count];
            stream.fill_vectors(vector, first, count, &mut together);
            for (row, v) in together.chunks(count).zip(0..) {
                let mut alone = vec![0.0; count];
                stream.fill(vector.wrapping_add(v), first, &mut alone);
                prop_assert_eq!(row, &alone[..]);
            }
            let mut cut = vec![0.0; together.len() - together.len().min(cut)];
            stream.fill_vectors(vector, first, count, &mut cut);
            prop_assert_eq!(&cut[..], &together[..cut.len()]);
        }

        #[test]
        fn first_elements_are_those_of_the_whole(seed: u64, vector: u64, vectors in 0_usize..40) {
            let stream = NoiseStream::new(Trial::new(seed), 0, 0);
            let mut firsts = vec![[0.0; 2]; vectors];
            stream.fill_firsts(vector, &mut firsts);
            for (first, v) in firsts.into_iter().zip(0..) {
                let mut whole = [0.0; 40];
                stream.fill(vector.wrapping_add(v), 0, &mut whole);
                prop_assert_eq!(&first[..], &whole[..2]);
            }
        }

        #[test]
        fn any_part_of_a_vector_is_the_same_as_in_the_whole(
            seed: u64, vector: u64, first in 0_usize..300, len in 0_usize..300,
        ) {
            let stream = NoiseStream::new(Trial::new(seed), 0, 0);
            let mut whole = vec![0.0; 600];
            stream.fill(vector, 0, &mut whole);
            let mut part = vec![0.0; len];
            stream.fill(vector, first, &mut part);
            prop_assert_eq!(&part[..], &whole[first..first + len]);
        }
    }
}
