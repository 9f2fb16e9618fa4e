//! Every routine alone, with each search that suits it.

use bss2_calibration::{
    Bench, BinarySearch, CalibrationError, LinearPrediction, LinearSearch, NoisyBinarySearch,
    PolynomialPrediction, ProportionalSteps, Routine, RoutineResult, SearchAlgorithm, Slope,
    run_routine,
};
use bss2_core::{ArrayMode, ChipControl};

use crate::linear_chip::{LinearChip, broken};
use crate::routine_cases::{Case, Suits, cases};
use crate::support::registers;

const COLUMNS: usize = 16;

/// The searches for a case, by name.
fn searches(case: &Case) -> Vec<(&'static str, Box<dyn SearchAlgorithm>)> {
    let mut searches: Vec<(&'static str, Box<dyn SearchAlgorithm>)> = vec![
        ("binary", Box::new(BinarySearch)),
        ("noisy binary", Box::new(NoisyBinarySearch { seed: 5 })),
    ];
    let far = LinearSearch {
        step: 1,
        steps: 400,
    };
    if case.suits != Suits::BinaryAlone {
        searches.push(("linear", Box::new(far)));
    }
    match case.suits {
        Suits::Prediction(response_per_step) => {
            let line = LinearPrediction { response_per_step };
            searches.push(("linear prediction", Box::new(line)));
            let signed = match (case.routine)().slope() {
                Slope::Rising => response_per_step,
                Slope::Falling => -response_per_step,
            };
            let coefficients = vec![signed];
            let polynomial = PolynomialPrediction { coefficients };
            searches.push(("polynomial prediction", Box::new(polynomial)));
        }
        Suits::Proportion => {
            searches.push(("proportional", Box::new(ProportionalSteps { steps: 5 })));
        }
        Suits::BinaryAlone => {}
    }
    searches
}

fn chip(case: &Case) -> LinearChip {
    let mut chip = LinearChip::new(11, COLUMNS);
    (case.arrange)(&mut chip);
    chip
}

fn run(
    chip: &mut LinearChip,
    routine: &mut dyn Routine,
    search: &dyn SearchAlgorithm,
) -> Result<RoutineResult, CalibrationError> {
    run_routine(&mut Bench::new(chip, 1), routine, search)
}

#[test]
fn each_brings_its_quantity_to_the_target_and_leaves_all_else_as_it_was() {
    for case in cases() {
        for (search_name, search) in searches(&case) {
            let mut chip = chip(&case);
            let before = registers(&mut chip);
            let mut routine = (case.routine)();
            let what = format!("{} by {search_name}", routine.name());
            let result = run(&mut chip, routine.as_mut(), search.as_ref()).unwrap();

            for (register, values) in before {
                if register == routine.register() {
                    assert_ne!(chip.register_values(register).unwrap(), values, "{what}");
                } else {
                    let after = chip.register_values(register).unwrap();
                    assert_eq!(after, values, "{what} changes {register}");
                }
            }
            assert_result(&mut chip, &result, routine.as_ref(), &what);
            chip.settle().unwrap();
            (case.check)(&chip, &what);
        }
    }
}

/// The result says what happened.
fn assert_result(chip: &mut LinearChip, result: &RoutineResult, routine: &dyn Routine, what: &str) {
    let register = routine.register();
    assert_eq!(result.register, register, "{what}");
    assert_eq!(result.values, chip.register_values(register).unwrap());
    assert_eq!(result.success_rate(), 1.0, "{what}");
    assert_eq!(
        (&*result.name, &*result.unit),
        (routine.name(), routine.unit())
    );
    assert_eq!(result.cost.runs, chip.measured as u64, "{what}");
    assert!(result.spread_after() < result.spread_before(), "{what}");
    let largest = result
        .after
        .iter()
        .flatten()
        .fold(0.0_f64, |a, b| a.max(b.abs()));
    assert!(largest <= routine.tolerance(), "{what}: {largest}");
    let [first, .., last] = &*result.course else {
        panic!("{what} has no course")
    };
    assert_eq!(result.course.len() as u64, result.measurements, "{what}");
    assert_eq!(
        (first.measurements, last.measurements),
        (1, result.measurements)
    );
    assert!(last.residual < first.residual, "{what}");
    let costs = result.course.windows(2);
    assert!(
        costs
            .into_iter()
            .all(|pair| pair[0].cost.runs < pair[1].cost.runs)
    );
}

#[test]
fn a_refusal_comes_out_as_it_is_wherever_it_comes() {
    for case in cases() {
        let mut untroubled = chip(&case);
        run(&mut untroubled, (case.routine)().as_mut(), &BinarySearch).unwrap();
        let needed = untroubled.measured;
        for left in [0, 1, needed / 2, needed - 1] {
            let mut chip = chip(&case);
            chip.measurements_left = left;
            let refused = run(&mut chip, (case.routine)().as_mut(), &BinarySearch);
            assert_eq!(refused, Err(CalibrationError::Array(broken())));
        }
        let mut chip = chip(&case);
        chip.measurements_left = needed;
        assert!(run(&mut chip, (case.routine)().as_mut(), &BinarySearch).is_ok());
    }
}

#[test]
fn on_lines_nothing_is_measured() {
    for case in cases() {
        let mut chip = chip(&case);
        chip.set_mode(ArrayMode::SynapticLine).unwrap();
        let touches = chip.touches;
        let found = ArrayMode::SynapticLine;
        let refused = run(&mut chip, (case.routine)().as_mut(), &BinarySearch);
        assert_eq!(refused, Err(CalibrationError::Mode { found }));
        assert_eq!(chip.touches, touches);
    }
}
