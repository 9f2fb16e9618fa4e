//! What a calibrated chip looks like inside.

use bss2_calibration::{CadcRange, CalibrationResult, MembraneTargets};
use bss2_core::{ArrayMode, ChipControl, Register};

use crate::linear_chip::{CELSIUS, FULL, HEMISPHERES, INPUTS, LinearChip};
use crate::support::{deviation, mean, median};

/// All channels but some read both ends of the range as they should.
pub(crate) fn assert_range(chip: &LinearChip, range: CadcRange) {
    // Two steps of the slope.
    let slope = 200.0 * f64::from(range.upper - range.lower) / 400.0;
    let tolerance = 2.0 * (range.upper_lsb - range.lower_lsb) / slope;
    for (column, kind) in chip.columns().flat_map(|c| [(c, 0), (c, 1)]) {
        for (end, code) in [
            (range.lower, range.lower_lsb),
            (range.upper, range.upper_lsb),
        ] {
            let found = chip.debug_code(chip.channel(column, kind), end);
            assert!(
                (found - code).abs() < tolerance,
                "column {column}, channel {kind}: {end} is read as {found}, not {code}"
            );
        }
    }
}

/// All drivers but some send amplitudes in proportion, nine tenths of a full pulse at most.
pub(crate) fn assert_proportional(chip: &LinearChip, except: &[usize]) {
    for driver in (0..HEMISPHERES * INPUTS).filter(|driver| !except.contains(driver)) {
        for activation in [3, 10, 20, 31] {
            let wanted = 0.9 * FULL * f64::from(activation) / 31.0;
            let found = chip.amplitude(driver, activation);
            // Half a step of the trim, as much as rounding at the lowest of them, a little of the ramp.
            assert!(
                (found - wanted).abs() < 0.55 + 0.015 * wanted,
                "driver {driver} sends {found} for {activation}, not {wanted}"
            );
        }
    }
}

/// The weakest quadrant has the bias, the others are as weak.
pub(crate) fn assert_synapses(chip: &LinearChip, bias: i32) {
    let currents = chip.hidden.synapses.iter().copied();
    let weakest = currents.fold(f64::INFINITY, f64::min);
    let wanted = weakest * f64::from(bias) / f64::from(Register::SynIBiasDac.spec().reset);
    for quadrant in 0..chip.hidden.synapses.len() {
        let found = chip.synapse_current(quadrant);
        assert!(
            (found / wanted - 1.0).abs() < 0.015,
            "quadrant {quadrant}: {found}, not {wanted}"
        );
    }
}

/// Time constants, offsets and potentials of all neurons but some are as the targets want them. To be
/// used where baselines are not calibrated: those move all codes.
pub(crate) fn assert_neurons(chip: &LinearChip, targets: &MembraneTargets, except: &[usize]) {
    let near = |found: f64, wanted: f64, by: f64, what: &str, column: usize| {
        assert!(
            (found - wanted).abs() <= by,
            "column {column}: {what} {found}, not {wanted}"
        );
    };
    let MembraneTargets {
        leak_lsb,
        tau_mem_us,
        tau_syn_us,
        ..
    } = *targets;
    for column in chip.columns().filter(|column| !except.contains(column)) {
        let tau = chip.tau_mem_us(column);
        near(tau, tau_mem_us, 0.04 * tau_mem_us, "τ_mem", column);
        for sign in [0, 1] {
            let tau = chip.tau_syn_us(column, sign);
            near(tau, tau_syn_us, 0.02 * tau_syn_us, "τ_syn", column);
        }
        let moved = chip.drift(column) * tau_mem_us;
        near(moved, 0.0, 2.5, "offsets move by", column);
        let rest = chip.rest_code(column);
        near(rest, leak_lsb, 2.0, "rests at", column);
        near(chip.start_code(column), rest, 2.0, "starts at", column);
    }
}

/// The gains of all columns but some are equal.
pub(crate) fn assert_gains(chip: &LinearChip, except: &[usize]) {
    for sign in [0, 1] {
        let columns: Vec<usize> = chip.columns().filter(|c| !except.contains(c)).collect();
        let gains: Vec<f64> = columns.iter().map(|&c| chip.gain_lsb(c, sign)).collect();
        let spread = deviation(&gains) / mean(&gains);
        assert!(spread < 0.01, "gains of sign {sign} spread by {spread}");
        let typical = median(gains.clone());
        for (column, gain) in columns.iter().zip(gains) {
            let excess = gain / typical - 1.0;
            assert!(
                excess.abs() < 0.04,
                "column {column}, sign {sign}: {excess}"
            );
        }
    }
}

/// What any result says of the chip it leaves behind.
pub(crate) fn assert_left_behind(
    chip: &mut LinearChip,
    result: &CalibrationResult,
    mode: ArrayMode,
) {
    assert_eq!((chip.mode(), result.mode), (mode, mode));
    assert!(chip.holds_no_weights());
    assert_eq!(result.chip, chip.identity());
    assert_eq!(result.temperature_celsius, Some(CELSIUS));
    assert_eq!(result.report.doubtful_outputs, 0);
    for &register in Register::ALL {
        let read = chip.register_values(register).unwrap();
        assert_eq!(result.values(register), read, "{register}");
    }
    let source = mode.readout_source().register_value();
    let sources = result.values(Register::ReadoutSource);
    assert!(sources.iter().all(|&shown| shown == source));
    // What was written acts.
    let acting = chip.clone();
    chip.settle().unwrap();
    let mut columns = chip.columns();
    assert!(columns.all(|c| acting.rest_code(c) == chip.rest_code(c)));
}

/// Nothing failed.
pub(crate) fn assert_everything_works(result: &CalibrationResult) {
    for routine in &result.routines {
        assert_eq!(routine.success_rate(), 1.0, "{}", routine.name);
    }
    assert!(result.working_columns.iter().all(|&works| works));
    assert!(result.working_drivers.iter().all(|&works| works));
}
