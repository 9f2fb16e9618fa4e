//! What a calibration is to reach.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::CalibrationError;

/// A range of voltages, as CapMem codes, and the CADC codes at its ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CadcRange {
    /// CapMem code at the lower end; below 70 the CADC may not reach (a warning), 0…1022.
    pub lower: i32,
    /// CapMem code at the upper end; above 550 the CADC may not reach (a warning), 0…1022.
    pub upper: i32,
    /// CADC code at the lower end, in LSB; below 20 a warning, 0…255.
    pub lower_lsb: f64,
    /// CADC code at the upper end, in LSB; above 220 a warning, 0…255.
    pub upper_lsb: f64,
}

impl CadcRange {
    /// The range of CapMem codes that the CADC covers at most, read as 20…220.
    pub const FULL: Self = Self::read_as_usual(70, 550);
    /// The range of membranes during multiplications.
    pub const MEMBRANE: Self = Self::read_as_usual(150, 500);
    /// The range of synaptic lines.
    pub const LINES: Self = Self::read_as_usual(150, 340);

    const fn read_as_usual(lower: i32, upper: i32) -> Self {
        Self {
            lower,
            upper,
            lower_lsb: 20.0,
            upper_lsb: 220.0,
        }
    }
}

impl CadcRange {
    /// Lists the ends that may be missed.
    ///
    /// # Errors
    /// [`CalibrationError::TargetOutOfRange`] for one that is impossible.
    pub fn check(&self) -> Result<Vec<TargetWarning>, CalibrationError> {
        let mut warnings = Warnings::default();
        warnings.check_cadc(self)?;
        Ok(warnings.0)
    }
}

/// Targets of a calibration for multiplications on membranes.
///
/// Every target has a default and a range within which it is known to be reached; outside that,
/// [`check`](Self::check) warns, and it refuses what is impossible. Source of both: calix.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MembraneTargets {
    /// Resting code, in LSB; default 120, warned outside 100…140.
    pub leak_lsb: f64,
    /// Time constant of the membranes with their leak on, in µs; default 60, warned outside 20…100.
    pub tau_mem_us: f64,
    /// Time constant of the synaptic lines, in µs; default 0.32, warned outside 0.3…20.
    pub tau_syn_us: f64,
    /// Bias of the median neuron's OTAs, in CapMem codes; default 450, warned outside 30…600.
    pub i_synin_gm: i32,
    /// Noise of the resting code at which the leak is to be as weak as possible, in LSB; default
    /// none, warned outside 1.0…2.5. With it, the leak stays on.
    pub target_noise_lsb: Option<f64>,
    /// Bias of the weakest quadrant's synapses, in CapMem codes; default 1022, warned below 30.
    pub synapse_dac_bias: i32,
    /// Range of the CADC.
    pub cadc: CadcRange,
    /// Activation at which the drivers' offsets are judged; default 3, 1…30, warned above 8.
    pub driver_test_activation: u8,
}

impl Default for MembraneTargets {
    fn default() -> Self {
        Self {
            leak_lsb: 120.0,
            tau_mem_us: 60.0,
            tau_syn_us: 0.32,
            i_synin_gm: 450,
            target_noise_lsb: None,
            synapse_dac_bias: 1022,
            cadc: CadcRange::MEMBRANE,
            driver_test_activation: 3,
        }
    }
}

/// Targets of a calibration for multiplications on synaptic lines.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineTargets {
    /// Bias of the weakest quadrant's synapses, in CapMem codes; default 800, warned below 30.
    pub synapse_dac_bias: i32,
    /// Range of the CADC.
    pub cadc: CadcRange,
    /// Activation at which the drivers' offsets are judged; default 3, 1…30, warned above 8.
    pub driver_test_activation: u8,
}

impl Default for LineTargets {
    fn default() -> Self {
        Self {
            synapse_dac_bias: 800,
            cadc: CadcRange::LINES,
            driver_test_activation: 3,
        }
    }
}

/// A target that lies outside the range within which it is known to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetWarning {
    /// Name of the target.
    pub target: &'static str,
    /// Its value.
    pub value: f64,
    /// Smallest value that is known to be reached.
    pub min: f64,
    /// Largest value that is known to be reached.
    pub max: f64,
}

impl fmt::Display for TargetWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            target,
            value,
            min,
            max,
        } = self;
        write!(
            f,
            "{target} = {value} is outside {min}…{max}, where it is known to be reached"
        )
    }
}

/// What may be asked of a target, and what is known to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetRange {
    /// Name of the target.
    pub target: &'static str,
    /// Smallest and largest value that is not refused.
    pub possible: (f64, f64),
    /// Smallest and largest value without a warning.
    pub reached: (f64, f64),
}

impl TargetRange {
    /// The ranges of all targets; procedures share them.
    pub const ALL: &'static [Self] = &[
        LEAK, TAU_MEM, TAU_SYN, GM, NOISE, BIAS, LOWER, UPPER, LOWER_LSB, UPPER_LSB, TEST,
    ];
}

