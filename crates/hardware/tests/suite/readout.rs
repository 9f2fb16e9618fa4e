//! What can be read: sources, baselines, traces.

use bss2_core::{
    ArrayError, ArrayMode, Baseline, CadcChannel, ChipControl, ChipProbe, MacArray, ReadoutSource,
    Region, Register, RunRequest, TraceRequest, Trial,
};
use bss2_hardware::{ChipConfig, Imperfection, SimulatedChip};
use ndarray::{Array1, Array2};

use crate::support::{
    chip, clean, codes, column_deviations, column_means, geometry, linear, load, load_random,
    random_activations, repeat, run, sized, timed, to_f64, whole, write_all,
};

fn measured(request: RunRequest) -> RunRequest {
    RunRequest {
        settings: request.settings.with_baseline(Baseline::Measured),
        ..request
    }
}

#[test]
fn a_measured_baseline_removes_offsets() {
    let geometry = geometry(1, 16, 128);
    let config = ChipConfig::typical()
        .without_noise()
        .without(Imperfection::StuckChannels);
    let mut chip = chip(sized(config, geometry), 2);
    let request = whole(geometry, 0);
    let zeros = Array2::zeros((1, 16));
    let spread = |request: &RunRequest, chip: &mut SimulatedChip| {
        to_f64(&run(chip, request, zeros.view())).std(1.0)
    };
    assert!(spread(&request, &mut chip) > 8.0);
    // One µs of drift and rounding are left.
    assert!(spread(&measured(request), &mut chip) < 1.0);
}

#[test]
fn results_are_codes_above_the_baseline_saturated() {
    let geometry = geometry(2, 32, 64);
    let mut chip = chip(sized(ChipConfig::typical(), geometry), 6);
    load_random(&mut chip, 2);
    let activations = random_activations((50, 32), 3);
    let request = RunRequest {
        region: Region::whole(geometry, 1),
        ..timed(geometry, 5, 5)
    };
    let found = codes(&mut chip, &request, CadcChannel::Causal, activations.view());
    let expected = found.mapv(|code| (i16::from(code) - 128) as i8);
    assert_eq!(run(&mut chip, &request, activations.view()), expected);
    // A baseline is a conversion of its own: at most the difference of two codes.
    let above = run(&mut chip, &measured(request), activations.view());
    assert_ne!(above, expected);
}

/// Variance of the columns' results at zero activations, less that of rounding.
fn variance(change: fn(&mut ChipConfig), baseline: fn(RunRequest) -> RunRequest) -> f64 {
    let geometry = geometry(1, 1, 64);
    let mut config = sized(linear(), geometry);
    change(&mut config);
    let mut chip = chip(config, 1);
    let request = baseline(whole(geometry, 0));
    let outputs = to_f64(&run(&mut chip, &request, Array2::zeros((1000, 1)).view()));
    let variances = column_deviations(&outputs).mapv(|d| d * d);
    variances.mean().expect("columns")
}

#[test]
fn a_measured_baseline_removes_the_noise_of_the_reset_and_doubles_that_of_the_conversion() {
    let reset = |config: &mut ChipConfig| config.noise.reset_lsb = 4.0;
    let read = |config: &mut ChipConfig| config.noise.read_lsb = 4.0;
    let ramp = |config: &mut ChipConfig| config.noise.ramp_lsb = 4.0;
    let constant = |request| request;
    assert!((variance(reset, constant) / 16.0 - 1.0).abs() < 0.05);
    assert_eq!(variance(reset, measured), 0.0);
    assert!((variance(read, constant) / 16.0 - 1.0).abs() < 0.05);
    assert!((variance(read, measured) / 32.0 - 1.0).abs() < 0.05);
    // Two quadrants of 1000 draws.
    assert!((variance(ramp, constant) / 16.0 - 1.0).abs() < 0.15);
    assert!((variance(ramp, measured) / 32.0 - 1.0).abs() < 0.15);
}

