//! Where noise is put.

use serde::{Deserialize, Serialize};

/// Which linear layers have noisy outputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Place {
    All,
    /// One, with its number, counted from 0, and its name.
    Layer(usize, String),
}

impl Place {
    /// All together, then every layer by itself.
    pub(super) fn all(layers: Vec<String>) -> Vec<Self> {
        let layers = layers.into_iter().enumerate();
        let layers = layers.map(|(number, name)| Self::Layer(number, name));
        [Self::All].into_iter().chain(layers).collect()
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::All => "all layers",
            Self::Layer(_, name) => name,
        }
    }

    pub(super) const fn holds(&self, layer: usize) -> bool {
        match self {
            Self::All => true,
            Self::Layer(number, _) => *number == layer,
        }
    }

    /// The number of a layer by itself.
    pub(super) const fn layer(&self) -> Option<usize> {
        match self {
            Self::All => None,
            Self::Layer(number, _) => Some(*number),
        }
    }
}
