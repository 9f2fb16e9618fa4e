//! What chips obey when they are configured and probed.

use ndarray::{Array1, Array2, ArrayView2, s};

use super::law::{Law, ensure, ensure_done, ensure_equal, ensure_refused};
use super::samples::{activations, load_random, run, trace, whole};
use crate::{
    ACTIVATION_MAX, ArrayError, ArrayMode, BASELINE_CODE, Baseline, CadcChannel, Chip,
    ControlError, MacArray, PulseRequest, Region, Register, RunRequest, Trial,
};

/// An implementation of [`ChipControl`](crate::ChipControl) and [`ChipProbe`](crate::ChipProbe) that is to be held to the laws.
pub struct ChipSubject {
    /// Makes a chip with reset values in its registers and zero weights; equal ones each time. At least two
    /// inputs and three columns.
    pub make: Box<dyn Fn() -> Box<dyn Chip>>,
}

/// The laws of chips that are configured.
pub const CONTROL_LAWS: &[Law<ChipSubject>] = &[
    Law::new(
        "a fresh chip holds reset values",
        "in membrane mode",
        a_fresh_chip_holds_reset_values,
    ),
    Law::new(
        "what is written is read",
        "each register holds its values until it is written again, whatever is written to others",
        what_is_written_is_read,
    ),
    Law::new(
        "bad writes change nothing",
        "values out of range and wrong numbers of them are refused, with what is wrong and where",
        bad_writes_change_nothing,
    ),
    Law::new(
        "CapMem cells wait until they settle",
        "their new values do not act before, and act then",
        capmem_cells_wait_until_they_settle,
    ),
    Law::new(
        "writing again changes nothing",
        "the same values, settled, leave every reading as it was",
        writing_again_changes_nothing,
    ),
    Law::new(
        "a reset undoes every write",
        "registers and readings are those of a chip that was never written to",
        a_reset_undoes_every_write,
    ),
    Law::new(
        "a mode begins without weights",
        "and sets the readout source and the array's sizes; other registers stay",
        a_mode_begins_without_weights,
    ),
    Law::new(
        "a chip keeps its name",
        "and one that was made alike has the same",
        a_chip_keeps_its_name,
    ),
];

/// The laws of chips that are probed.
pub const PROBE_LAWS: &[Law<ChipSubject>] = &[
    Law::new(
        "codes are results before the baseline is subtracted",
        "those of the causal channel, of a run with a constant baseline on membranes",
        codes_are_results_before_the_baseline_is_subtracted,
    ),
    Law::new(
        "a probed batch may be split anywhere",
        "parts of a batch give the same codes as the whole, if vectors keep their numbers",
        a_probed_batch_may_be_split_anywhere,
    ),
    Law::new(
        "equal probes give equal codes",
        "again, and on another chip that was made alike",
        equal_probes_give_equal_codes,
    ),
    Law::new(
        "probing leaves no trace",
        "results and registers are the same afterwards",
        probing_leaves_no_trace,
    ),
    Law::new(
        "a longer trace begins like a shorter one",
        "whatever the number of samples",
        a_longer_trace_begins_like_a_shorter_one,
    ),
    Law::new(
        "bad probes change nothing",
        "they are refused, with what is wrong and where, and write nothing",
        bad_probes_change_nothing,
    ),
];

type Found = Result<(), String>;

/// Values of a register that differ from instance to instance.
fn pattern(register: Register, chip: &dyn Chip, step: usize) -> Vec<i32> {
    let spec = register.spec();
    let count = register.instances(chip.control_geometry());
    let range = (spec.max - spec.min) as usize + 1;
    let value = |instance: usize| spec.min + ((instance * 7 + step) % range) as i32;
    (0..count).map(value).collect()
}

/// Registers that calibrations turn; the readout source goes with the mode.
fn turned() -> impl Iterator<Item = Register> {
    let all = Register::ALL.iter().copied();
    all.filter(|register| *register != Register::ReadoutSource)
}

fn write_all(chip: &mut dyn Chip, step: usize) -> Found {
    for register in turned() {
        let values = pattern(register, chip, step);
        ensure_done("a good write", chip.write_register(register, &values))?;
    }
    Ok(())
}

