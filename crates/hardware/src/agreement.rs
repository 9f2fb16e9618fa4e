//! The lumped and the transient model agree, and where they do not, the lumped model says so.

use bss2_core::random::keyed_stream;
use bss2_core::{ArrayGeometry, ArrayMode, Region, Register, RunSettings, Scope, Trial};
use ndarray::{Array2, ArrayView2};
use rand::RngExt;

use crate::ChipConfig;
use crate::circuit::Circuit;
use crate::conditions::Conditions;
use crate::instance::Instance;
use crate::lumped::Lumped;
use crate::model::Model;
use crate::pass::Pass;
use crate::registers::RegisterFile;
use crate::synapse::Sign;
use crate::transient::Transient;

fn circuit(
    config: ChipConfig,
    seed: u64,
    mode: ArrayMode,
    celsius: f32,
    writes: &[(Register, i32)],
) -> (Instance, Circuit) {
    let instance = Instance::draw(config, seed);
    let config = &instance.config;
    let conditions = Conditions::new(config, &instance.sensitivity, seed, celsius, 0.0);
    let mut registers = RegisterFile::new(&config.capmem, config.geometry, seed);
    let source = mode.readout_source().register_value();
    for &(register, value) in writes.iter().chain(&[(Register::ReadoutSource, source)]) {
        let values = vec![value; register.instances(config.geometry)];
        registers
            .write(register, &values)
            .expect("a value in range");
    }
    registers.settle();
    let circuit = Circuit::new(&instance, &registers, &conditions, mode);
    (instance, circuit)
}

fn voltages(
    model: &mut dyn Model,
    pass: &Pass<'_>,
    activations: ArrayView2<'_, u8>,
) -> (Array2<f32>, u64) {
    let mut voltages = Array2::zeros((activations.nrows(), pass.region.columns));
    let doubtful = model.voltages(pass, 0, activations, voltages.view_mut());
    (voltages, doubtful)
}

fn third(send_us: f64, rate: f64) -> f64 {
    let r = send_us * rate;
    if r < 1e-2 {
        return 1.0 / 3.0;
    }
    let grown = |n: f64| -(-n * r).exp_m1();
    let rising = r - 3.0 * grown(1.0) + 1.5 * grown(2.0) - grown(3.0) / 3.0;
    (rising + grown(1.0).powi(3) / 3.0) / r.powi(3)
}

