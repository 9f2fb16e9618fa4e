//! The routines, what suits them, and what each is to bring about.

use bss2_calibration::routine::{
    CadcOffset, CadcRamp, DriverOffset, DriverRamp, InputSign, LeakNoise, LeakPotential,
    MembraneTau, OtaGain, OtaReference, RangeEnd, ResetPotential, SynapseBias, SynapticTau,
};
use bss2_calibration::{CadcRange, Routine};

use crate::linear_chip::{FULL, HEMISPHERES, INPUTS, LinearChip};
use crate::support::median;

/// Which searches a routine suits, besides the binary ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Suits {
    /// Those that step towards the target, and those that know the response per step.
    Prediction(f64),
    /// Those that step, and those that go in proportion.
    Proportion,
    /// None: too slow, or too noisy to step.
    BinaryAlone,
}

pub(crate) struct Case {
    pub(crate) routine: fn() -> Box<dyn Routine>,
    pub(crate) suits: Suits,
    /// Prepares a fresh chip.
    pub(crate) arrange: fn(&mut LinearChip),
    /// Asserts what the routine is for.
    pub(crate) check: fn(&LinearChip, &str),
}

const RANGE: CadcRange = CadcRange::MEMBRANE;

fn case(routine: fn() -> Box<dyn Routine>, suits: Suits, check: fn(&LinearChip, &str)) -> Case {
    Case {
        routine,
        suits,
        // Most are measured in codes, by ramps that were calibrated before.
        arrange: |chip| chip.hidden.ramp_slope.fill(1.0),
        check,
    }
}

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = of_the_inputs();
    cases.extend(of_the_neurons());
    cases
}

fn of_the_inputs() -> Vec<Case> {
    vec![
        case(
            || Box::new(CadcRamp::new(RANGE, RangeEnd::Lower)),
            Suits::Prediction(0.5),
            |chip, what| assert_ramps(chip, RANGE.lower, RANGE.lower_lsb, what),
        ),
        Case {
            arrange: |_| {},
            ..case(
                || Box::new(CadcRamp::new(RANGE, RangeEnd::Upper)),
                Suits::Proportion,
                |chip, what| assert_ramps(chip, RANGE.upper, RANGE.upper_lsb, what),
            )
        },
        case(
            || Box::new(CadcOffset::in_the_middle_of(RANGE)),
            Suits::Prediction(1.0),
            |chip, what| {
                let middle = i32::midpoint(RANGE.lower, RANGE.upper);
                let code = |(column, kind)| chip.debug_code(chip.channel(column, kind), middle);
                let codes: Vec<f64> = channels(chip).map(code).collect();
                let target = median(codes.clone());
                assert_near(&codes, target, 1.0, what);
            },
        ),
        case(
            || Box::new(CadcOffset::baseline()),
            Suits::Prediction(1.0),
            |chip, what| {
                let code = |(column, kind)| chip.code_after(column, kind, 1.0);
                let codes: Vec<f64> = channels(chip).map(code).collect();
                assert_near(&codes, 128.0, 0.75, what);
            },
        ),
        case(
            || Box::new(SynapseBias::new(800)),
            Suits::Proportion,
            |chip, what| {
                let quadrants = 0..chip.hidden.synapses.len();
                let currents: Vec<f64> = quadrants.map(|q| chip.synapse_current(q)).collect();
                let hidden = chip.hidden.synapses.iter();
                let weakest = hidden.fold(f64::INFINITY, |a, b| a.min(*b));
                let wanted = weakest * 800.0 / 1022.0;
                assert_near(&currents, wanted, 0.015 * wanted, what);
            },
        ),
        case(
            || Box::new(DriverRamp::new(5)),
            Suits::Proportion,
            |chip, what| {
                let middle = |quadrant| {
                    let drivers = (0..HEMISPHERES * INPUTS)
                        .filter(|&driver| LinearChip::quadrant_of_driver(driver) == quadrant);
                    median(drivers.map(|driver| chip.amplitude(driver, 10)).collect())
                };
                let amplitudes: Vec<f64> = (0..2 * HEMISPHERES).map(middle).collect();
                assert_near(&amplitudes, share_of_full(10), 0.01 * FULL, what);
            },
        ),
        case(
            || Box::new(DriverOffset::new(3, 5)),
            // Its steps are coarse: each is a quarter of the way to the target.
            Suits::BinaryAlone,
            |chip, what| assert_drivers(chip, 3, what),
        ),
        case(
            || Box::new(DriverOffset::new(12, 2)),
            Suits::BinaryAlone,
            |chip, what| assert_drivers(chip, 12, what),
        ),
    ]
}

