//! Everything that is measured on chips of one seed.

use bss2_core::Metered;
use bss2_core::random::derive_seed;
use bss2_hardware::SimulatedChip;
use serde::{Deserialize, Serialize};

use super::bench::Bench;
use super::digital::Digital;
use super::measured::Measured;
use super::subject::Subject;
use super::way::Way;
use super::{Case, ChipState, Parameters};
use crate::{ExperimentError, StudyData, Task};

/// Purpose number of the calibration's noise under a chip's seed.
const CALIBRATION: u64 = 1;

/// What was measured of a case on a chip.
#[derive(Serialize, Deserialize)]
pub(super) struct ChipRun {
    pub(super) seed: u64,
    /// Test accuracy of the digital network, in percent.
    pub(super) float_percent: f64,
    /// The same on an ideal array.
    pub(super) ideal_percent: f64,
    /// One per way.
    pub(super) measured: Vec<(Way, Measured)>,
}

impl ChipRun {
    /// Steps of progress that it takes.
    pub(super) fn steps(case: &Case) -> u64 {
        case.ways().len() as u64 + 1
    }

    pub(super) fn run(
        seed: u64,
        parameters: &Parameters,
        case: &Case,
        data: &StudyData,
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let note = |what: &str| task.step(&format!("{} chip {seed}: {what}", case.name));
        let subject = Subject::new(seed, parameters, case, data)?;
        let digital = Digital::trained(&subject)?;
        note("digital training");
        let mut measured = Vec::new();
        for &state in &case.states {
            let chip = chip(state, &subject)?;
            let ways = case.ways().into_iter().filter(|way| way.state == state);
            let recipes: Vec<_> = ways.map(|way| (way, way.recipe(case))).collect();
            let needs_twin = recipes.iter().any(|(_, recipe)| recipe.needs_twin());
            let bench = Bench::new(subject, &digital, &chip, needs_twin)?;
            for (way, recipe) in recipes {
                measured.push((way, bench.measured(&recipe)?));
                note(&way.name());
            }
        }
        Ok(Self {
            seed,
            float_percent: digital.percent,
            ideal_percent: digital.ideal_percent,
            measured,
        })
    }

    /// What came of one way.
    pub(super) fn of(&self, way: Way) -> Option<&Measured> {
        let mut measured = self.measured.iter();
        measured
            .find(|(of, _)| *of == way)
            .map(|(_, measured)| measured)
    }
}

/// The chip of a seed in a state.
fn chip(state: ChipState, subject: &Subject<'_>) -> Result<SimulatedChip, ExperimentError> {
    let config = subject.case.chip.clone().check()?;
    let mut chip = Metered::new(SimulatedChip::new(&config, subject.seed));
    if state == ChipState::Calibrated {
        let seed = derive_seed(subject.seed, CALIBRATION);
        let calibration = &subject.parameters.calibration;
        calibration.run(&mut chip, seed, &mut |_| ())?;
    }
    Ok(chip.into_inner())
}
