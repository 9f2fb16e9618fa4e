//! Box and Muller's transform in polynomials: the same bits on every platform, no branches.
//!
//! (Multiplications and additions are fused, which processors without such an instruction have to
//! imitate at length.)

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_PI_2, LN_2};

use super::philox::philox2x32;

/// Counters of a block.
const COUNTERS: usize = 16;

/// Normals in a block.
pub(super) const BLOCK: usize = 4 * COUNTERS;

/// Blocks that [`blocks`] computes at once.
pub(super) const BLOCKS: usize = 4;

/// What a block is computed from: its number among those of its vector, and what stands for the
/// vector.
pub(super) type BlockKey = (u32, u64);

/// Computes a block. Elements i, i + 16, i + 32 and i + 48 come from one counter.
#[inline(always)]
pub(super) fn block(key: BlockKey, block: &mut [f32; BLOCK]) {
    let words = random_words::<COUNTERS>(|lane| counter(key, lane));
    fill_block(&words, 0, block);
}

/// Computes some blocks: first all of their random words, then the normals, so that there is always
/// something to do that does not wait for what comes before.
#[inline(always)]
pub(super) fn blocks(keys: [BlockKey; BLOCKS], blocks: &mut [[f32; BLOCK]; BLOCKS]) {
    const AT_ONCE: usize = 2;
    let mut words = [([0; AT_ONCE * COUNTERS], [0; AT_ONCE * COUNTERS]); BLOCKS / AT_ONCE];
    for (words, keys) in words.iter_mut().zip(keys.as_chunks::<AT_ONCE>().0) {
        *words = random_words(|lane| counter(keys[lane / COUNTERS], lane % COUNTERS));
    }
    for (b, block) in blocks.iter_mut().enumerate() {
        fill_block(&words[b / AT_ONCE], b % AT_ONCE * COUNTERS, block);
    }
}

/// The counter of a lane of a block.
#[inline(always)]
fn counter((number, words): BlockKey, lane: usize) -> (u32, u64) {
    let first = number.wrapping_mul(COUNTERS as u32);
    (first.wrapping_add(lane as u32), words)
}

/// Computes the block whose words begin at a lane.
#[inline(always)]
fn fill_block<const LANES: usize>(
    (low, high): &([u32; LANES], [u32; LANES]),
    first: usize,
    block: &mut [f32; BLOCK],
) {
    let (of_low, of_high) = block.split_at_mut(2 * COUNTERS);
    for lane in 0..COUNTERS {
        [of_low[lane], of_low[COUNTERS + lane]] = pair(low[first + lane]);
        [of_high[lane], of_high[COUNTERS + lane]] = pair(high[first + lane]);
    }
}

/// The first normals of [`AT_ONCE`] / `COUNT` vectors, given by what stands for each.
#[inline(always)]
pub(super) fn firsts<const COUNT: usize>(words: impl Fn(usize) -> u64) -> [f32; AT_ONCE] {
    const { assert!(COUNT <= COUNTERS && AT_ONCE.is_multiple_of(COUNT)) };
    let (low, _) = random_words::<AT_ONCE>(|lane| ((lane % COUNT) as u32, words(lane / COUNT)));
    let mut firsts = [0.0; AT_ONCE];
    for lane in 0..AT_ONCE {
        firsts[lane] = pair(low[lane])[0];
    }
    firsts
}

/// Normals that [`firsts`] computes.
pub(super) const AT_ONCE: usize = 32;

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

/// Bits of a word that make the angle; the others make the radius.
const ANGLE_BITS: u32 = 12;

/// Two independent standard normals from one random word.
///
/// 4096 equally spaced angles have exactly the moments of all angles (up to the 4095th), and 2²⁰ radii
/// reach to 5.4 σ.
#[inline(always)]
fn pair(word: u32) -> [f32; 2] {
    // With half a step: never 0, so the logarithm is finite.
    let uniform = ((word >> ANGLE_BITS) as i32 as f32 + 0.5) * (1.0 / (1_u32 << 20) as f32);
    let radius = (-2.0 * ln(uniform)).sqrt();
    // With half a step likewise: no angle lies on an axis.
    let (sine, cosine) = sin_cos_of_word((word << (32 - ANGLE_BITS)) | 1 << (31 - ANGLE_BITS));
    [radius * cosine, radius * sine]
}

/// Natural logarithm of a positive normal number, relative error below 10⁻⁵, 0 at 1 (minimax
/// polynomial).
#[inline(always)]
fn ln(x: f32) -> f32 {
    // Those of the even powers and of the odd ones, the highest first.
    const EVEN: [f32; 3] = [0.220_559_4, 0.332_580_23, 1.000_004_6];
    const ODD: [f32; 3] = [-0.142_920_76, -0.254_032_7, -0.499_902_2];
    // As 2ᵉ times a mantissa in √½…√2, whose bits begin right above those of √½.
    const SMALLEST: u32 = FRAC_1_SQRT_2.to_bits() + 1;
    let above = x.to_bits().wrapping_sub(SMALLEST);
    let exponent = above as i32 >> 23;
    let fraction = f32::from_bits((above & 0x007f_ffff) + SMALLEST) - 1.0;
    let square = fraction * fraction;
    let slope = polynomial(&ODD, square).mul_add(fraction, polynomial(&EVEN, square));
    (exponent as f32).mul_add(LN_2, fraction * slope)
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
/// angle within ±π/4 of its middle (minimax polynomials, error below 1.1·10⁻⁵).
#[inline(always)]
fn sin_cos_of_word(word: u32) -> (f32, f32) {
    const SINE: [f32; 3] = [0.008_150_057, -0.166_623_82, 0.999_998_5];
    const COSINE: [f32; 3] = [0.040_398_54, -0.499_708_14, 0.999_990_04];
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
            let error = (f64::from(ln(x)) - exact).abs();
            assert!(error < 1e-5 * exact.abs(), "{x}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn angle_covers_the_circle() {
        for i in 0..4096_u32 {
            let word = i << 20;
            // Within a quadrant the angle runs from its middle up, wraps, and ends below the middle.
            let within = f64::from((word << 2) as i32) / 4_294_967_296.0;
            let angle = (f64::from(word >> 30) + within) * std::f64::consts::FRAC_PI_2;
            let (sine, cosine) = sin_cos_of_word(word);
            assert!((f64::from(sine) - angle.sin()).abs() < 1.1e-5);
            assert!((f64::from(cosine) - angle.cos()).abs() < 1.1e-5);
        }
    }
}
