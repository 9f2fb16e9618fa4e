//! The Yin-Yang data set.

use rand::{Rng, RngExt};

use crate::{
    DataError, Dataset, FeatureShape, Samples, Split,
    random::{self, Purpose},
};

const R_BIG: f64 = 0.5;
const R_SMALL: f64 = 0.1;
const CLASSES: u8 = 3;
const DOT: u8 = 2;
const SHAPE: FeatureShape = FeatureShape::known(1, 4, 1);
const TRAIN_STREAM: u64 = 0;
const TEST_STREAM: u64 = 1;

/// Points in a yin-yang sign, to be told apart as yin, yang or dot.
///
/// The sign is a disc of radius 0.5 around (0.5, 0.5), with dots of radius 0.1 around (0.25, 0.5) and
/// (0.75, 0.5). Each sample has the features x, y, 1 − x, 1 − y, all in `0..=1` (the mirrored pair
/// spares networks a bias). A class is drawn first, each of the three with equal probability, then
/// points until one lies in that class: the classes are balanced although the dots are small, and
/// points are uniform within each class.
///
/// Source: L. Kriener, J. Göltz, M. A. Petrovici, *The Yin-Yang dataset*, NICE 2022,
/// <https://doi.org/10.1145/3517343.3517380>, and the generator published with it,
/// <https://github.com/lkriener/yin_yang_data_set>. Geometry, class numbers and procedure are the
/// same; the random numbers are not, so neither are the individual points. The paper uses 5000
/// training and 1000 test samples.
///
/// ```
/// use bss2_data::{Dataset, YinYang};
///
/// let set = YinYang::new(5000, 1000, 42)?;
/// let split = set.split()?;
/// assert_eq!((split.train.len(), split.test.len()), (5000, 1000));
/// # Ok::<(), bss2_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YinYang {
    train: usize,
    test: usize,
    seed: u64,
}

impl YinYang {
    /// The most samples that either side may have; more than enough to exhaust what the set can
    /// teach, and little enough to stay below 300 MiB.
    pub const MAX_SAMPLES: usize = 1 << 24;

    /// What the labels 0, 1 and 2 stand for in the published generator.
    pub const CLASS_NAMES: [&'static str; 3] = ["yin", "yang", "dot"];

    /// A set with `train` training and `test` test samples. The two come from separate random streams
    /// of the seed, so that changing one count leaves the other side as it is.
    ///
    /// # Errors
    ///
    /// [`DataError::SampleCount`] if a count is not in `1..=`[`MAX_SAMPLES`](Self::MAX_SAMPLES).
    pub fn new(train: usize, test: usize, seed: u64) -> Result<Self, DataError> {
        check_count("training", train)?;
        check_count("test", test)?;
        Ok(Self { train, test, seed })
    }

    /// The class at a point of the plane: 0 (yin), 1 (yang) or 2 (dot), and `None` outside the sign.
    ///
    /// Every generated sample has the label that this gives for its first two features.
    pub fn class_at(x: f64, y: f64) -> Option<u8> {
        let to_centre = distance([x, y], [R_BIG, R_BIG]);
        if to_centre.is_nan() || to_centre > R_BIG {
            return None;
        }
        let to_right_dot = distance([x, y], [1.5 * R_BIG, R_BIG]);
        let to_left_dot = distance([x, y], [0.5 * R_BIG, R_BIG]);
        if to_right_dot < R_SMALL || to_left_dot < R_SMALL {
            return Some(DOT);
        }
        // The published code calls this region yin, yet numbers it 1, which its list of class names
        // calls yang. The numbers are what results depend on: they are kept.
        let on_edge_of_right_dot = to_right_dot <= R_SMALL;
        let in_left_lobe = to_left_dot > R_SMALL && to_left_dot <= 0.5 * R_BIG;
        let above_right_lobe = y > R_BIG && to_right_dot > 0.5 * R_BIG;
        Some(u8::from(
            on_edge_of_right_dot || in_left_lobe || above_right_lobe,
        ))
    }
}

impl Dataset for YinYang {
    fn name(&self) -> &'static str {
        "yin-yang"
    }

    fn num_classes(&self) -> usize {
        usize::from(CLASSES)
    }

    fn feature_shape(&self) -> FeatureShape {
        SHAPE
    }

    /// Generates the samples; does not fail.
    fn split(&self) -> Result<Split, DataError> {
        let part = |stream, count| {
            generate(
                &mut random::stream(self.seed, Purpose::YinYang, stream),
                count,
            )
        };
        Ok(Split {
            train: part(TRAIN_STREAM, self.train)?,
            test: part(TEST_STREAM, self.test)?,
        })
    }
}

/// The distance of two points, without `hypot`: that may differ between platforms in the last bit.
fn distance([x, y]: [f64; 2], [to_x, to_y]: [f64; 2]) -> f64 {
    let (dx, dy) = (x - to_x, y - to_y);
    (dx * dx + dy * dy).sqrt()
}

