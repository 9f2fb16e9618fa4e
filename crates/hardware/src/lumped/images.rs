//! The images of a hemisphere that are kept: a layer that does not fit is loaded in parts, again and again.

use std::collections::VecDeque;

use super::hemisphere::Hemisphere;
use super::image::{Image, Place, Scratch};
use crate::circuit::Circuit;
use crate::synram::Synram;

/// Images of a hemisphere that are kept at most, and bytes beyond which none is added: enough for a layer of
/// 1024 inputs and outputs on one chip.
const MOST: usize = 64;
const BYTES: usize = 8 << 20;

/// Searches after which an image that none of them found gives way to others.
const FORGOTTEN_AFTER: u64 = 4 * MOST as u64;

/// The images of one hemisphere. A clone finds its own.
#[derive(Debug)]
pub(super) struct Images {
    /// The one that was used last stands last.
    kept: VecDeque<Kept>,
    bytes_max: usize,
    searches: u64,
    scratch: Scratch,
}

#[derive(Debug)]
struct Kept {
    image: Image,
    /// The search that found it last.
    found: u64,
}

impl Clone for Images {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl Images {
    /// None yet.
    pub(super) fn new() -> Self {
        Self {
            kept: VecDeque::new(),
            bytes_max: BYTES,
            searches: 0,
            scratch: Scratch::default(),
        }
    }

    /// The one that was [found](Self::find) last.
    pub(super) fn current(&self) -> Option<&Image> {
        self.kept.back().map(|kept| &kept.image)
    }

    /// Drops all, as registers act differently.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Makes the image of the weights at hand the current one. Says whether they had to be folded.
    pub(super) fn find(
        &mut self,
        circuit: &Circuit,
        hemisphere: &Hemisphere,
        place: &Place,
    ) -> bool {
        let synram = &circuit.synrams[hemisphere.number];
        let found = self.searches;
        self.searches += 1;
        let holds = |kept: &mut Kept| kept.image.lies(place) && kept.image.holds(synram);
        let last = self.kept.len().checked_sub(1);
        let last = last.filter(|&last| holds(&mut self.kept[last]));
        // Where parts take turns, the one that has waited longest comes next.
        let held = last.or_else(|| self.kept.iter_mut().position(holds));
        if let Some(Kept { image, .. }) = held.and_then(|number| self.kept.remove(number)) {
            self.kept.push_back(Kept { image, found });
            return false;
        }
        let mut image = self
            .take_similar(synram, place)
            .or_else(|| self.make_room(place))
            .unwrap_or_else(|| Image::new(circuit, hemisphere, place.clone()));
        image.fold(circuit, hemisphere, &mut self.scratch);
        self.kept.push_back(Kept { image, found });
        true
    }

    /// An image of weights before a little training: nobody will ask for them again.
    fn take_similar(&mut self, synram: &Synram, place: &Place) -> Option<Image> {
        let similar = |kept: &Kept| kept.image.lies(place) && kept.image.resembles(synram);
        let number = self.kept.iter().position(similar)?;
        self.kept.remove(number).map(|kept| kept.image)
    }

