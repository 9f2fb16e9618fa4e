//! What makes a plan one that can be carried out.

use super::cover::check_cover;
use super::{Block, Pass, Plan, PlanFault, Run};
use crate::{Indices, MappingError};

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
        Ok(check_cover(self)?)
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
