//! What is compared with the published figures, and how.

/// One quantity, with the band in which it has to lie if it is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check {
    /// Row of the table of validation.
    pub(super) row: u8,
    pub(super) quantity: &'static str,
    pub(super) unit: &'static str,
    /// Without a band the quantity is shown, not judged.
    pub(super) band: Option<Band>,
    /// Decimals that are worth showing.
    pub(super) decimals: usize,
    pub(super) source: &'static str,
    /// How the protocol departs from its source, and which limits are ours; may be empty.
    pub(super) departure: &'static str,
}

/// A range of accepted values; the ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Band {
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Band {
    pub(super) const fn new(min: f64, max: f64) -> Self {
        Self { min, max }
    }

    pub(super) const fn at_least(min: f64) -> Self {
        Self {
            min,
            max: f64::INFINITY,
        }
    }

    pub(super) const fn at_most(max: f64) -> Self {
        Self {
            min: f64::NEG_INFINITY,
            max,
        }
    }

    /// A published value and how far from it a simulated one may lie.
    pub(super) const fn around(value: f64, distance: f64) -> Self {
        Self {
            min: value - distance,
            max: value + distance,
        }
    }

    pub(super) fn contains(self, value: f64) -> bool {
        (self.min..=self.max).contains(&value)
    }
}

impl Check {
    /// A quantity of a row that is shown, not judged.
    pub(super) const fn shown(
        row: u8,
        quantity: &'static str,
        unit: &'static str,
        decimals: usize,
        source: &'static str,
    ) -> Self {
        Self {
            row,
            quantity,
            unit,
            band: None,
            decimals,
            source,
            departure: "",
        }
    }

    /// The same quantity, judged by a band.
    pub(super) const fn within(mut self, band: Band) -> Self {
        self.band = Some(band);
        self
    }

    /// Says how the protocol departs from the source.
    pub(super) const fn departing(mut self, departure: &'static str) -> Self {
        self.departure = departure;
        self
    }

    /// The quantity, with its unit where it has one.
    pub(super) fn quantity_with_unit(&self) -> String {
        match self.unit {
            "1" => self.quantity.to_owned(),
            unit => format!("{} ({unit})", self.quantity),
        }
    }

    /// The band in words.
    pub(super) fn target(&self) -> String {
        let Some(Band { min, max }) = self.band else {
            return "–".to_owned();
        };
        let number = |value| crate::plot::fixed(value, self.decimals);
        match (min.is_finite(), max.is_finite()) {
            (true, true) => format!("{}…{}", number(min), number(max)),
            (true, false) => format!("≥ {}", number(min)),
            _ => format!("≤ {}", number(max)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_belong_to_a_band_and_nan_to_none() {
        let band = Band::around(3.0, 1.0);
        assert!(band.contains(2.0) && band.contains(4.0));
        assert!(!band.contains(1.99) && !band.contains(f64::NAN));
        assert!(Band::at_least(1.0).contains(1e9) && !Band::at_most(1.0).contains(1.1));
    }

    #[test]
    fn what_is_only_shown_has_no_target() {
        let shown = Check::shown(1, "gain", "1", 1, "a source");
        assert_eq!(shown.target(), "–");
        assert_eq!(shown.within(Band::new(1.0, 2.0)).target(), "1.0…2.0");
        assert_eq!(shown.within(Band::at_most(2.0)).target(), "≤ 2.0");
    }
}
