//! All tests on one chip.

use bss2_calibration::acceptance::{Group, Verdict};
use bss2_core::random::derive_seed;
use serde::{Deserialize, Serialize};

use super::Parameters;
use crate::acceptance::{Calibrated, State};
use crate::process::Job;
use crate::{ExperimentError, Task};

/// What became of a chip before it was tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Treatment {
    /// Calibrated by the known procedures.
    Known(State),
    /// Right after the joint procedure; it brings nothing for the CADC over its full range.
    Joint,
}

impl Treatment {
    pub(super) const ALL: [Self; 5] = [
        Self::Known(State::Calibrated),
        Self::Joint,
        Self::Known(State::Fresh),
        Self::Known(State::Overwritten),
        Self::Known(State::Reapplied),
    ];

    /// Name in tables and result files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Known(state) => state.name(),
            Self::Joint => "joint",
        }
    }

    /// Whether the chip is to pass.
    pub(super) const fn is_to_pass(self) -> bool {
        match self {
            Self::Known(state) => state.is_to_pass(),
            Self::Joint => true,
        }
    }
}

/// What a group of tests found.
#[derive(Serialize, Deserialize)]
pub(super) struct Tested {
    pub(super) treatment: Treatment,
    pub(super) group: Group,
    /// What the chip shows of each of the group's criteria.
    values: Vec<f64>,
}

impl Tested {
    /// The values with their criteria.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = Verdict> {
        let criteria = self.group.criteria().iter().zip(&self.values);
        criteria.map(|(criterion, &value)| Verdict { criterion, value })
    }

    pub(super) fn is_passed(&self) -> bool {
        self.verdicts().all(|verdict| verdict.is_met())
    }
}

/// What was found on one chip.
#[derive(Serialize, Deserialize)]
pub(super) struct ChipRun {
    /// Index of its process.
    pub(super) process: usize,
    pub(super) seed: u64,
    pub(super) tested: Vec<Tested>,
}

/// Purposes of the seeds that are derived from a chip's.
const CALIBRATION: u64 = 1;
const TRIALS: u64 = 2;
const JOINT_TRIALS: u64 = 3;

impl ChipRun {
    /// Steps of progress that one chip takes.
    pub(super) const STEPS: u64 = 3;

    pub(super) fn run(
        job: &Job<'_>,
        parameters: &Parameters,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let (process, seed) = (job.number, job.seed);
        let fresh = job.fresh_chip()?;
        let note = |what: &str| job.step(task, what);
        let [calibration, trials, joint_trials] =
            [CALIBRATION, TRIALS, JOINT_TRIALS].map(|purpose| derive_seed(seed, purpose));

        let cadc = Calibrated::by(parameters.cadc, &fresh, calibration)?;
        let membrane = Calibrated::by(parameters.membrane, &fresh, calibration)?;
        let lines = membrane.converted(parameters.synaptic_line, calibration)?;
        note("known procedures");
        let joint = Calibrated::by(parameters.joint, &fresh, calibration)?;
        let joint_lines = joint.converted(parameters.synaptic_line, calibration)?;
        note("joint procedure");
        let mut tested = Vec::new();
        for treatment in Treatment::ALL {
            for group in Group::ALL {
                let (calibrated, state, trials) = match (treatment, group) {
                    (Treatment::Joint, Group::Cadc) => continue,
                    (Treatment::Joint, Group::Membrane) => {
                        (&joint, State::Calibrated, joint_trials)
                    }
                    (Treatment::Joint, Group::Drivers | Group::Lines) => {
                        (&joint_lines, State::Calibrated, joint_trials)
                    }
                    (Treatment::Known(state), Group::Cadc) => (&cadc, state, trials),
                    (Treatment::Known(state), Group::Membrane) => (&membrane, state, trials),
                    (Treatment::Known(state), Group::Drivers | Group::Lines) => {
                        (&lines, state, trials)
                    }
                };
                let verdicts = calibrated.judge(group, state, &fresh, trials)?;
                tested.push(Tested {
                    treatment,
                    group,
                    values: verdicts.iter().map(|verdict| verdict.value).collect(),
                });
            }
        }
        note("tests");
        Ok(Self {
            process,
            seed,
            tested,
        })
    }

    /// What a group found after a treatment, if it was tested.
    pub(super) fn tested(&self, treatment: Treatment, group: Group) -> Option<&Tested> {
        let mut tested = self.tested.iter();
        tested.find(|tested| tested.treatment == treatment && tested.group == group)
    }

    /// Whether the chip passes every group that was tested after a treatment.
    pub(super) fn passes_all(&self, treatment: Treatment) -> bool {
        let mut of_treatment = self.tested.iter().filter(|t| t.treatment == treatment);
        of_treatment.all(Tested::is_passed)
    }
}
