//! A chip for which a network is trained in many ways.

use std::time::Instant;

use bss2_core::CostLedger;
use bss2_core::random::derive_seed;
use bss2_hardware::SimulatedChip;
use bss2_training::{
    ArrayChoice, ArrayGain, DescribedNetwork, Ground, Lab, Network, Recipe, RecipeRun, Session,
    Stage, StageReport, evaluate,
};

use super::digital::Digital;
use super::known::Known;
use super::measured::Measured;
use super::subject::Subject;
use crate::ExperimentError;
use crate::ends::EndCounter;
use crate::simulated_lab::SimulatedLab;

/// Purpose number of the noise of all evaluations under a chip's seed: networks meet the same noise
/// where they run the same.
const TRIALS: u64 = 2;

/// A chip in one state, and the network that comes onto it.
pub(super) struct Bench<'a, 'c> {
    subject: Subject<'a>,
    digital: &'c Digital,
    chip: &'c SimulatedChip,
    /// Gain and noise.
    mock: Known,
    /// The same with digital twins, for methods that need them.
    twin: Option<Known>,
}

/// A network on the chip, and what led to it.
struct Prepared {
    network: Network,
    /// The network before it was brought onto the array.
    digital: DescribedNetwork,
    stages: Vec<StageReport>,
    /// What they cost on the chip.
    cost: CostLedger,
}

impl<'a, 'c> Bench<'a, 'c> {
    pub(super) fn new(
        subject: Subject<'a>,
        digital: &'c Digital,
        chip: &'c SimulatedChip,
        needs_twin: bool,
    ) -> Result<Self, ExperimentError> {
        let twin = needs_twin.then(|| Known::measured(&subject, chip, true));
        Ok(Self {
            mock: Known::measured(&subject, chip, false)?,
            twin: twin.transpose()?,
            subject,
            digital,
            chip,
        })
    }

    /// Trains the network by a recipe, and judges it on the chip. What the recipe has in common with the
    /// digital training that was done is not done again, but counted; nor is the chip measured again.
    pub(super) fn measured(&self, recipe: &Recipe) -> Result<Measured, ExperimentError> {
        let twin = self.twin.as_ref().filter(|_| recipe.needs_twin());
        let known = twin.unwrap_or(&self.mock);
        let mut lab = SimulatedLab::with_figures(self.chip.clone(), known.figures.clone());
        let begin = Instant::now();
        let (stages, is_shared) = match recipe.stages.strip_prefix(&*self.digital.recipe.stages) {
            Some(rest) => (rest, true),
            None => (&*recipe.stages, false),
        };
        let prepared = if stages.is_empty() {
            self.brought_onto_chip(known)?
        } else {
            self.trained(stages, is_shared, known, &mut lab)?
        };
        let wall_s = begin.elapsed().as_secs_f64() + known.wall_s;
        let judged = self.judged(prepared, stages, &mut lab)?;
        if !is_shared {
            return Ok(Measured { wall_s, ..judged });
        }
        Ok(Measured {
            wall_s: wall_s + self.digital.wall_s,
            samples_off_chip: judged.samples_off_chip + self.digital.samples,
            ..judged
        })
    }

    /// The digitally trained network on the chip, without further training.
    fn brought_onto_chip(&self, known: &Known) -> Result<Prepared, ExperimentError> {
        let subject = &self.subject;
        let network = &subject.case.network;
        let mut digital = network.build(subject.seed)?;
        digital
            .names
            .import(&mut digital.network, &self.digital.weights)?;
        let array = ArrayChoice {
            geometry: subject.case.chip.geometry,
            gain: ArrayGain::Measured(&known.figures),
            strategies: None,
        };
        let samples = subject.deployment_samples().inputs();
        Ok(Prepared {
            network: network.deploy(&digital, samples, array)?.network,
            digital,
            stages: Vec::new(),
            cost: known.cost,
        })
    }

    fn trained(
        &self,
        stages: &[Stage],
        is_shared: bool,
        known: &Known,
        lab: &mut SimulatedLab,
    ) -> Result<Prepared, ExperimentError> {
        let recipe = Recipe {
            stages: stages.to_vec(),
        };
        let run = RecipeRun {
            weights: is_shared.then_some(&self.digital.weights),
            ..self.subject.run(&recipe)
        };
        let trained = run.run(lab, &mut |_| ())?;
        let cost = trained.cost();
        Ok(Prepared {
            network: trained.deployed.network,
            digital: trained.digital,
            cost: known.cost + cost,
            stages: trained.stages,
        })
    }

    fn judged(
        &self,
        mut prepared: Prepared,
        stages: &[Stage],
        lab: &mut SimulatedLab,
    ) -> Result<Measured, ExperimentError> {
        let Subject {
            seed,
            parameters,
            training,
            test,
            ..
        } = self.subject;
        let network = &mut prepared.digital.network;
        let digital = evaluate(network, &mut Session::digital(), test)?;
        lab.take_cost();
        let mut chip = EndCounter::new(lab.chip());
        let mut session = Session::on(&mut chip, derive_seed(seed, TRIALS));
        let accuracy = evaluate(&mut prepared.network, &mut session, test)?;
        let saturated_percent = chip.percent();
        let cost = lab.take_cost();

        let reports = &prepared.stages;
        let epochs = reports.iter().map(|stage| stage.curve.len());
        let samples = (epochs.sum::<usize>() * training.len()) as u64;
        let in_the_loop = reports.iter().map(|stage| stage.samples_in_the_loop).sum();
        let on_arrays = stages
            .iter()
            .zip(reports)
            .filter(|(stage, _)| stage.ground != Ground::Digital);
        let epochs = on_arrays.flat_map(|(_, report)| &report.curve);
        let chip_time_us = |cost| parameters.cost_model.chip_time_us(cost);
        Ok(Measured {
            accuracy_percent: 100.0 * accuracy,
            digital_percent: 100.0 * digital,
            samples_in_the_loop: in_the_loop,
            samples_off_chip: samples - in_the_loop,
            training_s: 1e-6 * chip_time_us(&prepared.cost),
            inference_us: chip_time_us(&cost) / test.len() as f64,
            saturated_percent,
            learning: epochs.map(|epoch| 100.0 * epoch.accuracy).collect(),
            wall_s: 0.0,
        })
    }
}