    /// Makes room for another image; hands out one that it can overwrite.
    ///
    /// Where more parts take turns than are kept, each would be forgotten right before its turn if the
    /// oldest one went. The newest goes: the others are there when their turns come.
    fn make_room(&mut self, place: &Place) -> Option<Image> {
        let bytes =
            |kept: &VecDeque<Kept>| -> usize { kept.iter().map(|kept| kept.image.bytes()).sum() };
        while self.kept.len() >= MOST || bytes(&self.kept) > self.bytes_max {
            let forgotten = |oldest: &Kept| self.searches - oldest.found > FORGOTTEN_AFTER;
            let gone = if self.kept.front().is_some_and(forgotten) {
                self.kept.pop_front()
            } else {
                self.kept.pop_back()
            };
            let image = gone?.image;
            if image.lies(place) {
                return Some(image);
            }
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::ops::Range;

    use bss2_core::{ArrayGeometry, ArrayMode, Region};
    use ndarray::Array2;

    use super::*;
    use crate::ChipConfig;
    use crate::conditions::Conditions;
    use crate::instance::Instance;
    use crate::registers::RegisterFile;

    const INPUTS: usize = 20;
    const COLUMNS: usize = 70;

    fn whole() -> Region {
        Region::whole(ArrayGeometry::new(1, INPUTS, COLUMNS).unwrap(), 0)
    }

    fn row(first_input: usize) -> Region {
        Region {
            first_input,
            inputs: 1,
            ..whole()
        }
    }

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

        fn write(&mut self, region: Region, weight: impl Fn((usize, usize)) -> i8) {
            let weights = Array2::from_shape_fn((region.inputs, region.columns), weight);
            self.circuit.write_weights(region, weights.view());
        }

        fn load(&mut self, part: usize) {
            self.write(whole(), |(i, c)| {
                ((i * 31 + c * 17 + part * (i + c)) % 127) as i8 - 63
            });
        }

        /// Whether weights had to be folded to run a region.
        fn folds(&mut self, region: Region) -> bool {
            let place = Place::of(region);
            self.images.find(&self.circuit, &self.hemisphere, &place)
        }

        fn folds_whole(&mut self) -> bool {
            self.folds(whole())
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
        chip.write(elsewhere, |_| 7);
        assert!(!chip.folds(region(3, 0)), "its weights are still there");
    }

    #[test]
    fn weights_in_training_have_one_image() {
        let mut chip = Chip::new();
        chip.load(7);
        assert!(chip.folds_whole(), "and is not asked for again");
        for step in 0..10 {
            for part in 0..3 {
                chip.load(part);
                chip.write(row(step), |_| step as i8 - 63);
                assert!(chip.folds_whole(), "{step}, {part}");
            }
        }
        assert_eq!(chip.images.kept.len(), 4);
    }

    #[test]
    fn weights_that_are_much_alike_take_turns_too() {
        let mut chip = Chip::new();
        let raised = |part: usize| {
            move |(i, c): (usize, usize)| 32 + (((i * 31 + c * 17) * (part + 3)) % 21) as i8 - 10
        };
        for turn in 0..3 {
            for part in 0..5 {
                chip.write(whole(), raised(part));
                assert_eq!(chip.folds_whole(), turn == 0, "{turn}, {part}");
            }
        }
    }

    #[test]
    fn of_more_parts_than_are_kept_some_are_found() {
        let mut chip = Chip::new();
        let mut turn = |parts: Range<usize>| {
            parts
                .map(|part| {
                    chip.load(part);
                    usize::from(chip.folds_whole())
                })
                .sum::<usize>()
        };
        assert_eq!(turn(0..70), 70);
        assert_eq!([turn(0..70), turn(0..70)], [6, 6]);
        let others = || 70..80;
        assert_eq!(turn(others()), 10);
        // The first parts are forgotten for these.
        let turns = [(); 30].map(|()| turn(others()));
        assert_eq!(turns[29], 0, "{turns:?}");
    }

    #[test]
    fn images_are_bounded() {
        let mut chip = Chip::new();
        chip.load(0);
        assert!(chip.folds_whole());
        chip.images.bytes_max = 3 * chip.images.kept[0].image.bytes();
        for part in 1..10 {
            chip.load(part);
            assert!(chip.folds_whole());
            assert!(chip.images.kept.len() <= 4);
        }
        let part = Region {
            inputs: INPUTS - 1,
            ..whole()
        };
        assert!(chip.folds(part), "in a place of its own");
        assert_eq!(chip.images.kept.len(), 4);
        assert!(!chip.folds(part), "the last one is kept");
    }

    #[test]
    fn a_clone_finds_its_own() {
        let mut chip = Chip::new();
        chip.load(1);
        assert!(chip.folds_whole());
        chip.images = chip.images.clone();
        assert!(chip.folds_whole());
    }
}
