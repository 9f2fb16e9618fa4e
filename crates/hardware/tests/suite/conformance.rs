//! What every array obeys, whatever is inside.
//!
//! Each law is a function over a maker of fresh arrays with zero weights; `conforms!` turns an
//! array into a module with one test per law.

use std::cell::RefCell;

use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, ChipControl, MacArray, Metered, Recorder, Region,
    Register, RunRequest, RunSettings, Trial,
};
use bss2_hardware::{ChipConfig, Fidelity, IdealArray, MockArray, NOMINAL_GAIN_LSB, SimulatedChip};
use ndarray::{Array2, ArrayView2, Axis, s};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::{
    self, BSS2, chip, geometry, load, random_activations, run, settings, whole, write_all,
};

/// A maker of equal fresh arrays, with the mode whose weights they take, and how equal their outputs
/// are where the weights around differ.
type Make<'a> = &'a dyn Fn() -> (Box<dyn MacArray>, ArrayMode, Equal);

/// Fails where outputs differ too much.
type Equal = fn(ArrayView2<'_, i8>, ArrayView2<'_, i8>);

macro_rules! conforms {
    ($($array:ident in $mode:ident, $equal:ident: $make:expr;)*) => {$(
        mod $array {
            use super::*;

            fn make() -> (Box<dyn MacArray>, ArrayMode, Equal) {
                (Box::new($make), ArrayMode::$mode, $equal)
            }

            conforms!(@laws
                a_fresh_array_ignores_its_inputs
                weights_decide_the_outputs
                a_batch_may_be_split_anywhere
                a_part_of_the_array_answers_as_it_does_within_the_whole
                loading_a_region_leaves_the_rest
                loading_in_parts_is_loading_at_once
                equal_requests_give_equal_outputs
                runs_leave_no_trace
                hemispheres_are_independent
                bad_weights_change_nothing
                bad_runs_change_nothing
                an_empty_batch_is_a_run
                outputs_need_not_be_contiguous
            );
        }
    )*};
    (@laws $($law:ident)*) => {$(
        #[test]
        fn $law() {
            super::$law(&make);
        }
    )*};
}

conforms! {
    ideal in Membrane, exactly: IdealArray::new(BSS2, 0.01).expect("gain in range");
    mock in Membrane, exactly: MockArray::new(BSS2, NOMINAL_GAIN_LSB, MockArray::PUBLISHED_NOISE_LSB)
        .expect("parameters in range");
    typical_chip in Membrane, nearly: chip(ChipConfig::typical(), 3);
    chip_of_odd_size in Membrane, nearly: chip_of(3, 37, 41);
    unsigned_chip in Unsigned, nearly: in_mode(ArrayMode::Unsigned, chip_of(2, 33, 48));
    synaptic_line_chip in SynapticLine, exactly: in_mode(ArrayMode::SynapticLine, chip_of(2, 33, 97));
    transient_chip in Membrane, exactly: chip_of(2, 12, 24).with_fidelity(Fidelity::Transient);
    transient_synaptic_line_chip in SynapticLine, exactly:
        in_mode(ArrayMode::SynapticLine, chip_of(2, 6, 48)).with_fidelity(Fidelity::Transient);
    metered in Membrane, nearly: Metered::new(chip_of(2, 16, 32));
    recorder in Membrane, nearly: Recorder::new(chip_of(2, 16, 32));
}

fn chip_of(hemispheres: usize, inputs: usize, columns: usize) -> SimulatedChip {
    let geometry = geometry(hemispheres, inputs, columns);
    let config = ChipConfig {
        geometry,
        ..ChipConfig::typical()
    };
    chip(config, 3)
}

/// A chip whose lines, moreover, keep their charge until they are read.
fn in_mode(mode: ArrayMode, mut chip: SimulatedChip) -> SimulatedChip {
    chip.set_mode(mode).unwrap();
    if mode == ArrayMode::SynapticLine {
        write_all(&mut chip, Register::IBiasSyninExcTau, 50);
        chip.settle().unwrap();
    }
    chip
}

