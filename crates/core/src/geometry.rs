//! Sizes and value ranges of the chip.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ArrayError;

/// Largest magnitude of a signed weight: 6 bits per synapse, the sign from the driver's row pair.
pub const WEIGHT_MAX: i8 = 63;

/// Largest activation: 5 bits, sent as a pulse length.
pub const ACTIVATION_MAX: u8 = 31;

/// CADC code that stands for zero: a multiplication's result is the code minus this, saturated to
/// `i8`. Calibration brings every column's baseline here.
pub const BASELINE_CODE: u8 = 128;

/// Gain of a default, calibrated chip with one send, in LSB per activation and weight unit: the
/// middle of the published 0.0015…0.0021. What is not told otherwise assumes it.
pub const NOMINAL_GAIN_LSB: f32 = 0.0018;

/// Sizes of an array of analog multipliers: synrams of `inputs` signed rows × `columns` each.
///
/// A signed input takes one synapse driver with its two rows (excitatory and inhibitory); one
/// synram belongs to each hemisphere of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawGeometry")]
pub struct ArrayGeometry {
    hemispheres: usize,
    inputs: usize,
    columns: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawGeometry {
    hemispheres: usize,
    inputs: usize,
    columns: usize,
}

impl Default for RawGeometry {
    fn default() -> Self {
        let ArrayGeometry {
            hemispheres,
            inputs,
            columns,
        } = ArrayGeometry::BSS2;
        Self {
            hemispheres,
            inputs,
            columns,
        }
    }
}

impl TryFrom<RawGeometry> for ArrayGeometry {
    type Error = ArrayError;

    fn try_from(raw: RawGeometry) -> Result<Self, ArrayError> {
        Self::new(raw.hemispheres, raw.inputs, raw.columns)
    }
}

impl fmt::Display for ArrayGeometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            hemispheres,
            inputs,
            columns,
        } = self;
        write!(f, "{hemispheres} × {inputs} inputs × {columns} columns")
    }
}

impl ArrayGeometry {
    /// One BSS-2 chip in membrane mode: 2 hemispheres of 128 signed inputs × 256 columns.
    pub const BSS2: Self = Self {
        hemispheres: 2,
        inputs: 128,
        columns: 256,
    };

    /// Largest accepted number of hemispheres.
    pub const HEMISPHERES_MAX: usize = 16;
    /// Largest accepted number of inputs or columns per hemisphere: four times the chip's.
    pub const SIDE_MAX: usize = 1024;

    /// An array of another size, for tests and thought experiments.
    ///
    /// # Errors
    /// [`ArrayError::GeometryOutOfRange`] unless there are 1…16 hemispheres and 1…1024 inputs and
    /// columns in each.
    pub fn new(hemispheres: usize, inputs: usize, columns: usize) -> Result<Self, ArrayError> {
        let sizes = [
            ("hemispheres", hemispheres, Self::HEMISPHERES_MAX),
            ("inputs", inputs, Self::SIDE_MAX),
            ("columns", columns, Self::SIDE_MAX),
        ];
        for (name, value, max) in sizes {
            if !(1..=max).contains(&value) {
                return Err(ArrayError::GeometryOutOfRange { name, value, max });
            }
        }
        Ok(Self {
            hemispheres,
            inputs,
            columns,
        })
    }

    /// The same number of hemispheres with other sizes, for the modes of one array.
    pub(crate) const fn resized(self, inputs: usize, columns: usize) -> Self {
        Self {
            hemispheres: self.hemispheres,
            inputs,
            columns,
        }
    }

    /// Chips that have so many hemispheres, two each.
    pub const fn chips(self) -> usize {
        self.hemispheres.div_ceil(Self::BSS2.hemispheres)
    }

    /// Number of hemispheres, each with one synram.
    pub const fn hemispheres(self) -> usize {
        self.hemispheres
    }

    /// Signed inputs (synapse drivers) per hemisphere.
    pub const fn inputs(self) -> usize {
        self.inputs
    }

    /// Columns (neurons, CADC channels) per hemisphere.
    pub const fn columns(self) -> usize {
        self.columns
    }
}

/// What a register or a measured quantity exists once per.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// CapMem block: one per 128 columns of a hemisphere, 4 per chip, ordered by hemisphere, then
    /// column. Its drivers are the 64 of the same half of the hemisphere's driver column
    /// (assumption).
    Quadrant,
    /// Synapse driver: 128 per hemisphere, ordered by hemisphere, then row pair.
    Driver,
    /// Column with its neuron and its CADC channel: 256 per hemisphere, ordered by hemisphere,
    /// then column.
    Column,
    /// CADC channel: two per column, ordered by hemisphere, then kind (causal before acausal), then
    /// column.
    Channel,
}

impl Scope {
    /// Quadrants per hemisphere.
    pub const QUADRANTS_PER_HEMISPHERE: usize = 2;

    /// Instances of this scope on a chip of the given geometry.
    pub const fn instances(self, geometry: ArrayGeometry) -> usize {
        geometry.hemispheres() * self.per_hemisphere(geometry)
    }

    /// Instances of this scope in one hemisphere.
    pub const fn per_hemisphere(self, geometry: ArrayGeometry) -> usize {
        match self {
            Self::Quadrant => Self::QUADRANTS_PER_HEMISPHERE,
            Self::Driver => geometry.inputs(),
            Self::Column => geometry.columns(),
            Self::Channel => 2 * geometry.columns(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chip_has_the_published_sizes() {
        let chip = ArrayGeometry::BSS2;
        assert_eq!(Scope::Quadrant.instances(chip), 4);
        assert_eq!(Scope::Driver.instances(chip), 256);
        assert_eq!(Scope::Column.instances(chip), 512);
        assert_eq!(Scope::Channel.instances(chip), 1024);
    }

    #[test]
    fn sizes_outside_their_ranges_are_refused() {
        for (hemispheres, inputs, columns) in [
            (0, 1, 1),
            (1, 0, 1),
            (1, 1, 0),
            (17, 1, 1),
            (1, 1025, 1),
            (1, 1, usize::MAX),
        ] {
            assert!(ArrayGeometry::new(hemispheres, inputs, columns).is_err());
        }
    }
}
