//! One network, trained for one chip.

use std::path::{Path, PathBuf};

use bss2_core::CostLedger;
use bss2_core::random::derive_seed;
use bss2_data::Samples;
use bss2_training::{
    DeployedLayer, DeployedNetwork, Evaluation, Examples, Ground, Lab, NetworkDescription, Recipe,
    RecipeRun, Session, StageReport, Trained, WeightUnits, evaluation,
};
use serde::Serialize;

use super::ChipChoice;
use super::chip_choice::check_trial_seed;
use super::network_file::{load_weights, read_network, refuse_other_input};
use crate::configuration::to_toml;
use crate::report::Table;
use crate::simulated_lab::SimulatedLab;
use crate::{DataChoice, DataDescription, ExperimentError, Progress, ResultFolder, StudyData};

mod epochs;
mod page;
mod rows;
mod tables;
mod way;

use epochs::EpochCount;
pub(super) use tables::{classes, few_lsb, layers, per_sample};
pub use way::TrainingWay;

/// A network that is to be trained, and where it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainJob {
    /// File with the network's description.
    pub network: PathBuf,
    /// What it is trained on.
    pub data: DataChoice,
    /// How.
    pub way: TrainingWay,
    /// The chip that it is trained for.
    pub chip: ChipChoice,
    /// Calibration of this chip; without it, the chip is as it was made.
    pub calibration: Option<PathBuf>,
    /// Weights to begin with, in place of random ones.
    pub weights: Option<PathBuf>,
    /// Training samples of which one is kept for validation, such as 10 for a tenth; the network that
    /// does best on them is what is kept. Without it, the last one is.
    pub validation_one_in: Option<usize>,
    /// Seed of weights, orders and noise, 0…[`Settings::MAX_SEED`](crate::Settings::MAX_SEED).
    pub seed: u64,
    /// Folder for the results.
    pub out: PathBuf,
}

/// What a training has to tell.
#[derive(Debug)]
pub struct TrainReport {
    /// Results, for the terminal.
    pub table: Table,
    /// What might be better, a line each.
    pub warnings: Vec<String>,
    /// Epochs that were done before, if the training was interrupted and continued.
    pub continued_after: Option<u64>,
    /// What came out, in a sentence.
    pub totals: String,
}

/// What `configuration.toml` repeats.
#[derive(Serialize)]
struct Configuration<'a> {
    method: &'a str,
    chip_seed: u64,
    calibrated: bool,
    seed: u64,
    validation_one_in: Option<usize>,
    data: &'a DataDescription,
    recipe: &'a Recipe,
    network: &'a NetworkDescription,
    chip: &'a bss2_hardware::ChipConfig,
}

/// A network after its training, and what it does.
struct Results {
    recipe: Recipe,
    stages: Vec<StageReport>,
    /// With their names.
    layers: Vec<(String, DeployedLayer)>,
    gain_lsb: f32,
    /// On numbers alone, before it was brought onto the chip; nothing unless it was trained for that.
    digital: Option<Evaluation>,
    /// On the chip.
    on_chip: Evaluation,
    /// What evaluating it on the chip cost.
    cost: CostLedger,
}

