//! The ledger counts what the chip is asked to do.

use bss2_core::{
    ChipControl, ChipProbe, CostLedger, MacArray, Metered, Region, Register, RunRequest,
};
use ndarray::{Array2, array};

use crate::double::{COLUMNS, ExactChip, INPUTS, geometry, request};

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
            vectors: 3,
            events: 6 * 7,
            event_cycles: 6 * 7 * 5,
            macs: (3 * INPUTS * COLUMNS) as u64,
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
            too_large.view(),
            Array2::zeros((1, COLUMNS)).view_mut()
        )
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
    chip.write_register(Register::CadcOffset, &[1; 2 * COLUMNS])
        .unwrap();
    assert_eq!(chip.ledger().register_writes, 2 * COLUMNS as u64);
    assert_eq!(chip.ledger().settles, 0);
    chip.settle().unwrap();
    chip.settle().unwrap();
    assert_eq!(chip.ledger().settles, 2);

    chip.take_ledger();
    chip.reset_registers().unwrap();
    let quadrants = 4 * 4;
    let columns = 3 * 2 * COLUMNS;
    let drivers = 2 * INPUTS;
    assert_eq!(
        *chip.ledger(),
        CostLedger {
            register_writes: (quadrants + columns + drivers) as u64,
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