/// Random weights that a mode takes.
fn random_weights(mode: ArrayMode, shape: (usize, usize), seed: u64) -> Array2<i8> {
    let signed = support::random_weights(shape, seed);
    match mode {
        ArrayMode::Membrane | ArrayMode::SynapticLine => signed,
        ArrayMode::Unsigned => signed.mapv(i8::abs),
    }
}

/// Loads random weights into every hemisphere.
fn load_random(array: &mut dyn MacArray, mode: ArrayMode, seed: u64) {
    let geometry = array.geometry();
    for hemisphere in 0..geometry.hemispheres() {
        let weights = random_weights(mode, (geometry.inputs(), geometry.columns()), seed);
        load(array, Region::whole(geometry, hemisphere), weights.view());
    }
}

/// Whether the array has trial-to-trial noise (with the default settings).
fn is_noisy(array: &mut dyn MacArray) -> bool {
    let geometry = array.geometry();
    let activations = random_activations((64, geometry.inputs()), 5);
    let mut other = whole(geometry, 0);
    other.trial.seed ^= 1;
    run(array, &whole(geometry, 0), activations.view()) != run(array, &other, activations.view())
}

/// A batch that crosses the chip's internal blocks of vectors.
fn batch(geometry: ArrayGeometry) -> Array2<u8> {
    random_activations((150, geometry.inputs()), 7)
}

fn a_fresh_array_ignores_its_inputs(make: Make<'_>) {
    let (mut array, ..) = make();
    let geometry = array.geometry();
    let mut request = whole(geometry, 0);
    // The fewest events at the shortest wait: hardly any time for offsets to drift.
    request.settings = settings(1, 1);
    let mut one_event = Array2::<u8>::zeros((8, geometry.inputs()));
    one_event.column_mut(0).fill(1);
    let mut strong = one_event.clone();
    strong.column_mut(0).fill(31);
    assert_eq!(
        run(&mut *array, &request, one_event.view()),
        run(&mut *array, &request, strong.view())
    );
}

fn weights_decide_the_outputs(make: Make<'_>) {
    let (mut array, mode, _) = make();
    let geometry = array.geometry();
    let activations = Array2::from_elem((1, geometry.inputs()), 20_u8);
    let mut outputs = [*mode.weights().start(), 63].map(|weight| {
        let weights = Array2::from_elem((geometry.inputs(), geometry.columns()), weight);
        let region = Region::whole(geometry, 0);
        load(&mut *array, region, weights.view());
        run(&mut *array, &whole(geometry, 0), activations.view())
    });
    let [low, high] = &mut outputs;
    let raised = low.iter().zip(high.iter()).filter(|(l, h)| l < h).count();
    // Of the chip's columns a few are stuck.
    assert!(raised * 100 >= 97 * geometry.columns(), "{raised}");
}

fn a_batch_may_be_split_anywhere(make: Make<'_>) {
    let (mut array, mode, _) = make();
    let geometry = array.geometry();
    load_random(&mut *array, mode, 1);
    let activations = batch(geometry);
    let vectors = activations.nrows();
    let law = |cuts: Vec<usize>, first_vector: u64, seed: u64| {
        let mut request = whole(geometry, geometry.hemispheres() - 1);
        request.trial = Trial {
            seed,
            pass: 3,
            first_vector,
        };
        let together = run(&mut *array, &request, activations.view());
        let mut start = 0;
        let mut cuts = cuts;
        cuts.sort_unstable();
        for end in cuts.into_iter().chain([vectors]) {
            let mut part = request;
            part.trial.first_vector = first_vector.wrapping_add(start as u64);
            let rows = s![start..end, ..];
            let outputs = run(&mut *array, &part, activations.slice(rows));
            prop_assert_eq!(outputs.view(), together.slice(rows));
            start = end;
        }
        Ok(())
    };
    let law = RefCell::new(law);
    property(
        24,
        (
            prop::collection::vec(0..=vectors, 0..5),
            prop_oneof![any::<u64>(), (u64::MAX - 200)..=u64::MAX],
            any::<u64>(),
        ),
        |(cuts, first_vector, seed)| law.borrow_mut()(cuts, first_vector, seed),
    );
}

