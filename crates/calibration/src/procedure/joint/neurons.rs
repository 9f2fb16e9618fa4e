//! Everything per neuron, together.

use bss2_core::{Register, RunSettings};
use ndarray::Array2;

use super::super::Session;
use super::{JointProcedure, Quantity};
use crate::bench::{Pulses, Temporary};
use crate::routine::{
    InputSign, LeakPotential, MembraneTau, OtaGain, OtaReference, ResetPotential, SynapticTau,
    line_time_constants, membrane_time_constants, reset_below_leak, show_much_charge, until_rest,
};
use crate::search::{Slope, in_proportion};
use crate::statistics::median;
use crate::targets::MembraneTargets;
use crate::{Bench, CalibrationError};

/// Quantities of this stage.
pub(super) const QUANTITIES: usize = 8;

/// Rounds in which the time constants are corrected.
const TAU_ROUNDS: usize = 2;

/// Rounds in which what was seen is corrected as a whole; later rounds correct a share of it, so that
/// their noise averages out.
const FULL_ROUNDS: usize = 3;
const LATER_SHARE: f64 = 0.5;

/// The stimulus for gains: all drivers at an activation and a weight inside the linear range, as in
/// multiplications.
const ACTIVATION: u8 = 12;
const WEIGHT: i8 = 21;

/// About the longest that a charge of it acts before the readout, in µs.
const STIMULUS_US: f64 = 2.0;

/// Readings averaged per measurement.
const READINGS: usize = 16;

/// Readings averaged where drift is measured: membranes that do not leak gather noise.
const DRIFT_READINGS: usize = 48;

/// Steps of the OTAs' reference by which its effect is measured.
const SHIFT_STEPS: f64 = 40.0;

/// Time over which membranes drift with the leak switched off, in µs.
const DRIFT_US: f64 = 60.0;

/// Longest time constant of a line, with its bias at zero, in µs. Source: calix, range 0.3…20 µs.
const LONGEST_LINE_TAU_US: f64 = 20.0;

/// What is calibrated here, and what it takes.
struct Neurons {
    targets: MembraneTargets,
    gain_runs: usize,
    /// Whether the leak is on during multiplications.
    keeps_leak: bool,
    /// Whether gains are neither measured nor changed.
    keeps_gains: bool,
    /// Code per CapMem code of a potential, in LSB.
    lsb_per_code: f64,
    tau_syn: [Quantity; 2],
    tau_mem: Quantity,
    gain: [Quantity; 2],
    reference: Quantity,
    leak: Quantity,
    reset: Quantity,
}

/// The model: a line's rate is its bias times a factor, plus that of its longest time constant; a
/// membrane's rate and an amplitude are proportional to their biases; both potentials move with their
/// cells as the CADC's range says; what drifts with the leak switched off is the sum of both OTAs'
/// offset currents, linear in either reference, and moves the resting code by as much times τ_mem.
/// One reference is enough to make that sum vanish.
pub(super) fn calibrate(
    session: &mut Session<'_, '_>,
    procedure: &JointProcedure,
) -> Result<(), CalibrationError> {
    let mut neurons = Neurons::new(procedure);
    let bench = &mut session.bench;
    for sign in InputSign::BOTH {
        bench.write_all(sign.gm(), procedure.targets.i_synin_gm)?;
    }
    neurons.correct_time_constants(bench)?;
    neurons.correct_all_else(bench, procedure.options.rounds)?;
    let [times, gains, potentials] = neurons.into_lists();
    keep(session, times.into_iter().chain(gains).chain(potentials))
}

/// Does references, leak and reset potentials anew; time constants and gains stay.
pub(in crate::procedure) fn refresh(
    session: &mut Session<'_, '_>,
    procedure: &JointProcedure,
) -> Result<(), CalibrationError> {
    let mut neurons = Neurons::new(procedure);
    neurons.keeps_gains = true;
    neurons.correct_all_else(&mut session.bench, procedure.options.rounds)?;
    let [_, _, potentials] = neurons.into_lists();
    keep(session, potentials)
}

