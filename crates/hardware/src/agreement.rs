//! The lumped and the transient model agree, and where they do not, the lumped model says so. The
//! transient model itself agrees with an integrator that is nothing but the equations.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::cell::RefCell;
use std::fmt;

use bss2_core::random::keyed_stream;
use bss2_core::{ArrayGeometry, ArrayMode, Region, Register, RunSettings, Trial};
use ndarray::{Array2, Axis, s};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rand::RngExt;

use crate::circuit::Circuit;
use crate::conditions::Conditions;
use crate::instance::Instance;
use crate::lumped::Lumped;
use crate::model::{Batch, Model, Scratch, by_events};
use crate::pass::Pass;
use crate::registers::RegisterFile;
use crate::synapse::Sign;
use crate::transient::Transient;
use crate::{ChipConfig, Imperfection};

/// A circuit and what is sent through it.
#[derive(Clone)]
struct Stimulus {
    config: ChipConfig,
    seed: u64,
    mode: ArrayMode,
    celsius: f32,
    registers: Vec<(Register, i32)>,
    /// How far the analog registers of each instance lie from those values, in percent: what searches
    /// leave behind.
    scatter_percent: i32,
    /// Inputs of the mode × columns that it can load.
    weights: Array2<i8>,
    activations: Array2<u8>,
    region: Region,
    settings: RunSettings,
}

impl Stimulus {
    /// The whole array, registers at their reset values, no weights.
    fn new(config: ChipConfig, seed: u64, mode: ArrayMode) -> Self {
        let sizes = mode.geometry(config.geometry);
        Self {
            region: Region::whole(mode.probe_geometry(config.geometry), 0),
            celsius: config.temperature.reference_celsius,
            config,
            seed,
            mode,
            registers: Vec::new(),
            scatter_percent: 0,
            weights: Array2::zeros((sizes.inputs(), sizes.columns())),
            activations: Array2::zeros((1, sizes.inputs())),
            settings: RunSettings::default(),
        }
    }

    fn circuit(&self) -> Circuit {
        let instance = Instance::draw(self.config.clone(), self.seed);
        let config = &instance.config;
        let mut registers = RegisterFile::new(&config.capmem, config.geometry, self.seed);
        let source = (
            Register::ReadoutSource,
            self.mode.readout_source().register_value(),
        );
        for &(register, value) in self.registers.iter().chain([&source]) {
            let spec = register.spec();
            let scatter = if spec.capmem { self.scatter_percent } else { 0 };
            let values: Vec<i32> = (0..register.instances(config.geometry) as i32)
                .map(|i| value + value * scatter * (i * 7 % 11 - 5) / 500)
                .map(|value| value.clamp(spec.min, spec.max))
                .collect();
            registers.write(register, &values).unwrap();
        }
        registers.settle();
        let sensitivity = &instance.sensitivity;
        let conditions = Conditions::new(config, sensitivity, self.seed, self.celsius, 0.0);
        let mut circuit = Circuit::new(&instance, &registers, &conditions, self.mode);
        let whole = Region::whole(self.mode.geometry(config.geometry), 0);
        circuit.write_weights(whole, self.weights.view());
        circuit
    }

    /// Voltages of a region of the stimulus, and how many of them are doubtful.
    fn run(
        &self,
        circuit: &mut Circuit,
        model: &mut dyn Model,
        region: Region,
    ) -> (Array2<f32>, u64) {
        let prepared = model.prepare(circuit, region);
        let pass = Pass::new(circuit, region, self.settings, Trial::new(1));
        let inputs = self.activations.slice(s![.., region.input_range()]);
        let activations = inputs.as_standard_layout();
        let mut timings = Vec::new();
        pass.find_timings(activations.as_slice().unwrap(), &mut timings);
        let mut order = Vec::new();
        by_events(&timings, &mut order, &mut Vec::new());
        let batch = Batch {
            first_vector: 0,
            activations: activations.view(),
            timings: &timings,
            order: &order,
        };
        let mut voltages = Array2::zeros((activations.nrows(), region.columns));
        let mut scratch = Scratch::default();
        let doubtful = model.voltages(&prepared, &pass, &batch, &mut scratch, voltages.view_mut());
        (voltages, doubtful)
    }
}

impl fmt::Debug for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            mode,
            celsius,
            registers,
            region,
            settings,
            ..
        } = self;
        write!(
            f,
            "chip {seed}, {mode:?}, {celsius} °C, {registers:?}, {region}, {settings:?}"
        )
    }
}

