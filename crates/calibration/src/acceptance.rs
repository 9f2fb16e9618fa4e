//! The real chip's own tests: what a calibrated chip must show, and an uncalibrated one does not.
//!
//! Source: the hardware tests of calix. There are four [groups](Group), each with its own measurement
//! and its own [criteria](Group::criteria). [`Group::judge`] measures the chip in the state in which
//! it is, so the caller brings it there: with a calibration, with registers as they are after power-on,
//! or [overwritten](Group::overwrite). The simulated chip and the real one are judged alike, by what
//! [`Chip`] shows.
//!
//! | group | asks for | calibration that brings it |
//! | --- | --- | --- |
//! | [`Cadc`](Group::Cadc) | channels that agree on one voltage | [`Procedure::Cadc`](crate::Procedure::Cadc) over [`CadcRange::FULL`](crate::CadcRange::FULL) |
//! | [`Drivers`](Group::Drivers) | amplitudes that follow the activation | [`Procedure::SynapticLine`](crate::Procedure::SynapticLine) |
//! | [`Membrane`](Group::Membrane) | baselines, noise and amplitudes of all neurons | [`Procedure::Membrane`](crate::Procedure::Membrane) or [`Joint`](crate::Procedure::Joint) |
//! | [`Lines`](Group::Lines) | results on synaptic lines in the order of their inputs | [`Procedure::SynapticLine`](crate::Procedure::SynapticLine) |
//!
//! All elements count, also those that failed their calibration. Where the tests measure in another
//! way than their source, the groups' modules of this code say so, and each [`Group`] sums it up.
//!
//! # Example
//!
//! ```
//! use bss2_calibration::acceptance::Group;
//! use bss2_calibration::{CadcProcedure, CadcRange, Procedure};
//! use bss2_hardware::{ChipConfig, SimulatedChip};
//!
//! let mut chip = SimulatedChip::new(&ChipConfig::typical().check()?, 42);
//! let range = CadcRange::FULL;
//! Procedure::Cadc(CadcProcedure { range }).run(&mut chip, 1, &mut |_| {})?;
//! let verdicts = Group::Cadc.judge(&mut chip, None, 2)?;
//! assert!(verdicts.iter().all(|verdict| verdict.is_met()));
//!
//! Group::Cadc.overwrite(&mut chip)?;
//! let verdicts = Group::Cadc.judge(&mut chip, None, 3)?;
//! let missed = verdicts.iter().find(|verdict| !verdict.is_met()).unwrap();
//! println!("{}: {} {}", missed.criterion.name, missed.value, missed.criterion.limit);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use bss2_core::{ArrayMode, Chip, ChipControl, Register};
use serde::{Deserialize, Serialize};

use crate::{Bench, CalibrationError};

mod cadc;
mod drivers;
mod lines;
mod membrane;

