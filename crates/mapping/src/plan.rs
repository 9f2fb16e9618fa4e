//! A layer's way onto the array, as data.

mod check;
mod cover;
mod fault;
mod table;

use std::collections::BTreeSet;
use std::ops::Range;

use bss2_core::{ArrayGeometry, Region, RunSettings};
use serde::{Deserialize, Serialize};

use crate::{Coding, Indices, LayerShape, MappingError};

pub use fault::PlanFault;

/// A block of the layer's weights and its place.
///
/// Every row and column belongs to its place in the lists: the k-th input drives the rows from
/// `k · row_repetition`. Columns hold one copy after the other; within a copy, the outputs in order
/// ([pairs](crate::WeightCoding::ColumnPair): positive, then negative weights), then the
/// [reference](crate::WeightCoding::Offset) if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Which of the vectors that run at once it takes.
    pub replica: usize,
    /// The layer's inputs that it takes, all of one group.
    pub inputs: Indices,
    /// The layer's outputs that it adds to, all of the same group.
    pub outputs: Indices,
    /// The signed rows of the hemisphere on which it lies.
    pub rows: Indices,
    /// The columns of the hemisphere on which it lies.
    pub columns: Indices,
}

/// What one hemisphere does in a pass: weights are written, vectors sent, columns read. Where rows
/// and columns of two blocks cross, weights are zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The hemisphere.
    pub hemisphere: usize,
    /// The blocks that it holds, none of which share a column; rows are shared where they are driven
    /// by the same input.
    pub blocks: Vec<Block>,
}

impl Run {
    /// The smallest region that holds all blocks.
    pub fn region(&self) -> Region {
        let rows = union(self.blocks.iter().map(|block| block.rows.span()));
        let columns = union(self.blocks.iter().map(|block| block.columns.span()));
        Region {
            hemisphere: self.hemisphere,
            first_input: rows.start,
            inputs: rows.len(),
            first_column: columns.start,
            columns: columns.len(),
        }
    }

    /// The regions into which weights are written: where rows and columns of the run cross, as many
    /// neighbours at a time as there are.
    pub fn loads(&self) -> Vec<Region> {
        let rows = neighbours(self.blocks.iter().map(|block| &block.rows));
        let columns = neighbours(self.blocks.iter().map(|block| &block.columns));
        let crossings = rows
            .iter()
            .flat_map(|rows| columns.iter().map(move |c| (rows, c)));
        let regions = crossings.map(|(rows, columns)| Region {
            hemisphere: self.hemisphere,
            first_input: rows.start,
            inputs: rows.len(),
            first_column: columns.start,
            columns: columns.len(),
        });
        regions.collect()
    }
}

/// The numbers of all lists as ranges of neighbours, in order.
fn neighbours<'a>(lists: impl Iterator<Item = &'a Indices> + Clone) -> Vec<Range<usize>> {
    let mut alone = lists.clone();
    if let (Some(only), None) = (alone.next(), alone.next())
        && let Some(range) = only.as_range()
    {
        return vec![range];
    }
    let numbers: BTreeSet<usize> = lists.flat_map(Indices::iter).collect();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => ranges.push(number..number + 1),
        }
    }
    ranges
}

fn union(spans: impl Iterator<Item = Range<usize>>) -> Range<usize> {
    spans
        .reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
        .unwrap_or_default()
}

/// Runs that are done at the same time, on a hemisphere each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pass {
    /// The runs.
    pub runs: Vec<Run>,
}

