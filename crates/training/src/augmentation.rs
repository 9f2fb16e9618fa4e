//! Images, a little different each time they are seen.

use bss2_core::random::{derive_seed, keyed_stream};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::TrainingError;
use crate::error::check_option;

/// How images are moved, turned, stretched and slanted at random while a network is trained. What
/// comes from outside the image is zero; values between pixels are interpolated linearly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Channels of an image, rows and columns; an input is (channel, row, column).
    pub image: (usize, usize, usize),
    /// Largest shift along each axis, in pixels, 0…100; fractions of pixels occur.
    #[serde(default)]
    pub shift_pixels: f32,
    /// Largest turn to either side, in degrees, 0…180.
    #[serde(default)]
    pub turn_degrees: f32,
    /// Largest stretch along each axis: by a factor of 1 − s … 1 + s, 0…0.9.
    #[serde(default)]
    pub stretch: f32,
    /// Largest slant: columns of a row move by −s…s of a pixel per row, 0…1.
    #[serde(default)]
    pub slant: f32,
}

impl Augmentation {
    /// Images as they are.
    pub const fn none(image: (usize, usize, usize)) -> Self {
        Self {
            image,
            shift_pixels: 0.0,
            turn_degrees: 0.0,
            stretch: 0.0,
            slant: 0.0,
        }
    }

    /// Refuses options outside their ranges, and images without pixels.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn check(self) -> Result<Self, TrainingError> {
        let sides = [self.image.0, self.image.1, self.image.2];
        for side in sides {
            check_option("side of an image", side as f64, 1.0, 1e6)?;
        }
        for (name, value, most) in [
            ("shift_pixels", self.shift_pixels, 100.0),
            ("turn_degrees", self.turn_degrees, 180.0),
            ("stretch", self.stretch, 0.9),
            ("slant", self.slant, 1.0),
        ] {
            check_option(name, f64::from(value), 0.0, most)?;
        }
        Ok(self)
    }

    /// Length of an input.
    pub const fn features(&self) -> usize {
        self.image
            .0
            .saturating_mul(self.image.1)
            .saturating_mul(self.image.2)
    }

    /// Writes a sample's image as it is seen in an epoch. The result depends on nothing but the
    /// arguments; both slices have [`features`](Self::features) values.
    pub(crate) fn apply(&self, image: &[f32], seed: u64, epoch: u64, sample: u64, to: &mut [f32]) {
        let map = self.draw(derive_seed(derive_seed(seed, AUGMENTATION), epoch), sample);
        let (_, height, width) = self.image;
        let pixels = height * width;
        for (from, to) in image.chunks_exact(pixels).zip(to.chunks_exact_mut(pixels)) {
            for (row, to) in to.chunks_exact_mut(width).enumerate() {
                for (column, to) in to.iter_mut().enumerate() {
                    let (y, x) = map.source(row as f32, column as f32);
                    *to = interpolated(from, (height, width), y, x);
                }
            }
        }
    }

    /// Where pixels of one image come from.
    fn draw(&self, seed: u64, sample: u64) -> Map {
        let mut rng = keyed_stream(seed, sample);
        let mut within = |most: f32| most * (2.0 * rng.random::<f32>() - 1.0);
        let (sin, cos) = within(self.turn_degrees).to_radians().sin_cos();
        let (tall, wide) = (1.0 + within(self.stretch), 1.0 + within(self.stretch));
        let slant = within(self.slant);
        let (down, right) = (within(self.shift_pixels), within(self.shift_pixels));
        let (_, height, width) = self.image;
        let middle = ((height - 1) as f32 / 2.0, (width - 1) as f32 / 2.0);
        let matrix = [[cos / tall, sin / tall], [(slant - sin) / wide, cos / wide]];
        Map {
            matrix,
            from_middle: (middle.0 + down, middle.1 + right),
            middle,
        }
    }
}

/// A linear map around the middle of an image, and a shift.
struct Map {
    matrix: [[f32; 2]; 2],
    from_middle: (f32, f32),
    middle: (f32, f32),
}

