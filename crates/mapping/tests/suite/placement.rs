//! Profiles, placement by them, and the choice of redundancy.

use std::sync::Arc;

use bss2_core::{
    ArrayError, ArrayGeometry, CostModel, MacArray, Region, RunReport, RunRequest, RunSettings,
    Trial,
};
use bss2_hardware::IdealArray;
use bss2_mapping::{
    ArrayProfile, Coding, ColumnProfile, HemisphereProfile, Layer, LayerSample, LayerShape,
    MappingError, MappingStrategy, Objective, OutputError, Placed, ProfileProtocol, ProfiledArray,
    Tiling, Tuned, WeightCoding,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use proptest::prelude::*;

use crate::support::{run, shapes, tilings, uneven, wobble};

struct Sample {
    shape: LayerShape,
    weights: Array2<i8>,
    activations: Array2<u8>,
}

impl Sample {
    /// Weights and activations of unequal strength.
    fn new(inputs: usize, outputs: usize) -> Self {
        let shape = LayerShape::dense(inputs, outputs).unwrap();
        let weights = Array2::from_shape_fn(shape.weights(), |(i, o)| {
            (60.0 * wobble(i, o) * (1.0 + o as f32) / outputs as f32) as i8
        });
        let activations = Array2::from_shape_fn((60, inputs), |(v, i)| {
            (31.0 * wobble(v, i + 500).max(0.0) * (1.0 + (i % 7) as f32) / 7.0) as u8
        });
        Self {
            shape,
            weights,
            activations,
        }
    }

    fn layer(&self) -> Layer<'_> {
        Layer::with_sample(self.shape, self.sample()).unwrap()
    }

    fn sample(&self) -> LayerSample<'_> {
        LayerSample {
            weights: self.weights.view(),
            activations: self.activations.view().into(),
        }
    }
}

#[test]
fn a_profile_is_found_again_by_measurement() {
    let geometry = ArrayGeometry::BSS2;
    let truth = Arc::new(uneven(geometry, 2));
    let mut array = ProfiledArray::new(Arc::clone(&truth), 7);
    let found = ProfileProtocol::default()
        .measure(&mut array, truth.settings(), 3)
        .unwrap();
    assert!((found.gain_lsb() / truth.gain_lsb() - 1.0).abs() < 0.02);
    let correlation = |pairs: Vec<(f32, f32)>| {
        let n = pairs.len() as f64;
        let pairs = pairs.iter().map(|&(a, b)| (f64::from(a), f64::from(b)));
        let (ma, mb) = pairs
            .clone()
            .fold((0.0, 0.0), |s, (a, b)| (s.0 + a / n, s.1 + b / n));
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for (a, b) in pairs {
            ab += (a - ma) * (b - mb);
            aa += (a - ma).powi(2);
            bb += (b - mb).powi(2);
        }
        ab / (aa * bb).sqrt()
    };
    let columns = |value: fn(&ColumnProfile) -> f32| {
        let all = |profile: &ArrayProfile| -> Vec<f32> {
            profile
                .hemispheres()
                .iter()
                .flat_map(|h| h.columns.iter().map(value))
                .collect()
        };
        correlation(all(&truth).into_iter().zip(all(&found)).collect())
    };
    let gain = columns(ColumnProfile::gain);
    let imbalance = columns(ColumnProfile::imbalance);
    let offset = columns(|c| c.offset_lsb);
    let noise = columns(|c| c.noise_lsb);
    let linearity = columns(|c| c.linearity_lsb);
    let drivers = |profile: &ArrayProfile| -> Vec<f32> {
        profile
            .hemispheres()
            .iter()
            .flat_map(|h| h.drivers.iter().map(|d| d.gain))
            .collect()
    };
    let driver = correlation(drivers(&truth).into_iter().zip(drivers(&found)).collect());
    for (name, value) in [
        ("gain", gain),
        ("imbalance", imbalance),
        ("offset", offset),
        ("noise", noise),
        ("driver", driver),
    ] {
        assert!(value > 0.9, "{name}: {value}");
    }
    assert!(linearity > 0.8, "a bend of a few LSB: {linearity}");
    for hemisphere in found.hemispheres() {
        let common = hemisphere.common_noise_lsb;
        assert!((0.35..0.65).contains(&common), "common noise {common}");
        let residuals = hemisphere.columns.iter().map(|c| c.residual);
        let mean = residuals.sum::<f32>() / geometry.columns() as f32;
        assert!((0.04..0.065).contains(&mean), "residual {mean}");
        assert!(hemisphere.columns.iter().all(|c| c.works));
        assert!(hemisphere.drivers.iter().all(|d| d.works));
    }
}