const SILENT: fn() -> ChipConfig = || ChipConfig {
    // Two panels of columns, and a part of a third.
    geometry: ArrayGeometry::new(1, 128, 75).unwrap(),
    ..ChipConfig::typical().without_noise()
};

/// Weights of some density, balance of signs and scale; activations of some density.
fn random_stimulus(
    base: Stimulus,
    density: f64,
    balance: f64,
    weights: (i8, i8),
    activity: f64,
    activations: (u8, u8),
) -> Stimulus {
    let mut rng = keyed_stream(base.seed, 77);
    let sizes = base.weights.dim();
    let weights = Array2::from_shape_simple_fn(sizes, || {
        let magnitude = rng.random_range(weights.0..=weights.1);
        let sign = if base.mode == ArrayMode::Unsigned || rng.random_bool(balance) {
            1
        } else {
            -1
        };
        if rng.random_bool(density) {
            sign * magnitude
        } else {
            0
        }
    });
    let activations = Array2::from_shape_simple_fn((4, sizes.0), || {
        let activation = rng.random_range(activations.0..=activations.1);
        if rng.random_bool(activity) {
            activation
        } else {
            0
        }
    });
    Stimulus {
        weights,
        activations,
        ..base
    }
}

/// Chips, modes, temperatures, timings, regions, registers moderately off their reset values.
fn moderate() -> impl Strategy<Value = Stimulus> {
    let mode = prop::sample::select(ArrayMode::ALL.to_vec());
    let density = prop::sample::select(vec![0.05, 0.3, 1.0]);
    let activity = prop::sample::select(vec![0.03, 0.3, 1.0]);
    let span = |limit: usize| (0..limit).prop_flat_map(move |a| (Just(a), 1..=limit - a));
    (
        (any::<u64>(), mode, density, 0.3..0.7, 1..=63_i8, activity),
        (
            20.0..80.0_f32,
            0..=1,
            250..=700,
            420..=620,
            420..=620,
            600..=1022,
        ),
        (1..=3_u32, 1..=15_u32, span(128), span(32)),
    )
        .prop_map(|(weights, registers, (sends, wait, inputs, columns))| {
            let (seed, mode, density, balance, scale, activity) = weights;
            let (celsius, leak, gm, tau, shift, bias) = registers;
            let base = Stimulus::new(SILENT(), seed, mode);
            let base = Stimulus {
                celsius,
                registers: vec![
                    (Register::EnableLeak, leak),
                    (Register::IBiasSyninExcGm, gm),
                    (Register::IBiasSyninInhGm, 900 - gm),
                    (Register::IBiasSyninExcTau, tau),
                    (Register::IBiasSyninInhTau, tau),
                    (Register::IBiasSyninExcShift, shift),
                    (Register::VLeak, 300),
                    (Register::SynIBiasDac, bias),
                ],
                region: Region {
                    first_input: inputs.0,
                    inputs: inputs.1,
                    first_column: columns.0,
                    columns: columns.1,
                    ..base.region
                },
                settings: RunSettings::new(sends, wait).unwrap(),
                ..base
            };
            random_stimulus(base, density, balance, (0, scale), activity, (0, 31))
        })
}

/// Registers far off their reset values: strong leak, half the capacitance, time constants of both
/// lines that differ.
fn unusual() -> impl Strategy<Value = Stimulus> {
    (
        (any::<u64>(), 0.3..0.7, 1..=63_i8, 0.3..=1.0),
        (0..=1, 100..=1000, 0..=1, 250..=900, 250..=900),
        (
            1..=2_u32,
            1..=8_u32,
            0..=30,
            prop::sample::select(ArrayMode::ALL.to_vec()),
        ),
    )
        .prop_map(|(weights, registers, (sends, wait, scatter, mode))| {
            let (seed, balance, scale, activity) = weights;
            let (leak, leak_bias, capacitance, excitatory, inhibitory) = registers;
            let base = Stimulus::new(SILENT(), seed, mode);
            // Lines that are read keep their charge for longer.
            let excitatory = if mode == ArrayMode::SynapticLine {
                excitatory / 4
            } else {
                excitatory
            };
            let base = Stimulus {
                registers: vec![
                    (Register::EnableLeak, leak),
                    (Register::IBiasLeak, leak_bias),
                    (Register::ReducedCapacitance, capacitance),
                    (Register::IBiasSyninExcTau, excitatory),
                    (Register::IBiasSyninInhTau, inhibitory),
                    (Register::IBiasSyninExcGm, 450),
                ],
                scatter_percent: scatter,
                settings: RunSettings::new(sends, wait).unwrap(),
                ..base
            };
            random_stimulus(base, 1.0, balance, (0, scale), activity, (0, 31))
        })
}

