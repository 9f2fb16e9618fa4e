//! Searches obey their laws, and each law is seen to be broken by one that breaks it.

use std::cell::Cell;

use bss2_calibration::search::{Problem, Respond, SearchAlgorithm, SearchOutcome};
use bss2_calibration::testing::{SEARCH_LAWS, SearchSubject};
use bss2_calibration::{
    BinarySearch, CalibrationError, LinearPrediction, LinearSearch, NoisyBinarySearch,
    PolynomialPrediction, ProportionalSteps,
};
use bss2_core::testing::hold_all;

fn subject(
    search: impl SearchAlgorithm + 'static,
    start_within: i32,
    finds_within: i32,
) -> SearchSubject {
    SearchSubject {
        search: Box::new(search),
        start_within,
        finds_within,
    }
}

#[test]
fn every_search_obeys_them() {
    let linear = LinearSearch { step: 1, steps: 12 };
    let prediction = LinearPrediction {
        response_per_step: 1.0,
    };
    let proportional = ProportionalSteps { steps: 4 };
    for (name, subject) in [
        ("binary", subject(BinarySearch, 999, 0)),
        (
            "noisy binary",
            subject(NoisyBinarySearch { seed: 1 }, 999, 1),
        ),
        ("linear", subject(linear, 10, 0)),
        ("linear prediction", subject(prediction, 999, 0)),
        (
            "polynomial",
            subject(
                PolynomialPrediction {
                    coefficients: vec![1.0],
                },
                999,
                0,
            ),
        ),
        ("proportional", subject(proportional, 999, 0)),
    ] {
        if let Err(violations) = hold_all(SEARCH_LAWS, &subject) {
            panic!("{name}: {violations:#?}");
        }
    }
}

/// What is wrong with a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    LeavesTheRange,
    Misses,
    FindsAllInside,
    Miscounts,
    Remembers,
    SwallowsFailures,
}

/// A binary search with a defect.
struct Broken {
    defect: Defect,
    searches: Cell<i32>,
}

impl SearchAlgorithm for Broken {
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError> {
        let swallows = self.defect == Defect::SwallowsFailures;
        let mut outcome = BinarySearch.search(problem, &mut |values, responses| match respond(
            values, responses,
        ) {
            Err(_) if swallows => Ok(()),
            result => result,
        })?;
        let searches = self.searches.replace(self.searches.get() + 1);
        match self.defect {
            Defect::None | Defect::SwallowsFailures => {}
            Defect::LeavesTheRange => outcome.values[0] = problem.max() + 1,
            Defect::Misses => outcome.values[0] -= 5,
            Defect::FindsAllInside => outcome.inside.fill(true),
            Defect::Miscounts => outcome.measurements += 1,
            Defect::Remembers => outcome.values[0] += searches % 3,
        }
        Ok(outcome)
    }
}

#[test]
fn each_law_is_broken_by_a_search_that_breaks_it() {
    let broken = |defect| {
        let search = Broken {
            defect,
            searches: Cell::new(0),
        };
        let subject = subject(search, 999, 0);
        let laws = SEARCH_LAWS.iter();
        let broken = laws.filter(|law| law.hold(&subject).is_err());
        broken.map(|law| law.name).collect::<Vec<_>>()
    };
    assert_eq!(broken(Defect::None), [""; 0]);
    let cases = [
        (Defect::LeavesTheRange, "values stay within the range"),
        (Defect::Misses, "targets are met"),
        (Defect::FindsAllInside, "what is out of reach is told"),
        (Defect::Miscounts, "measurements are counted"),
        (Defect::Remembers, "equal responses give equal values"),
        (Defect::SwallowsFailures, "failures are handed on"),
    ];
    for (defect, law) in cases {
        let found = broken(defect);
        assert!(found.contains(&law), "{defect:?} breaks {found:?}");
    }
    for law in SEARCH_LAWS {
        assert!(
            cases.iter().any(|(_, name)| *name == law.name),
            "{}",
            law.name
        );
    }
}
