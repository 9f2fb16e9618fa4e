//! How much work a study does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ExperimentError;

/// How much work a study is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Few chips: about three minutes on two cores with the embedded digits.
    #[default]
    Quick,
    /// More chips and epochs.
    Standard,
    /// Twice as many chips as standard, and more epochs again.
    Full,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Standard, Self::Full];

    /// Name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
        }
    }

    /// One line on what it does.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Quick => "few chips: about three minutes on two cores with the embedded digits",
            Self::Standard => "more chips and epochs",
            Self::Full => "twice as many chips as standard, and more epochs again",
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = ExperimentError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.name() == name)
            .ok_or_else(|| ExperimentError::UnknownPreset {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_refused() {
        for preset in Preset::ALL {
            assert_eq!(preset.name().parse::<Preset>().unwrap(), preset);
        }
        let refused = "huge".parse::<Preset>().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "unknown preset 'huge', known are: quick, standard, full"
        );
    }
}
