//! What a calibration leaves behind: on the chip, as a result, and applied again.

use bss2_calibration::routine::CadcOffset;
use bss2_calibration::{
    Bench, BinarySearch, CalibrationError, CalibrationResult, Problem, Procedure, RoutineResult,
    Slope, run_routine,
};
use bss2_core::{
    CadcChannel, ChipControl, ChipIdentity, ControlError, MacArray, Region, Register, RunRequest,
    RunSettings, Scope, Trial,
};
use bss2_hardware::SimulatedChip;
use ndarray::Array2;

use crate::linear_chip::LinearChip;
use crate::simulated::{calibrate, fresh_chip};

fn linear_chip() -> LinearChip {
    LinearChip::new("linear", 2, 5)
}

fn linear_result() -> CalibrationResult {
    Procedure::default()
        .run(&mut linear_chip(), 1, &mut |_| {})
        .expect("the chip refuses nothing")
}

/// Outputs of both hemispheres for a stimulus of many values.
fn outputs(chip: &mut SimulatedChip) -> Array2<i8> {
    let geometry = chip.geometry();
    let weights = Array2::from_shape_fn((geometry.inputs(), geometry.columns()), |(i, c)| {
        ((i * 31 + c * 17) % 127) as i8 - 63
    });
    let activations = Array2::from_shape_fn((5, geometry.inputs()), |(v, i)| {
        ((v * 13 + i * 7) % 32) as u8
    });
    let mut all = Array2::zeros((0, geometry.columns()));
    for hemisphere in 0..geometry.hemispheres() {
        let region = Region::whole(geometry, hemisphere);
        chip.load_weights(region, weights.view())
            .expect("weights in range");
        let request = RunRequest {
            region,
            settings: RunSettings::default(),
            trial: Trial::new(3),
        };
        let mut outputs = Array2::zeros((5, geometry.columns()));
        chip.run(&request, activations.view(), outputs.view_mut())
            .expect("a good request");
        all.append(ndarray::Axis(0), outputs.view())
            .expect("equal widths");
    }
    all
}

#[test]
fn an_applied_result_makes_a_fresh_chip_answer_bit_for_bit_like_the_calibrated_one() {
    let mut calibrated = fresh_chip(7);
    let result = calibrate(&mut calibrated, 1);
    let mut fresh = fresh_chip(7);
    assert_ne!(outputs(&mut fresh), outputs(&mut calibrated));
    result.apply(&mut fresh).unwrap();
    assert_eq!(outputs(&mut fresh), outputs(&mut calibrated));
    for &register in Register::ALL {
        assert_eq!(
            fresh.register_values(register).unwrap(),
            calibrated.register_values(register).unwrap()
        );
    }
}

#[test]
fn another_chip_refuses_the_result_and_is_left_alone() {
    let result = linear_result();
    let mut other = LinearChip::new("another", 2, 5);
    assert_eq!(
        result.apply(&mut other),
        Err(CalibrationError::OtherChip {
            calibrated: ChipIdentity::new("linear"),
            found: ChipIdentity::new("another"),
        })
    );
    assert_eq!(other.touches, 0);
}

#[test]
fn a_corrupt_result_is_refused_before_anything_is_written() {
    let good = linear_result();
    let last = good.routines.len() - 1;
    // The last routine is corrupt: those before it must not have been written yet.
    let corrupt = |change: &dyn Fn(&mut RoutineResult)| {
        let mut result = good.clone();
        change(&mut result.routines[last]);
        let mut chip = linear_chip();
        let refusal = result.apply(&mut chip);
        assert_eq!(chip.touches, 0);
        refusal
    };
    let refusals = [
        corrupt(&|routine| {
            routine.values.pop();
        }),
        corrupt(&|routine| routine.values.push(0)),
        corrupt(&|routine| routine.values.clear()),
    ];
    for refusal in refusals {
        assert!(matches!(
            refusal,
            Err(CalibrationError::Control(ControlError::InstanceCount {
                register: Register::IBiasSyninInhGm,
                expected: 10,
                ..
            }))
        ));
    }
    for value in [1023, -1, i32::MAX, i32::MIN] {
        let refusal = corrupt(&|routine| routine.values[6] = value);
        assert_eq!(
            refusal,
            Err(CalibrationError::Control(ControlError::ValueOutOfRange {
                register: Register::IBiasSyninInhGm,
                instance: 6,
                value,
                min: 0,
                max: 1022,
            }))
        );
    }
}