#[test]
fn baselines_do_not_move_the_noise_of_results() {
    let geometry = geometry(1, 8, 32);
    let mut config = sized(linear(), geometry);
    config.noise.read_lsb = 3.0;
    let mut chip = chip(config, 1);
    let zeros = Array2::zeros((200, 8));
    let request = whole(geometry, 0);
    let constant = to_f64(&run(&mut chip, &request, zeros.view()));
    let above = to_f64(&run(&mut chip, &measured(request), zeros.view()));
    // What differs is the baseline's noise, which knows nothing of the result's.
    let baseline = (&constant - &above).column(3).to_owned();
    let correlation = crate::support::correlation_of(&constant.column(3).to_owned(), &baseline);
    assert!(correlation.abs() < 0.2, "{correlation}");
}

#[test]
fn each_source_shows_its_voltage() {
    let geometry = geometry(1, 4, 8);
    let mut chip = chip(sized(clean(), geometry), 1);
    let weights = Array2::from_shape_fn((4, 8), |(_, c)| if c < 4 { 63_i8 } else { -63 });
    load(&mut chip, Region::whole(geometry, 0), weights.view());
    for register in [Register::IBiasSyninExcTau, Register::IBiasSyninInhTau] {
        write_all(&mut chip, register, 25);
    }
    write_all(&mut chip, Register::StpVCharge0, 340 + 70);
    chip.settle().unwrap();
    let activations = Array2::from_elem((1, 4), 31_u8);
    let request = timed(geometry, 1, 5);
    let mut read = |source: ReadoutSource| {
        write_all(&mut chip, Register::ReadoutSource, source.register_value());
        let outputs = run(&mut chip, &request, activations.view());
        [outputs[[0, 0]], outputs[[0, 7]]].map(f64::from)
    };
    // 4 · 31 · 63 · 0.0036 LSB, of which 0.4 % decay between events and a fifth until the readout.
    let fall = 4.0 * 31.0 * 63.0 * 0.0036 * 0.79;
    let near = |found: [f64; 2], expected: [f64; 2]| {
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1.5;
        assert!(
            found.iter().zip(&expected).all(close),
            "{found:?} {expected:?}"
        );
    };
    near(read(ReadoutSource::ExcitatoryLine), [-6.0 - fall, -6.0]);
    near(read(ReadoutSource::InhibitoryLine), [-6.0, -6.0 - fall]);
    near(read(ReadoutSource::DebugLine), [40.0, 40.0]);
    let [up, down] = read(ReadoutSource::Membrane);
    assert!(up > 20.0 && down < -20.0, "{up} {down}");
}

#[test]
fn a_mode_sets_its_source_and_clears_the_weights() {
    let geometry = geometry(1, 4, 8);
    let mut chip = chip(sized(clean(), geometry), 1);
    load_random(&mut chip, 1);
    write_all(&mut chip, Register::HagenDacOffset, 40);
    for (mode, sizes) in [
        (ArrayMode::SynapticLine, (8, 4)),
        (ArrayMode::Unsigned, (8, 8)),
        (ArrayMode::Membrane, (4, 8)),
    ] {
        chip.set_mode(mode).unwrap();
        assert_eq!(chip.mode(), mode);
        assert_eq!((chip.geometry().inputs(), chip.geometry().columns()), sizes);
        assert_eq!(chip.control_geometry(), geometry);
        let source = mode.readout_source().register_value();
        let read = |chip: &mut SimulatedChip, register| chip.register_values(register).unwrap();
        assert_eq!(read(&mut chip, Register::ReadoutSource), [source; 8]);
        assert_eq!(read(&mut chip, Register::HagenDacOffset), [40; 4]);
        let strong = Array2::from_elem((1, sizes.0), 31_u8);
        let array = chip.geometry();
        let outputs = run(&mut chip, &whole(array, 0), strong.view());
        assert!(outputs.iter().all(|out| *out == 0), "{mode:?}: {outputs}");
        let weights = Array2::from_elem(sizes, 63_i8);
        load(&mut chip, Region::whole(array, 0), weights.view());
    }
}

