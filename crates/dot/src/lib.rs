//! Products of numbers in half of single precision (bfloat16) with sums in `f32`, by the processor's own
//! instruction for them (AVX-512 BF16): twice as fast as products in `f32`.
//!
//! This is the one crate of the workspace with unsafe code: the instruction is reached in no other way.
//! It takes and gives plain arrays, and there is nothing unsafe about calling it.
//!
//! ```
//! use bss2_dot::{Dot, PairRow, pair};
//!
//! // 1·5 + 2·6 + 3·7 + 4·8 in each of 32 columns.
//! let a = [pair(1.0, 2.0), pair(3.0, 4.0)];
//! let b = [PairRow([pair(5.0, 6.0); 32]), PairRow([pair(7.0, 8.0); 32])];
//! if let Some(dot) = Dot::detect() {
//!     assert_eq!(dot.tile([&a], &b)[0].0, [70.0; 32]);
//! }
//! ```

/// Columns of a tile: two vectors of the widest kind.
pub const COLUMNS: usize = 32;

/// Pairs of neighbouring rows of a matrix, by column; aligned such that no vector crosses a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(128))]
pub struct PairRow(pub [u32; COLUMNS]);

/// Sums by column, aligned likewise.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(128))]
pub struct SumRow(pub [f32; COLUMNS]);

/// The bfloat16 number next to a finite one, the even one if there are two, as the upper half of an
/// `f32`'s bits; the lower half is zero.
#[inline(always)]
pub fn rounded(value: f32) -> u32 {
    let bits = value.to_bits();
    let odd = (bits >> 16) & 1;
    bits.wrapping_add(0x7fff + odd) & 0xffff_0000
}

/// Two finite numbers, each rounded to bfloat16, in one word.
#[inline(always)]
pub fn pair(first: f32, second: f32) -> u32 {
    (rounded(first) >> 16) | rounded(second)
}

/// Proof that the processor has the instruction.
#[derive(Clone, Copy, Debug)]
pub struct Dot(());

impl Dot {
    /// Asks the processor.
    pub fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            // With what these imply.
            if has!("avx512bf16")
                && has!("avx512bw")
                && has!("avx512f")
                && has!("avx2")
                && has!("fma")
                && has!("f16c")
            {
                return Some(Self(()));
            }
        }
        None
    }

    /// Products of some rows of pairs with the columns of a matrix: Σ a·b over both numbers of all pairs.
    /// Every sum is made in the order of the pairs, the second of a pair before the first, each product
    /// added by a fused operation. Numbers below 2⁻¹²⁶ count as zero.
    ///
    /// # Panics
    /// If a row has fewer pairs than `b`.
    #[inline(always)]
    pub fn tile<const ROWS: usize>(self, a: [&[u32]; ROWS], b: &[PairRow]) -> [SumRow; ROWS] {
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: a `Dot` exists only where the features have been detected.
            #[allow(unsafe_code, reason = "the features are there")]
            unsafe {
                x86::tile(a, b)
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = (a, b);
            unreachable!("no other processor has been found to have the instruction")
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![allow(unsafe_code, reason = "values are seen as vectors of the same bits")]

    use std::arch::x86_64::{
        __m512, __m512bh, _mm512_dpbf16_ps, _mm512_set1_epi32, _mm512_setzero_ps,
    };
    use std::mem::transmute;

    use super::{COLUMNS, PairRow, SumRow};

    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(super) fn tile<const ROWS: usize>(a: [&[u32]; ROWS], b: &[PairRow]) -> [SumRow; ROWS] {
        let mut rows = a;
        for row in &mut rows {
            *row = &row[..b.len()];
        }
        let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
        for (k, b) in b.iter().enumerate() {
            // SAFETY: two vectors of 16 pairs have the bits of 32 pairs, and any bits are numbers.
            let b: [__m512bh; 2] = unsafe { transmute(b.0) };
            for r in 0..ROWS {
                // SAFETY: as above, for one vector.
                let a: __m512bh = unsafe { transmute(_mm512_set1_epi32(rows[r][k].cast_signed())) };
                sums[r][0] = _mm512_dpbf16_ps(sums[r][0], a, b[0]);
                sums[r][1] = _mm512_dpbf16_ps(sums[r][1], a, b[1]);
            }
        }
        let mut found = [SumRow([0.0; COLUMNS]); ROWS];
        for r in 0..ROWS {
            // SAFETY: as above, for numbers.
            found[r] = SumRow(unsafe { transmute::<[__m512; 2], [f32; COLUMNS]>(sums[r]) });
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_are_rounded_to_even() {
        let next = f32::from_bits(1.0_f32.to_bits() + 0x1_0000);
        let between = f32::from_bits(1.0_f32.to_bits() + 0x8000);
        assert_eq!(f32::from_bits(rounded(between)), 1.0);
        assert_eq!(f32::from_bits(rounded(between + 1e-6)), next);
        assert_eq!(f32::from_bits(rounded(-between)), -1.0);
        let odd = f32::from_bits(next.to_bits() + 0x8000);
        assert_eq!(rounded(odd), next.to_bits() + 0x1_0000);
        assert_eq!(rounded(0.0), 0);
    }

    proptest! {
        #[test]
        fn rounding_is_to_the_next_of_eight_bits(x in -1e30_f32..1e30) {
            let found = f32::from_bits(rounded(x));
            prop_assert!((found - x).abs() <= x.abs() / 256.0);
            prop_assert_eq!(rounded(found), found.to_bits());
            prop_assert_eq!(pair(x, 0.0), rounded(x) >> 16);
            prop_assert_eq!(pair(0.0, x), rounded(x));
        }

        #[test]
        fn tiles_are_sums_of_products(pairs in 0_usize..80, seed: u32) {
            let Some(dot) = Dot::detect() else { return Ok(()) };
            let value = |i: usize, j: usize, step: usize| {
                ((i * step + j * 31 + seed as usize % 1000) % 97) as f32 / 8.0 - 6.0
            };
            let halves = |word: u32| [word << 16, word & 0xffff_0000].map(f32::from_bits);
            let a: Vec<Vec<u32>> = (0..8)
                .map(|r| (0..pairs).map(|k| pair(value(r, k, 13), value(r, k, 17))).collect())
                .collect();
            let b: Vec<PairRow> = (0..pairs)
                .map(|k| PairRow(std::array::from_fn(|c| pair(value(c, k, 19), value(c, k, 23)))))
                .collect();
            let found = dot.tile::<8>(std::array::from_fn(|r| &a[r][..]), &b);
            for r in 0..8 {
                prop_assert_eq!(dot.tile([&a[r][..]], &b)[0], found[r], "whatever the rows beside");
                for c in 0..COLUMNS {
                    let terms = (0..pairs).flat_map(|k| {
                        let (a, b) = (halves(a[r][k]), halves(b[k].0[c]));
                        [0, 1].map(|i| f64::from(a[i]) * f64::from(b[i]))
                    });
                    let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), term| {
                        (sum + term, size + term.abs())
                    });
                    prop_assert!((f64::from(found[r].0[c]) - sum).abs() <= 1e-6 * size);
                }
            }
        }
    }

    #[test]
    fn short_rows_are_refused() {
        let Some(dot) = Dot::detect() else { return };
        let short = || dot.tile([&[0][..]], &[PairRow([0; COLUMNS]); 2]);
        assert!(std::panic::catch_unwind(short).is_err());
    }
}