const fn range(target: &'static str, possible: (f64, f64), reached: (f64, f64)) -> TargetRange {
    TargetRange {
        target,
        possible,
        reached,
    }
}

/// Largest CapMem code.
const CODE_MAX: f64 = 1022.0;

const LEAK: TargetRange = range("leak_lsb", (0.0, 255.0), (100.0, 140.0));
const TAU_MEM: TargetRange = range("tau_mem_us", (0.5, 800.0), (20.0, 100.0));
const TAU_SYN: TargetRange = range("tau_syn_us", (0.05, 100.0), (0.3, 20.0));
const GM: TargetRange = range("i_synin_gm", (1.0, CODE_MAX), (30.0, 600.0));
const NOISE: TargetRange = range("target_noise_lsb", (0.1, 100.0), (1.0, 2.5));
const BIAS: TargetRange = range("synapse_dac_bias", (1.0, CODE_MAX), (30.0, CODE_MAX));
const LOWER: TargetRange = range("cadc.lower", (0.0, CODE_MAX), (70.0, 550.0));
const UPPER: TargetRange = range("cadc.upper", (0.0, CODE_MAX), (70.0, 550.0));
const LOWER_LSB: TargetRange = range("cadc.lower_lsb", (0.0, 255.0), (20.0, 220.0));
const UPPER_LSB: TargetRange = range("cadc.upper_lsb", (0.0, 255.0), (20.0, 220.0));
/// At 31 the test would compare the largest activation with itself; the nearer to 10, where the ramps
/// are judged, the less an offset differs from a slope, and beyond it falls as the slope rises.
const TEST: TargetRange = range("driver_test_activation", (1.0, 30.0), (1.0, 8.0));

/// Collects warnings, and refuses what is impossible.
#[derive(Default)]
struct Warnings(Vec<TargetWarning>);

impl Warnings {
    fn check(&mut self, range: &TargetRange, value: f64) -> Result<(), CalibrationError> {
        let (min, max) = range.possible;
        if !(min..=max).contains(&value) {
            return Err(CalibrationError::TargetOutOfRange {
                target: range.target,
                value,
                min,
                max,
            });
        }
        let (min, max) = range.reached;
        if !(min..=max).contains(&value) {
            self.0.push(TargetWarning {
                target: range.target,
                value,
                min,
                max,
            });
        }
        Ok(())
    }

    fn check_cadc(&mut self, range: &CadcRange) -> Result<(), CalibrationError> {
        self.check(&LOWER, f64::from(range.lower))?;
        self.check(&UPPER, f64::from(range.upper))?;
        self.check(&LOWER_LSB, range.lower_lsb)?;
        self.check(&UPPER_LSB, range.upper_lsb)?;
        let above = |end: &TargetRange, lower: f64, upper: f64| {
            let min = lower + SMALLEST_RANGE;
            if upper >= min {
                return Ok(());
            }
            Err(CalibrationError::TargetOutOfRange {
                target: end.target,
                value: upper,
                min,
                max: end.possible.1,
            })
        };
        above(&UPPER, f64::from(range.lower), f64::from(range.upper))?;
        above(&UPPER_LSB, range.lower_lsb, range.upper_lsb)?;
        Ok(())
    }
}

/// Smallest distance between the ends of a range, in codes.
const SMALLEST_RANGE: f64 = 10.0;

impl MembraneTargets {
    /// Lists the targets that may be missed.
    ///
    /// # Errors
    /// [`CalibrationError::TargetOutOfRange`] for one that is impossible.
    pub fn check(&self) -> Result<Vec<TargetWarning>, CalibrationError> {
        let mut warnings = Warnings::default();
        warnings.check(&LEAK, self.leak_lsb)?;
        warnings.check(&TAU_MEM, self.tau_mem_us)?;
        warnings.check(&TAU_SYN, self.tau_syn_us)?;
        warnings.check(&GM, f64::from(self.i_synin_gm))?;
        if let Some(noise) = self.target_noise_lsb {
            warnings.check(&NOISE, noise)?;
        }
        warnings.check(&BIAS, f64::from(self.synapse_dac_bias))?;
        warnings.check(&TEST, f64::from(self.driver_test_activation))?;
        warnings.check_cadc(&self.cadc)?;
        Ok(warnings.0)
    }
}

impl LineTargets {
    /// Lists the targets that may be missed.
    ///
    /// # Errors
    /// [`CalibrationError::TargetOutOfRange`] for one that is impossible.
    pub fn check(&self) -> Result<Vec<TargetWarning>, CalibrationError> {
        let mut warnings = Warnings::default();
        warnings.check(&BIAS, f64::from(self.synapse_dac_bias))?;
        warnings.check(&TEST, f64::from(self.driver_test_activation))?;
        warnings.check_cadc(&self.cadc)?;
        Ok(warnings.0)
    }
}