#[test]
fn synaptic_lines_subtract_neighbouring_columns() {
    let physical = geometry(1, 8, 16);
    let mut chip = chip(sized(clean(), physical), 1);
    chip.set_mode(ArrayMode::SynapticLine).unwrap();
    write_all(&mut chip, Register::IBiasSyninExcTau, 0);
    chip.settle().unwrap();
    let geometry = chip.geometry();
    let weights = Array2::from_shape_fn((16, 8), |(_, c)| [63, -63, 20, -20, 0, 40, -40, 1][c]);
    load(&mut chip, Region::whole(geometry, 0), weights.view());
    let mut vector = Array2::zeros((1, 16));
    vector[[0, 3]] = 31_u8;
    vector[[0, 12]] = 31;
    let outputs = to_f64(&run(&mut chip, &timed(geometry, 4, 5), vector.view()));
    for (c, &output) in outputs.iter().enumerate() {
        // 8 events of 31, of which the slowest line keeps 94 %.
        let expected = 8.0 * 31.0 * f64::from(weights[[0, c]]) * 0.0036 * 0.94;
        assert!((output - expected).abs() < 2.0, "{c}: {output} {expected}");
    }
    // What is probed are the single lines.
    let request = RunRequest {
        region: Region {
            first_column: 2,
            columns: 2,
            ..Region::whole(chip.mode().probe_geometry(physical), 0)
        },
        ..timed(geometry, 4, 5)
    };
    let found = codes(&mut chip, &request, CadcChannel::Causal, vector.view());
    assert!(found[[0, 0]] > 115 && found[[0, 1]] < 80, "{found}");
}

#[test]
fn unsigned_rows_are_inputs_of_their_own() {
    let mut chip = chip(sized(linear(), geometry(1, 4, 8)), 1);
    chip.set_mode(ArrayMode::Unsigned).unwrap();
    let geometry = chip.geometry();
    let weights = Array2::from_shape_fn((8, 8), |(i, c)| if i == c { 60_i8 } else { 0 });
    load(&mut chip, Region::whole(geometry, 0), weights.view());
    for input in 0..8 {
        let mut vector = Array2::zeros((1, 8));
        vector[[0, input]] = 20_u8;
        let outputs = run(&mut chip, &timed(geometry, 30, 5), vector.view());
        for (c, &output) in outputs.iter().enumerate() {
            let expected: i8 = if c == input { 65 } else { 0 };
            assert!(output.abs_diff(expected) <= 3, "{input}: {outputs}");
        }
    }
}

/// A request for a trace of the first hemisphere.
fn trace_request(run: RunRequest, column: usize, source: ReadoutSource) -> TraceRequest {
    TraceRequest {
        run,
        column,
        source,
        sample_interval_cycles: 25,
    }
}

fn traced(chip: &mut SimulatedChip, request: &TraceRequest, x: &Array1<u8>, n: usize) -> Vec<f32> {
    let mut samples = vec![0.0; n];
    chip.record_trace(request, x.view(), &mut samples)
        .expect("a good request");
    samples
}

#[test]
fn a_trace_ends_where_the_cadc_reads() {
    // Without mismatch or ends the code is the voltage.
    let geometry = geometry(1, 10, 8);
    let mut chip = chip(sized(linear(), geometry), 1);
    load_random(&mut chip, 1);
    let vector = Array2::from_elem((1, 10), 25_u8);
    // 10 events of 10 cycles and 125 of delay are nine samples of 25.
    let run_request = timed(geometry, 1, 10);
    let outputs = run(&mut chip, &run_request, vector.view());
    for column in 0..8 {
        let request = trace_request(run_request, column, ReadoutSource::Membrane);
        let samples = traced(&mut chip, &request, &vector.row(0).to_owned(), 10);
        let output = f32::from(outputs[[0, column]]);
        assert!((samples[9] - output).abs() < 0.7, "{samples:?} {output}");
    }
}

#[test]
fn sampling_less_often_leaves_the_samples() {
    let geometry = geometry(1, 10, 8);
    let mut chip = chip(sized(ChipConfig::typical().without_noise(), geometry), 1);
    load_random(&mut chip, 1);
    let x = Array1::from_elem(10, 25_u8);
    let mut request = trace_request(timed(geometry, 2, 7), 3, ReadoutSource::Membrane);
    request.sample_interval_cycles = 1;
    let fine = traced(&mut chip, &request, &x, 301);
    request.sample_interval_cycles = 100;
    let coarse = traced(&mut chip, &request, &x, 4);
    for (n, sample) in coarse.iter().enumerate() {
        assert!((sample - fine[100 * n]).abs() < 1e-3, "{n}");
    }
    // A trace may be shorter than the events, or be none at all.
    assert_eq!(traced(&mut chip, &request, &x, 1), coarse[..1]);
    assert_eq!(traced(&mut chip, &request, &x, 0), []);
}

