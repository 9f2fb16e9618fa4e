//! Numbers over chips.

use bss2_training::Method;

use super::Parameters;
use super::chip_run::{AtCalibration, ChipRun};
use super::drift::Course;
use super::network::StudyNetwork;
use super::policy::Policy;
use super::temperatures::AtTemperature;
use crate::DataDescription;
use crate::statistics::mean;

/// What all chips share and what was measured on each.
pub(super) struct Results<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) data: &'a DataDescription,
    pub(super) network: StudyNetwork,
    pub(super) runs: Vec<ChipRun>,
}

impl Results<'_> {
    /// A number at a temperature with a calibration, on every chip.
    pub(super) fn at(
        &self,
        calibration: usize,
        temperature: usize,
        of: impl Fn(&AtTemperature) -> f64,
    ) -> Vec<f64> {
        let runs = self.runs.iter();
        runs.map(|run| of(&run.calibrations[calibration].points[temperature]))
            .collect()
    }

    /// For every chip, the mean over calibrations of a number.
    pub(super) fn over_calibrations(&self, of: impl Fn(usize, &AtCalibration) -> f64) -> Vec<f64> {
        let of_run = |run: &ChipRun| {
            let calibrations = run.calibrations.iter().enumerate();
            mean(
                &calibrations
                    .map(|(number, at)| of(number, at))
                    .collect::<Vec<_>>(),
            )
        };
        self.runs.iter().map(of_run).collect()
    }

    /// Accuracy in percent of a method, on every chip.
    pub(super) fn accuracies(
        &self,
        calibration: usize,
        temperature: usize,
        method: usize,
    ) -> Vec<f64> {
        self.at(calibration, temperature, |at| at.accuracies_percent[method])
    }

    /// For every chip, the mean accuracy in percent of a method over all temperatures and calibrations.
    pub(super) fn overall(&self, method: usize) -> Vec<f64> {
        self.over_calibrations(|_, at| {
            let accuracies = at
                .points
                .iter()
                .map(|point| point.accuracies_percent[method]);
            mean(&accuracies.collect::<Vec<_>>())
        })
    }

    /// For every chip, the lowest accuracy in percent of a method at any temperature with any
    /// calibration.
    pub(super) fn worst(&self, method: usize) -> Vec<f64> {
        let of_run = |run: &ChipRun| {
            let points = run.calibrations.iter().flat_map(|at| &at.points);
            let accuracies = points.map(|point| point.accuracies_percent[method]);
            accuracies.fold(f64::INFINITY, f64::min)
        };
        self.runs.iter().map(of_run).collect()
    }

    /// Place of a method.
    pub(super) fn method(&self, method: Method) -> Option<usize> {
        let methods = self.parameters.methods.iter();
        methods.clone().position(|&other| other == method)
    }

    /// The courses of a policy in a scenario, one for each chip.
    fn courses(&self, scenario: usize, policy: Policy) -> impl Iterator<Item = &Course> {
        let courses = self.runs.iter().flat_map(|run| &run.courses);
        courses.filter(move |course| course.scenario == scenario && course.policy == policy)
    }

    /// A number of a policy in a scenario, on every chip.
    pub(super) fn of_courses(
        &self,
        scenario: usize,
        policy: Policy,
        of: impl Fn(&Course) -> f64,
    ) -> Vec<f64> {
        self.courses(scenario, policy).map(of).collect()
    }

    /// For every chip, the mean accuracy in percent of a network over ages under a policy.
    pub(super) fn mean_accuracies(
        &self,
        scenario: usize,
        policy: Policy,
        network: usize,
    ) -> Vec<f64> {
        self.of_courses(scenario, policy, |course| {
            mean(&course.accuracies_percent[network])
        })
    }

    /// For every chip, what a policy adds to the mean accuracy over ages, in percentage points.
    pub(super) fn gains(&self, scenario: usize, policy: Policy, network: usize) -> Vec<f64> {
        let with = self.mean_accuracies(scenario, policy, network).into_iter();
        let without = self.mean_accuracies(scenario, Policy::Nothing, network);
        with.zip(without)
            .map(|(with, without)| with - without)
            .collect()
    }

    /// Accuracy in percent of a network that drifts, right after the calibration, on every chip.
    pub(super) fn fresh(&self, network: usize) -> Vec<f64> {
        self.runs
            .iter()
            .map(|run| run.fresh_percent[network])
            .collect()
    }

    /// A scenario in words.
    pub(super) fn scenario_name(&self, scenario: usize) -> String {
        match self.parameters.drift.warmer_kelvin[scenario] {
            0.0 => "same temperature".to_owned(),
            kelvin => format!("{kelvin} K warmer"),
        }
    }
}
