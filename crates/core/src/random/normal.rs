//! Box and Muller's transform in polynomials: the same bits on every platform, no branches.
//!
//! (Multiplications and additions are fused, which processors without such an instruction have to
//! imitate at length.)

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_PI_2, LN_2};

use super::philox::philox2x32;

/// Pairs of normals in a block.
const PAIRS: usize = 16;

/// Normals in a block.
pub(super) const BLOCK: usize = 2 * PAIRS;

/// The normals of one block of a stream's vector, given by what stands for the vector: element i and
/// element i + 16 come from one pair of random words.
#[inline(always)]
pub(super) fn block(number: u32, words: u64) -> [f32; BLOCK] {
    let first = number.wrapping_mul(PAIRS as u32);
    let [a, b] = pairs::<PAIRS>(|lane| (first.wrapping_add(lane as u32), words));
    let mut block = [0.0; BLOCK];
    block[..PAIRS].copy_from_slice(&a);
    block[PAIRS..].copy_from_slice(&b);
    block
}

/// Blocks that [`blocks`] computes.
pub(super) const BLOCKS: usize = 4;

/// Some blocks, given by their numbers and by what stands for their vectors: first all of their random
/// words, then the normals, so that there is always something to do that does not wait for what comes
/// before.
#[inline(always)]
pub(super) fn blocks(of: [(u32, u64); BLOCKS]) -> [f32; BLOCKS * BLOCK] {
    const AT_ONCE: usize = 2;
    let mut words = [([0; AT_ONCE * PAIRS], [0; AT_ONCE * PAIRS]); BLOCKS / AT_ONCE];
    for (words, of) in words.iter_mut().zip(of.as_chunks::<AT_ONCE>().0) {
        *words = random_words(|lane| {
            let (number, words) = of[lane / PAIRS];
            let first = number.wrapping_mul(PAIRS as u32);
            (first.wrapping_add((lane % PAIRS) as u32), words)
        });
    }
    let mut normals = [0.0; BLOCKS * BLOCK];
    for (b, block) in normals.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
        let (radius_words, angle_words) = &words[b / AT_ONCE];
        for lane in 0..PAIRS {
            let at = b % AT_ONCE * PAIRS + lane;
            [block[lane], block[PAIRS + lane]] = pair(radius_words[at], angle_words[at]);
        }
    }
    normals
}

/// The first normals of [`AT_ONCE`] / `COUNT` vectors, given by what stands for each.
#[inline(always)]
pub(super) fn firsts<const COUNT: usize>(words: impl Fn(usize) -> u64) -> [f32; AT_ONCE] {
    const { assert!(COUNT <= PAIRS && AT_ONCE.is_multiple_of(COUNT)) };
    let [firsts, _] = pairs(|lane| ((lane % COUNT) as u32, words(lane / COUNT)));
    firsts
}

/// Normals that [`firsts`] computes.
pub(super) const AT_ONCE: usize = 32;

/// Pairs of normals, given by their [counters](random_words).
#[inline(always)]
fn pairs<const LANES: usize>(counter: impl Fn(usize) -> (u32, u64)) -> [[f32; LANES]; 2] {
    let (radius_words, angle_words) = random_words::<LANES>(counter);
    let mut normals = [[0.0; LANES]; 2];
    for lane in 0..LANES {
        [normals[0][lane], normals[1][lane]] = pair(radius_words[lane], angle_words[lane]);
    }
    normals
}

/// Pairs of random words, given by the low words of their counters, and by the high words and the keys
/// in one.
#[inline(always)]
fn random_words<const LANES: usize>(
    counter: impl Fn(usize) -> (u32, u64),
) -> ([u32; LANES], [u32; LANES]) {
    let (mut low, mut high, mut key) = ([0; LANES], [0; LANES], [0; LANES]);
    for lane in 0..LANES {
        let (number, words) = counter(lane);
        low[lane] = u64::from(number);
        high[lane] = words >> 32;
        key[lane] = words & 0xffff_ffff;
    }
    philox2x32(low, high, key)
}

