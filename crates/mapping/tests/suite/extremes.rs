//! Whatever numbers come, nothing panics.

use bss2_core::{ArrayGeometry, ArrayMode, Trial};
use bss2_hardware::{IdealArray, NOMINAL_GAIN_LSB};
use bss2_mapping::{
    Coding, LayerSample, LayerShape, MappingStrategy as _, OutputError, Scaling, ScalingRule,
    Tiling, WeightCoding, quantile,
};
use ndarray::{Array2, Axis};
use proptest::prelude::*;

fn any_size() -> impl Strategy<Value = usize> {
    prop_oneof![0..5_usize, any::<usize>(), usize::MAX - 4..=usize::MAX]
}

proptest! {
    #[test]
    fn codings_of_any_numbers_have_sizes(
        row_repetition in any_size(), column_copies in any_size(), size in any_size(),
        weights in prop_oneof![
            Just(WeightCoding::Signed), Just(WeightCoding::ColumnPair), Just(WeightCoding::Offset)
        ],
    ) {
        let coding = Coding {
            row_repetition,
            column_copies,
            weights,
            ..Coding::PLAIN
        };
        prop_assert!(coding.rows(coding.inputs_on(size)) <= size);
        prop_assert!(coding.outputs_on(size) == 0 || coding.columns(coding.outputs_on(size)) <= size);
        let times = 1..=Coding::TIMES_MAX;
        let known = times.contains(&row_repetition) && times.contains(&column_copies);
        prop_assert_eq!(coding.check().is_ok(), known);
    }

    #[test]
    fn quantiles_of_any_share_are_among_the_values(share in prop::num::f64::ANY) {
        let values = [3.0, -1.0, 2.0];
        prop_assert!(values.contains(&quantile(values.into_iter(), share)));
    }
}

/// What is left of a matrix if all its rows are split off.
fn no_rows(columns: usize) -> Array2<f32> {
    Array2::zeros((3, columns))
}

#[test]
fn no_rows_split_off_others_are_scaled() {
    let rule = ScalingRule::default();
    let weights = Array2::from_elem((3, 2), 0.5);
    let scaling: Scaling = rule.fit(weights.view(), weights.view()).unwrap();
    let none = no_rows(2);
    let (none, _) = none.view().split_at(Axis(0), 0);
    assert_eq!(scaling.apply(none).unwrap().dim(), (0, 2));
}

#[test]
fn no_vectors_split_off_others_have_no_error() {
    let geometry = ArrayGeometry::BSS2;
    let shape = LayerShape::dense(3, 2).unwrap();
    let plan = Tiling::balanced().plan(&shape.into(), geometry).unwrap();
    let mut array = IdealArray::new(geometry, NOMINAL_GAIN_LSB).unwrap();
    let (weights, activations) = (Array2::<i8>::ones((3, 2)), Array2::<u8>::ones((4, 3)));
    let (none, _) = activations.view().split_at(Axis(0), 0);
    let sample = LayerSample {
        weights: weights.view(),
        activations: none.into(),
    };
    let error = OutputError::of(
        &plan,
        &mut array,
        sample,
        NOMINAL_GAIN_LSB,
        &mut Trial::new(1),
    );
    assert_eq!(error.unwrap().error_lsb, 0.0);
}

#[test]
fn arrays_of_modes_of_modes_are_planned_for() {
    let mut geometry = ArrayGeometry::BSS2;
    for _ in 0..100 {
        geometry = ArrayMode::Unsigned.geometry(geometry);
    }
    let shape = LayerShape::dense(3000, 2).unwrap();
    let plan = Tiling::balanced().plan(&shape.into(), geometry).unwrap();
    assert!(plan.utilisation() > 0.0);
}
