//! What one strategy does on one chip.

use bss2_core::random::derive_seed;
use bss2_core::{CostLedger, MacArray, Metered, WeightCache};
use bss2_mapping::{MappingStrategy, OutputError, Plan, ProfiledArray, Workload};
use bss2_training::{Deployment, LayerDeployment, Network, OnLayers, Session, deploy, evaluate};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bench::{Bench, TRIALS};
use super::choice::Choice;
use crate::ExperimentError;
use crate::recording::Recording;
use crate::sample::Sample;

/// One layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MeasuredLayer {
    pub(super) plan: Plan,
    /// On the chip.
    pub(super) found: OutputError,
    /// On an array that is as the profile says, where there is one for the plan's timing.
    pub(super) expected: Option<OutputError>,
    /// Rows and columns that do not work but hold weights.
    pub(super) failed_in_use: usize,
}

/// The whole network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) layers: Vec<MeasuredLayer>,
    /// Test accuracy in percent.
    pub(super) accuracy_percent: f64,
    /// Chip time per image, evaluated in batches, in µs.
    pub(super) image_us: f64,
    /// Energy per image likewise, in µJ.
    pub(super) image_uj: f64,
    /// Predicted chip time of an image by itself, in µs.
    pub(super) single_us: f64,
}

impl Measured {
    /// Root mean square over layers of the error relative to the signal.
    pub(super) fn relative_error(&self) -> f64 {
        over_layers(self.layers.iter().map(|layer| layer.found))
    }

    pub(super) fn passes(&self) -> usize {
        self.layers
            .iter()
            .map(|layer| layer.plan.passes().len())
            .sum()
    }

    /// Runs of single hemispheres.
    pub(super) fn array_runs(&self) -> usize {
        self.layers
            .iter()
            .map(|layer| layer.plan.runs().count())
            .sum()
    }

    /// Share of the synapses that hold weights, over the passes, 0…1.
    pub(super) fn utilisation(&self) -> f64 {
        let used =
            |layer: &MeasuredLayer| layer.plan.utilisation() * layer.plan.passes().len() as f64;
        self.layers.iter().map(used).sum::<f64>() / self.passes() as f64
    }

    pub(super) fn failed_in_use(&self) -> usize {
        self.layers.iter().map(|layer| layer.failed_in_use).sum()
    }
}

/// Root mean square of relative errors.
pub(super) fn over_layers(errors: impl Iterator<Item = OutputError>) -> f64 {
    let relative: Vec<f64> = errors.map(OutputError::relative).collect();
    crate::statistics::root_mean_square(&relative)
}

