//! A calibrated chip some time later, refreshed or not.

use bss2_core::CostLedger;
use bss2_training::NetworkState;
use serde::{Deserialize, Serialize};

use super::bench::{Bench, Calibrated, TrainedNetwork};
use super::policy::Policy;
use crate::ExperimentError;

/// What a policy comes to in a scenario.
#[derive(Serialize, Deserialize)]
pub(super) struct Course {
    /// Which scenario.
    pub(super) scenario: usize,
    pub(super) policy: Policy,
    /// By network, then by age: accuracies in percent right after the refresh.
    pub(super) accuracies_percent: Vec<Vec<f64>>,
    /// By network, then by time after the last refresh.
    pub(super) later_percent: Vec<Vec<f64>>,
    /// Mean chip time of a refresh, over ages, in ms; of a touch-up, by network.
    pub(super) refresh_ms: Vec<f64>,
}

impl Bench<'_> {
    /// Every policy in every scenario, with networks as they were trained right after the calibration,
    /// in which state they are left.
    pub(super) fn courses(
        &self,
        calibrated: &Calibrated,
        networks: &mut [&mut TrainedNetwork],
    ) -> Result<Vec<Course>, ExperimentError> {
        let trained: Vec<NetworkState> = networks
            .iter()
            .map(|trained| trained.network.state())
            .collect();
        let mut courses = Vec::new();
        for scenario in 0..self.parameters.drift.warmer_kelvin.len() {
            for policy in Policy::ALL {
                courses.push(self.course(scenario, policy, calibrated, networks)?);
                for (network, state) in networks.iter_mut().zip(&trained) {
                    network.network.restore(state)?;
                }
            }
        }
        Ok(courses)
    }

    fn course(
        &self,
        scenario: usize,
        policy: Policy,
        calibrated: &Calibrated,
        networks: &mut [&mut TrainedNetwork],
    ) -> Result<Course, ExperimentError> {
        let drift = &self.parameters.drift;
        let mut chip = calibrated.chip.clone();
        chip.set_temperature_celsius(drift.calibration_celsius + drift.warmer_kelvin[scenario])?;
        let mut calibration = calibrated.result.clone();
        let mut accuracies = vec![Vec::new(); networks.len()];
        let mut costs = vec![CostLedger::default(); networks.len()];
        let mut hours = 0.0;
        for (number, &age) in drift.hours.iter().enumerate() {
            chip.let_pass_s(3600.0 * (age - hours))?;
            hours = age;
            let refresh = self.refresh(policy, &mut chip, &mut calibration, number)?;
            let results = networks.iter_mut().zip(&mut costs).zip(&mut accuracies);
            for ((network, cost), accuracies) in results {
                *cost += refresh;
                if policy == Policy::TouchUp {
                    *cost += self.touch_up(&mut network.network, &chip, number)?;
                }
                accuracies.push(self.accuracy_percent(&mut network.network, &mut chip)?);
            }
        }
        let mut later = vec![Vec::new(); networks.len()];
        let mut hours = 0.0;
        for &after in &drift.hours_after {
            chip.let_pass_s(3600.0 * (after - hours))?;
            hours = after;
            for (network, later) in networks.iter_mut().zip(&mut later) {
                later.push(self.accuracy_percent(&mut network.network, &mut chip)?);
            }
        }
        let model = &self.parameters.cost_model;
        let refreshes = drift.hours.len() as f64;
        let refresh_ms = costs.iter();
        let refresh_ms = refresh_ms.map(|cost| 1e-3 * model.chip_time_us(cost) / refreshes);
        Ok(Course {
            scenario,
            policy,
            accuracies_percent: accuracies,
            later_percent: later,
            refresh_ms: refresh_ms.collect(),
        })
    }
}