fn a_part_of_the_array_answers_as_it_does_within_the_whole(make: Make<'_>) {
    let (mut array, mode, equal) = make();
    let geometry = array.geometry();
    load_random(&mut *array, mode, 2);
    let array = RefCell::new(array);
    let span = |limit: usize| (0..limit).prop_flat_map(move |a| (Just(a), 1..=limit - a));
    property(
        24,
        (
            0..geometry.hemispheres(),
            span(geometry.inputs()),
            span(geometry.columns()),
            1..5_u32,
            1..20_u32,
            any::<u64>(),
        ),
        |(hemisphere, (first_input, inputs), (first_column, columns), sends, wait, seed)| {
            let part = RunRequest {
                region: Region {
                    hemisphere,
                    first_input,
                    inputs,
                    first_column,
                    columns,
                },
                settings: settings(sends, wait),
                trial: Trial::new(seed),
            };
            let activations = random_activations((5, inputs), seed);
            let mut padded = Array2::zeros((5, geometry.inputs()));
            padded
                .slice_mut(s![.., part.region.input_range()])
                .assign(&activations);
            let around = RunRequest {
                region: Region::whole(geometry, hemisphere),
                ..part
            };
            let mut array = array.borrow_mut();
            let outputs = run(&mut **array, &part, activations.view());
            let around = run(&mut **array, &around, padded.view());
            let around = around.slice(s![.., part.region.column_range()]);
            equal(outputs.view(), around);
            Ok(())
        },
    );
}

/// A rectangle in the middle of a hemisphere.
fn middle(geometry: ArrayGeometry) -> Region {
    Region {
        hemisphere: 0,
        first_input: geometry.inputs() / 3,
        inputs: geometry.inputs() / 2,
        first_column: geometry.columns() / 4,
        columns: geometry.columns() / 3,
    }
}

fn loading_a_region_leaves_the_rest(make: Make<'_>) {
    let (mut array, mode, equal) = make();
    let geometry = array.geometry();
    load_random(&mut *array, mode, 3);
    let region = middle(geometry);
    let request = whole(geometry, 0);
    // Outside the region's columns with all inputs, and inside them with the inputs outside.
    let all = batch(geometry);
    let mut outside = all.clone();
    outside.slice_mut(s![.., region.input_range()]).fill(0);
    let before = [&all, &outside].map(|x| run(&mut *array, &request, x.view()));

    let weights = random_weights(mode, (region.inputs, region.columns), 99);
    load(&mut *array, region, weights.view());
    let after = [&all, &outside].map(|x| run(&mut *array, &request, x.view()));

    equal(before[1].view(), after[1].view());
    let columns = region.column_range();
    for rest in [
        s![.., ..columns.start],
        s![.., columns.end..geometry.columns()],
    ] {
        equal(before[0].slice(rest), after[0].slice(rest));
    }
    assert_ne!(
        before[0].slice(s![.., columns.clone()]),
        after[0].slice(s![.., columns])
    );
}

/// For all but the lumped model on membranes.
fn exactly(a: ArrayView2<'_, i8>, b: ArrayView2<'_, i8>) {
    assert_eq!(a, b);
}

/// The lumped model estimates small losses from the weights of neighbouring columns and inputs, which
/// may turn a rounding.
fn nearly(a: ArrayView2<'_, i8>, b: ArrayView2<'_, i8>) {
    let differing = a.iter().zip(&b).filter(|(a, b)| a != b);
    assert!(differing.clone().all(|(a, b)| a.abs_diff(*b) <= 1));
    assert!(differing.count() <= 1 + a.len() / 20);
}

fn loading_in_parts_is_loading_at_once(make: Make<'_>) {
    let ((mut at_once, mode, _), (mut in_parts, ..)) = (make(), make());
    let geometry = at_once.geometry();
    load_random(&mut *at_once, mode, 4);
    let weights = random_weights(mode, (geometry.inputs(), geometry.columns()), 4);
    for hemisphere in 0..geometry.hemispheres() {
        for columns in [
            0..geometry.columns() / 3,
            geometry.columns() / 3..geometry.columns(),
        ] {
            for inputs in [
                0..geometry.inputs() / 2,
                geometry.inputs() / 2..geometry.inputs(),
            ] {
                let region = Region {
                    hemisphere,
                    first_input: inputs.start,
                    inputs: inputs.len(),
                    first_column: columns.start,
                    columns: columns.len(),
                };
                load(
                    &mut *in_parts,
                    region,
                    weights.slice(s![inputs, columns.clone()]),
                );
            }
        }
    }
    for hemisphere in 0..geometry.hemispheres() {
        let request = whole(geometry, hemisphere);
        let activations = batch(geometry);
        assert_eq!(
            run(&mut *at_once, &request, activations.view()),
            run(&mut *in_parts, &request, activations.view())
        );
    }
}