impl Map {
    fn source(&self, row: f32, column: f32) -> (f32, f32) {
        let (y, x) = (row - self.from_middle.0, column - self.from_middle.1);
        let [[yy, yx], [xy, xx]] = self.matrix;
        (
            self.middle.0 + yy * y + yx * x,
            self.middle.1 + xy * y + xx * x,
        )
    }
}

/// Value of an image between its pixels.
fn interpolated(image: &[f32], (height, width): (usize, usize), y: f32, x: f32) -> f32 {
    let (top, left) = (y.floor(), x.floor());
    if top < -1.0 || left < -1.0 || top >= height as f32 || left >= width as f32 {
        return 0.0;
    }
    let (down, right) = (y - top, x - left);
    let (top, left) = (top as isize, left as isize);
    let pixel = |row: isize, column: isize| {
        let inside = (0..height as isize).contains(&row) && (0..width as isize).contains(&column);
        if inside {
            image[row as usize * width + column as usize]
        } else {
            0.0
        }
    };
    let along = |row| pixel(row, left) * (1.0 - right) + pixel(row, left + 1) * right;
    along(top) * (1.0 - down) + along(top + 1) * down
}

/// Purpose number of augmentation under a seed.
const AUGMENTATION: u64 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: [f32; 6] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];

    fn applied(augmentation: Augmentation, sample: u64) -> [f32; 6] {
        let mut to = [f32::NAN; 6];
        augmentation
            .check()
            .unwrap()
            .apply(&IMAGE, 1, 0, sample, &mut to);
        to
    }

    #[test]
    fn without_options_images_stay_as_they_are() {
        assert_eq!(applied(Augmentation::none((1, 2, 3)), 7), IMAGE);
        assert_eq!(applied(Augmentation::none((2, 1, 3)), 7), IMAGE);
    }

    #[test]
    fn a_half_turn_reverses_an_image() {
        let map = Map {
            matrix: [[-1.0, 0.0], [0.0, -1.0]],
            from_middle: (0.5, 1.0),
            middle: (0.5, 1.0),
        };
        assert_eq!(map.source(0.0, 0.0), (1.0, 2.0));
        assert_eq!(interpolated(&IMAGE, (2, 3), 1.0, 2.0), 5.0);
        assert_eq!(interpolated(&IMAGE, (2, 3), 0.5, 0.5), 2.0);
        assert_eq!(interpolated(&IMAGE, (2, 3), -1.5, 0.0), 0.0);
        assert_eq!(interpolated(&IMAGE, (2, 3), 0.0, 2.5), 1.0);
    }

    #[test]
    fn samples_and_epochs_differ_and_repeat() {
        let augmentation = Augmentation {
            shift_pixels: 1.0,
            turn_degrees: 20.0,
            stretch: 0.2,
            slant: 0.1,
            ..Augmentation::none((1, 2, 3))
        };
        assert_eq!(applied(augmentation, 1), applied(augmentation, 1));
        assert_ne!(applied(augmentation, 1), applied(augmentation, 2));
        let mut later = [0.0; 6];
        augmentation.apply(&IMAGE, 1, 1, 1, &mut later);
        assert_ne!(later, applied(augmentation, 1));
    }

    #[test]
    fn every_option_changes_images_and_has_a_range() {
        let none = Augmentation::none((1, 2, 3));
        for change in [
            |a: &mut Augmentation, v: f32| a.shift_pixels = v,
            |a: &mut Augmentation, v: f32| a.turn_degrees = 100.0 * v,
            |a: &mut Augmentation, v: f32| a.stretch = v,
            |a: &mut Augmentation, v: f32| a.slant = v,
        ] {
            let mut changed = none;
            change(&mut changed, 0.5);
            assert_ne!(applied(changed, 1), IMAGE);
            change(&mut changed, 1e4);
            assert!(changed.check().is_err());
            change(&mut changed, f32::NAN);
            assert!(changed.check().is_err());
        }
        assert!(Augmentation::none((1, 0, 3)).check().is_err());
    }
}
