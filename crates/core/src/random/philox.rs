//! Philox2x32-10, a counter-based generator (Salmon, Moraes, Dror, Shaw: Parallel random numbers:
//! as easy as 1, 2, 3; SC 2011).

const MULTIPLIER: u64 = 0xd256_d193;
const WEYL: u32 = 0x9e37_79b9;
const ROUNDS: u32 = 10;

/// Scrambles a 64-bit counter under a 32-bit key.
#[inline]
pub(super) fn philox2x32(counter: [u32; 2], key: u32) -> [u32; 2] {
    let [mut left, mut right] = counter;
    let mut round_key = key;
    for _ in 0..ROUNDS {
        let product = MULTIPLIER * u64::from(left);
        left = (product >> 32) as u32 ^ round_key ^ right;
        right = product as u32;
        round_key = round_key.wrapping_add(WEYL);
    }
    [left, right]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers distributed with Random123 (`kat_vectors`, philox2x32 10).
    #[test]
    fn known_answers() {
        assert_eq!(philox2x32([0, 0], 0), [0xff1d_ae59, 0x6cd1_0df2]);
        assert_eq!(
            philox2x32([0xffff_ffff, 0xffff_ffff], 0xffff_ffff),
            [0x2c3f_628b, 0xab4f_d7ad]
        );
        assert_eq!(
            philox2x32([0x243f_6a88, 0x85a3_08d3], 0x1319_8a2e),
            [0xdd7c_e038, 0xf62a_4c12]
        );
    }
}
