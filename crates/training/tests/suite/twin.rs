//! Digital twins as arrays.

use std::sync::Arc;

use bss2_core::testing::{ARRAY_LAWS, Agreement, ArraySubject, KnownSettings, hold_all};
use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, Baseline, MacArray, NOMINAL_GAIN_LSB, Region, RunRequest,
    RunSettings, Trial,
};
use bss2_hardware::{IdealArray, MockArray};
use bss2_training::{
    ColumnTwin, DriverTwin, HemisphereTwin, Knots, NoiseInjection, TrainingError, Twin, TwinArray,
};
use ndarray::{Array2, s};
use proptest::prelude::*;

fn geometry() -> ArrayGeometry {
    ArrayGeometry::new(2, 24, 40).expect("a small array")
}

fn sends(num_sends: u32) -> RunSettings {
    RunSettings::new(num_sends, 5).expect("a few sends")
}

/// Numbers that look random.
fn scattered(seed: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |i| (i.wrapping_mul(2_654_435_761).wrapping_add(seed * 97)) >> 5)
}

fn weights(seed: usize, shape: (usize, usize)) -> Array2<i8> {
    let values = scattered(seed, shape.0 * shape.1).map(|n| (n % 127) as i8 - 63);
    Array2::from_shape_vec(shape, values.collect()).expect("as many as fit")
}

fn activations(seed: usize, shape: (usize, usize)) -> Array2<u8> {
    let values = scattered(seed, shape.0 * shape.1).map(|n| (n % 40).saturating_sub(8) as u8);
    Array2::from_shape_vec(shape, values.collect()).expect("as many as fit")
}

/// A twin with everything that a twin can have.
fn crooked() -> Twin {
    let geometry = geometry();
    let knots = Knots::new(-100.0, 50.0, 5).expect("a few knots");
    let driver = |row: usize| DriverTwin {
        amplitudes: std::array::from_fn(|x| {
            if x == 0 {
                0.0
            } else {
                x as f32 + 0.1 * (row % 7) as f32
            }
        }),
        works: true,
    };
    let column = |c: usize| ColumnTwin {
        excitatory_lsb: 0.010 + 0.0001 * c as f32,
        inhibitory_lsb: 0.011,
        event_lsb: 0.02,
        deviations_lsb: vec![20.0, 4.0, c as f32 * 0.1, -3.0, -25.0],
        noise_lsb: 1.0 + 0.01 * c as f32,
        event_variance_lsb2: 0.03,
        works: true,
    };
    let hemisphere = HemisphereTwin {
        drivers: (0..geometry.inputs()).map(driver).collect(),
        columns: (0..geometry.columns()).map(column).collect(),
    };
    let hemispheres = vec![hemisphere; geometry.hemispheres()];
    Twin::new(geometry, RunSettings::USUAL, knots, hemispheres).expect("numbers in range")
}

fn run(
    array: &mut dyn MacArray,
    region: Region,
    settings: RunSettings,
    trial: Trial,
    vectors: &Array2<u8>,
) -> Array2<i8> {
    let mut outputs = Array2::zeros((vectors.nrows(), region.columns));
    let request = RunRequest {
        region,
        settings,
        trial,
    };
    array
        .run(&request, vectors.view(), outputs.view_mut())
        .expect("a good request");
    outputs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_twin_of_an_ideal_array_is_that_array(
        seed in 0_usize..1000, num_sends in 1_u32..4, gain in 0.001_f32..0.3, first in 0_usize..20,
    ) {
        let geometry = geometry();
        let region = Region { hemisphere: 1, first_input: 3, inputs: 20, first_column: first, columns: 20 };
        let mut ideal = IdealArray::new(geometry, gain).expect("gain in range");
        let mut twin = TwinArray::new(Twin::ideal(geometry, gain, sends(num_sends)).expect("gain in range"));
        let weights = weights(seed, (20, 20));
        ideal.load_weights(region, weights.view()).expect("weights in range");
        twin.load_weights(region, weights.view()).expect("weights in range");
        let vectors = activations(seed, (9, 20));
        prop_assert_eq!(
            run(&mut ideal, region, sends(num_sends), Trial::new(1), &vectors),
            run(&mut twin, region, sends(num_sends), Trial::new(1), &vectors)
        );
    }

    #[test]
    fn noise_does_not_depend_on_how_a_batch_or_its_columns_are_split(
        seed in 0_usize..1000, at in 1_usize..8, column in 0_usize..39, spread in 0.0_f32..2.0,
    ) {
        let mut array = TwinArray::new(crooked());
        array.set_noise(NoiseInjection { factor: 1.5, spread }).expect("in range");
        let whole = Region::whole(geometry(), 0);
        array.load_weights(whole, weights(seed, (24, 40)).view()).expect("weights in range");
        let vectors = activations(seed, (9, 24));
        let trial = Trial { seed: 3, pass: 7, first_vector: 5 };
        let together = run(&mut array, whole, RunSettings::USUAL, trial, &vectors);
        let later = Trial { first_vector: 5 + at as u64, ..trial };
        let rest = vectors.slice(s![at.., ..]).to_owned();
        let part = Region { first_column: column, columns: 40 - column, ..whole };
        prop_assert_eq!(
            together.slice(s![at.., column..]),
            run(&mut array, part, RunSettings::USUAL, later, &rest)
        );
    }
}

