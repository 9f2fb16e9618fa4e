//! The rectangle of a synram that a block of weights occupies.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::slice;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::{ACTIVATION_MAX, ArrayError, ArrayGeometry, WEIGHT_MAX};

/// A rectangle of signed inputs × columns in the synram of one hemisphere.
///
/// Weights are loaded into a region, and a run drives the inputs and reads the columns of one.
/// Drivers outside stay silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Region {
    /// Index of the hemisphere.
    pub hemisphere: usize,
    /// First signed input (synapse driver).
    pub first_input: usize,
    /// Number of signed inputs.
    pub inputs: usize,
    /// First column.
    pub first_column: usize,
    /// Number of columns.
    pub columns: usize,
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            hemisphere,
            first_input,
            inputs,
            first_column,
            columns,
        } = self;
        write!(
            f,
            "hemisphere {hemisphere}, {inputs} inputs from {first_input}, {columns} columns from \
             {first_column}"
        )
    }
}

impl Region {
    /// The whole synram of a hemisphere.
    pub const fn whole(geometry: ArrayGeometry, hemisphere: usize) -> Self {
        Self {
            hemisphere,
            first_input: 0,
            inputs: geometry.inputs(),
            first_column: 0,
            columns: geometry.columns(),
        }
    }

    /// The inputs as an index range.
    pub const fn input_range(&self) -> Range<usize> {
        self.first_input..self.first_input.saturating_add(self.inputs)
    }

    /// The columns as an index range.
    pub const fn column_range(&self) -> Range<usize> {
        self.first_column..self.first_column.saturating_add(self.columns)
    }

    /// Checks that the region is not empty and lies on the array.
    ///
    /// # Errors
    /// [`ArrayError::RegionOutside`].
    pub fn check(&self, geometry: ArrayGeometry) -> Result<(), ArrayError> {
        let fits = |first: usize, count: usize, limit: usize| {
            count > 0 && first.checked_add(count).is_some_and(|end| end <= limit)
        };
        let inside = self.hemisphere < geometry.hemispheres()
            && fits(self.first_input, self.inputs, geometry.inputs())
            && fits(self.first_column, self.columns, geometry.columns());
        if inside {
            Ok(())
        } else {
            Err(ArrayError::RegionOutside {
                region: *self,
                geometry,
            })
        }
    }

    /// Checks a block of weights (inputs × columns, −63…63) that is to be loaded here.
    ///
    /// # Errors
    /// [`ArrayError::RegionOutside`], [`ArrayError::Shape`] or [`ArrayError::WeightOutOfRange`].
    pub fn check_weights(
        &self,
        geometry: ArrayGeometry,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.check_weights_within(geometry, weights, -WEIGHT_MAX..=WEIGHT_MAX)
    }

    /// Checks a block of weights (inputs × columns) that is to be loaded here and has to lie in a
    /// range, such as that of a [mode](crate::ArrayMode::weights).
    ///
    /// # Errors
    /// [`ArrayError::RegionOutside`], [`ArrayError::Shape`] or [`ArrayError::WeightOutOfRange`].
    pub fn check_weights_within(
        &self,
        geometry: ArrayGeometry,
        weights: ArrayView2<'_, i8>,
        range: RangeInclusive<i8>,
    ) -> Result<(), ArrayError> {
        self.check(geometry)?;
        expect_shape("weights", (self.inputs, self.columns), weights.dim())?;
        match find_outside(weights, range.clone()) {
            None => Ok(()),
            Some(((input, column), value)) => Err(ArrayError::WeightOutOfRange {
                value,
                min: *range.start(),
                max: *range.end(),
                input,
                column,
            }),
        }
    }

    /// Checks the activations (vectors × inputs, 0…31) and the shape of the outputs (vectors ×
    /// columns) of a run on this region.
    ///
    /// # Errors
    /// [`ArrayError::RegionOutside`], [`ArrayError::Shape`] or [`ArrayError::ActivationOutOfRange`].
    pub fn check_run(
        &self,
        geometry: ArrayGeometry,
        activations: ArrayView2<'_, u8>,
        outputs: (usize, usize),
    ) -> Result<(), ArrayError> {
        self.check_run_shape(geometry, activations.dim(), outputs)?;
        match find_outside(activations, 0..=ACTIVATION_MAX) {
            None => Ok(()),
            Some(((vector, input), value)) => Err(ArrayError::ActivationOutOfRange {
                value,
                vector,
                input,
            }),
        }
    }

    /// Checks a run here but for the values of its activations.
    ///
    /// # Errors
    /// [`ArrayError::RegionOutside`], [`ArrayError::Shape`].
    pub fn check_run_shape(
        &self,
        geometry: ArrayGeometry,
        activations: (usize, usize),
        outputs: (usize, usize),
    ) -> Result<(), ArrayError> {
        self.check(geometry)?;
        let (vectors, _) = activations;
        expect_shape("activations", (vectors, self.inputs), activations)?;
        expect_shape("outputs", (vectors, self.columns), outputs)
    }
}

/// The first value outside the range with its position. The common case, none, is a vectorised
/// sweep.
pub fn find_outside<T: Copy + Ord>(
    values: ArrayView2<'_, T>,
    range: RangeInclusive<T>,
) -> Option<((usize, usize), T)> {
    let (min, max) = pulp::Arch::new().dispatch(Extremes { values })?;
    if range.contains(&min) && range.contains(&max) {
        return None;
    }
    values
        .indexed_iter()
        .find(|(_, value)| !range.contains(value))
        .map(|(position, &value)| (position, value))
}

