//! One random stream per imperfection, so that none moves another's draws.

use bss2_core::Register;
use bss2_core::random::{derive_seed, keyed_stream};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand_distr::StandardNormal;

/// What is drawn once per chip. The numbers are part of the value-stability promise: a chip of a
/// given seed keeps its draws as long as they do not change.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Draw {
    DriverOffset = 1,
    DriverCeiling = 2,
    DriverFailure = 3,
    RampGain = 4,
    SynapseCurrent = 5,
    OtaGain = 6,
    OtaBalance = 7,
    MembraneFloor = 8,
    MembraneCeiling = 9,
    ResidualLeak = 10,
    CadcRampOffset = 11,
    CadcRampSlope = 12,
    CadcOffset = 13,
    CadcGain = 14,
    CadcNonLinearity = 15,
    ChannelFailure = 16,
    StuckSynapses = 17,
    LineTau = 18,
    LineRest = 19,
    Leak = 20,
    Reset = 21,
    DriverTemperature = 22,
    GainTemperature = 23,
    OffsetTemperature = 24,
    LeakOffset = 25,
    /// Here and above: one stream per register.
    CapMem = 1 << 32,
}

/// Smallest factor by which mismatch changes a gain: a current or slope cannot be reversed, however
/// wide its spread is configured.
pub(crate) const SMALLEST_FACTOR: f32 = 0.05;

/// Source numbers of trial-to-trial noise and of drift, part of the noise key.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum NoiseSource {
    Jitter = 1,
    Column = 2,
    Ramp = 3,
    Mock = 4,
    BaselineColumn = 5,
    BaselineRamp = 6,
    Trace = 7,
    DriftOffset = 8,
    DriftGain = 9,
    DriftDriver = 10,
    Membrane = 11,
    DriftBalance = 12,
}

/// Draws of one imperfection of one chip.
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(chip_seed: u64, draw: Draw) -> Self {
        Self(keyed_stream(chip_seed, draw as u64))
    }

    /// A stream of its own for the cells of each register, which follows from its name: a register
    /// more or less, or another order, moves no other's.
    pub(crate) fn of_register(chip_seed: u64, draw: Draw, register: Register) -> Self {
        let name = register.name().bytes();
        let number = name.fold(0_u64, |number, byte| derive_seed(number, u64::from(byte)));
        Self(keyed_stream(chip_seed, draw as u64 | number))
    }

    /// A standard normal.
    pub(crate) fn normal(&mut self) -> f32 {
        self.0.sample(StandardNormal)
    }

    /// `count` standard normals.
    pub(crate) fn normals(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.normal()).collect()
    }

    /// `count` normals of a mean and a standard deviation.
    pub(crate) fn scaled(&mut self, count: usize, mean: f32, spread: f32) -> Vec<f32> {
        (0..count).map(|_| mean + spread * self.normal()).collect()
    }

    /// `count` factors around 1, none below [`SMALLEST_FACTOR`].
    pub(crate) fn factors(&mut self, count: usize, spread: f32) -> Vec<f32> {
        (0..count)
            .map(|_| (1.0 + spread * self.normal()).max(SMALLEST_FACTOR))
            .collect()
    }

    /// A number uniform in 0…1.
    pub(crate) fn uniform(&mut self) -> f32 {
        self.0.random()
    }

    /// `count` numbers uniform in 0…1.
    pub(crate) fn uniforms(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.uniform()).collect()
    }
}