/// Dense strong inputs as fast as they come, which drive the OTAs into saturation.
fn strong() -> impl Strategy<Value = Stimulus> {
    let mode = prop::sample::select(vec![ArrayMode::Membrane, ArrayMode::Unsigned]);
    (
        any::<u64>(),
        mode,
        0.4..0.6,
        20..=60_i8,
        0.7..=1.0,
        0..=28_u8,
        1..=2_u32,
        50..=500,
    )
        .prop_map(
            |(seed, mode, balance, least, activity, weakest, wait, gm)| {
                let base = Stimulus::new(SILENT(), seed, mode);
                // Without a sign, only a lower gain keeps outputs in range.
                let gm = if mode == ArrayMode::Unsigned {
                    30 + gm / 10
                } else {
                    gm
                };
                let base = Stimulus {
                    registers: vec![
                        (Register::IBiasSyninExcGm, gm),
                        (Register::IBiasSyninInhGm, gm),
                    ],
                    settings: RunSettings::new(1, wait).unwrap(),
                    ..base
                };
                random_stimulus(base, 1.0, balance, (least, 63), activity, (weakest, 31))
            },
        )
}

/// Dense inputs of both signs on lines that keep their charge for up to 20 µs: when they are read, the
/// OTAs have not seen all of it, and the lines are full.
fn slow_lines() -> impl Strategy<Value = Stimulus> {
    (
        any::<u64>(),
        0.4..0.6,
        (5..=40_i8, 0..=31_u8),
        0.3..=1.0,
        (0..=250, 0..=250),
        30..=450,
    )
        .prop_map(|(seed, balance, (least, weakest), activity, taus, gm)| {
            let base = Stimulus::new(SILENT(), seed, ArrayMode::Membrane);
            let base = Stimulus {
                registers: vec![
                    (Register::IBiasSyninExcTau, taus.0),
                    (Register::IBiasSyninInhTau, taus.1),
                    (Register::IBiasSyninExcGm, gm),
                    (Register::IBiasSyninInhGm, gm),
                ],
                ..base
            };
            random_stimulus(base, 1.0, balance, (least, 63), activity, (weakest, 31))
        })
}

/// Checks a property for some stimuli, always the same ones.
fn for_each(cases: u32, stimuli: impl Strategy<Value = Stimulus>, check: impl Fn(&Stimulus)) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let law = |stimulus| {
        check(&stimulus);
        Ok(())
    };
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(&stimuli, law) {
        panic!("{error}");
    }
}

/// Both models' voltages, where the swing and the CADC would let them be told apart.
fn both(stimulus: &Stimulus, circuit: &mut Circuit) -> [Array2<f32>; 2] {
    let mut lumped = Lumped::new(circuit);
    let (lumped, _) = stimulus.run(circuit, &mut lumped, stimulus.region);
    let (transient, _) = stimulus.run(circuit, &mut Transient, stimulus.region);
    [lumped, transient].map(|voltages| voltages.mapv(|v| v.clamp(-150.0, 150.0)))
}

/// Distances of all outputs from the transient model; fails where one of more than 3 LSB is not
/// reported.
fn reported_distances(stimulus: &Stimulus) -> Vec<f32> {
    let mut circuit = stimulus.circuit();
    let [lumped, transient] = both(stimulus, &mut circuit);
    let distances = (&lumped - &transient).mapv(f32::abs);
    for ((v, c), distance) in distances.indexed_iter() {
        if *distance > 3.0 {
            let alone = Region {
                first_column: stimulus.region.first_column + c,
                columns: 1,
                ..stimulus.region
            };
            let one = Stimulus {
                activations: stimulus.activations.select(Axis(0), &[v]),
                ..stimulus.clone()
            };
            let mut lumped = Lumped::new(&circuit);
            let (_, doubtful) = one.run(&mut circuit, &mut lumped, alone);
            assert_eq!(doubtful, 1, "vector {v}, column {c}: {distance} LSB");
        }
    }
    distances.into_iter().collect()
}