/// The least and the largest value, as a task that is compiled once per kind of processor.
struct Extremes<'a, T> {
    values: ArrayView2<'a, T>,
}

impl<T: Copy + Ord> pulp::WithSimd for Extremes<'_, T> {
    type Output = Option<(T, T)>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> Option<(T, T)> {
        let first = *self.values.first()?;
        let (mut many, mut some, mut one) = (
            Lanes::<T, 64>::of(first),
            Lanes::<T, 16>::of(first),
            Lanes::<T, 1>::of(first),
        );
        let mut compare = |values: &[T]| {
            let rest = many.compare(values);
            let rest = some.compare(rest);
            one.compare(rest);
        };
        match self.values.to_slice() {
            Some(values) => compare(values),
            None => {
                for row in self.values.outer_iter() {
                    match row.to_slice() {
                        Some(row) => compare(row),
                        None => row.iter().for_each(|value| compare(slice::from_ref(value))),
                    }
                }
            }
        }
        let (least, largest) = one.beside(first, first);
        let (least, largest) = some.beside(least, largest);
        Some(many.beside(least, largest))
    }
}

/// Values that are compared at once: each lane holds the least and the largest that it has seen. (Those of one
/// width are no part of another's: what is written narrow and read wide at once has to wait.)
struct Lanes<T, const COUNT: usize> {
    min: [T; COUNT],
    max: [T; COUNT],
}

impl<T: Copy + Ord, const COUNT: usize> Lanes<T, COUNT> {
    #[inline(always)]
    fn of(value: T) -> Self {
        Self {
            min: [value; COUNT],
            max: [value; COUNT],
        }
    }

    /// Compares values; hands back those that are too few.
    #[inline(always)]
    fn compare<'v>(&mut self, values: &'v [T]) -> &'v [T] {
        let (blocks, rest) = values.as_chunks::<COUNT>();
        for block in blocks {
            #[expect(
                clippy::needless_range_loop,
                reason = "iterators side by side keep the lanes in memory, closures do without wide vectors"
            )]
            for lane in 0..COUNT {
                self.min[lane] = self.min[lane].min(block[lane]);
                self.max[lane] = self.max[lane].max(block[lane]);
            }
        }
        rest
    }

    /// The least and the largest value of all lanes, beside two others.
    #[inline(always)]
    fn beside(self, least: T, largest: T) -> (T, T) {
        let least = self.min.into_iter().fold(least, T::min);
        (least, self.max.into_iter().fold(largest, T::max))
    }
}

pub(crate) fn expect_shape(
    what: &'static str,
    expected: (usize, usize),
    found: (usize, usize),
) -> Result<(), ArrayError> {
    if expected == found {
        Ok(())
    } else {
        Err(ArrayError::Shape {
            what,
            expected,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};
    use proptest::prelude::*;

    use super::*;

    fn region() -> Region {
        Region {
            hemisphere: 1,
            first_input: 100,
            inputs: 28,
            first_column: 0,
            columns: 256,
        }
    }

    proptest! {
        #[test]
        fn the_first_value_outside_is_found(
            (rows, columns) in (0..4_usize, 0..200_usize),
            (place, value) in (0..800_usize, prop_oneof![any::<i8>(), -5..=5_i8]),
            (layout, cut) in (0..3, 0..9_usize),
        ) {
            let mut values = Array2::from_shape_fn((rows, columns), |(r, c)| ((r + c) % 9) as i8 - 4);
            let count = values.len();
            if let Some(to) = values.iter_mut().nth(place % count.max(1)) {
                *to = value;
            }
            let some = values.slice(s![.., cut.min(columns)..]);
            let values = match layout {
                0 => values.view(),
                1 => some,
                _ => some.reversed_axes(),
            };
            for range in [-4..=4, -5..=3, 0..=i8::MAX, i8::MIN..=-4] {
                let expected = values.indexed_iter().find(|(_, value)| !range.contains(value));
                let expected = expected.map(|(place, value)| (place, *value));
                prop_assert_eq!(find_outside(values, range), expected);
            }
        }
    }

    #[test]
    fn edges_are_inside_and_beyond_is_not() {
        let chip = ArrayGeometry::BSS2;
        assert!(region().check(chip).is_ok());
        let outside = [
            Region {
                hemisphere: 2,
                ..region()
            },
            Region {
                inputs: 29,
                ..region()
            },
            Region {
                inputs: 0,
                ..region()
            },
            Region {
                first_column: 1,
                ..region()
            },
            Region {
                first_input: usize::MAX,
                ..region()
            },
        ];
        for region in outside {
            assert!(region.check(chip).is_err(), "{region:?}");
        }
    }

    #[test]
    fn offending_values_are_named() {
        let chip = ArrayGeometry::BSS2;
        let mut weights = Array2::<i8>::zeros((28, 256));
        weights[[3, 7]] = -64;
        assert_eq!(
            region().check_weights(chip, weights.view()),
            Err(ArrayError::WeightOutOfRange {
                value: -64,
                min: -63,
                max: 63,
                input: 3,
                column: 7
            })
        );
        let mut activations = Array2::<u8>::zeros((2, 28));
        activations[[1, 27]] = 32;
        assert_eq!(
            region().check_run(chip, activations.view(), (2, 256)),
            Err(ArrayError::ActivationOutOfRange {
                value: 32,
                vector: 1,
                input: 27
            })
        );
        assert!(matches!(
            region().check_run(chip, activations.view(), (2, 255)),
            Err(ArrayError::Shape {
                what: "outputs",
                ..
            })
        ));
    }
}