#[test]
fn samples_have_noise_of_their_own_and_membranes_wander() {
    let geometry = geometry(1, 2, 8);
    let deviations = |change: fn(&mut ChipConfig), source: ReadoutSource| {
        let mut config = sized(linear(), geometry);
        change(&mut config);
        let mut chip = chip(config, 1);
        let traces: Vec<f64> = (0..400)
            .flat_map(|pass| {
                let trial = Trial {
                    pass,
                    ..Trial::new(1)
                };
                let run = RunRequest {
                    trial,
                    ..whole(geometry, 0)
                };
                let request = trace_request(run, 0, source);
                traced(&mut chip, &request, &Array1::zeros(2), 21)
            })
            .map(f64::from)
            .collect();
        let traces = Array2::from_shape_vec((400, 21), traces).expect("400 traces");
        column_deviations(&traces).to_vec()
    };
    let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 0.12;
    let [membrane, line] = [ReadoutSource::Membrane, ReadoutSource::ExcitatoryLine];
    let sampled = deviations(|config| config.noise.trace_lsb = 2.0, line);
    assert!(sampled.iter().all(|d| near(*d, 2.0)), "{sampled:?}");
    let reset = deviations(|config| config.noise.reset_lsb = 2.0, membrane);
    assert!(reset.iter().all(|d| near(*d, 2.0)), "{reset:?}");
    // Sample n comes n · 0.2 µs after the reset.
    let wander = deviations(
        |config| config.noise.integration_lsb_per_sqrt_us = 2.0,
        membrane,
    );
    assert_eq!(wander[0], 0.0);
    assert!(near(wander[5], 2.0) && near(wander[20], 4.0), "{wander:?}");
    for inert in [
        deviations(
            |config| config.noise.integration_lsb_per_sqrt_us = 2.0,
            line,
        ),
        deviations(|config| config.noise.reset_lsb = 2.0, line),
        deviations(|config| config.noise.read_lsb = 2.0, membrane),
    ] {
        assert!(inert.iter().all(|d| *d == 0.0), "{inert:?}");
    }
}

#[test]
fn traces_bend_on_the_way_from_the_membrane_whatever_the_column_shows() {
    let geometry = geometry(1, 2, 8);
    let mut config = sized(clean(), geometry);
    config.noise.reset_lsb = 2.0;
    let mut chip = chip(config, 1);
    // 171 LSB below zero: far under the floor.
    write_all(&mut chip, Register::VReset, 40);
    write_all(&mut chip, Register::StpVCharge0, 40);
    chip.settle().unwrap();
    for shown in ReadoutSource::ALL {
        write_all(&mut chip, Register::ReadoutSource, shown.register_value());
        let mut reset = |source, seed| {
            let run = RunRequest {
                trial: Trial::new(seed),
                ..whole(geometry, 0)
            };
            let request = trace_request(run, 3, source);
            traced(&mut chip, &request, &Array1::zeros(2), 1)[0]
        };
        let debug = reset(ReadoutSource::DebugLine, 1);
        assert!((debug + 300.0 / 1.75).abs() < 0.01, "{shown:?}: {debug}");
        let [membrane, other] = [1, 2].map(|seed| reset(ReadoutSource::Membrane, seed));
        assert!(
            (-123.0..-108.0).contains(&membrane),
            "{shown:?}: {membrane}"
        );
        assert_ne!(membrane, other, "{shown:?}: noise of the reset");
    }
}

#[test]
fn traces_repeat_and_columns_have_noise_of_their_own() {
    let geometry = geometry(1, 2, 8);
    let mut config = sized(linear(), geometry);
    config.noise.trace_lsb = 2.0;
    let mut chip = chip(config, 1);
    let x = Array1::zeros(2);
    let request = |column| trace_request(whole(geometry, 0), column, ReadoutSource::Membrane);
    let first = traced(&mut chip, &request(0), &x, 300);
    assert_eq!(first, traced(&mut chip, &request(0), &x, 300));
    // Of fewer samples, the same ones.
    assert_eq!(first[..50], traced(&mut chip, &request(0), &x, 50));
    let other = traced(&mut chip, &request(1), &x, 300);
    let [first, other] =
        [first, other].map(|samples| samples.into_iter().map(f64::from).collect::<Array1<f64>>());
    assert!(crate::support::correlation_of(&first, &other).abs() < 0.2);
}

