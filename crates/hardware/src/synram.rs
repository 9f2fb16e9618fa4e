//! The synapse array of one hemisphere: weights in its memory, and the charges they make.

use std::ops::Range;

use bss2_core::{ArrayGeometry, ArrayMode, Region};
use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::columns::Columns;
use crate::synapse::{Currents, OfPanel, PANEL, PanelFactors, ROWS_PER_DRIVER, Sign, Synapses};

/// Weights and charges of one hemisphere.
#[derive(Clone, Debug)]
pub(crate) struct Synram {
    hemisphere: usize,
    mode: ArrayMode,
    rows: usize,
    columns: usize,
    /// What the synapses' memory holds, by panel, then row; zeros beyond the last column.
    memory: Vec<OfPanel<u8>>,
    /// Counts what was written.
    version: u64,
    /// Charge that an event of one activation unit brings onto each column's line, in weight units,
    /// by sign (inputs of the mode × columns).
    charges: [Array2<f32>; 2],
    /// By panel: the inputs of which they are those of the weights at hand.
    charged: Vec<Range<usize>>,
}

impl Synram {
    /// The synram of a hemisphere in a mode, all weights zero where they can be.
    pub(crate) fn new(
        geometry: ArrayGeometry,
        synapses: &Synapses,
        hemisphere: usize,
        mode: ArrayMode,
    ) -> Self {
        let (rows, columns) = (ROWS_PER_DRIVER * geometry.inputs(), geometry.columns());
        let mut synram = Self {
            hemisphere,
            mode,
            rows,
            columns,
            memory: vec![[0; PANEL]; rows * columns.div_ceil(PANEL)],
            version: 0,
            charges: Default::default(),
            charged: vec![0..0; columns.div_ceil(PANEL)],
        };
        synram.keep_stuck(synapses);
        synram
    }

    /// The physical columns that the columns of a mode's region take.
    pub(crate) fn physical_columns(mode: ArrayMode, region: Region) -> Region {
        match mode {
            ArrayMode::Membrane | ArrayMode::Unsigned => region,
            ArrayMode::SynapticLine => Region {
                first_column: 2 * region.first_column,
                columns: 2 * region.columns,
                ..region
            },
        }
    }

    /// Writes a checked block of weights into a region of the mode's array.
    pub(crate) fn write(
        &mut self,
        synapses: &Synapses,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) {
        pulp::Arch::new().dispatch(Write {
            synram: self,
            region,
            weights,
        });
        self.keep_stuck(synapses);
        self.version += 1;
        let columns = Self::physical_columns(self.mode, region).column_range();
        self.charged[panels_of(&columns)].fill(0..0);
    }

    /// Writes an input's positive weights into the first columns of pairs, negative ones into the second.
    fn write_pairs(&mut self, input: usize, region: Region, weights: ArrayView1<'_, i8>) {
        for (column, &weight) in region.column_range().zip(weights) {
            let pair = [weight.max(0), weight.min(0)].map(i8::unsigned_abs);
            let (panel, first) = (2 * column / PANEL, 2 * column % PANEL);
            self.memory[panel * self.rows + input][first..first + 2].copy_from_slice(&pair);
        }
    }

    /// A stuck synapse keeps its weight whatever was written.
    fn keep_stuck(&mut self, synapses: &Synapses) {
        for stuck in synapses.stuck() {
            if stuck.row / self.rows == self.hemisphere {
                let place = stuck.column / PANEL * self.rows + stuck.row % self.rows;
                self.memory[place][stuck.column % PANEL] = stuck.weight;
            }
        }
    }

    /// A number that changes whenever weights are written.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// Rows of each input of the mode: one per sign that it can send.
    pub(crate) const fn rows_per_input(&self) -> usize {
        match self.mode {
            ArrayMode::Membrane => ROWS_PER_DRIVER,
            ArrayMode::SynapticLine | ArrayMode::Unsigned => 1,
        }
    }

    /// The weights in a panel of some inputs, by row.
    pub(crate) fn weights(&self, panel: usize, inputs: Range<usize>) -> &[OfPanel<u8>] {
        let rows = self.rows_per_input();
        let first = panel * self.rows;
        &self.memory[first + rows * inputs.start..first + rows * inputs.end]
    }

    /// The columns of a panel among those of the chip.
    pub(crate) fn panel_of_chip(&self, panel: usize) -> Range<usize> {
        let first = self.hemisphere * self.columns;
        first + panel * PANEL..first + self.columns.min((panel + 1) * PANEL)
    }

    /// Takes note that registers act differently on the synapses.
    pub(crate) fn registers_changed(&mut self) {
        self.charged.fill(0..0);
    }

