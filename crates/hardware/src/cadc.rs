//! CADC: a voltage becomes an 8-bit code.
//!
//! All channels of a quadrant compare their voltage with one ramp; the code is the time until the
//! ramp passes it: code = (V − V_start) / slope, with the start and slope following the quadrant's
//! `cadc_v_ramp_offset` and `cadc_i_ramp_slope` and their mismatch. Each of a column's two channels
//! adds an offset (corrected by its digital `cadc_offset`), a gain error and an integral
//! non-linearity that no register corrects. The code ends at 0 and 255.

use bss2_core::{ArrayGeometry, BASELINE_CODE, Register, Scope};

use crate::capmem::CapMemConfig;
use crate::parameter::section;
use crate::registers::RegisterFile;
use crate::stream::{Draw, Draws, SMALLEST_FACTOR};

section! {
    /// Parameters of the CADC.
    pub struct CadcConfig in "cadc" {
        /// Standard deviation of the ramp's start over quadrants, in LSB.
        ramp_offset_spread_lsb: 8.0 in 0.0 to 50.0, PerChip, "assumption";
        /// Relative standard deviation of the ramp's slope over quadrants.
        ramp_slope_spread: 0.04 in 0.0 to 0.2, PerChip, "assumption";
        /// Standard deviation of the channels' offsets, in LSB.
        channel_offset_spread_lsb: 10.0 in 0.0 to 50.0, PerChip, "assumption";
        /// Relative standard deviation of the channels' gains.
        channel_gain_spread: 0.015 in 0.0 to 0.2, PerChip, "assumption";
        /// Standard deviation over channels of the two terms of the integral non-linearity, a bow
        /// and an S (Legendre polynomials P₂ and P₃ over the code range), in LSB.
        non_linearity_lsb: 0.7 in 0.0 to 10.0, PerChip, "assumption";
        /// Share of channels whose code is stuck at a random value.
        failure_rate: 0.00002 in 0.0 to 1.0, PerChip,
            "assumption: one chip in fifty has such a channel; at most few may, to pass calix' acceptance";
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
    pub(crate) baseline: f32,
    pub(crate) bow: f32,
    pub(crate) s_shape: f32,
    pub(crate) digital_offset: f32,
}

impl Cadc {
    pub(crate) fn draw(config: &CadcConfig, geometry: ArrayGeometry, seed: u64) -> Self {
        let quadrants = Scope::Quadrant.instances(geometry);
        let channels = Scope::Channel.instances(geometry);
        let draws = |draw| Draws::new(seed, draw);
        let mut offsets = draws(Draw::CadcOffset);
        let mut gains = draws(Draw::CadcGain);
        let mut bends = draws(Draw::CadcNonLinearity);
        let mut failures = draws(Draw::ChannelFailure);
        Self {
            ramp_offset: draws(Draw::CadcRampOffset).scaled(
                quadrants,
                0.0,
                config.ramp_offset_spread_lsb,
            ),
            ramp_slope: draws(Draw::CadcRampSlope).factors(quadrants, config.ramp_slope_spread),
            channels: (0..channels)
                .map(|_| Channel {
                    offset: config.channel_offset_spread_lsb * offsets.normal(),
                    gain: (1.0 + config.channel_gain_spread * gains.normal()).max(SMALLEST_FACTOR),
                    bow: config.non_linearity_lsb * bends.normal(),
                    s_shape: config.non_linearity_lsb * bends.normal(),
                    stuck: {
                        let (lot, code) = (failures.uniform(), failures.uniform());
                        (lot < config.failure_rate).then_some((code * 256.0) as u8)
                    },
                })
                .collect(),
        }
    }

    /// The code at which a channel of the chip is stuck.
    pub(crate) fn stuck_code(&self, channel: usize) -> Option<u8> {
        self.channels[channel].stuck
    }

    /// Applies the registers to a channel of the chip.
    pub(crate) fn converter(
        &self,
        capmem: &CapMemConfig,
        registers: &RegisterFile,
        channel: usize,
    ) -> Converter {
        let quadrant = registers.quadrant_of(Scope::Channel, channel);
        let Channel {
            offset,
            gain,
            bow,
            s_shape,
            ..
        } = self.channels[channel];
        let start_lsb = registers.distance(Register::CadcVRampOffset, quadrant)
            / capmem.codes_per_lsb
            + self.ramp_offset[quadrant];
        // A ramp that stands still never ends the conversion: the code is then at its maximum.
        let slope = registers
            .relative(Register::CadcIRampSlope, quadrant)
            .max(1e-3)
            * self.ramp_slope[quadrant];
        Converter {
            gain: gain / slope,
            baseline: (f32::from(BASELINE_CODE) - start_lsb) / slope + offset,
            bow,
            s_shape,
            digital_offset: registers.value(Register::CadcOffset, channel),
        }
    }
}
