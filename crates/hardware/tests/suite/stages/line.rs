//! Synaptic lines and their OTAs.

use bss2_core::{
    ChipControl, ChipProbe, ReadoutSource, Region, Register, RunRequest, TraceRequest,
};
use bss2_hardware::{ChipConfig, Imperfection, SimulatedChip};
use ndarray::{Array1, Array2};

use crate::support::{chip, clean, geometry, linear, load, median, sized, timed, write_all};

/// A trace of one column after one strong event of one driver.
fn trace(
    chip: &mut SimulatedChip,
    column: usize,
    source: ReadoutSource,
    cycles: usize,
) -> Vec<f32> {
    let geometry = chip.control_geometry();
    let request = TraceRequest {
        run: RunRequest {
            region: Region::whole(geometry, 0),
            ..timed(geometry, 1, 10)
        },
        column,
        source,
        sample_interval_cycles: 1,
    };
    let mut vector = Array1::zeros(geometry.inputs());
    vector[1] = 31_u8;
    let mut samples = vec![0.0; cycles];
    chip.record_trace(&request, vector.view(), &mut samples)
        .expect("a good request");
    samples
}

fn loaded(config: ChipConfig, weight: i8) -> SimulatedChip {
    let geometry = geometry(1, 4, 64);
    let mut chip = chip(sized(config, geometry), 1);
    let weights = Array2::from_elem((4, 64), weight);
    load(&mut chip, Region::whole(geometry, 0), weights.view());
    chip
}

/// Time constant of an exponential decay sampled every cycle: from the ratio of two sums.
fn tau_us(decay: &[f32]) -> f64 {
    let half = decay.len() / 2;
    let sum = |part: &[f32]| part.iter().map(|v| f64::from(*v)).sum::<f64>();
    let ratio = sum(&decay[..half]) / sum(&decay[half..2 * half]);
    half as f64 * 0.008 / ratio.ln()
}

/// A trace of several events, which come every 10 cycles, sent three times.
fn trace_of_events(chip: &mut SimulatedChip, source: ReadoutSource, every: u32) -> Vec<f32> {
    let geometry = chip.control_geometry();
    let request = TraceRequest {
        run: RunRequest {
            region: Region::whole(geometry, 0),
            ..timed(geometry, 3, 10)
        },
        column: 5,
        source,
        sample_interval_cycles: every,
    };
    let vector = Array1::from_vec(vec![31_u8, 0, 9, 12]);
    let mut samples = vec![0.0; 210 / every as usize];
    chip.record_trace(&request, vector.view(), &mut samples)
        .expect("a good request");
    samples
}

#[test]
fn traces_are_the_same_however_often_they_are_sampled() {
    let mut config = ChipConfig::typical().without_noise();
    config.driver.jitter_activations = 0.0;
    let mut chip = loaded(config, 40);
    for source in [
        ReadoutSource::ExcitatoryLine,
        ReadoutSource::InhibitoryLine,
        ReadoutSource::Membrane,
        ReadoutSource::DebugLine,
    ] {
        let fine = trace_of_events(&mut chip, source, 1);
        for every in [3, 10, 35] {
            let coarse = trace_of_events(&mut chip, source, every);
            let expected = fine.iter().step_by(every as usize);
            for (number, (found, expected)) in coarse.iter().zip(expected).enumerate() {
                let difference = (found - expected).abs();
                assert!(
                    difference < 2e-2,
                    "{source:?}, {every}: {number}, {difference}"
                );
            }
        }
        let (least, most) = fine.iter().fold((f32::MAX, f32::MIN), |(least, most), &v| {
            (least.min(v), most.max(v))
        });
        let moves = matches!(
            source,
            ReadoutSource::ExcitatoryLine | ReadoutSource::Membrane
        );
        assert_eq!(most - least > 5.0, moves, "{source:?}: {least} {most}");
    }
}

#[test]
fn a_line_falls_with_an_event_and_recovers_with_tau_syn() {
    let mut chip = loaded(ChipConfig::typical().without_noise(), 63);
    let taus: Vec<f64> = (0..64)
        .map(|column| {
            let samples = trace(&mut chip, column, ReadoutSource::ExcitatoryLine, 110);
            // The event comes after 10 cycles.
            let rest = samples[0];
            let fall: Vec<f32> = samples.iter().map(|v| rest - v).collect();
            assert!(fall[..10].iter().all(|v| v.abs() < 1e-3), "{fall:?}");
            assert!(
                (5.0..9.0).contains(&fall[10]),
                "31 · 63 · 0.0036 LSB: {}",
                fall[10]
            );
            tau_us(&fall[10..])
        })
        .collect();
    let typical = median(taus.clone());
    assert!((0.29..0.34).contains(&typical), "{typical}");
    assert!(taus.iter().all(|tau| (0.2..0.5).contains(tau)), "{taus:?}");
    assert!(Array1::from_vec(taus).std(1.0) > 0.01, "columns differ");
}