impl TrainJob {
    /// Trains the network, evaluates it on the chip, and writes the folder. Interrupted, it continues
    /// where it was when it is run again; what that needs is kept in a file beside the folder, until
    /// all is done.
    ///
    /// # Errors
    /// [`ExperimentError`]; before anything is trained if the job cannot be done, or something else
    /// would be lost where the results go.
    pub fn run(&self, progress: &dyn Progress) -> Result<TrainReport, ExperimentError> {
        check_trial_seed(self.seed)?;
        let mut folder = self.claim()?;
        let description = read_network(&self.network)?;
        let data = StudyData::of(&self.data, self.seed)?;
        let recipe = self.way.recipe(&data);
        recipe.check()?;
        refuse_other_input(&description, &data)?;
        self.check_units(&description, &recipe)?;
        let weights = self.weights.as_deref();
        let weights = weights.map(|path| load_weights(path, &self.network, &description));
        let weights = weights.transpose()?;
        let parts = self.validation_one_in.map(|one_in| {
            let seed = derive_seed(self.seed, VALIDATION);
            data.with_validation(one_in, seed)
        });
        let parts = parts.transpose()?;
        let (training, validation) = match &parts {
            None => (data.training()?, None),
            Some((training, validation)) => (examples(training)?, Some(examples(validation)?)),
        };
        let chip = self.chip.calibrated(self.calibration.as_deref())?;
        let checkpoint = checkpoint_beside(&folder)?;
        let is_continued = checkpoint.exists();

        let run = RecipeRun {
            recipe: &recipe,
            description: &description,
            strategies: None,
            weights: weights.as_ref(),
            training,
            validation,
            deployment_samples: DEPLOYMENT_SAMPLES,
            geometry: self.chip.config.geometry,
            seed: self.seed,
            checkpoint: Some(&checkpoint),
        };
        let mut epochs = EpochCount::of(&recipe);
        let task = progress.begin("train", epochs.all());
        let mut lab = SimulatedLab::new(chip);
        let trained = run.run(&mut lab, &mut |progress| epochs.note(progress, &*task))?;
        drop(task);
        let (results, trained) =
            self.results(&description, recipe, trained, &mut lab, data.test()?)?;

        let configuration = to_toml(&Configuration {
            method: self.way.name(),
            chip_seed: self.chip.seed,
            calibrated: self.calibration.is_some(),
            seed: self.seed,
            validation_one_in: self.validation_one_in,
            data: data.description(),
            recipe: &results.recipe,
            network: &description,
            chip: &self.chip.config,
        })?;
        self.fill(&mut folder, &results, &trained, &data)?;
        let lock = folder.publish(&configuration.to_string())?;
        remove(&checkpoint)?;
        bss2_file::remove_drafts(&checkpoint);
        drop(lock);
        Ok(TrainReport {
            table: tables::overview(&results)?,
            warnings: few_lsb(&results.layers),
            continued_after: is_continued.then(|| epochs.before_interruption()),
            totals: self.totals(&results),
        })
    }

    /// The folder of the results, if nothing that is read would be lost with an earlier one.
    fn claim(&self) -> Result<ResultFolder, ExperimentError> {
        let folder = ResultFolder::claim(&self.out)?;
        let read = [
            Some(&self.network),
            self.weights.as_ref(),
            self.calibration.as_ref(),
        ];
        match read.into_iter().flatten().find(|path| folder.holds(path)) {
            None => Ok(folder),
            Some(path) => Err(ExperimentError::ReadFromResults {
                path: path.clone(),
                folder: self.out.clone(),
            }),
        }
    }

    /// Networks in units of the array cannot be trained digitally, nor from random weights.
    fn check_units(
        &self,
        description: &NetworkDescription,
        recipe: &Recipe,
    ) -> Result<(), ExperimentError> {
        let refused = |reason| {
            Err(ExperimentError::ArrayUnits {
                path: self.network.clone(),
                reason,
            })
        };
        if description.units == WeightUnits::Digital {
            return Ok(());
        }
        if self.weights.is_none() {
            return refused("it needs the weights that belong to it (--weights)");
        }
        if has_digital_stage(recipe) {
            return refused(
                "it cannot be trained digitally; leave the digital stages out (--digital-epochs 0)",
            );
        }
        Ok(())
    }