#[test]
fn models_agree_in_the_linear_range() {
    let all = RefCell::new(Vec::new());
    for_each(150, moderate(), |stimulus| {
        let distances = reported_distances(stimulus);
        // Linear is what stays as it is without the OTAs' saturation, and far from both ends.
        let straight = Stimulus {
            config: stimulus.config.clone().without(Imperfection::OtaSaturation),
            ..stimulus.clone()
        };
        let voltages = [stimulus, &straight].map(|stimulus| {
            let mut circuit = stimulus.circuit();
            stimulus
                .run(&mut circuit, &mut Transient, stimulus.region)
                .0
        });
        let linear = voltages[0].iter().zip(&voltages[1]);
        let linear = linear.map(|(v, straight)| v.abs() < 80.0 && (v - straight).abs() < 1.0);
        let kept = distances.iter().zip(linear).filter(|(_, linear)| *linear);
        all.borrow_mut().extend(kept.map(|(distance, _)| *distance));
    });
    let mut all = all.into_inner();
    all.sort_by(f32::total_cmp);
    assert!(all.len() > 3000, "{}", all.len());
    let most = all[all.len() * 99 / 100];
    assert!(most < 0.5, "{most}");
}

#[test]
fn models_agree_in_saturation_or_the_lumped_one_says_so() {
    let all = RefCell::new(Vec::new());
    for_each(150, strong(), |stimulus| {
        all.borrow_mut().extend(reported_distances(stimulus));
    });
    // Most of them do agree.
    let all = all.into_inner();
    let close = all.iter().filter(|distance| **distance <= 3.0).count();
    assert!(close * 100 > all.len() * 95, "{close} of {}", all.len());
}

#[test]
fn models_agree_with_unusual_registers_or_the_lumped_one_says_so() {
    let all = RefCell::new(Vec::new());
    for_each(150, unusual(), |stimulus| {
        all.borrow_mut().extend(reported_distances(stimulus));
    });
    let all = all.into_inner();
    let close = all.iter().filter(|distance| **distance <= 3.0).count();
    assert!(close * 100 > all.len() * 90, "{close} of {}", all.len());
}

#[test]
fn models_agree_on_slow_lines_or_the_lumped_one_says_so() {
    for_each(150, slow_lines(), |stimulus| {
        reported_distances(stimulus);
    });
}

/// Orders in which the charge of each column comes.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// All excitation before all inhibition.
    Sorted,
    /// In a block of neighbouring rows, another one for each column, as convolutions have it.
    Block,
}

impl Order {
    fn arrange(self, mut stimulus: Stimulus) -> Stimulus {
        let inputs = stimulus.weights.nrows();
        for (c, mut column) in stimulus.weights.axis_iter_mut(Axis(1)).enumerate() {
            match self {
                Self::Sorted => {
                    let mut weights = column.to_vec();
                    weights.sort_unstable_by_key(|weight| -weight.signum());
                    column.assign(&ndarray::Array1::from(weights));
                }
                Self::Block => {
                    let (first, rows) = (c * 7 % (inputs / 2), inputs / 8 + c * 5 % (inputs / 4));
                    for (row, weight) in column.iter_mut().enumerate() {
                        if !(first..first + rows).contains(&row) {
                            *weight = 0;
                        }
                    }
                }
            }
        }
        stimulus
    }
}

#[test]
fn models_agree_in_any_order_or_the_lumped_one_says_so() {
    for order in [Order::Sorted, Order::Block] {
        let all = RefCell::new(Vec::new());
        for_each(100, strong(), |stimulus| {
            let stimulus = order.arrange(stimulus.clone());
            all.borrow_mut().extend(reported_distances(&stimulus));
        });
        let all = all.into_inner();
        let close = all.iter().filter(|distance| **distance <= 3.0).count();
        assert!(
            close * 100 > all.len() * 90,
            "{order:?}: {close} of {}",
            all.len()
        );
    }
}

#[test]
fn models_agree_about_weak_inputs_without_doubt() {
    // What networks send: some tens of moderate weights per column.
    for seed in 0..5 {
        let base = Stimulus::new(SILENT(), seed, ArrayMode::Membrane);
        let stimulus = random_stimulus(base, 0.5, 0.5, (0, 40), 0.5, (0, 31));
        let mut circuit = stimulus.circuit();
        let mut lumped = Lumped::new(&circuit);
        let (_, doubtful) = stimulus.run(&mut circuit, &mut lumped, stimulus.region);
        assert_eq!(doubtful, 0);
        let [lumped, transient] = both(&stimulus, &mut circuit);
        assert!((lumped - transient).iter().all(|d| d.abs() < 0.5));
    }
}

