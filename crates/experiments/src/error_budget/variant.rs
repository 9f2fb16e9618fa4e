//! Chips with some sources of error only.

use bss2_hardware::ChipConfig;
use serde::Serialize;

use super::Source;

/// A chip with some sources of error only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Variant {
    /// Every source.
    All,
    /// None: what is left is quantisation.
    Ideal,
    /// All but one.
    Without(Source),
    /// One alone.
    Only(Source),
}

impl Variant {
    /// All that are compared.
    pub(super) fn all(sources: &[Source]) -> Vec<Self> {
        let without = sources.iter().map(|&source| Self::Without(source));
        let only = sources.iter().map(|&source| Self::Only(source));
        [Self::All, Self::Ideal]
            .into_iter()
            .chain(without)
            .chain(only)
            .collect()
    }

    /// The chip.
    pub(super) fn of(self, chip: &ChipConfig) -> ChipConfig {
        let is_on = |source: Source| match self {
            Self::All => true,
            Self::Ideal => false,
            Self::Without(other) => source != other,
            Self::Only(other) => source == other,
        };
        let off = Source::ALL.into_iter().filter(|&source| !is_on(source));
        off.flat_map(Source::imperfections)
            .fold(chip.clone(), |chip, &imperfection| {
                chip.without(imperfection)
            })
    }

    pub(super) fn text(self) -> String {
        match self {
            Self::All => "all sources".to_owned(),
            Self::Ideal => "none (quantisation alone)".to_owned(),
            Self::Without(source) => format!("without {}", source.name()),
            Self::Only(source) => format!("{} alone", source.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_switched_alone() {
        let chip = ChipConfig::typical();
        assert_eq!(Variant::All.of(&chip), chip);
        let without = Variant::Without(Source::ReadNoise).of(&chip);
        assert_eq!(
            (without.noise.read_lsb, without.noise.reset_lsb),
            (0.0, chip.noise.reset_lsb)
        );
        let only = Variant::Only(Source::ReadNoise).of(&chip);
        assert_eq!(
            (only.noise.read_lsb, only.noise.reset_lsb),
            (chip.noise.read_lsb, 0.0)
        );
        assert_ne!(Variant::Ideal.of(&chip), only);
        assert_eq!(Variant::all(&Source::ALL).len(), 2 + 2 * Source::ALL.len());
    }
}
