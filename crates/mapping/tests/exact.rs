//! Every strategy computes the same function: on the ideal array at gain 1, with saturation out of
//! play, a plan's result is the exact integer product.

use bss2_core::{
    ArrayError, ArrayGeometry, MacArray, Region, RunReport, RunRequest, RunSettings, Trial,
};
use bss2_hardware::IdealArray;
use bss2_mapping::{Balanced, InOrder, LayerShape, MappingError, MappingStrategy, PlanRunner};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use proptest::prelude::*;

const STRATEGIES: [&dyn MappingStrategy; 2] = [&InOrder, &Balanced];

fn run(
    strategy: &dyn MappingStrategy,
    geometry: ArrayGeometry,
    weights: &Array2<i8>,
    activations: &Array2<u8>,
) -> Result<Array2<i8>, Box<dyn std::error::Error>> {
    let (inputs, outputs) = weights.dim();
    let plan = strategy.plan(LayerShape { inputs, outputs }, geometry)?;
    let mut array = IdealArray::new(geometry, 1.0)?;
    let mut result = Array2::from_elem((activations.nrows(), outputs), 77);
    PlanRunner::new(plan).run(
        &mut array,
        weights.view(),
        activations.view(),
        RunSettings::default(),
        &mut Trial::new(0),
        result.view_mut(),
    )?;
    Ok(result)
}

proptest! {
    #[test]
    fn plans_equal_the_exact_product(
        inputs in 1_usize..40, outputs in 1_usize..40, vectors in 0_usize..5,
        rows in 1_usize..12, columns in 1_usize..12, seed: u64,
    ) {
        let geometry = ArrayGeometry::new(2, rows, columns).unwrap();
        // Sparse small numbers keep every partial sum within i8.
        let digit = |a: usize, b: usize| {
            (seed.wrapping_mul(a as u64 * 31 + 7) >> (b % 50)) as usize % 3
        };
        let weights = Array2::from_shape_fn((inputs, outputs), |(i, o)| digit(i, o) as i8 - 1);
        let activations = Array2::from_shape_fn((vectors, inputs), |(v, i)| digit(v + 11, i) as u8);
        let exact = activations.mapv(i32::from).dot(&weights.mapv(i32::from));
        for strategy in STRATEGIES {
            let found = run(strategy, geometry, &weights, &activations).unwrap();
            prop_assert_eq!(&found.mapv(i32::from), &exact);
        }
    }
}

#[test]
fn partial_sums_saturate_one_after_the_other() {
    let geometry = ArrayGeometry::new(1, 1, 1).unwrap();
    let activations = Array2::from_elem((1, 3), 2);
    let saturating_then_back = ndarray::array![[60_i8], [60], [-60]];
    let result = run(&InOrder, geometry, &saturating_then_back, &activations).unwrap();
    assert_eq!(result[[0, 0]], 7, "120 + 120 saturates at 127, then − 120");
}

/// Every axis of every argument reversed, transposed or with gaps: same numbers, same outputs.
#[test]
fn views_of_any_strides_give_the_outputs_of_plain_ones() {
    let geometry = ArrayGeometry::new(2, 8, 6).unwrap();
    let (inputs, outputs, vectors) = (19, 13, 5);
    let weights = Array2::from_shape_fn((inputs, outputs), |(i, o)| ((i * 3 + o) % 3) as i8 - 1);
    let activations = Array2::from_shape_fn((vectors, inputs), |(v, i)| ((v + i * 2) % 4) as u8);
    // Transposed, so that rows are not contiguous.
    let transposed_weights = weights.t().as_standard_layout().into_owned();
    // Backwards in memory, with a gap after each number.
    let mut spread = Array2::from_elem((2 * vectors, 2 * inputs), 31);
    let mut gaps = spread.slice_mut(s![..;-2, ..;-2]);
    gaps.assign(&activations);
    for strategy in STRATEGIES {
        let expected = run(strategy, geometry, &weights, &activations).unwrap();
        let plan = strategy.plan(LayerShape { inputs, outputs }, geometry);
        let mut array = IdealArray::new(geometry, 1.0).unwrap();
        let mut memory = Array2::from_elem((3 * outputs, vectors), 77);
        PlanRunner::new(plan.unwrap())
            .run(
                &mut array,
                transposed_weights.t(),
                spread.slice(s![..;-2, ..;-2]),
                RunSettings::default(),
                &mut Trial::new(0),
                memory.slice_mut(s![..;-3, ..]).reversed_axes(),
            )
            .unwrap();
        assert_eq!(memory.slice(s![..;-3, ..]).t(), expected);
        let untouched = memory.iter().filter(|&&y| y == 77).count();
        assert_eq!(untouched, 2 * outputs * vectors, "gaps stay");
    }
}