#[test]
fn a_result_survives_a_trip_through_json() {
    let mut calibrated = fresh_chip(7);
    let result = calibrate(&mut calibrated, u64::MAX);
    let text = serde_json::to_string(&result).unwrap();
    let read: CalibrationResult = serde_json::from_str(&text).unwrap();
    assert_eq!(read, result);
    let mut fresh = fresh_chip(7);
    read.apply(&mut fresh).unwrap();
    assert_eq!(outputs(&mut fresh), outputs(&mut calibrated));
}

#[test]
fn text_that_is_no_result_is_refused() {
    let text = serde_json::to_string(&linear_result()).unwrap();
    for (good, bad) in [
        ("\"cadc_offset\"", "\"no_such_register\""),
        ("\"trial_seed\":1", "\"trial_seed\":-1"),
        ("\"routines\"", "\"sequence\""),
    ] {
        assert!(text.contains(good));
        let text = text.replace(good, bad);
        assert!(
            serde_json::from_str::<CalibrationResult>(&text).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn the_same_trial_seed_repeats_the_result_bit_for_bit() {
    let [first, second] = [(); 2].map(|()| calibrate(&mut fresh_chip(5), 9));
    assert_eq!(first, second);
    assert_eq!(first.trial_seed, 9);
    assert_eq!(first.chip, fresh_chip(5).identity());
    assert_eq!(first.tool_version, env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_cost_is_what_the_measurements_say_and_no_matter_of_noise() {
    let [first, second] = [1, 2].map(|trial_seed| calibrate(&mut fresh_chip(5), trial_seed));
    assert_eq!(first.cost, second.cost);
    assert_ne!(first.routines, second.routines);

    // Every measurement but the first of a routine comes after a write of all instances.
    let writes = |r: &RoutineResult| (r.measurements - 1) as u64;
    let register_writes: u64 = first
        .routines
        .iter()
        .map(|r| writes(r) * r.values.len() as u64)
        .sum();
    let settles: u64 = first
        .routines
        .iter()
        .filter(|r| r.register.spec().capmem)
        .map(writes)
        .sum();
    // The procedure begins with setting the mode, of rows and columns, and with a reset of all
    // registers, which settles once.
    let geometry = fresh_chip(5).control_geometry();
    let all: usize = Register::ALL.iter().map(|r| r.instances(geometry)).sum();
    let all = all + Scope::Driver.instances(geometry) + Scope::Column.instances(geometry);
    assert_eq!(first.cost.register_writes, register_writes + all as u64);
    assert_eq!(first.cost.settles, settles + 1);
    assert!(settles > 0);
    let cost = first.cost;
    assert!(
        [cost.runs, cost.vectors, cost.events, cost.weights_written]
            .iter()
            .all(|&n| n > 0)
    );
    assert_eq!(cost.cadc_conversions, cost.vectors * 256);
}

#[test]
fn more_averaging_costs_more_vectors_and_no_more_settles() {
    let cost = |procedure: Procedure| {
        let result = procedure.run(&mut linear_chip(), 1, &mut |_| {});
        result.expect("the chip refuses nothing").cost
    };
    let usual = cost(Procedure::default());
    let Procedure {
        baseline_runs,
        gain_runs,
        driver_runs,
    } = Procedure::default();
    for thorough in [
        Procedure {
            baseline_runs: 2 * baseline_runs,
            ..Procedure::default()
        },
        Procedure {
            gain_runs: 2 * gain_runs,
            ..Procedure::default()
        },
        Procedure {
            driver_runs: 2 * driver_runs,
            ..Procedure::default()
        },
    ] {
        let cost = cost(thorough);
        assert!(cost.vectors > usual.vectors, "{thorough:?}");
        assert_eq!(cost.settles, usual.settles);
        assert_eq!(cost.register_writes, usual.register_writes);
    }
}

#[test]
fn options_out_of_range_are_refused_before_the_chip_is_touched() {
    let default = Procedure::default();
    for value in [0, 1001, usize::MAX] {
        let cases = [
            (
                "baseline_runs",
                Procedure {
                    baseline_runs: value,
                    ..default
                },
            ),
            (
                "gain_runs",
                Procedure {
                    gain_runs: value,
                    ..default
                },
            ),
            (
                "driver_runs",
                Procedure {
                    driver_runs: value,
                    ..default
                },
            ),
        ];
        for (name, procedure) in cases {
            let mut chip = linear_chip();
            let refused = procedure.run(&mut chip, 1, &mut |_| {});
            assert!(
                matches!(refused, Err(CalibrationError::OptionOutOfRange { option, .. }) if option == name),
                "{refused:?}"
            );
            assert_eq!(chip.touches, 0);
        }
    }
}

#[test]
fn the_smallest_options_do() {
    let procedure = Procedure {
        baseline_runs: 1,
        gain_runs: 1,
        driver_runs: 1,
    };
    let result = procedure.run(&mut linear_chip(), 1, &mut |_| {}).unwrap();
    assert!(result.routines.iter().all(|r| r.success_rate() == 1.0));
}

#[test]
fn the_procedure_leaves_the_weights_zero() {
    let mut chip = linear_chip();
    let region = Region::whole(chip.geometry(), 1);
    chip.load_weights(region, Array2::from_elem((128, 5), -9).view())
        .unwrap();
    assert!(!chip.holds_no_weights());
    Procedure::default().run(&mut chip, 1, &mut |_| {}).unwrap();
    assert!(chip.holds_no_weights());
}

#[test]
fn each_routine_is_told_once_and_in_order() {
    let mut told = Vec::new();
    let result = Procedure::default()
        .run(&mut linear_chip(), 1, &mut |routine| {
            told.push(routine.clone());
        })
        .unwrap();
    assert_eq!(told, result.routines);
    let names: Vec<&str> = told.iter().map(|routine| routine.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "CADC offset",
            "driver offset",
            "excitatory column gain",
            "inhibitory column gain",
        ]
    );
    assert_eq!(names.len(), Procedure::ROUTINES);
}

#[test]
fn the_registers_hold_what_the_routines_found() {
    let mut chip = linear_chip();
    let result = Procedure::default().run(&mut chip, 1, &mut |_| {}).unwrap();
    for routine in &result.routines {
        assert_eq!(
            chip.register_values(routine.register).unwrap(),
            routine.values
        );
    }
    // And what it found is what the chip was left with: the residuals can be measured again.
    let mut errors = Vec::new();
    for columns in [0..5, 5..10] {
        for channel in CadcChannel::BOTH {
            for column in columns.clone() {
                let offset = chip.shifted_offset(column, channel);
                errors.push((128.0 + offset).round() - 128.0);
            }
        }
    }
    assert_eq!(result.routines[0].after, errors);
}

#[test]
fn averaging_over_no_runs_or_too_many_is_refused() {
    let mut chip = linear_chip();
    let mut bench = Bench::new(&mut chip, 1);
    for runs in [0, 1001, usize::MAX] {
        let refusal = bench.baseline(0, CadcChannel::Causal, runs);
        assert!(matches!(
            refusal,
            Err(CalibrationError::OptionOutOfRange { option: "runs", .. })
        ));
        let mut routine = CadcOffset { runs };
        assert!(run_routine(&mut bench, &mut routine, &BinarySearch).is_err());
    }
}

#[test]
#[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
fn searches_over_no_values_or_too_many_are_refused() {
    for range in [1..=0, i32::MIN..=i32::MAX, 0..=1 << 24] {
        assert!(matches!(
            Problem::new(range, Slope::Rising, &[]),
            Err(CalibrationError::Range { .. })
        ));
    }
}
