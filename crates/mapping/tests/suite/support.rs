//! What tests share.

use bss2_core::{ArrayGeometry, MacArray, NOMINAL_GAIN_LSB, RunSettings, Trial};
use bss2_hardware::IdealArray;
use bss2_mapping::{
    Activations, ArrayProfile, Coding, ColumnProfile, Cut, DriverProfile, HemisphereProfile,
    Hemispheres, InputCoding, LayerShape, MappingError, Order, Packing, Plan, PlanRunner, Tiling,
    WeightCoding,
};
use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;

/// The result of a plan on an array, into outputs full of other numbers.
pub(crate) fn run<'a>(
    plan: Plan,
    array: &mut dyn MacArray,
    weights: ArrayView2<'_, i8>,
    activations: impl Into<Activations<'a>>,
) -> Result<Array2<i8>, MappingError> {
    let activations = activations.into();
    let mut result = Array2::from_elem((activations.dim().0, plan.shape().outputs()), 77);
    let trial = &mut Trial::new(0);
    PlanRunner::new(plan).run(array, weights, activations, trial, result.view_mut())?;
    Ok(result)
}

/// An ideal array at gain 1.
pub(crate) fn ideal(geometry: ArrayGeometry) -> IdealArray {
    IdealArray::new(geometry, 1.0).unwrap()
}

/// Every option of a tiling.
pub(crate) fn tilings() -> impl Strategy<Value = Tiling> {
    let numbers = (1_usize..3, 1_usize..4, 1_usize..4, 0_usize..3, 0_usize..3);
    (numbers, any::<[bool; 5]>()).prop_map(
        |((rows, columns, vectors, weights, inputs), choices)| {
            let [cut, order, hemispheres, packing, fill] = choices;
            let inputs = [
                InputCoding::Unsigned,
                InputCoding::TwoPasses,
                InputCoding::Offset {
                    correction_vectors: 3,
                },
            ][inputs];
            Tiling {
                cut: [Cut::Full, Cut::Even][usize::from(cut)],
                order: [Order::InputMajor, Order::OutputMajor][usize::from(order)],
                hemispheres: [Hemispheres::InTurn, Hemispheres::Together][usize::from(hemispheres)],
                packing: [Packing::Apart, Packing::SideBySide][usize::from(packing)],
                coding: Coding {
                    weights: WeightCoding::ALL[weights],
                    inputs,
                    row_repetition: rows,
                    column_copies: columns,
                    vectors_at_once: vectors,
                },
                fill_with_vectors: fill,
                ..Tiling::default()
            }
        },
    )
}

/// Shapes with up to three groups.
pub(crate) fn shapes() -> impl Strategy<Value = LayerShape> {
    (1_usize..25, 1_usize..25, 1_usize..4).prop_map(|(inputs, outputs, groups)| {
        LayerShape::grouped(inputs * groups, outputs * groups, groups).unwrap()
    })
}

/// A deterministic number in −1…1.
pub(crate) fn wobble(a: usize, b: usize) -> f32 {
    let mixed = (a * 7919 + b * 104_729 + 13).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed >> 40) % 2001) as f32 / 1000.0 - 1.0
}

/// A profile whose numbers differ from column to column and from driver to driver.
pub(crate) fn uneven(geometry: ArrayGeometry, num_sends: u32) -> ArrayProfile {
    let hemisphere = |h: usize| HemisphereProfile {
        columns: (0..geometry.columns())
            .map(|c| ColumnProfile {
                gain_positive: 1.0 + 0.1 * wobble(c, h),
                gain_negative: 1.0 + 0.1 * wobble(c, h) + 0.04 * wobble(c, h + 50),
                offset_lsb: 3.0 * wobble(c, h + 10),
                noise_lsb: 1.5 + 0.5 * wobble(c, h + 20),
                residual: 0.05,
                linearity_lsb: 2.0 * wobble(c, h + 30),
                works: true,
            })
            .collect(),
        drivers: (0..geometry.inputs())
            .map(|r| DriverProfile {
                gain: 1.0 + 0.1 * wobble(r, h + 40),
                works: true,
            })
            .collect(),
        common_noise_lsb: 0.5,
    };
    let settings = RunSettings::new(num_sends, 5).unwrap();
    let hemispheres = (0..geometry.hemispheres()).map(hemisphere).collect();
    let gain_lsb = NOMINAL_GAIN_LSB * num_sends as f32;
    ArrayProfile::new(geometry, settings, gain_lsb, hemispheres).unwrap()
}