/// Trims the drivers: readings differ, and weights still show.
fn write_trims(chip: &mut dyn Chip) -> Found {
    let values = pattern(Register::StpOffset, chip, 5);
    ensure_done(
        "a good write",
        chip.write_register(Register::StpOffset, &values),
    )
}

fn settle(chip: &mut dyn Chip) -> Found {
    ensure_done("waiting", chip.settle())
}

fn values(chip: &mut dyn Chip) -> Result<Vec<(Register, Vec<i32>)>, String> {
    let read = |register: &Register| {
        let values = ensure_done("a good read", chip.register_values(*register))?;
        Ok((*register, values))
    };
    Register::ALL.iter().map(read).collect()
}

/// Some vectors of zeros and others.
fn vectors(chip: &dyn Chip) -> Array2<u8> {
    let inputs = chip.mode().probe_geometry(chip.control_geometry()).inputs();
    let mut vectors = activations((6, inputs), 5);
    vectors.row_mut(0).fill(0);
    vectors.row_mut(1).fill(ACTIVATION_MAX);
    vectors
}

fn probe(
    chip: &mut dyn Chip,
    request: &RunRequest,
    channel: CadcChannel,
    activations: ArrayView2<'_, u8>,
) -> Result<Array2<u8>, String> {
    let mut codes = Array2::zeros((activations.nrows(), request.region.columns));
    let report = chip.read_cadc(request, channel, activations, codes.view_mut());
    ensure_done("a good request", report)?;
    Ok(codes)
}

/// A request on all inputs and physical columns of a hemisphere.
fn everything(chip: &dyn Chip, hemisphere: usize) -> RunRequest {
    whole(
        chip.mode().probe_geometry(chip.control_geometry()),
        hemisphere,
    )
}

/// Codes of both channels of all hemispheres.
fn readings(chip: &mut dyn Chip) -> Result<Vec<Array2<u8>>, String> {
    let vectors = vectors(chip);
    let mut found = Vec::new();
    for hemisphere in 0..chip.control_geometry().hemispheres() {
        let request = everything(chip, hemisphere);
        for channel in CadcChannel::BOTH {
            found.push(probe(chip, &request, channel, vectors.view())?);
        }
    }
    Ok(found)
}

fn loaded(subject: &ChipSubject) -> Result<Box<dyn Chip>, String> {
    let mut chip = (subject.make)();
    let mode = chip.mode();
    load_random(chip.as_mut(), mode, 4)?;
    Ok(chip)
}

fn a_fresh_chip_holds_reset_values(subject: &ChipSubject) -> Found {
    let mut chip = (subject.make)();
    ensure_equal("mode", &chip.mode(), &ArrayMode::Membrane)?;
    for (register, values) in values(chip.as_mut())? {
        let expected = vec![register.spec().reset; register.instances(chip.control_geometry())];
        ensure_equal(register.name(), &values, &expected)?;
    }
    Ok(())
}

fn what_is_written_is_read(subject: &ChipSubject) -> Found {
    let mut chip = (subject.make)();
    let mut expected = values(chip.as_mut())?;
    for (place, register) in Register::ALL.iter().enumerate() {
        let written = pattern(*register, chip.as_ref(), place);
        ensure_done("a good write", chip.write_register(*register, &written))?;
        expected[place].1 = written;
        ensure_equal("at once", &values(chip.as_mut())?, &expected)?;
    }
    settle(chip.as_mut())?;
    ensure_equal("once settled", &values(chip.as_mut())?, &expected)
}

