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

use bss2_core::product::FixedPanel;
use bss2_core::{ArrayGeometry, ReadoutSource, Register, Scope, WEIGHT_MAX};

use crate::columns::Columns;
use crate::parameter::section;
use crate::registers::RegisterFile;
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

/// Neighbouring columns whose synapses lie together in memory, and are worked on at once.
pub(crate) const PANEL: usize = FixedPanel::COLUMNS;

/// One number for each column of a panel.
pub(crate) type OfPanel<T> = [T; PANEL];

/// Mismatch currents 2ᵏ·ε_k of a row's synapses in a panel, by bit.
pub(crate) type Currents = [OfPanel<i8>; BITS];

/// The synapses of one chip.
#[derive(Clone, Debug)]
pub(crate) struct Synapses {
    rows_per_hemisphere: usize,
    panels: usize,
    /// By hemisphere, then panel, then row.
    mismatch: Vec<Currents>,
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
/// whoever waits for the mismatch to arrive from memory waits for few bytes.
const LARGEST_CURRENT: i8 = i8::MAX;

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
        let rows_per_hemisphere = geometry.inputs() * ROWS_PER_DRIVER;
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
        let panels = columns.div_ceil(PANEL);
        let mut mismatch = vec![[[0; PANEL]; BITS]; rows * panels];
        for (number, of_bit) in currents.chunks_exact(columns).enumerate() {
            let (row, bit) = (number / BITS, number % BITS);
            let (hemisphere, row) = (row / rows_per_hemisphere, row % rows_per_hemisphere);
            for (panel, currents) in of_bit.chunks(PANEL).enumerate() {
                let place = (hemisphere * panels + panel) * rows_per_hemisphere + row;
                for (to, current) in mismatch[place][bit].iter_mut().zip(currents) {
                    *to = nearest(current / mismatch_unit);
                }
            }
        }
        Self {
            rows_per_hemisphere,
            panels,
            mismatch,
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

    /// Mismatch currents of a panel of a hemisphere, by row.
    pub(crate) fn mismatch(&self, hemisphere: usize, panel: usize) -> &[Currents] {
        let first = (hemisphere * self.panels + panel) * self.rows_per_hemisphere;
        &self.mismatch[first..first + self.rows_per_hemisphere]
    }

    /// What acts on the charges of a panel of a hemisphere, which begins with a column of the chip and has
    /// so many.
    pub(crate) fn panel_factors(&self, columns: &Columns, of_chip: Range<usize>) -> PanelFactors {
        let growth = of_panel(&columns.mismatch_growth, &of_chip);
        PanelFactors {
            mismatch: growth.map(|growth| growth * self.mismatch_unit),
            charge: of_panel(&columns.charge_factor, &of_chip),
        }
    }
}

/// The numbers of some columns, at most a panel, and zeros behind them.
pub(crate) fn of_panel(values: &[f32], columns: &Range<usize>) -> OfPanel<f32> {
    let mut panel = [0.0; PANEL];
    panel[..columns.len()].copy_from_slice(&values[columns.clone()]);
    panel
}

/// What acts on the charges of a panel's synapses, by column.
pub(crate) struct PanelFactors {
    /// On the mismatch: its unit, and how much it has grown at a lower bias.
    mismatch: OfPanel<f32>,
    charge: OfPanel<f32>,
}

impl PanelFactors {
    /// Charges of a row's synapses in weight units, given their weights and mismatch currents. (For code
    /// that is compiled for the processor at hand.)
    #[inline(always)]
    pub(crate) fn charges(&self, weights: &OfPanel<u8>, currents: &Currents) -> OfPanel<f32> {
        let mut charges = [0.0; PANEL];
        for c in 0..PANEL {
            let mut error = 0;
            for (bit, currents) in currents.iter().enumerate() {
                let set = i16::from((weights[c] >> bit) & 1);
                error += i16::from(currents[c]) & -set;
            }
            // A cell cannot reverse its current, however large the mismatch is configured.
            let weight = f32::from(weights[c]) + self.mismatch[c] * f32::from(error);
            charges[c] = weight.max(0.0) * self.charge[c];
        }
        charges
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
