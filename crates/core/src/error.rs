//! Errors of the traits in this crate.

use thiserror::Error;

use crate::{ACTIVATION_MAX, ArrayGeometry, Region, Register, RunSettings};

/// Why an array refused weights or a run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// A geometry with a size outside its range.
    #[error("geometry: {name} = {value} is outside 1…{max}")]
    GeometryOutOfRange {
        /// Which size.
        name: &'static str,
        /// Its value.
        value: usize,
        /// Largest accepted value.
        max: usize,
    },
    /// A region that is empty or reaches beyond the array.
    #[error("{region} is empty or reaches beyond the array of {geometry}")]
    RegionOutside {
        /// The region asked for.
        region: Region,
        /// The array's sizes.
        geometry: ArrayGeometry,
    },
    /// An argument of another shape than the region asks for.
    #[error("{what} must have shape {expected:?}, found {found:?}")]
    Shape {
        /// Which argument.
        what: &'static str,
        /// Rows and columns that the region asks for.
        expected: (usize, usize),
        /// Rows and columns that came.
        found: (usize, usize),
    },
    /// A weight that the array cannot hold: beyond 6 bits and sign, or negative where weights have
    /// no sign.
    #[error("weight {value} at input {input}, column {column} is outside {min}…{max}")]
    WeightOutOfRange {
        /// The weight.
        value: i8,
        /// Smallest accepted weight.
        min: i8,
        /// Largest accepted weight.
        max: i8,
        /// Its row in the block of weights.
        input: usize,
        /// Its column in the block of weights.
        column: usize,
    },
    /// An activation beyond 5 bits.
    #[error("activation {value} of vector {vector} at input {input} is outside 0…{ACTIVATION_MAX}")]
    ActivationOutOfRange {
        /// The activation.
        value: u8,
        /// Its vector in the batch.
        vector: usize,
        /// Its input in the vector.
        input: usize,
    },
    /// A run with other settings than those that the array can do.
    #[error("the array knows {held:?} only, asked for was {asked:?}")]
    OtherSettings {
        /// What it can do.
        held: RunSettings,
        /// What it was asked for.
        asked: RunSettings,
    },
    /// Two runs that were to be done at the same time on one hemisphere.
    #[error("hemisphere {hemisphere} cannot do two runs at the same time")]
    HemisphereTwice {
        /// The hemisphere.
        hemisphere: usize,
    },
    /// Chips of different sizes that were to be one array.
    #[error("chip {chip} has {found}, the first one {first}: chips of one array are of one size")]
    UnequalChips {
        /// Index of the chip.
        chip: usize,
        /// Its sizes.
        found: ArrayGeometry,
        /// Sizes of the first chip.
        first: ArrayGeometry,
    },
    /// A column that the region asked for does not hold.
    #[error("column {column} is outside {region}")]
    ColumnOutside {
        /// The column of the hemisphere.
        column: usize,
        /// The region asked for.
        region: Region,
    },
    /// A run setting outside its range.
    #[error("{name} = {value} is outside {min}…{max}")]
    SettingOutOfRange {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: u32,
        /// Smallest accepted value.
        min: u32,
        /// Largest accepted value.
        max: u32,
    },
    /// The device or the link to it failed.
    #[error("device: {reason}")]
    Device {
        /// What it reports.
        reason: String,
    },
    /// A replay was asked for something else than what was recorded.
    #[error("replay step {step}: {reason}")]
    ReplayMismatch {
        /// Index of the recorded step.
        step: usize,
        /// What differs.
        reason: &'static str,
    },
}

/// Why a chip refused to write a register.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ControlError {
    /// Another number of values than the register has instances.
    #[error("register {register} has {expected} instances, found {found} values")]
    InstanceCount {
        /// The register.
        register: Register,
        /// Its instances on this chip.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// The device or the link to it failed.
    #[error("device: {reason}")]
    Device {
        /// What it reports.
        reason: String,
    },
    /// A value outside the register's range.
    #[error("register {register}, instance {instance}: {value} is outside {min}…{max}")]
    ValueOutOfRange {
        /// The register.
        register: Register,
        /// Which instance.
        instance: usize,
        /// The value asked for.
        value: i32,
        /// Smallest accepted value.
        min: i32,
        /// Largest accepted value.
        max: i32,
    },
}

/// Why a cost model was refused.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CostError {
    /// A parameter that is not a number or lies outside its range.
    #[error("{field} = {value} is outside 0…{max}")]
    OutOfRange {
        /// The parameter.
        field: &'static str,
        /// Its value.
        value: f64,
        /// Largest accepted value.
        max: f64,
    },
}
