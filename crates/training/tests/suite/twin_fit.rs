//! Twins fitted to what arrays show.

use bss2_calibration::Procedure;
use bss2_core::{ArrayGeometry, MacArray, Region, RunRequest, RunSettings, Trial};
use bss2_hardware::SimulatedChip;
use bss2_training::{
    ColumnTwin, DriverModel, DriverTwin, FitOptions, HemisphereTwin, Knots, MockProtocol,
    NoiseInjection, Recording, SmoothSaturation, TrainingError, Twin, TwinArray, TwinProtocol,
    measure_mock,
};
use ndarray::{Array2, Array4, Array5};
use rand::RngExt;

use crate::support::{CHIP, fresh_chip, ideal, noisy};

const SEED: u64 = 42;

fn sends(num_sends: u32) -> RunSettings {
    RunSettings::new(num_sends, 5).expect("a few sends")
}

/// A layer's weights and inputs, drawn as no protocol draws them.
struct Layer {
    weights: Array2<i8>,
    vectors: Array2<u8>,
}

impl Layer {
    fn new(seed: u64) -> Self {
        let mut rng = bss2_core::random::keyed_stream(seed, 17);
        let mut normal = |spread: f32| spread * rng.sample::<f32, _>(rand_distr::StandardNormal);
        Self {
            weights: Array2::from_shape_simple_fn((128, 256), || {
                normal(20.0).round().clamp(-63.0, 63.0) as i8
            }),
            vectors: Array2::from_shape_simple_fn((50, 128), || {
                normal(14.0).round().clamp(0.0, 31.0) as u8
            }),
        }
    }

    /// Mean outputs of both hemispheres one after the other.
    fn means(
        &self,
        array: &mut dyn MacArray,
        settings: RunSettings,
        repeats: usize,
    ) -> Array2<f32> {
        let mut means = Array2::zeros((2 * self.vectors.nrows(), 256));
        let mut trial = Trial::new(5);
        for hemisphere in 0..2 {
            let region = Region::whole(CHIP, hemisphere);
            array
                .load_weights(region, self.weights.view())
                .expect("in range");
            for _ in 0..repeats {
                let trial = trial.next_pass();
                let request = RunRequest {
                    region,
                    settings,
                    trial,
                };
                let mut outputs = Array2::zeros((self.vectors.nrows(), 256));
                array
                    .run(&request, self.vectors.view(), outputs.view_mut())
                    .expect("a good request");
                let first = hemisphere * self.vectors.nrows();
                let mut of_hemisphere =
                    means.slice_mut(ndarray::s![first..first + self.vectors.nrows(), ..]);
                of_hemisphere.zip_mut_with(&outputs, |m, &y| *m += f32::from(y) / repeats as f32);
            }
        }
        means
    }
}

/// Root mean square of the difference between the means of a twin and of an array.
fn error(twin: Twin, layer: &Layer, measured: &Array2<f32>) -> f32 {
    let settings = twin.settings();
    let predicted = layer.means(&mut TwinArray::new(twin), settings, 32);
    (predicted - measured)
        .mapv(|d| d * d)
        .mean()
        .expect("outputs")
        .sqrt()
}

/// Errors of the mock's twin, of one without drivers and of the full one.
fn errors(chip: &mut SimulatedChip, settings: RunSettings) -> [f32; 3] {
    let mut trial = Trial::new(3);
    let protocol = TwinProtocol {
        sets: 12,
        vectors: 96,
        ..TwinProtocol::default()
    };
    let recording = protocol
        .measure(chip, settings, &mut trial)
        .expect("measured");
    let mock = measure_mock(chip, settings, MockProtocol::default(), &mut trial).expect("measured");
    let layer = Layer::new(9);
    let measured = layer.means(chip, settings, 32);
    let options = FitOptions {
        drivers: DriverModel::Ideal,
        rounds: 2,
    };
    let (without_drivers, _) = Twin::fit_with(&recording, options).expect("a chip responds");
    let (full, _) = Twin::fit(&recording).expect("a chip responds");
    let mock = mock.twin(CHIP, settings).expect("in range");
    [mock, without_drivers, full].map(|twin| error(twin, &layer, &measured))
}

#[test]
fn twins_of_calibrated_chips_predict_other_layers() {
    let mut chip = fresh_chip(SEED);
    Procedure::joint()
        .run(&mut chip, 1, &mut |_| {})
        .expect("calibrated");
    // The noise of the means alone: 0.33 and 0.40 LSB.
    for (num_sends, limit) in [(1, 0.42), (4, 0.60)] {
        let [mock, without_drivers, full] = errors(&mut chip, sends(num_sends));
        assert!(
            full < limit,
            "{num_sends}: {mock}, {without_drivers}, {full}"
        );
        assert!(full < without_drivers && 2.0 * full < mock);
    }
}

