//! What is searched.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use super::option;
use crate::CalibrationError;

/// Whether the response grows or falls with the register value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slope {
    /// A larger value gives a larger response.
    Rising,
    /// A larger value gives a smaller response.
    Falling,
}

/// What is searched: for each instance the value in a range whose response is nearest to its
/// target.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem<'a> {
    min: i32,
    max: i32,
    slope: Slope,
    targets: &'a [f64],
    starts: Option<&'a [i32]>,
}

impl<'a> Problem<'a> {
    /// Smallest and largest register value, direction of the response, one target per instance.
    ///
    /// # Errors
    /// [`CalibrationError::Range`] unless the range holds at least one and at most 2²⁴ values.
    pub fn new(
        range: RangeInclusive<i32>,
        slope: Slope,
        targets: &'a [f64],
    ) -> Result<Self, CalibrationError> {
        let (min, max) = (*range.start(), *range.end());
        if min > max || i64::from(max) - i64::from(min) >= 1 << 24 {
            return Err(CalibrationError::Range { min, max });
        }
        Ok(Self {
            min,
            max,
            slope,
            targets,
            starts: None,
        })
    }

    /// Starts each instance at a value of its own instead of the middle of the range: where
    /// [`LinearSearch`](super::LinearSearch) sets out and where the predictions probe. The binary
    /// searches ignore it, since they halve the range from its middle.
    ///
    /// # Errors
    /// [`CalibrationError::OptionOutOfRange`] unless there is one start per target, each within the
    /// range.
    pub fn starting_at(self, values: &'a [i32]) -> Result<Self, CalibrationError> {
        let instances = self.targets.len() as f64;
        option::within(
            "number of starts",
            values.len() as f64,
            instances..=instances,
        )?;
        for &value in values {
            let range = f64::from(self.min)..=f64::from(self.max);
            option::within("start", f64::from(value), range)?;
        }
        Ok(Self {
            starts: Some(values),
            ..self
        })
    }

    /// Smallest register value.
    pub const fn min(&self) -> i32 {
        self.min
    }

    /// Largest register value.
    pub const fn max(&self) -> i32 {
        self.max
    }

    /// Direction of the response.
    pub const fn slope(&self) -> Slope {
        self.slope
    }

    /// One target per instance.
    pub const fn targets(&self) -> &'a [f64] {
        self.targets
    }

    /// One start per instance: as given to [`starting_at`](Self::starting_at), or else the middle
    /// of the range, rounded down.
    pub fn starts(&self) -> Vec<i32> {
        match self.starts {
            Some(starts) => starts.to_vec(),
            None => vec![self.min + (self.max - self.min) / 2; self.targets.len()],
        }
    }

    /// How the value that would meet the target compares with the present one; nothing where the
    /// response is no number.
    pub(super) fn wanted(&self, response: f64, target: f64) -> Option<Ordering> {
        match self.slope {
            Slope::Rising => target.partial_cmp(&response),
            Slope::Falling => response.partial_cmp(&target),
        }
    }

    /// The value moved by `step` in the wanted direction, within the range.
    pub(super) fn moved(&self, value: i32, wanted: Ordering, step: i32) -> i32 {
        let next = match wanted {
            Ordering::Less => value.saturating_sub(step),
            Ordering::Equal => value,
            Ordering::Greater => value.saturating_add(step),
        };
        next.clamp(self.min, self.max)
    }

    /// Whether the wanted direction leads out of the range.
    pub(super) fn leads_out(&self, value: i32, wanted: Option<Ordering>) -> bool {
        match wanted {
            Some(Ordering::Less) => value == self.min,
            Some(Ordering::Greater) => value == self.max,
            Some(Ordering::Equal) | None => false,
        }
    }

    /// Whether a value lies strictly inside the range.
    pub(super) fn strictly_inside(&self, value: i32) -> bool {
        value > self.min && value < self.max
    }
}