#[test]
fn the_twin_of_a_mock_has_its_means_and_its_noise() {
    let chip = ArrayGeometry::BSS2;
    let noise = 1.7;
    let mut mock = MockArray::new(chip, NOMINAL_GAIN_LSB, noise).expect("in range");
    let twin = Twin::mock(chip, NOMINAL_GAIN_LSB, noise, sends(2)).expect("in range");
    let mut twin = TwinArray::new(twin);
    let region = Region::whole(chip, 0);
    let weights = weights(1, (128, 256));
    let vectors = Array2::from_elem((400, 128), 9);
    let statistics = |array: &mut dyn MacArray| {
        array
            .load_weights(region, weights.view())
            .expect("in range");
        let outputs = run(array, region, sends(2), Trial::new(2), &vectors).mapv(f32::from);
        (
            outputs.mean_axis(ndarray::Axis(0)),
            outputs.var_axis(ndarray::Axis(0), 1.0),
        )
    };
    let (means, variances) = statistics(&mut mock);
    let (twin_means, twin_variances) = statistics(&mut twin);
    let difference = (means.expect("vectors") - twin_means.expect("vectors")).mapv(|d| d * d);
    // √(2/400)·σ = 0.12 from the noise of either; a missing half LSB would show.
    assert!(difference.mean().expect("columns").sqrt() < 0.14);
    let ratio = twin_variances.sum() / variances.sum();
    assert!((ratio - 1.0).abs() < 0.02, "{ratio}");
}

/// Standard deviation of all outputs for zero inputs, and the largest of a vector's relative to the
/// smallest.
fn strengths(noise: NoiseInjection) -> (f32, f32) {
    let chip = ArrayGeometry::BSS2;
    let mut array = TwinArray::new(Twin::mock(chip, 1e-3, 8.0, sends(1)).expect("in range"));
    array.set_noise(noise).expect("in range");
    let vectors = Array2::zeros((64, 128));
    let outputs = run(
        &mut array,
        Region::whole(chip, 0),
        sends(1),
        Trial::new(1),
        &vectors,
    );
    let outputs = outputs.mapv(f32::from);
    let of_vectors = outputs.std_axis(ndarray::Axis(1), 1.0);
    let most = of_vectors.fold(0.0_f32, |a, &b| a.max(b));
    let least = of_vectors.fold(f32::MAX, |a, &b| a.min(b));
    (outputs.std(1.0), most / least.max(1e-3))
}

#[test]
fn injected_noise_is_scaled_and_spread_from_vector_to_vector() {
    let even = |factor| NoiseInjection {
        factor,
        spread: 0.0,
    };
    let (usual, evenness) = strengths(even(1.0));
    assert!(
        (usual - 8.0).abs() < 0.2 && evenness < 1.5,
        "{usual}, {evenness}"
    );
    assert!((strengths(even(2.0)).0 - 16.0).abs() < 0.4);
    assert!(strengths(NoiseInjection::NONE).0 < 1e-6);
    let (_, uneven) = strengths(NoiseInjection {
        factor: 1.0,
        spread: 0.5,
    });
    assert!(uneven > 3.0, "{uneven}");
}

#[test]
fn other_settings_and_numbers_without_meaning_are_refused() {
    let mut array = TwinArray::new(crooked());
    let region = Region::whole(geometry(), 0);
    let request = RunRequest {
        region,
        settings: sends(2),
        trial: Trial::default(),
    };
    let mut outputs = Array2::zeros((1, 40));
    let refused = array.run(&request, Array2::zeros((1, 24)).view(), outputs.view_mut());
    assert!(matches!(refused, Err(ArrayError::OtherSettings { .. })));

    let noise = NoiseInjection {
        factor: f32::NAN,
        spread: 0.0,
    };
    let refused = array.set_noise(noise);
    assert!(matches!(
        refused,
        Err(TrainingError::OptionOutOfRange {
            option: "factor",
            ..
        })
    ));

    let change = |change: &dyn Fn(&mut Vec<HemisphereTwin>)| {
        let twin = crooked();
        let mut hemispheres = twin.hemispheres().to_vec();
        change(&mut hemispheres);
        Twin::new(twin.geometry(), twin.settings(), twin.knots(), hemispheres).err()
    };
    let number = |what| move |error: Option<TrainingError>| matches!(error, Some(TrainingError::TwinNumber { what: found, .. }) if found == what);
    assert!(number("noise_lsb")(change(
        &|h| h[0].columns[1].noise_lsb = -1.0
    )));
    assert!(number("excitatory_lsb")(change(&|h| h[0].columns[1]
        .excitatory_lsb =
        f32::NAN)));
    assert!(number("amplitudes")(change(
        &|h| h[1].drivers[1].amplitudes[0] = 1.0
    )));
    let missing = change(&|h| h[1].columns.truncate(39));
    assert!(matches!(
        missing,
        Some(TrainingError::TwinSize {
            what: "columns",
            ..
        })
    ));
    let short = change(&|h| h[1].columns[3].deviations_lsb.truncate(4));
    assert!(matches!(
        short,
        Some(TrainingError::TwinSize {
            what: "deviations_lsb",
            ..
        })
    ));
    assert!(Twin::ideal(geometry(), 0.0, sends(1)).is_err());
    assert!(Knots::new(0.0, 0.0, 3).is_err() && Knots::new(0.0, 1.0, 0).is_err());
}

