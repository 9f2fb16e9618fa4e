//! What a runner does besides computing the exact product.

use bss2_core::{
    ArrayError, ArrayGeometry, Baseline, Chips, MacArray, Metered, NOMINAL_GAIN_LSB, Region,
    RunReport, RunRequest, RunSettings, Trial, WeightCache,
};
use bss2_hardware::{ChipConfig, IdealArray, MockArray, SimulatedChip};
use bss2_mapping::{
    Coding, InputCoding, LayerShape, MappingError, MappingStrategy, Plan, PlanRunner, Tiling,
    WeightCoding,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, array, concatenate, s};

use crate::support::{ideal, run};

fn plan(tiling: Tiling, inputs: usize, outputs: usize, geometry: ArrayGeometry) -> Plan {
    let shape = LayerShape::dense(inputs, outputs).unwrap();
    tiling.plan(&shape.into(), geometry).unwrap()
}

#[test]
fn partial_sums_saturate_one_after_the_other() {
    let geometry = ArrayGeometry::new(1, 1, 1).unwrap();
    let activations = Array2::from_elem((1, 3), 2_u8);
    let saturating_then_back = ndarray::array![[60_i8], [60], [-60]];
    let plan = plan(Tiling::in_order(), 3, 1, geometry);
    let weights = saturating_then_back.view();
    let result = run(plan, &mut ideal(geometry), weights, activations.view()).unwrap();
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
    let twice = Coding {
        row_repetition: 2,
        ..Coding::default()
    };
    for tiling in [
        Tiling::in_order(),
        Tiling::packed(),
        Tiling::balanced().with_coding(twice),
    ] {
        let plan = plan(tiling, inputs, outputs, geometry);
        let mut array = ideal(geometry);
        let expected = run(plan.clone(), &mut array, weights.view(), activations.view()).unwrap();
        let mut memory = Array2::from_elem((3 * outputs, vectors), 77);
        PlanRunner::new(plan)
            .run(
                &mut array,
                transposed_weights.t(),
                spread.slice(s![..;-2, ..;-2]),
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
    let weights = Array2::from_shape_fn((19, 13), |(i, o)| ((i * 3 + o) % 3) as i8 - 1);
    let activations = Array2::from_shape_fn((9, 19), |(v, i)| ((v + i * 2) % 4) as u8);
    let plan = plan(Tiling::in_order(), 19, 13, geometry);
    let mut array = ideal(geometry);
    let whole = run(plan.clone(), &mut array, weights.view(), activations.view()).unwrap();
    let mut runner = PlanRunner::new(plan);
    for (first, size) in [(0, 4), (2, 1), (3, 0), (0, 9), (7, 2)] {
        let rows = s![first..first + size, ..];
        let mut part = Array2::from_elem((size, 13), 77);
        runner
            .run(
                &mut array,
                weights.view(),
                activations.slice(rows),
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
            ..RunReport::default()
        })
    }
}

#[test]
fn reports_of_all_runs_are_summed() {
    let (inputs, outputs) = (300, 260);
    for tiling in [Tiling::in_order(), Tiling::packed()] {
        let report = PlanRunner::new(plan(tiling, inputs, outputs, ArrayGeometry::BSS2))
            .run(
                &mut Doubting,
                Array2::zeros((inputs, outputs)).view(),
                Array2::<u8>::zeros((2, inputs)).view(),
                &mut Trial::new(0),
                Array2::zeros((2, outputs)).view_mut(),
            )
            .unwrap();
        assert_eq!(report.doubtful_outputs, 2 * 300, "two blocks along outputs");
    }
}

#[test]
fn wrong_shapes_and_values_are_named() {
    let geometry = ArrayGeometry::BSS2;
    let attempt = |coding: Coding, weight: i8, input: i8, columns: usize| {
        let tiling = Tiling::default().with_coding(coding);
        PlanRunner::new(plan(tiling, 4, 3, geometry)).run(
            &mut ideal(geometry),
            Array2::from_elem((4, 3), weight).view(),
            Array2::from_elem((2, 4), input).view(),
            &mut Trial::new(0),
            Array2::zeros((2, columns)).view_mut(),
        )
    };
    let refused = |coding, weight, input, columns| {
        attempt(coding, weight, input, columns)
            .unwrap_err()
            .to_string()
    };
    let plain = Coding::default();
    let expected = "outputs must have shape (2, 3), found (2, 4)";
    assert_eq!(refused(plain, 1, 1, 4), expected);
    let expected = "weight 64 at input 0, output 0 is outside -63…63";
    assert_eq!(refused(plain, 64, 1, 3), expected);
    let offset = Coding {
        weights: WeightCoding::Offset,
        ..plain
    };
    let expected = "weight 32 at input 0, output 0 is outside -32…31";
    assert_eq!(refused(offset, 32, 1, 3), expected);
    let expected = "input 0 of vector 0 is -1, outside 0…31";
    assert_eq!(refused(plain, 1, -1, 3), expected);
    let signed = |inputs| Coding { inputs, ..plain };
    let expected = "input 0 of vector 0 is -32, outside -31…31";
    assert_eq!(refused(signed(InputCoding::TwoPasses), 1, -32, 3), expected);
    let raised = InputCoding::Offset {
        correction_vectors: 1,
    };
    let expected = "input 0 of vector 0 is 16, outside -16…15";
    assert_eq!(refused(signed(raised), 1, 16, 3), expected);

    let other = ArrayGeometry::new(1, 8, 8).unwrap();
    let plan = plan(Tiling::default(), 4, 3, geometry);
    let refused = run(
        plan,
        &mut ideal(other),
        Array2::zeros((4, 3)).view(),
        array![[1_u8, 2, 3, 4]].view(),
    );
    let expected = "the plan was made for 2 × 128 inputs × 256 columns, the array is 1 × 8 inputs × \
                    8 columns";
    assert_eq!(refused.unwrap_err().to_string(), expected);
}

#[test]
fn a_batch_may_be_split_between_vectors_that_run_at_once_but_not_amid_them() {
    let tiling = Tiling::default().with_coding(Coding {
        vectors_at_once: 2,
        ..Coding::default()
    });
    let tiling = Tiling {
        packing: bss2_mapping::Packing::SideBySide,
        ..tiling
    };
    let geometry = ArrayGeometry::BSS2;
    let weights = Array2::from_shape_fn((9, 5), |(i, o)| (7 * i + o) as i8);
    let activations = Array2::from_shape_fn((5, 9), |(v, i)| (5 * v + i) as u8 % 32);
    let mut mock = MockArray::new(geometry, 0.01, 2.0).unwrap();
    let mut runner = PlanRunner::new(plan(tiling, 9, 5, geometry));
    let mut part = |first: usize, last: usize| {
        let mut outputs = Array2::zeros((last - first, 5));
        let mut trial = Trial {
            first_vector: first as u64,
            ..Trial::new(3)
        };
        let vectors = activations.slice(s![first..last, ..]);
        runner.run(
            &mut mock,
            weights.view(),
            vectors,
            &mut trial,
            outputs.view_mut(),
        )?;
        Ok::<_, MappingError>(outputs)
    };
    let whole = part(0, 5).unwrap();
    let parts = [part(0, 2).unwrap(), part(2, 5).unwrap()];
    assert_eq!(concatenate![Axis(0), parts[0], parts[1]], whole);
    let expected = MappingError::FirstVector {
        first_vector: 1,
        vectors_at_once: 2,
    };
    assert_eq!(part(1, 2), Err(expected));
}

/// The offset of the inputs takes the columns' offsets along when it is corrected.
#[test]
fn corrected_inputs_have_no_offset() {
    /// Puts out 9 more than the ideal array.
    struct Raised(IdealArray);
    impl MacArray for Raised {
        fn geometry(&self) -> ArrayGeometry {
            self.0.geometry()
        }
        fn load_weights(
            &mut self,
            region: Region,
            w: ArrayView2<'_, i8>,
        ) -> Result<(), ArrayError> {
            self.0.load_weights(region, w)
        }
        fn run(
            &mut self,
            request: &RunRequest,
            activations: ArrayView2<'_, u8>,
            mut outputs: ArrayViewMut2<'_, i8>,
        ) -> Result<RunReport, ArrayError> {
            let report = self.0.run(request, activations, outputs.view_mut())?;
            outputs.mapv_inplace(|y| y + 9);
            Ok(report)
        }
    }
    let geometry = ArrayGeometry::BSS2;
    let found = |inputs| {
        let tiling = Tiling::default().with_coding(Coding {
            inputs,
            ..Coding::default()
        });
        let mut array = Raised(ideal(geometry));
        let weights = array![[1_i8, -1], [2, 1]];
        run(
            plan(tiling, 2, 2, geometry),
            &mut array,
            weights.view(),
            array![[3_u8, 5]].view(),
        )
    };
    assert_eq!(found(InputCoding::Unsigned).unwrap(), array![[22, 11]]);
    let raised = InputCoding::Offset {
        correction_vectors: 4,
    };
    assert_eq!(found(raised).unwrap(), array![[13, 2]]);
    assert_eq!(found(InputCoding::TwoPasses).unwrap(), array![[13, 2]]);
}

/// Raised numbers fill the range of a reading before anything is subtracted: that is told.
#[test]
fn readings_that_saturate_before_they_are_subtracted_are_counted() {
    let geometry = ArrayGeometry::BSS2;
    let found = |weights, inputs| {
        let tiling = Tiling::default().with_coding(Coding {
            weights,
            inputs,
            ..Coding::default()
        });
        let mut array = IdealArray::new(geometry, 0.002).unwrap();
        let mut outputs = Array2::zeros((2, 3));
        let report = PlanRunner::new(plan(tiling, 128, 3, geometry)).run(
            &mut array,
            Array2::from_elem((128, 3), 30).view(),
            Array2::from_elem((2, 128), 10_u8).view(),
            &mut Trial::new(1),
            outputs.view_mut(),
        );
        (outputs[[0, 0]], report.unwrap().saturated_readings)
    };
    let (signed, unsigned) = (WeightCoding::Signed, InputCoding::Unsigned);
    let offset = InputCoding::Offset {
        correction_vectors: 4,
    };
    assert_eq!(found(signed, unsigned), (77, 0));
    assert_eq!(found(signed, InputCoding::TwoPasses), (77, 0));
    // 200 LSB saturate at 127, the correction of 123 does not.
    assert_eq!(found(signed, offset), (4, 6));
    let (raised, saturated) = found(WeightCoding::Offset, unsigned);
    assert!(raised < 77 && saturated == 6, "{raised}, {saturated}");
}

/// One trial gives every chip other noise.
#[test]
fn chips_have_noise_of_their_own() {
    let geometry = ArrayGeometry::BSS2;
    let mock = MockArray::new(geometry, 0.002, 4.0).unwrap();
    let mut chips = Chips::new(vec![mock; 2]).unwrap();
    let mut noise = |hemisphere| {
        let mut outputs = Array2::zeros((4, 256));
        let request = RunRequest {
            region: Region::whole(geometry, hemisphere),
            settings: RunSettings::default(),
            trial: Trial::new(5),
        };
        let silent = Array2::zeros((4, 128));
        chips
            .run(&request, silent.view(), outputs.view_mut())
            .unwrap();
        outputs
    };
    let all: Vec<Array2<i8>> = (0..4).map(&mut noise).collect();
    for (index, one) in all.iter().enumerate() {
        assert!(
            all[..index].iter().all(|other| other != one),
            "hemisphere {index}"
        );
    }
    assert_eq!(all[3], noise(3));
}

/// Is given passes at once, and does them by loads and runs.
struct OneByOne<A>(A);

impl<A: MacArray> MacArray for OneByOne<A> {
    fn geometry(&self) -> ArrayGeometry {
        self.0.geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.0.load_weights(region, weights)
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        self.0.run(request, activations, outputs)
    }
}

/// The outputs of a layer and what is said of them, on so many threads.
fn on_threads<A: MacArray>(
    threads: usize,
    plan: &Plan,
    mut array: A,
    activations: &Array2<u8>,
) -> (Array2<i8>, RunReport) {
    let (inputs, outputs) = plan.shape().weights();
    let weights = Array2::from_shape_fn((inputs, outputs), |(i, o)| {
        ((i * 31 + o * 17) % 61) as i8 - 30
    });
    let mut sums = Array2::zeros((activations.nrows(), outputs));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let report = pool.unwrap().install(|| {
        let mut runner = PlanRunner::new(plan.clone());
        let mut trial = Trial::new(3);
        let mut run = || {
            runner.run(
                &mut array,
                weights.view(),
                activations.view(),
                &mut trial,
                sums.view_mut(),
            )
        };
        run()?;
        run()
    });
    (sums, report.unwrap())
}

/// In any coding, by membranes above constant or measured baselines, several or all passes at once.
#[test]
fn passes_at_once_put_out_what_they_do_one_by_one_on_any_threads() {
    let config = ChipConfig::typical().check().unwrap();
    let inputs = [
        InputCoding::Unsigned,
        InputCoding::TwoPasses,
        InputCoding::Offset {
            correction_vectors: 5,
        },
    ];
    for (number, inputs) in inputs.into_iter().enumerate() {
        let coding = Coding {
            inputs,
            weights: [
                WeightCoding::Signed,
                WeightCoding::ColumnPair,
                WeightCoding::Signed,
            ][number],
            ..Coding::default()
        };
        let tiling = [Tiling::balanced(), Tiling::packed()][number % 2].with_coding(coding);
        let activations = Array2::from_shape_fn((33, 1300), |(v, i)| ((v * 5 + i * 7) % 15) as u8);
        for baseline in [Baseline::Constant, Baseline::Measured] {
            let settings = RunSettings::USUAL.with_baseline(baseline);
            let plan = plan(Tiling { settings, ..tiling }, 1300, 60, ArrayGeometry::BSS2);
            let chip = || SimulatedChip::new(&config, 5);
            let expected = on_threads(1, &plan, OneByOne(chip()), &activations);
            for threads in [1, 2, 3] {
                assert_eq!(
                    on_threads(threads, &plan, WeightCache::new(chip()), &activations),
                    expected,
                    "{coding:?}, {baseline:?}, {threads} threads"
                );
            }
        }
    }
}

/// So many readings that threads share them, and more than are given to the array at once.
#[test]
fn sums_of_many_readings_are_the_same_on_any_threads() {
    let geometry = ArrayGeometry::BSS2;
    let apart = Tiling::balanced();
    let at_once = Tiling {
        packing: bss2_mapping::Packing::SideBySide,
        ..Tiling::balanced().with_coding(Coding {
            vectors_at_once: 2,
            ..Coding::default()
        })
    };
    for (tiling, (inputs, outputs), vectors) in [
        (apart, (784, 128), 331),
        (apart, (300, 256), 4301),
        (at_once, (60, 100), 4301),
    ] {
        let plan = plan(tiling, inputs, outputs, geometry);
        let activations =
            Array2::from_shape_fn((vectors, inputs), |(v, i)| ((v * 5 + i * 7) % 15) as u8);
        let mock = || MockArray::new(geometry, 0.002, 2.0).unwrap();
        let expected = on_threads(1, &plan, OneByOne(mock()), &activations);
        for threads in [2, 3] {
            assert_eq!(on_threads(threads, &plan, mock(), &activations), expected);
        }
    }
}

/// However wrappers are nested, what runs together takes the time of the longest.
#[test]
fn wrappers_hand_on_what_runs_together() {
    let geometry = ArrayGeometry::BSS2;
    let plan = plan(Tiling::packed(), 256, 20, geometry);
    let cycles = |array: &mut dyn MacArray| {
        let weights = Array2::ones((256, 20));
        run(
            plan.clone(),
            array,
            weights.view(),
            Array2::from_elem((3, 256), 1_u8).view(),
        )
        .unwrap();
    };
    let mut metered = Metered::new(ideal(geometry));
    cycles(&mut metered);
    let expected = metered.take_ledger();
    assert_eq!(expected.event_cycles, 3 * 128 * 5);
    let mut recorded = bss2_core::Recorder::new(&mut metered);
    cycles(&mut recorded);
    let recording = recorded.into_recording();
    assert_eq!(recording.len(), 4, "two loads, two runs");
    assert_eq!(metered.take_ledger(), expected);
    cycles(&mut Chips::new(vec![&mut metered]).unwrap());
    assert_eq!(metered.take_ledger(), expected);
    cycles(&mut WeightCache::new(&mut metered));
    assert_eq!(metered.take_ledger(), expected);
}

/// Copies of a column average what the trials leave different.
#[test]
fn column_copies_lower_the_noise() {
    let geometry = ArrayGeometry::BSS2;
    let deviation = |column_copies| {
        let tiling = Tiling::default().with_coding(Coding {
            column_copies,
            ..Coding::default()
        });
        let mut mock = MockArray::new(geometry, NOMINAL_GAIN_LSB, 4.0).unwrap();
        let weights = Array2::from_elem((64, 10), 20);
        let activations = Array2::from_elem((2000, 64), 15_u8);
        let plan = plan(tiling, 64, 10, geometry);
        let outputs = run(plan, &mut mock, weights.view(), activations.view()).unwrap();
        outputs.mapv(f64::from).std(0.0)
    };
    let (one, sixteen) = (deviation(1), deviation(16));
    assert!((3.8..4.2).contains(&one), "{one}");
    // A quarter of it, and a little for the rounding of the mean.
    assert!((0.95..1.15).contains(&sixteen), "{sixteen}");
}

#[test]
fn several_chips_compute_what_one_does_in_less_time() {
    let chip = ArrayGeometry::BSS2;
    let time = |chips: usize| {
        let ideal = IdealArray::new(chip, NOMINAL_GAIN_LSB).unwrap();
        let mut array = Metered::new(Chips::new(vec![ideal; chips]).unwrap());
        let plan = plan(Tiling::packed(), 1024, 256, array.geometry());
        let weights = Array2::from_shape_fn((1024, 256), |(i, o)| ((i * 3 + o) % 127) as i8 - 63);
        let activations = Array2::from_shape_fn((9, 1024), |(v, i)| ((v + i * 2) % 32) as u8);
        let outputs = run(plan, &mut array, weights.view(), activations.view()).unwrap();
        (outputs, array.take_ledger())
    };
    let ((one, one_cost), (four, four_cost)) = (time(1), time(4));
    assert_eq!(one, four);
    assert_eq!((one_cost.vectors, four_cost.vectors), (4 * 9, 9));
    assert_eq!(one_cost.events, four_cost.events);
}

#[test]
fn weights_that_stay_are_loaded_once() {
    let geometry = ArrayGeometry::BSS2;
    let mut array = WeightCache::new(Metered::new(ideal(geometry)));
    let resident = plan(Tiling::packed(), 200, 40, geometry);
    assert!(resident.is_resident());
    let mut runner = PlanRunner::new(resident);
    let weights = Array2::ones((200, 40));
    let mut batches = |count: usize| {
        for _ in 0..count {
            let mut outputs = Array2::zeros((3, 40));
            let activations = Array2::<u8>::zeros((3, 200));
            let trial = &mut Trial::new(0);
            runner.run(
                &mut array,
                weights.view(),
                activations.view(),
                trial,
                outputs.view_mut(),
            )?;
        }
        Ok::<u64, MappingError>(array.inner().ledger().weights_written)
    };
    assert_eq!(batches(1), Ok(200 * 40));
    assert_eq!(batches(5), Ok(200 * 40));
}

/// On a chip whose imperfections are switched off, every coding comes close to the ideal array.
#[test]
fn codings_agree_on_a_chip_without_imperfections() {
    let config = ChipConfig::typical()
        .without_noise()
        .without_mismatch()
        .check()
        .unwrap();
    let geometry = ArrayGeometry::BSS2;
    let weights = Array2::from_shape_fn((100, 6), |(i, o)| ((i * 11 + o * 5) % 31) as i8 - 5);
    let activations = Array2::from_shape_fn((4, 100), |(v, i)| ((v * 3 + i * 7) % 16) as u8);
    let outputs = |coding: Coding| {
        let mut chip = SimulatedChip::new(&config, 1);
        let settings = RunSettings::new(2, 5).unwrap();
        let tiling = Tiling::default()
            .with_coding(coding)
            .with_settings(settings);
        let plan = plan(tiling, 100, 6, geometry);
        let found = run(plan, &mut chip, weights.view(), activations.view()).unwrap();
        found.mapv(f64::from)
    };
    let plain = outputs(Coding::default());
    assert!(plain.iter().any(|y| y.abs() > 10.0), "{plain}");
    let offset = InputCoding::Offset {
        correction_vectors: 1,
    };
    for (weights, inputs) in [
        (WeightCoding::ColumnPair, InputCoding::Unsigned),
        (WeightCoding::Signed, InputCoding::TwoPasses),
        (WeightCoding::Signed, offset),
    ] {
        let found = outputs(Coding {
            weights,
            inputs,
            ..Coding::default()
        });
        let error = (&found - &plain)
            .mapv(f64::abs)
            .fold(0.0, |a: f64, &b| a.max(b));
        assert!(
            error <= 0.1 * plain.mapv(f64::abs).fold(0.0, |a: f64, &b| a.max(b)),
            "{found} {plain}"
        );
    }
}
