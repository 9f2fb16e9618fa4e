//! Several layers on one array.

use std::cmp::Reverse;
use std::ops::Range;

use bss2_core::ArrayGeometry;

use crate::floor::Floor;
use crate::schedule::Piece;
use crate::{
    Block, Coding, Hemispheres, LayerShape, MappingError, Packing, Pass, Plan, Run, Tiling,
};

/// Plans several layers such that the array holds all of their weights at once: each block of each
/// layer has synapses of its own.
///
/// Inside a [`WeightCache`](bss2_core::WeightCache), the layers are loaded once, however often and in
/// whichever order they run. Blocks are those of the tilings, one per run; they are laid out from the
/// largest, on alternating hemispheres, where the first columns are free. Tilings that put blocks
/// [side by side](Packing::SideBySide) or [fill](Tiling::fill_with_vectors) passes with vectors have
/// no effect in that: room is for the other layers.
///
/// # Errors
/// [`MappingError::NoRoom`] names the layer of the first block, from the largest, that finds no room;
/// [`MappingError::TooManyBlocks`] beyond 1024 blocks of all layers; those of [`Tiling`] for a layer
/// alone.
pub fn share_array(
    layers: &[(LayerShape, Tiling)],
    geometry: ArrayGeometry,
) -> Result<Vec<Plan>, MappingError> {
    let floor = Floor::whole(geometry);
    let mut tiled = Vec::with_capacity(layers.len());
    for (layer, (shape, tiling)) in layers.iter().enumerate() {
        let tiling = Tiling {
            fill_with_vectors: false,
            packing: Packing::Apart,
            ..*tiling
        };
        let (coding, pieces) = tiling.pieces(*shape, &floor)?;
        check_area(layer, coding, &pieces, geometry)?;
        tiled.push((tiling, coding, pieces));
        let blocks: usize = tiled.iter().map(|(_, _, pieces)| pieces.len()).sum();
        if blocks > SHARED_BLOCKS_MAX {
            return Err(MappingError::TooManyBlocks {
                inputs: shape.inputs(),
                outputs: shape.outputs(),
                blocks: blocks as u64,
                limit: SHARED_BLOCKS_MAX as u64,
            });
        }
    }
    let sizes = tiled
        .iter()
        .enumerate()
        .flat_map(|(layer, (_, coding, pieces))| {
            let pieces = pieces.iter().enumerate();
            pieces.map(move |(piece, p)| Rectangle::of(layer, piece, *coding, p))
        });
    let mut rectangles: Vec<Rectangle> = sizes.collect();
    rectangles.sort_by_key(|r| (Reverse(r.rows * r.columns), r.layer, r.piece));

    let mut layout = Layout::new(geometry);
    for rectangle in rectangles {
        layout.put(rectangle)?;
    }
    let shapes = layers.iter().map(|(shape, _)| *shape);
    let plans = shapes
        .zip(tiled)
        .enumerate()
        .map(|(layer, (shape, (tiling, coding, pieces)))| {
            let passes = layout.passes(layer, tiling.hemispheres, pieces);
            Plan::new(shape, geometry, coding, tiling.settings, passes)
        });
    plans.collect()
}

/// Largest number of blocks that are laid out beside one another.
const SHARED_BLOCKS_MAX: usize = 1024;

/// Refuses a layer that has more synapses than the array, before its pieces are laid out.
fn check_area(
    layer: usize,
    coding: Coding,
    pieces: &[Piece],
    geometry: ArrayGeometry,
) -> Result<(), MappingError> {
    let rectangles = pieces
        .iter()
        .map(|piece| Rectangle::of(layer, 0, coding, piece));
    let needed: usize = rectangles.clone().map(|r| r.rows * r.columns).sum();
    let available = geometry.hemispheres() * geometry.inputs() * geometry.columns();
    match rectangles.max_by_key(|r| r.rows * r.columns) {
        Some(largest) if needed > available => Err(largest.no_room(geometry)),
        _ => Ok(()),
    }
}

/// The size of a block.
#[derive(Clone, Copy)]
struct Rectangle {
    layer: usize,
    piece: usize,
    rows: usize,
    columns: usize,
}

