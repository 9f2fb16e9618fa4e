//! Procedures with their targets as TOML: read with the place of what is wrong, printed with what
//! everything means.

use std::path::Path;

use bss2_calibration::{
    CadcProcedure, CadcRange, CalibrationError, JointProcedure, LineProcedure, MembraneProcedure,
    Procedure, TargetRange,
};
use thiserror::Error;
use toml::{Table, Value};

use crate::configuration::to_toml;
use crate::{ExperimentError, read_text};

/// Makes a procedure with its default targets.
pub type MakeProcedure = fn() -> Procedure;

/// The procedures by name on the command line, with their default targets.
pub const PROCEDURES: [(&str, MakeProcedure); 4] = [
    ("membrane", || {
        Procedure::Membrane(MembraneProcedure::default())
    }),
    ("joint", Procedure::joint),
    ("synaptic-line", Procedure::synaptic_line),
    ("cadc", || {
        let range = CadcRange::FULL;
        Procedure::Cadc(CadcProcedure { range })
    }),
];

/// Why a targets file was refused.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TargetsError {
    /// Text that is no TOML.
    #[error("line {line}: {reason}")]
    Toml {
        /// The line, from 1.
        line: usize,
        /// What the reader says.
        reason: String,
    },
    /// No procedure has that name, or a procedure has no such key.
    #[error("unknown key '{key}', known {place}: {known}")]
    UnknownKey {
        /// The key with the tables it stands in.
        key: String,
        /// Where the known ones stand.
        place: String,
        /// The keys there are.
        known: String,
    },
    /// Not exactly one procedure.
    #[error("holds {found} procedures instead of one of: {known}")]
    Count {
        /// How many there are.
        found: usize,
        /// The names there are.
        known: String,
    },
    /// A value of another type than the key has.
    #[error("{key} must be {expected}, found {found}")]
    Type {
        /// The key with the tables it stands in.
        key: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A value that the key's type cannot hold.
    #[error("{reason}")]
    Value {
        /// What the reader says.
        reason: String,
    },
    /// Targets that no chip can reach.
    #[error(transparent)]
    Impossible(#[from] CalibrationError),
}

/// The procedure of a name on the command line, with its default targets.
///
/// # Errors
/// [`ExperimentError::UnknownProcedure`] names those there are.
pub fn procedure(name: &str) -> Result<Procedure, ExperimentError> {
    let mut procedures = PROCEDURES.iter();
    procedures
        .find(|(known, _)| *known == name)
        .map(|(_, make)| make())
        .ok_or_else(|| ExperimentError::UnknownProcedure {
            name: name.to_owned(),
            known: PROCEDURES.map(|(name, _)| name).join(", "),
        })
}

/// Reads a procedure with its targets from a TOML file; missing keys take their defaults.
///
/// # Errors
/// [`ExperimentError::Read`] if there is no such file, [`ExperimentError::Targets`] if it holds
/// anything else.
pub fn read_targets(path: &Path) -> Result<Procedure, ExperimentError> {
    let text = read_text(path)?;
    parse(&text).map_err(|error| ExperimentError::Targets {
        path: path.to_owned(),
        error,
    })
}

fn parse(text: &str) -> Result<Procedure, TargetsError> {
    let given: Table = text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        TargetsError::Toml {
            line: 1 + text[..start].matches('\n').count(),
            reason: error.message().trim().replace('\n', ", "),
        }
    })?;
    let defaults: Vec<(String, Table, Table)> = PROCEDURES
        .iter()
        .map(|(_, make)| layers(&make()))
        .collect::<Result<_, _>>()?;
    let known: Vec<&str> = defaults.iter().map(|(key, ..)| key.as_str()).collect();
    let known = known.join(", ");
    if let Some(key) = given
        .keys()
        .find(|key| !defaults.iter().any(|d| d.0 == **key))
    {
        return Err(TargetsError::UnknownKey {
            key: key.clone(),
            place: "are the procedures".to_owned(),
            known,
        });
    }
    let mut chosen = defaults
        .into_iter()
        .filter(|(key, ..)| given.contains_key(key));
    let (Some((_, mut merged, schema)), None) = (chosen.next(), chosen.next()) else {
        let found = given.len();
        return Err(TargetsError::Count { found, known });
    };
    check_keys(&given, &schema, "")?;
    merge(&mut merged, given);
    let procedure: Procedure =
        Value::Table(merged)
            .try_into()
            .map_err(|error: toml::de::Error| TargetsError::Value {
                reason: error.to_string().trim().replace('\n', ", "),
            })?;
    procedure.check()?;
    Ok(procedure)
}

/// Key of a procedure, its table, and the same with every optional key.
fn layers(procedure: &Procedure) -> Result<(String, Table, Table), TargetsError> {
    let table = |procedure: &Procedure| {
        to_toml(procedure).map_err(|error| TargetsError::Value {
            reason: error.to_string(),
        })
    };
    let mut full = *procedure;
    match &mut full {
        Procedure::Membrane(MembraneProcedure { targets, .. })
        | Procedure::Joint(JointProcedure { targets, .. }) => {
            targets.target_noise_lsb = Some(EXAMPLE_NOISE_LSB);
        }
        Procedure::SynapticLine(LineProcedure { .. }) | Procedure::Cadc(_) => {}
    }
    let default = table(procedure)?;
    let key = default.keys().next().cloned().unwrap_or_default();
    Ok((key, default, table(&full)?))
}

