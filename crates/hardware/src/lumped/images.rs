//! The images of a hemisphere that are kept: a layer that does not fit is loaded in parts, again and again.

use std::collections::VecDeque;
use std::sync::Arc;

use super::hemisphere::Hemisphere;
use super::image::{Image, Place, Scratch};
use crate::circuit::Circuit;
use crate::synram::Synram;

/// Images of a hemisphere that are kept at most, and bytes beyond which none is added: enough for a layer of
/// 1024 inputs and outputs on one chip.
const MOST: usize = 64;
const BYTES: usize = 8 << 20;

/// Weights of which it is remembered that they were there; and searches after which an image that none of
/// them found gives way to others.
const REMEMBERED: usize = 4 * MOST;

/// The images of one hemisphere. A clone finds its own.
///
/// Images of weights that have to be folded again are kept; those of others, such as weights in training, are
/// made in the memory of one, again and again.
#[derive(Debug)]
pub(super) struct Images {
    /// The one that was found last stands last.
    held: VecDeque<Held>,
    bytes_max: usize,
    searches: u64,
    /// Digests of the weights that were folded.
    folded: VecDeque<u64>,
    scratch: Scratch,
}

#[derive(Debug)]
struct Held {
    /// Runs that are done at once hold theirs, too.
    image: Arc<Image>,
    /// Version of the synram that is known to hold its weights.
    version: u64,
    /// The search that found it last.
    found: u64,
    /// Whether its weights were folded before: they come back.
    comes_back: bool,
}

