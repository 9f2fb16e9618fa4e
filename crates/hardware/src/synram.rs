//! The synapse array of one hemisphere: weights in its memory, and the charges they make.

use std::ops::Range;

use bss2_core::{ArrayMode, Region};
use ndarray::{Array2, ArrayView2, s};

use crate::columns::Columns;
use crate::instance::Instance;
use crate::synapse::{ROWS_PER_DRIVER, Sign};

/// Weights and charges of one hemisphere.
#[derive(Clone, Debug)]
pub(crate) struct Synram {
    hemisphere: usize,
    mode: ArrayMode,
    /// What the synapses' memory holds, rows × columns.
    memory: Array2<u8>,
    /// Charge that an event of one activation unit brings onto each column's line, in weight units,
    /// by sign (inputs of the mode × columns).
    charges: [Array2<f32>; 2],
}

impl Synram {
    /// The synram of a hemisphere in a mode, all weights zero where they can be.
    pub(crate) fn new(instance: &Instance, hemisphere: usize, mode: ArrayMode) -> Self {
        let geometry = instance.config.geometry;
        let rows = ROWS_PER_DRIVER * geometry.inputs();
        let inputs = mode.geometry(geometry).inputs();
        let charges = Array2::zeros((inputs, geometry.columns()));
        let mut synram = Self {
            hemisphere,
            mode,
            memory: Array2::zeros((rows, geometry.columns())),
            charges: [charges.clone(), charges],
        };
        synram.keep_stuck(instance);
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
        instance: &Instance,
        columns: &Columns,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) {
        let physical = Self::physical_columns(self.mode, region).column_range();
        let (start, end) = (physical.start, physical.end);
        for (input, weights) in region.input_range().zip(weights.outer_iter()) {
            // The cells for positive and for negative weights.
            let (positive, negative) = match self.mode {
                ArrayMode::Membrane => (
                    s![ROWS_PER_DRIVER * input, start..end;1],
                    Some(s![ROWS_PER_DRIVER * input + 1, start..end;1]),
                ),
                ArrayMode::SynapticLine => {
                    (s![input, start..end;2], Some(s![input, start + 1..end;2]))
                }
                ArrayMode::Unsigned => (s![input, start..end;1], None),
            };
            self.memory
                .slice_mut(positive)
                .zip_mut_with(&weights, |cell, weight| {
                    *cell = weight.max(&0).unsigned_abs();
                });
            if let Some(negative) = negative {
                self.memory
                    .slice_mut(negative)
                    .zip_mut_with(&weights, |cell, weight| {
                        *cell = weight.min(&0).unsigned_abs();
                    });
            }
        }
        self.keep_stuck(instance);
        self.fold(instance, columns, Self::physical_columns(self.mode, region));
    }

    /// A stuck synapse keeps its weight whatever was written.
    fn keep_stuck(&mut self, instance: &Instance) {
        let rows = self.memory.nrows();
        for stuck in instance.synapses.stuck() {
            if stuck.row / rows == self.hemisphere {
                self.memory[[stuck.row % rows, stuck.column]] = stuck.weight;
            }
        }
    }

    /// Computes all charges anew.
    pub(crate) fn refold(&mut self, instance: &Instance, columns: &Columns) {
        let inputs = self.charges[0].nrows();
        let whole = Region {
            hemisphere: self.hemisphere,
            first_input: 0,
            inputs,
            first_column: 0,
            columns: self.memory.ncols(),
        };
        self.fold(instance, columns, whole);
    }

    /// Computes the charges of a region of inputs × physical columns.
    fn fold(&mut self, instance: &Instance, columns: &Columns, region: Region) {
        let first = region.hemisphere * self.memory.ncols() + region.first_column;
        let growth = &columns.mismatch_growth[first..first + region.columns];
        let factors = &columns.charge_factor[first..first + region.columns];
        let signs: &[Sign] = match self.mode {
            ArrayMode::Membrane => &Sign::BOTH,
            ArrayMode::SynapticLine | ArrayMode::Unsigned => &[Sign::Excitatory],
        };
        for input in region.input_range() {
            for &sign in signs {
                let row = signs.len() * input + sign as usize;
                let range = s![row, region.column_range()];
                let weights = self.memory.slice(range);
                let mut charges =
                    self.charges[sign as usize].slice_mut(s![input, region.column_range()]);
                let (Some(weights), Some(charges)) = (weights.to_slice(), charges.as_slice_mut())
                else {
                    unreachable!("rows of an owned array are contiguous");
                };
                let row_of_chip = self.hemisphere * self.memory.nrows() + row;
                instance.synapses.row_charges(
                    row_of_chip,
                    region.first_column,
                    weights,
                    growth,
                    charges,
                );
                for (charge, factor) in charges.iter_mut().zip(factors) {
                    *charge *= factor;
                }
            }
        }
    }

    /// Charges of one sign (inputs × columns).
    pub(crate) fn charges(&self, sign: Sign) -> &Array2<f32> {
        &self.charges[sign as usize]
    }

    /// Charges of one sign that an input brings onto neighbouring columns.
    pub(crate) fn row(&self, sign: Sign, input: usize, columns: Range<usize>) -> &[f32] {
        let Some(row) = self.charges(sign).row(input).to_slice() else {
            unreachable!("rows of an owned array are contiguous");
        };
        &row[columns]
    }
}
