//! Ways to damage a file.

use bss2_core::random::keyed_stream;
use rand::{Rng, RngExt};

/// Most files of one systematic kind; longer ones are damaged at places that are evenly spread.
const FILES_MAX: usize = 8192;

/// All that begin like it.
pub(crate) fn shorter(intact: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let step = intact.len().div_ceil(FILES_MAX);
    (0..intact.len())
        .step_by(step)
        .map(|length| intact[..length].to_vec())
}

/// All with one bit flipped.
pub(crate) fn flips(intact: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let bits = 8 * intact.len();
    // Odd, so that all bits of bytes have their turn.
    let step = bits.div_ceil(FILES_MAX) | 1;
    (0..bits).step_by(step).map(|bit| {
        let mut bytes = intact.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    })
}

/// Numbers at the ends of what their types hold, in both orders of bytes.
const ENDS: [u64; 8] = [0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, u64::MAX];

/// Some damage after another, at random.
pub(crate) fn random(intact: &[u8], rounds: u64) -> impl Iterator<Item = Vec<u8>> {
    (0..rounds).map(|round| {
        let mut random = keyed_stream(round, 0);
        let mut bytes = intact.to_vec();
        for _ in 0..random.random_range(1..6) {
            damage(&mut bytes, &mut random);
        }
        bytes
    })
}

fn damage(bytes: &mut Vec<u8>, random: &mut impl Rng) {
    if bytes.is_empty() {
        return bytes.push(random.random());
    }
    // The first bytes say what the rest is: they get half of the damage.
    let ends = if random.random() {
        bytes.len()
    } else {
        bytes.len().min(128)
    };
    let place = random.random_range(0..ends);
    let length = random.random_range(1..=16.min(bytes.len() - place));
    match random.random_range(0..7) {
        0 => bytes[place] = random.random(),
        1 => bytes[place] ^= 1 << random.random_range(0..8),
        2 => {
            let end = ENDS[random.random_range(0..ENDS.len())];
            let end = if random.random() {
                end.to_le_bytes()
            } else {
                end.to_be_bytes()
            };
            let width = [1, 2, 4, 8][random.random_range(0..4)].min(bytes.len() - place);
            let from = if end[0] == 0 { 8 - width } else { 0 };
            bytes[place..place + width].copy_from_slice(&end[from..from + width]);
        }
        3 => drop(bytes.drain(place..place + length)),
        4 => {
            let part = bytes[place..place + length].to_vec();
            let to = random.random_range(0..=bytes.len());
            bytes.splice(to..to, part);
        }
        5 => {
            let to = random.random_range(0..=bytes.len());
            bytes.splice(to..to, std::iter::repeat_n(random.random(), length));
        }
        _ => bytes.truncate(place),
    }
}