/// Criteria that are judged by one measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Group {
    /// The CADC over its full range: all channels read once, with the debug line in the middle of
    /// the range (CapMem 310).
    ///
    /// Departures: the source has calibration report parameters at their boundaries; here registers
    /// are read back, and codes at the ends of the CADC count as well. The middle of the codes is
    /// 120, between those of the range's ends, instead of 127.5.
    Cadc,
    /// Synapse drivers on slow synaptic lines: activations 1…31, weight 63, 3 sends, 5 runs, the
    /// median over each driver's columns; then the mean over drivers.
    ///
    /// Departures: up to 32 drivers are measured at a time, as in calibration, the source's test takes
    /// 8; each by its excitatory row alone.
    Drivers,
    /// Neurons in membrane mode: 30 runs of 12 simultaneous pulses of full length of all drivers,
    /// 1.2 µs apart, 8 rows of weight 10, once all excitatory, once all inhibitory. Baselines are one
    /// reading 10 µs after the reset, amplitudes count from there.
    ///
    /// Departures: the share of neurons that were calibrated is told by the caller. The source judges
    /// baselines at code 128 only after it has calibrated them, and allows excitatory and inhibitory
    /// means 20 LSB apart then; here calibration brings baselines there, and 10 LSB are allowed.
    Membrane,
    /// Multiplication on synaptic lines: weights −63…63 from column to column, equal in all rows, then
    /// the same with the opposite sign; nine vectors, 30 runs; each run's baseline is one reading
    /// without events.
    ///
    /// As in the source all rows are driven, a vector is sent once, and results are differences of
    /// codes that do not saturate as `i8`. The CADC still ends at code 0, which lines reach with all
    /// activations 31 from |weight| ≈ 6 on.
    ///
    /// Departures: columns in which both of two vectors have reached that end show no order and are
    /// left out of the comparison; the source compares their means, whose order is noise. Events are
    /// 5 cycles apart as usual instead of as close as can be: there, even some chips pass whose lines
    /// are as fast as after power-on (of simulated default chips, 11 of 60). Either way the criteria
    /// are met by any chip with slow lines, whatever its drivers and its CADC; the source has no
    /// uncalibrated or overwritten chip to compare with.
    Lines,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 4] = [Self::Cadc, Self::Drivers, Self::Membrane, Self::Lines];

    /// Name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cadc => "CADC",
            Self::Drivers => "drivers",
            Self::Membrane => "membranes",
            Self::Lines => "synaptic lines",
        }
    }

    /// What the group asks for, in the order of its verdicts.
    pub const fn criteria(self) -> &'static [Criterion] {
        match self {
            Self::Cadc => cadc::CRITERIA,
            Self::Drivers => drivers::CRITERIA,
            Self::Membrane => membrane::CRITERIA,
            Self::Lines => lines::CRITERIA,
        }
    }

    /// Measures a chip as it is, its CapMem settled, and judges it by every criterion of the group.
    ///
    /// `working_columns` tells which columns of the chip were calibrated with success, as in
    /// [`CalibrationResult::working_columns`](crate::CalibrationResult::working_columns); none for a
    /// chip that was not calibrated at all, none of whose columns counts as such. Only
    /// [`Membrane`](Self::Membrane) asks for it. `trial_seed` fixes the noise.
    ///
    /// Mode and registers are left as they were, all weights zero.
    ///
    /// # Errors
    /// [`CalibrationError::Control`] unless `working_columns` has one entry per column of the chip;
    /// what the chip refuses, and mode and registers may have changed then.
    pub fn judge(
        self,
        chip: &mut dyn Chip,
        working_columns: Option<&[bool]>,
        trial_seed: u64,
    ) -> Result<Vec<Verdict>, CalibrationError> {
        let mut bench = Bench::new(chip, trial_seed);
        if let Some(working) = working_columns {
            Register::VLeak.check_count(bench.chip_geometry(), working.len())?;
        }
        let values = match self {
            Self::Cadc => cadc::measure(&mut bench)?,
            Self::Drivers => in_mode(&mut bench, ArrayMode::Membrane, drivers::measure)?,
            Self::Membrane => in_mode(&mut bench, ArrayMode::Membrane, |bench| {
                membrane::measure(bench, working_columns.unwrap_or_default())
            })?,
            Self::Lines => in_mode(&mut bench, ArrayMode::SynapticLine, lines::measure)?,
        };
        bench.settle()?;
        bench.load(|_, _| 0)?;
        let verdicts = self.criteria().iter().zip(values);
        Ok(verdicts
            .map(|(criterion, value)| Verdict { criterion, value })
            .collect())
    }

    /// Registers and the constant values that undo what the group tests.
    ///
    /// Those of the first three groups are the source's: another ramp without digital offsets for the
    /// CADC, another ramp and middle offsets for the drivers, resting potentials far off and inputs
    /// switched off for the neurons. It has none for [`Lines`](Self::Lines), which become as fast as
    /// after power-on here (assumption).
    pub const fn overwriting(self) -> &'static [(Register, i32)] {
        match self {
            Self::Cadc => cadc::OVERWRITING,
            Self::Drivers => drivers::OVERWRITING,
            Self::Membrane => membrane::OVERWRITING,
            Self::Lines => lines::OVERWRITING,
        }
    }

    /// Undoes what the group tests: writes [these values](Self::overwriting) to all instances, and
    /// settles.
    ///
    /// # Errors
    /// What the chip refuses.
    pub fn overwrite<C: ChipControl + ?Sized>(self, chip: &mut C) -> Result<(), CalibrationError> {
        let geometry = chip.control_geometry();
        for &(register, value) in self.overwriting() {
            chip.write_register(register, &vec![value; register.instances(geometry)])?;
        }
        chip.settle()?;
        Ok(())
    }
}