    /// Brings the charges of a region of inputs × physical columns up to date.
    pub(crate) fn charge(&mut self, synapses: &Synapses, columns: &Columns, region: Region) {
        let rows = self.rows_per_input();
        let inputs = self.rows / rows;
        let mut charges = std::mem::take(&mut self.charges);
        for charges in &mut charges {
            if charges.is_empty() {
                *charges = Array2::zeros((inputs, self.columns));
            }
        }
        for panel in panels_of(&region.column_range()) {
            let charged = self.charged[panel].clone();
            let asked = region.input_range();
            let (covered, missing) = cover(charged, asked);
            for inputs in missing.into_iter().filter(|inputs| !inputs.is_empty()) {
                let of_chip = self.panel_of_chip(panel);
                let mismatch = synapses.mismatch(self.hemisphere, panel);
                pulp::Arch::new().dispatch(ChargePanel {
                    factors: synapses.panel_factors(columns, of_chip),
                    first_column: panel * PANEL,
                    first_input: inputs.start,
                    rows,
                    weights: self.weights(panel, inputs.clone()),
                    mismatch: &mismatch[rows * inputs.start..],
                    charges: &mut charges,
                });
            }
            self.charged[panel] = covered;
        }
        self.charges = charges;
    }

    /// Charges of one sign that an input brings onto neighbouring columns, once they are [up to
    /// date](Self::charge).
    pub(crate) fn row(&self, sign: Sign, input: usize, columns: Range<usize>) -> &[f32] {
        let mut charged = self.charged[panels_of(&columns)].iter();
        debug_assert!(charged.all(|inputs| inputs.contains(&input)));
        let Some(row) = self.charges[sign as usize].row(input).to_slice() else {
            unreachable!("rows of an owned array are contiguous");
        };
        &row[columns]
    }
}

/// The panels to which some columns belong.
fn panels_of(columns: &Range<usize>) -> Range<usize> {
    columns.start / PANEL..columns.end.div_ceil(PANEL)
}

/// The shortest range that covers what is charged and what is asked for, and what has to be charged for
/// that, on both sides.
fn cover(charged: Range<usize>, asked: Range<usize>) -> (Range<usize>, [Range<usize>; 2]) {
    if charged.is_empty() {
        return (asked.clone(), [asked, 0..0]);
    }
    let all = charged.start.min(asked.start)..charged.end.max(asked.end);
    let missing = [all.start..charged.start, charged.end..all.end];
    (all, missing)
}

/// Charges of a panel, as a task that is compiled once per kind of processor.
struct ChargePanel<'a> {
    factors: PanelFactors,
    first_column: usize,
    first_input: usize,
    /// Rows of each input.
    rows: usize,
    /// By row, as the mismatch.
    weights: &'a [OfPanel<u8>],
    mismatch: &'a [Currents],
    /// By sign, of all columns.
    charges: &'a mut [Array2<f32>; 2],
}

impl pulp::WithSimd for ChargePanel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        for (row, (weights, currents)) in self.weights.iter().zip(self.mismatch).enumerate() {
            let found = self.factors.charges(weights, currents);
            let input = self.first_input + row / self.rows;
            let mut charges = self.charges[row % self.rows].row_mut(input);
            let charges = charges.iter_mut().skip(self.first_column);
            charges.zip(&found).for_each(|(to, from)| *to = *from);
        }
    }
}

/// Weights of a region into the memory, as a task that is compiled once per kind of processor.
struct Write<'a> {
    synram: &'a mut Synram,
    region: Region,
    weights: ArrayView2<'a, i8>,
}

impl pulp::WithSimd for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Self {
            synram,
            region,
            weights,
        } = self;
        if synram.mode == ArrayMode::SynapticLine {
            for (input, weights) in region.input_range().zip(weights.outer_iter()) {
                synram.write_pairs(input, region, weights);
            }
            return;
        }
        let columns = region.column_range();
        for panel in panels_of(&columns) {
            let first = columns.start.max(panel * PANEL);
            let end = columns.end.min((panel + 1) * PANEL);
            let here = first - region.first_column..end - region.first_column;
            let cells = first - panel * PANEL..end - panel * PANEL;
            let rows = synram.rows_per_input();
            let first_row = panel * synram.rows + rows * region.first_input;
            let memory = &mut synram.memory[first_row..][..rows * region.inputs];
            for (rows, weights) in memory.chunks_exact_mut(rows).zip(weights.outer_iter()) {
                let mut of_panel = [0; PANEL];
                if let Some(weights) = weights.to_slice() {
                    of_panel[cells.clone()].copy_from_slice(&weights[here.clone()]);
                } else {
                    let weights = weights.iter().skip(here.start);
                    let cells = of_panel[cells.clone()].iter_mut();
                    cells.zip(weights).for_each(|(to, weight)| *to = *weight);
                }
                if let [positive, negative] = rows {
                    put(&of_panel, &cells, positive, |weight| weight.max(0));
                    put(&of_panel, &cells, negative, |weight| weight.min(0));
                } else {
                    put(&of_panel, &cells, &mut rows[0], |weight| weight);
                }
            }
        }
    }
}

/// Puts the magnitudes of a part of each weight into some cells of a row.
#[inline(always)]
fn put(
    weights: &OfPanel<i8>,
    cells: &Range<usize>,
    row: &mut OfPanel<u8>,
    part: impl Fn(i8) -> i8,
) {
    let mut magnitudes = [0; PANEL];
    for c in 0..PANEL {
        magnitudes[c] = part(weights[c]).unsigned_abs();
    }
    if cells.len() == PANEL {
        *row = magnitudes;
    } else {
        row[cells.clone()].copy_from_slice(&magnitudes[cells.clone()]);
    }
}