    fn results(
        &self,
        description: &NetworkDescription,
        recipe: Recipe,
        mut trained: Trained,
        lab: &mut SimulatedLab,
        test: Examples<'_>,
    ) -> Result<(Results, Trained), ExperimentError> {
        let digital = self.has_digital_meaning(description, &recipe).then(|| {
            let network = &mut trained.digital.network;
            evaluation(network, &mut Session::digital(), test)
        });
        lab.take_cost();
        let mut session = Session::on(lab.chip(), self.seed);
        let on_chip = evaluation(&mut trained.deployed.network, &mut session, test)?;
        let results = Results {
            recipe,
            stages: trained.stages.clone(),
            layers: named_layers(&trained.deployed),
            gain_lsb: trained.figures.gain_lsb(),
            digital: digital.transpose()?,
            on_chip,
            cost: lab.take_cost(),
        };
        Ok((results, trained))
    }

    /// Whether what comes out of the digital stages is a network for numbers alone: one whose weights
    /// were trained, in digital units.
    fn has_digital_meaning(&self, description: &NetworkDescription, recipe: &Recipe) -> bool {
        let is_trained = self.weights.is_some() || has_digital_stage(recipe);
        is_trained && description.units == WeightUnits::Digital
    }

    fn fill(
        &self,
        folder: &mut ResultFolder,
        results: &Results,
        trained: &Trained,
        data: &StudyData,
    ) -> Result<(), ExperimentError> {
        let deployed = &trained.deployed;
        let digital = &trained.digital;
        folder.add("network.toml", deployed.description.to_toml()?);
        let weights = deployed.names.export(&deployed.network)?;
        let weights = weights.with_units(WeightUnits::Array);
        folder.add("weights.safetensors", weights.to_bytes()?);
        if results.digital.is_some() {
            let weights = digital.names.export(&digital.network)?;
            let weights = weights.with_units(WeightUnits::Digital);
            folder.add("digital.safetensors", weights.to_bytes()?);
        }
        for table in [rows::learning(results)?, rows::confusion(results)?] {
            folder.add(table.name(), table.content());
        }
        let page = page::of(self, results, data.description())?;
        folder.add("index.html", page.to_html());
        Ok(())
    }

    fn totals(&self, results: &Results) -> String {
        let digital = results
            .digital
            .as_ref()
            .map_or_else(String::new, |digital| {
                format!(
                    "; {:.2} % digitally, before it was brought there",
                    100.0 * digital.accuracy()
                )
            });
        format!(
            "{}: {:.2} % of {} test samples on {} chip {}{digital}.",
            self.way.name(),
            100.0 * results.on_chip.accuracy(),
            results.on_chip.samples(),
            if self.calibration.is_some() {
                "calibrated"
            } else {
                "uncalibrated"
            },
            self.chip.seed,
        )
    }
}

/// Samples by which scales are chosen.
pub(super) const DEPLOYMENT_SAMPLES: usize = 1000;

/// Purpose number of the choice of validation samples under a seed.
const VALIDATION: u64 = 7;

/// Where an interrupted training is kept: beside the folder of the results.
fn checkpoint_beside(folder: &ResultFolder) -> Result<PathBuf, ExperimentError> {
    let path = folder.beside(".checkpoint");
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|source| ExperimentError::Write {
            path: parent.to_owned(),
            source,
        })?;
    }
    Ok(path)
}

fn examples(samples: &Samples) -> Result<Examples<'_>, ExperimentError> {
    Ok(Examples::new(samples.inputs().view(), samples.labels())?)
}

fn has_digital_stage(recipe: &Recipe) -> bool {
    let mut stages = recipe.stages.iter();
    stages.any(|stage| stage.ground == Ground::Digital)
}

/// What was reported of the linear layers, with their names.
pub(super) fn named_layers(deployed: &DeployedNetwork) -> Vec<(String, DeployedLayer)> {
    let report = deployed.report.iter();
    let named = report.map(|layer| {
        (
            deployed.names.of_layer(layer.layer).to_owned(),
            layer.clone(),
        )
    });
    named.collect()
}

fn remove(path: &Path) -> Result<(), ExperimentError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(ExperimentError::Write {
                path: path.to_owned(),
                source,
            })
        }
        _ => Ok(()),
    }
}
