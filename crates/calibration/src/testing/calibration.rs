//! What every calibration obeys, whatever it turns.

use bss2_core::testing::{Law, ensure_done, ensure_equal};
use bss2_core::{ArrayGeometry, ArrayMode, Chip, Region, Register, RunRequest, RunSettings, Trial};
use ndarray::{Array2, ArrayView2};

use crate::{CalibrationError, CalibrationResult};

/// Calibrates a chip.
pub type Calibrate = dyn Fn(&mut dyn Chip) -> Result<CalibrationResult, CalibrationError>;

/// A calibration that is to be held to the laws: a [`Procedure`](crate::Procedure), or what is made of
/// several.
pub struct CalibrationSubject {
    /// Makes a fresh chip; equal ones each time.
    pub chip: Box<dyn Fn() -> Box<dyn Chip>>,
    /// Calibrates such a chip.
    pub calibrate: Box<Calibrate>,
}

/// The laws of calibrations.
pub const CALIBRATION_LAWS: &[Law<CalibrationSubject>] = &[
    Law::new(
        "a result is what the chip holds",
        "mode and registers",
        a_result_is_what_the_chip_holds,
    ),
    Law::new(
        "equal chips get equal results",
        "whatever was calibrated before",
        equal_chips_get_equal_results,
    ),
    Law::new(
        "applied, it answers like the calibrated chip",
        "a fresh chip gives the same results, bit for bit",
        applied_it_answers_like_the_calibrated_chip,
    ),
    Law::new(
        "applied twice equals once",
        "registers and results are the same",
        applied_twice_equals_once,
    ),
    Law::new(
        "what is loaded is what was saved",
        "every number of it",
        what_is_loaded_is_what_was_saved,
    ),
];

type Found = Result<(), String>;

/// What a chip shows of itself: mode, registers, results of all hemispheres.
type Shown = (ArrayMode, Vec<Vec<i32>>, Vec<Array2<i8>>);

fn calibrated(subject: &CalibrationSubject) -> Result<(Box<dyn Chip>, CalibrationResult), String> {
    let mut chip = (subject.chip)();
    let result = ensure_done("a calibration", (subject.calibrate)(chip.as_mut()))?;
    Ok((chip, result))
}

fn registers(chip: &mut dyn Chip) -> Result<Vec<Vec<i32>>, String> {
    let all = Register::ALL.iter();
    all.map(|register| ensure_done("reading registers", chip.register_values(*register)))
        .collect()
}

fn answers(
    chip: &mut dyn Chip,
    hemisphere: usize,
    geometry: ArrayGeometry,
    sent: ArrayView2<'_, u8>,
) -> Result<Array2<i8>, String> {
    let region = Region::whole(geometry, hemisphere);
    let least = *chip.mode().weights().start();
    let weights = Array2::from_shape_fn((geometry.inputs(), geometry.columns()), |(i, c)| {
        (((i * 31 + c * 17) % 127) as i8 - 63).max(least)
    });
    ensure_done("loading weights", chip.load_weights(region, weights.view()))?;
    let request = RunRequest {
        region,
        settings: RunSettings::default(),
        trial: Trial::new(3),
    };
    let mut outputs = Array2::zeros((sent.nrows(), geometry.columns()));
    ensure_done("a run", chip.run(&request, sent, outputs.view_mut()))?;
    Ok(outputs)
}

fn shown(chip: &mut dyn Chip) -> Result<Shown, String> {
    let mode = chip.mode();
    let geometry = mode.geometry(chip.control_geometry());
    let sent = Array2::from_shape_fn((6, geometry.inputs()), |(v, i)| {
        ((v * 13 + i * 7) % 32) as u8
    });
    let answers = (0..geometry.hemispheres()).map(|h| answers(chip, h, geometry, sent.view()));
    let answers = answers.collect::<Result<_, _>>()?;
    Ok((mode, registers(chip)?, answers))
}

fn applied(
    subject: &CalibrationSubject,
    result: &CalibrationResult,
    times: usize,
) -> Result<Shown, String> {
    let mut chip = (subject.chip)();
    for _ in 0..times {
        ensure_done("applying it", result.apply(chip.as_mut()))?;
    }
    shown(chip.as_mut())
}

fn a_result_is_what_the_chip_holds(subject: &CalibrationSubject) -> Found {
    let (mut chip, result) = calibrated(subject)?;
    ensure_equal("mode", &result.mode, &chip.mode())?;
    let held = registers(chip.as_mut())?;
    for (register, held) in Register::ALL.iter().zip(held) {
        ensure_equal(register.name(), &result.values(*register), &held)?;
    }
    Ok(())
}

fn equal_chips_get_equal_results(subject: &CalibrationSubject) -> Found {
    let [(_, first), (_, second)] = [calibrated(subject)?, calibrated(subject)?];
    ensure_equal("the second", &second, &first)
}

fn applied_it_answers_like_the_calibrated_chip(subject: &CalibrationSubject) -> Found {
    let (mut chip, result) = calibrated(subject)?;
    let found = applied(subject, &result, 1)?;
    ensure_equal(
        "mode, registers and results",
        &found,
        &shown(chip.as_mut())?,
    )
}

fn applied_twice_equals_once(subject: &CalibrationSubject) -> Found {
    let (_, result) = calibrated(subject)?;
    let [once, twice] = [applied(subject, &result, 1)?, applied(subject, &result, 2)?];
    ensure_equal("mode, registers and results", &twice, &once)
}

fn what_is_loaded_is_what_was_saved(subject: &CalibrationSubject) -> Found {
    let (_, result) = calibrated(subject)?;
    let bytes = ensure_done(
        "saving",
        bss2_file::encode(CalibrationResult::FORMAT, &result),
    )?;
    let loaded = bss2_file::decode::<CalibrationResult>(CalibrationResult::FORMAT, &bytes);
    ensure_equal("loaded", &ensure_done("loading", loaded)?, &result)
}
