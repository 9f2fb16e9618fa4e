//! Recordings, measured and in files.

use std::io::Cursor;

use bss2_core::{ArrayGeometry, Baseline, CostModel, Metered, RunSettings, Trial};
use bss2_hardware::MockArray;
use bss2_training::{Recording, TrainingError, TwinProtocol};
use ndarray::{Array4, Array5, arr0};
use ndarray_npy::NpzWriter;

use crate::support::noisy;

fn small() -> Recording {
    let geometry = ArrayGeometry::new(2, 8, 12).expect("a small array");
    let mut mock = MockArray::new(geometry, 0.02, 1.0).expect("in range");
    let protocol = TwinProtocol {
        sets: 3,
        vectors: 10,
        repeats: 2,
        ..TwinProtocol::default()
    };
    let settings = RunSettings::new(2, 7)
        .expect("in range")
        .with_baseline(Baseline::Measured);
    protocol
        .measure(&mut mock, settings, &mut Trial::new(1))
        .expect("measured")
}

fn written(recording: &Recording) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    recording.write_npz(&mut file).expect("written");
    file.into_inner()
}

fn read(bytes: &[u8]) -> Result<Recording, TrainingError> {
    Recording::read_npz(Cursor::new(bytes))
}

#[test]
fn files_give_back_what_was_measured() {
    let recording = small();
    assert_eq!(recording.outputs().dim(), (2, 3, 2, 10, 12));
    assert_eq!(read(&written(&recording)).expect("read"), recording);
}

#[test]
fn a_whole_chip_takes_less_than_a_second() {
    let mut metered = Metered::new(noisy());
    let protocol = TwinProtocol {
        sets: 2,
        ..TwinProtocol::default()
    };
    let settings = RunSettings::new(4, 5).expect("in range");
    protocol
        .measure(&mut metered, settings, &mut Trial::new(1))
        .expect("measured");
    let all = CostModel::default().chip_time_us(metered.ledger()) * 12.0;
    assert!(all < 1e6, "{all} µs");
}

#[test]
fn measurements_cover_the_range_of_outputs() {
    let protocol = TwinProtocol {
        sets: 4,
        vectors: 64,
        repeats: 2,
        ..TwinProtocol::default()
    };
    for num_sends in [1, 4] {
        let settings = RunSettings::new(num_sends, 5).expect("in range");
        let recording = protocol
            .measure(&mut noisy(), settings, &mut Trial::new(1))
            .expect("measured");
        let share = |beyond: &dyn Fn(i8) -> bool| {
            let outputs = recording.outputs();
            outputs.iter().filter(|&&y| beyond(y)).count() as f32 / outputs.len() as f32
        };
        for (name, found) in [
            ("high", share(&|y| y > 100)),
            ("highest", share(&|y| y == 127)),
            ("low", share(&|y| y < -100)),
            ("lowest", share(&|y| y == -128)),
        ] {
            assert!((1e-3..0.1).contains(&found), "{num_sends}, {name}: {found}");
        }
        assert!(share(&|y| y.unsigned_abs() < 50) > 0.5);
    }
}

/// A file with these arrays and 1 send.
fn file(
    weights: &Array4<i8>,
    activations: &Array4<u8>,
    outputs: &Array5<i8>,
    wait: i64,
) -> Vec<u8> {
    let mut npz = NpzWriter::new(Cursor::new(Vec::new()));
    npz.add_array("weights", weights).expect("added");
    npz.add_array("activations", activations).expect("added");
    npz.add_array("outputs", outputs).expect("added");
    npz.add_array("num_sends", &arr0(1_i64)).expect("added");
    npz.add_array("wait_between_events", &arr0(wait))
        .expect("added");
    npz.finish().expect("written").into_inner()
}

#[test]
fn inconsistent_files_are_refused_by_the_name_of_the_array() {
    let weights = Array4::zeros((1, 2, 3, 4));
    let activations = Array4::zeros((1, 2, 5, 3));
    let outputs = Array5::zeros((1, 2, 2, 5, 4));
    assert!(
        read(&file(&weights, &activations, &outputs, 5)).is_ok(),
        "without a baseline"
    );
    let shape = |result| match result {
        Err(TrainingError::RecordingShape { array, .. }) => array,
        other => panic!("{other:?}"),
    };
    let other = Array4::zeros((1, 2, 5, 4));
    assert_eq!(
        shape(read(&file(&weights, &other, &outputs, 5))),
        "activations"
    );
    let other = Array5::zeros((1, 2, 2, 6, 4));
    assert_eq!(
        shape(read(&file(&weights, &activations, &other, 5))),
        "outputs"
    );
    let none = Array5::zeros((1, 2, 0, 5, 4));
    assert_eq!(
        shape(read(&file(&weights, &activations, &none, 5))),
        "outputs"
    );

    let mut heavy = weights.clone();
    heavy[[0, 1, 2, 3]] = -64;
    let refused = read(&file(&heavy, &activations, &outputs, 5));
    let expected = TrainingError::RecordingValue {
        array: "weights",
        place: [0, 1, 2, 3],
        value: -64,
        min: -63,
        max: 63,
    };
    assert_eq!(refused, Err(expected));
    for wait in [0, -1, 1 << 40] {
        assert!(
            read(&file(&weights, &activations, &outputs, wait)).is_err(),
            "{wait}"
        );
    }
}

#[test]
fn hostile_files_are_refused() {
    let array = |result| match result {
        Err(TrainingError::RecordingArray { array, .. }) => array,
        other => panic!("{other:?}"),
    };
    assert_eq!(array(read(b"no archive")), "file");
    let bytes = written(&small());
    for length in (0..bytes.len()).step_by(97) {
        assert!(read(&bytes[..length]).is_err(), "{length}");
    }
    // A shape that promises far more than there is; as long as the one it replaces.
    let promise = |from: &[u8], to: &[u8]| {
        let mut forged = bytes.clone();
        let at = forged
            .windows(from.len())
            .position(|part| part == from)
            .expect("a header");
        forged[at..at + to.len()].copy_from_slice(to);
        forged
    };
    assert_eq!(
        array(read(&promise(b"(2, 3, 8, 12)", b"(9999999, 99)"))),
        "weights"
    );
    assert_eq!(array(read(&promise(b"'|i1'", b"'<f8'"))), "weights");
    assert_eq!(
        array(read(&promise(b"\x93NUMPY\x01", b"\x93NUMPY\x02"))),
        "weights"
    );

    let mut npz = NpzWriter::new(Cursor::new(Vec::new()));
    npz.add_array("num_sends", &arr0(1_i64)).expect("added");
    npz.add_array("wait_between_events", &arr0(5_i64))
        .expect("added");
    let bytes = npz.finish().expect("written").into_inner();
    assert_eq!(array(read(&bytes)), "weights");
}

#[test]
fn protocols_outside_their_ranges_are_refused() {
    let usual = TwinProtocol::default();
    for protocol in [
        TwinProtocol { sets: 1, ..usual },
        TwinProtocol {
            vectors: 0,
            ..usual
        },
        TwinProtocol {
            repeats: 1,
            ..usual
        },
        TwinProtocol {
            expected_gain_lsb: 0.0,
            ..usual
        },
        TwinProtocol {
            sets: 1000,
            vectors: 10_000,
            repeats: 1000,
            ..usual
        },
    ] {
        let refused = protocol.measure(&mut noisy(), RunSettings::USUAL, &mut Trial::new(1));
        assert!(refused.is_err(), "{protocol:?}");
    }
}
