//! Profiled arrays obey the laws of arrays.

use std::sync::Arc;

use bss2_core::testing::{ARRAY_LAWS, Agreement, ArraySubject, KnownSettings, hold_all};
use bss2_core::{
    ArrayGeometry, ArrayMode, Baseline, MacArray, Region, RunRequest, RunSettings, Trial,
};
use bss2_mapping::{ArrayProfile, ColumnProfile, DriverProfile, HemisphereProfile, ProfiledArray};
use ndarray::{Array2, s};

use crate::support::{uneven, wobble};

fn assert_conforms(profile: ArrayProfile, columns_are_equal: bool) {
    let settings = KnownSettings::Only(vec![profile.settings()]);
    let profile = Arc::new(profile);
    let subject = ArraySubject {
        make: Box::new(move || Box::new(ProfiledArray::new(Arc::clone(&profile), 3))),
        mode: ArrayMode::Membrane,
        settings,
        agreement: Agreement::Exact,
        columns_are_equal,
    };
    if let Err(violations) = hold_all(ARRAY_LAWS, &subject) {
        panic!("{violations:#?}");
    }
}

/// A profile whose columns, and whose drivers, are alike.
fn even(geometry: ArrayGeometry, column: ColumnProfile, driver: DriverProfile) -> ArrayProfile {
    let hemisphere = HemisphereProfile {
        columns: vec![column; geometry.columns()],
        drivers: vec![driver; geometry.inputs()],
        common_noise_lsb: 0.0,
    };
    let hemispheres = vec![hemisphere; geometry.hemispheres()];
    let settings = RunSettings::new(3, 7).unwrap();
    let settings = settings.with_baseline(Baseline::Measured);
    ArrayProfile::new(geometry, settings, driver.gain, hemispheres).unwrap()
}

#[test]
fn profiles_of_uneven_columns_obey_them() {
    for (hemispheres, inputs, columns) in [(2, 128, 256), (3, 37, 41), (1, 700, 33)] {
        let geometry = ArrayGeometry::new(hemispheres, inputs, columns).unwrap();
        assert_conforms(uneven(geometry, 1), false);
        assert_conforms(uneven(geometry, 4), false);
    }
}

#[test]
fn profiles_of_even_columns_obey_them() {
    let geometry = ArrayGeometry::new(2, 24, 40).unwrap();
    let column = ColumnProfile {
        gain_positive: 1.0,
        gain_negative: 0.9,
        offset_lsb: -2.0,
        noise_lsb: 0.0,
        residual: 0.0,
        linearity_lsb: -3.0,
        works: true,
    };
    let driver = DriverProfile {
        gain: 0.1,
        works: true,
    };
    assert_conforms(even(geometry, column, driver), true);
}

#[test]
fn profiles_of_the_largest_numbers_obey_them() {
    const LARGEST: f32 = 1e4;
    let geometry = ArrayGeometry::new(2, 24, 40).unwrap();
    let column = ColumnProfile {
        gain_positive: LARGEST,
        gain_negative: LARGEST,
        offset_lsb: 0.0,
        noise_lsb: 0.0,
        residual: 0.05,
        linearity_lsb: LARGEST,
        works: true,
    };
    let driver = DriverProfile {
        gain: LARGEST,
        works: true,
    };
    assert_conforms(even(geometry, column, driver), false);
}

/// Sums of many products are rounded many times: always in the same order.
#[test]
fn parts_of_many_inputs_answer_as_within_the_whole() {
    const FIRST: usize = 37;
    let geometry = ArrayGeometry::new(1, 700, 256).unwrap();
    let whole = Region::whole(geometry, 0);
    let profile = uneven(geometry, 1);
    let loud = ArrayProfile::new(
        geometry,
        profile.settings(),
        1.0,
        profile.hemispheres().to_vec(),
    );
    let mut array = ProfiledArray::new(Arc::new(loud.unwrap()), 3);
    let weights = Array2::from_shape_fn((700, 256), |(i, o)| (63.0 * wobble(i, o)) as i8);
    array.load_weights(whole, weights.view()).unwrap();
    let vectors = Array2::from_shape_fn((2000, 700), |(v, i)| match i {
        ..FIRST => 0,
        _ => (31.0 * wobble(v, i + 1000)).abs() as u8,
    });
    let mut results = |region: Region| {
        let request = RunRequest {
            region,
            settings: RunSettings::USUAL,
            trial: Trial::new(1),
        };
        let mut outputs = Array2::zeros((2000, 256));
        let vectors = vectors.slice(s![.., region.input_range()]);
        array.run(&request, vectors, outputs.view_mut()).unwrap();
        outputs
    };
    let part = Region {
        first_input: FIRST,
        inputs: 700 - FIRST,
        ..whole
    };
    assert_eq!(results(part), results(whole));
}