#[test]
fn twins_of_uncalibrated_chips_predict_other_layers() {
    let [mock, without_drivers, full] = errors(&mut fresh_chip(SEED), sends(2));
    assert!(full < 0.55, "{mock}, {without_drivers}, {full}");
    assert!(3.0 * full < without_drivers && 20.0 * full < mock);
}

#[test]
fn no_number_of_threads_changes_a_bit_of_a_fit() {
    let protocol = TwinProtocol {
        sets: 2,
        vectors: 48,
        ..TwinProtocol::default()
    };
    let recording = protocol
        .measure(&mut fresh_chip(SEED), sends(1), &mut Trial::new(3))
        .expect("measured");
    let options = FitOptions {
        rounds: 1,
        ..FitOptions::default()
    };
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads")
            .install(|| Twin::fit_with(&recording, options).expect("a chip responds"))
    };
    assert_eq!(fit(1), fit(3));
}

/// A small twin whose parts differ, with a dead column and a dead driver.
fn known() -> Twin {
    let geometry = ArrayGeometry::new(1, 32, 24).expect("a small array");
    let knots = Knots::new(-208.0, 16.0, 27).expect("a few knots");
    let driver = |row: usize| DriverTwin {
        amplitudes: std::array::from_fn(|x| {
            let amplitude = 0.8 * x as f32 + 0.2 * (row % 5) as f32;
            if x == 0 || row == 7 { 0.0 } else { amplitude }
        }),
        works: row != 7,
    };
    let column = |c: usize| ColumnTwin {
        excitatory_lsb: if c == 5 {
            0.0
        } else {
            0.012 + 0.0002 * c as f32
        },
        inhibitory_lsb: if c == 5 { 0.0 } else { 0.011 },
        event_lsb: 0.0,
        deviations_lsb: (0..27)
            .map(|knot| {
                let sum = knots.at(knot);
                let (low, high) = (-110.0_f32 + c as f32, 120.0_f32);
                (sum.max(0.0) / high).tanh() * high - (sum.min(0.0) / low).tanh() * -low - sum
                    + 0.3 * c as f32
            })
            .collect(),
        noise_lsb: 1.0 + 0.02 * c as f32,
        event_variance_lsb2: 0.04,
        works: c != 5,
    };
    let hemisphere = HemisphereTwin {
        drivers: (0..32).map(driver).collect(),
        columns: (0..24).map(column).collect(),
    };
    Twin::new(geometry, RunSettings::USUAL, knots, vec![hemisphere]).expect("in range")
}

fn measured(twin: Twin, noise: NoiseInjection) -> Recording {
    let mut array = TwinArray::new(twin);
    array.set_noise(noise).expect("in range");
    let protocol = TwinProtocol {
        sets: 40,
        repeats: 8,
        expected_gain_lsb: 0.0115,
        ..TwinProtocol::default()
    };
    let settings = RunSettings::USUAL;
    protocol
        .measure(&mut array, settings, &mut Trial::new(1))
        .expect("measured")
}

#[test]
fn what_is_dead_is_flagged_and_noise_is_found() {
    let twin = known();
    let (found, fit) =
        Twin::fit(&measured(twin.clone(), NoiseInjection::default())).expect("it responds");
    let fit = &fit.hemispheres[0];
    assert_eq!(
        (&fit.dead_columns[..], &fit.dead_drivers[..]),
        (&[5][..], &[7][..])
    );
    assert!(fit.explained > 0.995, "{}", fit.explained);
    assert!(fit.total_rms_error_lsb() < 1.1 * fit.total_noise_of_means_lsb());
    assert_eq!(fit.rms_error_lsb.len(), 24);
    let (twin, found) = (&twin.hemispheres()[0], &found.hemispheres()[0]);
    for (expected, found) in twin.columns.iter().zip(&found.columns) {
        assert_eq!(expected.works, found.works);
        assert!((expected.noise_lsb - found.noise_lsb).abs() < 0.15);
        let variance = |c: &ColumnTwin| c.noise_lsb.powi(2) + 16.0 * c.event_variance_lsb2;
        assert!((variance(found) / variance(expected) - 1.0).abs() < 0.1);
    }
    assert!(!found.drivers[7].works);
    assert_eq!(found.columns[5].excitatory_lsb, 0.0);
}

#[test]
fn fits_are_deterministic_and_worthless_recordings_refused() {
    let recording = measured(known(), NoiseInjection::default());
    let fit = || Twin::fit(&recording).expect("it responds");
    assert_eq!(fit(), fit());
    let silent = Recording::new(
        RunSettings::USUAL,
        Array4::from_elem((1, 2, 3, 4), 5),
        Array4::from_elem((1, 2, 5, 3), 6),
        Array5::zeros((1, 2, 2, 5, 4)),
    )
    .expect("a recording");
    let refused = Twin::fit(&silent);
    assert!(
        matches!(
            refused,
            Err(TrainingError::NothingResponds { hemisphere: 0 })
        ),
        "{refused:?}"
    );
    assert_eq!(
        SmoothSaturation::fit(&silent),
        Err(TrainingError::NoResponse)
    );
    for end in [127, -128] {
        let stuck = Recording::new(
            RunSettings::USUAL,
            Array4::from_elem((1, 2, 3, 4), 5),
            Array4::from_elem((1, 2, 5, 3), 6),
            Array5::from_elem((1, 2, 2, 5, 4), end),
        )
        .expect("a recording");
        assert!(Twin::fit(&stuck).is_err());
    }
}