fn equal_requests_give_equal_outputs(make: Make<'_>) {
    let ((mut array, mode, _), (mut twin, ..)) = (make(), make());
    let geometry = array.geometry();
    load_random(&mut *array, mode, 5);
    load_random(&mut *twin, mode, 5);
    let activations = batch(geometry);
    let request = whole(geometry, 0);
    let first = run(&mut *array, &request, activations.view());
    assert_eq!(first, run(&mut *array, &request, activations.view()));
    assert_eq!(first, run(&mut *twin, &request, activations.view()));

    let noisy = is_noisy(&mut *array);
    let other_trials = [
        Trial {
            seed: 2,
            ..request.trial
        },
        Trial {
            pass: 1,
            ..request.trial
        },
        Trial {
            first_vector: 1,
            ..request.trial
        },
    ];
    for trial in other_trials {
        let outputs = run(
            &mut *array,
            &RunRequest { trial, ..request },
            activations.view(),
        );
        assert_eq!(first != outputs, noisy, "{trial:?}");
    }
}

fn runs_leave_no_trace(make: Make<'_>) {
    let (mut array, mode, _) = make();
    let geometry = array.geometry();
    load_random(&mut *array, mode, 6);
    let activations = batch(geometry);
    let request = whole(geometry, 0);
    let first = run(&mut *array, &request, activations.view());
    let between = RunRequest {
        region: middle(geometry),
        settings: settings(3, 1),
        trial: Trial::new(77),
    };
    let others = random_activations((70, between.region.inputs), 8);
    run(&mut *array, &between, others.view());
    assert_eq!(first, run(&mut *array, &request, activations.view()));
}

fn hemispheres_are_independent(make: Make<'_>) {
    let (mut array, mode, _) = make();
    let geometry = array.geometry();
    load_random(&mut *array, mode, 7);
    let activations = batch(geometry);
    let requests = [0, 1].map(|hemisphere| whole(geometry, hemisphere));
    let before = requests.map(|r| run(&mut *array, &r, activations.view()));
    let other = random_weights(mode, (geometry.inputs(), geometry.columns()), 8);
    load(&mut *array, requests[1].region, other.view());
    let after = requests.map(|r| run(&mut *array, &r, activations.view()));
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    if is_noisy(&mut *array) {
        assert_ne!(
            before[0], before[1],
            "equal weights, but each hemisphere has noise of its own"
        );
    }
}

fn bad_weights_change_nothing(make: Make<'_>) {
    let (mut array, mode, _) = make();
    let geometry = array.geometry();
    load_random(&mut *array, mode, 9);
    let activations = batch(geometry);
    let request = whole(geometry, 0);
    let before = run(&mut *array, &request, activations.view());

    let region = middle(geometry);
    let good = random_weights(mode, (region.inputs, region.columns), 10);
    let (min, max) = mode.weights().into_inner();
    for value in [max + 1, 127, min - 1, -128] {
        let mut weights = good.clone();
        weights[[2, 5]] = value;
        assert_eq!(
            array.load_weights(region, weights.view()),
            Err(ArrayError::WeightOutOfRange {
                value,
                min,
                max,
                input: 2,
                column: 5
            })
        );
    }
    let short = good.slice(s![1.., ..]);
    assert!(matches!(
        array.load_weights(region, short),
        Err(ArrayError::Shape {
            what: "weights",
            ..
        })
    ));
    for outside in outside(region, geometry) {
        assert!(matches!(
            array.load_weights(outside, good.view()),
            Err(ArrayError::RegionOutside { .. })
        ));
    }
    assert_eq!(before, run(&mut *array, &request, activations.view()));
}