#[test]
fn twins_are_kept_in_files_and_as_text() {
    let twin = crooked();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chip.twin");
    twin.save(&path).expect("written");
    assert_eq!(Twin::load(&path).expect("read"), twin);
    std::fs::write(&path, b"nothing").expect("written");
    assert!(matches!(Twin::load(&path), Err(TrainingError::File(_))));

    let text = serde_json::to_string(&twin).expect("numbers");
    assert_eq!(serde_json::from_str::<Twin>(&text).expect("a twin"), twin);
    let forged = text.replacen("\"noise_lsb\":1.0", "\"noise_lsb\":-1.0", 1);
    assert!(serde_json::from_str::<Twin>(&forged).is_err());
}

/// An array with the noise of a twin, more or less of it, to be held to the laws of arrays.
fn subject(twin: Twin, noise: NoiseInjection, columns_are_equal: bool) -> ArraySubject {
    let settings = KnownSettings::Only(vec![twin.settings()]);
    let twin = Arc::new(twin);
    ArraySubject {
        make: Box::new(move || {
            let mut array = TwinArray::new(Arc::clone(&twin));
            array.set_noise(noise).expect("in range");
            Box::new(array)
        }),
        mode: ArrayMode::Membrane,
        settings,
        agreement: Agreement::Exact,
        columns_are_equal,
    }
}

fn assert_conforms(subject: &ArraySubject) {
    if let Err(violations) = hold_all(ARRAY_LAWS, subject) {
        panic!("{violations:#?}");
    }
}

#[test]
fn twins_without_mismatch_obey_the_laws_of_arrays() {
    let settings = sends(3).with_baseline(Baseline::Measured);
    let ideal = Twin::ideal(geometry(), 0.01, settings).expect("in range");
    assert_conforms(&subject(ideal, NoiseInjection::default(), true));
    for chip in [ArrayGeometry::BSS2, geometry()] {
        let mock = Twin::mock(chip, 0.01, 1.6, sends(1)).expect("in range");
        assert_conforms(&subject(mock.clone(), NoiseInjection::default(), false));
        assert_conforms(&subject(mock, NoiseInjection::NONE, true));
    }
}

#[test]
fn crooked_twins_obey_the_laws_of_arrays() {
    for spread in [0.0, 1.5] {
        let noise = NoiseInjection {
            factor: 2.0,
            spread,
        };
        assert_conforms(&subject(crooked(), noise, false));
    }
}

/// A crooked twin with other gains in all columns.
fn with_gains(excitatory_lsb: f32, inhibitory_lsb: f32) -> Twin {
    let twin = crooked();
    let mut hemispheres = twin.hemispheres().to_vec();
    for column in hemispheres.iter_mut().flat_map(|h| &mut h.columns) {
        column.excitatory_lsb = excitatory_lsb;
        column.inhibitory_lsb = inhibitory_lsb;
    }
    Twin::new(twin.geometry(), twin.settings(), twin.knots(), hemispheres).expect("in range")
}

#[test]
fn twins_of_the_largest_gains_obey_the_laws_of_arrays() {
    assert_conforms(&subject(with_gains(1e6, 1e6), NoiseInjection::NONE, false));
}

/// Where weights of a sign do next to nothing, weights do not decide all results.
#[test]
fn twins_of_next_to_no_gain_of_a_sign_obey_all_other_laws() {
    let pairs = [0.0, 1e-40, -1e-40, 1e-6].map(|weak| [(weak, 0.01), (0.01, weak), (weak, -0.01)]);
    for (excitatory, inhibitory) in pairs.into_iter().flatten() {
        let twin = with_gains(excitatory, inhibitory);
        let subject = subject(twin, NoiseInjection::default(), false);
        let mut others = ARRAY_LAWS
            .iter()
            .filter(|law| law.name != "weights decide the results");
        let broken = others.find_map(|law| law.hold(&subject).err());
        assert_eq!(broken, None, "{excitatory}, {inhibitory}");
    }
}
