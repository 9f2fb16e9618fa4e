//! Requests for traces are checked before a chip sees them.

use bss2_core::{ArrayError, ReadoutSource, Region, RunRequest, TraceRequest};
use ndarray::Array1;

use crate::double::{INPUTS, geometry, request};

/// A trace of a column, on the columns 2…4 of the second hemisphere.
fn trace(column: usize, sample_interval_cycles: u32) -> TraceRequest {
    let region = Region {
        hemisphere: 1,
        first_input: 0,
        inputs: INPUTS,
        first_column: 2,
        columns: 3,
    };
    TraceRequest {
        run: RunRequest {
            region,
            ..request(1, 5)
        },
        column,
        source: ReadoutSource::DebugLine,
        sample_interval_cycles,
    }
}

fn check(request: &TraceRequest) -> Result<(), ArrayError> {
    request.check(geometry(), Array1::from_elem(INPUTS, 31).view())
}

#[test]
fn both_ends_of_the_region_and_of_the_interval_are_accepted() {
    for (column, interval) in [(2, 1), (4, 1), (3, 1000)] {
        assert_eq!(check(&trace(column, interval)), Ok(()));
    }
}

#[test]
fn columns_outside_the_region_are_refused() {
    for column in [0, 1, 5, usize::MAX] {
        let request = trace(column, 1);
        assert_eq!(
            check(&request),
            Err(ArrayError::ColumnOutside {
                column,
                region: request.run.region
            })
        );
    }
}

#[test]
fn intervals_outside_their_range_are_refused() {
    for interval in [0, 1001, u32::MAX] {
        assert_eq!(
            check(&trace(2, interval)),
            Err(ArrayError::SettingOutOfRange {
                name: "sample_interval_cycles",
                min: 1,
                value: interval,
                max: 1000
            })
        );
    }
}

#[test]
fn the_multiplication_is_checked_as_for_a_run() {
    let mut outside = trace(2, 1);
    outside.run.region.hemisphere = 2;
    assert!(matches!(
        check(&outside),
        Err(ArrayError::RegionOutside { .. })
    ));
    let short = Array1::from_elem(INPUTS - 1, 0);
    assert!(matches!(
        trace(2, 1).check(geometry(), short.view()),
        Err(ArrayError::Shape { .. })
    ));
    let mut large = Array1::from_elem(INPUTS, 0);
    large[3] = 32;
    assert_eq!(
        trace(2, 1).check(geometry(), large.view()),
        Err(ArrayError::ActivationOutOfRange {
            value: 32,
            vector: 0,
            input: 3
        })
    );
}