/// Regions of the same shape that do not lie on the array.
fn outside(region: Region, geometry: ArrayGeometry) -> [Region; 4] {
    [
        Region {
            hemisphere: geometry.hemispheres(),
            ..region
        },
        Region {
            first_input: geometry.inputs() - region.inputs + 1,
            ..region
        },
        Region {
            first_column: geometry.columns() - region.columns + 1,
            ..region
        },
        Region {
            first_column: usize::MAX,
            ..region
        },
    ]
}

fn bad_runs_change_nothing(make: Make<'_>) {
    let (mut array, mode, _) = make();
    let geometry = array.geometry();
    load_random(&mut *array, mode, 11);
    let request = whole(geometry, 0);
    let good = batch(geometry);
    let before = run(&mut *array, &request, good.view());

    let mut refused = |request: &RunRequest, x: ArrayView2<'_, u8>, shape: (usize, usize)| {
        let mut outputs = Array2::from_elem(shape, 99_i8);
        let error = array
            .run(request, x, outputs.view_mut())
            .expect_err("a bad request");
        assert!(outputs.iter().all(|&out| out == 99), "{error}");
        error
    };
    let shape = before.dim();
    for value in [32, 255] {
        let mut activations = good.clone();
        activations[[149, 3]] = value;
        assert_eq!(
            refused(&request, activations.view(), shape),
            ArrayError::ActivationOutOfRange {
                value,
                vector: 149,
                input: 3
            }
        );
    }
    for shape in [
        (shape.0 - 1, shape.1),
        (shape.0, shape.1 + 1),
        (shape.1, shape.0),
    ] {
        assert!(matches!(
            refused(&request, good.view(), shape),
            ArrayError::Shape {
                what: "outputs",
                ..
            }
        ));
    }
    assert!(matches!(
        refused(&request, good.slice(s![.., 1..]), shape),
        ArrayError::Shape {
            what: "activations",
            ..
        }
    ));
    for region in outside(middle(geometry), geometry) {
        let activations = Array2::zeros((2, region.inputs));
        let request = RunRequest { region, ..request };
        assert!(matches!(
            refused(&request, activations.view(), (2, region.columns)),
            ArrayError::RegionOutside { .. }
        ));
    }
    assert_eq!(before, run(&mut *array, &request, good.view()));
}

fn an_empty_batch_is_a_run(make: Make<'_>) {
    let (mut array, mode, _) = make();
    let geometry = array.geometry();
    load_random(&mut *array, mode, 12);
    let request = whole(geometry, 0);
    let activations = batch(geometry);
    let before = run(&mut *array, &request, activations.view());
    let none = Array2::zeros((0, geometry.inputs()));
    assert_eq!(run(&mut *array, &request, none.view()).nrows(), 0);
    assert_eq!(before, run(&mut *array, &request, activations.view()));
}

fn outputs_need_not_be_contiguous(make: Make<'_>) {
    let (mut array, mode, _) = make();
    let geometry = array.geometry();
    let (inputs, columns) = (geometry.inputs(), geometry.columns());
    let region = Region::whole(geometry, 0);
    // Weights, activations and outputs as transposed views of their memory.
    let weights = random_weights(mode, (columns, inputs), 13);
    load(&mut *array, region, weights.t());
    let activations = random_activations((inputs, 70), 13);
    let request = RunRequest {
        region,
        settings: RunSettings::default(),
        trial: Trial::new(4),
    };
    let mut outputs = Array2::zeros((columns, 70));
    array
        .run(
            &request,
            activations.t(),
            outputs.view_mut().reversed_axes(),
        )
        .expect("a good request");

    load(&mut *array, region, weights.t().as_standard_layout().view());
    let straight = run(
        &mut *array,
        &request,
        activations.t().as_standard_layout().view(),
    );
    assert_eq!(outputs.t(), straight);
    assert_eq!(straight.len_of(Axis(0)), 70);
}

/// Checks a property for some random values, always the same ones.
fn property<S: Strategy>(
    cases: u32,
    strategy: S,
    law: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(&strategy, law) {
        panic!("{error}");
    }
}
