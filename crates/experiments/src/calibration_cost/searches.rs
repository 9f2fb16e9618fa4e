//! One routine with every search that suits it.

use bss2_calibration::routine::{DriverOffset, InputSign, LeakPotential, OtaGain, SynapticTau};
use bss2_calibration::{
    Bench, BinarySearch, CadcRange, LinearPrediction, LinearSearch, MembraneTargets,
    NoisyBinarySearch, PolynomialPrediction, ProportionalSteps, Routine, SearchAlgorithm, Step,
    run_routine,
};
use bss2_core::Register;
use bss2_hardware::SimulatedChip;
use serde::{Deserialize, Serialize};

use crate::ExperimentError;

/// A routine by which searches are compared, on a chip whose CADC and drivers are calibrated and
/// whose register stands at its reset value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Task {
    LeakPotential,
    SynapticTau,
    OtaGain,
    DriverOffset,
}

impl Task {
    pub(super) const ALL: [Self; 4] = [
        Self::LeakPotential,
        Self::SynapticTau,
        Self::OtaGain,
        Self::DriverOffset,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::LeakPotential => "leak potential",
            Self::SynapticTau => "excitatory time constant",
            Self::OtaGain => "excitatory gain",
            Self::DriverOffset => "driver offset",
        }
    }

    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::LeakPotential | Self::OtaGain => "LSB",
            Self::SynapticTau => "µs",
            Self::DriverOffset => "of a full pulse",
        }
    }

    fn routine(self) -> Box<dyn Routine> {
        let MembraneTargets {
            leak_lsb,
            tau_mem_us,
            tau_syn_us,
            i_synin_gm,
            driver_test_activation,
            ..
        } = MembraneTargets::default();
        match self {
            Self::LeakPotential => Box::new(LeakPotential::new(leak_lsb, tau_mem_us)),
            Self::SynapticTau => Box::new(SynapticTau::new(InputSign::Excitatory, tau_syn_us)),
            Self::OtaGain => Box::new(OtaGain::new(InputSign::Excitatory, i_synin_gm)),
            Self::DriverOffset => Box::new(DriverOffset::new(driver_test_activation, DRIVER_RUNS)),
        }
    }

    /// Searches that suit the routine, by name. Predictions know what the chip's documentation tells:
    /// the CADC's range, nominal time constants and amplitudes, the step of the trim.
    fn searches(self, seed: u64) -> Vec<(&'static str, Box<dyn SearchAlgorithm>)> {
        let targets = MembraneTargets::default();
        let CadcRange {
            lower,
            upper,
            lower_lsb,
            upper_lsb,
        } = targets.cadc;
        let tau_bias = f64::from(Register::IBiasSyninExcTau.spec().reset);
        let (step, response_per_step) = match self {
            Self::LeakPotential => (4, (upper_lsb - lower_lsb) / f64::from(upper - lower)),
            Self::SynapticTau => (10, targets.tau_syn_us / tau_bias),
            Self::OtaGain => (16, NOMINAL_AMPLITUDE_LSB / f64::from(targets.i_synin_gm)),
            Self::DriverOffset => (2, NOMINAL_TRIM),
        };
        let mut searches: Vec<(&'static str, Box<dyn SearchAlgorithm>)> = vec![
            ("binary", Box::new(BinarySearch)),
            ("noisy binary", Box::new(NoisyBinarySearch { seed })),
            ("linear", Box::new(LinearSearch { step, steps: 16 })),
            (
                "linear prediction",
                Box::new(LinearPrediction { response_per_step }),
            ),
        ];
        if matches!(self, Self::SynapticTau | Self::OtaGain) {
            let steps = ProportionalSteps { steps: 4 };
            searches.push(("proportional steps", Box::new(steps)));
        }
        if self == Self::SynapticTau {
            // The series of the inverse: τ = τ₀ / (1 + d / i₀).
            let power = |k: i32| targets.tau_syn_us * (-1.0 / tau_bias).powi(k);
            let coefficients = (1..=3).map(power).collect();
            let prediction = PolynomialPrediction { coefficients };
            searches.push(("polynomial prediction", Box::new(prediction)));
        }
        searches
    }
}

/// Multiplications averaged for each driver amplitude.
const DRIVER_RUNS: usize = 5;

/// Amplitude of the gain's stimulus on a nominal chip, in LSB.
const NOMINAL_AMPLITUDE_LSB: f64 = 50.0;

/// Share of a full pulse by which a step of the trim moves the amplitude.
const NOMINAL_TRIM: f64 = 0.013;

/// How the residual fell with one search.
#[derive(Serialize, Deserialize)]
pub(super) struct Trial {
    pub(super) task: Task,
    pub(super) search: String,
    pub(super) course: Vec<Step>,
}

/// Runs every routine with every search, each on a copy of a chip.
pub(super) fn measure(
    prepared: &SimulatedChip,
    calibration_seed: u64,
) -> Result<Vec<Trial>, ExperimentError> {
    let mut trials = Vec::new();
    for task in Task::ALL {
        for (name, search) in task.searches(calibration_seed) {
            let mut chip = prepared.clone();
            let mut bench = Bench::new(&mut chip, calibration_seed);
            let result = run_routine(&mut bench, task.routine().as_mut(), search.as_ref())?;
            trials.push(Trial {
                task,
                search: name.to_owned(),
                course: result.course,
            });
        }
    }
    Ok(trials)
}