impl Held {
    /// Whether another image in a place may be made of it.
    fn can_be_overwritten(&self, place: &Place) -> bool {
        self.image.lies(place) && Arc::strong_count(&self.image) == 1
    }
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
            held: VecDeque::new(),
            bytes_max: BYTES,
            searches: 0,
            // Of its full size: steps of training allocate nothing.
            folded: VecDeque::with_capacity(REMEMBERED),
            scratch: Scratch::default(),
        }
    }

    /// Drops all, as registers act differently.
    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.folded.clear();
    }

    /// The image of the weights at hand.
    pub(super) fn find(
        &mut self,
        circuit: &Circuit,
        hemisphere: &Hemisphere,
        place: &Place,
    ) -> Arc<Image> {
        self.look_up(&circuit.synrams[hemisphere.number], place)
            .unwrap_or_else(|| self.fold(circuit, hemisphere, place))
    }

    /// The image of the weights at hand, if there is one.
    fn look_up(&mut self, synram: &Synram, place: &Place) -> Option<Arc<Image>> {
        self.searches += 1;
        let (found, version) = (self.searches, synram.version());
        let holds = |held: &Held| {
            held.image.lies(place) && (held.version == version || held.image.holds(synram))
        };
        // If the last one does not, the one that has waited longest comes next: parts take turns.
        let last = self.held.len().saturating_sub(1);
        let number = match self.held.back() {
            Some(held) if holds(held) => Some(last),
            _ => self.held.iter().position(holds),
        };
        let held = self.held.remove(number?)?;
        let image = held.image.clone();
        self.held.push_back(Held {
            version,
            found,
            ..held
        });
        Some(image)
    }

    /// Makes the image of the weights at hand.
    fn fold(&mut self, circuit: &Circuit, hemisphere: &Hemisphere, place: &Place) -> Arc<Image> {
        let synram = &circuit.synrams[hemisphere.number];
        let comes_back = self.was_folded(place.digest(synram));
        let other = if comes_back {
            None
        } else {
            self.take_another(place)
        };
        let mut image = other
            .or_else(|| self.make_room(place))
            .unwrap_or_else(|| Arc::new(Image::new(circuit, hemisphere, place.clone())));
        let Some(own) = Arc::get_mut(&mut image) else {
            unreachable!("it is new, or no run holds it");
        };
        own.fold(circuit, hemisphere, &mut self.scratch);
        self.held.push_back(Held {
            image: image.clone(),
            version: synram.version(),
            found: self.searches,
            comes_back,
        });
        image
    }

    /// Whether weights of a digest have been folded before, if that is remembered.
    fn was_folded(&mut self, digest: u64) -> bool {
        if self.folded.contains(&digest) {
            return true;
        }
        if self.folded.len() == REMEMBERED {
            self.folded.pop_front();
        }
        self.folded.push_back(digest);
        false
    }

    /// An image that need not be kept.
    fn take_another(&mut self, place: &Place) -> Option<Arc<Image>> {
        let is_free = |held: &Held| !held.comes_back && held.can_be_overwritten(place);
        let number = self.held.iter().position(is_free)?;
        self.held.remove(number).map(|held| held.image)
    }

    /// Makes room for another image; hands out one that it can overwrite.
    ///
    /// Where more parts take turns than are kept, each would be gone right before its turn if the oldest one
    /// went. The newest that no run holds goes: the others are there when their turns come.
    fn make_room(&mut self, place: &Place) -> Option<Arc<Image>> {
        let bytes =
            |held: &VecDeque<Held>| -> usize { held.iter().map(|held| held.image.bytes()).sum() };
        while self.held.len() >= MOST || bytes(&self.held) > self.bytes_max {
            let forgotten = |oldest: &Held| self.searches - oldest.found > REMEMBERED as u64;
            let gone = if self.held.front().is_some_and(forgotten) {
                self.held.pop_front()
            } else {
                let free = |held: &Held| Arc::strong_count(&held.image) == 1;
                let newest = self.held.iter().rposition(free);
                newest.and_then(|newest| self.held.remove(newest))
            };
            let gone = gone?;
            if gone.can_be_overwritten(place) {
                return Some(gone.image);
            }
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::collections::BTreeSet;
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

        fn find(&mut self, region: Region) -> Arc<Image> {
            let place = Place::of(region);
            self.images.find(&self.circuit, &self.hemisphere, &place)
        }

        /// Whether weights had to be folded to run a region.
        fn folds(&mut self, region: Region) -> bool {
            let (place, synram) = (Place::of(region), &self.circuit.synrams[0]);
            let found = self.images.look_up(synram, &place);
            if found.is_none() {
                self.images.fold(&self.circuit, &self.hemisphere, &place);
            }
            found.is_none()
        }

        fn folds_whole(&mut self) -> bool {
            self.folds(whole())
        }
    }

    #[test]
    fn parts_that_take_turns_are_kept_when_they_come_back() {
        let mut chip = Chip::new();
        for turn in 0..4 {
            for part in 0..5 {
                chip.load(part);
                // The last one was still there.
                let folds = turn == 0 || (turn == 1 && part < 4);
                assert_eq!(chip.folds_whole(), folds, "{turn}, {part}");
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
        for step in 0..10 {
            for part in 0..3 {
                chip.load(part);
                chip.write(row(step), |_| step as i8 - 63);
                assert!(chip.folds_whole(), "{step}, {part}");
                assert!(!chip.folds_whole(), "for another batch");
            }
        }
        assert_eq!(chip.images.held.len(), 1);
    }

    #[test]
    fn of_more_parts_than_are_kept_some_are_found() {
        let mut chip = Chip::new();
        let mut turn = |parts: Range<usize>| {
            let fold = |part| {
                chip.load(part);
                usize::from(chip.folds_whole())
            };
            parts.map(fold).sum::<usize>()
        };
        assert_eq!([turn(0..70), turn(0..70)], [70, 69]);
        let folded = [turn(0..70), turn(0..70)];
        assert!(
            folded.iter().all(|folded| (6..9).contains(folded)),
            "{folded:?}"
        );
        // The first parts are forgotten for these.
        let others: Vec<_> = (0..30).map(|_| turn(70..80)).collect();
        assert_eq!((others[0], others[29]), (10, 0), "{others:?}");
    }

    #[test]
    fn images_are_bounded() {
        let mut chip = Chip::new();
        chip.load(0);
        assert!(chip.folds_whole());
        chip.images.bytes_max = 3 * chip.images.held[0].image.bytes();
        for part in (1..10).chain(0..10) {
            chip.load(part);
            let found = chip.find(whole());
            assert!(chip.images.held.len() <= 4);
            let mut fresh = Image::new(&chip.circuit, &chip.hemisphere, Place::of(whole()));
            fresh.fold(&chip.circuit, &chip.hemisphere, &mut Scratch::default());
            assert_eq!(format!("{found:?}"), format!("{fresh:?}"), "{part}");
        }
        let part = Region {
            inputs: INPUTS - 1,
            ..whole()
        };
        assert!(chip.folds(part), "in a place of its own");
        assert_eq!(chip.images.held.len(), 4);
        assert!(!chip.folds(part), "the last one is kept");
    }

    #[test]
    fn images_that_runs_hold_are_left_alone() {
        let mut chip = Chip::new();
        chip.load(0);
        chip.images.bytes_max = 3 * chip.find(whole()).bytes();
        // Weights that come back, of which runs hold more than are kept; then such as never do.
        for turn in 0..2 {
            let runs: Vec<_> = (0..8)
                .map(|part| {
                    chip.load(part);
                    (chip.find(whole()), part)
                })
                .collect();
            for (image, part) in &runs {
                chip.load(*part);
                assert!(image.holds(&chip.circuit.synrams[0]), "{turn}, {part}");
            }
        }
        let mut chip = Chip::new();
        let mut memory = BTreeSet::new();
        for step in 1..10 {
            let runs = [0, 1].map(|number| {
                chip.write(row(number), |_| step);
                chip.find(whole())
            });
            memory.extend(runs.iter().map(|image| Arc::as_ptr(image) as usize));
            assert!(runs[1].holds(&chip.circuit.synrams[0]));
            assert!(!runs[0].holds(&chip.circuit.synrams[0]));
        }
        assert!(memory.len() <= 4, "{memory:?}");
    }

    #[test]
    fn little_is_remembered_of_what_never_comes_back() {
        let mut chip = Chip::new();
        for step in 0..2 * REMEMBERED {
            chip.write(row(0), |(_, c)| (step >> (c % 12) & 1) as i8);
            assert!(chip.folds_whole(), "{step}");
        }
        assert_eq!(chip.images.folded.len(), REMEMBERED);
        assert_eq!(chip.images.held.len(), 1);
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
