//! CADC: a membrane voltage becomes an 8-bit code.
//!
//! All channels of a quadrant compare their voltage with one ramp; the code is the time until the
//! ramp passes it: code = (V − V_start) / slope, with the start and slope following the quadrant's
//! `cadc_v_ramp_offset` and `cadc_i_ramp_slope` and their mismatch. Each channel adds an offset
//! (corrected by its digital `cadc_offset`), a gain error and an integral non-linearity that no
//! register corrects. The code ends at 0 and 255.

use bss2_core::{ArrayGeometry, BASELINE_CODE, Register, Scope};
use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::error::check_range;
use crate::registers::RegisterFile;
use crate::stream::{Draws, Imperfection, SMALLEST_FACTOR};

/// Parameters of the CADC. Everything here is drawn once per chip; all values are assumptions but
/// for the width of the code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CadcConfig {
    /// CapMem codes of `cadc_v_ramp_offset` that move the result by one LSB at the reset slope
    /// (from the range 150…500 read as 20…220).
    pub ramp_offset_codes_per_lsb: f32,
    /// Standard deviation of the ramp's start over quadrants, in LSB.
    pub ramp_offset_spread_lsb: f32,
    /// Relative standard deviation of the ramp's slope over quadrants.
    pub ramp_slope_spread: f32,
    /// Standard deviation of the channels' offsets, in LSB.
    pub channel_offset_spread_lsb: f32,
    /// Relative standard deviation of the channels' gains.
    pub channel_gain_spread: f32,
    /// Standard deviation over channels of the two terms of the integral non-linearity, a bow and
    /// an S (Legendre polynomials P₂ and P₃ over the code range), in LSB.
    pub non_linearity_lsb: f32,
    /// Share of columns whose code is stuck at a random value.
    pub failure_rate: f32,
}

impl Default for CadcConfig {
    fn default() -> Self {
        Self {
            ramp_offset_codes_per_lsb: 1.75,
            ramp_offset_spread_lsb: 8.0,
            ramp_slope_spread: 0.04,
            channel_offset_spread_lsb: 10.0,
            channel_gain_spread: 0.015,
            non_linearity_lsb: 0.7,
            failure_rate: 0.001,
        }
    }
}

impl CadcConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_range(
            "cadc.ramp_offset_codes_per_lsb",
            self.ramp_offset_codes_per_lsb,
            0.1,
            100.0,
        )?;
        check_range(
            "cadc.ramp_offset_spread_lsb",
            self.ramp_offset_spread_lsb,
            0.0,
            50.0,
        )?;
        check_range("cadc.ramp_slope_spread", self.ramp_slope_spread, 0.0, 0.2)?;
        check_range(
            "cadc.channel_offset_spread_lsb",
            self.channel_offset_spread_lsb,
            0.0,
            50.0,
        )?;
        check_range(
            "cadc.channel_gain_spread",
            self.channel_gain_spread,
            0.0,
            0.2,
        )?;
        check_range("cadc.non_linearity_lsb", self.non_linearity_lsb, 0.0, 10.0)?;
        check_range("cadc.failure_rate", self.failure_rate, 0.0, 1.0)
    }
}

/// The CADC of one chip.
#[derive(Clone, Debug)]
pub(crate) struct Cadc {
    ramp_offset: Vec<f32>,
    ramp_slope: Vec<f32>,
    channels: Vec<Channel>,
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    offset: f32,
    gain: f32,
    bow: f32,
    s_shape: f32,
    stuck: Option<u8>,
}

/// One channel with its registers applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Converter {
    /// Codes per LSB of voltage.
    pub(crate) gain: f32,
    /// Code at the nominal reset potential, before the digital offset.
    baseline: f32,
    bow: f32,
    s_shape: f32,
    digital_offset: f32,
}

impl Cadc {
    pub(crate) fn draw(config: &CadcConfig, geometry: ArrayGeometry, seed: u64) -> Self {
        let quadrants = Scope::Quadrant.instances(geometry);
        let mut offsets = Draws::new(seed, Imperfection::CadcOffset);
        let mut gains = Draws::new(seed, Imperfection::CadcGain);
        let channels = Scope::Column.instances(geometry);
        let mut bends = Draws::new(seed, Imperfection::CadcNonLinearity);
        let failures = Draws::new(seed, Imperfection::ColumnFailure).uniforms(2 * channels);
        let ramp = |imperfection, spread: f32| -> Vec<f32> {
            let normals = Draws::new(seed, imperfection).normals(quadrants);
            normals.iter().map(|n| spread * n).collect()
        };
        Self {
            ramp_offset: ramp(Imperfection::CadcRampOffset, config.ramp_offset_spread_lsb),
            ramp_slope: ramp(Imperfection::CadcRampSlope, config.ramp_slope_spread),
            channels: (0..channels)
                .map(|i| Channel {
                    offset: config.channel_offset_spread_lsb * offsets.normal(),
                    gain: (1.0 + config.channel_gain_spread * gains.normal()).max(SMALLEST_FACTOR),
                    bow: config.non_linearity_lsb * bends.normal(),
                    s_shape: config.non_linearity_lsb * bends.normal(),
                    stuck: (failures[2 * i] < config.failure_rate)
                        .then_some((failures[2 * i + 1] * 256.0) as u8),
                })
                .collect(),
        }
    }

    /// The code at which a column of the chip is stuck.
    pub(crate) fn stuck_code(&self, column: usize) -> Option<u8> {
        self.channels[column].stuck
    }

    /// Applies the registers to the channel of a column of the chip.
    pub(crate) fn converter(
        &self,
        config: &CadcConfig,
        registers: &RegisterFile,
        column: usize,
    ) -> Converter {
        let quadrant = registers.quadrant_of(Scope::Column, column);
        let channel = self.channels[column];
        let start_codes = registers.value(Register::CadcVRampOffset, quadrant)
            - Register::CadcVRampOffset.spec().reset as f32;
        let start_lsb = start_codes / config.ramp_offset_codes_per_lsb + self.ramp_offset[quadrant];
        // A ramp that stands still never ends the conversion: the code is then at its maximum.
        let slope = registers
            .relative(Register::CadcIRampSlope, quadrant)
            .max(1e-3)
            * (1.0 + self.ramp_slope[quadrant]).max(SMALLEST_FACTOR);
        Converter {
            gain: channel.gain / slope,
            baseline: (f32::from(BASELINE_CODE) - start_lsb) / slope + channel.offset,
            bow: channel.bow,
            s_shape: channel.s_shape,
            digital_offset: registers.value(Register::CadcOffset, column),
        }
    }
}

impl Converter {
    /// Code of a voltage that lies `voltage_lsb` above the nominal reset potential.
    #[inline(always)]
    pub(crate) fn convert(&self, voltage_lsb: f32) -> u8 {
        let linear = self.baseline + self.gain * voltage_lsb;
        let t = ((linear - 127.5) / 127.5).clamp(-1.0, 1.0);
        let bend = self.bow * (1.5 * t * t - 0.5) + self.s_shape * (2.5 * t * t - 1.5) * t;
        let code = round_ties_even(linear + bend) + self.digital_offset;
        code.clamp(0.0, 255.0) as i32 as u8
    }
}

/// Rounds magnitudes below 2²² without a call into the mathematical library, which processors
/// without SSE 4.1 would need: adding 1.5·2²³ leaves no bits for a fraction. Larger ones, which end
/// at a clamp anyway, may be off by one.
#[inline(always)]
fn round_ties_even(value: f32) -> f32 {
    const MAGIC: f32 = 12_582_912.0;
    (value + MAGIC) - MAGIC
}
