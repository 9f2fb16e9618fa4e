//! One network on an array.

use std::path::PathBuf;

use bss2_core::{CostLedger, MacArray, Metered, NOMINAL_GAIN_LSB};
use bss2_hardware::{IdealArray, MockArray, SimulatedChip};
use bss2_training::{
    ArrayChoice, ArrayGain, ChipFigures, DeployedLayer, Evaluation, NetworkDescription, OneChip,
    Session, WeightFile, evaluation,
};
use serde::{Deserialize, Serialize};

use super::ChipChoice;
use super::chip_choice::check_trial_seed;
use super::network_file::{load_weights, read_network, refuse_other_input};
use super::train::{DEPLOYMENT_SAMPLES, classes, few_lsb, layers, named_layers, per_sample};
use crate::report::Table;
use crate::{DataChoice, ExperimentError, StudyData};

/// What a network runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArrayKind {
    /// Exact integers and the nominal gain.
    Ideal,
    /// The same and the published noise: a generic mock, not that of some chip.
    Mock,
    /// A simulated chip.
    #[default]
    Chip,
}

/// A network that is to be evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluateJob {
    /// File with the network's description.
    pub network: PathBuf,
    /// File with its weights.
    pub weights: PathBuf,
    /// What it is evaluated on; its training samples decide scales.
    pub data: DataChoice,
    /// What it runs on.
    pub array: ArrayKind,
    /// Which chip, if it is one.
    pub chip: ChipChoice,
    /// Calibration of this chip, and of nothing else; without it, the chip is as it was made.
    pub calibration: Option<PathBuf>,
    /// Seed of the noise, 0…[`Settings::MAX_SEED`](crate::Settings::MAX_SEED).
    pub seed: u64,
}

/// What an evaluation has to tell.
#[derive(Debug)]
pub struct EvaluateReport {
    /// What was scaled and clipped to bring the weights onto the array, layer by layer.
    pub layers: Table,
    /// What might be better, a line each.
    pub warnings: Vec<String>,
    /// The results, class by class.
    pub classes: Table,
    /// What came out, in sentences.
    pub totals: String,
}

impl ArrayKind {
    /// A name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ideal => "an ideal array",
            Self::Mock => "a mock",
            Self::Chip => "a chip",
        }
    }
}

impl EvaluateJob {
    /// Evaluates the network.
    ///
    /// # Errors
    /// [`ExperimentError`] if a file cannot be used, or network, weights and data do not fit together.
    pub fn run(&self) -> Result<EvaluateReport, ExperimentError> {
        check_trial_seed(self.seed)?;
        if self.array != ArrayKind::Chip && self.calibration.is_some() {
            return Err(ExperimentError::NotOfArray {
                option: "a calibration",
                array: self.array.name(),
            });
        }
        let description = read_network(&self.network)?;
        let data = StudyData::of(&self.data, self.seed)?;
        refuse_other_input(&description, &data)?;
        let weights = load_weights(&self.weights, &self.network, &description)?;
        let geometry = self.chip.config.geometry;
        match self.array {
            ArrayKind::Ideal => {
                let array = IdealArray::new(geometry, NOMINAL_GAIN_LSB)?;
                self.on(array, &description, &weights, &data)
            }
            ArrayKind::Mock => {
                let noise_lsb = MockArray::PUBLISHED_NOISE_LSB;
                let array = MockArray::new(geometry, NOMINAL_GAIN_LSB, noise_lsb)?;
                self.on(array, &description, &weights, &data)
            }
            ArrayKind::Chip => {
                let chip: SimulatedChip = self.chip.calibrated(self.calibration.as_deref())?;
                self.on(chip, &description, &weights, &data)
            }
        }
    }

    fn on<A: MacArray>(
        &self,
        array: A,
        description: &NetworkDescription,
        weights: &WeightFile,
        data: &StudyData,
    ) -> Result<EvaluateReport, ExperimentError> {
        let mut digital = description.build(self.seed)?;
        digital.names.import(&mut digital.network, weights)?;
        let mut lab = OneChip(Metered::new(array));
        let figures = ChipFigures::measure(&mut lab, &description.settings()?, false, self.seed)?;
        let choice = ArrayChoice {
            geometry: lab.0.geometry(),
            gain: ArrayGain::Measured(&figures),
            strategies: None,
        };
        let samples = data.first_training_inputs(DEPLOYMENT_SAMPLES);
        let mut deployed = description.deploy(&digital, samples, choice)?;
        lab.0.take_ledger();
        let mut session = Session::on(&mut lab.0, self.seed);
        let found = evaluation(&mut deployed.network, &mut session, data.test()?)?;
        let cost = lab.0.take_ledger();
        self.report(&named_layers(&deployed), &found, &cost, figures.gain_lsb())
    }

    fn report(
        &self,
        of_layers: &[(String, DeployedLayer)],
        found: &Evaluation,
        cost: &CostLedger,
        gain_lsb: f32,
    ) -> Result<EvaluateReport, ExperimentError> {
        let (time_us, energy_uj) = per_sample(cost, found.samples());
        let price = match self.array {
            ArrayKind::Chip => {
                format!(" {time_us:.1} µs and {energy_uj:.1} µJ of the chip per sample.")
            }
            ArrayKind::Ideal | ArrayKind::Mock => String::new(),
        };
        Ok(EvaluateReport {
            layers: layers("Layers in the array's range", of_layers)?,
            warnings: few_lsb(of_layers),
            classes: classes(found)?,
            totals: format!(
                "{:.2} % of {} test samples on {}, whose gain is {:.3}·10⁻³ LSB per activation and \
                 weight unit.{price}",
                100.0 * found.accuracy(),
                found.samples(),
                self.array_name(),
                1e3 * gain_lsb,
            ),
        })
    }

    fn array_name(&self) -> String {
        match (self.array, &self.calibration) {
            (kind @ (ArrayKind::Ideal | ArrayKind::Mock), _) => kind.name().to_owned(),
            (ArrayKind::Chip, Some(_)) => format!("calibrated chip {}", self.chip.seed),
            (ArrayKind::Chip, None) => format!("uncalibrated chip {}", self.chip.seed),
        }
    }
}
