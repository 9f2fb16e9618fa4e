//! Philox2x32-7, a counter-based generator (Salmon, Moraes, Dror, Shaw: Parallel random numbers:
//! as easy as 1, 2, 3; SC 2011).
//!
//! Seven rounds of the usual ten: the authors distribute known answers for both. The tests of the noise
//! (`tests/suite/noise_statistics`) find fault with three rounds, and none with four.

const MULTIPLIER: u64 = 0xd256_d193;
const WEYL: u32 = 0x9e37_79b9;
const ROUNDS: u32 = 7;

const LOW_WORD: u64 = 0xffff_ffff;

/// Scrambles 64-bit counters, given as low and high words, under 32-bit keys. Lanes are independent;
/// there are many so that the compiler can use vector instructions, and they are 64 bits wide because
/// the products are.
#[inline(always)]
pub(super) fn philox2x32<const LANES: usize>(
    mut low: [u64; LANES],
    mut high: [u64; LANES],
    key: [u64; LANES],
) -> ([u32; LANES], [u32; LANES]) {
    let mut weyl = 0_u32;
    for _ in 0..ROUNDS {
        for lane in 0..LANES {
            let product = MULTIPLIER * (low[lane] & LOW_WORD);
            let round_key = (key[lane] + u64::from(weyl)) & LOW_WORD;
            low[lane] = (product >> 32) ^ round_key ^ high[lane];
            high[lane] = product & LOW_WORD;
        }
        weyl = weyl.wrapping_add(WEYL);
    }
    let mut words = ([0; LANES], [0; LANES]);
    for lane in 0..LANES {
        words.0[lane] = low[lane] as u32;
        words.1[lane] = high[lane] as u32;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers distributed with Random123 (`kat_vectors`, philox2x32 7).
    #[test]
    fn known_answers() {
        let answer = |low, high, key| {
            let (low, high) = philox2x32([low], [high], [key]);
            [low[0], high[0]]
        };
        assert_eq!(answer(0, 0, 0), [0x257a_3673, 0xcd26_be2a]);
        assert_eq!(
            answer(0xffff_ffff, 0xffff_ffff, 0xffff_ffff),
            [0xab30_2c4d, 0x3dc9_d239]
        );
        assert_eq!(
            answer(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e),
            [0xbedb_be6b, 0xe4c7_70b3]
        );
    }
}
