//! What can be wrong with a plan.

use thiserror::Error;

use crate::MappingError;

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