fn bad_writes_change_nothing(subject: &ChipSubject) -> Found {
    let mut chip = loaded(subject)?;
    let expected = (values(chip.as_mut())?, readings(chip.as_mut())?);
    for register in Register::ALL.iter().copied() {
        let spec = register.spec();
        for outside in [spec.min - 1, spec.max + 1] {
            let mut written = pattern(register, chip.as_ref(), 1);
            if let Some(last) = written.last_mut() {
                *last = outside;
            }
            let refused = chip.write_register(register, &written);
            ensure_refused("a value out of range", refused, |error| {
                matches!(error, ControlError::ValueOutOfRange { .. })
            })?;
        }
        let one_more = vec![spec.reset; register.instances(chip.control_geometry()) + 1];
        for count in [one_more.len(), one_more.len() - 2] {
            let is_right =
                |error: &ControlError| matches!(error, ControlError::InstanceCount { .. });
            let refused = chip.write_register(register, &one_more[..count]);
            ensure_refused("a wrong number of values", refused, is_right)?;
            let refused = chip.read_register(register, &mut vec![0; count]);
            ensure_refused("a wrong number to be read", refused, is_right)?;
        }
    }
    settle(chip.as_mut())?;
    let found = (values(chip.as_mut())?, readings(chip.as_mut())?);
    ensure_equal("afterwards", &found, &expected)
}

fn capmem_cells_wait_until_they_settle(subject: &ChipSubject) -> Found {
    let mut chip = loaded(subject)?;
    let expected = readings(chip.as_mut())?;
    for register in turned().filter(|register| register.spec().capmem) {
        let written = pattern(register, chip.as_ref(), 3);
        ensure_done("a good write", chip.write_register(register, &written))?;
        ensure_equal(register.name(), &readings(chip.as_mut())?, &expected)?;
    }
    settle(chip.as_mut())?;
    ensure(readings(chip.as_mut())? != expected, || {
        "all of them changed, and no reading".to_owned()
    })
}

fn writing_again_changes_nothing(subject: &ChipSubject) -> Found {
    let mut chip = loaded(subject)?;
    let mut found = Vec::new();
    for _ in 0..2 {
        write_all(chip.as_mut(), 2)?;
        settle(chip.as_mut())?;
        found.push(readings(chip.as_mut())?);
    }
    ensure_equal("the second time", &found[1], &found[0])
}

fn a_reset_undoes_every_write(subject: &ChipSubject) -> Found {
    let mut chip = loaded(subject)?;
    let expected = (values(chip.as_mut())?, readings(chip.as_mut())?);
    write_all(chip.as_mut(), 1)?;
    settle(chip.as_mut())?;
    ensure_done("a reset", chip.reset_registers())?;
    let found = (values(chip.as_mut())?, readings(chip.as_mut())?);
    ensure_equal("after a reset", &found, &expected)
}

fn a_mode_begins_without_weights(subject: &ChipSubject) -> Found {
    for mode in ArrayMode::ALL {
        let mut fresh = (subject.make)();
        ensure_done("a mode", fresh.set_mode(mode))?;
        write_trims(fresh.as_mut())?;
        let expected = readings(fresh.as_mut())?;
        for before in ArrayMode::ALL {
            let mut chip = (subject.make)();
            ensure_done("a mode", chip.set_mode(before))?;
            load_random(chip.as_mut(), before, 8)?;
            write_trims(chip.as_mut())?;
            ensure_done("a mode", chip.set_mode(mode))?;
            ensure_equal("mode", &chip.mode(), &mode)?;
            let geometry = mode.geometry(chip.control_geometry());
            ensure_equal("sizes", &MacArray::geometry(chip.as_ref()), &geometry)?;
            for (register, values) in values(chip.as_mut())? {
                let expected = match register {
                    Register::ReadoutSource => {
                        vec![mode.readout_source().register_value(); values.len()]
                    }
                    Register::StpOffset => pattern(register, chip.as_ref(), 5),
                    other => vec![other.spec().reset; values.len()],
                };
                ensure_equal(register.name(), &values, &expected)?;
            }
            ensure_equal("readings", &readings(chip.as_mut())?, &expected)?;
        }
    }
    Ok(())
}

fn a_chip_keeps_its_name(subject: &ChipSubject) -> Found {
    let mut chip = (subject.make)();
    let name = chip.identity();
    ensure_equal("of another", &(subject.make)().identity(), &name)?;
    write_all(chip.as_mut(), 1)?;
    settle(chip.as_mut())?;
    ensure_done("a mode", chip.set_mode(ArrayMode::Unsigned))?;
    ensure_equal("afterwards", &chip.identity(), &name)
}

