//! The ledger counts what the chip is asked to do.

use bss2_core::{
    ArrayMode, Baseline, CadcChannel, ChipControl, ChipProbe, CostLedger, MacArray, Metered,
    PulseRequest, ReadoutSource, Region, Register, RunRequest, TraceRequest,
};
use ndarray::{Array2, array};

use crate::double::{COLUMNS, ExactChip, INPUTS, geometry, pulses, request};

fn metered() -> Metered<ExactChip> {
    Metered::new(ExactChip::new())
}

#[test]
fn zeros_send_no_events_and_repetitions_do() {
    let mut chip = metered();
    let activations = array![[1_u8, 0, 31, 0], [0, 0, 0, 0], [2, 3, 4, 5]];
    let mut outputs = Array2::zeros((3, COLUMNS));
    chip.run(&request(7, 5), activations.view(), outputs.view_mut())
        .unwrap();
    assert_eq!(
        *chip.ledger(),
        CostLedger {
            runs: 1,
            round_trips: 1,
            vectors: 3,
            events: 6 * 7,
            event_cycles: 6 * 7 * 5,
            synaptic_operations: (6 * 7 * COLUMNS) as u64,
            macs: (3 * INPUTS * COLUMNS) as u64,
            readouts: 3,
            cadc_conversions: (3 * COLUMNS) as u64,
            ..CostLedger::default()
        }
    );
}

#[test]
fn a_sub_region_costs_its_own_size() {
    let mut chip = metered();
    let region = Region {
        hemisphere: 1,
        first_input: 1,
        inputs: 2,
        first_column: 3,
        columns: 1,
    };
    chip.load_weights(region, array![[1_i8], [2]].view())
        .unwrap();
    let request = RunRequest {
        region,
        ..request(1, 1)
    };
    let mut outputs = Array2::zeros((1, 1));
    chip.run(&request, array![[3_u8, 4]].view(), outputs.view_mut())
        .unwrap();
    let ledger = chip.ledger();
    assert_eq!(ledger.weights_written, 2);
    assert_eq!((ledger.macs, ledger.cadc_conversions), (2, 1));
    assert_eq!((ledger.events, ledger.event_cycles), (2, 2));
    assert_eq!((ledger.readouts, ledger.synaptic_operations), (1, 2));
}

#[test]
fn a_measured_baseline_costs_a_second_readout_and_nothing_else() {
    let activations = array![[1_u8, 0, 31, 0], [0, 0, 0, 0]];
    let cost = |baseline| {
        let mut chip = metered();
        let request = RunRequest {
            settings: request(2, 5).settings.with_baseline(baseline),
            ..request(2, 5)
        };
        let mut outputs = Array2::zeros((2, COLUMNS));
        chip.run(&request, activations.view(), outputs.view_mut())
            .unwrap();
        chip.take_ledger()
    };
    let constant = cost(Baseline::Constant);
    assert_eq!(
        cost(Baseline::Measured),
        CostLedger {
            readouts: 4,
            cadc_conversions: (4 * COLUMNS) as u64,
            ..constant
        }
    );
    assert_eq!(constant.readouts, 2);
}

fn trace(sample_interval_cycles: u32) -> TraceRequest {
    TraceRequest {
        run: request(2, 5),
        column: 0,
        source: ReadoutSource::Membrane,
        sample_interval_cycles,
    }
}

#[test]
fn a_trace_costs_its_events_and_its_time_and_converts_nothing() {
    let mut chip = metered();
    let activations = array![1_u8, 0, 31, 0];
    let sent = CostLedger {
        runs: 1,
        round_trips: 1,
        vectors: 1,
        events: 4,
        event_cycles: 20,
        synaptic_operations: (4 * COLUMNS) as u64,
        ..CostLedger::default()
    };
    chip.record_trace(&trace(1), activations.view(), &mut [0.0; 20])
        .unwrap();
    assert_eq!(chip.take_ledger(), sent, "over before the events are");
    chip.record_trace(&trace(3), activations.view(), &mut [0.0; 20])
        .unwrap();
    assert_eq!(
        chip.take_ledger(),
        CostLedger {
            wait_cycles: 40,
            ..sent
        }
    );
    let measured = TraceRequest {
        run: RunRequest {
            settings: request(2, 5).settings.with_baseline(Baseline::Measured),
            ..request(2, 5)
        },
        ..trace(1)
    };
    chip.record_trace(&measured, activations.view(), &mut [0.0; 20])
        .unwrap();
    assert_eq!(chip.take_ledger(), sent, "no baseline either");
}

