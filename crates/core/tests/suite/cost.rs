//! Counts become time and energy.

use bss2_core::{CostError, CostLedger, CostModel, CostParameters};

/// One of each count; the name tells which.
fn one_of_each() -> [(&'static str, CostLedger); 13] {
    let zero = CostLedger::default();
    [
        ("runs", CostLedger { runs: 1, ..zero }),
        (
            "round_trips",
            CostLedger {
                round_trips: 1,
                ..zero
            },
        ),
        ("vectors", CostLedger { vectors: 1, ..zero }),
        ("events", CostLedger { events: 1, ..zero }),
        (
            "event_cycles",
            CostLedger {
                event_cycles: 1,
                ..zero
            },
        ),
        (
            "wait_cycles",
            CostLedger {
                wait_cycles: 1,
                ..zero
            },
        ),
        (
            "synaptic_operations",
            CostLedger {
                synaptic_operations: 1,
                ..zero
            },
        ),
        ("macs", CostLedger { macs: 1, ..zero }),
        (
            "readouts",
            CostLedger {
                readouts: 1,
                ..zero
            },
        ),
        (
            "cadc_conversions",
            CostLedger {
                cadc_conversions: 1,
                ..zero
            },
        ),
        (
            "weights_written",
            CostLedger {
                weights_written: 1,
                ..zero
            },
        ),
        (
            "register_writes",
            CostLedger {
                register_writes: 1,
                ..zero
            },
        ),
        ("settles", CostLedger { settles: 1, ..zero }),
    ]
}

/// Every parameter another power of two, so that no two combinations have the same sum.
fn distinct() -> CostParameters {
    CostParameters {
        reset_us: 1.0,
        readout_delay_us: 2.0,
        conversion_us: 4.0,
        readout_us: 8.0,
        weight_us: 16.0,
        register_us: 32.0,
        settle_us: 64.0,
        round_trip_us: 128.0,
        static_power_w: 0.0,
        event_pj: 1e6,
        synaptic_operation_pj: 2e6,
        conversion_pj: 4e6,
        weight_pj: 8e6,
        register_pj: 16e6,
    }
}

fn assert_close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
        "{what}: {found}, expected {expected}"
    );
}

#[test]
fn every_count_costs_its_own_time_and_energy() {
    let model = distinct().check().unwrap();
    let expected = [
        ("runs", 0.0, 0.0),
        ("round_trips", 128.0, 0.0),
        ("vectors", 1.0 + 2.0, 0.0),
        ("events", 0.0, 1.0),
        ("event_cycles", 0.008, 0.0),
        ("wait_cycles", 0.008, 0.0),
        ("synaptic_operations", 0.0, 2.0),
        ("macs", 0.0, 0.0),
        ("readouts", 4.0 + 8.0, 0.0),
        ("cadc_conversions", 0.0, 4.0),
        ("weights_written", 16.0, 8.0),
        ("register_writes", 32.0, 16.0),
        ("settles", 64.0, 0.0),
    ];
    let mut all = CostLedger::default();
    for ((name, ledger), (expected_name, time, energy)) in one_of_each().into_iter().zip(expected) {
        assert_eq!(name, expected_name);
        assert_close(model.chip_time_us(&ledger), time, name);
        assert_close(model.energy_uj(&ledger), energy, name);
        all += ledger;
    }
    assert_close(model.chip_time_us(&all), 255.016, "time of all");
    assert_close(model.energy_uj(&all), 31.0, "energy of all");
    assert_close(model.chip_time_us(&(all + all)), 510.032, "twice the time");
    assert_close(model.energy_uj(&(all + all)), 62.0, "twice the energy");
}

#[test]
fn static_power_is_paid_for_all_of_the_time() {
    let parameters = CostParameters {
        static_power_w: 0.5,
        ..distinct()
    };
    let model = parameters.check().unwrap();
    for (name, ledger) in one_of_each() {
        let idle = distinct().check().unwrap().energy_uj(&ledger);
        let time_us = model.chip_time_us(&ledger);
        assert_close(model.energy_uj(&ledger), idle + 0.5 * time_us, name);
    }
}

#[test]
fn what_was_counted_since_an_earlier_state_is_the_difference() {
    let earlier = CostLedger {
        runs: 2,
        settles: 1,
        events: 40,
        ..CostLedger::default()
    };
    let later = CostLedger {
        runs: 5,
        settles: 1,
        readouts: 7,
        ..earlier
    };
    let since = CostLedger {
        runs: 3,
        readouts: 7,
        ..CostLedger::default()
    };
    assert_eq!(later - earlier, since);
    assert_eq!(earlier + since, later);
    assert_eq!(earlier - later, CostLedger::default(), "never below zero");
}

