//! The colours of heat maps: viridis, evenly spaced to the eye and safe for the colour-blind.

/// Viridis at equal distances, as red, green and blue.
const VIRIDIS: [[u8; 3]; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2d, 0x7b],
    [0x3b, 0x52, 0x8b],
    [0x2c, 0x72, 0x8e],
    [0x21, 0x91, 0x8c],
    [0x28, 0xae, 0x80],
    [0x5e, 0xc9, 0x62],
    [0xad, 0xdc, 0x30],
    [0xfd, 0xe7, 0x25],
];

/// A colour of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour([u8; 3]);

impl Colour {
    /// The colour at `fraction` of the way from the low to the high end.
    pub(super) fn at(fraction: f64) -> Self {
        let place = fraction.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
        let below = (place as usize).min(VIRIDIS.len() - 2);
        let rest = place - below as f64;
        let mix = |channel: usize| {
            let (low, high) = (
                f64::from(VIRIDIS[below][channel]),
                f64::from(VIRIDIS[below + 1][channel]),
            );
            (low + (high - low) * rest).round() as u8
        };
        Self([mix(0), mix(1), mix(2)])
    }

    /// The colour as CSS writes it.
    pub(super) fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// The class of text that is readable on this colour.
    pub(super) fn text_class(self) -> &'static str {
        let [red, green, blue] = self.0.map(f64::from);
        let brightness = 0.299 * red + 0.587 * green + 0.114 * blue;
        if brightness > 125.0 {
            "on-light"
        } else {
            "on-dark"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_from_end_to_end_and_brightens_all_the_way() {
        assert_eq!(Colour::at(-1.0).hex(), "#440154");
        assert_eq!(Colour::at(0.5).hex(), "#21918c");
        assert_eq!(Colour::at(2.0).hex(), "#fde725");
        let brightness = |step: i32| {
            let [red, green, blue] = Colour::at(f64::from(step) / 40.0).0.map(f64::from);
            0.299 * red + 0.587 * green + 0.114 * blue
        };
        assert!((0..40).all(|step| brightness(step) < brightness(step + 1)));
    }
}