fn keep(
    session: &mut Session<'_, '_>,
    quantities: impl IntoIterator<Item = Quantity>,
) -> Result<(), CalibrationError> {
    for quantity in quantities {
        let result = quantity.finish(&mut session.bench)?;
        session.keep(result);
    }
    Ok(())
}

/// What one round shows, by column of the chip.
struct Seen {
    /// Amplitudes of both signs, in LSB; none where gains are kept.
    amplitudes: [Vec<f64>; 2],
    /// Drift with the leak switched off, in LSB per µs.
    drift: Vec<f64>,
    /// Codes right after the reset.
    reset: Vec<f64>,
    /// Codes at rest with the leak switched on.
    rest: Vec<f64>,
}

impl Neurons {
    fn new(procedure: &JointProcedure) -> Self {
        let targets = procedure.targets;
        let MembraneTargets {
            leak_lsb,
            tau_mem_us,
            tau_syn_us,
            i_synin_gm,
            cadc,
            ..
        } = targets;
        let reference = OtaReference::new(InputSign::Excitatory, leak_lsb, tau_mem_us);
        Self {
            targets,
            gain_runs: procedure.options.gain_runs,
            keeps_leak: procedure.options.keep_leak || targets.target_noise_lsb.is_some(),
            keeps_gains: false,
            lsb_per_code: (cadc.upper_lsb - cadc.lower_lsb)
                / (f64::from(cadc.upper) - f64::from(cadc.lower)),
            tau_syn: InputSign::BOTH.map(|sign| Quantity::of(&SynapticTau::new(sign, tau_syn_us))),
            tau_mem: Quantity::of(&MembraneTau::new(tau_mem_us)),
            gain: InputSign::BOTH.map(|sign| Quantity::of(&OtaGain::new(sign, i_synin_gm))),
            reference: Quantity::of(&reference),
            leak: Quantity::of(&LeakPotential::new(leak_lsb, tau_mem_us)),
            reset: Quantity::of(&ResetPotential::new(tau_mem_us)),
        }
    }

    /// Time constants, gains, and what moves and holds the potentials.
    fn into_lists(self) -> [Vec<Quantity>; 3] {
        let [tau_exc, tau_inh] = self.tau_syn;
        [
            vec![tau_exc, tau_inh, self.tau_mem],
            self.gain.into(),
            vec![self.reference, self.leak, self.reset],
        ]
    }

    /// Time constants of lines and membranes, which are reset below their leak potential for this.
    fn correct_time_constants(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        let mut temporary = Temporary::default();
        temporary.set_all(bench, Register::EnableLeak, 1)?;
        for sign in InputSign::BOTH {
            // Their output conductance is not the leak's.
            temporary.set_all(bench, sign.gm(), 0)?;
        }
        reset_below_leak(bench, &mut temporary)?;
        show_much_charge(bench, &mut temporary)?;
        let (tau_mem_us, tau_syn_us) = (self.targets.tau_mem_us, self.targets.tau_syn_us);
        for round in 0..=TAU_ROUNDS {
            let membranes = self
                .tau_mem
                .measure(bench, |bench| membrane_time_constants(bench, tau_mem_us))?;
            self.tau_mem
                .note(&membranes, &vec![tau_mem_us; membranes.len()]);
            let mut lines = [Vec::new(), Vec::new()];
            for sign in InputSign::BOTH {
                // Lines begin with the usual time constant, whatever the target.
                let about_us = if round == 0 {
                    MembraneTargets::default().tau_syn_us
                } else {
                    tau_syn_us
                };
                let quantity = &mut self.tau_syn[sign as usize];
                let taus =
                    quantity.measure(bench, |bench| line_time_constants(bench, sign, about_us))?;
                quantity.note(&taus, &vec![tau_syn_us; taus.len()]);
                lines[sign as usize] = taus;
            }
            if round == TAU_ROUNDS {
                break;
            }
            self.tau_mem.adjust(bench, |column, bias| {
                in_proportion(bias, Slope::Falling, membranes[column], tau_mem_us)
            })?;
            for (quantity, taus) in self.tau_syn.iter_mut().zip(&lines) {
                quantity.adjust(bench, |column, bias| {
                    bias_for(bias, taus[column], tau_syn_us)
                })?;
            }
        }
        temporary.restore(bench)
    }