impl Rectangle {
    fn of(layer: usize, piece: usize, coding: Coding, of: &Piece) -> Self {
        Self {
            layer,
            piece,
            rows: coding.rows(of.inputs.len()),
            columns: coding.columns(of.outputs.len()),
        }
    }

    fn no_room(self, geometry: ArrayGeometry) -> MappingError {
        MappingError::NoRoom {
            layer: self.layer,
            rows: self.rows,
            columns: self.columns,
            geometry,
        }
    }
}

/// A block with its place.
#[derive(Clone)]
struct Placed {
    layer: usize,
    piece: usize,
    hemisphere: usize,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Placed {
    fn overlaps(&self, rows: &Range<usize>, columns: &Range<usize>) -> bool {
        self.rows.start < rows.end
            && rows.start < self.rows.end
            && self.columns.start < columns.end
            && columns.start < self.columns.end
    }
}

/// The blocks that have found a place.
struct Layout {
    geometry: ArrayGeometry,
    placed: Vec<Placed>,
}

impl Layout {
    fn new(geometry: ArrayGeometry) -> Self {
        Self {
            geometry,
            placed: Vec::new(),
        }
    }

    /// Puts a block on the hemisphere whose turn it is, or on the next one that has room.
    fn put(&mut self, block: Rectangle) -> Result<(), MappingError> {
        let count = self.geometry.hemispheres();
        let mut hemispheres = (0..count).map(|turn| (block.piece + turn) % count);
        let found = hemispheres.find_map(|hemisphere| self.find(block, hemisphere));
        self.placed
            .push(found.ok_or_else(|| block.no_room(self.geometry))?);
        Ok(())
    }

    /// The free place with the first column, then the first row, among those at the edges of what
    /// is there.
    fn find(&self, block: Rectangle, hemisphere: usize) -> Option<Placed> {
        let there: Vec<&Placed> = self
            .placed
            .iter()
            .filter(|p| p.hemisphere == hemisphere)
            .collect();
        let edges = |edge: fn(&Placed) -> usize| {
            let mut edges: Vec<usize> = there.iter().map(|p| edge(p)).chain([0]).collect();
            edges.sort_unstable();
            edges.dedup();
            edges
        };
        let first_rows = edges(|p| p.rows.end);
        for first_column in edges(|p| p.columns.end) {
            let columns = first_column..first_column + block.columns;
            if columns.end > self.geometry.columns() {
                break;
            }
            for &first_row in &first_rows {
                let rows = first_row..first_row + block.rows;
                let fits = rows.end <= self.geometry.inputs();
                if fits && !there.iter().any(|p| p.overlaps(&rows, &columns)) {
                    return Some(Placed {
                        layer: block.layer,
                        piece: block.piece,
                        hemisphere,
                        rows,
                        columns,
                    });
                }
            }
        }
        None
    }

    /// The passes of a layer: its blocks in order, each in the first pass after those of its
    /// hemisphere.
    fn passes(&self, layer: usize, hemispheres: Hemispheres, pieces: Vec<Piece>) -> Vec<Pass> {
        let mut own: Vec<&Placed> = self.placed.iter().filter(|p| p.layer == layer).collect();
        own.sort_by_key(|p| p.piece);
        let mut passes: Vec<Pass> = Vec::new();
        let mut begun = vec![0; self.geometry.hemispheres()];
        for (place, piece) in own.into_iter().zip(pieces) {
            let pass = match hemispheres {
                Hemispheres::InTurn => passes.len(),
                Hemispheres::Together => begun[place.hemisphere],
            };
            begun[place.hemisphere] = pass + 1;
            if pass == passes.len() {
                passes.push(Pass { runs: Vec::new() });
            }
            let block = Block {
                replica: piece.replica,
                inputs: piece.inputs.into(),
                outputs: piece.outputs.into(),
                rows: place.rows.clone().into(),
                columns: place.columns.clone().into(),
            };
            passes[pass].runs.push(Run {
                hemisphere: place.hemisphere,
                blocks: vec![block],
            });
        }
        passes
    }
}
