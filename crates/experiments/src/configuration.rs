//! Configurations as TOML.

use serde::Serialize;

use crate::ExperimentError;

/// A configuration as TOML, each number as it is written in code.
///
/// By way of text: [`toml::Table::try_from`] would widen an `f32` of 0.0018 to 0.0017999999690800905.
pub(crate) fn to_toml(configuration: &impl Serialize) -> Result<toml::Table, ExperimentError> {
    let encode = |reason: String| ExperimentError::Encode {
        what: "configuration.toml",
        reason,
    };
    let text = toml::to_string(configuration).map_err(|error| encode(error.to_string()))?;
    text.parse()
        .map_err(|error: toml::de::Error| encode(error.message().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_as_they_are_written() {
        #[derive(Serialize)]
        struct Numbers {
            single: f32,
            double: f64,
            small: f32,
            whole: f32,
            seed: u64,
        }
        let table = to_toml(&Numbers {
            single: 0.0018,
            double: 1.0 / 1.85,
            small: 1.5e-9,
            whole: 2.0,
            seed: 1 << 53,
        });
        let text = table.unwrap().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "double = 0.5405405405405405",
                "seed = 9007199254740992",
                "single = 0.0018",
                "small = 0.0000000015",
                "whole = 2.0",
            ]
        );
    }
}