/// How a layer is computed on an array: passes one after the other.
///
/// Results combine digitally. Within a run, readings of an output's columns, each saturated to `i8` by the
/// array, are subtracted, averaged and rounded as the [coding](Coding) says, then saturate to `i8`; the partial sums of an output
/// are added in the order of passes, runs and blocks, and saturate each time; the outputs of
/// different blocks stand side by side. The result is the product of activations and weights, times
/// the array's gain, times the plan's [amplification](Self::amplification).
///
/// Every plan is checked, also when it is read: each weight has exactly one place (per vector that
/// runs at once), and no synapse is used twice at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawPlan")]
pub struct Plan {
    shape: LayerShape,
    geometry: ArrayGeometry,
    coding: Coding,
    settings: RunSettings,
    passes: Vec<Pass>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    shape: LayerShape,
    geometry: ArrayGeometry,
    coding: Coding,
    settings: RunSettings,
    passes: Vec<Pass>,
}

impl TryFrom<RawPlan> for Plan {
    type Error = MappingError;

    fn try_from(raw: RawPlan) -> Result<Self, MappingError> {
        Self::new(
            raw.shape,
            raw.geometry,
            raw.coding,
            raw.settings,
            raw.passes,
        )
    }
}

impl Plan {
    /// Largest number of blocks that is planned: 2²⁰, about 200 MiB.
    pub const BLOCKS_MAX: u64 = 1 << 20;

    /// Checks and keeps a plan.
    ///
    /// # Errors
    /// [`MappingError::OptionOutOfRange`] for the coding; [`MappingError::TooManyBlocks`];
    /// [`MappingError::InvalidPlan`] with what is wrong.
    pub fn new(
        shape: LayerShape,
        geometry: ArrayGeometry,
        coding: Coding,
        settings: RunSettings,
        passes: Vec<Pass>,
    ) -> Result<Self, MappingError> {
        let plan = Self {
            shape,
            geometry,
            coding: coding.check()?,
            settings,
            passes,
        };
        plan.check_blocks()?;
        Ok(plan)
    }

    /// The layer's sizes.
    pub const fn shape(&self) -> LayerShape {
        self.shape
    }

    /// The array's sizes.
    pub const fn geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    /// How numbers stand on the array.
    pub const fn coding(&self) -> Coding {
        self.coding
    }

    /// Timing of all runs.
    pub const fn settings(&self) -> RunSettings {
        self.settings
    }

    /// The passes in order.
    pub fn passes(&self) -> &[Pass] {
        &self.passes
    }

    /// The runs of all passes in order.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.passes.iter().flat_map(|pass| &pass.runs)
    }

    /// The blocks of all runs in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.runs().flat_map(|run| &run.blocks)
    }

    /// By what outputs are larger than on one row sent once: sends times repeated rows.
    pub const fn amplification(&self) -> u32 {
        self.settings.num_sends() * self.coding.row_repetition as u32
    }

    /// Share of the synapses of all hemispheres that hold a weight or its copies, taken over the
    /// passes, 0…1.
    pub fn utilisation(&self) -> f64 {
        let synapses = |block: &Block| block.rows.len() * block.columns.len();
        let used: usize = self.blocks().map(synapses).sum();
        let geometry = self.geometry;
        let whole = geometry.hemispheres() * geometry.inputs() * geometry.columns();
        used as f64 / (self.passes.len() as f64 * whole as f64)
    }

    /// Whether no synapse is used by two runs: all weights can stay where they are, and a
    /// [`WeightCache`](bss2_core::WeightCache) loads them only once.
    pub fn is_resident(&self) -> bool {
        are_apart([self])
    }
}

/// Whether no synapse is used by two runs of any of these plans, so that all of their weights can
/// be held at once.
pub fn are_apart<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> bool {
    let runs = plans.into_iter().flat_map(Plan::runs);
    let mut loads: Vec<Region> = runs.flat_map(Run::loads).collect();
    loads.sort_by_key(|load| (load.hemisphere, load.first_input));
    loads.iter().enumerate().all(|(index, one)| {
        let later = loads[index + 1..].iter();
        later
            .take_while(|other| {
                other.hemisphere == one.hemisphere
                    && other.first_input < one.first_input + one.inputs
            })
            .all(|other| !overlap(one.column_range(), other.column_range()))
    })
}

fn overlap(one: Range<usize>, other: Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}
