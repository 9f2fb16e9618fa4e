//! A layer's way onto the array, as data.

use std::ops::Range;

use bss2_core::{ArrayGeometry, Region};
use serde::Serialize;

use crate::MappingError;

/// Sizes of a dense layer, each in 1…[`SIDE_MAX`](Self::SIDE_MAX).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct LayerShape {
    /// Length of an activation vector.
    pub inputs: usize,
    /// Length of an output vector.
    pub outputs: usize,
}

impl LayerShape {
    /// Largest accepted number of inputs or outputs: 2²⁰.
    pub const SIDE_MAX: usize = 1 << 20;

    /// Checks that the layer is not empty and that neither of its sides is longer than
    /// [`SIDE_MAX`](Self::SIDE_MAX).
    ///
    /// # Errors
    /// [`MappingError::EmptyLayer`] or [`MappingError::LayerTooLarge`].
    pub fn check(&self) -> Result<(), MappingError> {
        let Self { inputs, outputs } = *self;
        if inputs == 0 || outputs == 0 {
            return Err(MappingError::EmptyLayer { inputs, outputs });
        }
        if inputs.max(outputs) > Self::SIDE_MAX {
            return Err(MappingError::LayerTooLarge {
                inputs,
                outputs,
                limit: Self::SIDE_MAX,
            });
        }
        Ok(())
    }
}

/// A block of the layer's weights and the region of the array on which it is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tile {
    /// The layer's inputs that the block takes.
    pub inputs: Range<usize>,
    /// The layer's outputs that it contributes to.
    pub outputs: Range<usize>,
    /// Whether its results are added to those of earlier tiles rather than written as the first.
    pub adds: bool,
    /// Where it sits; as large as the block.
    pub region: Region,
}

/// The tiles of a layer in the order in which they run, one pass each.
///
/// Tiles of the same outputs are added digitally in this order, saturating to `i8` each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    shape: LayerShape,
    geometry: ArrayGeometry,
    tiles: Vec<Tile>,
}

impl Plan {
    /// Largest number of tiles that is planned: 2²⁰, about 100 MiB.
    pub const TILES_MAX: u64 = 1 << 20;

    /// Only strategies make plans; they answer for full and disjoint cover.
    pub(crate) fn new(shape: LayerShape, geometry: ArrayGeometry, tiles: Vec<Tile>) -> Self {
        Self {
            shape,
            geometry,
            tiles,
        }
    }

    /// The layer's sizes.
    pub const fn shape(&self) -> LayerShape {
        self.shape
    }

    /// The array's sizes.
    pub const fn geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    /// The tiles in running order.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Share of the synapses of the synrams used that hold a weight of the layer, 0…1.
    pub fn utilisation(&self) -> f64 {
        let used = self.shape.inputs as f64 * self.shape.outputs as f64;
        let whole = self.geometry.inputs() as f64 * self.geometry.columns() as f64;
        used / (self.tiles.len() as f64 * whole)
    }
}