/// Stands for a target that there is none of by default.
const EXAMPLE_NOISE_LSB: f64 = 1.5;

fn check_keys(given: &Table, schema: &Table, path: &str) -> Result<(), TargetsError> {
    for (key, value) in given {
        let place = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let Some(expected) = schema.get(key) else {
            let known: Vec<&str> = schema.keys().map(String::as_str).collect();
            return Err(TargetsError::UnknownKey {
                key: place,
                place: format!("in {path}"),
                known: known.join(", "),
            });
        };
        match (expected, value) {
            (Value::Table(schema), Value::Table(given)) => check_keys(given, schema, &place)?,
            (Value::Float(_), Value::Float(_) | Value::Integer(_))
            | (Value::Integer(_), Value::Integer(_))
            | (Value::Boolean(_), Value::Boolean(_)) => {}
            _ => {
                return Err(TargetsError::Type {
                    key: place,
                    expected: match expected {
                        Value::Table(_) => "a table",
                        Value::Boolean(_) => "true or false",
                        Value::Integer(_) => "a whole number",
                        _ => "a number",
                    },
                    found: match value {
                        Value::Float(_) => "a fraction",
                        Value::Integer(_) => "a whole number",
                        Value::Boolean(_) => "a truth value",
                        Value::String(_) => "a text",
                        Value::Table(_) => "a table",
                        Value::Array(_) => "a list",
                        Value::Datetime(_) => "a date",
                    },
                });
            }
        }
    }
    Ok(())
}

/// Puts what is given over what is there.
fn merge(onto: &mut Table, given: Table) {
    for (key, value) in given {
        match (onto.get_mut(&key), value) {
            (Some(Value::Table(onto)), Value::Table(given)) => merge(onto, given),
            (_, value) => {
                onto.insert(key, value);
            }
        }
    }
}

/// A table of targets or options, and what its keys mean, in the order in which they are printed.
struct Described {
    /// Tables within that of the procedure.
    path: &'static [&'static str],
    keys: &'static [(&'static str, &'static str)],
}

const DESCRIBED: &[Described] = &[
    Described {
        path: &["targets"],
        keys: &[
            ("leak_lsb", "Resting code of the membranes, in LSB."),
            (
                "tau_mem_us",
                "Time constant of the membranes with their leak on, in µs.",
            ),
            ("tau_syn_us", "Time constant of the synaptic lines, in µs."),
            (
                "i_synin_gm",
                "Bias of the median neuron's OTAs, in CapMem codes: more gives more signal and more \
                 noise.",
            ),
            (
                "target_noise_lsb",
                "Noise of the resting code at which the leak is as weak as possible, in LSB; none \
                 by default. With it, the leak stays on.",
            ),
            (
                "synapse_dac_bias",
                "Bias of the weakest quadrant's synapses, in CapMem codes: less avoids saturation \
                 and raises mismatch.",
            ),
            (
                "driver_test_activation",
                "Activation at which the drivers' offsets are judged.",
            ),
        ],
    },
    Described {
        path: &["targets", "cadc"],
        keys: CADC_KEYS,
    },
    Described {
        path: &["range"],
        keys: CADC_KEYS,
    },
    Described {
        path: &["options"],
        keys: &[
            (
                "driver_runs",
                "Multiplications averaged for each driver amplitude, 1…1000.",
            ),
            (
                "gain_runs",
                "Multiplications averaged for each column amplitude, 1…1000.",
            ),
            (
                "rounds",
                "Rounds in which the neurons' registers are corrected, 4…20.",
            ),
            (
                "keep_leak",
                "Whether the leak stays on during multiplications.",
            ),
            (
                "baseline",
                "Whether baselines are brought to code 128 at the end, as results are understood.",
            ),
        ],
    },
];

const CADC_KEYS: &[(&str, &str)] = &[
    ("lower", "CapMem code at the lower end of the CADC's range."),
    ("upper", "CapMem code at its upper end."),
    ("lower_lsb", "CADC code at the lower end, in LSB."),
    ("upper_lsb", "CADC code at the upper end, in LSB."),
];