fn check_count(part: &'static str, found: usize) -> Result<(), DataError> {
    let max = YinYang::MAX_SAMPLES;
    if (1..=max).contains(&found) {
        Ok(())
    } else {
        Err(DataError::SampleCount { part, found, max })
    }
}

fn generate(rng: &mut impl Rng, count: usize) -> Result<Samples, DataError> {
    let mut values = Vec::with_capacity(count * SHAPE.features());
    let mut labels = Vec::with_capacity(count);
    for _ in 0..count {
        let class = rng.random_range(0..CLASSES);
        let [x, y] = point_in(class, rng);
        values.extend([x, y, 1.0 - x, 1.0 - y]);
        labels.push(class);
    }
    Samples::from_flat(SHAPE.features(), values, labels)
}

/// A uniformly distributed point of a class.
///
/// Coordinates are drawn as `f32`, that is as multiples of 2⁻²⁴, so that 1 − x is exact and the label
/// belongs to the very value that is stored.
fn point_in(class: u8, rng: &mut impl Rng) -> [f32; 2] {
    loop {
        let [x, y]: [f32; 2] = rng.random();
        if YinYang::class_at(f64::from(x), f64::from(y)) == Some(class) {
            return [x, y];
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use std::f64::consts::PI;

    use ndarray::{Axis, array};

    use super::*;

    #[test]
    fn landmarks_have_the_published_class() {
        for ((x, y), class) in [
            ((0.25, 0.5), Some(2)),
            ((0.75, 0.5), Some(2)),
            ((0.75, 0.59), Some(2)),
            ((0.25, 0.41), Some(2)),
            ((0.4, 0.45), Some(1)),
            ((0.6, 0.55), Some(0)),
            ((0.75, 0.65), Some(0)),
            ((0.25, 0.35), Some(1)),
            ((0.5, 0.9), Some(1)),
            ((0.5, 0.1), Some(0)),
            ((0.5, 1.0), Some(1)),
            ((0.0, 0.0), None),
            ((1.0, 0.9), None),
            ((f64::NAN, 0.5), None),
            ((0.5, f64::INFINITY), None),
        ] {
            assert_eq!(YinYang::class_at(x, y), class, "({x}, {y})");
        }
    }

    #[test]
    fn turning_the_sign_by_half_swaps_yin_and_yang() {
        for row in 0..500 {
            for column in 0..500 {
                // Odd multiples of 1/1000 keep clear of the dividing line y = 0.5.
                let (x, y) = (
                    f64::from(2 * column + 1) / 1000.0,
                    f64::from(2 * row + 1) / 1000.0,
                );
                let turned = YinYang::class_at(x, y).map(|class| [1, 0, 2][usize::from(class)]);
                assert_eq!(YinYang::class_at(1.0 - x, 1.0 - y), turned, "({x}, {y})");
            }
        }
    }

    #[test]
    fn areas_are_those_of_the_sign() {
        const SIDE: u32 = 1000;
        let mut inside = [0_u32; 3];
        for cell in 0..SIDE * SIDE {
            let x = (f64::from(cell % SIDE) + 0.5) / f64::from(SIDE);
            let y = (f64::from(cell / SIDE) + 0.5) / f64::from(SIDE);
            if let Some(class) = YinYang::class_at(x, y) {
                inside[usize::from(class)] += 1;
            }
        }
        let dots = 2.0 * PI * 0.01;
        let half = (PI * 0.25 - dots) / 2.0;
        for (count, area) in inside.into_iter().zip([half, half, dots]) {
            let found = f64::from(count) / f64::from(SIDE * SIDE);
            assert!((found - area).abs() < 5e-4, "{found} instead of {area}");
        }
    }

    #[test]
    fn counts_out_of_range_are_refused() {
        for (train, test, bad) in [
            (0, 1, "training"),
            (1, 0, "test"),
            (YinYang::MAX_SAMPLES + 1, 1, "training"),
            (1, usize::MAX, "test"),
        ] {
            let error = YinYang::new(train, test, 0).unwrap_err();
            assert!(
                matches!(error, DataError::SampleCount { part, .. } if part == bad),
                "{error}"
            );
        }
    }

    #[test]
    fn values_are_stable() {
        // Computed apart from this code, with ChaCha8 written out in another language.
        let split = YinYang::new(3, 2, 42).unwrap().split().unwrap();
        let points = |samples: &Samples| {
            samples
                .inputs()
                .slice_axis(Axis(1), (..2).into())
                .to_owned()
        };
        assert_eq!(split.train.labels(), [0, 0, 2]);
        assert_eq!(
            points(&split.train),
            array![
                [0.498_364_98, 0.002_842_366_7],
                [0.618_557_45, 0.232_163_13],
                [0.174_959_66, 0.466_145_75],
            ]
        );
        assert_eq!(split.test.labels(), [1, 1]);
        assert_eq!(
            points(&split.test),
            array![[0.100_998_94, 0.511_121_1], [0.074_479_1, 0.760_453_34]]
        );
    }
}
