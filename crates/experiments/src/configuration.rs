//! Configurations as TOML, and parameters that a user gives.

use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

use crate::{ExperimentError, Settings};

/// An experiment's parameters: the preset's, less those that the settings give for it; and its whole
/// configuration: all of them, and `facts` of what it works with.
///
/// What is given may be as little as one number, or a whole configuration of an earlier run.
///
/// # Errors
/// [`ExperimentError::Parameter`] for a name that there is not, a value of another kind, and a fact
/// that is otherwise.
pub(crate) fn configured<P: Serialize + DeserializeOwned>(
    experiment: &'static str,
    settings: &Settings,
    preset: P,
    facts: Table,
) -> Result<(P, Table), ExperimentError> {
    let refused = |name: String, reason: String| ExperimentError::Parameter {
        experiment,
        name,
        reason,
    };
    let mut configuration = to_toml(&preset)?;
    let given = match settings.parameters.get(experiment) {
        None => {
            configuration.extend(facts);
            return Ok((preset, configuration));
        }
        Some(Value::Table(given)) => given,
        Some(_) => return Err(refused(String::new(), "is no table".to_owned())),
    };
    for (name, value) in given {
        if !facts.contains_key(name) {
            overlay(&mut configuration, name, value);
        }
    }
    let parameters: P = configuration
        .try_into()
        .map_err(|error: toml::de::Error| refused(String::new(), error.message().to_owned()))?;
    // As they were understood: what was not, is missing.
    let mut configuration = to_toml(&parameters)?;
    configuration.extend(facts);
    match difference(given, &configuration) {
        None => Ok((parameters, configuration)),
        Some((name, reason)) => Err(refused(name, reason)),
    }
}

/// Puts a value in its place; of tables, only what is given, unless it is another one of several.
fn overlay(table: &mut Table, name: &str, value: &Value) {
    match (table.get_mut(name), value) {
        (Some(Value::Table(inner)), Value::Table(given)) if !is_another(given, inner) => {
            for (name, value) in given {
                overlay(inner, name, value);
            }
        }
        _ => {
            table.insert(name.to_owned(), value.clone());
        }
    }
}

/// Whether a table stands for another variant of an enum: a table of its own, by its name alone.
fn is_another(given: &Table, preset: &Table) -> bool {
    let is_variant = |table: &Table| table.len() == 1 && table.values().all(Value::is_table);
    is_variant(given) && is_variant(preset) && given.keys().ne(preset.keys())
}

/// The first entry of a table, by name, that another does not have or has otherwise.
fn difference(given: &Table, found: &Table) -> Option<(String, String)> {
    given
        .iter()
        .find_map(|(name, value)| match found.get(name) {
            None => Some((name.clone(), "there is no such parameter".to_owned())),
            Some(found) => within(name, different(value, found)),
        })
}

fn different(given: &Value, found: &Value) -> Option<(String, String)> {
    match (given, found) {
        (Value::Table(given), Value::Table(found)) => difference(given, found),
        (Value::Array(given), Value::Array(found)) if given.len() == found.len() => {
            let mut pairs = given.iter().zip(found).enumerate();
            pairs.find_map(|(number, (given, found))| {
                within(&number.to_string(), different(given, found))
            })
        }
        _ if as_number(given).is_some() && as_number(given) == as_number(found) => None,
        _ if given == found => None,
        _ => Some((String::new(), format!("is {found}, not {given}"))),
    }
}

/// The same seen from outside.
fn within(name: &str, difference: Option<(String, String)>) -> Option<(String, String)> {
    let (inner, reason) = difference?;
    let dot = if inner.is_empty() { "" } else { "." };
    Some((format!("{name}{dot}{inner}"), reason))
}

/// Numbers may be written with or without a point.
fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

/// A configuration as TOML, each number as it is written in code.
///
/// By way of text: [`Table::try_from`] would widen an `f32` of 0.0018 to 0.0017999999690800905.
pub(crate) fn to_toml(configuration: &impl Serialize) -> Result<Table, ExperimentError> {
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

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Grid {
        widths: Vec<u32>,
        rate: f32,
        inner: Inner,
    }

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Inner {
        depth: u32,
        offset_lsb: Option<f64>,
    }

    fn given(text: &str) -> Result<(Grid, Table), String> {
        let given: Table = text.parse().unwrap();
        let settings = Settings {
            parameters: Table::from_iter([("grid".to_owned(), given.into())]),
            ..Settings::default()
        };
        let preset = Grid {
            widths: vec![1, 2],
            rate: 0.1,
            inner: Inner {
                depth: 3,
                offset_lsb: None,
            },
        };
        let facts = "[data]\nclasses = 10".parse().unwrap();
        configured("grid", &settings, preset, facts).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_given_takes_the_place_of_the_presets() {
        let (preset, whole) = given("").unwrap();
        let (grid, configuration) = given("widths = [5]\nrate = 1\ninner.offset_lsb = 2").unwrap();
        assert_eq!((grid.widths, grid.rate), (vec![5], 1.0));
        assert_eq!((grid.inner.depth, grid.inner.offset_lsb), (3, Some(2.0)));
        assert_eq!(configuration["data"]["classes"].as_integer(), Some(10));
        let (again, same) = given(&whole.to_string()).unwrap();
        assert_eq!((again, same), (preset, whole));
    }

    #[test]
    fn another_variant_takes_the_place_of_the_presets() {
        let under = |text: &str| {
            let mut table: Table = "way = { slow = { depth = 3, width = 1 } }".parse().unwrap();
            let given: Table = text.parse().unwrap();
            overlay(&mut table, "way", &given["way"]);
            table
        };
        let expect = |text: &str| text.parse::<Table>().unwrap();
        let other = "way = { fast = { depth = 1 } }";
        assert_eq!(under(other), expect(other));
        let same = under("way = { slow = { depth = 1 } }");
        assert_eq!(same, expect("way = { slow = { depth = 1, width = 1 } }"));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (text, expected) in [
            ("width = [5]", "grid: width: there is no such parameter"),
            (
                "inner.dept = 1",
                "grid: inner.dept: there is no such parameter",
            ),
            ("data.classes = 3", "grid: data.classes: is 10, not 3"),
            ("inner.depth = -1", "grid: invalid value"),
            ("rate = 'fast'", "grid: invalid type"),
            ("inner = 3", "grid: invalid type"),
        ] {
            let error = given(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
