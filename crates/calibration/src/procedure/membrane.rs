//! The known procedure for multiplications on membranes: searches nested in searches.

use std::ops::RangeInclusive;

use bss2_core::Register;
use serde::{Deserialize, Serialize};

use super::cadc::UNIT_STEP;
use super::inputs::Inputs;
use super::{CadcProcedure, Session};
use crate::routine::{
    CadcOffset, InputSign, LeakNoise, LeakPotential, MembraneTau, Nested, OtaGain, OtaReference,
    ResetPotential, SynapseBias, SynapticTau,
};
use crate::search::BinarySearch;
use crate::targets::{LineTargets, MembraneTargets};
use crate::{CalibrationError, TargetWarning};

/// Everything that a multiplication on membranes needs, in the order of calix' hagen calibration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MembraneProcedure {
    /// What is to be reached.
    pub targets: MembraneTargets,
    /// How it is measured, and what is done at the end.
    pub options: MembraneOptions,
}

/// Options of [`MembraneProcedure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MembraneOptions {
    /// Multiplications averaged for each driver amplitude, 1…1000; default 5.
    pub driver_runs: usize,
    /// Whether the leak stays on during multiplications; default false. With a target noise it
    /// always does.
    pub keep_leak: bool,
    /// Whether baselines are brought to code 128 at the end, as results are understood; default
    /// true.
    pub baseline: bool,
}

impl Default for MembraneOptions {
    fn default() -> Self {
        Self {
            driver_runs: 5,
            keep_leak: false,
            baseline: true,
        }
    }
}

/// Refuses a number of runs outside its range.
pub(super) fn check_runs(
    option: &'static str,
    runs: usize,
    range: RangeInclusive<usize>,
) -> Result<(), CalibrationError> {
    if range.contains(&runs) {
        return Ok(());
    }
    Err(CalibrationError::OptionOutOfRange {
        option,
        value: runs as f64,
        min: *range.start() as f64,
        max: *range.end() as f64,
    })
}

impl MembraneProcedure {
    pub(super) fn check(&self) -> Result<Vec<TargetWarning>, CalibrationError> {
        check_runs("driver_runs", self.options.driver_runs, 1..=1000)?;
        self.targets.check()
    }

    pub(super) fn routines(&self) -> usize {
        Inputs::ROUTINES
            + Inputs::READOUT_ROUTINES
            + NEURON_ROUTINES
            + References::ROUTINES
            + routines_for_noise(&self.targets)
            + usize::from(self.options.baseline)
    }

    pub(super) fn run(&self, session: &mut Session<'_, '_>) -> Result<(), CalibrationError> {
        let driver_test_activation = self.targets.driver_test_activation;
        let on_lines = Inputs {
            targets: LineTargets {
                driver_test_activation,
                ..LineTargets::default()
            },
            driver_runs: self.options.driver_runs,
        };
        on_lines.readout(session)?;
        on_lines.drivers(session)?;
        let range = self.targets.cadc;
        CadcProcedure { range }.run(session)?;
        let mut bias = SynapseBias::new(self.targets.synapse_dac_bias);
        session.run(&mut bias, &BinarySearch)?;
        self.neurons(session)?;
        References::of(&self.targets).run(session)?;
        reach_noise(session, &self.targets)?;
        finish(session, &self.targets, &self.options)
    }

    /// Time constants, leak and gains.
    fn neurons(&self, session: &mut Session<'_, '_>) -> Result<(), CalibrationError> {
        let MembraneTargets {
            leak_lsb,
            tau_mem_us,
            tau_syn_us,
            i_synin_gm,
            ..
        } = self.targets;
        for sign in InputSign::BOTH {
            let noisy = session.noisy();
            session.run(&mut SynapticTau::new(sign, tau_syn_us), &noisy)?;
        }
        let mut leak = LeakPotential::new(leak_lsb, tau_mem_us).without_inputs();
        let noisy = session.noisy();
        session.run(&mut leak, &noisy)?;
        let mut tau = Nested {
            outer: MembraneTau::new(tau_mem_us),
            inner: leak,
            search: session.noisy(),
        };
        let noisy = session.noisy();
        session.run(&mut tau, &noisy)?;
        for sign in InputSign::BOTH {
            let mut gain = Nested {
                outer: OtaGain::new(sign, i_synin_gm),
                inner: OtaReference::new(sign, leak_lsb, tau_mem_us).alone(),
                search: session.noisy(),
            };
            let noisy = session.noisy();
            session.run(&mut gain, &noisy)?;
        }
        Ok(())
    }
}

/// Routines of [`MembraneProcedure::neurons`].
const NEURON_ROUTINES: usize = 6;

/// References of the OTAs, leak and reset potential: where a neuron rests.
pub(super) struct References {
    leak_lsb: f64,
    tau_mem_us: f64,
}

impl References {
    pub(super) const ROUTINES: usize = 4;

    pub(super) fn of(targets: &MembraneTargets) -> Self {
        Self {
            leak_lsb: targets.leak_lsb,
            // A weakened leak takes longer to come to rest.
            tau_mem_us: if targets.target_noise_lsb.is_some() {
                targets.tau_mem_us.max(LeakNoise::LONGEST_TAU_US)
            } else {
                targets.tau_mem_us
            },
        }
    }

    pub(super) fn run(&self, session: &mut Session<'_, '_>) -> Result<(), CalibrationError> {
        let Self {
            leak_lsb,
            tau_mem_us,
        } = *self;
        let reference = |sign| OtaReference::new(sign, leak_lsb, tau_mem_us);
        let noisy = session.noisy();
        session.run(&mut reference(InputSign::Inhibitory).alone(), &noisy)?;
        let noisy = session.noisy();
        session.run(&mut reference(InputSign::Excitatory), &noisy)?;
        let noisy = session.noisy();
        session.run(&mut LeakPotential::new(leak_lsb, tau_mem_us), &noisy)?;
        let noisy = session.noisy();
        session.run(&mut ResetPotential::new(tau_mem_us), &noisy)
    }
}

/// Weakens the leak until the noise reaches its target, if there is one, and balances the neurons
/// again.
pub(super) fn reach_noise(
    session: &mut Session<'_, '_>,
    targets: &MembraneTargets,
) -> Result<(), CalibrationError> {
    if let Some(noise_lsb) = targets.target_noise_lsb {
        let noisy = session.noisy();
        session.run(&mut LeakNoise::new(noise_lsb), &noisy)?;
        References::of(targets).run(session)?;
    }
    Ok(())
}

/// Routines of [`reach_noise`].
pub(super) fn routines_for_noise(targets: &MembraneTargets) -> usize {
    if targets.target_noise_lsb.is_some() {
        1 + References::ROUTINES
    } else {
        0
    }
}

/// Switches the leak as multiplications will have it, and brings baselines to their code.
pub(super) fn finish(
    session: &mut Session<'_, '_>,
    targets: &MembraneTargets,
    options: &MembraneOptions,
) -> Result<(), CalibrationError> {
    let leak = options.keep_leak || targets.target_noise_lsb.is_some();
    session
        .bench
        .write_all(Register::EnableLeak, i32::from(leak))?;
    if options.baseline {
        session.run(&mut CadcOffset::baseline(), &UNIT_STEP)?;
    }
    Ok(())
}
