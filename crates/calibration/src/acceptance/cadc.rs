//! The CADC over its full range.

use bss2_core::{ReadoutSource, Register};

use super::{Criterion, Limit, largest, least};
use crate::bench::{Pulses, Temporary};
use crate::quadrants::{quadrant_of, split_by_quadrant};
use crate::statistics::{deviation, mean};
use crate::targets::CadcRange;
use crate::{Bench, CalibrationError};

/// Source of the quantities: calix, test of the CADC calibration. Its versions at hand have 3 LSB
/// between quadrants, and 40 LSB from 127.5.
pub(super) const CRITERIA: &[Criterion] = &[
    Criterion::new("channels at a boundary", "1", Limit::AtMost(0.0)),
    Criterion::new("σ of the digital offsets", "LSB", Limit::Below(20.0)),
    Criterion::new(
        "largest distance between two quadrants' means",
        "LSB",
        Limit::AtMost(5.0),
    ),
    Criterion::new(
        "largest distance of a quadrant's mean from mid-range",
        "LSB",
        Limit::AtMost(40.0),
    ),
    Criterion::new("σ over all channels", "LSB", Limit::Below(3.0)),
];

/// Source: calix, the same test.
pub(super) const OVERWRITING: &[(Register, i32)] = &[
    (Register::CadcVRampOffset, 50),
    (Register::CadcIRampSlope, 250),
    (Register::CadcOffset, 0),
];

/// One reading, as in the source: its noise is part of the spread.
const READINGS: usize = 1;

/// Values of the criteria.
pub(super) fn measure(bench: &mut Bench<'_>) -> Result<Vec<f64>, CalibrationError> {
    let range = CadcRange::FULL;
    let mut temporary = Temporary::default();
    temporary.show(bench, ReadoutSource::DebugLine)?;
    let middle = i32::midpoint(range.lower, range.upper);
    temporary.set_all(bench, Register::StpVCharge0, middle)?;
    let reading = bench.pulses(Pulses::none(0.0), READINGS)?;
    temporary.restore(bench)?;

    let columns = bench.geometry().columns();
    let codes = reading.by_channel(columns);
    let offsets = bench.values(Register::CadcOffset)?;
    let at_boundary = boundary(bench, &codes, &offsets)?;
    let offsets: Vec<f64> = offsets.into_iter().map(f64::from).collect();
    let quadrants = split_by_quadrant(&reading.of_both(), columns);
    let means = || quadrants.iter().map(|quadrant| mean(quadrant));
    let (most, least) = (largest(means()), least(means()));
    let mid_range = f64::midpoint(range.lower_lsb, range.upper_lsb);
    Ok(vec![
        at_boundary as f64,
        deviation(&offsets),
        most - least,
        (most - mid_range).max(mid_range - least),
        deviation(&codes),
    ])
}

/// Number of channels of which the digital offset or a register of the quadrant's ramp is at an end of
/// its range, or the code at an end of the CADC.
fn boundary(
    bench: &mut Bench<'_>,
    codes: &[f64],
    offsets: &[i32],
) -> Result<usize, CalibrationError> {
    let at_end = |register: Register| {
        let spec = register.spec();
        move |value: i32| value <= spec.min || value >= spec.max
    };
    let mut ramps = vec![false; bench.instances(Register::CadcVRampOffset)];
    for register in [Register::CadcVRampOffset, Register::CadcIRampSlope] {
        for (ramp, value) in ramps.iter_mut().zip(bench.values(register)?) {
            *ramp |= at_end(register)(value);
        }
    }
    let columns = bench.geometry().columns();
    // A hemisphere's causal channels, then its acausal ones.
    let quadrant = |channel: usize| {
        let column = channel / (2 * columns) * columns + channel % columns;
        quadrant_of(column, columns)
    };
    let of_offset = at_end(Register::CadcOffset);
    let channels = codes.iter().zip(offsets).enumerate();
    Ok(channels
        .filter(|&(channel, (&code, &offset))| {
            let of_code = code <= f64::from(u8::MIN) || code >= f64::from(u8::MAX);
            of_code || of_offset(offset) || ramps[quadrant(channel)]
        })
        .count())
}
