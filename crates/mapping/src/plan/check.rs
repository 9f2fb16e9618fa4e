//! What makes a plan one that can be carried out.

use thiserror::Error;

use super::{Block, Pass, Plan, Run};
use crate::{Indices, MappingError};

/// What is wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanFault {
    /// A pass without runs, or a run without blocks.
    #[error("a {what} has no {of}")]
    Empty {
        /// Pass, run or block.
        what: &'static str,
        /// What it lacks.
        of: &'static str,
    },
    /// Two runs of a pass on one hemisphere.
    #[error("hemisphere {hemisphere} has two runs in one pass")]
    HemisphereTwice {
        /// The hemisphere.
        hemisphere: usize,
    },
    /// Another number of rows or columns than the block's inputs or outputs ask for.
    #[error("a block has {found} {what}, its coding asks for {expected}")]
    Count {
        /// Rows or columns.
        what: &'static str,
        /// Number asked for.
        expected: usize,
        /// Number found.
        found: usize,
    },
    /// A number that the layer or the array does not have.
    #[error("{what} {value} is outside 0…{max}")]
    Outside {
        /// Input, output, row, column, replica or hemisphere.
        what: &'static str,
        /// Its number.
        value: usize,
        /// Largest number.
        max: usize,
    },
    /// A block that takes inputs or outputs of more than one group.
    #[error("a block has {what} {value}, which is not of group {group}")]
    GroupsMixed {
        /// Input or output.
        what: &'static str,
        /// Its number.
        value: usize,
        /// Group of the block's first input.
        group: usize,
    },
    /// A row that two inputs would drive.
    #[error("row {row} would be driven by two inputs at once")]
    RowTwice {
        /// The row.
        row: usize,
    },
    /// A column that two outputs would be read from.
    #[error("column {column} would hold two outputs at once")]
    ColumnTwice {
        /// The column.
        column: usize,
    },
    /// A weight in more than one place.
    #[error("the weight from input {input} to output {output} has more than one place")]
    WeightTwice {
        /// The input.
        input: usize,
        /// The output.
        output: usize,
    },
    /// A weight without a place.
    #[error("the weight from input {input} to output {output} has no place")]
    WeightMissing {
        /// The input.
        input: usize,
        /// The output.
        output: usize,
    },
}

impl From<PlanFault> for MappingError {
    fn from(fault: PlanFault) -> Self {
        Self::InvalidPlan(fault)
    }
}

impl Plan {
    pub(super) fn check_blocks(&self) -> Result<(), MappingError> {
        let blocks = self.blocks().count() as u64;
        if blocks > Self::BLOCKS_MAX {
            return Err(MappingError::TooManyBlocks {
                inputs: self.shape.inputs(),
                outputs: self.shape.outputs(),
                blocks,
                limit: Self::BLOCKS_MAX,
            });
        }
        let mut wiring = Wiring::new(self);
        for pass in &self.passes {
            self.check_pass(pass)?;
            for run in &pass.runs {
                for block in &run.blocks {
                    self.check_block(block)?;
                }
                wiring.check(run)?;
            }
        }
        Ok(self.check_cover()?)
    }

    fn check_pass(&self, pass: &Pass) -> Result<(), PlanFault> {
        not_empty("pass", "runs", pass.runs.is_empty())?;
        let hemispheres = self.geometry.hemispheres();
        for (index, run) in pass.runs.iter().enumerate() {
            let hemisphere = run.hemisphere;
            inside("hemisphere", hemisphere, hemispheres)?;
            not_empty("run", "blocks", run.blocks.is_empty())?;
            if pass.runs[..index]
                .iter()
                .any(|r| r.hemisphere == hemisphere)
            {
                return Err(PlanFault::HemisphereTwice { hemisphere });
            }
        }
        Ok(())
    }

    fn check_block(&self, block: &Block) -> Result<(), PlanFault> {
        let Self {
            shape,
            geometry,
            coding,
            ..
        } = self;
        inside("replica", block.replica, coding.vectors_at_once)?;
        let lists = [
            ("input", &block.inputs, shape.inputs()),
            ("output", &block.outputs, shape.outputs()),
            ("row", &block.rows, geometry.inputs()),
            ("column", &block.columns, geometry.columns()),
        ];
        for (what, indices, count) in lists {
            not_empty("block", what, indices.is_empty())?;
            // Of an ordered span, only the last can lie outside.
            inside(what, indices.span().end.saturating_sub(1), count)?;
        }
        same_count("rows", coding.rows(block.inputs.len()), &block.rows)?;
        same_count(
            "columns",
            coding.columns(block.outputs.len()),
            &block.columns,
        )?;
        let (of_inputs, of_outputs) = (shape.group_inputs(), shape.group_outputs());
        let group = block.inputs.span().start / of_inputs;
        same_group("input", &block.inputs, of_inputs, group)?;
        same_group("output", &block.outputs, of_outputs, group)
    }