impl Bench<'_> {
    /// Deploys and runs the network; `None` where the array has no room for it.
    pub(super) fn measured(&self, choice: &Choice) -> Result<Option<Measured>, ExperimentError> {
        let Some(strategy) = choice.strategy(self)? else {
            return Ok(None);
        };
        let measured = if choice.is_on_two_chips {
            self.measured_on(&self.two_chips, choice, strategy.as_ref())
        } else {
            self.measured_on(&self.chip, choice, strategy.as_ref())
        };
        measured.map(Some)
    }

    /// The layers as a strategy brings them onto an array, and the network.
    pub(super) fn deployed(
        &self,
        array: &dyn MacArray,
        choice: &Choice,
        strategy: &dyn MappingStrategy,
    ) -> Result<(Network, Vec<Sample>), ExperimentError> {
        let recording = Recording::new(strategy);
        let deployment = Deployment {
            geometry: array.geometry(),
            layers: OnLayers::All(LayerDeployment {
                strategy: &recording,
                gain_lsb: self.profiles.base.gain_per_send_lsb(),
                scaling: choice.scaling,
                ..LayerDeployment::default()
            }),
            ..Deployment::default()
        };
        let images = self.parameters.deployment_samples;
        let images = self.data.first_training_inputs(images);
        let (network, _) = deploy(&self.network.steps, images, deployment)?;
        let planned = recording.into_planned().into_iter();
        let samples = planned
            .zip(network.linear_layers())
            .map(|(planned, layer)| Sample::new(planned, &layer))
            .collect::<Result<_, _>>()?;
        Ok((network, samples))
    }

    fn measured_on<A: MacArray + Clone>(
        &self,
        array: &A,
        choice: &Choice,
        strategy: &dyn MappingStrategy,
    ) -> Result<Measured, ExperimentError> {
        let (mut network, samples) = self.deployed(array, choice, strategy)?;
        let layers = samples
            .iter()
            .enumerate()
            .map(|(number, sample)| self.measured_layer(number, sample, array, choice))
            .collect::<Result<_, ExperimentError>>()?;
        let (accuracy, cost) = self.evaluated(&mut network, array, choice.is_resident())?;
        let model = &self.parameters.cost_model;
        let images = self.test.len() as f64;
        Ok(Measured {
            layers,
            accuracy_percent: 100.0 * accuracy,
            image_us: model.chip_time_us(&cost) / images,
            image_uj: model.energy_of_chips_uj(&cost, array.geometry().chips()) / images,
            single_us: model.chip_time_us(&self.single_image(&samples, choice)?),
        })
    }

    fn measured_layer<A: MacArray + Clone>(
        &self,
        number: usize,
        sample: &Sample,
        array: &A,
        choice: &Choice,
    ) -> Result<MeasuredLayer, ExperimentError> {
        let plan = &sample.plan;
        let profile = self.profile(plan.settings(), choice.is_on_two_chips);
        let gain_lsb = profile.unwrap_or(&self.profiles.base).gain_per_send_lsb();
        let seed = derive_seed(derive_seed(self.seed, TRIALS), number as u64);
        let found = sample.error_by(plan, &mut array.clone(), gain_lsb, seed)?;
        let expected = profile.map(|profile| {
            let mut array = ProfiledArray::new(Arc::clone(profile), 0);
            sample.error_by(plan, &mut array, gain_lsb, seed)
        });
        let failed_in_use = profile.map_or(0, |profile| failed_in_use(plan, profile));
        Ok(MeasuredLayer {
            plan: plan.clone(),
            found,
            expected: expected.transpose()?,
            failed_in_use,
        })
    }

    /// Accuracy on the test images, and what they cost.
    fn evaluated<A: MacArray + Clone>(
        &self,
        network: &mut Network,
        array: &A,
        is_resident: bool,
    ) -> Result<(f64, CostLedger), ExperimentError> {
        let seed = derive_seed(self.seed, TRIALS);
        let mut array = Metered::new(array.clone());
        if is_resident {
            let mut cache = WeightCache::new(array);
            let accuracy = evaluate(network, &mut Session::on(&mut cache, seed), self.test)?;
            return Ok((accuracy, *cache.inner().ledger()));
        }
        let accuracy = evaluate(network, &mut Session::on(&mut array, seed), self.test)?;
        Ok((accuracy, *array.ledger()))
    }

    /// What one image by itself is predicted to cost; resident weights are there already.
    fn single_image(
        &self,
        samples: &[Sample],
        choice: &Choice,
    ) -> Result<CostLedger, ExperimentError> {
        let mut cost = CostLedger::default();
        for (number, sample) in samples.iter().enumerate() {
            let vectors = self.network.vectors_per_image(number);
            let workload = Workload::new(vectors, sample.active_share())?;
            if !choice.is_resident() {
                cost += sample.plan.loading();
            }
            cost += sample.plan.running(workload);
        }
        Ok(cost)
    }
}

fn failed_in_use(plan: &Plan, profile: &bss2_mapping::ArrayProfile) -> usize {
    let of_run = |run: &bss2_mapping::Run| {
        let hemisphere = &profile.hemispheres()[run.hemisphere];
        let of_block = |block: &bss2_mapping::Block| {
            let rows = block
                .rows
                .iter()
                .filter(|&row| !hemisphere.drivers[row].works);
            let columns = block.columns.iter();
            let columns = columns.filter(|&column| !hemisphere.columns[column].works);
            rows.count() + columns.count()
        };
        run.blocks.iter().map(of_block).sum::<usize>()
    };
    plan.runs().map(of_run).sum()
}