/// Measures with the chip in a mode, and puts it back into its own.
fn in_mode<T>(
    bench: &mut Bench<'_>,
    mode: ArrayMode,
    measure: impl FnOnce(&mut Bench<'_>) -> Result<T, CalibrationError>,
) -> Result<T, CalibrationError> {
    let own = bench.mode();
    if own == mode {
        return measure(bench);
    }
    // A change of mode changes what columns show.
    let shown = bench.values(Register::ReadoutSource)?;
    bench.set_mode(mode)?;
    let measured = measure(bench)?;
    bench.set_mode(own)?;
    bench.write(Register::ReadoutSource, &shown)?;
    Ok(measured)
}

/// The largest value; no number as soon as one of them is none, or without any.
fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    extreme(values, f64::max)
}

/// The least value; no number as soon as one of them is none, or without any.
fn least(values: impl IntoIterator<Item = f64>) -> f64 {
    extreme(values, f64::min)
}

fn extreme(values: impl IntoIterator<Item = f64>, further: fn(f64, f64) -> f64) -> f64 {
    let either = |a: f64, b: f64| {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else {
            further(a, b)
        }
    };
    values.into_iter().reduce(either).unwrap_or(f64::NAN)
}

/// One quantity of a chip and its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Criterion {
    /// The quantity.
    pub name: &'static str,
    /// Its unit; `1` for none.
    pub unit: &'static str,
    /// Where it must lie.
    pub limit: Limit,
}

impl Criterion {
    const fn new(name: &'static str, unit: &'static str, limit: Limit) -> Self {
        Self { name, unit, limit }
    }

    /// The limit as text, with the unit where there is one.
    pub fn limit_with_unit(&self) -> String {
        match self.unit {
            "1" => self.limit.to_string(),
            unit => format!("{} {unit}", self.limit),
        }
    }
}

/// Where a quantity must lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// At this or above.
    AtLeast(f64),
    /// Above, not at it.
    Above(f64),
    /// At this or below.
    AtMost(f64),
    /// Below, not at it.
    Below(f64),
}

impl Limit {
    /// Whether a value lies where it must; what is no number does not.
    pub fn admits(self, value: f64) -> bool {
        match self {
            Self::AtLeast(limit) => value >= limit,
            Self::Above(limit) => value > limit,
            Self::AtMost(limit) => value <= limit,
            Self::Below(limit) => value < limit,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, limit) = match self {
            Self::AtLeast(limit) => ("≥", limit),
            Self::Above(limit) => (">", limit),
            Self::AtMost(limit) => ("≤", limit),
            Self::Below(limit) => ("<", limit),
        };
        let minus = if *limit < 0.0 { "−" } else { "" };
        write!(f, "{sign} {minus}{}", limit.abs())
    }
}

/// What a chip shows of a criterion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The criterion.
    pub criterion: &'static Criterion,
    /// The chip's value; NaN where it has none.
    pub value: f64,
}

impl Verdict {
    /// Whether the value lies where it must.
    pub fn is_met(&self) -> bool {
        self.criterion.limit.admits(self.value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn limits_admit_what_their_signs_say_and_no_nan() {
        let limits = [
            (Limit::AtLeast(0.5), [false, true, true]),
            (Limit::Above(0.5), [false, false, true]),
            (Limit::AtMost(0.5), [true, true, false]),
            (Limit::Below(0.5), [true, false, false]),
        ];
        for (limit, admitted) in limits {
            assert_eq!([0.4, 0.5, 0.6].map(|v| limit.admits(v)), admitted);
            assert!(!limit.admits(f64::NAN));
        }
        assert_eq!(Limit::AtLeast(0.5).to_string(), "≥ 0.5");
        assert_eq!(Limit::Above(-1.0).to_string(), "> −1");
    }

    #[test]
    fn criteria_are_told_apart_by_name_and_overwritten_values_are_in_range() {
        for group in Group::ALL {
            let names: BTreeSet<&str> = group.criteria().iter().map(|c| c.name).collect();
            assert_eq!(names.len(), group.criteria().len(), "{group:?}");
            for (register, value) in group.overwriting() {
                let spec = register.spec();
                assert!((spec.min..=spec.max).contains(value), "{register}");
            }
        }
    }
}