    /// Gains, references, leak and reset potentials.
    fn correct_all_else(
        &mut self,
        bench: &mut Bench<'_>,
        rounds: usize,
    ) -> Result<(), CalibrationError> {
        let mut gains_wanted = None;
        let mut drift_before: Option<Vec<f64>> = None;
        let mut drift_per_step = None;
        for round in 0..=rounds {
            let seen = self.look(bench)?;
            let wanted = *gains_wanted.get_or_insert_with(|| {
                [0, 1].map(|sign| median(seen.amplitudes[sign].iter().copied()))
            });
            self.note(&seen, wanted);
            if round == rounds {
                break;
            }
            let share = if round < FULL_ROUNDS {
                1.0
            } else {
                LATER_SHARE
            };
            let gains = self.gain.iter_mut().zip(&seen.amplitudes).zip(wanted);
            for ((quantity, amplitudes), wanted) in gains.filter(|_| !self.keeps_gains) {
                quantity.adjust(bench, |column, bias| {
                    let all = in_proportion(bias, Slope::Rising, amplitudes[column], wanted);
                    bias + share * (all - bias)
                })?;
            }
            // The first round moves all references alike, the second sees what that did.
            let foreseen: Vec<f64> = if let Some(before) = drift_before {
                let per_step = *drift_per_step.get_or_insert_with(|| {
                    let changes = seen.drift.iter().zip(&before).map(|(now, then)| now - then);
                    median(changes) / SHIFT_STEPS
                });
                let moves = self.reference.adjust(bench, |column, shift| {
                    shift - share * seen.drift[column] / per_step
                })?;
                // What that does to the resting code by itself.
                let tau_us = self.targets.tau_mem_us;
                moves
                    .iter()
                    .map(|moved| moved * per_step * tau_us)
                    .collect()
            } else {
                self.reference
                    .adjust(bench, |_, shift| shift + SHIFT_STEPS)?;
                vec![0.0; seen.rest.len()]
            };
            let (leak_lsb, lsb_per_code) = (self.targets.leak_lsb, self.lsb_per_code);
            self.leak.adjust(bench, |column, code| {
                code + (share * (leak_lsb - seen.rest[column]) - foreseen[column]) / lsb_per_code
            })?;
            self.reset.adjust(bench, |column, code| {
                code + share * (leak_lsb - seen.reset[column]) / lsb_per_code
            })?;
            drift_before = Some(seen.drift);
        }
        Ok(())
    }

    /// Measures a round's worth.
    fn look(&mut self, bench: &mut Bench<'_>) -> Result<Seen, CalibrationError> {
        let reset = self.reset.measure(bench, |bench| {
            bench.write_all(Register::EnableLeak, 0)?;
            Ok(bench.pulses(Pulses::none(0.0), READINGS)?.of_both())
        })?;
        let later = self.reference.measure(bench, |bench| {
            Ok(bench
                .pulses(Pulses::none(DRIFT_US), DRIFT_READINGS)?
                .of_both())
        })?;
        let drift = later.iter().zip(&reset).map(|(l, r)| (l - r) / DRIFT_US);
        let drift = drift.collect();

        bench.write_all(Register::EnableLeak, i32::from(self.keeps_leak))?;
        let mut amplitudes = [Vec::new(), Vec::new()];
        let signs = InputSign::BOTH.into_iter();
        for sign in signs.filter(|_| !self.keeps_gains) {
            let (every, runs) = (self.every_driver(), self.gain_runs);
            amplitudes[sign as usize] =
                self.gain[sign as usize].measure(bench, |bench| gains(bench, sign, every, runs))?;
        }

        bench.write_all(Register::EnableLeak, 1)?;
        let rest = self.leak.measure(bench, |bench| {
            let pulses = until_rest(self.targets.tau_mem_us);
            Ok(bench.pulses(pulses, READINGS)?.of_both())
        })?;
        Ok(Seen {
            amplitudes,
            drift,
            reset,
            rest,
        })
    }