fn codes_are_results_before_the_baseline_is_subtracted(subject: &ChipSubject) -> Found {
    for mode in [ArrayMode::Membrane, ArrayMode::Unsigned] {
        let mut chip = (subject.make)();
        ensure_done("a mode", chip.set_mode(mode))?;
        load_random(chip.as_mut(), mode, 6)?;
        let vectors = vectors(chip.as_ref());
        let mut request = everything(chip.as_ref(), 0);
        request.settings = request.settings.with_baseline(Baseline::Constant);
        let codes = probe(chip.as_mut(), &request, CadcChannel::Causal, vectors.view())?;
        let mut results = Array2::zeros(codes.dim());
        ensure_done(
            "a good request",
            chip.run(&request, vectors.view(), results.view_mut()),
        )?;
        let above = |code: &u8| i16::from(*code) - i16::from(BASELINE_CODE);
        let expected = codes.map(|code| above(code).clamp(-128, 127) as i8);
        ensure_equal("results", &results, &expected)?;
    }
    Ok(())
}

fn a_probed_batch_may_be_split_anywhere(subject: &ChipSubject) -> Found {
    let mut chip = loaded(subject)?;
    let vectors = vectors(chip.as_ref());
    let request = everything(chip.as_ref(), 0);
    for channel in CadcChannel::BOTH {
        let all = probe(chip.as_mut(), &request, channel, vectors.view())?;
        for at in 0..=vectors.nrows() {
            let (before, after) = (vectors.slice(s![..at, ..]), vectors.slice(s![at.., ..]));
            let later = RunRequest {
                trial: Trial {
                    first_vector: at as u64,
                    ..request.trial
                },
                ..request
            };
            let first = probe(chip.as_mut(), &request, channel, before)?;
            ensure_equal("the first part", &first, &all.slice(s![..at, ..]))?;
            let second = probe(chip.as_mut(), &later, channel, after)?;
            ensure_equal("the second part", &second, &all.slice(s![at.., ..]))?;
        }
    }
    Ok(())
}

/// Five pulses on all inputs of the first hemisphere.
fn pulses(chip: &dyn Chip) -> PulseRequest {
    PulseRequest {
        region: everything(chip, 0).region,
        trial: Trial::new(2),
        events: 5,
        interval_cycles: 10,
        readout_delay_cycles: PulseRequest::USUAL_READOUT_DELAY,
    }
}

fn pulsed(chip: &mut dyn Chip, request: &PulseRequest) -> Result<[Array2<u8>; 2], String> {
    let mut codes = [0, 1].map(|_| Array2::zeros((3, request.region.columns)));
    let [causal, acausal] = &mut codes;
    let views = [causal.view_mut(), acausal.view_mut()];
    ensure_done("a good request", chip.read_pulses(request, views))?;
    Ok(codes)
}

fn traced(chip: &mut dyn Chip, column: usize, samples: usize) -> Result<Vec<f32>, String> {
    let request = trace(everything(chip, 0), column);
    let vectors = vectors(chip);
    let mut found = vec![0.0; samples];
    ensure_done(
        "a good request",
        chip.record_trace(&request, vectors.row(1), &mut found),
    )?;
    Ok(found)
}

fn equal_probes_give_equal_codes(subject: &ChipSubject) -> Found {
    let all = |chip: &mut dyn Chip| -> Result<_, String> {
        let request = pulses(chip);
        Ok((
            readings(chip)?,
            pulsed(chip, &request)?,
            traced(chip, 1, 9)?,
        ))
    };
    let mut chip = loaded(subject)?;
    let expected = all(chip.as_mut())?;
    ensure_equal("again", &all(chip.as_mut())?, &expected)?;
    let mut other = loaded(subject)?;
    ensure_equal("on another chip", &all(other.as_mut())?, &expected)
}

