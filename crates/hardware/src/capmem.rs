//! CapMem: analog cells that hold the chip's bias currents and voltages.
//!
//! A cell asked for the code n holds, once settled,
//!
//! n·(1 + ε) + δ − χ·s·(m − 1)/(M − 1),
//!
//! with deviations ε and δ of its own, and with crosstalk: of the M cells of its block, m hold the
//! same code, and these disturb each other during refresh (χ; s is the cell's susceptibility,
//! uniform in 0…2). After a wait t the distance from that value has shrunk to exp(−t/τ) of what it
//! was.

use bss2_core::{ArrayGeometry, Register, Scope};

use crate::parameter::section;
use crate::stream::{Draw, Draws};

section! {
    /// Parameters of the CapMem.
    pub struct CapMemConfig in "capmem" {
        /// CapMem codes that correspond to one LSB of the CADC at the reset ramp.
        codes_per_lsb: 1.75 in 0.1 to 100.0, Fixed,
            "calix: the range 150…500 is read as 20…220";
        /// Standard deviation of the cells' offset, in codes.
        offset_spread_codes: 3.0 in 0.0 to 50.0, PerChip, "assumption";
        /// Relative standard deviation of the cells' slope.
        slope_spread: 0.01 in 0.0 to 0.2, PerChip, "assumption";
        /// Mean loss of a cell when all cells of its block hold the same code, in codes.
        crosstalk_codes: 6.0 in 0.0 to 100.0, PerChip, "effect documented by calix, size assumed";
        /// Time constant with which cells approach their value, in ms; a settle takes 20 ms.
        settling_tau_ms: 2.0 in 0.01 to 20.0, Fixed,
            "calix waits 20 ms; that a tenth of it is the time constant is an assumption";
    }
}

/// Duration of a settle, in ms. Source: calix.
pub const SETTLE_MS: f32 = 20.0;

impl CapMemConfig {
    /// Voltage of a cell in LSB above the nominal reset potential.
    pub(crate) fn lsb_above_reset(&self, codes: f32) -> f32 {
        (codes - Register::VReset.spec().reset as f32) / self.codes_per_lsb
    }

    /// Share of a cell's distance from its value that a settle leaves.
    pub(crate) fn left_after_settle(&self) -> f32 {
        (-SETTLE_MS / self.settling_tau_ms).exp()
    }
}

/// A cell of one chip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    offset: f32,
    slope: f32,
    susceptibility: f32,
    /// The block to which it belongs: its quadrant.
    pub(crate) block: usize,
}

/// Draws the cells of one register, given the block of each.
pub(crate) fn draw(
    config: &CapMemConfig,
    seed: u64,
    register: Register,
    blocks: impl ExactSizeIterator<Item = usize>,
) -> Vec<Cell> {
    let mut draws = Draws::of_register(seed, Draw::CapMem, register);
    let mut normals = || draws.normals(blocks.len());
    let (offsets, slopes) = (normals(), normals());
    let susceptibilities = draws.uniforms(blocks.len());
    let drawn = offsets.into_iter().zip(slopes).zip(susceptibilities);
    let cell = |(((offset, slope), susceptibility), block)| Cell {
        offset: config.offset_spread_codes * offset,
        slope: config.slope_spread * slope,
        susceptibility: 2.0 * susceptibility,
        block,
    };
    drawn.zip(blocks).map(cell).collect()
}

impl Cell {
    /// Its value, once settled, if the given share of its block's other cells holds the same code.
    pub(crate) fn settled(&self, config: &CapMemConfig, code: i32, same: f32) -> f32 {
        let value = code as f32 * (1.0 + self.slope) + self.offset
            - config.crosstalk_codes * self.susceptibility * same;
        // A cell that is asked for nothing holds nothing: leakage pulls it to its lower end.
        if code == 0 { 0.0 } else { value.max(0.0) }
    }
}

/// How many cells of each block hold each code.
pub(crate) struct Occupation {
    counts: Vec<[u32; CODES]>,
    cells: Vec<u32>,
}

impl Occupation {
    pub(crate) fn new(geometry: ArrayGeometry) -> Self {
        let blocks = Scope::Quadrant.instances(geometry);
        Self {
            counts: vec![[0; CODES]; blocks],
            cells: vec![0; blocks],
        }
    }

    pub(crate) fn add(&mut self, block: usize, code: i32) {
        self.counts[block][code as usize] += 1;
        self.cells[block] += 1;
    }

    /// By block and code: the share of a block's other cells that hold the code of one of its cells.
    pub(crate) fn shares(&self) -> Vec<[f32; CODES]> {
        let blocks = self.counts.iter().zip(&self.cells);
        blocks
            .map(|(counts, cells)| {
                let others = cells.saturating_sub(1).max(1) as f32;
                counts.map(|count| count.saturating_sub(1) as f32 / others)
            })
            .collect()
    }
}

/// Codes 0…1022.
const CODES: usize = 1023;