    /// Which drivers send for the gains: fewer, the more each adds, so that no amplitude saturates.
    fn every_driver(&self) -> usize {
        let usual = MembraneTargets::default();
        // What a line has not handed on when it is read does not count.
        let kept_us = self.targets.tau_syn_us.min(STIMULUS_US);
        let bias = f64::from(self.targets.i_synin_gm) / f64::from(usual.i_synin_gm);
        (kept_us / usual.tau_syn_us * bias).ceil().max(1.0) as usize
    }

    fn note(&mut self, seen: &Seen, gains_wanted: [f64; 2]) {
        let everywhere = |target: f64| vec![target; seen.rest.len()];
        for (sign, quantity) in self.gain.iter_mut().enumerate() {
            quantity.note(&seen.amplitudes[sign], &everywhere(gains_wanted[sign]));
        }
        // By how much offset currents move the resting code, as the known routine has it.
        let moved: Vec<f64> = seen
            .drift
            .iter()
            .map(|d| d * self.targets.tau_mem_us)
            .collect();
        self.reference.note(&moved, &everywhere(0.0));
        self.leak
            .note(&seen.rest, &everywhere(self.targets.leak_lsb));
        self.reset.note(&seen.reset, &seen.rest);
    }
}

/// The bias at which a line has the time constant that is wanted. One reading moves it up by a
/// factor of four at the most, and never to zero unless no bias at all is wanted: zero has no multiples.
fn bias_for(bias: f64, tau_us: f64, wanted_us: f64) -> f64 {
    let rate = |tau_us: f64| 1.0 / tau_us - 1.0 / LONGEST_LINE_TAU_US;
    let wanted = rate(wanted_us);
    if wanted <= 0.0 {
        return 0.0;
    }
    let found = rate(tau_us).max(SLOWEST_RATE_PER_US);
    let ratio = (wanted / found).clamp(0.0, LARGEST_STEP);
    (bias * ratio).max(1.0)
}

/// Smallest rate beyond that of the longest time constant that a reading can tell, per µs.
const SLOWEST_RATE_PER_US: f64 = 1e-3;

/// Largest factor by which one reading moves a bias up.
const LARGEST_STEP: f64 = 4.0;

/// Amplitudes of all columns of the chip in a multiplication with every so many drivers, in LSB.
/// Results come from the causal channels, so these are what is measured.
fn gains(
    bench: &mut Bench<'_>,
    sign: InputSign,
    every: usize,
    runs: usize,
) -> Result<Vec<f64>, CalibrationError> {
    bench.load(|_, _| sign.of(WEIGHT))?;
    let geometry = bench.geometry();
    // The second vector sends nothing.
    let vectors = Array2::from_shape_fn((2, geometry.inputs()), |(v, input)| {
        if v == 0 && input % every == 0 {
            ACTIVATION
        } else {
            0
        }
    });
    let mut amplitudes = Vec::new();
    for hemisphere in 0..geometry.hemispheres() {
        let codes = bench.multiply(hemisphere, RunSettings::default(), vectors.view(), runs)?;
        let rises = codes.row(0).into_iter().zip(codes.row(1));
        amplitudes.extend(rises.map(|(code, rest)| f64::from(sign.of(1)) * (code - rest)));
    }
    Ok(amplitudes)
}