#[test]
fn hemispheres_that_ran_together_cost_the_time_of_the_longer_one_and_both_energies() {
    let top = CostLedger {
        runs: 1,
        round_trips: 1,
        vectors: 10,
        events: 500,
        event_cycles: 2500,
        wait_cycles: 7,
        synaptic_operations: 128_000,
        macs: 327_680,
        readouts: 10,
        cadc_conversions: 2560,
        weights_written: 32_768,
        register_writes: 3,
        settles: 1,
    };
    let bottom = CostLedger {
        runs: 2,
        round_trips: 2,
        vectors: 8,
        events: 900,
        event_cycles: 4500,
        wait_cycles: 3,
        synaptic_operations: 9000,
        macs: 10_240,
        readouts: 16,
        cadc_conversions: 160,
        weights_written: 1280,
        register_writes: 4,
        settles: 0,
    };
    let together = CostLedger {
        runs: 3,
        round_trips: 2,
        vectors: 10,
        events: 1400,
        event_cycles: 4500,
        wait_cycles: 7,
        synaptic_operations: 137_000,
        macs: 337_920,
        readouts: 16,
        cadc_conversions: 2720,
        weights_written: 34_048,
        register_writes: 7,
        settles: 1,
    };
    assert_eq!(top.alongside(bottom), together);
    assert_eq!(bottom.alongside(top), together, "either may be first");
    assert_eq!(top.alongside(CostLedger::default()), top);

    // Without what a link shared by both hemispheres carries, two equal ones take the time of one.
    let run = CostLedger {
        weights_written: 0,
        register_writes: 0,
        ..top
    };
    let model = distinct().check().unwrap();
    assert_close(
        model.chip_time_us(&run.alongside(run)),
        model.chip_time_us(&run),
        "time",
    );
    assert_close(
        model.energy_uj(&run.alongside(run)),
        2.0 * model.energy_uj(&run),
        "energy",
    );
}

/// Changes one parameter.
type Set = fn(&mut CostParameters, f64);

const FIELDS: [(&str, f64, Set); 14] = [
    ("reset_us", 1e9, |p, v| p.reset_us = v),
    ("readout_delay_us", 1e9, |p, v| p.readout_delay_us = v),
    ("conversion_us", 1e9, |p, v| p.conversion_us = v),
    ("readout_us", 1e9, |p, v| p.readout_us = v),
    ("weight_us", 1e9, |p, v| p.weight_us = v),
    ("register_us", 1e9, |p, v| p.register_us = v),
    ("settle_us", 1e9, |p, v| p.settle_us = v),
    ("round_trip_us", 1e9, |p, v| p.round_trip_us = v),
    ("static_power_w", 100.0, |p, v| p.static_power_w = v),
    ("event_pj", 1e9, |p, v| p.event_pj = v),
    ("synaptic_operation_pj", 1e9, |p, v| {
        p.synaptic_operation_pj = v;
    }),
    ("conversion_pj", 1e9, |p, v| p.conversion_pj = v),
    ("weight_pj", 1e9, |p, v| p.weight_pj = v),
    ("register_pj", 1e9, |p, v| p.register_pj = v),
];

#[test]
fn every_parameter_is_checked_and_named() {
    for (field, max, set) in FIELDS {
        let with = |value| {
            let mut parameters = CostParameters::default();
            set(&mut parameters, value);
            parameters.check()
        };
        for value in [0.0, max] {
            assert!(with(value).is_ok(), "{field} = {value}");
        }
        for value in [-1e-9, max * 1.001, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(
                with(value),
                Err(CostError::OutOfRange { field, value, max })
            );
        }
        let refused = with(f64::NAN).unwrap_err().to_string();
        assert!(refused.contains(&format!("{field} = NaN")), "{refused}");
    }
}

#[test]
fn models_are_read_as_their_parameters_and_checked_again() {
    let model: CostModel = toml::from_str("reset_us = 3.0").unwrap();
    let parameters = CostParameters {
        reset_us: 3.0,
        ..CostParameters::default()
    };
    assert_eq!(model.get(), &parameters);
    assert_eq!(parameters.check(), Ok(model));
    let text = toml::to_string(&model).unwrap();
    assert_eq!(text.lines().count(), FIELDS.len());
    assert_eq!(toml::from_str::<CostModel>(&text), Ok(model));

    for (text, named) in [
        ("reset = 1.0", "reset"),
        ("reset_us = -1.0", "reset_us = -1 is outside"),
        ("static_power_w = nan", "static_power_w = NaN"),
    ] {
        let error = toml::from_str::<CostModel>(text).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn the_default_is_in_range() {
    assert_eq!(CostParameters::default().check(), Ok(CostModel::default()));
}
