//! Everything that is measured on one chip.

use super::Parameters;
use super::bench::Bench;
use super::choice::Choice;
use super::measured::Measured;
use super::network::StudyNetwork;
use super::remains::Remains;
use super::signed_layer::SignedResult;
use crate::{ExperimentError, StudyData, Task};
use serde::{Deserialize, Serialize};

/// What was measured on one chip.
#[derive(Serialize, Deserialize)]
pub(super) struct ChipRun {
    pub(super) seed: u64,
    /// One per strategy; `None` where the array has no room.
    pub(super) strategies: Vec<Option<Measured>>,
    pub(super) remains: Vec<Remains>,
    pub(super) signed_layer: Vec<SignedResult>,
    /// Measured gain at the base, in LSB per send.
    pub(super) gain_lsb: f64,
    /// Rows and columns that do not work.
    pub(super) failed: usize,
    /// Chip time of measuring the profile at the base, in ms.
    pub(super) profile_ms: f64,
    /// The same at all timings, in ms.
    pub(super) profiles_ms: f64,
}

impl ChipRun {
    /// Steps of progress that one chip takes.
    pub(super) fn steps(choices: &[Choice]) -> u64 {
        choices.len() as u64 + 4
    }

    pub(super) fn run(
        seed: u64,
        parameters: &Parameters,
        data: &StudyData,
        network: &StudyNetwork,
        choices: &[Choice],
        task: &dyn Task,
    ) -> Result<Self, ExperimentError> {
        let note = |what: &str| task.step(&format!("chip {seed}: {what}"));
        let bench = Bench::new(seed, parameters, data, network, &note)?;
        let mut strategies = Vec::with_capacity(choices.len());
        for choice in choices {
            strategies.push(bench.measured(choice)?);
            note(&choice.name);
        }
        let remains = bench.remains(&choices[0])?;
        note("causes of error");
        let signed_layer = bench.signed_layer()?;
        note("signed layer");
        Ok(Self {
            seed,
            strategies,
            remains,
            signed_layer,
            gain_lsb: f64::from(bench.profiles.base.gain_per_send_lsb()),
            failed: failed(&bench),
            profile_ms: bench.profiles.base_ms,
            profiles_ms: bench.profiles.all_ms,
        })
    }
}

fn failed(bench: &Bench<'_>) -> usize {
    let hemispheres = bench.profiles.base.hemispheres().iter();
    hemispheres
        .map(|hemisphere| {
            let drivers = hemisphere.drivers.iter().filter(|driver| !driver.works);
            let columns = hemisphere.columns.iter().filter(|column| !column.works);
            drivers.count() + columns.count()
        })
        .sum()
}