/// Two independent standard normals from two random words.
#[inline(always)]
fn pair(radius_word: u32, angle_word: u32) -> [f32; 2] {
    // 31 bits and a half step: never 0, so the logarithm is finite.
    let uniform = ((radius_word >> 1) as i32 as f32 + 0.5) * (1.0 / (1_u32 << 31) as f32);
    let radius = (-2.0 * ln(uniform)).sqrt();
    let (sine, cosine) = sin_cos_of_word(angle_word);
    [radius * cosine, radius * sine]
}

/// Natural logarithm of a positive normal number, to about 1 ulp of the result near 1 and 10⁻⁷
/// relative elsewhere (minimax polynomial of `logf` in Cephes).
#[inline(always)]
fn ln(x: f32) -> f32 {
    // Those of the even powers and of the odd ones, the highest first.
    const EVEN: [f32; 5] = [
        7.037_683_6e-2,
        1.167_699_9e-1,
        1.424_932_3e-1,
        2.000_071_5e-1,
        0.333_333_3,
    ];
    const ODD: [f32; 4] = [
        -1.151_461e-1,
        -1.242_014_1e-1,
        -1.666_805_8e-1,
        -2.499_999_4e-1,
    ];
    // As 2ᵉ times a mantissa in √½…√2, whose bits begin right above those of √½.
    const SMALLEST: u32 = FRAC_1_SQRT_2.to_bits() + 1;
    let above = x.to_bits().wrapping_sub(SMALLEST);
    let exponent = above as i32 >> 23;
    let fraction = f32::from_bits((above & 0x007f_ffff) + SMALLEST) - 1.0;
    let square = fraction * fraction;
    let poly = polynomial(&ODD, square).mul_add(fraction, polynomial(&EVEN, square));
    let of_mantissa = fraction.mul_add(poly, -0.5).mul_add(square, fraction);
    (exponent as f32).mul_add(LN_2, of_mantissa)
}

/// A polynomial, given by its coefficients, the highest first.
#[inline(always)]
fn polynomial(coefficients: &[f32], x: f32) -> f32 {
    let mut sum = coefficients[0];
    for c in &coefficients[1..] {
        sum = sum.mul_add(x, *c);
    }
    sum
}

/// Sine and cosine of a uniformly random angle: the top two bits choose the quadrant, the rest the
/// angle within ±π/4 of its middle (Taylor polynomials, error below 4·10⁻⁷).
#[inline(always)]
fn sin_cos_of_word(word: u32) -> (f32, f32) {
    const SINE: [f32; 4] = [-1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0, 1.0];
    const COSINE: [f32; 5] = [1.0 / 40320.0, -1.0 / 720.0, 1.0 / 24.0, -0.5, 1.0];
    let within = (word << 2) as i32;
    let angle = within as f32 * (FRAC_PI_2 / 4_294_967_296.0);
    let square = angle * angle;
    let sine = angle * polynomial(&SINE, square);
    let cosine = polynomial(&COSINE, square);
    let odd_quadrant = word & (1 << 30) != 0;
    let (s, c) = if odd_quadrant {
        (cosine, sine)
    } else {
        (sine, cosine)
    };
    (negated(s, word), negated(c, word ^ (word << 1)))
}

/// The number, negated if the highest bit of a word is set.
#[inline(always)]
fn negated(x: f32, by: u32) -> f32 {
    f32::from_bits(x.to_bits() ^ (by & (1 << 31)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_agrees_with_the_library() {
        for i in 0..10_000_u32 {
            let x = (i as f32 + 0.5) / 10_000.0;
            let exact = f64::from(x).ln();
            assert!(
                (f64::from(ln(x)) - exact).abs() < 2e-7 * exact.abs().max(1.0),
                "{x}"
            );
        }
        assert!((ln(2.0_f32.powi(-32)) + 32.0 * LN_2).abs() < 1e-5);
    }

    #[test]
    fn angle_covers_the_circle() {
        for i in 0..4096_u32 {
            let word = i << 20;
            // Within a quadrant the angle runs from its middle up, wraps, and ends below the middle.
            let within = f64::from((word << 2) as i32) / 4_294_967_296.0;
            let angle = (f64::from(word >> 30) + within) * std::f64::consts::FRAC_PI_2;
            let (sine, cosine) = sin_cos_of_word(word);
            assert!((f64::from(sine) - angle.sin()).abs() < 1e-6);
            assert!((f64::from(cosine) - angle.cos()).abs() < 1e-6);
        }
    }
}
