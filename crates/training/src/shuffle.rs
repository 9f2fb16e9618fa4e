//! The order in which an epoch visits the samples.

use bss2_core::random::{derive_seed, keyed_stream};
use rand::seq::SliceRandom;

/// Purpose number of sample orders under a seed.
const ORDER: u64 = 2;

/// The indices `0..len` in the random order of one epoch.
///
/// The order depends on nothing but the arguments, so that any epoch can be repeated without
/// running those before it.
pub fn epoch_order(len: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.shuffle(&mut keyed_stream(derive_seed(seed, ORDER), epoch));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_stable() {
        assert_eq!(epoch_order(10, 42, 0), [3, 7, 1, 8, 4, 6, 0, 9, 2, 5]);
        assert_eq!(epoch_order(10, 42, 1), [0, 2, 5, 6, 4, 8, 9, 1, 3, 7]);
        assert_ne!(epoch_order(10, 43, 0), epoch_order(10, 42, 0));
    }

    #[test]
    fn every_epoch_visits_every_sample_once() {
        for len in [0, 1, 2, 3, 100, 1347] {
            for epoch in [0, 1, u64::MAX] {
                let mut order = epoch_order(len, 5, epoch);
                order.sort_unstable();
                assert!(order.into_iter().eq(0..len), "len {len}, epoch {epoch}");
            }
        }
    }

    #[test]
    fn each_sample_comes_first_equally_often() {
        const EPOCHS: u64 = 6000;
        let mut first = [0_u32; 6];
        for epoch in 0..EPOCHS {
            first[epoch_order(6, 1, epoch)[0]] += 1;
        }
        // 1000 expected, standard deviation 29: five of them.
        assert!(
            first.iter().all(|count| count.abs_diff(1000) < 145),
            "{first:?}"
        );
    }
}
