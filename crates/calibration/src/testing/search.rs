//! What every search obeys. They search 24 registers of 1…1000 at once, the response of each of which is its
//! value.

use std::cell::Cell;

use bss2_core::random::keyed_stream;
use bss2_core::testing::{Law, ensure, ensure_equal};
use rand::RngExt;

use crate::{CalibrationError, Problem, SearchAlgorithm, SearchOutcome, Slope};

/// An implementation of [`SearchAlgorithm`] that is to be held to the laws.
pub struct SearchSubject {
    /// The search; where it has to know the response per register step, for one of 1.
    pub search: Box<dyn SearchAlgorithm>,
    /// How far from its start a value may be for the search to find it: 1000 from anywhere.
    pub start_within: i32,
    /// How far from the value that meets its target it then ends at most.
    pub finds_within: i32,
}

/// The laws of searches.
pub const SEARCH_LAWS: &[Law<SearchSubject>] = &[
    Law::new(
        "values stay within the range",
        "whatever the responses are, infinite or no numbers, while searching and in the end",
        values_stay_within_the_range,
    ),
    Law::new(
        "targets are met",
        "where the response is a line without noise and the value not too far from its start",
        targets_are_met,
    ),
    Law::new(
        "what is out of reach is told",
        "such an instance does not end inside the range",
        what_is_out_of_reach_is_told,
    ),
    Law::new(
        "measurements are counted",
        "as many are told as were made",
        measurements_are_counted,
    ),
    Law::new(
        "equal responses give equal values",
        "a search has no memory of another one",
        equal_responses_give_equal_values,
    ),
    Law::new(
        "failures are handed on",
        "what the measurement reports is what the search reports",
        failures_are_handed_on,
    ),
];

type Found = Result<(), String>;

// Some searches are for positive values.
const MIN: i32 = 1;
const MAX: i32 = 1000;
const INSTANCES: usize = 24;

/// A problem: targets and starts. The response rises by one per step.
struct Case {
    targets: Vec<f64>,
    starts: Vec<i32>,
}

impl Case {
    /// Targets that are met by values near the starts.
    fn within_reach(subject: &SearchSubject, seed: u64) -> (Self, Vec<i32>) {
        let mut rng = keyed_stream(seed, 5);
        let mut starts = Vec::with_capacity(INSTANCES);
        let mut meets = Vec::with_capacity(INSTANCES);
        for _ in 0..INSTANCES {
            let start = rng.random_range(MIN + 1..MAX);
            let within = subject.start_within.clamp(0, MAX);
            let way = rng.random_range(-within..=within);
            starts.push(start);
            meets.push((start + way).clamp(MIN + 1, MAX - 1));
        }
        let case = Self {
            targets: meets.iter().copied().map(f64::from).collect(),
            starts,
        };
        (case, meets)
    }

    /// Searches, and tells the values that were measured.
    fn search(
        &self,
        subject: &SearchSubject,
        mut response: impl FnMut(i32) -> f64,
    ) -> Result<(SearchOutcome, Vec<Vec<i32>>), String> {
        let mut measured = Vec::new();
        let problem = self.problem().map_err(|error| error.to_string())?;
        let outcome = subject.search.search(&problem, &mut |values, responses| {
            measured.push(values.to_vec());
            let pairs = responses.iter_mut().zip(values);
            pairs.for_each(|(to, &value)| *to = response(value));
            Ok(())
        });
        Ok((outcome.map_err(|error| error.to_string())?, measured))
    }

    fn problem(&self) -> Result<Problem<'_>, CalibrationError> {
        Problem::new(MIN..=MAX, Slope::Rising, &self.targets)?.starting_at(&self.starts)
    }
}

fn values_stay_within_the_range(subject: &SearchSubject) -> Found {
    let mut rng = keyed_stream(1, 6);
    for seed in 0..40 {
        let (case, _) = Case::within_reach(subject, seed);
        let (outcome, measured) = case.search(subject, |_| match rng.random_range(0..6) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => f64::MAX,
            _ => rng.random_range(-1e4..1e4),
        })?;
        ensure_equal("number of values", &outcome.values.len(), &INSTANCES)?;
        ensure_equal("number of verdicts", &outcome.inside.len(), &INSTANCES)?;
        let all = measured.iter().flatten().chain(&outcome.values);
        let outside: Vec<i32> = all.copied().filter(|v| !(MIN..=MAX).contains(v)).collect();
        ensure(outside.is_empty(), || {
            format!("{outside:?} are out of range")
        })?;
    }
    Ok(())
}

fn targets_are_met(subject: &SearchSubject) -> Found {
    for seed in 0..5 {
        let (case, meets) = Case::within_reach(subject, seed);
        let (outcome, _) = case.search(subject, f64::from)?;
        for (found, meets) in outcome.values.iter().zip(&meets) {
            ensure(
                found.abs_diff(*meets) as i32 <= subject.finds_within,
                || format!("{found} where {meets} meets the target"),
            )?;
        }
    }
    Ok(())
}

fn what_is_out_of_reach_is_told(subject: &SearchSubject) -> Found {
    let mut case = Case::within_reach(subject, 4).0;
    case.targets.fill(1e6);
    // At the end already, so that any search gets there.
    case.starts.fill(MAX);
    let (outcome, _) = case.search(subject, f64::from)?;
    ensure_equal("values", &outcome.values, &vec![MAX; INSTANCES])?;
    ensure_equal("inside", &outcome.inside, &vec![false; INSTANCES])
}

fn measurements_are_counted(subject: &SearchSubject) -> Found {
    let (case, _) = Case::within_reach(subject, 5);
    let (outcome, measured) = case.search(subject, f64::from)?;
    ensure_equal("measurements", &outcome.measurements, &measured.len())
}

fn equal_responses_give_equal_values(subject: &SearchSubject) -> Found {
    let search = |seed: u64| {
        let (case, _) = Case::within_reach(subject, seed);
        // Some noise, the same for equal values.
        case.search(subject, |v| {
            f64::from(v) + f64::from(v.wrapping_mul(7919) % 13)
        })
    };
    let first = search(6)?;
    search(7)?;
    ensure_equal("after another search", &search(6)?, &first)
}

fn failures_are_handed_on(subject: &SearchSubject) -> Found {
    let (case, _) = Case::within_reach(subject, 8);
    let problem = case.problem().map_err(|error| error.to_string())?;
    let calls = Cell::new(0);
    let fails = || CalibrationError::Range { min: 7, max: 3 };
    let found = subject.search.search(&problem, &mut |_, _| {
        calls.set(calls.get() + 1);
        Err(fails())
    });
    match found {
        Err(error) if error.to_string() == fails().to_string() => {}
        found => return Err(format!("a failed measurement gives {found:?}")),
    }
    ensure_equal("measurements after a failure", &calls.get(), &1)
}
