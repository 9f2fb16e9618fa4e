//! A calibrated chip, what was measured of it, and a second chip beside it.

use std::sync::Arc;

use bss2_core::random::derive_seed;
use bss2_core::{ArrayGeometry, Chips, MacArray, Metered, RunSettings};
use bss2_hardware::SimulatedChip;
use bss2_mapping::ArrayProfile;
use bss2_training::Examples;

use super::Parameters;
use super::network::{StudyNetwork, test_images};
use crate::{ExperimentError, StudyData};

/// Purposes of the seeds that are derived from a chip's.
const CALIBRATION: u64 = 1;
const PROFILES: u64 = 2;
/// That of all evaluations: strategies meet the same noise where they run the same.
pub(super) const TRIALS: u64 = 3;

/// What all measurements on one chip share.
pub(super) struct Bench<'a> {
    pub(super) seed: u64,
    pub(super) parameters: &'a Parameters,
    pub(super) network: &'a StudyNetwork,
    pub(super) data: &'a StudyData,
    pub(super) test: Examples<'a>,
    pub(super) chip: SimulatedChip,
    pub(super) two_chips: Chips<SimulatedChip>,
    pub(super) profiles: Profiles,
}

/// What was measured of a chip, and in which chip time.
pub(super) struct Profiles {
    /// At the timing of most strategies.
    pub(super) base: Arc<ArrayProfile>,
    /// At all timings, the base among them.
    pub(super) all: Vec<Arc<ArrayProfile>>,
    /// Of both chips together, at the base.
    pub(super) two_chips: Arc<ArrayProfile>,
    /// Chip time of the base alone, in ms.
    pub(super) base_ms: f64,
    /// Chip time of all timings, in ms.
    pub(super) all_ms: f64,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        seed: u64,
        parameters: &'a Parameters,
        data: &'a StudyData,
        network: &'a StudyNetwork,
        note: &dyn Fn(&str),
    ) -> Result<Self, ExperimentError> {
        let chip = calibrated(seed, parameters)?;
        let second = calibrated(seed.wrapping_add(parameters.second_chip_seed), parameters)?;
        note("calibration");
        let two_chips = Chips::new(vec![chip.clone(), second])?;
        let profiles = Profiles::measured(&chip, &two_chips, seed, parameters)?;
        note("profiles");
        Ok(Self {
            seed,
            parameters,
            network,
            data,
            test: test_images(parameters, data)?,
            chip,
            two_chips,
            profiles,
        })
    }

    pub(super) fn geometry(&self) -> ArrayGeometry {
        self.chip.geometry()
    }

    /// Images that are evaluated together.
    pub(super) fn batch(&self) -> u64 {
        (self.test.len() as u64).min(EVALUATION_BATCH)
    }

    /// The profile for a timing, if the chip was measured at it.
    pub(super) fn profile(
        &self,
        settings: RunSettings,
        is_on_two_chips: bool,
    ) -> Option<&Arc<ArrayProfile>> {
        if is_on_two_chips {
            let profile = &self.profiles.two_chips;
            return (profile.settings() == settings).then_some(profile);
        }
        let mut profiles = self.profiles.all.iter();
        profiles.find(|profile| profile.settings() == settings)
    }
}

/// How many images [`evaluate`](bss2_training::evaluate) sends at once.
const EVALUATION_BATCH: u64 = 1000;

fn calibrated(seed: u64, parameters: &Parameters) -> Result<SimulatedChip, ExperimentError> {
    let config = parameters.chip.clone().check()?;
    let mut chip = Metered::new(SimulatedChip::new(&config, seed));
    let seed = derive_seed(seed, CALIBRATION);
    parameters.calibration.run(&mut chip, seed, &mut |_| ())?;
    Ok(chip.into_inner())
}

impl Profiles {
    fn measured(
        chip: &SimulatedChip,
        two_chips: &Chips<SimulatedChip>,
        seed: u64,
        parameters: &Parameters,
    ) -> Result<Self, ExperimentError> {
        let mut timings = vec![parameters.base];
        for &sends in &parameters.sends {
            timings.push(parameters.with_sends(sends)?);
        }
        timings.push(parameters.with_short_wait()?);
        let mut kept: Vec<RunSettings> = Vec::new();
        timings.retain(|timing| {
            let is_new = !kept.contains(timing);
            kept.push(*timing);
            is_new
        });

        let seed = derive_seed(seed, PROFILES);
        let mut metered = Metered::new(chip.clone());
        let mut all = Vec::with_capacity(timings.len());
        let mut times_ms = Vec::with_capacity(timings.len());
        for (number, &timing) in timings.iter().enumerate() {
            let seed = derive_seed(seed, number as u64);
            all.push(Arc::new(parameters.profile.measure(
                &mut metered,
                timing,
                seed,
            )?));
            let cost = metered.take_ledger();
            times_ms.push(1e-3 * parameters.cost_model.chip_time_us(&cost));
        }
        let of_two = parameters.profile.measure(
            &mut two_chips.clone(),
            parameters.base,
            derive_seed(seed, timings.len() as u64),
        )?;
        Ok(Self {
            base: Arc::clone(&all[0]),
            all,
            two_chips: Arc::new(of_two),
            base_ms: times_ms[0],
            all_ms: times_ms.iter().sum(),
        })
    }
}
