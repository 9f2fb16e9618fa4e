//! Whatever numbers come, nothing panics.

use bss2_core::random::NoiseStream;
use bss2_core::{
    ArrayGeometry, ArrayMode, CostLedger, CostModel, Region, Register, RunReport, Scope, Trial,
};
use proptest::prelude::*;

/// Numbers of any size, those at the ends often.
fn any_size() -> impl Strategy<Value = usize> {
    prop_oneof![0..5_usize, any::<usize>(), usize::MAX - 4..=usize::MAX]
}

fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![0..5_u64, any::<u64>(), u64::MAX - 4..=u64::MAX]
}

fn any_region() -> impl Strategy<Value = Region> {
    [(); 5].map(|()| any_size()).prop_map(
        |[hemisphere, first_input, inputs, first_column, columns]| Region {
            hemisphere,
            first_input,
            inputs,
            first_column,
            columns,
        },
    )
}

proptest! {
    #[test]
    fn regions_of_any_numbers_are_checked(region in any_region()) {
        let inside = region.check(ArrayGeometry::BSS2).is_ok();
        let fits = region.hemisphere < 2
            && region.input_range().end <= 128
            && region.column_range().end <= 256;
        prop_assert_eq!(inside, fits && region.inputs > 0 && region.columns > 0);
    }

    #[test]
    fn counts_of_any_size_are_summed(counts in [(); 4].map(|()| any_count())) {
        let [doubtful_outputs, saturated_readings, event_cycles, wait_cycles] = counts;
        let mut report = RunReport {
            doubtful_outputs,
            saturated_readings,
        };
        report += report;
        prop_assert_eq!(report.doubtful_outputs, doubtful_outputs.saturating_mul(2));
        let ledger = CostLedger {
            event_cycles,
            wait_cycles,
            ..CostLedger::default()
        };
        let us = CostModel::default().chip_time_us(&ledger);
        let without_waits = CostLedger {
            wait_cycles: 0,
            ..ledger
        };
        let less_us = CostModel::default().chip_time_us(&without_waits);
        prop_assert!(us.is_finite() && us >= less_us, "{us}, {less_us}");
    }

    #[test]
    fn noise_is_there_for_elements_of_any_number(first in any_size(), count in any_size(), wanted in 0..70_usize) {
        let mut found = vec![7.0; wanted];
        NoiseStream::new(Trial::new(1), 0, 0).fill_vectors(u64::MAX, first, count, &mut found);
        prop_assert!(count == 0 || found.iter().all(|z| z.abs() < 5.5));
    }
}

#[test]
fn modes_of_modes_stay_as_small_as_arrays_are() {
    for mode in ArrayMode::ALL {
        let mut geometry = ArrayGeometry::BSS2;
        for _ in 0..200 {
            geometry = mode.geometry(geometry);
            assert!(mode.probe_geometry(geometry).inputs() <= 2 * ArrayGeometry::SIDE_MAX);
        }
        assert!(Scope::Driver.instances(geometry) <= 2 * 2 * ArrayGeometry::SIDE_MAX);
        assert!(Register::CadcVRampOffset.instances(geometry) > 0);
    }
}
