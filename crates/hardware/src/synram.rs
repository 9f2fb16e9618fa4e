//! The synapse array of one hemisphere: weights in its memory, and the charges they make.

use std::ops::Range;

use bss2_core::{ArrayMode, Region};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};

use crate::columns::Columns;
use crate::instance::Instance;
use crate::share::{share_among, threads_for};
use crate::synapse::{ROWS_PER_DRIVER, RowCharges, Sign};

/// Weights and charges of one hemisphere.
#[derive(Clone, Debug)]
pub(crate) struct Synram {
    hemisphere: usize,
    mode: ArrayMode,
    /// What the synapses' memory holds, rows × columns.
    memory: Array2<u8>,
    /// The weights for which the charges hold, rows × columns; [`UNKNOWN`] where for none.
    known: Array2<u8>,
    /// Charge that an event of one activation unit brings onto each column's line, in weight units,
    /// by sign (inputs of the mode × columns).
    charges: [Array2<f32>; 2],
}

/// Inputs whose charges are computed one after the other.
const INPUTS_AT_ONCE: usize = 8;

/// Fewest synapses that are worth a thread of their own.
pub(crate) const SYNAPSES_AT_ONCE: usize = 1 << 13;

/// The rows of some neighbouring inputs.
struct Rows<'a> {
    first_input: usize,
    /// Rows × columns.
    known: ArrayViewMut2<'a, u8>,
    /// By sign, inputs × columns.
    charges: [ArrayViewMut2<'a, f32>; 2],
}

/// No weight: these end at 63.
const UNKNOWN: u8 = u8::MAX;

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
            known: Array2::from_elem((rows, geometry.columns()), UNKNOWN),
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
        let rows = self.rows_per_input();
        let (first, last) = (
            rows * region.input_range().start,
            rows * region.input_range().end,
        );
        // The cells for positive and for negative weights.
        let (positive, negative) = match self.mode {
            ArrayMode::Membrane => (
                s![first..last;2, start..end;1],
                Some(s![first + 1..last;2, start..end;1]),
            ),
            ArrayMode::SynapticLine => (
                s![first..last;1, start..end;2],
                Some(s![first..last;1, start + 1..end;2]),
            ),
            ArrayMode::Unsigned => (s![first..last;1, start..end;1], None),
        };
        let memory = &mut self.memory;
        write_cells(memory.slice_mut(positive), weights, |weight| weight.max(0));
        if let Some(negative) = negative {
            write_cells(memory.slice_mut(negative), weights, |weight| weight.min(0));
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
        self.known.fill(UNKNOWN);
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
        let (inputs, range) = (region.input_range(), region.column_range());
        let of_chip = region.hemisphere * self.memory.ncols() + range.start;
        let of_chip = of_chip..of_chip + range.len();
        let rows = self.rows_per_input();
        let first_row = region.hemisphere * self.memory.nrows();
        let memory = &self.memory;
        let fold = |rows_of_inputs: Rows<'_>| {
            let Rows {
                first_input,
                mut known,
                mut charges,
            } = rows_of_inputs;
            for place in 0..charges[0].nrows() {
                for (sign, charges) in charges.iter_mut().enumerate().take(rows) {
                    let row = rows * (first_input + place) + sign;
                    let mut known = known.row_mut(rows * place + sign);
                    let mut charges = charges.row_mut(place);
                    let (Some(weights), Some(known), Some(charges)) = (
                        memory.row(row).to_slice(),
                        known.as_slice_mut(),
                        charges.as_slice_mut(),
                    ) else {
                        unreachable!("rows of an owned array are contiguous");
                    };
                    pulp::Arch::new().dispatch(RowCharges {
                        mismatch: instance.synapses.mismatch(first_row + row, range.clone()),
                        mismatch_growth: &columns.mismatch_growth[of_chip.clone()],
                        factors: &columns.charge_factor[of_chip.clone()],
                        weights: &weights[range.clone()],
                        known: &mut known[range.clone()],
                        charges: &mut charges[range.clone()],
                    });
                }
            }
        };

        let known_rows = rows * inputs.start..rows * inputs.end;
        let mut known = self.known.slice_mut(s![known_rows, ..]);
        let [mut excitatory, mut inhibitory] = self
            .charges
            .each_mut()
            .map(|charges| charges.slice_mut(s![inputs.clone(), ..]));
        let pieces = known
            .axis_chunks_iter_mut(Axis(0), rows * INPUTS_AT_ONCE)
            .zip(excitatory.axis_chunks_iter_mut(Axis(0), INPUTS_AT_ONCE))
            .zip(inhibitory.axis_chunks_iter_mut(Axis(0), INPUTS_AT_ONCE))
            .zip(inputs.step_by(INPUTS_AT_ONCE))
            .map(|(((known, excitatory), inhibitory), first_input)| Rows {
                first_input,
                known,
                charges: [excitatory, inhibitory],
            });
        let threads = threads_for(region.inputs * region.columns, SYNAPSES_AT_ONCE);
        share_among(threads, pieces, fold);
    }

    /// Rows of each input of the mode: one per sign that it can send.
    const fn rows_per_input(&self) -> usize {
        match self.mode {
            ArrayMode::Membrane => ROWS_PER_DRIVER,
            ArrayMode::SynapticLine | ArrayMode::Unsigned => 1,
        }
    }

    /// Charges of one sign (inputs × columns).
    pub(crate) fn charges(&self, sign: Sign) -> &Array2<f32> {
        &self.charges[sign as usize]
    }

    /// Charges of one sign that an input, and those after it, bring onto neighbouring columns.
    pub(crate) fn rows(
        &self,
        sign: Sign,
        inputs: Range<usize>,
        columns: Range<usize>,
    ) -> impl Iterator<Item = &[f32]> {
        let charges = self.charges(sign);
        let of_row = charges.ncols();
        let Some(all) = charges.as_slice() else {
            unreachable!("an owned array is contiguous");
        };
        let rows = all[inputs.start * of_row..inputs.end * of_row].chunks_exact(of_row);
        rows.map(move |row| &row[columns.clone()])
    }

    /// Charges of one sign that an input brings onto neighbouring columns.
    pub(crate) fn row(&self, sign: Sign, input: usize, columns: Range<usize>) -> &[f32] {
        let Some(row) = self.charges(sign).row(input).to_slice() else {
            unreachable!("rows of an owned array are contiguous");
        };
        &row[columns]
    }
}

/// Writes the magnitudes of a part of weights, row by row: unlike arrays of several rows, neighbours
/// in a row are worked on at once.
fn write_cells(
    mut cells: ArrayViewMut2<'_, u8>,
    weights: ArrayView2<'_, i8>,
    part: impl Fn(i8) -> i8,
) {
    for (mut cells, weights) in cells.outer_iter_mut().zip(weights.outer_iter()) {
        cells.zip_mut_with(&weights, |cell, &weight| {
            *cell = part(weight).unsigned_abs();
        });
    }
}
