//! How a layer is cut.

use std::fmt::Debug;
use std::ops::Range;

use bss2_core::{ArrayGeometry, Region};

use crate::{LayerShape, MappingError, Plan, Tile};

/// Cuts a layer into tiles that fit the array.
pub trait MappingStrategy: Debug + Send + Sync {
    /// Plans a layer: every weight in exactly one tile, every tile within one synram.
    ///
    /// # Errors
    /// [`MappingError::EmptyLayer`] for a layer without inputs or outputs;
    /// [`MappingError::LayerTooLarge`] or [`MappingError::TooManyTiles`] beyond
    /// [`LayerShape::SIDE_MAX`] or [`Plan::TILES_MAX`].
    fn plan(&self, shape: LayerShape, geometry: ArrayGeometry) -> Result<Plan, MappingError>;
}

/// Fills each synram before the next one is begun, as the existing software stack does: blocks of
/// 128 inputs × 256 outputs, the last ones smaller, on alternating hemispheres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InOrder;

/// As few blocks as [`InOrder`], but of equal size within one input or output: no block is much
/// smaller, and so noisier relative to its signal or more saturated, than the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balanced;

impl MappingStrategy for InOrder {
    fn plan(&self, shape: LayerShape, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        plan_with(shape, geometry, fill_in_order)
    }
}

impl MappingStrategy for Balanced {
    fn plan(&self, shape: LayerShape, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        plan_with(shape, geometry, cut_evenly)
    }
}

/// Tiles for every pair of an input and an output range; inputs run fastest, so that an output's
/// partial sums follow one another, each on the next hemisphere.
fn plan_with(
    shape: LayerShape,
    geometry: ArrayGeometry,
    cut: fn(usize, usize) -> Vec<Range<usize>>,
) -> Result<Plan, MappingError> {
    shape.check()?;
    let tile_count = checked_tile_count(shape, geometry)?;
    let input_ranges = cut(shape.inputs, geometry.inputs());
    let mut tiles = Vec::with_capacity(tile_count);
    for outputs in cut(shape.outputs, geometry.columns()) {
        for inputs in &input_ranges {
            let region = Region {
                hemisphere: tiles.len() % geometry.hemispheres(),
                first_input: 0,
                inputs: inputs.len(),
                first_column: 0,
                columns: outputs.len(),
            };
            tiles.push(Tile {
                inputs: inputs.clone(),
                outputs: outputs.clone(),
                adds: inputs.start > 0,
                region,
            });
        }
    }
    Ok(Plan::new(shape, geometry, tiles))
}

/// The tiles that either strategy takes, at most [`Plan::TILES_MAX`].
fn checked_tile_count(shape: LayerShape, geometry: ArrayGeometry) -> Result<usize, MappingError> {
    let LayerShape { inputs, outputs } = shape;
    let along_inputs = inputs.div_ceil(geometry.inputs()) as u64;
    let along_outputs = outputs.div_ceil(geometry.columns()) as u64;
    // Neither exceeds 2²⁰.
    let tiles = along_inputs * along_outputs;
    if tiles > Plan::TILES_MAX {
        return Err(MappingError::TooManyTiles {
            inputs,
            outputs,
            tiles,
            limit: Plan::TILES_MAX,
        });
    }
    Ok(tiles as usize)
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
        fn every_weight_lies_in_exactly_one_tile_that_fits(
            inputs in 1_usize..900, outputs in 1_usize..900,
            rows in 1_usize..200, columns in 1_usize..300,
        ) {
            let geometry = ArrayGeometry::new(2, rows, columns).unwrap();
            let shape = LayerShape { inputs, outputs };
            let strategies: [&dyn MappingStrategy; 2] = [&InOrder, &Balanced];
            for strategy in strategies {
                let plan = strategy.plan(shape, geometry).unwrap();
                let mut covered = vec![0_u8; inputs * outputs];
                for tile in plan.tiles() {
                    prop_assert!(tile.region.check(geometry).is_ok());
                    prop_assert_eq!(tile.region.inputs, tile.inputs.len());
                    prop_assert_eq!(tile.region.columns, tile.outputs.len());
                    for input in tile.inputs.clone() {
                        for output in tile.outputs.clone() {
                            covered[input * outputs + output] += 1;
                        }
                    }
                }
                prop_assert!(covered.iter().all(|&c| c == 1));
                prop_assert_eq!(
                    plan.tiles().len(),
                    inputs.div_ceil(rows) * outputs.div_ceil(columns)
                );
            }
        }

        #[test]
        fn balanced_parts_differ_by_at_most_one(total in 1_usize..5000, limit in 1_usize..300) {
            let sizes: Vec<_> = cut_evenly(total, limit).iter().map(ExactSizeIterator::len).collect();
            let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            prop_assert!(most - least <= 1 && *most <= limit);
        }
    }

    #[test]
    fn empty_layers_are_refused() {
        for (inputs, outputs) in [(0, 1), (1, 0)] {
            let refused = InOrder.plan(LayerShape { inputs, outputs }, ArrayGeometry::BSS2);
            assert_eq!(refused, Err(MappingError::EmptyLayer { inputs, outputs }));
        }
    }
    #[test]
    fn layers_beyond_the_limits_are_refused_before_anything_is_allocated() {
        let strategies: [&dyn MappingStrategy; 2] = [&InOrder, &Balanced];
        let limit = LayerShape::SIDE_MAX;
        for strategy in strategies {
            for (inputs, outputs) in [
                (limit + 1, 1),
                (1, limit + 1),
                (usize::MAX, 1),
                (1, usize::MAX),
                (usize::MAX, usize::MAX),
            ] {
                let refused = strategy.plan(LayerShape { inputs, outputs }, ArrayGeometry::BSS2);
                let expected = MappingError::LayerTooLarge {
                    inputs,
                    outputs,
                    limit,
                };
                assert_eq!(refused, Err(expected));
            }
        }
    }

    #[test]
    fn more_tiles_than_the_limit_are_refused_and_as_many_are_planned() {
        let single = ArrayGeometry::new(1, 1, 1).unwrap();
        let strategies: [&dyn MappingStrategy; 2] = [&InOrder, &Balanced];
        for strategy in strategies {
            let plan = |inputs, outputs| strategy.plan(LayerShape { inputs, outputs }, single);
            let largest = plan(1 << 10, 1 << 10).unwrap();
            assert_eq!(largest.tiles().len() as u64, Plan::TILES_MAX);
            assert_eq!(largest.utilisation(), 1.0);
            let (inputs, outputs) = (1 << 20, 1 << 20);
            let expected = MappingError::TooManyTiles {
                inputs,
                outputs,
                tiles: 1 << 40,
                limit: Plan::TILES_MAX,
            };
            assert_eq!(plan(inputs, outputs), Err(expected));
            assert!(plan((1 << 10) + 1, 1 << 10).is_err());
        }
    }

    #[test]
    fn the_longest_sides_are_planned_and_their_utilisation_is_a_share() {
        for (inputs, outputs) in [(LayerShape::SIDE_MAX, 1), (1, LayerShape::SIDE_MAX)] {
            let plan = InOrder.plan(LayerShape { inputs, outputs }, ArrayGeometry::BSS2);
            let share = plan.unwrap().utilisation();
            assert!(share > 0.0 && share <= 1.0, "{share}");
        }
    }
}