fn of_the_neurons() -> Vec<Case> {
    vec![
        case(
            || Box::new(SynapticTau::new(InputSign::Excitatory, 0.32)),
            Suits::Proportion,
            |chip, what| assert_columns(chip, |c| chip.tau_syn_us(c, 0), 0.32, 0.006, what),
        ),
        case(
            || Box::new(SynapticTau::new(InputSign::Inhibitory, 1.0)),
            Suits::Proportion,
            |chip, what| assert_columns(chip, |c| chip.tau_syn_us(c, 1), 1.0, 0.02, what),
        ),
        case(
            || Box::new(LeakPotential::new(120.0, 60.0)),
            Suits::Prediction(0.5),
            |chip, what| assert_columns(chip, |c| chip.rest_code(c), 120.0, 1.0, what),
        ),
        case(
            || Box::new(LeakPotential::new(110.0, 60.0).without_inputs()),
            Suits::Prediction(0.5),
            |chip, what| {
                let alone = |c| chip.rest_code_without(c, &[0, 1]);
                assert_columns(chip, alone, 110.0, 1.0, what);
            },
        ),
        case(
            || Box::new(MembraneTau::new(60.0)),
            Suits::Proportion,
            |chip, what| assert_columns(chip, |c| chip.tau_mem_us(c), 60.0, 1.8, what),
        ),
        case(
            || Box::new(MembraneTau::new(25.0)),
            Suits::Proportion,
            |chip, what| assert_columns(chip, |c| chip.tau_mem_us(c), 25.0, 0.75, what),
        ),
        with_equal_leaks(case(
            || Box::new(OtaGain::new(InputSign::Excitatory, 450)),
            Suits::Proportion,
            |chip, what| assert_gains(chip, 0, 450.0, what),
        )),
        with_equal_leaks(case(
            || Box::new(OtaGain::new(InputSign::Inhibitory, 250)),
            Suits::Proportion,
            |chip, what| assert_gains(chip, 1, 250.0, what),
        )),
        with_equal_leaks(case(
            || Box::new(OtaReference::new(InputSign::Excitatory, 125.0, 60.0)),
            // An offset of 0.003 LSB per µs and code against a leak of 60 µs and the residual one.
            Suits::Prediction(0.166),
            |chip, what| assert_columns(chip, |c| chip.rest_code(c), 125.0, 1.0, what),
        )),
        case(
            || Box::new(OtaReference::new(InputSign::Inhibitory, 125.0, 60.0).alone()),
            Suits::BinaryAlone,
            |chip, what| {
                let alone = |c| chip.rest_code_without(c, &[0]);
                assert_columns(chip, alone, 125.0, 1.0, what);
            },
        ),
        case(
            || Box::new(ResetPotential::new(60.0)),
            Suits::Prediction(0.5),
            |chip, what| {
                let excess = |c| chip.start_code(c) - chip.rest_code(c);
                assert_columns(chip, excess, 0.0, 1.0, what);
            },
        ),
        Case {
            arrange: |chip| chip.noise_lsb = 1.5,
            ..case(
                || Box::new(LeakNoise::new(1.2)),
                Suits::BinaryAlone,
                // Of 100 readings each, and rounding adds its own.
                |chip, what| assert_columns(chip, |c| chip.resting_noise(c), 1.15, 0.25, what),
            )
        },
    ]
}

/// Amplitudes of many events and what offset currents do depend on the leak, which is calibrated
/// before.
fn with_equal_leaks(case: Case) -> Case {
    Case {
        arrange: |chip| {
            chip.hidden.ramp_slope.fill(1.0);
            chip.hidden.leak.fill(1.0);
        },
        ..case
    }
}

fn channels(chip: &LinearChip) -> impl Iterator<Item = (usize, usize)> {
    chip.columns().flat_map(|column| [(column, 0), (column, 1)])
}

fn share_of_full(activation: u8) -> f64 {
    0.9 * FULL * f64::from(activation) / 31.0
}

fn assert_near(found: &[f64], wanted: f64, by: f64, what: &str) {
    for (instance, found) in found.iter().enumerate() {
        assert!(
            (found - wanted).abs() <= by,
            "{what}: {found} in {instance}, not {wanted}"
        );
    }
}

fn assert_columns(
    chip: &LinearChip,
    found: impl Fn(usize) -> f64,
    wanted: f64,
    by: f64,
    what: &str,
) {
    let found: Vec<f64> = chip.columns().map(found).collect();
    assert_near(&found, wanted, by, what);
}

fn assert_ramps(chip: &LinearChip, voltage: i32, wanted: f64, what: &str) {
    for quadrant in 0..2 * HEMISPHERES {
        let columns = chip
            .columns()
            .filter(|&c| chip.quadrant_of_column(c) == quadrant);
        let both = |column| {
            let codes = [0, 1].map(|kind| chip.debug_code(chip.channel(column, kind), voltage));
            0.5 * (codes[0] + codes[1])
        };
        let mut codes: Vec<f64> = columns.map(both).collect();
        codes.sort_unstable_by(f64::total_cmp);
        let middle = 0.5 * (codes[codes.len() / 2 - 1] + codes[codes.len() / 2]);
        assert_near(&[middle], wanted, 1.0, what);
    }
}

fn assert_drivers(chip: &LinearChip, activation: u8, what: &str) {
    let drivers = 0..HEMISPHERES * INPUTS;
    let amplitudes: Vec<f64> = drivers.map(|d| chip.amplitude(d, activation)).collect();
    let wanted = share_of_full(activation);
    // Half a step of the trim, and rounding.
    assert_near(&amplitudes, wanted, 0.55 + 0.015 * wanted, what);
}

fn assert_gains(chip: &LinearChip, sign: usize, bias: f64, what: &str) {
    let gains: Vec<f64> = chip.columns().map(|c| chip.gain_lsb(c, sign)).collect();
    let typical = median(gains.clone());
    assert_near(&gains, typical, 0.03 * typical, what);
    // The median neuron has the bias.
    let biases = chip.columns().map(|c| chip.gain_bias(c, sign));
    let middle = median(biases.collect());
    assert!((middle / bias - 1.0).abs() < 0.06, "{what}: {middle}");
}