#[test]
fn pulses_cost_events_waits_and_both_channels_at_once() {
    let mut chip = metered();
    let repetitions = 5;
    let mut read = |request: &PulseRequest| {
        let [mut causal, mut acausal] = [(); 2].map(|()| Array2::zeros((repetitions, COLUMNS)));
        chip.read_pulses(request, [causal.view_mut(), acausal.view_mut()])
            .unwrap();
        chip.take_ledger()
    };
    let events = 5 * 3 * INPUTS as u64;
    let late = CostLedger {
        runs: 1,
        round_trips: 1,
        vectors: 5,
        events,
        event_cycles: 5 * 3 * 7,
        wait_cycles: 5 * (135 - 125),
        synaptic_operations: events * COLUMNS as u64,
        readouts: 5,
        cadc_conversions: 2 * 5 * COLUMNS as u64,
        ..CostLedger::default()
    };
    assert_eq!(read(&pulses()), late);
    let early = PulseRequest {
        readout_delay_cycles: 3,
        ..pulses()
    };
    let in_time = CostLedger {
        wait_cycles: 0,
        ..late
    };
    assert_eq!(read(&early), in_time);
    let watching = PulseRequest {
        events: 0,
        ..pulses()
    };
    let silent = CostLedger {
        events: 0,
        event_cycles: 0,
        synaptic_operations: 0,
        ..late
    };
    assert_eq!(read(&watching), silent);
}

#[test]
fn modes_are_forwarded_and_a_change_costs_rows_columns_and_weights() {
    let mut chip = metered();
    for mode in ArrayMode::ALL {
        chip.take_ledger();
        chip.set_mode(mode).unwrap();
        assert_eq!(chip.mode(), mode);
        assert_eq!(chip.inner().mode(), mode);
        assert_eq!(chip.geometry(), mode.geometry(geometry()));
        assert_eq!(
            *chip.ledger(),
            CostLedger {
                register_writes: (2 * INPUTS + 2 * COLUMNS) as u64,
                weights_written: (2 * INPUTS * COLUMNS) as u64,
                ..CostLedger::default()
            }
        );
    }
}

#[test]
fn raw_readings_cost_as_much_as_runs() {
    let activations = array![[1_u8, 0, 2, 3]];
    let (mut run, mut read) = (metered(), metered());
    run.run(
        &request(2, 3),
        activations.view(),
        Array2::zeros((1, COLUMNS)).view_mut(),
    )
    .unwrap();
    read.read_cadc(
        &request(2, 3),
        CadcChannel::Acausal,
        activations.view(),
        Array2::zeros((1, COLUMNS)).view_mut(),
    )
    .unwrap();
    assert_eq!(run.ledger(), read.ledger());
    assert_eq!(run.ledger().events, 6);
}

#[test]
fn failed_calls_cost_nothing() {
    let mut chip = metered();
    let too_large = Array2::from_elem((1, INPUTS), 32_u8);
    assert!(
        chip.run(
            &request(1, 5),
            too_large.view(),
            Array2::zeros((1, COLUMNS)).view_mut()
        )
        .is_err()
    );
    assert!(
        chip.read_cadc(
            &request(1, 5),
            CadcChannel::Causal,
            too_large.view(),
            Array2::zeros((1, COLUMNS)).view_mut()
        )
        .is_err()
    );
    assert!(
        chip.record_trace(&trace(1), too_large.row(0), &mut [0.0])
            .is_err()
    );
    let [mut causal, mut acausal] = [1, 2].map(|rows| Array2::zeros((rows, COLUMNS)));
    assert!(
        chip.read_pulses(&pulses(), [causal.view_mut(), acausal.view_mut()])
            .is_err()
    );
    let region = Region::whole(geometry(), 0);
    assert!(
        chip.load_weights(region, Array2::zeros((1, 1)).view())
            .is_err()
    );
    assert!(chip.write_register(Register::StpIRamp, &[0]).is_err());
    assert_eq!(*chip.ledger(), CostLedger::default());
}

#[test]
fn register_writes_count_instances_and_settles_count_waits() {
    let mut chip = metered();
    chip.write_register(Register::CadcOffset, &[1; 4 * COLUMNS])
        .unwrap();
    assert_eq!(chip.ledger().register_writes, 4 * COLUMNS as u64);
    assert_eq!(chip.ledger().settles, 0);
    chip.settle().unwrap();
    chip.settle().unwrap();
    assert_eq!(chip.ledger().settles, 2);

    chip.take_ledger();
    chip.reset_registers().unwrap();
    // Six registers per quadrant, two per driver, one per channel, thirteen per column.
    let quadrants = 6 * 4;
    let drivers = 2 * 2 * INPUTS;
    let channels = 2 * 2 * COLUMNS;
    let columns = 13 * 2 * COLUMNS;
    assert_eq!(
        *chip.ledger(),
        CostLedger {
            register_writes: (quadrants + drivers + channels + columns) as u64,
            settles: 1,
            ..CostLedger::default()
        }
    );
}

#[test]
fn taking_the_ledger_starts_again_from_zero() {
    let mut chip = metered();
    chip.settle().unwrap();
    assert_eq!(chip.take_ledger().settles, 1);
    assert_eq!(*chip.ledger(), CostLedger::default());
    assert_eq!(chip.inner().settles, 1);
    assert_eq!(chip.into_inner().settles, 1);
}