#[test]
fn tau_syn_follows_its_bias_up_to_the_longest() {
    for (bias, expected) in [(1000, 0.159), (500, 0.315), (50, 2.76), (0, 20.0)] {
        let mut chip = loaded(clean().without(Imperfection::CapMemSettling), 63);
        write_all(&mut chip, Register::IBiasSyninExcTau, bias);
        chip.settle().unwrap();
        let samples = trace(&mut chip, 0, ReadoutSource::ExcitatoryLine, 90);
        let fall: Vec<f32> = samples.iter().map(|v| samples[0] - v).collect();
        let found = tau_us(&fall[10..]);
        assert!((found / expected - 1.0).abs() < 0.02, "{bias}: {found}");
    }
}

#[test]
fn each_sign_has_a_line_of_its_own() {
    for (weight, moved, still) in [
        (
            63,
            ReadoutSource::ExcitatoryLine,
            ReadoutSource::InhibitoryLine,
        ),
        (
            -63,
            ReadoutSource::InhibitoryLine,
            ReadoutSource::ExcitatoryLine,
        ),
    ] {
        let mut chip = loaded(linear(), weight);
        let fall = |samples: Vec<f32>| samples[0] - samples[11];
        assert!(fall(trace(&mut chip, 0, moved, 12)) > 5.0);
        assert_eq!(fall(trace(&mut chip, 0, still, 12)), 0.0);
    }
}

#[test]
fn an_ota_turns_a_line_s_charge_into_membrane_signal() {
    let mut chip = loaded(linear(), 63);
    let samples = trace(&mut chip, 0, ReadoutSource::Membrane, 500);
    let gain = f64::from(samples[499]) / (31.0 * 63.0);
    assert!((gain / 0.0018 - 1.0).abs() < 0.03, "{gain}");
    // It has risen by 1 − 1/e after one τ_syn.
    let after_tau = f64::from(samples[10 + 39]) / f64::from(samples[499]);
    assert!((after_tau - 0.63).abs() < 0.03, "{after_tau}");
}

/// Membrane signal after one event on a line whose OTA bends at `range_lsb`.
fn signal(range_lsb: f32) -> f64 {
    let mut config = linear();
    config.ota.linear_range_lsb = range_lsb;
    let mut chip = loaded(config, 63);
    f64::from(trace(&mut chip, 0, ReadoutSource::Membrane, 600)[599])
}

#[test]
fn an_ota_saturates_as_a_tanh_of_the_line_s_voltage() {
    let straight = signal(100_000.0);
    for range_lsb in [3.0_f32, 7.0, 20.0] {
        // ∫ tanh(u·e^−t) dt / u, summed in small steps.
        let u = 31.0 * 63.0 * 0.0036 / f64::from(range_lsb);
        let dt = 1e-3;
        let integral: f64 = (0..20_000)
            .map(|step| (u * (-(f64::from(step) + 0.5) * dt).exp()).tanh() * dt)
            .sum();
        let found = signal(range_lsb) / straight;
        let expected = integral / u;
        assert!(
            (found / expected - 1.0).abs() < 0.02,
            "{range_lsb}: {found} {expected}"
        );
    }
}

#[test]
fn offset_currents_make_membranes_drift() {
    let mut config = clean();
    config.ota.balance_spread_codes = 40.0;
    let mut chip = loaded(config, 0);
    let mut slopes = Vec::new();
    for column in 0..64 {
        let samples = trace(&mut chip, column, ReadoutSource::Membrane, 260);
        let slope = |from: usize| f64::from(samples[from + 125] - samples[from]);
        assert!((slope(0) - slope(130)).abs() < 0.05, "steady");
        slopes.push(slope(0));
    }
    // Two OTAs of 40 codes each, 0.0035 LSB per µs and code.
    let spread = Array1::from_vec(slopes).std(1.0);
    assert!(
        (spread / (0.14 * 2.0_f64.sqrt()) - 1.0).abs() < 0.3,
        "{spread}"
    );
}