    /// Checks that every weight has exactly one place for each of the vectors that run at once: one
    /// bit per weight, for as many outputs at a time as a few megabytes hold.
    fn check_cover(&self) -> Result<(), PlanFault> {
        const WORDS: usize = 1 << 20;
        let shape = self.shape;
        let words = shape.group_inputs().div_ceil(64);
        let slots = self.coding.vectors_at_once * shape.outputs();
        let chunk = (WORDS / words).clamp(1, slots);
        let mut seen = vec![0_u64; chunk * words];
        let mut mask = Vec::new();
        for first in (0..slots).step_by(chunk) {
            let slots = first..slots.min(first + chunk);
            seen.fill(0);
            for block in self.blocks() {
                let slot = block.replica * shape.outputs();
                let span = block.outputs.span();
                if slot + span.end <= slots.start || slots.end <= slot + span.start {
                    continue;
                }
                self.mask(block, &mut mask)?;
                for output in block.outputs.iter() {
                    if !slots.contains(&(slot + output)) {
                        continue;
                    }
                    let row = &mut seen[(slot + output - slots.start) * words..][..words];
                    for &(word, bits) in &mask {
                        let twice = row[word] & bits;
                        if twice != 0 {
                            let input = self.input_at(output, word, twice.trailing_zeros());
                            return Err(PlanFault::WeightTwice { input, output });
                        }
                        row[word] |= bits;
                    }
                }
            }
            for (index, row) in seen.chunks_exact(words).take(slots.len()).enumerate() {
                let output = (slots.start + index) % shape.outputs();
                for (word, &bits) in row.iter().enumerate() {
                    let bit = bits.trailing_ones();
                    if word * 64 + (bit as usize) < shape.group_inputs() && bit < 64 {
                        let input = self.input_at(output, word, bit);
                        return Err(PlanFault::WeightMissing { input, output });
                    }
                }
            }
        }
        Ok(())
    }

    /// The inputs of a block as bits within their group.
    fn mask(&self, block: &Block, mask: &mut Vec<(usize, u64)>) -> Result<(), PlanFault> {
        let of_group = self.shape.group_inputs();
        let mut numbers: Vec<usize> = block.inputs.iter().map(|input| input % of_group).collect();
        numbers.sort_unstable();
        mask.clear();
        for number in numbers {
            let (word, bit) = (number / 64, 1 << (number % 64));
            match mask.last_mut() {
                Some((last, bits)) if *last == word && *bits & bit != 0 => {
                    let output = block.outputs.span().start;
                    let input = self.input_at(output, word, (number % 64) as u32);
                    return Err(PlanFault::WeightTwice { input, output });
                }
                Some((last, bits)) if *last == word => *bits |= bit,
                _ => mask.push((word, bit)),
            }
        }
        Ok(())
    }

    /// The input of a bit in the row of an output.
    fn input_at(&self, output: usize, word: usize, bit: u32) -> usize {
        let group = output / self.shape.group_outputs();
        group * self.shape.group_inputs() + word * 64 + bit as usize
    }
}

/// What drives each row and whether a column is taken, for one run at a time.
struct Wiring {
    row_repetition: usize,
    rows: Vec<Option<Driven>>,
    columns: Vec<bool>,
}

/// By what a row is driven, as the last block that lies on it says.
#[derive(Clone, Copy)]
struct Driven {
    replica: usize,
    input: usize,
    block: usize,
}

impl Wiring {
    fn new(plan: &Plan) -> Self {
        Self {
            row_repetition: plan.coding.row_repetition,
            rows: vec![None; plan.geometry.inputs()],
            columns: vec![false; plan.geometry.columns()],
        }
    }

    fn check(&mut self, run: &Run) -> Result<(), PlanFault> {
        self.rows.fill(None);
        self.columns.fill(false);
        for (number, block) in run.blocks.iter().enumerate() {
            let inputs = block.inputs.iter();
            let driven = inputs.flat_map(|input| std::iter::repeat_n(input, self.row_repetition));
            for (row, input) in block.rows.iter().zip(driven) {
                let before = self.rows[row].replace(Driven {
                    replica: block.replica,
                    input,
                    block: number,
                });
                // Another block may share the row, if the same input of the same vector drives it.
                let is_shared = |before: Driven| {
                    (before.replica, before.input) == (block.replica, input)
                        && before.block != number
                };
                if !before.is_none_or(is_shared) {
                    return Err(PlanFault::RowTwice { row });
                }
            }
            for column in block.columns.iter() {
                if std::mem::replace(&mut self.columns[column], true) {
                    return Err(PlanFault::ColumnTwice { column });
                }
            }
        }
        Ok(())
    }
}

fn not_empty(what: &'static str, of: &'static str, is_empty: bool) -> Result<(), PlanFault> {
    if is_empty {
        return Err(PlanFault::Empty { what, of });
    }
    Ok(())
}

fn inside(what: &'static str, value: usize, count: usize) -> Result<(), PlanFault> {
    if value >= count {
        let max = count.saturating_sub(1);
        return Err(PlanFault::Outside { what, value, max });
    }
    Ok(())
}

fn same_count(what: &'static str, expected: usize, found: &Indices) -> Result<(), PlanFault> {
    let found = found.len();
    if expected != found {
        return Err(PlanFault::Count {
            what,
            expected,
            found,
        });
    }
    Ok(())
}

fn same_group(
    what: &'static str,
    indices: &Indices,
    of_group: usize,
    group: usize,
) -> Result<(), PlanFault> {
    let span = indices.span();
    let ends = [span.start, span.end - 1];
    match ends.into_iter().find(|end| end / of_group != group) {
        None => Ok(()),
        Some(value) => Err(PlanFault::GroupsMixed { what, value, group }),
    }
}
