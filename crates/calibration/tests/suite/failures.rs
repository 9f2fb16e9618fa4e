//! What does not work is marked, and spoils nothing else.

use bss2_calibration::{
    CadcProcedure, CadcRange, CalibrationError, CalibrationResult, MembraneTargets, Procedure,
};
use bss2_core::ArrayGeometry;
use bss2_hardware::{ChipConfig, SimulatedChip};

use crate::checks::{assert_gains, assert_neurons, assert_proportional};
use crate::linear_chip::{Failed, LinearChip, broken};
use crate::support::{calibrate, ending_with, every_procedure, failures, for_membranes, routine};

const COLUMNS: usize = 32;

/// Both procedures for membranes on a chip with faults, without baselines at the end: what they mark,
/// and what is left. Everything but the given columns and drivers has to be as good as ever.
fn assert_marked(failed: &Failed, columns: &[usize], drivers: &[usize]) {
    for procedure in both() {
        let (chip, result) = calibrated(procedure, failed);
        let what = procedure.name();
        assert_eq!(
            failures(&result.working_columns),
            columns,
            "{what}: columns"
        );
        assert_eq!(
            failures(&result.working_drivers),
            drivers,
            "{what}: drivers"
        );
        assert_proportional(&chip, drivers);
        assert_neurons(&chip, &MembraneTargets::default(), columns);
        assert_gains(&chip, columns);
    }
}

fn both() -> [Procedure; 2] {
    for_membranes(MembraneTargets::default()).map(|procedure| ending_with(procedure, false, false))
}

fn calibrated(procedure: Procedure, failed: &Failed) -> (LinearChip, CalibrationResult) {
    let mut chip = LinearChip::new(21, COLUMNS);
    chip.failed = failed.clone();
    let result = calibrate(procedure, &mut chip);
    (chip, result)
}

/// A channel of a column of the chip.
fn channel(column: usize, kind: usize) -> usize {
    LinearChip::new(0, COLUMNS).channel(column, kind)
}

#[test]
fn a_stuck_channel_takes_its_column_with_it() {
    for (column, kind, code) in [(21, 0, 77), (3, 0, 255), (40, 1, 77), (60, 1, 0)] {
        let failed = Failed {
            stuck_channels: vec![(channel(column, kind), code)],
            ..Failed::default()
        };
        assert_marked(&failed, &[column], &[]);
    }
}

#[test]
fn a_silent_driver_takes_no_column_with_it() {
    let failed = Failed {
        silent_drivers: vec![7, 128 + 100],
        ..Failed::default()
    };
    assert_marked(&failed, &[], &[7, 228]);
}

#[test]
fn a_dead_ota_takes_its_column_with_it_and_no_other_sign() {
    let failed = Failed {
        dead_otas: vec![(12, 0), (50, 1)],
        ..Failed::default()
    };
    assert_marked(&failed, &[12, 50], &[]);
    for procedure in both() {
        let (_, result) = calibrated(procedure, &failed);
        let gains = ["excitatory gain", "inhibitory gain"].map(|name| routine(&result, name));
        assert_eq!(failures(&gains[0].success), [12], "{}", procedure.name());
        assert_eq!(failures(&gains[1].success), [50], "{}", procedure.name());
    }
}

#[test]
fn all_faults_together_are_told_apart() {
    let failed = Failed {
        stuck_channels: vec![(channel(5, 0), 128), (channel(33, 0), 20)],
        silent_drivers: vec![0, 131],
        dead_otas: vec![(18, 0), (18, 1), (63, 1)],
    };
    assert_marked(&failed, &[5, 18, 33, 63], &[0, 131]);
}

