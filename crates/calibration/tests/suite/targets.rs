//! Targets: what is warned of, what is refused, and what is reached.

use bss2_calibration::{
    CadcProcedure, CadcRange, CalibrationError, LineProcedure, LineTargets, MembraneTargets,
    Procedure,
};
use proptest::prelude::*;

use crate::linear_chip::LinearChip;
use crate::support::{every_procedure, for_membranes};

/// Sets one target of those for membranes.
type Set = fn(&mut MembraneTargets, f64);

/// Changes targets on lines.
type Change = fn(&mut LineTargets);

/// A target.
struct Number {
    name: &'static str,
    set: Set,
    /// What is possible, given the other defaults.
    possible: [f64; 2],
    /// What is known to be reached.
    reached: [f64; 2],
    /// The smallest step that a test makes.
    step: f64,
}

const fn number(name: &'static str, set: Set, possible: [f64; 2], reached: [f64; 2]) -> Number {
    Number {
        name,
        set,
        possible,
        reached,
        step: 0.01,
    }
}

const fn whole(name: &'static str, set: Set, possible: [f64; 2], reached: [f64; 2]) -> Number {
    Number {
        step: 1.0,
        ..number(name, set, possible, reached)
    }
}

const NUMBERS: [Number; 10] = [
    number(
        "leak_lsb",
        |t, v| t.leak_lsb = v,
        [0.0, 255.0],
        [100.0, 140.0],
    ),
    number(
        "tau_mem_us",
        |t, v| t.tau_mem_us = v,
        [0.5, 800.0],
        [20.0, 100.0],
    ),
    number(
        "tau_syn_us",
        |t, v| t.tau_syn_us = v,
        [0.05, 100.0],
        [0.3, 20.0],
    ),
    number(
        "target_noise_lsb",
        |t, v| t.target_noise_lsb = Some(v),
        [0.1, 100.0],
        [1.0, 2.5],
    ),
    number(
        "cadc.lower_lsb",
        |t, v| t.cadc.lower_lsb = v,
        [0.0, 210.0],
        [20.0, 210.0],
    ),
    number(
        "cadc.upper_lsb",
        |t, v| t.cadc.upper_lsb = v,
        [30.0, 255.0],
        [30.0, 220.0],
    ),
    whole(
        "i_synin_gm",
        |t, v| t.i_synin_gm = v as i32,
        [1.0, 1022.0],
        [30.0, 600.0],
    ),
    whole(
        "synapse_dac_bias",
        |t, v| t.synapse_dac_bias = v as i32,
        [1.0, 1022.0],
        [30.0, 1022.0],
    ),
    whole(
        "driver_test_activation",
        |t, v| t.driver_test_activation = v as u8,
        [1.0, 30.0],
        [1.0, 8.0],
    ),
    whole(
        "cadc.upper",
        |t, v| t.cadc.upper = v as i32,
        [160.0, 1022.0],
        [160.0, 550.0],
    ),
];

fn with(set: Set, value: f64) -> MembraneTargets {
    let mut targets = MembraneTargets::default();
    set(&mut targets, value);
    targets
}

#[test]
fn defaults_are_known_to_be_reached() {
    for procedure in every_procedure() {
        assert_eq!(procedure.check(), Ok(Vec::new()), "{}", procedure.name());
    }
    let range = CadcRange::FULL;
    assert_eq!(
        Procedure::Cadc(CadcProcedure { range }).check(),
        Ok(Vec::new())
    );
}

#[test]
fn warnings_name_what_lies_outside_the_known_range() {
    for number in NUMBERS {
        let Number {
            name, set, step, ..
        } = number;
        let ([possible_min, possible_max], [min, max]) = (number.possible, number.reached);
        for value in [min, max, 0.5 * (min + max)] {
            assert_eq!(with(set, value).check(), Ok(Vec::new()), "{name} = {value}");
        }
        for (value, is_possible) in [
            (min - step, min > possible_min),
            (possible_min, min > possible_min),
            (max + step, max < possible_max),
            (possible_max, max < possible_max),
        ] {
            if !is_possible {
                continue;
            }
            for procedure in for_membranes(with(set, value)) {
                let warnings = procedure.check().unwrap();
                let [warning] = &*warnings else {
                    panic!("{name} = {value}: {warnings:?}");
                };
                assert_eq!((warning.target, warning.value), (name, value));
                let text = warning.to_string();
                let named = format!("{name} = {value} is outside ");
                assert!(text.starts_with(&named), "{text}");
            }
        }
    }
}