/// What a part answers differs from what it answers within the whole only by estimates of small
/// losses, at most a tenth of an LSB.
#[test]
fn a_part_is_what_it_is_within_the_whole() {
    for_each(100, moderate(), |stimulus| {
        let mut circuit = stimulus.circuit();
        let mut model = Lumped::new(&circuit);
        let (part, _) = stimulus.run(&mut circuit, &mut model, stimulus.region);
        let mut padded = stimulus.clone();
        for (input, mut activations) in padded.activations.axis_iter_mut(Axis(1)).enumerate() {
            if !stimulus.region.input_range().contains(&input) {
                activations.fill(0);
            }
        }
        let whole = Region::whole(stimulus.mode.probe_geometry(circuit.geometry), 0);
        let (around, _) = padded.run(&mut circuit, &mut model, whole);
        let around = around.slice(s![.., stimulus.region.column_range()]);
        assert!((&part - &around).iter().all(|apart| apart.abs() < 0.1));
    });
}

#[test]
fn jitter_has_the_same_mean_and_variance_in_both_models() {
    const TRIALS: usize = 1500;
    for (mode, sends) in [
        (ArrayMode::Membrane, 1),
        (ArrayMode::Membrane, 4),
        (ArrayMode::SynapticLine, 3),
        (ArrayMode::Unsigned, 2),
    ] {
        let config = ChipConfig {
            geometry: ArrayGeometry::new(1, 16, 8).unwrap(),
            ..ChipConfig::typical()
        };
        let base = Stimulus::new(config, 3, mode);
        let base = Stimulus {
            registers: match mode {
                ArrayMode::SynapticLine => vec![(Register::IBiasSyninExcTau, 250)],
                ArrayMode::Membrane | ArrayMode::Unsigned => Vec::new(),
            },
            settings: RunSettings::new(sends, 5).unwrap(),
            ..base
        };
        let one = random_stimulus(base, 1.0, 0.5, (0, 60), 0.7, (0, 31));
        let many = Stimulus {
            activations: one.activations.select(Axis(0), &[0; TRIALS]),
            ..one
        };
        let mut circuit = many.circuit();
        let models: [&mut dyn Model; 2] = [&mut Lumped::new(&circuit), &mut Transient];
        let [lumped, transient] = models.map(|model| {
            let voltages = many.run(&mut circuit, model, many.region).0.mapv(f64::from);
            (
                voltages.mean_axis(Axis(0)).unwrap(),
                voltages.var_axis(Axis(0), 1.0),
            )
        });
        for c in 0..many.region.columns {
            let (variance, expected) = (lumped.1[c], transient.1[c]);
            assert!(expected > 1e-5, "{mode:?}, column {c} jitters");
            let trials = TRIALS as f64;
            // Two independent means; the models differ by up to a tenth of an LSB without noise.
            let distance = (lumped.0[c] - transient.0[c]).abs();
            let standard_error = (2.0 * expected / trials).sqrt();
            assert!(
                distance < 4.0 * standard_error + 0.1,
                "{mode:?}, {sends}: {distance}"
            );
            // Two independent variances, each with a relative standard error of √(2/n).
            let ratio = variance / expected;
            let tolerance = 4.0 * (4.0 / trials).sqrt() + 0.02;
            assert!(
                (ratio - 1.0).abs() < tolerance,
                "{mode:?}, {sends}: {ratio}"
            );
        }
    }
}