#[test]
fn what_is_out_of_reach_is_marked() {
    for procedure in both() {
        let mut chip = LinearChip::new(22, COLUMNS);
        // The trim reaches −9.6…9.3 activation units, the bias 1022.
        chip.hidden.driver_offset[0] = 14.0;
        chip.hidden.driver_offset[255] = -14.0;
        chip.hidden.gain[9][0] = 0.3;
        chip.hidden.gain[44][1] = 0.3;
        chip.hidden.channel_offset[channel(30, 0)] = -170.0;
        let result = calibrate(procedure, &mut chip);
        assert_eq!(
            failures(&result.working_drivers),
            [0, 255],
            "{}",
            procedure.name()
        );
        assert_eq!(
            failures(&result.working_columns),
            [9, 30, 44],
            "{}",
            procedure.name()
        );
        assert_proportional(&chip, &[0, 255]);
        assert_gains(&chip, &[9, 30, 44]);
    }
}

#[test]
fn rates_and_spreads_count_what_succeeded() {
    let failed = Failed {
        stuck_channels: vec![(channel(21, 0), 77)],
        ..Failed::default()
    };
    for procedure in for_membranes(MembraneTargets::default()) {
        let (_, result) = calibrated(procedure, &failed);
        let baseline = routine(&result, "baseline");
        assert_eq!(baseline.success_rate(), 127.0 / 128.0);
        assert_eq!(baseline.after[channel(21, 0)], Some(77.0 - 128.0));
        // The stuck channel's 51 LSB would make a spread of 4 on their own.
        assert!(baseline.spread_after() < 0.5);
    }
}

#[test]
fn a_dead_chip_is_no_success_and_no_panic() {
    let failed = Failed {
        stuck_channels: (0..4 * COLUMNS).map(|channel| (channel, 0)).collect(),
        silent_drivers: (0..256).collect(),
        dead_otas: (0..2 * COLUMNS).flat_map(|c| [(c, 0), (c, 1)]).collect(),
    };
    for procedure in every_procedure() {
        let (_, result) = calibrated(procedure, &failed);
        let what = procedure.name();
        for ramp in ["CADC ramp offset", "CADC ramp slope"] {
            assert_eq!(routine(&result, ramp).success_rate(), 0.0, "{what}: {ramp}");
        }
        if !matches!(procedure, Procedure::Cadc(_)) {
            assert!(result.working_drivers.iter().all(|&works| !works), "{what}");
        }
        // Channels that are all stuck at one code agree; baselines ask for 128.
        if result
            .routines
            .iter()
            .any(|routine| routine.name == "baseline")
        {
            assert!(result.working_columns.iter().all(|&works| !works), "{what}");
        }
        for routine in &result.routines {
            let succeeded = routine.success_rate() > 0.0;
            assert_eq!(
                routine.spread_after().is_finite(),
                succeeded,
                "{}",
                routine.name
            );
        }
    }
}

#[test]
fn a_refusal_of_the_chip_comes_out_as_it_is() {
    for procedure in every_procedure() {
        for measurements in [0, 1, 10, 60] {
            let mut chip = LinearChip::new(23, 16);
            chip.measurements_left = measurements;
            let refused = procedure.run(&mut chip, 1, &mut |_| {});
            assert_eq!(refused, Err(CalibrationError::Array(broken())));
        }
    }
}

#[test]
fn odd_columns_belong_to_the_quadrants_that_the_chip_gives_them() {
    for columns in [1, 3, 5] {
        let mut config = ChipConfig::typical();
        config.geometry = ArrayGeometry::new(2, 4, columns).unwrap();
        config.cadc.failure_rate = 0.0;
        let mut chip = SimulatedChip::new(&config.check().unwrap(), 5);
        let range = CadcRange::FULL;
        let procedure = Procedure::Cadc(CadcProcedure { range });
        let result = procedure.run(&mut chip, 1, &mut |_| {}).unwrap();
        // A quadrant without columns has no response, and fails by itself.
        let ramps = &result.routines[0].success;
        assert_eq!(
            ramps.iter().all(|&s| s),
            columns > 1,
            "{columns}: {ramps:?}"
        );
        assert_eq!(result.working_columns, vec![true; 2 * columns], "{columns}");
    }
}
