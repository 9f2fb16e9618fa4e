//! Ways of training a network for a chip, as data.

mod arrays;
mod catalogue;
mod checkpoint;
mod lab;
mod measured;
mod run;

use serde::{Deserialize, Serialize};

use crate::error::check_option;
use crate::{
    Adam, Augmentation, CrossEntropy, Loss, MeanSquare, Optimizer, RateSchedule, Sgd, TrainingError,
};

pub use catalogue::{Budget, Method};
pub use checkpoint::Checkpoint;
pub use lab::{Lab, OneChip};
pub use measured::ChipFigures;
pub use run::{RecipeRun, StageProgress, StageReport, Trained};

/// A way of training: stages, one after the other. Stages on arrays begin with the network of the
/// digital stages before them, brought onto the array.
///
/// [`Method`] names the usual ones; others may be written down.
///
/// ```
/// use bss2_training::Recipe;
///
/// let recipe: Recipe = toml::from_str(
///     r#"
///     [[stages]]
///     ground = "digital"
///     epochs = 20
///     rate = 0.002
///
///     [[stages]]
///     ground = { mock = { from = 1.0, to = 2.0 } } # growing noise
///     epochs = 10
///     rate = 0.5
///     rates = { cosine = { to = 0.05 } }
///     "#,
/// )?;
/// recipe.check()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What is done, in order; digital stages come before all others. None at all leaves a network as it
    /// begins.
    pub stages: Vec<Stage>,
}

/// A part of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What the network runs on.
    pub ground: Ground,
    /// Passes over the training samples, 1…10⁶.
    pub epochs: usize,
    /// Samples per step, 1…10⁶.
    #[serde(default = "usual_batch")]
    pub batch: usize,
    /// How gradients become steps.
    #[serde(default)]
    pub optimizer: OptimizerChoice,
    /// Learning rate at first: about 0.002 for digital weights, 0.1…1 for those of the array, whose
    /// unit is that of the synapses' 6 bits.
    pub rate: f32,
    /// How it changes.
    #[serde(default)]
    pub rates: RateSchedule,
    /// Share of each weight that a step of rate 1 takes away, 0…1.
    #[serde(default)]
    pub weight_decay: f32,
    /// What is made small.
    #[serde(default)]
    pub loss: LossChoice,
    /// Logits per unit of output under cross-entropy; without it 1 for digital networks and 0.3 per LSB
    /// on arrays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logits_per_unit: Option<f32>,
    /// How the backward pass sees the array; digital networks have none.
    #[serde(default)]
    pub gradients: Gradients,
    /// How images are changed whenever they are seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<Augmentation>,
    /// Epochs without a better validation accuracy after which the stage ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
}

const fn usual_batch() -> usize {
    100
}

/// What a network runs on while it is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Nothing but numbers: the network is not quantised.
    Digital,
    /// An array of the chip's gain without imperfections: the network is quantised.
    Ideal,
    /// The same with Gaussian noise of the chip's strength.
    Mock(Noise),
    /// A digital twin that was fitted to the chip.
    Twin(Noise),
    /// The chip, in the loop.
    Chip,
    /// The chip in the loop at several temperatures, step by step.
    Temperatures {
        /// In °C.
        celsius: Vec<f32>,
    },
    /// Mocks of several gains, step by step: a drift that is foreseen.
    Drift {
        /// Gains relative to the chip's, each 0.1…10.
        gains: Vec<f32>,
    },
}

/// How strong noise is while a network is trained, in terms of the chip's. Validation sees the chip's
/// noise in every epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Noise {
    /// Factor in the first epoch, 0…100.
    pub from: f32,
    /// Factor in the last, even if it is the only one, 0…100; linear in between.
    pub to: f32,
    /// Standard deviation of the factor from vector to vector, relative, 0…10.
    pub spread: f32,
}

impl Default for Noise {
    /// The chip's noise.
    fn default() -> Self {
        Self {
            from: 1.0,
            to: 1.0,
            spread: 0.0,
        }
    }
}

/// How the backward pass sees the array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gradients {
    /// An exact multiplier of the measured gain.
    #[default]
    Linear,
    /// The same, but none where outputs are saturated.
    Mask,
    /// A saturation that sets in smoothly, as measured.
    Smooth,
    /// The derivative of a digital twin that was fitted to the chip.
    Twin,
}

/// What training makes small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossChoice {
    /// [`CrossEntropy`].
    #[default]
    CrossEntropy,
    /// [`MeanSquare`] with a target of 1 for digital networks, of 60 LSB on arrays, and 0 for the outputs
    /// of other classes.
    MeanSquare,
}

/// How gradients become steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerChoice {
    /// [`Adam`].
    #[default]
    Adam,
    /// [`Sgd`].
    Sgd {
        /// Momentum, 0…0.999.
        momentum: f32,
    },
}

impl Recipe {
    /// Refuses options outside their ranges or without a meaning, and digital stages after others.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`], [`TrainingError::Meaningless`] or
    /// [`TrainingError::StageOrder`].
    pub fn check(&self) -> Result<(), TrainingError> {
        check_option("number of stages", self.stages.len() as f64, 0.0, 100.0)?;
        let on_array = self
            .stages
            .iter()
            .position(|stage| stage.ground != Ground::Digital);
        for (index, stage) in self.stages.iter().enumerate() {
            if stage.ground == Ground::Digital && on_array.is_some_and(|first| first < index) {
                return Err(TrainingError::StageOrder { stage: index });
            }
            stage.check()?;
        }
        Ok(())
    }