#[test]
fn smooth_saturation_is_found() {
    let twin = known();
    let knots = twin.knots();
    let mut hemispheres = twin.hemispheres().to_vec();
    hemispheres[0].drivers.fill(DriverTwin::ideal());
    for column in &mut hemispheres[0].columns {
        (column.excitatory_lsb, column.inhibitory_lsb) = (0.0115, 0.0115);
        let limit = |sum: f32| if sum < 0.0 { 150.0 } else { 250.0 };
        column.deviations_lsb = (0..knots.count())
            .map(|knot| knots.at(knot))
            .map(|sum| limit(sum) * (sum / limit(sum)).tanh() - sum)
            .collect();
    }
    let twin = Twin::new(twin.geometry(), twin.settings(), knots, hemispheres).expect("in range");
    let found = SmoothSaturation::fit(&measured(twin, NoiseInjection::NONE)).expect("it responds");
    assert!((found.gain_lsb / 0.0115 - 1.0).abs() < 0.02, "{found:?}");
    assert!((found.lowest_lsb / -150.0 - 1.0).abs() < 0.05, "{found:?}");
    assert!((found.highest_lsb / 250.0 - 1.0).abs() < 0.05, "{found:?}");
    let protocol = TwinProtocol {
        sets: 4,
        ..TwinProtocol::default()
    };
    let straight = protocol
        .measure(&mut noisy(), sends(1), &mut Trial::new(1))
        .expect("measured");
    let found = SmoothSaturation::fit(&straight).expect("it responds");
    assert!((found.gain_lsb / 0.0018 - 1.0).abs() < 0.02, "{found:?}");
    assert!(
        found.highest_lsb > 500.0 && found.lowest_lsb < -500.0,
        "{found:?}"
    );
}

#[test]
fn mocks_tell_their_parameters() {
    let mut mock = noisy();
    let mut trial = Trial::new(1);
    let found =
        measure_mock(&mut mock, sends(4), MockProtocol::default(), &mut trial).expect("measured");
    assert!((found.gain_lsb / 0.0018 - 1.0).abs() < 0.05, "{found:?}");
    // With the noise of rounding.
    assert!(
        (found.noise_lsb - (1.6_f32.powi(2) + 1.0 / 12.0).sqrt()).abs() < 0.03,
        "{found:?}"
    );
    for protocol in [
        MockProtocol {
            repeats: 1,
            ..MockProtocol::default()
        },
        MockProtocol {
            activation: 32,
            ..MockProtocol::default()
        },
        MockProtocol {
            weight_spread: f32::NAN,
            ..MockProtocol::default()
        },
    ] {
        assert!(measure_mock(&mut mock, sends(1), protocol, &mut trial).is_err());
    }
}

#[test]
fn the_gain_is_found_whatever_the_sends() {
    for num_sends in [1, 8, 32, 64, 200] {
        let found = measure_mock(
            &mut ideal(),
            sends(num_sends),
            MockProtocol::default(),
            &mut Trial::new(1),
        )
        .expect("measured");
        assert!(
            (found.gain_lsb / 0.0018 - 1.0).abs() < 0.03,
            "{num_sends}: {found:?}"
        );
        assert_eq!(found.noise_lsb, 0.0, "{num_sends}");
    }
}

#[test]
fn columns_at_the_ends_tell_neither_gain_nor_noise() {
    // Sums of 160 LSB: half of the columns are clipped, and would show less gain and noise.
    let settings = sends(1);
    let noisy = |gain_lsb| bss2_hardware::MockArray::new(CHIP, gain_lsb, 1.6).expect("in range");
    let of_gain = |gain_lsb: f32| {
        let mut trial = Trial::new(1);
        let protocol = MockProtocol::default();
        measure_mock(&mut noisy(gain_lsb), settings, protocol, &mut trial)
    };
    let found = of_gain(0.047).expect("measured");
    assert!((found.gain_lsb / 0.047 - 1.0).abs() < 0.05, "{found:?}");
    assert!((found.noise_lsb - 1.63).abs() < 0.05, "{found:?}");
    match of_gain(5.0) {
        Err(TrainingError::TooFewColumns {
            left,
            columns,
            needed,
        }) => assert!(left < needed && needed == columns / 16),
        other => panic!("{other:?}"),
    }
}
