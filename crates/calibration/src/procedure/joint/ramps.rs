//! CADC ramps and channel offsets from two voltages.

use bss2_core::{ReadoutSource, Register};

use super::super::Session;
use super::Quantity;
use crate::CalibrationError;
use crate::bench::{Pulses, Temporary};
use crate::quadrants::medians_by_quadrant;
use crate::routine::{CadcOffset, CadcRamp, RangeEnd};
use crate::search::{Slope, in_proportion};
use crate::targets::CadcRange;

/// Quantities of this stage.
pub(super) const QUANTITIES: usize = 3;

/// Rounds, the last of which only measures the ramps.
const ROUNDS: usize = 3;

/// Readings averaged at each voltage.
const READINGS: usize = 8;

/// Two voltages well within the range, which a ramp that is yet far off still reads.
fn voltages(range: CadcRange) -> [i32; 2] {
    let quarter = (range.upper - range.lower) / 4;
    [range.lower + quarter, range.upper - quarter]
}

/// A code is a line over the voltage: two points tell it, and with it what both ends of the range
/// read and where the ramp starts. The slope is proportional to the ramp's current, the start moves
/// with its register as the debug line does with its own.
pub(super) fn calibrate(
    session: &mut Session<'_, '_>,
    range: CadcRange,
) -> Result<(), CalibrationError> {
    let mut start = Quantity::of(&CadcRamp::new(range, RangeEnd::Lower));
    let mut slope = Quantity::of(&CadcRamp::new(range, RangeEnd::Upper));
    let mut offset = Quantity::of(&CadcOffset::in_the_middle_of(range));
    let bench = &mut session.bench;
    let columns = bench.geometry().columns();
    let quadrants = bench.instances(Register::CadcIRampSlope);
    let wanted_gain = (range.upper_lsb - range.lower_lsb) / f64::from(range.upper - range.lower);
    let voltages = voltages(range);
    let middle_lsb = 0.5 * (range.lower_lsb + range.upper_lsb);

    let mut temporary = Temporary::default();
    temporary.show(bench, ReadoutSource::DebugLine)?;
    for round in 0..ROUNDS {
        let mut medians = [(); 2].map(|()| vec![0.0; quadrants]);
        let mut channels = [Vec::new(), Vec::new()];
        for (point, voltage) in voltages.into_iter().enumerate() {
            let quantity = if point == 0 { &mut start } else { &mut slope };
            let reading = quantity.measure(bench, |bench| {
                temporary.set_all(bench, Register::StpVCharge0, voltage)?;
                bench.pulses(Pulses::none(0.0), READINGS)
            })?;
            medians_by_quadrant(&reading.of_both(), columns, &mut medians[point]);
            channels[point] = reading.by_channel(columns);
        }
        let gain = |quadrant: usize| {
            (medians[1][quadrant] - medians[0][quadrant]) / f64::from(voltages[1] - voltages[0])
        };
        let at = |quadrant: usize, voltage: i32| {
            medians[0][quadrant] + gain(quadrant) * f64::from(voltage - voltages[0])
        };
        let ends = |voltage| -> Vec<f64> { (0..quadrants).map(|q| at(q, voltage)).collect() };
        start.note(&ends(range.lower), &vec![range.lower_lsb; quadrants]);
        slope.note(&ends(range.upper), &vec![range.upper_lsb; quadrants]);
        let middles: Vec<f64> = channels[0]
            .iter()
            .zip(&channels[1])
            .map(|(lower, upper)| 0.5 * (lower + upper))
            .collect();
        if round + 1 < ROUNDS {
            if round == 0 {
                offset.note(&middles, &vec![middle_lsb; middles.len()]);
            }
            slope.adjust(bench, |quadrant, current| {
                in_proportion(current, Slope::Falling, gain(quadrant), wanted_gain)
            })?;
            let lower = f64::from(range.lower);
            start.adjust(bench, |quadrant, voltage| {
                let starts = lower - at(quadrant, range.lower) / gain(quadrant);
                let wanted = lower - range.lower_lsb / wanted_gain;
                voltage + wanted - starts
            })?;
        } else {
            offset.adjust(bench, |channel, offset| {
                offset + middle_lsb - middles[channel]
            })?;
        }
    }
    // One more look, for the offsets alone.
    let reading = offset.measure(bench, |bench| {
        let middle = i32::midpoint(range.lower, range.upper);
        temporary.set_all(bench, Register::StpVCharge0, middle)?;
        bench.pulses(Pulses::none(0.0), READINGS)
    })?;
    let codes = reading.by_channel(columns);
    offset.note(&codes, &vec![middle_lsb; codes.len()]);
    temporary.restore(bench)?;
    for quantity in [start, slope, offset] {
        let result = quantity.finish(&mut session.bench)?;
        session.keep(result);
    }
    Ok(())
}