    /// Whether a stage, or what its gradients are made from, needs a chip.
    pub fn needs_chip(&self) -> bool {
        self.stages.iter().any(Stage::needs_chip)
    }

    /// Whether a digital twin of the chip is needed.
    pub fn needs_twin(&self) -> bool {
        self.stages.iter().any(Stage::needs_twin)
    }

    /// Whether a stage runs on the chip itself.
    pub fn is_in_the_loop(&self) -> bool {
        self.stages.iter().any(|stage| stage.ground.is_chip())
    }
}

impl Stage {
    /// Adam with a cosine schedule and a batch of 100, linear gradients.
    pub fn new(ground: Ground, epochs: usize, rate: f32) -> Self {
        Self {
            ground,
            epochs,
            batch: usual_batch(),
            optimizer: OptimizerChoice::Adam,
            rate,
            rates: RateSchedule::Cosine { to: 0.02 },
            weight_decay: 0.0,
            loss: LossChoice::CrossEntropy,
            logits_per_unit: None,
            gradients: Gradients::Linear,
            augmentation: None,
            patience: None,
        }
    }

    fn check(&self) -> Result<(), TrainingError> {
        self.optimizer()?;
        self.ground.check()?;
        self.rates.check()?;
        self.loss_function().check()?;
        check_option("epochs", self.epochs as f64, 1.0, 1e6)?;
        check_option("batch", self.batch as f64, 1.0, 1e6)?;
        check_option("patience", self.patience.unwrap_or(1) as f64, 1.0, 1e6)?;
        check_option("weight_decay", f64::from(self.weight_decay), 0.0, 1.0)?;
        if self.ground == Ground::Digital && self.gradients != Gradients::default() {
            return Err(TrainingError::Meaningless {
                option: "gradients",
                with: "ground = \"digital\"",
            });
        }
        if self.loss == LossChoice::MeanSquare && self.logits_per_unit.is_some() {
            return Err(TrainingError::Meaningless {
                option: "logits_per_unit",
                with: "loss = \"mean_square\"",
            });
        }
        match self.augmentation {
            Some(augmentation) => augmentation.check().map(|_| ()),
            None => Ok(()),
        }
    }

    fn needs_chip(&self) -> bool {
        !matches!(self.ground, Ground::Digital | Ground::Ideal)
            || matches!(self.gradients, Gradients::Smooth | Gradients::Twin)
    }

    pub(crate) fn optimizer(&self) -> Result<Box<dyn Optimizer>, TrainingError> {
        Ok(match self.optimizer {
            OptimizerChoice::Adam => {
                Box::new(Adam::new(self.rate)?.with_weight_decay(self.weight_decay)?)
            }
            OptimizerChoice::Sgd { momentum } => {
                Box::new(Sgd::new(self.rate, momentum)?.with_weight_decay(self.weight_decay)?)
            }
        })
    }

    pub(crate) fn loss_function(&self) -> Box<dyn Loss> {
        let (logits_per_unit, target) = match self.ground {
            Ground::Digital => (1.0, 1.0),
            _ => (0.3, 60.0),
        };
        match self.loss {
            LossChoice::CrossEntropy => Box::new(CrossEntropy {
                logits_per_unit: self.logits_per_unit.unwrap_or(logits_per_unit),
            }),
            LossChoice::MeanSquare => Box::new(MeanSquare {
                target,
                off_target: 0.0,
            }),
        }
    }
}

impl Ground {
    /// A name for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Digital => "digital",
            Self::Ideal => "ideal array",
            Self::Mock(_) => "mock",
            Self::Twin(_) => "digital twin",
            Self::Chip => "chip in the loop",
            Self::Temperatures { .. } => "chip at several temperatures",
            Self::Drift { .. } => "mocks of several gains",
        }
    }

    /// Whether it is the chip itself.
    pub const fn is_chip(&self) -> bool {
        matches!(self, Self::Chip | Self::Temperatures { .. })
    }

    fn check(&self) -> Result<(), TrainingError> {
        match self {
            Self::Digital | Self::Ideal | Self::Chip => Ok(()),
            Self::Mock(noise) | Self::Twin(noise) => noise.check(),
            Self::Temperatures { celsius } => {
                check_option("number of temperatures", celsius.len() as f64, 1.0, 100.0)?;
                celsius.iter().try_for_each(|&celsius| {
                    check_option("temperature in °C", f64::from(celsius), -40.0, 125.0)
                })
            }
            Self::Drift { gains } => {
                check_option("number of gains", gains.len() as f64, 1.0, 100.0)?;
                gains
                    .iter()
                    .try_for_each(|&gain| check_option("relative gain", f64::from(gain), 0.1, 10.0))
            }
        }
    }
}

impl Noise {
    fn check(self) -> Result<(), TrainingError> {
        check_option("noise from", f64::from(self.from), 0.0, 100.0)?;
        check_option("noise to", f64::from(self.to), 0.0, 100.0)?;
        check_option("spread of noise", f64::from(self.spread), 0.0, 10.0)
    }
}
