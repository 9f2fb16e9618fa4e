//! What experiments ask of the parameters that a user may give.

use std::fmt::{Debug, Display};

use crate::operating_point::NetworkCase;
use crate::{ExperimentError, Process};

/// Most vectors of one run: their results take some hundred MB.
pub(crate) const VECTORS_MAX: usize = 100_000;
/// Most repeats of what has a few vectors.
pub(crate) const REPEATS_MAX: usize = 1000;

/// Checks the parameters of an experiment; errors name the parameter.
#[derive(Clone, Copy)]
pub(crate) struct Checked(pub(crate) &'static str);

impl Checked {
    /// A parameter that cannot be used.
    pub(crate) fn refused(self, name: &str, reason: impl Into<String>) -> ExperimentError {
        ExperimentError::Parameter {
            experiment: self.0,
            name: name.to_owned(),
            reason: reason.into(),
        }
    }

    /// A list has something in it, and nothing twice.
    pub(crate) fn several<T: PartialEq + Debug>(
        self,
        name: &str,
        values: &[T],
    ) -> Result<(), ExperimentError> {
        if values.is_empty() {
            return Err(self.refused(name, "is empty"));
        }
        self.distinct(name, values)
    }

    /// A list has nothing twice: what is measured twice is no more certain for it.
    pub(crate) fn distinct<T: PartialEq + Debug>(
        self,
        name: &str,
        values: &[T],
    ) -> Result<(), ExperimentError> {
        let mut places = values.iter().enumerate();
        match places.find(|(place, value)| values[..*place].contains(value)) {
            None => Ok(()),
            Some((_, value)) => Err(self.refused(name, format!("{value:?} is there twice"))),
        }
    }

    pub(crate) fn at_least(
        self,
        name: &str,
        value: usize,
        least: usize,
    ) -> Result<(), ExperimentError> {
        if value < least {
            return Err(self.refused(name, format!("{value} is less than {least}")));
        }
        Ok(())
    }

    /// A number within a range, both ends included.
    pub(crate) fn within<T: PartialOrd + Display + Copy>(
        self,
        name: &str,
        value: T,
        least: T,
        most: T,
    ) -> Result<(), ExperimentError> {
        if (least..=most).contains(&value) {
            return Ok(());
        }
        Err(self.refused(name, format!("{value} is outside {least}…{most}")))
    }

    /// Vectors and how often each is repeated: some, and no more than memory has room for.
    pub(crate) fn batch(
        self,
        (vectors_name, vectors): (&str, usize),
        (repeats_name, repeats): (&str, usize),
    ) -> Result<(), ExperimentError> {
        self.within(vectors_name, vectors, 1, VECTORS_MAX)?;
        self.within(repeats_name, repeats, 1, VECTORS_MAX / vectors)
    }

    /// A number from some other on, that other included.
    pub(crate) fn from(self, name: &str, value: f64, least: f64) -> Result<(), ExperimentError> {
        if value.is_finite() && value >= least {
            return Ok(());
        }
        Err(self.refused(name, format!("{value} is not a number from {least}")))
    }

    pub(crate) fn positive(self, name: &str, value: f64) -> Result<(), ExperimentError> {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        Err(self.refused(name, format!("{value} is not a number above 0")))
    }

    /// Chips of some processes, each under a name of its own.
    pub(crate) fn processes(self, processes: &[Process]) -> Result<(), ExperimentError> {
        let names: Vec<&str> = processes.iter().map(|p| p.name.as_str()).collect();
        self.distinct("processes", &names)?;
        let mut numbered = processes.iter().enumerate();
        numbered.try_for_each(|(number, process)| {
            self.several(
                &format!("processes.{number}.chip_seeds"),
                &process.chip_seeds,
            )
        })
    }

    /// What is computed on which chips, each under a name of its own.
    pub(crate) fn cases(self, cases: &[NetworkCase]) -> Result<(), ExperimentError> {
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        self.several("cases", &names)?;
        let mut numbered = cases.iter().enumerate();
        numbered.try_for_each(|(number, case)| self.case(&format!("cases.{number}"), case))
    }

    pub(crate) fn case(self, name: &str, case: &NetworkCase) -> Result<(), ExperimentError> {
        let task = &case.task;
        for (part, value, least) in [
            ("training_samples", task.training_samples, 1),
            ("test_samples", task.test_samples, 1),
            ("deployment_samples", task.deployment_samples, 1),
            // Of one there is no line.
            ("layer_vectors", task.layer_vectors, 2),
            // Of one there is no noise.
            ("layer_repeats", task.layer_repeats, 2),
        ] {
            self.at_least(&format!("{name}.task.{part}"), value, least)?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{NetworkTask, Settings, StudyData};

    /// A change of parameters that is refused, and what the message holds.
    pub(crate) type Refused<P> = (fn(&mut P), &'static str);

    /// Parameters that are usual are accepted, and each change of them is refused.
    pub(crate) fn assert_refused<P: Clone>(
        usual: &P,
        check: impl Fn(&P) -> Result<(), ExperimentError>,
        changes: &[Refused<P>],
    ) {
        check(usual).unwrap();
        for (change, expected) in changes {
            let mut changed = usual.clone();
            change(&mut changed);
            let error = check(&changed).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn tasks_that_nothing_comes_of_are_refused_by_case_and_name() {
        let settings = Settings::default();
        let data = StudyData::load(&settings).unwrap();
        let task = NetworkTask::narrow(&data, 1, 1);
        let cases = NetworkCase::of_processes(&settings, task);
        let check = |cases: &[NetworkCase]| Checked("circuit").cases(cases);
        check(&cases).unwrap();
        let changes: [Refused<NetworkTask>; 5] = [
            (
                |t| t.training_samples = 0,
                "training_samples: 0 is less than 1",
            ),
            (|t| t.test_samples = 0, "test_samples: 0 is less than 1"),
            (
                |t| t.deployment_samples = 0,
                "deployment_samples: 0 is less than 1",
            ),
            (|t| t.layer_vectors = 1, "layer_vectors: 1 is less than 2"),
            (|t| t.layer_repeats = 1, "layer_repeats: 1 is less than 2"),
        ];
        for (change, expected) in changes {
            let mut changed = cases.clone();
            change(&mut changed[1].task);
            let error = check(&changed).unwrap_err().to_string();
            assert_eq!(error, format!("circuit: cases.1.task.{expected}"));
        }
    }

    #[test]
    fn what_comes_twice_is_told() {
        let check = |names: &[&str]| Checked("circuit").distinct("cases", names);
        assert!(check(&[]).is_ok() && check(&["a", "b"]).is_ok());
        let error = check(&["a", "b", "a"]).unwrap_err().to_string();
        assert_eq!(error, "circuit: cases: \"a\" is there twice");
    }
}
