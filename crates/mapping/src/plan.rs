//! A layer's way onto the array, as data.

use std::ops::Range;

use bss2_core::{ArrayGeometry, Region};
use serde::Serialize;

/// Sizes of a dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct LayerShape {
    /// Length of an activation vector.
    pub inputs: usize,
    /// Length of an output vector.
    pub outputs: usize,
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
        let used = self.shape.inputs * self.shape.outputs;
        let whole = self.geometry.inputs() * self.geometry.columns();
        used as f64 / (self.tiles.len() * whole) as f64
    }
}