/// A targets file with the defaults of a procedure, each with its meaning and range.
///
/// # Errors
/// [`ExperimentError::Encode`] if it cannot be expressed.
pub fn print_targets(procedure: &Procedure) -> Result<String, ExperimentError> {
    let encode = |error: TargetsError| ExperimentError::Encode {
        what: "targets",
        reason: error.to_string(),
    };
    let (name, default, full) = layers(procedure).map_err(encode)?;
    let mut lines = vec![
        format!(
            "# Targets and options of the {} procedure, for `cargo xtask calibrate --target`.",
            procedure.name()
        ),
        "# Keys left out take the value that stands here; others are refused.".to_owned(),
        "# Values outside the range in brackets are tried, with a warning.".to_owned(),
    ];
    for Described { path, keys } in DESCRIBED {
        let [full, default] = [&full, &default].map(|table| {
            let tables = [&[name.as_str()], *path].concat();
            tables
                .into_iter()
                .try_fold(table, |table, key| table.get(key).and_then(Value::as_table))
        });
        let (Some(full), Some(default)) = (full, default) else {
            continue;
        };
        lines.push(format!("\n[{name}.{}]", path.join(".")));
        for (key, meaning) in *keys {
            let Some(example) = full.get(*key) else {
                continue;
            };
            lines.push(format!("# {meaning}{}", range_text(path, key)));
            lines.push(match default.get(*key) {
                Some(value) => format!("{key} = {value}"),
                None => format!("# {key} = {example}"),
            });
        }
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// " [100…140]", or " [100…140, possible 0…255]" where both differ; nothing for an option.
fn range_text(path: &[&str], key: &str) -> String {
    let name = match path {
        ["targets"] => key.to_owned(),
        ["targets", "cadc"] | ["range"] => format!("cadc.{key}"),
        _ => return String::new(),
    };
    let mut ranges = TargetRange::ALL.iter();
    ranges
        .find(|range| range.target == name)
        .map_or_else(String::new, |range| {
            let ((low, high), (least, most)) = (range.reached, range.possible);
            if range.reached == range.possible {
                format!(" [{low}…{high}]")
            } else {
                format!(" [{low}…{high}], possible {least}…{most}.")
            }
        })
}

#[cfg(test)]
mod tests {
    use bss2_calibration::MembraneTargets;

    use super::*;

    fn refusal(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn printed_targets_are_the_defaults_and_name_every_key() {
        fn leaves(table: &Table) -> usize {
            let values = table.values();
            values.map(|value| value.as_table().map_or(1, leaves)).sum()
        }
        for (name, make) in PROCEDURES {
            let text = print_targets(&make()).unwrap();
            assert_eq!(parse(&text).unwrap(), make(), "{name}: {text}");
            let (_, _, full) = layers(&make()).unwrap();
            let printed = text.lines().filter(|line| line.contains(" = ")).count();
            assert_eq!(printed, leaves(&full), "{name}: {text}");
        }
    }

    #[test]
    fn a_target_that_is_none_by_default_can_be_set() {
        let text = print_targets(&Procedure::default()).unwrap();
        let Procedure::Membrane(MembraneProcedure { targets, .. }) =
            parse(&text.replace("# target_noise", "target_noise")).unwrap()
        else {
            panic!("a membrane procedure");
        };
        assert_eq!(targets.target_noise_lsb, Some(EXAMPLE_NOISE_LSB));
    }

    #[test]
    fn missing_keys_take_their_defaults_and_whole_numbers_serve() {
        let read = parse("[joint.targets]\ntau_mem_us = 40\n[joint.targets.cadc]\nlower = 160\n");
        let targets = MembraneTargets {
            tau_mem_us: 40.0,
            cadc: CadcRange {
                lower: 160,
                ..CadcRange::MEMBRANE
            },
            ..MembraneTargets::default()
        };
        let options = bss2_calibration::JointOptions::default();
        assert_eq!(
            read,
            Ok(Procedure::Joint(JointProcedure { targets, options }))
        );
        assert_eq!(parse("membrane = {}"), Ok(Procedure::default()));
        assert_eq!(
            parse("[cadc]\n"),
            procedure("cadc").map_err(|_| unreachable!())
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(refusal("[joint.targets]\ntau_mem_us = = 1").starts_with("line 2: "));
        assert_eq!(
            refusal("[joints]"),
            "unknown key 'joints', known are the procedures: membrane, joint, synaptic_line, cadc"
        );
        assert!(
            refusal("[joint.targets]\ntau_men_us = 1.0").starts_with(
                "unknown key 'joint.targets.tau_men_us', known in joint.targets: cadc,"
            )
        );
        assert!(refusal("").starts_with("holds 0 procedures instead of one of: membrane"));
        assert!(refusal("[joint]\n[cadc]").starts_with("holds 2 procedures"));
        assert_eq!(
            refusal("[joint.targets]\ntau_mem_us = \"long\""),
            "joint.targets.tau_mem_us must be a number, found a text"
        );
        assert_eq!(
            refusal("[joint.targets]\ni_synin_gm = 1.5"),
            "joint.targets.i_synin_gm must be a whole number, found a fraction"
        );
        assert!(refusal("joint = 3").contains("joint must be a table"));
        let too_large = refusal("[joint.targets]\ndriver_test_activation = 300");
        assert!(too_large.contains("driver_test_activation"), "{too_large}");
        assert!(!too_large.contains('\n'));
        assert!(
            refusal("[membrane.targets]\ntau_mem_us = nan")
                .contains("tau_mem_us = NaN is impossible")
        );
        assert!(refusal("[joint.options]\nrounds = 1").contains("rounds = 1 is outside 4…20"));
    }
}
