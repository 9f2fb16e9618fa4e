//! The order in which an epoch visits the samples.

use rand::seq::SliceRandom;

use crate::random::{self, Purpose};

/// The indices `0..len` in the random order of one epoch.
///
/// The order depends on nothing but the arguments, so that any epoch can be repeated without running
/// those before it; different epochs use different `ChaCha8` streams of the same seed. Cut it into
/// mini-batches with [`chunks`](slice::chunks) and pass each to [`Samples::select`].
///
/// The result takes `len` machine words of memory; `len` is meant to be that of a set in memory.
///
/// ```
/// let order = bss2_data::epoch_order(5, 7, 0);
/// let mut sorted = order.clone();
/// sorted.sort_unstable();
/// assert_eq!(sorted, [0, 1, 2, 3, 4]);
/// ```
///
/// [`Samples::select`]: crate::Samples::select
pub fn epoch_order(len: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.shuffle(&mut random::stream(seed, Purpose::EpochOrder, epoch));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_stable() {
        assert_eq!(epoch_order(10, 42, 0), [1, 5, 7, 6, 0, 2, 9, 8, 4, 3]);
        assert_eq!(epoch_order(10, 42, 1), [0, 2, 6, 3, 5, 8, 4, 7, 1, 9]);
        assert_eq!(epoch_order(10, 43, 0), [0, 2, 3, 5, 7, 9, 1, 8, 4, 6]);
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
