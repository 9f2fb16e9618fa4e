//! Cutting a layer into blocks and laying them out.

use std::ops::Range;

use bss2_core::{ArrayGeometry, RunSettings};
use serde::{Deserialize, Serialize};

use crate::floor::Floor;
use crate::schedule::{Piece, Schedule};
use crate::{Coding, Layer, LayerShape, MappingError, MappingStrategy, Pass, Plan};

/// How inputs and outputs are cut to fit a hemisphere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Blocks as large as they can be, the last ones smaller.
    #[default]
    Full,
    /// As few blocks, but of equal size: none is much smaller, and so noisier relative to its signal,
    /// than the others.
    Even,
}

/// Which blocks follow one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// All inputs of some outputs before the next outputs: partial sums are complete early.
    #[default]
    InputMajor,
    /// All outputs of some inputs before the next inputs: inputs are needed once.
    OutputMajor,
}

/// What hemispheres do at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hemispheres {
    /// They take turns, in sequence.
    #[default]
    InTurn,
    /// All of them work in each pass.
    Together,
}

/// What lies on a hemisphere at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// One block.
    #[default]
    Apart,
    /// As many blocks as find rows and columns of their own.
    SideBySide,
}

/// Cuts a layer into blocks that fit, codes them, and lays them out on rows and columns from the
/// first.
///
/// The default is how the existing software stack partitions a layer: blocks of 128 inputs × 256
/// outputs, the last ones smaller, on alternating hemispheres, in sequence, one send with 5 cycles
/// between events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tiling {
    /// Sizes of blocks.
    pub cut: Cut,
    /// Their order.
    pub order: Order,
    /// What works at the same time.
    pub hemispheres: Hemispheres,
    /// What shares a hemisphere.
    pub packing: Packing,
    /// How numbers stand on the array.
    pub coding: Coding,
    /// Raises the number of [vectors at once](Coding::vectors_at_once) to what one pass holds.
    pub fill_with_vectors: bool,
    /// Timing of all runs.
    pub settings: RunSettings,
}

impl Tiling {
    /// The default, for constants.
    pub const IN_ORDER: Self = Self {
        cut: Cut::Full,
        order: Order::InputMajor,
        hemispheres: Hemispheres::InTurn,
        packing: Packing::Apart,
        coding: Coding::PLAIN,
        fill_with_vectors: false,
        settings: RunSettings::USUAL,
    };

    /// The default.
    pub const fn in_order() -> Self {
        Self::IN_ORDER
    }

    /// [Evenly](Cut::Even) cut, otherwise as the default.
    pub fn balanced() -> Self {
        Self {
            cut: Cut::Even,
            ..Self::default()
        }
    }

    /// Whatever saves passes: both hemispheres together, blocks side by side, several vectors at
    /// once.
    pub fn packed() -> Self {
        Self {
            hemispheres: Hemispheres::Together,
            packing: Packing::SideBySide,
            fill_with_vectors: true,
            ..Self::balanced()
        }
    }

    /// The same with other timing.
    #[must_use]
    pub const fn with_settings(mut self, settings: RunSettings) -> Self {
        self.settings = settings;
        self
    }

    /// The same with another coding.
    #[must_use]
    pub const fn with_coding(mut self, coding: Coding) -> Self {
        self.coding = coding;
        self
    }

    /// The blocks of a layer in order, and the coding that they take.
    pub(crate) fn pieces(
        &self,
        shape: LayerShape,
        floor: &Floor,
    ) -> Result<(Coding, Vec<Piece>), MappingError> {
        let limits = self.limits(shape, floor)?;
        let pieces_per_vector = checked_block_count(shape, limits, 1)?;
        let coding = Coding {
            vectors_at_once: self.vectors_at_once(shape, pieces_per_vector, floor),
            ..self.coding
        };
        let count = checked_block_count(shape, limits, coding.vectors_at_once)?;
        let mut pieces = Vec::with_capacity(count);
        for group in 0..shape.groups() {
            let inputs = self.ranges(shape.group_inputs(), group, limits.inputs);
            let outputs = self.ranges(shape.group_outputs(), group, limits.outputs);
            let mut add = |inputs: &Range<usize>, outputs: &Range<usize>| {
                for replica in 0..coding.vectors_at_once {
                    pieces.push(Piece {
                        replica,
                        inputs: inputs.clone(),
                        outputs: outputs.clone(),
                    });
                }
            };
            match self.order {
                Order::InputMajor => {
                    for o in &outputs {
                        for i in &inputs {
                            add(i, o);
                        }
                    }
                }
                Order::OutputMajor => {
                    for i in &inputs {
                        for o in &outputs {
                            add(i, o);
                        }
                    }
                }
            }
        }
        Ok((coding, pieces))
    }

    /// Plans a layer on the rows and columns of a floor.
    pub(crate) fn plan_on(
        &self,
        shape: LayerShape,
        geometry: ArrayGeometry,
        floor: &Floor,
    ) -> Result<Plan, MappingError> {
        let (coding, pieces) = self.pieces(shape, floor)?;
        let mut schedule = Schedule::new(self.hemispheres, self.packing, coding, floor);
        for piece in pieces {
            schedule.add(piece);
        }
        let passes: Vec<Pass> = schedule.into_passes();
        Plan::new(shape, geometry, coding, self.settings, passes)
    }

