//! Synapse array: a weight becomes a charge on a synaptic line.
//!
//! An event of one activation unit brings
//!
//! q(w) = (b / 1022) · Σ_k bit_k(w)·2ᵏ·(1 + ε_k) · (1 − att·c/256)
//!
//! in weight units, with the bias b = `syn_i_bias_dac` of the quadrant and a mismatch ε of every bit
//! cell that shrinks with the cell's size (∝ 2^(−k/2)) and grows as the bias falls (∝ (1022/b)^½).
//! Columns further from their drivers receive slightly less. The memory of a few synapses is stuck:
//! they keep their weight whatever is written.

use std::ops::Range;

use bss2_core::{ArrayGeometry, ReadoutSource, Register, Scope, WEIGHT_MAX};

use crate::parameter::section;
use crate::registers::RegisterFile;
use crate::side_by_side::{SideBySide, block};
use crate::stream::{Draw, Draws};

section! {
    /// Parameters of the synapse array.
    pub struct SynapseConfig in "synapse" {
        /// Relative standard deviation of the smallest bit cell's current at full bias, for each
        /// bit of each synapse.
        smallest_bit_mismatch: 0.12 in 0.0 to 0.5, PerChip,
            "assumption: makes 2…3 % at weight 21, as the published column spread of one row asks for";
        /// Relative loss of charge from the column nearest to the drivers to the farthest.
        distance_attenuation: 0.02 in 0.0 to 0.5, Fixed, "effect published, size assumed";
        /// Share of synapses whose weight memory is stuck at a random value.
        stuck_rate: 0.00002 in 0.0 to 1.0, PerChip, "assumption";
    }
}

/// Bits of a weight's magnitude.
const BITS: usize = WEIGHT_MAX.count_ones() as usize;

/// The two synaptic inputs of a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Excitatory,
    Inhibitory,
}

impl Sign {
    pub(crate) const BOTH: [Self; 2] = [Self::Excitatory, Self::Inhibitory];

    /// The line that collects its charge.
    pub(crate) const fn line(self) -> ReadoutSource {
        match self {
            Self::Excitatory => ReadoutSource::ExcitatoryLine,
            Self::Inhibitory => ReadoutSource::InhibitoryLine,
        }
    }
}

/// Rows of synapses of each driver.
pub(crate) const ROWS_PER_DRIVER: usize = 2;

/// The synapses of one chip.
#[derive(Clone, Debug)]
pub(crate) struct Synapses {
    columns: usize,
    /// Mismatch currents 2ᵏ·ε_k, ordered by row of the chip, bit, column.
    mismatch: Vec<i8>,
    /// Unit of the mismatch in weight units.
    mismatch_unit: f32,
    stuck: Vec<Stuck>,
}

/// The integer next to a number within the range of `i8`. (The library's function, which every processor
/// has, takes a quarter of the time that a chip is drawn in.)
fn nearest(value: f32) -> i8 {
    (value + value.signum() * 0.5) as i8
}

/// Largest mismatch current in its unit. That of the smallest bit cell then spreads over five units, and
/// loads, which wait for the mismatch to arrive from memory, wait for few bytes.
const LARGEST_CURRENT: i8 = i8::MAX;

/// Mismatch currents of neighbouring synapses.
#[derive(Clone, Copy)]
pub(crate) struct Mismatch<'a> {
    /// By bit.
    currents: [&'a [i8]; BITS],
    /// In weight units.
    unit: f32,
}

/// A synapse that keeps its weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stuck {
    /// Row of the chip.
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) weight: u8,
}

impl Synapses {
    pub(crate) fn draw(config: &SynapseConfig, geometry: ArrayGeometry, seed: u64) -> Self {
        let columns = geometry.columns();
        let rows = Scope::Driver.instances(geometry) * ROWS_PER_DRIVER;
        let mut draws = Draws::new(seed, Draw::SynapseCurrent);
        let mut currents = Vec::with_capacity(rows * BITS * columns);
        for _ in 0..rows {
            for bit in 0..BITS {
                let spread = config.smallest_bit_mismatch * (bit as f32 / 2.0).exp2();
                currents.extend((0..columns).map(|_| spread * draws.normal()));
            }
        }
        let largest = currents.iter().fold(0.0, |a: f32, b| a.max(b.abs()));
        let mismatch_unit = (largest / f32::from(LARGEST_CURRENT)).max(f32::MIN_POSITIVE);
        let in_units = |current: f32| nearest(current / mismatch_unit);
        Self {
            columns,
            mismatch: currents.into_iter().map(in_units).collect(),
            mismatch_unit,
            stuck: draw_stuck(config, rows, columns, seed),
        }
    }

