//! The usual ways of training, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Gradients, Ground, Noise, Recipe, Stage};
use crate::{Augmentation, TrainingError};

/// A named way of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Digitally; quantised only when it is brought onto the chip.
    Float,
    /// Then on an array without imperfections.
    QuantisationAware,
    /// Then on a mock: gain and noise measured on the chip by the published protocol.
    Mock,
    /// Then on a mock whose noise grows from none to twice the chip's.
    NoiseInjected,
    /// Then on a mock whose noise differs from sample to sample, around one and a half times the
    /// chip's.
    VarianceAware,
    /// Then on a digital twin that was fitted to the chip.
    Twin,
    /// Then on the twin, and at last a few epochs on the chip.
    TwinThenLoop,
    /// Then on the chip, in the loop.
    InTheLoop,
    /// On the chip from the beginning.
    InTheLoopFromScratch,
    /// Then on the chip at several temperatures, in the loop.
    TemperatureAware,
    /// Longer digital training on changing images, then on the chip, in the loop, with the same.
    Best,
}

/// How much training there is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Epochs of digital training.
    pub digital_epochs: usize,
    /// Epochs on an array, whichever it is.
    pub array_epochs: usize,
    /// Epochs on the chip after a digital twin.
    pub last_epochs: usize,
    /// Samples per step.
    pub batch: usize,
    /// Learning rate of digital training.
    pub digital_rate: f32,
    /// Learning rate on arrays, in weight units.
    pub array_rate: f32,
    /// How images are changed by [`Method::Best`]; nothing for data without images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<Augmentation>,
}

impl Default for Budget {
    /// Enough for handwritten digits.
    fn default() -> Self {
        Self {
            digital_epochs: 20,
            array_epochs: 10,
            last_epochs: 3,
            batch: 100,
            digital_rate: 0.002,
            array_rate: 0.5,
            augmentation: None,
        }
    }
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 11] = [
        Self::Float,
        Self::QuantisationAware,
        Self::Mock,
        Self::NoiseInjected,
        Self::VarianceAware,
        Self::Twin,
        Self::TwinThenLoop,
        Self::InTheLoop,
        Self::InTheLoopFromScratch,
        Self::TemperatureAware,
        Self::Best,
    ];

    /// Name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::QuantisationAware => "quantisation-aware",
            Self::Mock => "mock",
            Self::NoiseInjected => "noise-injected",
            Self::VarianceAware => "variance-aware",
            Self::Twin => "twin",
            Self::TwinThenLoop => "twin-then-loop",
            Self::InTheLoop => "in-the-loop",
            Self::InTheLoopFromScratch => "in-the-loop-from-scratch",
            Self::TemperatureAware => "temperature-aware",
            Self::Best => "best",
        }
    }

    /// One line on what it does.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Float => "digital training only",
            Self::QuantisationAware => "then on an array without imperfections",
            Self::Mock => "then on a mock of the chip's gain and noise",
            Self::NoiseInjected => "then on a mock with noise growing to twice the chip's",
            Self::VarianceAware => "then on a mock with noise that differs from sample to sample",
            Self::Twin => "then on a digital twin fitted to the chip",
            Self::TwinThenLoop => "then on the twin, and a few epochs on the chip",
            Self::InTheLoop => "then on the chip, in the loop",
            Self::InTheLoopFromScratch => "on the chip from the beginning",
            Self::TemperatureAware => "then on the chip at 40, 60 and 80 °C, in the loop",
            Self::Best => "digital training and the loop with changing images, for longer",
        }
    }

    /// What it consists of; stages without epochs are left out.
    pub fn recipe(self, budget: &Budget) -> Recipe {
        let stage = |ground, epochs, rate| Stage {
            batch: budget.batch,
            ..Stage::new(ground, epochs, rate)
        };
        let digital = stage(Ground::Digital, budget.digital_epochs, budget.digital_rate);
        let on = |ground| stage(ground, budget.array_epochs, budget.array_rate);
        let last = || Stage {
            rate: budget.array_rate / 2.0,
            ..stage(Ground::Chip, budget.last_epochs, budget.array_rate)
        };
        let noise = |from, to, spread| Noise { from, to, spread };
        let after = |ground| vec![digital.clone(), on(ground)];
        let mut stages = match self {
            Self::Float => vec![digital],
            Self::QuantisationAware => after(Ground::Ideal),
            Self::Mock => after(Ground::Mock(Noise::default())),
            Self::NoiseInjected => after(Ground::Mock(noise(0.0, 2.0, 0.0))),
            Self::VarianceAware => after(Ground::Mock(noise(1.5, 1.5, 0.5))),
            Self::Twin => after(Ground::Twin(Noise::default())),
            Self::TwinThenLoop => {
                let mut stages = after(Ground::Twin(Noise::default()));
                stages.push(last());
                stages
            }
            Self::InTheLoop => after(Ground::Chip),
            Self::InTheLoopFromScratch => {
                let epochs = budget.digital_epochs.saturating_add(budget.array_epochs);
                vec![stage(Ground::Chip, epochs, 2.0 * budget.array_rate)]
            }
            Self::TemperatureAware => after(Ground::Temperatures {
                celsius: vec![40.0, 60.0, 80.0],
            }),
            Self::Best => {
                let longer = |stage: Stage| Stage {
                    epochs: stage.epochs.saturating_mul(2),
                    augmentation: budget.augmentation,
                    gradients: if stage.ground.is_chip() {
                        Gradients::Mask
                    } else {
                        Gradients::default()
                    },
                    ..stage
                };
                let stages = after(Ground::Chip).into_iter();
                stages.map(longer).collect()
            }
        };
        stages.retain(|stage| stage.epochs > 0);
        Recipe { stages }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = TrainingError;

    fn from_str(name: &str) -> Result<Self, TrainingError> {
        let found = Self::ALL.into_iter().find(|method| method.name() == name);
        found.ok_or_else(|| TrainingError::UnknownMethod {
            name: name.to_owned(),
            known: Self::ALL.map(Self::name).join(", "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_methods_are_found_by_name_and_are_in_range() {
        for method in Method::ALL {
            assert_eq!(method.name().parse::<Method>().unwrap(), method);
            let recipe = method.recipe(&Budget::default());
            recipe.check().unwrap();
            let text = toml::to_string(&recipe).unwrap();
            assert_eq!(toml::from_str::<Recipe>(&text).unwrap(), recipe);
        }
        let unknown = "magic".parse::<Method>().unwrap_err().to_string();
        assert!(unknown.contains("magic") && unknown.contains("twin-then-loop"));
    }

    #[test]
    fn methods_differ() {
        let recipes = Method::ALL.map(|method| method.recipe(&Budget::default()));
        for (index, recipe) in recipes.iter().enumerate() {
            assert!(!recipes[..index].contains(recipe), "{}", Method::ALL[index]);
        }
    }
}
