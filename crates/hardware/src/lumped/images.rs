//! The images of a hemisphere that are kept: a layer that does not fit is loaded in parts, again and again.

use std::collections::VecDeque;

use super::hemisphere::Hemisphere;
use super::image::{Image, Place};
use crate::circuit::Circuit;

/// Images of a hemisphere that are kept at most, and bytes beyond which none is added: enough for a layer of
/// 1024 inputs and outputs on one chip.
const MOST: usize = 64;
const BYTES: usize = 8 << 20;

/// The images of one hemisphere.
#[derive(Clone, Debug)]
pub(super) struct Images {
    /// The one that was used last stands last.
    kept: VecDeque<Image>,
    bytes: usize,
}

impl Images {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self {
            kept: VecDeque::new(),
            bytes: BYTES,
        }
    }

    /// The one that was [found](Self::find) last.
    pub(super) fn current(&self) -> Option<&Image> {
        self.kept.back()
    }

    /// Drops all, as registers act differently.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Makes the image of the weights at hand the current one. Says whether they had to be folded.
    pub(super) fn find(
        &mut self,
        circuit: &Circuit,
        of: &Hemisphere,
        hemisphere: usize,
        place: &Place,
    ) -> bool {
        let synram = &circuit.synrams[hemisphere];
        let holds = |image: &mut Image| image.lies(place) && image.holds(synram);
        if self.kept.back_mut().is_some_and(holds) {
            return false;
        }
        // Where parts take turns, the one that has waited longest comes next.
        let held = self.kept.iter_mut().position(holds);
        if let Some(image) = held.and_then(|number| self.kept.remove(number)) {
            self.kept.push_back(image);
            return false;
        }
        let mut image = self
            .take_similar(circuit, hemisphere, place)
            .or_else(|| self.take_oldest(place))
            .unwrap_or_else(|| Image::new(circuit, of, place.clone()));
        image.fold(circuit, of, hemisphere);
        self.kept.push_back(image);
        true
    }

    /// An image of weights before a little training: nobody will ask for them again.
    fn take_similar(
        &mut self,
        circuit: &Circuit,
        hemisphere: usize,
        place: &Place,
    ) -> Option<Image> {
        let number = self.kept.iter().position(|image| image.lies(place))?;
        if self.kept[number].resembles(&circuit.synrams[hemisphere]) {
            self.kept.remove(number)
        } else {
            None
        }
    }

    /// Makes room for another image; hands out the oldest one if it can be overwritten by that.
    fn take_oldest(&mut self, place: &Place) -> Option<Image> {
        let bytes = |kept: &VecDeque<Image>| kept.iter().map(Image::bytes).sum::<usize>();
        while self.kept.len() >= MOST || bytes(&self.kept) > self.bytes {
            let oldest = self.kept.pop_front()?;
            if oldest.lies(place) {
                return Some(oldest);
            }
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use bss2_core::{ArrayGeometry, ArrayMode, Region};
    use ndarray::Array2;

    use super::*;
    use crate::ChipConfig;
    use crate::conditions::Conditions;
    use crate::instance::Instance;
    use crate::registers::RegisterFile;

    const INPUTS: usize = 20;
    const COLUMNS: usize = 70;

    struct Chip {
        circuit: Circuit,
        hemisphere: Hemisphere,
        images: Images,
    }

    impl Chip {
        fn new() -> Self {
            let geometry = ArrayGeometry::new(1, INPUTS, COLUMNS).unwrap();
            let config = ChipConfig {
                geometry,
                ..ChipConfig::typical()
            };
            let registers = RegisterFile::new(&config.capmem, geometry, 1);
            let instance = Instance::draw(config, 1);
            let celsius = instance.config.temperature.reference_celsius;
            let conditions =
                Conditions::new(&instance.config, &instance.sensitivity, 1, celsius, 0.0);
            let circuit = Circuit::new(&instance, &registers, &conditions, ArrayMode::Membrane);
            Self {
                hemisphere: Hemisphere::new(&circuit, 0),
                images: Images::new(),
                circuit,
            }
        }

        fn load(&mut self, seed: usize) {
            let weights = Array2::from_shape_fn((INPUTS, COLUMNS), |(i, c)| {
                ((i * 31 + c * 17 + seed * (i + c)) % 127) as i8 - 63
            });
            let whole = Region::whole(self.circuit.geometry, 0);
            self.circuit.write_weights(whole, weights.view());
        }

        /// Whether weights had to be folded to run a region.
        fn folds(&mut self, region: Region) -> bool {
            let place = Place::of(region);
            self.images.find(&self.circuit, &self.hemisphere, 0, &place)
        }

        fn folds_whole(&mut self) -> bool {
            self.folds(Region::whole(self.circuit.geometry, 0))
        }
    }

    #[test]
    fn parts_that_take_turns_are_folded_once() {
        let mut chip = Chip::new();
        for turn in 0..3 {
            for part in 0..5 {
                chip.load(part);
                assert_eq!(chip.folds_whole(), turn == 0, "{turn}, {part}");
                assert!(!chip.folds_whole());
            }
        }
        chip.images.clear();
        assert!(chip.folds_whole());
    }

    #[test]
    fn regions_have_images_of_their_own_panels() {
        let mut chip = Chip::new();
        chip.load(1);
        let region = |first_input, first_column| Region {
            hemisphere: 0,
            first_input,
            inputs: 10,
            first_column,
            columns: 20,
        };
        assert!(chip.folds(region(3, 0)));
        assert!(!chip.folds(region(3, 12)), "the same panel");
        assert!(chip.folds(region(3, 13)), "and the next");
        assert!(chip.folds(region(4, 0)), "other inputs");
        let elsewhere = Region {
            first_input: 0,
            inputs: 3,
            ..region(0, 0)
        };
        let weights = Array2::from_elem((3, 20), 7);
        chip.circuit.write_weights(elsewhere, weights.view());
        assert!(!chip.folds(region(3, 0)), "its weights are still there");
    }

    #[test]
    fn weights_in_training_have_one_image() {
        let mut chip = Chip::new();
        for step in 0..10 {
            for part in 0..3 {
                chip.load(part);
                let changed = Region {
                    hemisphere: 0,
                    first_input: step,
                    inputs: 1,
                    first_column: 0,
                    columns: COLUMNS,
                };
                let row = Array2::from_elem((1, COLUMNS), step as i8 - 63);
                chip.circuit.write_weights(changed, row.view());
                assert!(chip.folds_whole(), "{step}, {part}");
            }
        }
        assert_eq!(chip.images.kept.len(), 3);
    }

    #[test]
    fn images_are_bounded() {
        let mut chip = Chip::new();
        for part in 0..2 * MOST {
            chip.load(part);
            assert!(chip.folds_whole());
            assert!(chip.images.kept.len() <= MOST);
        }
        chip.images.bytes = 3 * chip.images.kept[0].bytes();
        chip.images.clear();
        for part in 0..10 {
            chip.load(part);
            assert!(chip.folds_whole());
            assert!(chip.images.kept.len() <= 4);
        }
        let region = Region {
            inputs: INPUTS - 1,
            ..Region::whole(chip.circuit.geometry, 0)
        };
        assert!(chip.folds(region), "in a place of its own");
        assert_eq!(chip.images.kept.len(), 4);
        assert!(!chip.folds_whole(), "the last one was kept");
    }
}
