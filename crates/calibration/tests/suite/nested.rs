//! Routines within routines.

use std::cell::RefCell;
use std::rc::Rc;

use bss2_calibration::bench::Pulses;
use bss2_calibration::routine::Nested;
use bss2_calibration::{Bench, BinarySearch, CalibrationError, Routine, Slope, run_routine};
use bss2_core::Register;

use crate::linear_chip::LinearChip;

type Log = Rc<RefCell<Vec<&'static str>>>;

/// A routine that notes what is asked of it. Its response is its register's value, less a share of
/// another's.
struct Noted {
    register: Register,
    less: Option<(Register, f64)>,
    target: f64,
    steps: [&'static str; 3],
    log: Log,
}

impl Noted {
    fn note(&self, step: usize) {
        self.log.borrow_mut().push(self.steps[step]);
    }
}

impl Routine for Noted {
    fn name(&self) -> &'static str {
        self.steps[1]
    }

    fn register(&self) -> Register {
        self.register
    }

    fn slope(&self) -> Slope {
        Slope::Rising
    }

    fn unit(&self) -> &'static str {
        "code"
    }

    fn tolerance(&self) -> f64 {
        0.5
    }

    fn prepare(&mut self, _bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.note(0);
        Ok(())
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![self.target; initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        self.note(1);
        bench.pulses(Pulses::none(0.0), 1)?;
        let values = bench.values(self.register)?;
        let (other, share) = self.less.unwrap_or((self.register, 0.0));
        let others = bench.values(other)?;
        for ((response, value), other) in responses.iter_mut().zip(values).zip(others) {
            *response = f64::from(value) - share * f64::from(other);
        }
        Ok(())
    }

    fn restore(&mut self, _bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.note(2);
        Ok(())
    }
}

fn nested(log: &Log) -> Nested<Noted, Noted, BinarySearch> {
    Nested {
        outer: Noted {
            register: Register::VLeak,
            less: None,
            target: 700.0,
            steps: ["prepare outer", "outer", "restore outer"],
            log: Rc::clone(log),
        },
        inner: Noted {
            register: Register::VReset,
            less: Some((Register::VLeak, 0.5)),
            target: 100.0,
            steps: ["prepare inner", "inner", "restore inner"],
            log: Rc::clone(log),
        },
        search: BinarySearch,
    }
}

/// Measurements of a routine with a binary search of 1023 values: before, ⌈log₂ 1023⌉ + 2, after.
const OUTER: usize = 1 + 12 + 1;
/// The same within another: what comes after is left to the outer one.
const INNER: usize = 1 + 12;

#[test]
fn the_inner_runs_before_each_measurement_of_the_outer() {
    let log = Log::default();
    let mut chip = LinearChip::new(1, 16);
    let result = run_routine(
        &mut Bench::new(&mut chip, 1),
        &mut nested(&log),
        &BinarySearch,
    )
    .unwrap();

    let inner = ["prepare inner"]
        .into_iter()
        .chain(["inner"; INNER])
        .chain(["restore inner", "outer"]);
    let one: Vec<&str> = inner.collect();
    let mut expected = vec!["prepare outer"];
    expected.extend(one.repeat(OUTER));
    expected.push("restore outer");
    assert_eq!(*log.borrow(), expected);

    assert_eq!((&*result.name, result.register), ("outer", Register::VLeak));
    assert_eq!(result.measurements, (OUTER * (INNER + 1)) as u64);
    // Each measurement is a reading of both hemispheres.
    assert_eq!(result.cost.runs, 2 * result.measurements);
    assert_eq!(chip.measured as u64, result.cost.runs);
    let counted = result.course.iter().map(|step| step.measurements);
    assert_eq!(
        counted.collect::<Vec<_>>(),
        (1..=OUTER)
            .map(|n| (n * (INNER + 1)) as u64)
            .collect::<Vec<_>>()
    );
}

#[test]
fn the_inner_register_follows_the_outer_one() {
    let mut chip = LinearChip::new(1, 16);
    let mut bench = Bench::new(&mut chip, 1);
    let result = run_routine(&mut bench, &mut nested(&Log::default()), &BinarySearch).unwrap();
    assert!(result.values.iter().all(|&value| value == 700));
    assert_eq!(result.success_rate(), 1.0);
    let inner = bench.values(Register::VReset).unwrap();
    assert!(inner.iter().all(|&value| value == 450), "{inner:?}");
}

#[test]
fn a_refusal_within_the_inner_comes_out() {
    for left in [0, 3, 2 * INNER, 2 * INNER + 1, 2 * (INNER + 1) + 5] {
        let mut chip = LinearChip::new(1, 16);
        chip.measurements_left = left;
        let refused = run_routine(
            &mut Bench::new(&mut chip, 1),
            &mut nested(&Log::default()),
            &BinarySearch,
        );
        let broken = CalibrationError::Array(crate::linear_chip::broken());
        assert_eq!(refused, Err(broken));
    }
}
