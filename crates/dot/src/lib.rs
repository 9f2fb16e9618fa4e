//! Products of 16-bit integers with exact sums in 32 bits, by the processor's own instructions for pairs
//! of them (AVX-512 VNNI, or AVX2): two and more times as fast as products in `f32`.
//!
//! This is the one crate of the workspace with unsafe code: the instructions are reached in no other way.
//! It takes and gives plain arrays, and there is nothing unsafe about calling it.
//!
//! ```
//! use bss2_dot::{Dot, PairRow, pair};
//!
//! // 1·5 + 2·6 + 3·7 + 4·8 in each of 32 columns.
//! let a = [pair(1, 2), pair(3, 4)];
//! let b = [PairRow([pair(5, 6); 32]), PairRow([pair(7, 8); 32])];
//! assert_eq!(Dot::detect().tile([&a], &b)[0].0, [70; 32]);
//! ```

/// Columns of a tile: two vectors of the widest kind.
pub const COLUMNS: usize = 32;

/// Two neighbours of the inner index in one word, the first in its lower half.
pub type Pair = u32;

/// Puts two neighbours into one word.
#[inline(always)]
pub const fn pair(first: i16, second: i16) -> Pair {
    first.cast_unsigned() as u32 | (second.cast_unsigned() as u32) << 16
}

/// Pairs of neighbouring rows of a matrix, by column; aligned such that no vector crosses a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(128))]
pub struct PairRow(pub [Pair; COLUMNS]);

/// Sums by column, aligned likewise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(128))]
pub struct SumRow(pub [i32; COLUMNS]);

/// How products are made; each way gives the same sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dot(Way);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Held only where the features have been detected.
    #[cfg(target_arch = "x86_64")]
    Vnni512,
    /// Likewise.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Plain,
}

impl Dot {
    /// The fastest way on this processor.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx512f") && has!("avx512vnni") {
                return Self(Way::Vnni512);
            }
            if has!("avx2") {
                return Self(Way::Avx2);
            }
        }
        Self(Way::Plain)
    }

    /// All ways on this processor, the fastest first.
    pub fn all() -> impl Iterator<Item = Self> {
        let fastest = Self::detect();
        #[cfg(target_arch = "x86_64")]
        let others = {
            let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
            [has_avx2.then_some(Way::Avx2), Some(Way::Plain)]
        };
        #[cfg(not(target_arch = "x86_64"))]
        let others = [Some(Way::Plain)];
        let others = others.into_iter().flatten().map(Self);
        std::iter::once(fastest).chain(others.filter(move |way| *way != fastest))
    }

    /// Products of some rows of pairs with the columns of a matrix: Σ a·b over both numbers of all pairs,
    /// of as many as `b` and each row have. Sums beyond 32 bits wrap around.
    #[inline(always)]
    pub fn tile<const ROWS: usize>(self, a: [&[Pair]; ROWS], b: &[PairRow]) -> [SumRow; ROWS] {
        self.halves::<ROWS, 2>(a, b)
    }

    /// The same for the first `COLUMNS / 2` columns; what it says of others means nothing.
    #[inline(always)]
    pub fn half_tile<const ROWS: usize>(self, a: [&[Pair]; ROWS], b: &[PairRow]) -> [SumRow; ROWS] {
        self.halves::<ROWS, 1>(a, b)
    }

    /// One half of the columns or both.
    #[inline(always)]
    fn halves<const ROWS: usize, const HALVES: usize>(
        self,
        a: [&[Pair]; ROWS],
        b: &[PairRow],
    ) -> [SumRow; ROWS] {
        let pairs = a.iter().fold(b.len(), |least, row| least.min(row.len()));
        let (rows, b) = (a.map(|row| &row[..pairs]), &b[..pairs]);
        match self.0 {
            // SAFETY: these ways exist only where the features have been detected.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the features are there")]
            Way::Vnni512 => unsafe { x86::tile_vnni::<ROWS, HALVES>(rows, b) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the features are there")]
            Way::Avx2 => unsafe { x86::tile_avx2::<ROWS, HALVES>(rows, b) },
            Way::Plain => tile(rows, b),
        }
    }
}

/// The two neighbours of a word.
fn halves(pair: Pair) -> [i32; 2] {
    let word = pair.cast_signed();
    [word << 16 >> 16, word >> 16]
}

