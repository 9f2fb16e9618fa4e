//! Names that tell parts of an experiment from each other.

use std::collections::BTreeSet;

use crate::ExperimentError;

/// Refuses two parts of the same name: their results could not be told apart.
///
/// # Errors
/// [`ExperimentError::Parameter`] names it; `list` is the parameter that holds the parts.
pub(crate) fn check_names<'a>(
    experiment: &'static str,
    list: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), ExperimentError> {
    let mut known = BTreeSet::new();
    for (number, name) in names.enumerate() {
        if !known.insert(name) {
            return Err(ExperimentError::Parameter {
                experiment,
                name: format!("{list}.{number}.name"),
                reason: format!("'{name}' is the name of another already"),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_come_twice_are_told_with_their_place() {
        let check = |names: &[&str]| check_names("circuit", "cases", names.iter().copied());
        assert!(check(&[]).is_ok() && check(&["a", "b"]).is_ok());
        let error = check(&["a", "b", "a"]).unwrap_err().to_string();
        assert_eq!(
            error,
            "circuit: cases.2.name: 'a' is the name of another already"
        );
    }
}
