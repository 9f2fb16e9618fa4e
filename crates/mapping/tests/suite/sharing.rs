//! Several layers on one array.

use bss2_core::{ArrayGeometry, Metered, Trial, WeightCache};
use bss2_mapping::{
    Hemispheres, LayerShape, MappingError, PlanRunner, Tiling, are_apart, share_array,
};
use ndarray::Array2;
use proptest::prelude::*;

use crate::support::{ideal, shapes, tilings};

proptest! {
    /// Either the layers lie apart or it is said that they do not fit.
    #[test]
    fn layers_that_share_an_array_do_not_share_synapses(
        layers in prop::collection::vec((shapes(), tilings()), 1..5),
    ) {
        let geometry = ArrayGeometry::new(2, 40, 60).unwrap();
        let plans = match share_array(&layers, geometry) {
            Ok(plans) => plans,
            Err(refusal) => {
                prop_assert!(matches!(refusal, MappingError::NoRoom { .. }), "{refusal}");
                return Ok(());
            }
        };
        prop_assert!(are_apart(&plans));
        for (plan, (shape, tiling)) in plans.iter().zip(&layers) {
            prop_assert_eq!(plan.shape(), *shape);
            prop_assert_eq!(plan.coding(), tiling.coding);
        }
    }
}

fn dense(inputs: usize, outputs: usize) -> LayerShape {
    LayerShape::dense(inputs, outputs).unwrap()
}

#[test]
fn a_network_is_loaded_once_and_its_layers_run_in_any_order() {
    let geometry = ArrayGeometry::BSS2;
    let together = Tiling {
        hemispheres: Hemispheres::Together,
        ..Tiling::balanced()
    };
    let shapes = [dense(64, 128), dense(128, 128), dense(128, 10)];
    let plans = share_array(&shapes.map(|shape| (shape, together)), geometry).unwrap();
    let mut array = WeightCache::new(Metered::new(ideal(geometry)));
    for _ in 0..3 {
        for (layer, plan) in plans.iter().enumerate().rev() {
            let shape = plan.shape();
            let weights = Array2::from_elem(shape.weights(), layer as i8);
            let activations = Array2::from_elem((2, shape.inputs()), 1_u8);
            let mut outputs = Array2::zeros((2, shape.outputs()));
            PlanRunner::new(plan.clone())
                .run(
                    &mut array,
                    weights.view(),
                    activations.view(),
                    &mut Trial::new(1),
                    outputs.view_mut(),
                )
                .unwrap();
            let expected = (layer * shape.inputs()).min(127) as i8;
            assert!(outputs.iter().all(|&y| y == expected));
        }
    }
    let weights: u64 = shapes.iter().map(|shape| shape.weight_count()).sum();
    assert_eq!(array.inner().ledger().weights_written, weights);
}

#[test]
fn blocks_of_a_layer_run_together_on_different_hemispheres() {
    let together = Tiling {
        hemispheres: Hemispheres::Together,
        ..Tiling::balanced()
    };
    let plans = share_array(&[(dense(500, 60), together)], ArrayGeometry::BSS2).unwrap();
    let runs: Vec<usize> = plans[0]
        .passes()
        .iter()
        .map(|pass| pass.runs.len())
        .collect();
    assert_eq!(runs, [2, 2]);
}

#[test]
fn what_finds_no_room_is_named() {
    let layer = (dense(128, 256), Tiling::in_order());
    assert!(share_array(&[layer; 2], ArrayGeometry::BSS2).is_ok());
    let refused = share_array(&[layer; 3], ArrayGeometry::BSS2).unwrap_err();
    let expected = "layer 2 does not fit beside the others: a block of 128 rows × 256 columns finds \
                    no room on 2 × 128 inputs × 256 columns";
    assert_eq!(refused.to_string(), expected);
    let large = (dense(1 << 15, 1 << 12), Tiling::in_order());
    assert!(share_array(&[large], ArrayGeometry::BSS2).is_err());
    let depthwise = LayerShape::grouped(1 << 14, 1 << 14, 1 << 14).unwrap();
    let many = share_array(&[(depthwise, Tiling::in_order())], ArrayGeometry::BSS2);
    assert!(matches!(
        many,
        Err(MappingError::TooManyBlocks { limit: 1024, .. })
    ));
}