/// On any processor.
fn tile<const ROWS: usize>(a: [&[Pair]; ROWS], b: &[PairRow]) -> [SumRow; ROWS] {
    a.map(|a| {
        let mut sums = [0_i32; COLUMNS];
        for (a, b) in a.iter().zip(b) {
            let [a_first, a_second] = halves(*a);
            for (sum, b) in sums.iter_mut().zip(&b.0) {
                let [b_first, b_second] = halves(*b);
                let product = (a_first * b_first).wrapping_add(a_second * b_second);
                *sum = sum.wrapping_add(product);
            }
        }
        SumRow(sums)
    })
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![allow(unsafe_code, reason = "values are seen as vectors of the same bits")]

    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_add_epi32, _mm256_madd_epi16, _mm256_set1_epi32,
        _mm256_setzero_si256, _mm512_dpwssd_epi32, _mm512_set1_epi32, _mm512_setzero_si512,
    };
    use std::mem::transmute;

    use super::{COLUMNS, Pair, PairRow, SumRow};

    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) fn tile_vnni<const ROWS: usize, const HALVES: usize>(
        rows: [&[Pair]; ROWS],
        b: &[PairRow],
    ) -> [SumRow; ROWS] {
        let mut sums = [[_mm512_setzero_si512(); 2]; ROWS];
        for (k, b) in b.iter().enumerate() {
            // SAFETY: two vectors of 16 pairs have the bits of 32 pairs, and any bits are numbers.
            let b: [__m512i; 2] = unsafe { transmute(b.0) };
            for r in 0..ROWS {
                let a = _mm512_set1_epi32(rows[r][k].cast_signed());
                for half in 0..HALVES {
                    sums[r][half] = _mm512_dpwssd_epi32(sums[r][half], a, b[half]);
                }
            }
        }
        // SAFETY: as above, for sums.
        sums.map(|sums| SumRow(unsafe { transmute::<[__m512i; 2], [i32; COLUMNS]>(sums) }))
    }

    /// Rows whose sums of half the columns fit into the registers.
    const AT_ONCE: usize = 4;

    #[target_feature(enable = "avx2")]
    pub(super) fn tile_avx2<const ROWS: usize, const HALVES: usize>(
        rows: [&[Pair]; ROWS],
        b: &[PairRow],
    ) -> [SumRow; ROWS] {
        let mut found = [[[_mm256_setzero_si256(); 2]; 2]; ROWS];
        for half in 0..HALVES {
            for (rows, found) in rows.chunks(AT_ONCE).zip(found.chunks_mut(AT_ONCE)) {
                let mut sums = [[_mm256_setzero_si256(); 2]; AT_ONCE];
                for (k, b) in b.iter().enumerate() {
                    // SAFETY: four vectors of 8 pairs have the bits of 32 pairs, and any bits are numbers.
                    let b: [[__m256i; 2]; 2] = unsafe { transmute(b.0) };
                    for (sums, a) in sums.iter_mut().zip(rows) {
                        let a = _mm256_set1_epi32(a[k].cast_signed());
                        sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(a, b[half][0]));
                        sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(a, b[half][1]));
                    }
                }
                for (found, sums) in found.iter_mut().zip(sums) {
                    found[half] = sums;
                }
            }
        }
        // SAFETY: as above, for sums.
        found.map(|sums| SumRow(unsafe { transmute::<[[__m256i; 2]; 2], [i32; COLUMNS]>(sums) }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Fewer where each step takes long.
    const PAIRS_MAX: usize = if cfg!(miri) { 3 } else { 80 };

    proptest! {
        #[test]
        fn tiles_are_sums_of_products(
            (pairs, a, b) in (0..PAIRS_MAX).prop_flat_map(|pairs| {
                let a = vec(any::<Pair>(), 8 * pairs);
                let b = vec(proptest::array::uniform32(any::<Pair>()), pairs);
                (Just(pairs), a, b)
            }),
        ) {
            let rows: [&[Pair]; 8] = std::array::from_fn(|r| &a[r * pairs..][..pairs]);
            let b: Vec<PairRow> = b.into_iter().map(PairRow).collect();
            for dot in Dot::all() {
                let found = dot.tile(rows, &b);
                let some = dot.tile::<4>(std::array::from_fn(|r| rows[r]), &b);
                prop_assert_eq!(&some[..], &found[..4], "whatever the rows beside");
                for (half, found) in dot.half_tile(rows, &b).iter().zip(&found) {
                    prop_assert_eq!(&half.0[..COLUMNS / 2], &found.0[..COLUMNS / 2]);
                }
                for (row, found) in rows.iter().zip(found) {
                    prop_assert_eq!(dot.tile([*row], &b)[0], found, "whatever the rows beside");
                    for (c, found) in found.0.into_iter().enumerate() {
                        let terms = row.iter().zip(&b).flat_map(|(a, b)| {
                            let numbers = |pair: Pair| [pair as i16, (pair >> 16) as i16].map(i64::from);
                            let (a, b) = (numbers(*a), numbers(b.0[c]));
                            [a[0] * b[0], a[1] * b[1]]
                        });
                        prop_assert_eq!(found, terms.sum::<i64>() as i32, "{:?}", dot);
                    }
                }
            }
        }
    }

    #[test]
    fn pairs_hold_both_numbers() {
        for (first, second) in [(1, -2), (-1, 2), (i16::MIN, i16::MAX), (-1, -1)] {
            let numbers = halves(pair(first, second));
            assert_eq!(numbers, [first, second].map(i32::from));
        }
    }

    #[test]
    fn what_some_row_has_no_pair_for_is_left_out() {
        let (long, short) = ([pair(1, 2), pair(3, 4)], [pair(5, 6)]);
        let b = [PairRow([pair(7, 8); COLUMNS]); 3];
        for dot in Dot::all() {
            let found = dot.tile([&long[..], &short[..]], &b);
            assert_eq!(found.map(|sums| sums.0), [[23; COLUMNS], [83; COLUMNS]]);
            assert_eq!(dot.tile([&[][..]], &b)[0].0, [0; COLUMNS]);
        }
    }

    #[test]
    fn the_fastest_way_comes_first_and_each_once() {
        let ways: Vec<Dot> = Dot::all().collect();
        assert_eq!(ways[0], Dot::detect());
        assert_eq!(ways.last(), Some(&Dot(Way::Plain)));
        if cfg!(target_feature = "avx2") {
            // As under Miri, which is to see more than the last.
            assert!(ways.len() > 1);
        }
        for (i, way) in ways.iter().enumerate() {
            assert!(!ways[..i].contains(way));
        }
    }
}
