//! Membranes: leak, reset, capacitance.

use bss2_core::{
    ChipControl, ChipProbe, ReadoutSource, Region, Register, RunRequest, TraceRequest,
};
use bss2_hardware::{ChipConfig, Imperfection, SimulatedChip};
use ndarray::{Array1, Array2};

use crate::support::{
    chip, clean, geometry, linear, load, median, run, sized, timed, to_f64, write_all,
};

const COLUMNS: usize = 64;

/// Samples of a membrane without events, one per µs.
fn course(chip: &mut SimulatedChip, column: usize, us: usize) -> Vec<f64> {
    let geometry = chip.control_geometry();
    let request = TraceRequest {
        run: RunRequest {
            region: Region::whole(geometry, 0),
            ..timed(geometry, 1, 1)
        },
        column,
        source: ReadoutSource::Membrane,
        sample_interval_cycles: 125,
    };
    let mut samples = vec![0.0; us + 1];
    let none = Array1::zeros(geometry.inputs());
    chip.record_trace(&request, none.view(), &mut samples)
        .expect("a good request");
    samples.into_iter().map(f64::from).collect()
}

fn small(config: ChipConfig) -> SimulatedChip {
    chip(sized(config, geometry(1, 4, COLUMNS)), 1)
}

/// A typical chip whose membranes start 60 LSB above where they leak to, without what else moves
/// them.
fn decaying() -> SimulatedChip {
    let config = ChipConfig::typical()
        .without_noise()
        .without(Imperfection::OtaOffset)
        .without(Imperfection::SoftEnds)
        .without(Imperfection::CapMemDeviation)
        .without(Imperfection::CapMemCrosstalk);
    let mut chip = small(config);
    write_all(&mut chip, Register::VReset, 340 + 105);
    chip.settle().unwrap();
    chip
}

/// Time constants of all columns' exponential decays, from three samples each.
fn taus_us(chip: &mut SimulatedChip, us: usize) -> Vec<f64> {
    (0..COLUMNS)
        .map(|column| {
            let samples = course(chip, column, 2 * us);
            let ratio = (samples[0] - samples[us]) / (samples[us] - samples[2 * us]);
            us as f64 / ratio.ln()
        })
        .collect()
}

#[test]
fn the_residual_leak_of_most_neurons_takes_a_third_to_one_millisecond() {
    let taus = taus_us(&mut decaying(), 250);
    let within = taus.iter().filter(|tau| (300.0..=1000.0).contains(*tau));
    assert!(within.count() * 10 >= COLUMNS * 9, "{taus:?}");
    assert!((400.0..620.0).contains(&median(taus.clone())), "{taus:?}");
}

#[test]
fn the_leak_switched_on_has_tau_mem_and_follows_its_bias() {
    for (bias, expected) in [(200, 60.0), (400, 30.0), (100, 120.0)] {
        let mut chip = decaying();
        write_all(&mut chip, Register::EnableLeak, 1);
        write_all(&mut chip, Register::IBiasLeak, bias);
        chip.settle().unwrap();
        let taus = taus_us(&mut chip, 30);
        // The residual leak goes on beside it.
        let expected = 1.0 / (1.0 / expected + 1.0 / 500.0);
        let found = median(taus);
        assert!((found / expected - 1.0).abs() < 0.1, "{bias}: {found}");
    }
}

#[test]
fn membranes_start_at_v_reset_and_leak_to_v_leak() {
    let mut chip = small(clean().without(Imperfection::SoftEnds));
    write_all(&mut chip, Register::VReset, 340 + 70);
    write_all(&mut chip, Register::VLeak, 340 - 35);
    write_all(&mut chip, Register::EnableLeak, 1);
    write_all(&mut chip, Register::IBiasLeak, 1000);
    chip.settle().unwrap();
    let samples = course(&mut chip, 0, 120);
    assert!((samples[0] - 40.0).abs() < 0.2, "{}", samples[0]);
    assert!((samples[120] + 20.0).abs() < 0.2, "{}", samples[120]);
    assert!(samples.is_sorted_by(|a, b| a >= b));
}

#[test]
fn potentials_spread_as_configured() {
    let spread = |change: fn(&mut ChipConfig), us: usize| {
        let mut config = linear();
        change(&mut config);
        let mut chip = small(config);
        write_all(&mut chip, Register::EnableLeak, 1);
        write_all(&mut chip, Register::IBiasLeak, 1022);
        chip.settle().unwrap();
        let ends: Vec<f64> = (0..COLUMNS)
            .map(|column| course(&mut chip, column, us)[us])
            .collect();
        Array1::from_vec(ends).std(1.0)
    };
    let reset = |config: &mut ChipConfig| config.membrane.reset_offset_spread_lsb = 5.0;
    let leak = |config: &mut ChipConfig| config.membrane.leak_offset_spread_lsb = 5.0;
    assert!((spread(reset, 0) / 5.0 - 1.0).abs() < 0.25);
    assert!(spread(reset, 120) < 0.1);
    assert!(spread(leak, 0) < 0.1);
    assert!((spread(leak, 120) / 5.0 - 1.0).abs() < 0.25);
}

#[test]
fn a_reduced_capacitance_doubles_the_signal() {
    let mut chip = small(linear());
    let geometry = chip.control_geometry();
    let weights = Array2::from_elem((4, COLUMNS), 30_i8);
    load(&mut chip, Region::whole(geometry, 0), weights.view());
    let activations = Array2::from_elem((1, 4), 20_u8);
    let [full, half] = [0, 1].map(|switch| {
        write_all(&mut chip, Register::ReducedCapacitance, switch);
        let outputs = run(&mut chip, &timed(geometry, 10, 5), activations.view());
        to_f64(&outputs)[[0, 0]]
    });
    assert!((half / full - 2.0).abs() < 0.05, "{full} {half}");
}

#[test]
fn the_leak_takes_early_signals_more_than_late_ones() {
    let mut chip = small(linear());
    let geometry = chip.control_geometry();
    write_all(&mut chip, Register::EnableLeak, 1);
    chip.settle().unwrap();
    let mut weights = Array2::zeros((4, COLUMNS));
    weights.row_mut(0).slice_mut(ndarray::s![..32]).fill(63_i8);
    weights.row_mut(3).slice_mut(ndarray::s![32..]).fill(63);
    load(&mut chip, Region::whole(geometry, 0), weights.view());
    // Three events of 8 µs lie between: exp(−24 / 60) is left.
    let activations = Array2::from_elem((1, 4), 31_u8);
    let outputs = to_f64(&run(
        &mut chip,
        &timed(geometry, 1, 1000),
        activations.view(),
    ));
    // About 3 LSB each: compare at many columns' mean, which rounding leaves as it is.
    let (early, late) = (outputs[[0, 0]], outputs[[0, 63]]);
    assert!(early < late, "{early} {late}");
    let mut chip = chip_of_gain(10.0);
    write_all(&mut chip, Register::EnableLeak, 1);
    chip.settle().unwrap();
    load(&mut chip, Region::whole(geometry, 0), weights.view());
    let outputs = to_f64(&run(
        &mut chip,
        &timed(geometry, 1, 1000),
        activations.view(),
    ));
    let ratio = outputs[[0, 0]] / outputs[[0, 63]];
    assert!((ratio - (-24.0_f64 / 60.0).exp()).abs() < 0.05, "{ratio}");
}

/// A linear chip with a larger gain.
fn chip_of_gain(factor: f32) -> SimulatedChip {
    let mut config = linear();
    config.ota.gain_lsb *= factor;
    small(config)
}
