//! Errors of configurations.

use bss2_core::ArrayError;
use thiserror::Error;

/// Why a configuration was refused.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A parameter that is not a number or lies outside its range.
    #[error("{field} = {value} is outside {min}…{max}")]
    OutOfRange {
        /// The parameter, with its section.
        field: &'static str,
        /// Its value.
        value: f64,
        /// Smallest accepted value.
        min: f64,
        /// Largest accepted value.
        max: f64,
    },
    /// Sizes that no chip has, such as those of an array in another mode than a membrane's.
    #[error(transparent)]
    Geometry(#[from] ArrayError),
    /// No preset has that name.
    #[error("unknown chip preset '{name}', known are: {known}")]
    UnknownPreset {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// Text that is no configuration, or a configuration that is no text.
    #[error("configuration: {reason}")]
    Toml {
        /// What the reader says, with the place.
        reason: String,
    },
}

/// Refuses a value that is NaN or outside `min..=max`.
pub(crate) fn check_range(
    field: &'static str,
    value: f32,
    min: f32,
    max: f32,
) -> Result<(), ConfigError> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::OutOfRange {
            field,
            value: as_written(value),
            min: as_written(min),
            max: as_written(max),
        })
    }
}

/// The number whose shortest decimal is that of a smaller one: 0.1, not 0.10000000149.
fn as_written(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
