//! The predicted cost is what a metered array counts.

use bss2_core::{ArrayGeometry, CostModel, Metered, RunSettings};
use bss2_mapping::{InputCoding, LayerShape, MappingStrategy, Tiling, Workload};
use ndarray::Array2;
use proptest::prelude::*;

use crate::support::{ideal, run, shapes, tilings};

proptest! {
    /// With all inputs active, nothing is left to chance.
    #[test]
    fn predicted_and_counted_costs_are_equal(
        shape in shapes(), tiling in tilings(), vectors in 0_usize..7, sends in 1_u32..4,
        wait in 1_u32..9,
    ) {
        let geometry = ArrayGeometry::new(2, 9, 13).unwrap();
        let tiling = tiling.with_settings(RunSettings::new(sends, wait).unwrap());
        let plan = tiling.plan(&shape.into(), geometry).unwrap();
        let workload = Workload::new(vectors as u64, 1.0).unwrap();
        let expected = plan.loading() + plan.running(workload);
        let cost = plan.cost(workload, &CostModel::default());
        prop_assert_eq!(cost.ledger, expected);

        let mut array = Metered::new(ideal(geometry));
        let weights = Array2::from_elem(shape.weights(), 1);
        let activations = Array2::from_elem((vectors, shape.inputs()), 1_u8);
        run(plan, &mut array, weights.view(), activations.view()).unwrap();
        prop_assert_eq!(array.take_ledger(), expected);
    }
}

#[test]
fn the_largest_workloads_have_a_cost() {
    let geometry = ArrayGeometry::new(1, 1024, 1024).unwrap();
    let settings = RunSettings::new(1000, 1000).unwrap();
    let shape = LayerShape::dense(1 << 20, 1 << 10).unwrap();
    let tiling = Tiling::in_order().with_settings(settings);
    let plan = tiling.plan(&shape.into(), geometry).unwrap();
    let workload = Workload::new(Workload::VECTORS_MAX, 1.0).unwrap();
    let cost = plan.cost(workload, &CostModel::default());
    assert!(cost.chip_time_us > 1e15 && cost.energy_uj.is_finite());
}

#[test]
fn sparse_inputs_save_events() {
    let shape = LayerShape::dense(64, 10).unwrap();
    let plan = Tiling::in_order()
        .plan(&shape.into(), ArrayGeometry::BSS2)
        .unwrap();
    let events = |share| plan.running(Workload::new(100, share).unwrap()).events;
    assert_eq!([0.0, 0.25, 1.0].map(events), [0, 1600, 6400]);
    for share in [-0.1, 1.1, f64::NAN] {
        assert!(Workload::new(1, share).is_err());
    }
    assert!(Workload::new(u64::MAX, 0.5).is_err());
}

#[test]
fn negative_inputs_cost_another_readout_or_a_correction() {
    let shape = LayerShape::dense(64, 10).unwrap();
    let vectors = |inputs| {
        let mut tiling = Tiling::in_order();
        tiling.coding.inputs = inputs;
        let plan = tiling.plan(&shape.into(), ArrayGeometry::BSS2).unwrap();
        plan.running(Workload::new(100, 1.0).unwrap()).vectors
    };
    let offset = InputCoding::Offset {
        correction_vectors: 16,
    };
    let codings = [InputCoding::Unsigned, InputCoding::TwoPasses, offset];
    assert_eq!(codings.map(vectors), [100, 200, 116]);
}
