//! Requests for simultaneous pulses are checked before they reach a chip.

use bss2_core::{ArrayError, PulseRequest, Region};

use crate::double::{COLUMNS, geometry, pulses};

fn check(request: PulseRequest) -> Result<(), ArrayError> {
    request.check(geometry(), [(2, COLUMNS); 2])
}

#[test]
fn both_ends_of_every_range() {
    for (events, interval_cycles, readout_delay_cycles) in [(0, 1, 0), (1000, 1000, 1_000_000)] {
        let request = PulseRequest {
            events,
            interval_cycles,
            readout_delay_cycles,
            ..pulses()
        };
        assert_eq!(check(request), Ok(()));
    }
}

#[test]
fn settings_outside_their_range_are_refused_by_name() {
    let good = pulses();
    let refused = [
        (
            PulseRequest {
                events: 1001,
                ..good
            },
            "events = 1001 is outside 0…1000",
        ),
        (
            PulseRequest {
                interval_cycles: 0,
                ..good
            },
            "interval_cycles = 0 is outside 1…1000",
        ),
        (
            PulseRequest {
                interval_cycles: 1001,
                ..good
            },
            "interval_cycles = 1001 is outside 1…1000",
        ),
        (
            PulseRequest {
                readout_delay_cycles: 1_000_001,
                ..good
            },
            "readout_delay_cycles = 1000001 is outside 0…1000000",
        ),
    ];
    for (request, reason) in refused {
        assert_eq!(check(request).unwrap_err().to_string(), reason);
    }
}

#[test]
fn regions_and_shapes_are_checked() {
    let outside = PulseRequest {
        region: Region {
            columns: COLUMNS + 1,
            ..pulses().region
        },
        ..pulses()
    };
    assert!(matches!(
        check(outside),
        Err(ArrayError::RegionOutside { .. })
    ));
    for shapes in [[(2, COLUMNS), (3, COLUMNS)], [(2, COLUMNS - 1); 2]] {
        let refused = pulses().check(geometry(), shapes);
        assert!(
            matches!(refused, Err(ArrayError::Shape { .. })),
            "{shapes:?}"
        );
    }
}

#[test]
fn times_are_in_microseconds() {
    assert!((pulses().interval_us() - 0.056).abs() < 1e-12);
    assert!((pulses().readout_delay_us() - 1.08).abs() < 1e-12);
    assert_eq!(PulseRequest::USUAL_READOUT_DELAY, 125);
}