    fn ranges(&self, total: usize, group: usize, limit: usize) -> Vec<Range<usize>> {
        let ranges = match self.cut {
            Cut::Full => fill_in_order(total, limit),
            Cut::Even => cut_evenly(total, limit),
        };
        let first = group * total;
        let moved = ranges.into_iter().map(|r| first + r.start..first + r.end);
        moved.collect()
    }

    /// As many vectors as one pass holds, if the layer itself takes no more.
    fn vectors_at_once(&self, shape: LayerShape, pieces: usize, floor: &Floor) -> usize {
        if !self.fill_with_vectors || pieces > shape.groups() {
            return self.coding.vectors_at_once;
        }
        let rows = self.coding.rows(shape.group_inputs());
        let columns = self.coding.columns(shape.group_outputs());
        let places = match (self.packing, self.hemispheres) {
            (Packing::Apart, Hemispheres::InTurn) => 1,
            (Packing::Apart, Hemispheres::Together) => floor.hemispheres(),
            (Packing::SideBySide, Hemispheres::InTurn) => {
                floor.places(rows, columns) / floor.hemispheres()
            }
            (Packing::SideBySide, Hemispheres::Together) => floor.places(rows, columns),
        };
        (places / pieces).clamp(self.coding.vectors_at_once, Coding::TIMES_MAX)
    }
}

impl Default for Tiling {
    fn default() -> Self {
        Self::IN_ORDER
    }
}

impl MappingStrategy for Tiling {
    fn plan(&self, layer: &Layer<'_>, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        self.plan_on(layer.shape(), geometry, &Floor::whole(geometry))
    }
}

/// Most inputs and outputs of a block.
#[derive(Clone, Copy)]
struct Limits {
    inputs: usize,
    outputs: usize,
}

impl Tiling {
    /// The sizes of blocks that a layer takes the fewest of.
    fn limits(&self, shape: LayerShape, floor: &Floor) -> Result<Limits, MappingError> {
        let coding = self.coding.check()?;
        let sizes = floor.sizes();
        let limits = sizes.iter().map(|&(rows, columns)| Limits {
            inputs: coding.inputs_on(rows),
            outputs: coding.outputs_on(columns),
        });
        let possible = limits.filter(|limits| limits.inputs > 0 && limits.outputs > 0);
        let fewest = possible.min_by_key(|&limits| block_count(shape, limits, 1));
        fewest.ok_or_else(|| self.too_small(&sizes))
    }

    /// Why nothing fits.
    fn too_small(&self, sizes: &[(usize, usize)]) -> MappingError {
        let most = |size: fn(&(usize, usize)) -> usize| sizes.iter().map(size).max().unwrap_or(0);
        let (rows, columns) = (most(|size| size.0), most(|size| size.1));
        let (for_input, for_output) = (self.coding.rows(1), self.coding.columns(1));
        if for_input > rows {
            return MappingError::HemisphereTooSmall {
                of: "input",
                what: "rows",
                needed: for_input,
                available: rows,
            };
        }
        MappingError::HemisphereTooSmall {
            of: "output",
            what: "columns",
            needed: for_output,
            available: columns,
        }
    }
}

/// The blocks that a layer takes.
fn block_count(shape: LayerShape, limits: Limits, vectors_at_once: usize) -> u64 {
    let along_inputs = shape.group_inputs().div_ceil(limits.inputs) as u64;
    let along_outputs = shape.group_outputs().div_ceil(limits.outputs) as u64;
    // Inputs and outputs of all groups are at most 2²⁰, vectors at once 2¹⁰: no more than 2⁵⁰.
    along_inputs * along_outputs * (shape.groups() * vectors_at_once) as u64
}

/// The blocks that a layer takes, at most [`Plan::BLOCKS_MAX`].
fn checked_block_count(
    shape: LayerShape,
    limits: Limits,
    vectors_at_once: usize,
) -> Result<usize, MappingError> {
    let blocks = block_count(shape, limits, vectors_at_once);
    if blocks > Plan::BLOCKS_MAX {
        return Err(MappingError::TooManyBlocks {
            inputs: shape.inputs(),
            outputs: shape.outputs(),
            blocks,
            limit: Plan::BLOCKS_MAX,
        });
    }
    Ok(blocks as usize)
}

fn fill_in_order(total: usize, limit: usize) -> Vec<Range<usize>> {
    (0..total)
        .step_by(limit)
        .map(|start| start..total.min(start.saturating_add(limit)))
        .collect()
}

fn cut_evenly(total: usize, limit: usize) -> Vec<Range<usize>> {
    let parts = total.div_ceil(limit);
    let (size, larger) = (total / parts, total % parts);
    let mut start = 0;
    (0..parts)
        .map(|part| {
            let end = start + size + usize::from(part < larger);
            std::mem::replace(&mut start, end)..end
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn even_blocks_differ_by_one_at_most(total in 1_usize..3000, limit in 1_usize..300) {
            let sizes: Vec<_> = cut_evenly(total, limit).iter().map(ExactSizeIterator::len).collect();
            let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            prop_assert!(most - least <= 1 && *most <= limit);
            prop_assert_eq!(sizes.len(), fill_in_order(total, limit).len());
        }
    }
}
