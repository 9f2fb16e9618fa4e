//! Every tiling computes the same function: on the ideal array, with saturation out of play, a
//! plan's result is the exact integer product.

use bss2_core::{ArrayGeometry, Chips, MacArray};
use bss2_hardware::IdealArray;
use bss2_mapping::{
    Coding, InputCoding, LayerShape, MappingError, MappingStrategy, Tiling, WeightCoding,
};
use ndarray::Array2;
use proptest::prelude::*;

use crate::support::{run, shapes, tilings};

/// Numbers that are mostly zero.
fn sparse(seed: u64, salt: usize, a: usize, b: usize) -> Option<usize> {
    let mixed = (seed ^ (salt as u64) << 32)
        .wrapping_add((a * 1009 + b * 31) as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let drawn = (mixed >> 40) as usize;
    (drawn.is_multiple_of(5)).then_some(drawn / 5)
}

/// Units of inputs and of weights, such that what offsets add is a small multiple of them.
fn units(coding: Coding) -> (i8, i8) {
    let input = if matches!(coding.inputs, InputCoding::Offset { .. }) {
        16
    } else {
        1
    };
    let weight = if coding.weights == WeightCoding::Offset {
        32
    } else {
        1
    };
    (input, weight)
}

/// Inputs of −1, 0 or 1 units, weights of −1…1 units, as far as the coding has them.
fn numbers(
    shape: LayerShape,
    coding: Coding,
    vectors: usize,
    seed: u64,
) -> (Array2<i8>, Array2<i8>) {
    let (input_unit, weight_unit) = units(coding);
    let pick = |unit: i8, range: std::ops::RangeInclusive<i8>, drawn: Option<usize>| {
        let value = drawn.map_or(0, |d| if d.is_multiple_of(2) { unit } else { -unit });
        if range.contains(&value) { value } else { 0 }
    };
    let weights = Array2::from_shape_fn(shape.weights(), |(i, o)| {
        pick(weight_unit, coding.weights.weights(), sparse(seed, 1, i, o))
    });
    let activations = Array2::from_shape_fn((vectors, shape.inputs()), |(v, i)| {
        pick(input_unit, coding.inputs.inputs(), sparse(seed, 2, v, i))
    });
    (weights, activations)
}

/// The product by its definition, in units.
fn exact(
    shape: LayerShape,
    coding: Coding,
    weights: &Array2<i8>,
    inputs: &Array2<i8>,
) -> Array2<i32> {
    let (input_unit, weight_unit) = units(coding);
    let unit = i32::from(input_unit) * i32::from(weight_unit);
    Array2::from_shape_fn((inputs.nrows(), shape.outputs()), |(v, o)| {
        let group = o / shape.group_outputs();
        let products = (0..shape.group_inputs()).map(|i| {
            let input = inputs[[v, group * shape.group_inputs() + i]];
            i32::from(input) * i32::from(weights[[i, o]])
        });
        products.sum::<i32>() / unit * coding.row_repetition as i32
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn plans_equal_the_exact_product(
        shape in shapes(), tiling in tilings(), vectors in 0_usize..7,
        rows in 2_usize..10, columns in 6_usize..14, chips in 1_usize..3, seed: u64,
    ) {
        let chip = ArrayGeometry::new(2, rows, columns).unwrap();
        let (input_unit, weight_unit) = units(tiling.coding);
        let gain = 1.0 / (f32::from(input_unit) * f32::from(weight_unit));
        let ideal = IdealArray::new(chip, gain).unwrap();
        let mut array = Chips::new(vec![ideal; chips]).unwrap();

        let (weights, activations) = numbers(shape, tiling.coding, vectors, seed);
        let exact = exact(shape, tiling.coding, &weights, &activations);
        let plan = tiling.plan(&shape.into(), array.geometry()).unwrap();
        let found = if tiling.coding.inputs == InputCoding::Unsigned {
            let unsigned = activations.mapv(|x| x as u8);
            run(plan, &mut array, weights.view(), unsigned.view())
        } else {
            run(plan, &mut array, weights.view(), activations.view())
        };
        prop_assert_eq!(found.unwrap().mapv(i32::from), exact);
    }

    /// The plan of a tiling is checked as it is made; this is a second, slower look at it.
    #[test]
    fn every_weight_has_one_place_and_every_place_is_on_the_array(
        shape in shapes(), tiling in tilings(), rows in 2_usize..10, columns in 6_usize..14,
    ) {
        let geometry = ArrayGeometry::new(2, rows, columns).unwrap();
        let plan = tiling.plan(&shape.into(), geometry).unwrap();
        let coding = plan.coding();
        let mut places = Array2::<usize>::zeros((shape.inputs(), shape.outputs()));
        for pass in plan.passes() {
            for run in &pass.runs {
                run.region().check(geometry).unwrap();
                for block in &run.blocks {
                    prop_assert_eq!(block.rows.len(), coding.rows(block.inputs.len()));
                    prop_assert_eq!(block.columns.len(), coding.columns(block.outputs.len()));
                    for input in block.inputs.iter() {
                        for output in block.outputs.iter() {
                            places[[input, output]] += 1;
                        }
                    }
                }
            }
        }
        for ((input, output), &count) in places.indexed_iter() {
            let same = input / shape.group_inputs() == output / shape.group_outputs();
            prop_assert_eq!(count, usize::from(same) * coding.vectors_at_once);
        }
        prop_assert!(plan.utilisation() > 0.0 && plan.utilisation() <= 1.0);
    }
}

#[test]
fn the_default_is_the_partition_of_the_existing_stack() {
    let shape = LayerShape::dense(300, 300).unwrap();
    let plan = Tiling::in_order()
        .plan(&shape.into(), ArrayGeometry::BSS2)
        .unwrap();
    let blocks: Vec<_> = plan
        .runs()
        .map(|run| {
            let block = &run.blocks[0];
            let range = |indices: &bss2_mapping::Indices| indices.as_range().unwrap();
            (run.hemisphere, range(&block.inputs), range(&block.outputs))
        })
        .collect();
    let expected = [
        (0, 0..128, 0..256),
        (1, 128..256, 0..256),
        (0, 256..300, 0..256),
        (1, 0..128, 256..300),
        (0, 128..256, 256..300),
        (1, 256..300, 256..300),
    ];
    assert_eq!(blocks, expected);
    assert!(plan.passes().iter().all(|pass| pass.runs.len() == 1));
}

#[test]
fn packing_uses_both_hemispheres_and_what_lies_idle() {
    let shape = LayerShape::dense(30, 20).unwrap();
    let plan = Tiling::packed()
        .plan(&shape.into(), ArrayGeometry::BSS2)
        .unwrap();
    assert_eq!(plan.passes().len(), 1);
    assert_eq!(plan.passes()[0].runs.len(), 2);
    assert_eq!(
        plan.coding().vectors_at_once,
        8,
        "4 × 30 rows on each hemisphere"
    );

    let grouped = LayerShape::grouped(8 * 16, 8 * 4, 8).unwrap();
    let apart = Tiling::in_order()
        .plan(&grouped.into(), ArrayGeometry::BSS2)
        .unwrap();
    assert_eq!(apart.passes().len(), 8);
    let packed = Tiling::packed()
        .plan(&grouped.into(), ArrayGeometry::BSS2)
        .unwrap();
    assert_eq!(
        (packed.passes().len(), packed.coding().vectors_at_once),
        (1, 2)
    );

    let large = LayerShape::dense(256, 256).unwrap();
    let plan = Tiling::packed()
        .plan(&large.into(), ArrayGeometry::BSS2)
        .unwrap();
    assert_eq!((plan.passes().len(), plan.utilisation()), (1, 1.0));
}

#[test]
fn what_does_not_fit_is_refused_with_its_sizes() {
    let small = ArrayGeometry::new(2, 3, 5).unwrap();
    let shape = LayerShape::dense(2, 2).unwrap();
    let refused = |coding| {
        Tiling::default()
            .with_coding(coding)
            .plan(&shape.into(), small)
    };
    let rows = refused(Coding {
        row_repetition: 4,
        ..Coding::default()
    });
    let expected = "one input takes 4 rows, a hemisphere has 3 to use";
    assert_eq!(rows.unwrap_err().to_string(), expected);
    let columns = refused(Coding {
        column_copies: 3,
        weights: WeightCoding::Offset,
        ..Coding::default()
    });
    let expected = "one output takes 6 columns, a hemisphere has 5 to use";
    assert_eq!(columns.unwrap_err().to_string(), expected);
    let none = refused(Coding {
        column_copies: 0,
        ..Coding::default()
    });
    let expected = "column_copies = 0 is outside 1…1024";
    assert_eq!(none.unwrap_err().to_string(), expected);
}

#[test]
fn more_blocks_than_the_limit_are_refused_and_as_many_are_planned() {
    let single = ArrayGeometry::new(1, 1, 1).unwrap();
    for tiling in [Tiling::in_order(), Tiling::balanced()] {
        let plan = |inputs, outputs| {
            let shape = LayerShape::dense(inputs, outputs).unwrap();
            tiling.plan(&shape.into(), single)
        };
        let largest = plan(1 << 10, 1 << 10).unwrap();
        assert_eq!(largest.blocks().count(), 1 << 20);
        assert_eq!(largest.utilisation(), 1.0);
        let (inputs, outputs) = (1 << 20, 1 << 20);
        let expected = MappingError::TooManyBlocks {
            inputs,
            outputs,
            blocks: 1 << 40,
            limit: 1 << 20,
        };
        assert_eq!(plan(inputs, outputs), Err(expected));
        assert!(plan((1 << 10) + 1, 1 << 10).is_err());
    }
}

#[test]
fn empty_large_and_uneven_layers_are_refused() {
    for (inputs, outputs) in [(0, 1), (1, 0)] {
        let refused = LayerShape::dense(inputs, outputs);
        assert_eq!(refused, Err(MappingError::EmptyLayer { inputs, outputs }));
    }
    let limit = LayerShape::SIDE_MAX;
    for (inputs, outputs) in [(limit + 1, 1), (1, limit + 1), (usize::MAX, usize::MAX)] {
        let expected = MappingError::LayerTooLarge {
            inputs,
            outputs,
            limit,
        };
        assert_eq!(LayerShape::dense(inputs, outputs), Err(expected));
    }
    for groups in [0, 2, 7] {
        assert!(matches!(
            LayerShape::grouped(6, 9, groups),
            Err(MappingError::Groups {
                inputs: 6,
                outputs: 9,
                ..
            })
        ));
    }
    for (inputs, outputs) in [(limit, 1), (1, limit)] {
        let shape = LayerShape::dense(inputs, outputs).unwrap();
        let plan = Tiling::in_order()
            .plan(&shape.into(), ArrayGeometry::BSS2)
            .unwrap();
        assert!(plan.utilisation() > 0.0);
    }
}
