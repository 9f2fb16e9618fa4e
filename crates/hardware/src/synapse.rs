//! Synapse array: a weight becomes a current.
//!
//! I(w) = (b / 1022) · Σ_k bit_k(w)·2ᵏ·(1 + ε_k) · (1 − att·c/256), in weight units, with the bias
//! register b = `syn_i_bias_dac` and a mismatch ε of every bit cell that shrinks with the cell's
//! size (∝ 2^(−k/2)) and grows as the bias falls (∝ (1022/b)^½). Columns further from their
//! drivers receive slightly less.

use bss2_core::{ArrayGeometry, Register, Scope, WEIGHT_MAX};
use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::error::check_range;
use crate::registers::RegisterFile;
use crate::stream::{Draws, Imperfection};

/// Parameters of the synapse array.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SynapseConfig {
    /// Relative standard deviation of the smallest bit cell's current at full bias; drawn once per
    /// chip for each bit of each synapse. Assumption: makes 2–3 % at weight 21, as the published
    /// column spread of a single row asks for.
    pub smallest_bit_mismatch: f32,
    /// Relative loss of amplitude from the column nearest to the drivers to the farthest.
    /// Qualitatively published, the value is an assumption.
    pub distance_attenuation: f32,
}

impl Default for SynapseConfig {
    fn default() -> Self {
        Self {
            smallest_bit_mismatch: 0.12,
            distance_attenuation: 0.02,
        }
    }
}

impl SynapseConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_range(
            "synapse.smallest_bit_mismatch",
            self.smallest_bit_mismatch,
            0.0,
            0.5,
        )?;
        check_range(
            "synapse.distance_attenuation",
            self.distance_attenuation,
            0.0,
            0.5,
        )
    }
}

/// Bits of a weight's magnitude.
const BITS: usize = WEIGHT_MAX.count_ones() as usize;

/// Sign of a row: each driver has one excitatory and one inhibitory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Excitatory,
    Inhibitory,
}

impl Sign {
    pub(crate) const BOTH: [Self; 2] = [Self::Excitatory, Self::Inhibitory];
}

/// The synapses of one chip.
#[derive(Clone, Debug)]
pub(crate) struct Synapses {
    columns: usize,
    /// Mismatch currents 2ᵏ·ε_k in weight units, ordered by driver of the chip, sign, bit, column.
    mismatch: Vec<f32>,
}

impl Synapses {
    pub(crate) fn draw(config: &SynapseConfig, geometry: ArrayGeometry, seed: u64) -> Self {
        let columns = geometry.columns();
        let mut draws = Draws::new(seed, Imperfection::SynapseCurrent);
        let rows = Scope::Driver.instances(geometry) * Sign::BOTH.len();
        let mut mismatch = Vec::with_capacity(rows * BITS * columns);
        for _ in 0..rows {
            for bit in 0..BITS {
                let spread = config.smallest_bit_mismatch * (bit as f32 / 2.0).exp2();
                mismatch.extend((0..columns).map(|_| spread * draws.normal()));
            }
        }
        Self { columns, mismatch }
    }

    /// Currents of one driver's synapses in weight units, at full bias and before attenuation, with
    /// the weight's sign. `mismatch_growth` is the factor by which each column's mismatch has grown
    /// at a lower bias.
    pub(crate) fn row_currents(
        &self,
        driver: usize,
        first_column: usize,
        weights: impl Iterator<Item = i8>,
        mismatch_growth: &[f32],
        currents: &mut [f32],
    ) {
        let plane = |sign: Sign, bit: usize| {
            let start = ((driver * 2 + sign as usize) * BITS + bit) * self.columns + first_column;
            &self.mismatch[start..start + currents.len()]
        };
        let excitatory: [&[f32]; BITS] = std::array::from_fn(|bit| plane(Sign::Excitatory, bit));
        let inhibitory: [&[f32]; BITS] = std::array::from_fn(|bit| plane(Sign::Inhibitory, bit));
        let synapses = currents.iter_mut().zip(weights).zip(mismatch_growth);
        for (column, ((current, weight), &growth)) in synapses.enumerate() {
            let planes = if weight >= 0 {
                &excitatory
            } else {
                &inhibitory
            };
            let magnitude = weight.unsigned_abs();
            let mut error = 0.0;
            for (bit, plane) in planes.iter().enumerate() {
                error += f32::from((magnitude >> bit) & 1) * plane[column];
            }
            // A cell cannot reverse its current, however large the mismatch is configured.
            let strength = (f32::from(magnitude) + growth * error).max(0.0);
            *current = if weight >= 0 { strength } else { -strength };
        }
    }
}

/// How much bit-cell mismatch grows at the bias of a quadrant, relative to full bias.
pub(crate) fn mismatch_growth(registers: &RegisterFile, quadrant: usize) -> f32 {
    1.0 / registers
        .relative(Register::SynIBiasDac, quadrant)
        .max(1e-3)
        .sqrt()
}

/// Factor on the currents of a column: bias of its quadrant, distance from the drivers.
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