#[test]
fn batches_of_changing_size_share_a_runner() {
    let geometry = ArrayGeometry::new(2, 8, 6).unwrap();
    let shape = LayerShape {
        inputs: 19,
        outputs: 13,
    };
    let weights = Array2::from_shape_fn((19, 13), |(i, o)| ((i * 3 + o) % 3) as i8 - 1);
    let activations = Array2::from_shape_fn((9, 19), |(v, i)| ((v + i * 2) % 4) as u8);
    let whole = run(&InOrder, geometry, &weights, &activations).unwrap();
    let mut runner = PlanRunner::new(InOrder.plan(shape, geometry).unwrap());
    let mut array = IdealArray::new(geometry, 1.0).unwrap();
    for (first, size) in [(0, 4), (2, 1), (3, 0), (0, 9), (7, 2)] {
        let rows = s![first..first + size, ..];
        let mut part = Array2::from_elem((size, 13), 77);
        runner
            .run(
                &mut array,
                weights.view(),
                activations.slice(rows),
                RunSettings::default(),
                &mut Trial::new(0),
                part.view_mut(),
            )
            .unwrap();
        assert_eq!(part, whole.slice(rows));
    }
}

/// Finds as many outputs doubtful as a region has inputs.
struct Doubting;

impl MacArray for Doubting {
    fn geometry(&self) -> ArrayGeometry {
        ArrayGeometry::BSS2
    }

    fn load_weights(&mut self, _: Region, _: ArrayView2<'_, i8>) -> Result<(), ArrayError> {
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        _: ArrayView2<'_, u8>,
        _: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        Ok(RunReport {
            doubtful_outputs: request.region.inputs as u64,
        })
    }
}

#[test]
fn reports_of_all_tiles_are_summed() {
    let (inputs, outputs) = (300, 260);
    let shape = LayerShape { inputs, outputs };
    for strategy in STRATEGIES {
        let plan = strategy.plan(shape, ArrayGeometry::BSS2).unwrap();
        let report = PlanRunner::new(plan)
            .run(
                &mut Doubting,
                Array2::zeros((inputs, outputs)).view(),
                Array2::zeros((2, inputs)).view(),
                RunSettings::default(),
                &mut Trial::new(0),
                Array2::zeros((2, outputs)).view_mut(),
            )
            .unwrap();
        assert_eq!(report.doubtful_outputs, 2 * 300, "two tiles along outputs");
    }
}

#[test]
fn wrong_shapes_and_values_are_named() {
    let geometry = ArrayGeometry::BSS2;
    let plan = InOrder
        .plan(
            LayerShape {
                inputs: 4,
                outputs: 3,
            },
            geometry,
        )
        .unwrap();
    let mut runner = PlanRunner::new(plan);
    let mut attempt = |array: &mut IdealArray, weight: i8, columns: usize| {
        runner.run(
            array,
            Array2::from_elem((4, 3), weight).view(),
            Array2::zeros((2, 4)).view(),
            RunSettings::default(),
            &mut Trial::new(0),
            Array2::zeros((2, columns)).view_mut(),
        )
    };
    let mut array = IdealArray::new(geometry, 1.0).unwrap();
    assert!(matches!(
        attempt(&mut array, 1, 4),
        Err(MappingError::Shape {
            what: "outputs",
            expected: (2, 3),
            found: (2, 4)
        })
    ));
    assert!(matches!(
        attempt(&mut array, 64, 3),
        Err(MappingError::Array(ArrayError::WeightOutOfRange {
            value: 64,
            ..
        }))
    ));
    let mut other = IdealArray::new(ArrayGeometry::new(1, 8, 8).unwrap(), 1.0).unwrap();
    assert!(matches!(
        attempt(&mut other, 1, 3),
        Err(MappingError::OtherGeometry { .. })
    ));
}