#[test]
fn bad_traces_are_refused_and_leave_the_samples() {
    let geometry = geometry(1, 4, 8);
    let mut chip = chip(sized(clean(), geometry), 1);
    let good = TraceRequest {
        run: RunRequest {
            region: Region {
                first_column: 2,
                columns: 3,
                ..Region::whole(geometry, 0)
            },
            ..whole(geometry, 0)
        },
        ..trace_request(whole(geometry, 0), 3, ReadoutSource::Membrane)
    };
    let mut refused = |request: TraceRequest, x: &[u8]| {
        let mut samples = [7.5; 5];
        let error = chip
            .record_trace(&request, Array1::from_vec(x.to_vec()).view(), &mut samples)
            .expect_err("a bad request");
        assert_eq!(samples, [7.5; 5]);
        error
    };
    for column in [1, 5, usize::MAX] {
        assert_eq!(
            refused(TraceRequest { column, ..good }, &[1; 4]),
            ArrayError::ColumnOutside {
                column,
                region: good.run.region
            }
        );
    }
    for value in [0, 1001] {
        let request = TraceRequest {
            sample_interval_cycles: value,
            ..good
        };
        assert_eq!(
            refused(request, &[1; 4]),
            ArrayError::SettingOutOfRange {
                name: "sample_interval_cycles",
                value,
                min: 1,
                max: 1000
            }
        );
    }
    assert!(matches!(
        refused(good, &[1; 3]),
        ArrayError::Shape {
            what: "activations",
            ..
        }
    ));
    assert_eq!(
        refused(good, &[1, 1, 32, 1]),
        ArrayError::ActivationOutOfRange {
            value: 32,
            vector: 0,
            input: 2
        }
    );
}

#[test]
fn bad_weights_and_probes_of_a_mode_are_refused() {
    let physical = geometry(1, 4, 8);
    let mut chip = chip(sized(clean(), physical), 1);
    chip.set_mode(ArrayMode::Unsigned).unwrap();
    let mut weights = Array2::from_elem((8, 8), 5_i8);
    weights[[6, 2]] = -1;
    assert_eq!(
        chip.load_weights(Region::whole(chip.geometry(), 0), weights.view()),
        Err(ArrayError::WeightOutOfRange {
            value: -1,
            min: 0,
            max: 63,
            input: 6,
            column: 2
        })
    );
    // Inputs that only the other modes have.
    chip.set_mode(ArrayMode::Membrane).unwrap();
    let region = Region {
        inputs: 8,
        ..Region::whole(physical, 0)
    };
    let mut codes = Array2::from_elem((1, 8), 9_u8);
    let request = RunRequest {
        region,
        ..whole(physical, 0)
    };
    let refused = chip.read_cadc(
        &request,
        CadcChannel::Acausal,
        Array2::zeros((1, 8)).view(),
        codes.view_mut(),
    );
    assert!(matches!(refused, Err(ArrayError::RegionOutside { .. })));
    assert!(codes.iter().all(|code| *code == 9));
}

#[test]
fn both_channels_see_the_same_voltage_with_noise_of_their_own() {
    let geometry = geometry(1, 8, 32);
    let mut config = sized(linear(), geometry);
    config.noise.read_lsb = 3.0;
    let mut chip = chip(config, 1);
    load_random(&mut chip, 1);
    let batch = repeat(&random_activations((1, 8), 1), 400);
    let [causal, acausal] = CadcChannel::BOTH.map(|channel| {
        codes(&mut chip, &timed(geometry, 4, 5), channel, batch.view()).mapv(f64::from)
    });
    let means = column_means(&causal) - column_means(&acausal);
    assert!(means.iter().all(|d| d.abs() < 1.0), "{means}");
    let correlation =
        crate::support::correlation_of(&causal.column(3).to_owned(), &acausal.column(3).to_owned());
    assert!(correlation.abs() < 0.2, "{correlation}");
}