    /// More than the charge that any synapse brings, in weight units, if its mismatch has grown so much.
    pub(crate) fn largest_weight(&self, mismatch_growth: f32) -> f32 {
        let largest_error = self.mismatch_unit * f32::from(LARGEST_CURRENT) * BITS as f32;
        f32::from(WEIGHT_MAX) + mismatch_growth * largest_error
    }

    /// The synapses that keep their weight.
    pub(crate) fn stuck(&self) -> &[Stuck] {
        &self.stuck
    }

    /// Mismatch currents of neighbouring synapses of one row.
    pub(crate) fn mismatch(&self, row: usize, columns: Range<usize>) -> Mismatch<'_> {
        Mismatch {
            currents: std::array::from_fn(|bit| {
                let first = (row * BITS + bit) * self.columns;
                &self.mismatch[first + columns.start..first + columns.end]
            }),
            unit: self.mismatch_unit,
        }
    }
}

/// Charges of neighbouring synapses of one row in weight units, as a task that is compiled once per
/// kind of processor.
///
/// A step of training changes few weights; the charges of others are not computed again.
pub(crate) struct RowCharges<'a> {
    pub(crate) mismatch: Mismatch<'a>,
    /// Factor by which each column's mismatch has grown at a lower bias.
    pub(crate) mismatch_growth: &'a [f32],
    /// Factor on each column's charges.
    pub(crate) factors: &'a [f32],
    pub(crate) weights: &'a [u8],
    /// Weights for which the charges hold already.
    pub(crate) known: &'a mut [u8],
    pub(crate) charges: &'a mut [f32],
}

impl pulp::WithSimd for RowCharges<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        self.all(self.charges.len());
    }
}

impl SideBySide for RowCharges<'_> {
    /// Computes neighbouring charges anew if one of their weights has changed.
    #[inline(always)]
    fn block<const COUNT: usize>(&mut self, first: usize) {
        let weights = block::<_, COUNT>(self.weights, first);
        if weights == block(self.known, first) {
            return;
        }
        self.known[first..first + COUNT].copy_from_slice(weights);
        let mut errors = [0_i16; COUNT];
        for (bit, currents) in self.mismatch.currents.iter().enumerate() {
            let currents = block::<_, COUNT>(currents, first);
            for c in 0..COUNT {
                let set = i16::from((weights[c] >> bit) & 1);
                errors[c] += i16::from(currents[c]) & -set;
            }
        }
        let growth = block::<_, COUNT>(self.mismatch_growth, first);
        let factors = block::<_, COUNT>(self.factors, first);
        let mut charges = [0.0; COUNT];
        for c in 0..COUNT {
            // A cell cannot reverse its current, however large the mismatch is configured.
            let error = growth[c] * self.mismatch.unit * f32::from(errors[c]);
            charges[c] = (f32::from(weights[c]) + error).max(0.0) * factors[c];
        }
        self.charges[first..first + COUNT].copy_from_slice(&charges);
    }
}

/// Draws which synapses are stuck, and at what. Two draws per synapse, stuck or not, so that the rate
/// moves no other synapse.
fn draw_stuck(config: &SynapseConfig, rows: usize, columns: usize, seed: u64) -> Vec<Stuck> {
    let mut draws = Draws::new(seed, Draw::StuckSynapses);
    let mut stuck = Vec::new();
    for synapse in 0..rows * columns {
        let (lot, weight) = (draws.uniform(), draws.uniform());
        if lot < config.stuck_rate {
            stuck.push(Stuck {
                row: synapse / columns,
                column: synapse % columns,
                weight: (weight * (f32::from(WEIGHT_MAX as u8) + 1.0)) as u8,
            });
        }
    }
    stuck
}

/// How much bit-cell mismatch grows at the bias of a column's quadrant, relative to full bias.
pub(crate) fn mismatch_growth(registers: &RegisterFile, column: usize) -> f32 {
    let quadrant = registers.quadrant_of(Scope::Column, column);
    let bias = registers.relative(Register::SynIBiasDac, quadrant);
    1.0 / bias.max(1e-3).sqrt()
}

/// Factor on the charges of a column: bias of its quadrant, distance from the drivers.
pub(crate) fn column_factor(
    config: &SynapseConfig,
    registers: &RegisterFile,
    geometry: ArrayGeometry,
    column: usize,
) -> f32 {
    let quadrant = registers.quadrant_of(Scope::Column, column);
    let distance = (column % geometry.columns()) as f32 / geometry.columns() as f32;
    registers.relative(Register::SynIBiasDac, quadrant)
        * (1.0 - config.distance_attenuation * distance)
}