fn probing_leaves_no_trace(subject: &ChipSubject) -> Found {
    let [mut probed, mut other] = [loaded(subject)?, loaded(subject)?];
    readings(probed.as_mut())?;
    let request = pulses(probed.as_ref());
    pulsed(probed.as_mut(), &request)?;
    traced(probed.as_mut(), 0, 5)?;
    probed.temperature_celsius();
    let result = |chip: &mut dyn Chip| -> Result<_, String> {
        let request = whole(MacArray::geometry(chip), 0);
        let vectors = vectors(chip);
        Ok((values(chip)?, run(chip, &request, vectors.view())?))
    };
    ensure_equal(
        "results",
        &result(probed.as_mut())?,
        &result(other.as_mut())?,
    )
}

fn a_longer_trace_begins_like_a_shorter_one(subject: &ChipSubject) -> Found {
    let mut chip = loaded(subject)?;
    let longest = traced(chip.as_mut(), 1, 40)?;
    for samples in [0, 1, 7, 39] {
        let shorter = traced(chip.as_mut(), 1, samples)?;
        ensure_equal("samples", &shorter.as_slice(), &&longest[..samples])?;
    }
    Ok(())
}

fn bad_probes_change_nothing(subject: &ChipSubject) -> Found {
    let mut chip = loaded(subject)?;
    let before = (values(chip.as_mut())?, readings(chip.as_mut())?);
    let vectors = vectors(chip.as_ref());
    let request = everything(chip.as_ref(), 0);
    let columns = request.region.columns;
    let beyond = Region {
        first_column: 1,
        ..request.region
    };
    let too_strong = vectors.mapv(|x| x.max(ACTIVATION_MAX + 1));
    let outside = RunRequest {
        region: beyond,
        ..request
    };
    let is_right: [fn(&ArrayError) -> bool; 3] = [
        |error| matches!(error, ArrayError::RegionOutside { .. }),
        |error| matches!(error, ArrayError::ActivationOutOfRange { .. }),
        |error| matches!(error, ArrayError::Shape { .. }),
    ];
    let cases = [
        ("a region beyond the array", outside, &vectors, columns),
        ("activations out of range", request, &too_strong, columns),
        ("codes of another shape", request, &vectors, columns - 1),
    ];
    for ((what, request, vectors, columns), is_right) in cases.into_iter().zip(is_right) {
        let mut codes = Array2::from_elem((vectors.nrows(), columns), 77);
        let channel = CadcChannel::Acausal;
        let refused = chip.read_cadc(&request, channel, vectors.view(), codes.view_mut());
        ensure_refused(what, refused, is_right)?;
        ensure(codes.iter().all(|code| *code == 77), || {
            format!("{what}: {codes}")
        })?;
    }

    let good = pulses(chip.as_ref());
    let too_many = PulseRequest {
        events: PulseRequest::EVENTS_MAX + 1,
        ..good
    };
    let beyond = PulseRequest {
        region: beyond,
        ..good
    };
    for (what, request) in [
        ("too many events", too_many),
        ("pulses beyond the array", beyond),
    ] {
        let mut codes = [0, 1].map(|_| Array2::from_elem((2, columns), 77_u8));
        let [causal, acausal] = &mut codes;
        let refused = chip.read_pulses(&request, [causal.view_mut(), acausal.view_mut()]);
        ensure_refused(what, refused, |_| true)?;
        ensure(codes.iter().flatten().all(|code| *code == 77), || {
            format!("{what}: {codes:?}")
        })?;
    }

    let mut samples = Array1::from_elem(4, 7.5);
    let [mut outside, mut too_slow] = [0, 0].map(|column| trace(request, column));
    outside.column = columns;
    too_slow.sample_interval_cycles = 0;
    for (what, request) in [
        ("a column beyond the region", outside),
        ("no interval", too_slow),
    ] {
        let Some(samples) = samples.as_slice_mut() else {
            continue;
        };
        let refused = chip.record_trace(&request, vectors.row(1), samples);
        ensure_refused(what, refused, |_| true)?;
        ensure(samples.iter().all(|sample| *sample == 7.5), || {
            format!("{what}: {samples:?}")
        })?;
    }
    let after = (values(chip.as_mut())?, readings(chip.as_mut())?);
    ensure_equal("afterwards", &after, &before)
}
