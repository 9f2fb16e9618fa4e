//! What was measured of an array, as placement uses it.

mod array;
mod evaluate;
mod fit;
mod measure;

use bss2_core::{ArrayGeometry, RunSettings};
use serde::{Deserialize, Serialize};

use crate::MappingError;

pub use array::ProfiledArray;
pub use measure::ProfileProtocol;

/// What was measured of an array at one timing: gain, offset, noise, residual error and linearity of
/// every column, the gain of every driver. [`ProfileProtocol::measure`] makes one.
///
/// Written with its numbers and checked when it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawProfile")]
pub struct ArrayProfile {
    geometry: ArrayGeometry,
    settings: RunSettings,
    gain_lsb: f32,
    hemispheres: Vec<HemisphereProfile>,
}

/// A hemisphere of a profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HemisphereProfile {
    /// One per column.
    pub columns: Vec<ColumnProfile>,
    /// One per signed row.
    pub drivers: Vec<DriverProfile>,
    /// Standard deviation from trial to trial of what all columns have in common, in LSB; part of
    /// each column's noise.
    pub common_noise_lsb: f32,
}

/// What was measured of a column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnProfile {
    /// Gain of positive weights (excitatory), relative to that of the profile.
    pub gain_positive: f32,
    /// Gain of negative weights (inhibitory), relative to that of the profile.
    pub gain_negative: f32,
    /// Result without any event, in LSB.
    pub offset_lsb: f32,
    /// Standard deviation of a result from trial to trial, in LSB.
    pub noise_lsb: f32,
    /// Error of a single product that gains, offset and linearity do not explain, relative to the
    /// product: the spread of the column's synapses.
    pub residual: f32,
    /// Deviation from the column's own line where that is at ±[`LINEARITY_LSB`], in LSB; negative
    /// where results fall short of it.
    pub linearity_lsb: f32,
    /// Whether it can be used.
    pub works: bool,
}

/// What was measured of a synapse driver.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriverProfile {
    /// Gain, relative to that of the profile.
    pub gain: f32,
    /// Whether it can be used.
    pub works: bool,
}

/// Magnitude of a result at which [linearity](ColumnProfile::linearity_lsb) is stated, in LSB.
pub const LINEARITY_LSB: f32 = 100.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    geometry: ArrayGeometry,
    settings: RunSettings,
    gain_lsb: f32,
    hemispheres: Vec<HemisphereProfile>,
}

impl TryFrom<RawProfile> for ArrayProfile {
    type Error = MappingError;

    fn try_from(raw: RawProfile) -> Result<Self, MappingError> {
        Self::new(raw.geometry, raw.settings, raw.gain_lsb, raw.hemispheres)
    }
}

impl ColumnProfile {
    /// Gain of weights of either sign, relative to that of the profile.
    pub fn gain(&self) -> f32 {
        0.5 * (self.gain_positive + self.gain_negative)
    }

    /// Half of what positive weights weigh more than negative ones, relative: what a column adds for
    /// every product, whatever its sign.
    pub fn imbalance(&self) -> f32 {
        0.5 * (self.gain_positive - self.gain_negative)
    }
}

impl ArrayProfile {
    /// Checks and keeps what was measured; `gain_lsb` is the gain to which those of columns and
    /// drivers are relative, in LSB per activation and weight unit at these settings, all sends
    /// together.
    ///
    /// # Errors
    /// [`MappingError::ProfileSize`] unless there are numbers for every hemisphere, column and
    /// driver; [`MappingError::ProfileNumber`] for one that is not finite or beyond ±10⁴, for a
    /// `gain_lsb` that is not above zero, and for noise or a residual below zero.
    pub fn new(
        geometry: ArrayGeometry,
        settings: RunSettings,
        gain_lsb: f32,
        hemispheres: Vec<HemisphereProfile>,
    ) -> Result<Self, MappingError> {
        check_size("hemispheres", geometry.hemispheres(), hemispheres.len())?;
        check_within("gain_lsb", gain_lsb, gain_lsb > 0.0)?;
        for hemisphere in &hemispheres {
            check_size("columns", geometry.columns(), hemisphere.columns.len())?;
            check_size("drivers", geometry.inputs(), hemisphere.drivers.len())?;
            let noise = hemisphere.common_noise_lsb;
            check_within("common_noise_lsb", noise, noise >= 0.0)?;
            for column in &hemisphere.columns {
                check_within("gain_positive", column.gain_positive, true)?;
                check_within("gain_negative", column.gain_negative, true)?;
                check_within("offset_lsb", column.offset_lsb, true)?;
                check_within("noise_lsb", column.noise_lsb, column.noise_lsb >= 0.0)?;
                check_within("residual", column.residual, column.residual >= 0.0)?;
                check_within("linearity_lsb", column.linearity_lsb, true)?;
            }
            for driver in &hemisphere.drivers {
                check_within("gain", driver.gain, true)?;
            }
        }
        Ok(Self {
            geometry,
            settings,
            gain_lsb,
            hemispheres,
        })
    }

    /// Sizes of the array.
    pub const fn geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    /// The timing at which it was measured.
    pub const fn settings(&self) -> RunSettings {
        self.settings
    }

    /// Gain at these settings, all sends together, in LSB per activation and weight unit.
    pub const fn gain_lsb(&self) -> f32 {
        self.gain_lsb
    }

    /// Gain of a single send, in LSB per activation and weight unit.
    pub fn gain_per_send_lsb(&self) -> f32 {
        self.gain_lsb / self.settings.num_sends() as f32
    }

    /// The hemispheres.
    pub fn hemispheres(&self) -> &[HemisphereProfile] {
        &self.hemispheres
    }

    /// Refuses an array or plan of other sizes.
    pub(crate) fn check_geometry(&self, planned: ArrayGeometry) -> Result<(), MappingError> {
        if planned == self.geometry {
            return Ok(());
        }
        Err(MappingError::OtherGeometry {
            planned,
            what: "the profile",
            found: self.geometry,
        })
    }
}

fn check_size(what: &'static str, expected: usize, found: usize) -> Result<(), MappingError> {
    if expected == found {
        return Ok(());
    }
    Err(MappingError::ProfileSize {
        what,
        expected,
        found,
    })
}

/// Largest magnitude of any number: beyond what an array shows, and products of all of them are finite.
const LARGEST: f32 = 1e4;

fn check_within(what: &'static str, value: f32, in_range: bool) -> Result<(), MappingError> {
    check_number(what, value, in_range && value.abs() <= LARGEST)
}

fn check_number(what: &'static str, value: f32, in_range: bool) -> Result<(), MappingError> {
    if value.is_finite() && in_range {
        return Ok(());
    }
    Err(MappingError::ProfileNumber { what, value })
}
