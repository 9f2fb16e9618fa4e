//! One network, trained for one chip.

use std::path::{Path, PathBuf};

use bss2_core::CostLedger;
use bss2_training::{
    Augmentation, Budget, DeployedLayer, Evaluation, Examples, Lab, Method, NetworkDescription,
    Recipe, RecipeRun, Session, StageProgress, StageReport, Trained, WeightFile, evaluation,
};
use serde::Serialize;

use super::ChipChoice;
use super::chip_choice::check_trial_seed;
use super::network_file::{read_network, refuse_other_input};
use crate::configuration::to_toml;
use crate::report::Table;
use crate::simulated_lab::SimulatedLab;
use crate::{DataChoice, DataDescription, ExperimentError, Progress, ResultFolder, StudyData};

mod page;
mod rows;
mod tables;

pub(super) use tables::{classes, layers, per_sample};

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

/// A way of training.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainingWay {
    /// A named one. Where the budget changes images, their size is that of the data; data that are no
    /// images are left as they are.
    Method(Method, Budget),
    /// One that was written down, as it is, with a name for people.
    Recipe(String, Recipe),
}

impl TrainingWay {
    fn name(&self) -> &str {
        match self {
            Self::Method(method, _) => method.name(),
            Self::Recipe(name, _) => name,
        }
    }

    /// The recipe for data.
    fn recipe(&self, data: &StudyData) -> Recipe {
        match self {
            Self::Recipe(_, recipe) => recipe.clone(),
            Self::Method(method, budget) => {
                let image = data.image();
                let augmentation = budget
                    .augmentation
                    .filter(|_| image.1 > 1 && image.2 > 1)
                    .map(|augmentation| Augmentation {
                        image,
                        ..augmentation
                    });
                method.recipe(&Budget {
                    augmentation,
                    ..*budget
                })
            }
        }
    }
}

/// What a training has to tell.
#[derive(Debug)]
pub struct TrainReport {
    /// Results, for the terminal.
    pub table: Table,
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
    layers: Vec<DeployedLayer>,
    gain_lsb: f32,
    /// On numbers alone, before it was brought onto the chip.
    digital: Evaluation,
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
        let description = read_network(&self.network)?;
        let data = StudyData::of(&self.data, self.seed)?;
        let recipe = self.way.recipe(&data);
        recipe.check()?;
        refuse_other_input(&description, &data)?;
        let weights = self.weights.as_deref().map(WeightFile::load).transpose()?;
        let chip = self.chip.calibrated(self.calibration.as_deref())?;
        let mut folder = ResultFolder::claim(&self.out)?;
        let checkpoint = self.checkpoint()?;

        let (training, validation) = split(data.training()?, self.validation_one_in);
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
        let epochs = recipe.stages.iter().map(|stage| stage.epochs as u64).sum();
        let task = progress.begin("train", epochs);
        let mut lab = SimulatedLab::new(chip);
        let trained = run.run(&mut lab, &mut |progress: StageProgress<'_>| {
            task.step(&format!(
                "{}: {:.1} % of the training samples",
                progress.of.ground.name(),
                100.0 * progress.epoch.accuracy
            ));
        })?;
        drop(task);
        let (results, trained) = self.results(recipe, trained, &mut lab, data.test()?)?;

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
        folder.publish(&configuration.to_string())?;
        remove(&checkpoint)?;
        Ok(TrainReport {
            table: tables::overview(&results)?,
            totals: self.totals(&results),
        })
    }

    /// Where an interrupted training is kept: beside the folder of the results.
    fn checkpoint(&self) -> Result<PathBuf, ExperimentError> {
        let absolute = std::path::absolute(&self.out).map_err(|source| ExperimentError::Write {
            path: self.out.clone(),
            source,
        })?;
        let mut name = absolute.into_os_string();
        name.push(".checkpoint");
        let path = PathBuf::from(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|source| ExperimentError::Write {
                path: parent.to_owned(),
                source,
            })?;
        }
        Ok(path)
    }

    fn results(
        &self,
        recipe: Recipe,
        mut trained: Trained,
        lab: &mut SimulatedLab,
        test: Examples<'_>,
    ) -> Result<(Results, Trained), ExperimentError> {
        let digital = evaluation(&mut trained.digital.network, &mut Session::digital(), test)?;
        lab.take_cost();
        let mut session = Session::on(lab.chip(), self.seed);
        let on_chip = evaluation(&mut trained.deployed.network, &mut session, test)?;
        let results = Results {
            recipe,
            stages: trained.stages.clone(),
            layers: trained.deployed.report.clone(),
            gain_lsb: trained.figures.gain_lsb(),
            digital,
            on_chip,
            cost: lab.take_cost(),
        };
        Ok((results, trained))
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
        folder.add(
            "weights.safetensors",
            deployed.names.export(&deployed.network)?.to_bytes()?,
        );
        folder.add(
            "digital.safetensors",
            digital.names.export(&digital.network)?.to_bytes()?,
        );
        for table in [rows::learning(results)?, rows::confusion(results)?] {
            folder.add(table.name(), table.content());
        }
        let page = page::of(self, results, data.description())?;
        folder.add("index.html", page.to_html());
        Ok(())
    }

    fn totals(&self, results: &Results) -> String {
        format!(
            "{}: {:.2} % of {} test samples on {} chip {}; {:.2} % digitally, before it was brought \
             there.",
            self.way.name(),
            100.0 * results.on_chip.accuracy(),
            results.on_chip.samples(),
            if self.calibration.is_some() {
                "calibrated"
            } else {
                "uncalibrated"
            },
            self.chip.seed,
            100.0 * results.digital.accuracy(),
        )
    }
}

/// Samples by which scales are chosen.
pub(super) const DEPLOYMENT_SAMPLES: usize = 1000;

/// The last samples are for validation; those before them for training.
fn split(
    all: Examples<'_>,
    validation_one_in: Option<usize>,
) -> (Examples<'_>, Option<Examples<'_>>) {
    let kept = validation_one_in.map_or(0, |part| all.len() / part.max(1));
    match all.split_at(all.len() - kept) {
        Some((training, validation)) => (training, Some(validation)),
        None => (all, None),
    }
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