#[test]
#[ignore = "exploration"]
fn explore() {
    let geometry = ArrayGeometry::new(1, 128, 64).expect("sizes");
    let config = ChipConfig {
        geometry,
        ..ChipConfig::typical().without_noise()
    };
    use Register::*;
    let conditions: Vec<(&str, ArrayMode, Vec<(Register, i32)>)> = vec![
        ("reset", ArrayMode::Membrane, vec![]),
        (
            "gm 80",
            ArrayMode::Membrane,
            vec![(IBiasSyninExcGm, 80), (IBiasSyninInhGm, 80)],
        ),
        (
            "unsigned gm 80",
            ArrayMode::Unsigned,
            vec![(IBiasSyninExcGm, 60), (IBiasSyninInhGm, 60)],
        ),
        ("unsigned", ArrayMode::Unsigned, vec![]),
        ("leak on 60us", ArrayMode::Membrane, vec![(EnableLeak, 1)]),
        (
            "leak on 30us",
            ArrayMode::Membrane,
            vec![(EnableLeak, 1), (IBiasLeak, 400)],
        ),
        (
            "leak on 12us",
            ArrayMode::Membrane,
            vec![(EnableLeak, 1), (IBiasLeak, 1022)],
        ),
        (
            "leak 12us, half C",
            ArrayMode::Membrane,
            vec![(EnableLeak, 1), (IBiasLeak, 1022), (ReducedCapacitance, 1)],
        ),
        (
            "tau 0.16",
            ArrayMode::Membrane,
            vec![(IBiasSyninExcTau, 1000), (IBiasSyninInhTau, 1000)],
        ),
        (
            "tau 0.4",
            ArrayMode::Membrane,
            vec![(IBiasSyninExcTau, 400), (IBiasSyninInhTau, 400)],
        ),
        (
            "tau 0.5",
            ArrayMode::Membrane,
            vec![(IBiasSyninExcTau, 300), (IBiasSyninInhTau, 300)],
        ),
        (
            "tau 0.8",
            ArrayMode::Membrane,
            vec![(IBiasSyninExcTau, 200), (IBiasSyninInhTau, 200)],
        ),
        (
            "tau 1.5",
            ArrayMode::Membrane,
            vec![(IBiasSyninExcTau, 100), (IBiasSyninInhTau, 100)],
        ),
        (
            "tau 5",
            ArrayMode::Membrane,
            vec![(IBiasSyninExcTau, 25), (IBiasSyninInhTau, 25)],
        ),
        (
            "tau 20",
            ArrayMode::Membrane,
            vec![(IBiasSyninExcTau, 0), (IBiasSyninInhTau, 0)],
        ),
        (
            "tau exc .32 inh .4",
            ArrayMode::Membrane,
            vec![(IBiasSyninInhTau, 400)],
        ),
        (
            "tau exc .32 inh .53",
            ArrayMode::Membrane,
            vec![(IBiasSyninInhTau, 300)],
        ),
        (
            "tau exc .32 inh .8",
            ArrayMode::Membrane,
            vec![(IBiasSyninInhTau, 200)],
        ),
        (
            "tau exc .16 inh .32",
            ArrayMode::Membrane,
            vec![(IBiasSyninExcTau, 1000)],
        ),
        (
            "syn bias 600",
            ArrayMode::Membrane,
            vec![(SynIBiasDac, 600)],
        ),
        ("half C", ArrayMode::Membrane, vec![(ReducedCapacitance, 1)]),
        ("line default", ArrayMode::SynapticLine, vec![]),
        (
            "line tau 1.5",
            ArrayMode::SynapticLine,
            vec![(IBiasSyninExcTau, 100), (SynIBiasDac, 600)],
        ),
        (
            "line tau 5",
            ArrayMode::SynapticLine,
            vec![(IBiasSyninExcTau, 25), (SynIBiasDac, 300)],
        ),
        (
            "line tau 20",
            ArrayMode::SynapticLine,
            vec![(IBiasSyninExcTau, 0), (SynIBiasDac, 300)],
        ),
    ];
    let only: Option<String> = std::env::var("ONLY").ok();
    for (name, mode, writes) in conditions {
        if only.as_ref().is_some_and(|o| !name.contains(o.as_str())) {
            continue;
        }
        let mut points: Vec<[f64; 5]> = Vec::new();
        for seed in 0..2 {
            let (instance, mut circuit) = circuit(config.clone(), seed, mode, 40.0, &writes);
            let g = mode.geometry(geometry);
            let probe = mode.probe_geometry(geometry);
            for case in 0..24 {
                let mut rng = keyed_stream(seed * 100 + case, 7);
                let density = [0.1, 0.3, 1.0][rng.random_range(0..3)];
                let balance = [0.5, 0.52, 0.54, 0.6, 1.0][rng.random_range(0..5)];
                let wmax = [10, 30, 63, 63][rng.random_range(0..4)];
                let wmin = if rng.random::<f64>() < 0.5 {
                    wmax / 2
                } else {
                    0
                };
                let xdens = [0.05, 0.3, 1.0, 1.0][rng.random_range(0..4)];
                let structure: usize = std::env::var("STRUCT")
                    .ok()
                    .and_then(|s| s.parse().ok())
                    .unwrap_or(0);
                let extreme = std::env::var("EXTREME").is_ok();
                let (wmin, wmax, density, xdens) = if extreme {
                    (50, 63, 1.0, 1.0)
                } else {
                    (wmin, wmax, density, xdens)
                };
                let block = rng.random_range(4..g.inputs() / 2);
                let start = rng.random_range(0..g.inputs() - block);
                let weights = Array2::from_shape_fn((g.inputs(), g.columns()), |(i, _)| {
                    if structure == 2 && !(start..start + block).contains(&i) {
                        return 0;
                    }
                    if structure == 1 && mode != ArrayMode::Unsigned {
                        let m = rng.random_range(wmin..=wmax) as i8;
                        return if i < g.inputs() / 2 { m } else { -m };
                    }
                    if rng.random::<f64>() > density {
                        return 0;
                    }
                    let m = rng.random_range(wmin..=wmax) as i8;
                    if mode == ArrayMode::Unsigned || rng.random::<f64>() < balance {
                        m
                    } else {
                        -m
                    }
                });
                let x = Array2::from_shape_fn((6, g.inputs()), |_| {
                    if rng.random::<f64>() > xdens {
                        0
                    } else {
                        rng.random_range(0..=31) as u8
                    }
                });
                let dense = rng.random::<f64>() < 0.5;
                let sends = if dense {
                    1
                } else {
                    [1, 1, 2, 4, 10][rng.random_range(0..5)]
                };
                let wait = if dense {
                    [1, 2, 5][rng.random_range(0..3)]
                } else {
                    [1, 2, 5, 5, 10, 25][rng.random_range(0..6)]
                };
                circuit.write_weights(&instance, Region::whole(g, 0), weights.view());
                let region = Region::whole(probe, 0);
                let settings = RunSettings::new(sends, wait).expect("ok");
                let pass = Pass::new(&circuit, region, settings, Trial::new(1));
                let mut lumped = Lumped::new(&circuit);
                let (a, _) = voltages(&mut lumped, &pass, x.view());
                let (b, _) = voltages(&mut Transient::default(), &pass, x.view());
                let rates = Sign::BOTH.map(|s| {
                    circuit.columns.line_decay_per_us[s as usize]
                        .iter()
                        .sum::<f32>()
                        / probe.columns() as f32
                });
                let rate = f64::from(0.5 * (rates[0] + rates[1]));
                for v in 0..x.nrows() {
                    let events = x.row(v).iter().filter(|&&x| x > 0).count();
                    let timing = pass.timing(events);
                    let send_us = timing.send_us;
                    let k = third(f64::from(send_us), rate).sqrt()
                        / f64::from(circuit.columns.linear_range_charge);
                    let cols = &circuit.columns;
                    let lam = cols.leak_per_us.iter().sum::<f32>() / probe.columns() as f32;
                    let md = |x: f64| if x < 1e-6 { 1.0 } else { -(-x).exp_m1() / x };
                    let on_line = md(f64::from(send_us) * rate);
                    for c in 0..probe.columns() {
                        let q = Sign::BOTH.map(|s| {
                            let ch = circuit.synrams[0].charges(s);
                            (0..g.inputs())
                                .map(|i| {
                                    f64::from(x[[v, i]]) * f64::from(ch[[i, c]]) * f64::from(sends)
                                })
                                .sum::<f64>()
                        });
                        let gain = [0, 1].map(|s| {
                            f64::from(cols.slope_lsb_per_us[s][c] / cols.line_decay_per_us[s][c])
                        });
                        let sig = [q[0] * gain[0], q[1] * gain[1]];
                        let tail = [0, 1].map(|s| {
                            ((-f64::from(cols.line_decay_per_us[s][c])).exp() - (-rate).exp()).abs()
                        });
                        let ct = on_line * (sig[0] * tail[0] + sig[1] * tail[1]);
                        let cl = f64::from((cols.leak_per_us[c] - lam).abs() * timing.mean_us())
                            * (sig[0] + sig[1]);
                        let loss =
                            sig[0] * (q[0] * k).powi(2) / 3.0 + sig[1] * (q[1] * k).powi(2) / 3.0;
                        let u = (q[0] * k).max(q[1] * k);
                        let e = a[[v, c]].clamp(-150.0, 150.0) - b[[v, c]].clamp(-150.0, 150.0);
                        points.push([e.abs() as f64, ct, cl, loss, u]);
                    }
                }
            }
        }
        println!(
            "== {name}: n {}  >3: {}",
            points.len(),
            points.iter().filter(|p| p[0] > 3.0).count()
        );
        for v in points
            .iter()
            .filter(|p| p[0] > 3.0 && p[1] < 1.0 && p[2] < 8.0)
            .take(2)
        {
            println!("      {v:.2?}");
        }
        for small in [true, false] {
            let mut line = format!("   u, ct<1 && cl<8: {small}");
            let mut low = 0.0;
            for edge in [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 1e9] {
                let mut e: Vec<f64> = points
                    .iter()
                    .filter(|p| p[4] >= low && p[4] < edge && (p[1] < 1.0 && p[2] < 8.0) == small)
                    .map(|p| p[0])
                    .collect();
                e.sort_by(f64::total_cmp);
                if e.len() > 5 {
                    line += &format!(
                        " [<{edge}: {} 50% {:.2} 99% {:.2} max {:.2}]",
                        e.len(),
                        e[e.len() / 2],
                        e[(e.len() - 1) * 99 / 100],
                        e[e.len() - 1]
                    );
                }
                low = edge;
            }
            println!("{line}");
        }
    }
}
