//! One random stream per imperfection, so that none moves another's draws.

use bss2_core::random::keyed_stream;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand_distr::StandardNormal;

/// What is drawn once per chip. The numbers are part of the value-stability promise: a chip of a
/// given seed keeps its draws as long as they do not change.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Imperfection {
    DriverOffset = 1,
    DriverCeiling = 2,
    DriverFailure = 3,
    RampGain = 4,
    SynapseCurrent = 5,
    OtaGain = 6,
    OtaOffset = 7,
    MembraneFloor = 8,
    MembraneCeiling = 9,
    MembraneLeak = 10,
    CadcRampOffset = 11,
    CadcRampSlope = 12,
    CadcOffset = 13,
    CadcGain = 14,
    CadcNonLinearity = 15,
    ColumnFailure = 16,
}

/// Smallest factor by which mismatch changes a gain: a current or slope cannot be reversed, however
/// wide its spread is configured.
pub(crate) const SMALLEST_FACTOR: f32 = 0.05;

/// Source numbers of trial-to-trial noise, part of the noise key.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum NoiseSource {
    Jitter = 1,
    Column = 2,
    Ramp = 3,
    Mock = 4,
}

/// Draws of one imperfection of one chip.
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(chip_seed: u64, imperfection: Imperfection) -> Self {
        Self(keyed_stream(chip_seed, imperfection as u64))
    }

    /// A standard normal.
    pub(crate) fn normal(&mut self) -> f32 {
        self.0.sample(StandardNormal)
    }

    /// `count` standard normals.
    pub(crate) fn normals(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.normal()).collect()
    }

    /// `count` numbers uniform in 0…1.
    pub(crate) fn uniforms(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.0.random()).collect()
    }
}