#[test]
fn an_ideal_array_has_a_flat_profile() {
    let geometry = ArrayGeometry::new(2, 64, 40).unwrap();
    let mut ideal = IdealArray::new(geometry, 0.01).unwrap();
    let protocol = ProfileProtocol {
        expected_gain_lsb: 0.01,
        ..ProfileProtocol::default()
    };
    let profile = protocol
        .measure(&mut ideal, RunSettings::default(), 1)
        .unwrap();
    assert!((profile.gain_lsb() - 0.01).abs() < 2e-4);
    for hemisphere in profile.hemispheres() {
        for column in &hemisphere.columns {
            assert!(
                (column.gain() - 1.0).abs() < 0.02 && column.imbalance().abs() < 0.01,
                "{column:?}"
            );
            assert_eq!(column.noise_lsb, 0.0);
            assert!(column.linearity_lsb.abs() < 1.0, "{column:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Wherever blocks are placed, the product is exact.
    #[test]
    fn placed_plans_equal_the_exact_product(shape in shapes(), tiling in tilings(), seed: u64) {
        let geometry = ArrayGeometry::new(2, 12, 17).unwrap();
        let mut profile = uneven(geometry, 1);
        // Some elements fail.
        let mut hemispheres = profile.hemispheres().to_vec();
        hemispheres[0].columns[3].works = false;
        hemispheres[1].columns[(seed % 17) as usize].works = false;
        hemispheres[1].drivers[(seed % 12) as usize].works = false;
        let settings = profile.settings();
        profile = ArrayProfile::new(geometry, settings, 0.002, hemispheres).unwrap();
        let placed = Placed::new(Arc::new(profile.clone()), tiling);
        let plan = placed.plan(&shape.into(), geometry).unwrap();
        for run in plan.runs() {
            let hemisphere = &profile.hemispheres()[run.hemisphere];
            for block in &run.blocks {
                prop_assert!(block.columns.iter().all(|c| hemisphere.columns[c].works));
                prop_assert!(block.rows.iter().all(|r| hemisphere.drivers[r].works));
            }
        }
        if tiling.coding.inputs == bss2_mapping::InputCoding::Unsigned
            && tiling.coding.weights != WeightCoding::Offset
        {
            let mut array = IdealArray::new(geometry, 1.0).unwrap();
            let sparse = |a: usize, b: usize| (a * 31 + b * 17 + seed as usize % 97).is_multiple_of(5);
            let weights = Array2::from_shape_fn(shape.weights(), |(i, o)| i8::from(sparse(i, o)));
            let inputs = Array2::from_shape_fn((4, shape.inputs()), |(v, i)| u8::from(sparse(v + 3, i)));
            let found = run(plan, &mut array, weights.view(), inputs.view()).unwrap();
            for ((v, o), &y) in found.indexed_iter() {
                let first = o / shape.group_outputs() * shape.group_inputs();
                let products = (0..shape.group_inputs()).map(|i| {
                    i32::from(inputs[[v, first + i]]) * i32::from(weights[[i, o]])
                });
                let exact = products.sum::<i32>() * tiling.coding.row_repetition as i32;
                prop_assert_eq!(i32::from(y), exact);
            }
        }
    }
}

fn error_on(
    plan: &bss2_mapping::Plan,
    profile: &Arc<ArrayProfile>,
    sample: &Sample,
    seed: u64,
) -> f64 {
    let mut array = ProfiledArray::new(Arc::clone(profile), seed);
    let gain_lsb = profile.gain_per_send_lsb();
    let trial = &mut Trial::new(seed);
    OutputError::of(plan, &mut array, sample.sample(), gain_lsb, trial)
        .unwrap()
        .error_lsb
}

/// What a profile says of large results must not turn their sign.
#[test]
fn strongly_driven_columns_saturate_on_a_profiled_array() {
    let geometry = ArrayGeometry::new(1, 16, 1).unwrap();
    let mut hemispheres = uneven(geometry, 1).hemispheres().to_vec();
    let column = &mut hemispheres[0].columns[0];
    (column.linearity_lsb, column.noise_lsb, column.offset_lsb) = (-10.0, 0.0, 0.0);
    hemispheres[0].common_noise_lsb = 0.0;
    let profile = ArrayProfile::new(geometry, RunSettings::default(), 0.02, hemispheres).unwrap();
    let mut array = ProfiledArray::new(Arc::new(profile), 1);
    let shape = LayerShape::dense(16, 1).unwrap();
    let plan = Tiling::in_order().plan(&shape.into(), geometry).unwrap();
    let activations = Array2::from_shape_fn((32, 16), |(v, _)| v as u8);
    for weight in [63, -63] {
        let weights = Array2::from_elem((16, 1), weight);
        let found = run(plan.clone(), &mut array, weights.view(), activations.view()).unwrap();
        let towards_the_end = found
            .iter()
            .map(|&y| i16::from(y) * i16::from(weight.signum()));
        let results: Vec<i16> = towards_the_end.collect();
        assert!(results.is_sorted(), "{results:?}");
        assert!(results[31] >= 127);
    }
}

/// A hemisphere that lacks everything, or nearly, leaves the work to the other one.
#[test]
fn a_failed_hemisphere_does_not_stand_in_the_way() {
    let geometry = ArrayGeometry::BSS2;
    let placed = |working_columns: usize, failed_driver: bool| {
        let mut hemispheres = uneven(geometry, 1).hemispheres().to_vec();
        for column in &mut hemispheres[0].columns[working_columns..] {
            column.works = false;
        }
        hemispheres[1].drivers[5].works = !failed_driver;
        let profile = ArrayProfile::new(geometry, RunSettings::default(), 0.002, hemispheres);
        Placed::new(Arc::new(profile.unwrap()), Tiling::in_order())
    };
    let shape = LayerShape::dense(10, 10).unwrap();
    assert!(placed(0, true).plan(&shape.into(), geometry).is_ok());
    let shape = LayerShape::dense(127, 256).unwrap();
    for working_columns in [0, 1] {
        let plan = placed(working_columns, true)
            .plan(&shape.into(), geometry)
            .unwrap();
        assert_eq!(plan.passes().len(), 1);
    }
}

#[test]
fn placed_plans_are_exact_whatever_the_sample_says() {
    let geometry = ArrayGeometry::BSS2;
    let profile = Arc::new(uneven(geometry, 1));
    let sample = Sample::new(150, 30);
    let layer = sample.layer();
    let signed = sample
        .activations
        .mapv(|x| i8::from(x > 20) - i8::from(x > 0 && x < 5));
    let weights = sample.weights.mapv(|w| w.signum() * i8::from(w.abs() > 3));
    let exact = signed.mapv(i32::from).dot(&weights.mapv(i32::from));
    for weights_coding in [WeightCoding::Signed, WeightCoding::ColumnPair] {
        for column_copies in [1, 3] {
            let tiling = Tiling::packed().with_coding(Coding {
                weights: weights_coding,
                inputs: bss2_mapping::InputCoding::TwoPasses,
                column_copies,
                ..Coding::default()
            });
            let plan = Placed::new(Arc::clone(&profile), tiling)
                .plan(&layer, geometry)
                .unwrap();
            let mut array = IdealArray::new(geometry, 1.0).unwrap();
            let found = run(plan, &mut array, weights.view(), signed.view()).unwrap();
            assert_eq!(found.mapv(i32::from), exact);
        }
    }
}

#[test]
fn placement_lowers_the_error_at_equal_chip_time() {
    let geometry = ArrayGeometry::BSS2;
    let profile = Arc::new(uneven(geometry, 2));
    for (inputs, outputs, at_most) in [(64, 20, 0.85), (200, 256, 0.999)] {
        let sample = Sample::new(inputs, outputs);
        for coding in [
            Coding::default(),
            Coding {
                column_copies: 4,
                ..Coding::default()
            },
            Coding {
                row_repetition: 2,
                weights: WeightCoding::ColumnPair,
                ..Coding::default()
            },
        ] {
            let tiling = Tiling::in_order()
                .with_coding(coding)
                .with_settings(profile.settings());
            let in_order = tiling.plan(&sample.layer(), geometry).unwrap();
            let placed = Placed::new(Arc::clone(&profile), tiling);
            let placed = placed.plan(&sample.layer(), geometry).unwrap();
            assert_eq!(placed.loading(), in_order.loading());
            let workload = bss2_mapping::Workload::new(100, 0.5).unwrap();
            assert_eq!(
                placed.running(workload).vectors,
                in_order.running(workload).vectors
            );
            let [before, after] = [&in_order, &placed].map(|p| error_on(p, &profile, &sample, 5));
            assert!(
                after < at_most * before,
                "{inputs} × {outputs}, {coding:?}: {before} → {after}"
            );
        }
    }
}

#[test]
fn redundancy_is_chosen_for_the_objective() {
    let geometry = ArrayGeometry::BSS2;
    let profiles = [1, 4]
        .map(|sends| Arc::new(uneven(geometry, sends)))
        .to_vec();
    let sample = Sample::new(40, 10);
    let tuned = |objective| Tuned {
        profiles: profiles.clone(),
        tiling: Tiling::packed(),
        row_repetitions: vec![1, 2],
        column_copies: vec![1, 4, 16, 300],
        vectors: 100,
        cost_model: CostModel::default(),
        objective,
    };
    let choose = |objective| tuned(objective).plan(&sample.layer(), geometry).unwrap();
    let unlimited = Objective::LeastError {
        chip_time_us: f64::INFINITY,
    };
    let best = choose(unlimited);
    assert_eq!(
        (best.settings().num_sends(), best.coding().column_copies),
        (4, 16)
    );
    let quick = choose(Objective::LeastTime {
        error_lsb: f64::INFINITY,
    });
    assert_eq!(
        (quick.settings().num_sends(), quick.coding().row_repetition),
        (1, 1)
    );

    let workload = bss2_mapping::Workload::new(100, sample.sample().activations.active_share());
    let time = |plan: &bss2_mapping::Plan| {
        plan.cost(workload.clone().unwrap(), &CostModel::default())
            .chip_time_us
    };
    let in_order = Tiling::in_order().plan(&sample.layer(), geometry).unwrap();
    let no_slower = choose(Objective::NoSlowerThan(Tiling::in_order()));
    assert!(time(&no_slower) <= time(&in_order));
    assert!(no_slower.coding().column_copies > 1);

    let impossible = tuned(Objective::LeastTime { error_lsb: 0.0 }).plan(&sample.layer(), geometry);
    assert!(matches!(
        impossible,
        Err(MappingError::TooSmallError { .. })
    ));
    let hasty = tuned(Objective::LeastError { chip_time_us: 1.0 });
    let hasty = hasty.plan(&sample.layer(), geometry);
    assert!(matches!(hasty, Err(MappingError::TooLittleTime { .. })));
    let vague = tuned(Objective::LeastTime {
        error_lsb: f64::NAN,
    });
    let what = "the objective";
    let expected = Err(MappingError::NothingToChoose { what });
    assert_eq!(vague.plan(&sample.layer(), geometry), expected);
    let mut without = tuned(unlimited);
    without.profiles.clear();
    let what = "profiles";
    let expected = Err(MappingError::NothingToChoose { what });
    assert_eq!(without.plan(&sample.layer(), geometry), expected);
    let unknown = tuned(unlimited).plan(&sample.shape.into(), geometry);
    assert_eq!(unknown, Err(MappingError::NoSample));
}

#[test]
fn profiles_that_cannot_be_are_refused() {
    let geometry = ArrayGeometry::new(2, 4, 5).unwrap();
    let good = uneven(geometry, 1);
    let text = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<ArrayProfile>(&text).unwrap(), good);
    let with = |change: &dyn Fn(&mut Vec<HemisphereProfile>)| {
        let mut hemispheres = good.hemispheres().to_vec();
        change(&mut hemispheres);
        let refused = ArrayProfile::new(geometry, good.settings(), 0.002, hemispheres);
        refused.unwrap_err().to_string()
    };
    assert_eq!(
        with(&|h| drop(h.pop())),
        "a profile needs 2 hemispheres, found 1"
    );
    assert_eq!(
        with(&|h| h[0].columns.truncate(4)),
        "a profile needs 5 columns, found 4"
    );
    assert_eq!(
        with(&|h| h[1].drivers.truncate(3)),
        "a profile needs 4 drivers, found 3"
    );
    let expected = "profile: offset_lsb = NaN is not finite or outside its range";
    assert_eq!(with(&|h| h[0].columns[1].offset_lsb = f32::NAN), expected);
    let expected = "profile: gain = 1000001 is not finite or outside its range";
    assert_eq!(with(&|h| h[1].drivers[2].gain = 1_000_001.0), expected);
    let expected = "profile: noise_lsb = -1 is not finite or outside its range";
    assert_eq!(with(&|h| h[0].columns[1].noise_lsb = -1.0), expected);

    let other = Placed::new(Arc::new(good), Tiling::in_order());
    let shape = LayerShape::dense(3, 3).unwrap();
    let refused = other.plan(&shape.into(), ArrayGeometry::BSS2).unwrap_err();
    let expected = "the plan was made for 2 × 128 inputs × 256 columns, the profile is 2 × 4 inputs \
                    × 5 columns";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn an_array_that_does_nothing_has_no_profile() {
    struct Dead;
    impl MacArray for Dead {
        fn geometry(&self) -> ArrayGeometry {
            ArrayGeometry::BSS2
        }
        fn load_weights(&mut self, _: Region, _: ArrayView2<'_, i8>) -> Result<(), ArrayError> {
            Ok(())
        }
        fn run(
            &mut self,
            _: &RunRequest,
            _: ArrayView2<'_, u8>,
            mut outputs: ArrayViewMut2<'_, i8>,
        ) -> Result<RunReport, ArrayError> {
            outputs.fill(5);
            Ok(RunReport::default())
        }
    }
    let mut dead = Dead;
    let refused = ProfileProtocol::default().measure(&mut dead, RunSettings::default(), 1);
    assert_eq!(refused, Err(MappingError::NothingWorks { hemisphere: 0 }));
    let mut loud = IdealArray::new(ArrayGeometry::BSS2, 0.05).unwrap();
    let refused = ProfileProtocol::default().measure(&mut loud, RunSettings::default(), 1);
    assert!(
        matches!(refused, Err(MappingError::ProfileSaturates { .. })),
        "{refused:?}"
    );
    let endless = ProfileProtocol {
        vectors: 2000,
        repeats: 1000,
        ..ProfileProtocol::default()
    };
    let refused = endless
        .measure(&mut loud, RunSettings::default(), 1)
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "vectors · repeats = 2000000 is outside 16…16384"
    );
    let few = ProfileProtocol {
        repeats: 1,
        ..ProfileProtocol::default()
    };
    let refused = few.measure(&mut dead, RunSettings::default(), 1);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "repeats = 1 is outside 2…1000"
    );
}