#[test]
fn several_warnings_come_together() {
    let targets = MembraneTargets {
        leak_lsb: 90.0,
        tau_mem_us: 150.0,
        ..MembraneTargets::default()
    };
    let warnings = targets.check().unwrap();
    let named = warnings
        .iter()
        .map(|warning| (warning.target, warning.value));
    assert_eq!(
        named.collect::<Vec<_>>(),
        [("leak_lsb", 90.0), ("tau_mem_us", 150.0)]
    );
}

/// What a procedure says of its targets, which it must do before it touches the chip.
fn refusal(procedure: Procedure) -> (&'static str, f64) {
    let mut chip = LinearChip::new(81, 16);
    let refused = procedure.run(&mut chip, 1, &mut |_| {}).unwrap_err();
    assert_eq!(chip.touches, 0);
    // No number equals none, not even itself.
    assert_eq!(
        format!("{:?}", procedure.check()),
        format!("{:?}", Err::<(), _>(&refused))
    );
    match refused {
        CalibrationError::TargetOutOfRange {
            target,
            value,
            min,
            max,
        } => {
            assert!(!(min..=max).contains(&value));
            (target, value)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn impossible_targets_are_refused_before_the_chip_is_touched() {
    for number in NUMBERS {
        let Number {
            name, set, step, ..
        } = number;
        let [min, max] = number.possible;
        let mut values = vec![min - step, max + step];
        if step < 1.0 {
            values.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
        }
        for value in values {
            for procedure in for_membranes(with(set, value)) {
                let (target, found) = refusal(procedure);
                // The ends of a range that is upside down are told by the upper one.
                let named =
                    target == name || (name == "cadc.lower_lsb" && target == "cadc.upper_lsb");
                assert!(named, "{name} = {value}: {target}");
                assert!(target != name || found == value || value.is_nan());
            }
        }
    }
    let changes: [(Change, &str); 5] = [
        (|t| t.synapse_dac_bias = 1023, "synapse_dac_bias"),
        (|t| t.driver_test_activation = 31, "driver_test_activation"),
        (|t| t.cadc.lower = -1, "cadc.lower"),
        (|t| t.cadc.upper = 1023, "cadc.upper"),
        (|t| t.cadc.lower = 331, "cadc.upper"),
    ];
    for (change, name) in changes {
        let mut procedure = LineProcedure::default();
        change(&mut procedure.targets);
        assert_eq!(refusal(Procedure::SynapticLine(procedure)).0, name);
        let range = procedure.targets.cadc;
        if range != CadcRange::LINES {
            assert_eq!(refusal(Procedure::Cadc(CadcProcedure { range })).0, name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 14, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn possible_targets_never_panic(
        leak_lsb in 0.0..=255.0_f64,
        tau_mem_us in 0.5..=800.0_f64,
        tau_syn_us in 0.05..=100.0_f64,
        i_synin_gm in 1..=1022_i32,
        target_noise_lsb in prop::option::weighted(0.2, 0.1..=100.0_f64),
        synapse_dac_bias in 1..=1022_i32,
        driver_test_activation in 1..=30_u8,
        (lower, upper) in (0..=1000_i32, 10..=1022_i32),
        (lower_lsb, upper_lsb) in (0.0..=255.0_f64, 0.0..=255.0_f64),
        nested in prop::bool::weighted(0.25),
    ) {
        let targets = MembraneTargets {
            leak_lsb,
            tau_mem_us,
            tau_syn_us,
            i_synin_gm,
            target_noise_lsb,
            synapse_dac_bias,
            cadc: CadcRange {
                lower: lower.min(upper - 10).max(0),
                upper: upper.max(lower + 10),
                lower_lsb: lower_lsb.min(upper_lsb - 10.0).max(0.0),
                upper_lsb: upper_lsb.max(lower_lsb + 10.0).clamp(20.0, 255.0),
            },
            driver_test_activation,
        };
        prop_assume!(targets.check().is_ok());
        let procedure = for_membranes(targets)[usize::from(!nested)];
        let mut chip = LinearChip::new(82, 16);
        let result = procedure.run(&mut chip, 1, &mut |_| {});
        prop_assert!(result.is_ok(), "{result:?}");
        for routine in &result.unwrap().routines {
            let both = [routine.spread_before(), routine.spread_after()];
            let succeeded = routine.success_rate() > 0.0;
            prop_assert!(both[1].is_finite() == succeeded, "{}", routine.name);
        }
    }
}