/// The equations in the modules' documentation, by Runge and Kutta's method in steps of a nanosecond:
/// the voltage at the readout, and what came of both signs together.
fn integrated(stimulus: &Stimulus, circuit: &Circuit, c: usize) -> (f64, f64) {
    let columns = &circuit.columns;
    let at = |values: &[f32]| f64::from(values[c]);
    let range = f64::from(columns.linear_range_charge);
    let slope = |state: [f64; 4]| {
        let [q_e, q_i, v, _] = state;
        let current = |sign: Sign, q: f64| {
            at(&columns.slope_lsb_per_us[sign as usize]) * range * (q / range).tanh()
        };
        let (excitation, inhibition) = (
            current(Sign::Excitatory, q_e),
            current(Sign::Inhibitory, q_i),
        );
        [
            -at(&columns.line_decay_per_us[0]) * q_e,
            -at(&columns.line_decay_per_us[1]) * q_i,
            excitation - inhibition + at(&columns.drift_lsb_per_us)
                - at(&columns.leak_per_us) * (v - at(&columns.leak_lsb)),
            excitation + inhibition,
        ]
    };
    let along = |state: [f64; 4], slope: [f64; 4], dt: f64| {
        [0, 1, 2, 3].map(|part: usize| state[part] + dt * slope[part])
    };
    let advance = |mut state: [f64; 4], us: f64| {
        let steps = (us * 1000.0).round();
        let dt = us / steps;
        for _ in 0..steps as usize {
            let k1 = slope(state);
            let k2 = slope(along(state, k1, 0.5 * dt));
            let k3 = slope(along(state, k2, 0.5 * dt));
            let k4 = slope(along(state, k3, dt));
            let mean =
                [0, 1, 2, 3].map(|p: usize| (k1[p] + 2.0 * k2[p] + 2.0 * k3[p] + k4[p]) / 6.0);
            state = along(state, mean, dt);
        }
        state
    };
    let mut state = [0.0, 0.0, at(&columns.start_lsb), 0.0];
    let first = circuit.first_input(stimulus.region);
    for _ in 0..stimulus.settings.num_sends() {
        for (i, &x) in stimulus.activations.row(0).iter().enumerate() {
            if x > 0 {
                state = advance(state, stimulus.settings.event_interval_us());
                for sign in Sign::BOTH {
                    let charge = circuit.synrams[0].row(sign, i, c..c + 1)[0];
                    state[sign as usize] +=
                        f64::from(circuit.pulses.amplitude(first + i, x) * charge);
                }
            }
        }
    }
    let [q_e, q_i, v, of_both_signs] = advance(state, RunSettings::READOUT_DELAY_US);
    let charges = [q_e as f32, q_i as f32];
    let voltage = columns.voltage_lsb(c, columns.source[c], v as f32, charges);
    (voltage.into(), of_both_signs)
}

#[test]
fn the_transient_model_integrates_the_equations() {
    let config = || {
        let mut config = ChipConfig {
            // Columns that are worked on by 32, by 16, by 4 and alone.
            geometry: ArrayGeometry::new(1, 8, 54).unwrap(),
            ..ChipConfig::typical().without_noise()
        };
        // OTAs that saturate with few events.
        config.ota.linear_range_lsb = 15.0;
        config.ota.gain_lsb = 0.02;
        config
    };
    for (mode, leak, tau, sends, wait) in [
        (ArrayMode::Membrane, 0, 500, 1, 5),
        (ArrayMode::Membrane, 1, 500, 3, 1),
        (ArrayMode::Membrane, 1, 1000, 2, 40),
        (ArrayMode::Unsigned, 1, 100, 1, 2),
        (ArrayMode::SynapticLine, 0, 50, 2, 7),
    ] {
        let base = Stimulus::new(config(), 5, mode);
        let base = Stimulus {
            registers: vec![
                (Register::EnableLeak, leak),
                (Register::IBiasLeak, 800),
                (Register::VReset, 400),
                (Register::IBiasSyninExcTau, tau),
                (Register::IBiasSyninExcShift, 700),
            ],
            settings: RunSettings::new(sends, wait).unwrap(),
            ..base
        };
        let stimulus = random_stimulus(base, 1.0, 0.6, (20, 63), 0.8, (10, 31));
        let mut circuit = stimulus.circuit();
        let found = stimulus
            .run(&mut circuit, &mut Transient, stimulus.region)
            .0;
        for c in (0..stimulus.region.columns).step_by(3) {
            let (expected, of_both_signs) = integrated(&stimulus, &circuit, c);
            let distance = (f64::from(found[[0, c]]) - expected).abs();
            // Steps of a sixth of τ_syn, far in saturation.
            // Lines are followed exactly; steps of a sixth of τ_syn, far in saturation, miss a share of
            // what came of each sign.
            let tolerance = match mode {
                ArrayMode::SynapticLine => 1e-4,
                ArrayMode::Membrane | ArrayMode::Unsigned => 0.01 + 1.5e-3 * of_both_signs,
            };
            assert!(
                distance < tolerance,
                "{mode:?}, wait {wait}: {distance} of {expected}"
            );
        }
    }
}
