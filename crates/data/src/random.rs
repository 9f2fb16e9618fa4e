//! Independent random streams for independent purposes.

use rand::{SeedableRng, rngs::ChaCha8Rng};

/// What random numbers are drawn for. The discriminants are part of every pinned result: append only.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Split = 1,
    YinYang = 2,
}

/// The generator of one purpose and stream.
///
/// The purpose goes into the key beside the seed: a user who passes one seed everywhere must not get
/// a split that is correlated with the generated points.
pub(crate) fn stream(seed: u64, purpose: Purpose, stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8] = purpose as u8;
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(stream);
    rng
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn seed_purpose_and_stream_each_change_the_numbers() {
        let first = |seed, purpose, number| stream(seed, purpose, number).random::<u64>();
        let reference = first(1, Purpose::Split, 0);
        assert_eq!(reference, first(1, Purpose::Split, 0));
        assert_ne!(reference, first(2, Purpose::Split, 0));
        assert_ne!(reference, first(1, Purpose::YinYang, 0));
        assert_ne!(reference, first(1, Purpose::Split, 1));
    }
}
