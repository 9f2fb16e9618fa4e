//! Results: applied to chips, kept in files.

use std::fs;
use std::path::Path;

use bss2_calibration::{CalibrationError, CalibrationResult, MembraneTargets};
use bss2_core::{ChipControl, ChipIdentity, ControlError, MacArray, Register, RunSettings};
use bss2_file::{ContentError, FileError, Format};
use bss2_hardware::SimulatedChip;
use ndarray::Array2;

use crate::linear_chip::LinearChip;
use crate::simulated::{Calibrated, ON_LINES, TYPICAL, fresh_chip, outputs};
use crate::support::{calibrate, for_membranes, registers};

/// Calibrated chips of seed 1, in both modes.
fn calibrated() -> [&'static Calibrated; 3] {
    [&TYPICAL[0][0], &TYPICAL[0][1], &ON_LINES]
}

/// Outputs of both hemispheres for a stimulus of many values.
fn answers(chip: &mut SimulatedChip) -> Array2<f64> {
    let inputs = chip.geometry().inputs();
    let weight = |i: usize, c: usize| ((i * 31 + c * 17) % 127) as i8 - 63;
    let vectors = Array2::from_shape_fn((20, inputs), |(v, i)| ((v * 13 + i * 7) % 32) as u8);
    outputs(chip, RunSettings::default(), weight, vectors.view(), 1)
}

fn small() -> CalibrationResult {
    let joint = for_membranes(MembraneTargets::default())[1];
    calibrate(joint, &mut LinearChip::new(51, 16))
}

#[test]
fn an_applied_result_makes_a_fresh_chip_answer_bit_for_bit_like_the_calibrated_one() {
    for (chip, result) in calibrated() {
        let mut calibrated = chip.clone();
        let mut fresh = fresh_chip(1);
        fresh.set_mode(result.mode).unwrap();
        assert_ne!(answers(&mut fresh), answers(&mut calibrated));
        fresh = fresh_chip(1);
        result.apply(&mut fresh).unwrap();
        assert_eq!(fresh.mode(), calibrated.mode());
        assert_eq!(registers(&mut fresh), registers(&mut calibrated));
        assert_eq!(registers(&mut fresh), result.registers);
        assert_eq!(answers(&mut fresh), answers(&mut calibrated));
    }
}

#[test]
fn another_chip_refuses_the_result_and_is_left_alone_unless_forced() {
    let result = small();
    let mut other = LinearChip::new(52, 16);
    assert_eq!(
        result.apply(&mut other),
        Err(CalibrationError::OtherChip {
            calibrated: ChipIdentity::new("linear-51"),
            found: ChipIdentity::new("linear-52"),
        })
    );
    assert_eq!(other.touches, 0);
    result.apply_to_any(&mut other).unwrap();
    assert_eq!(registers(&mut other), result.registers);
    assert!(other.holds_no_weights());
}

#[test]
fn what_the_chip_cannot_hold_is_refused_before_anything_is_written() {
    let good = small();
    let (last, values) = good.registers.last().unwrap();
    assert_eq!(*last, Register::ReadoutSource);
    let refusal = |change: &dyn Fn(&mut Vec<i32>)| {
        let mut result = good.clone();
        change(&mut result.registers.last_mut().unwrap().1);
        let mut chip = LinearChip::new(51, 16);
        let refusal = result.apply(&mut chip).unwrap_err();
        assert_eq!(chip.touches, 0);
        refusal
    };
    for found in [0, values.len() - 1, values.len() + 1] {
        assert_eq!(
            refusal(&|values| values.resize(found, 0)),
            CalibrationError::Control(ControlError::InstanceCount {
                register: *last,
                expected: values.len(),
                found,
            })
        );
    }
    for value in [-1, 4, i32::MIN, i32::MAX] {
        assert_eq!(
            refusal(&|values| values[6] = value),
            CalibrationError::Control(ControlError::ValueOutOfRange {
                register: *last,
                instance: 6,
                value,
                min: 0,
                max: 3,
            })
        );
    }
    let mut wider = LinearChip::new(51, 32);
    assert!(good.apply(&mut wider).is_err());
    assert_eq!(wider.touches, 0);
}

#[test]
fn a_result_survives_a_trip_through_a_file_and_through_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip-1.calibration");
    for (_, result) in calibrated() {
        result.save(&path).unwrap();
        assert_eq!(CalibrationResult::load(&path).unwrap(), *result);
        let text = serde_json::to_string(result).unwrap();
        assert_eq!(
            serde_json::from_str::<CalibrationResult>(&text).unwrap(),
            *result
        );
    }
    let mut fresh = fresh_chip(1);
    CalibrationResult::load(&path)
        .unwrap()
        .apply(&mut fresh)
        .unwrap();
    assert_eq!(answers(&mut fresh), answers(&mut ON_LINES.0.clone()));
}

/// What is wrong with the content of a file.
fn content_error(path: &Path) -> ContentError {
    match CalibrationResult::load(path) {
        Err(CalibrationError::File(FileError::Content { error, path: named })) => {
            assert_eq!(named, path);
            error
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_way_to_be_no_calibration_has_an_error_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.calibration");
    let result = small();
    result.save(&path).unwrap();
    let good = fs::read(&path).unwrap();
    let length = good.len();

    for kept in [20, 44, length / 2, length - 1] {
        fs::write(&path, &good[..kept]).unwrap();
        assert!(
            matches!(content_error(&path), ContentError::Truncated { found, .. }
            if found == kept as u64)
        );
    }
    fs::write(&path, [&good, &b"more"[..]].concat()).unwrap();
    assert!(matches!(
        content_error(&path),
        ContentError::Trailing { .. }
    ));
    for place in [44, 60, length / 3, length / 2, length - 1] {
        let mut flipped = good.clone();
        flipped[place] ^= 0x10;
        fs::write(&path, flipped).unwrap();
        assert!(
            matches!(content_error(&path), ContentError::Checksum { .. }),
            "{place}"
        );
    }
    fs::write(&path, "registers = []").unwrap();
    assert!(matches!(content_error(&path), ContentError::Foreign { .. }));

    let (kind, version) = (
        CalibrationResult::FORMAT.kind(),
        CalibrationResult::FORMAT.version(),
    );
    bss2_file::save(&path, Format::new("checkpoint", version), &result).unwrap();
    assert!(
        matches!(content_error(&path), ContentError::OtherKind { expected, .. }
        if expected == kind)
    );
    bss2_file::save(&path, Format::new(kind, version + 1), &result).unwrap();
    assert!(
        matches!(content_error(&path), ContentError::OtherVersion { found, .. }
        if found == version + 1)
    );
    // Of the right kind, but too short for one.
    bss2_file::save(&path, CalibrationResult::FORMAT, &1_u8).unwrap();
    assert!(matches!(content_error(&path), ContentError::Decode { .. }));
    bss2_file::save(&path, CalibrationResult::FORMAT, &(&result, 1_u8)).unwrap();
    assert!(matches!(
        content_error(&path),
        ContentError::Unread { unread: 1 }
    ));

    assert!(matches!(
        CalibrationResult::load(folder.path()),
        Err(CalibrationError::File(FileError::NotAFile { .. }))
    ));
    for refused in [
        CalibrationResult::load(&folder.path().join("none")).map(|_| ()),
        result.save(&folder.path().join("no folder").join("a")),
    ] {
        assert!(matches!(
            refused,
            Err(CalibrationError::File(FileError::Io { kind, .. }))
                if kind == std::io::ErrorKind::NotFound
        ));
    }
}
