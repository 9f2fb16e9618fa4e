//! What is turned.

use crate::plot::{Axis, PlotError};

/// Room beside the values of an axis: a share of their range, or a factor where they span decades.
const MARGIN_SHARE: f64 = 0.06;
const MARGIN_FACTOR: f64 = 1.2;

/// What is turned, everything else at its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knob {
    OtaBias,
    DacBias,
    /// The same with long time constants of the lines.
    DacBiasLongTau,
    TargetNoise,
    MembraneTau,
    SynapticTau,
    /// The same with an OTA bias that falls as the time constant rises.
    SynapticTauCompensated,
    CadcRange,
    Wait,
    NumSends,
}

impl Knob {
    pub(super) const ALL: [Self; 10] = [
        Self::OtaBias,
        Self::DacBias,
        Self::DacBiasLongTau,
        Self::TargetNoise,
        Self::MembraneTau,
        Self::SynapticTau,
        Self::SynapticTauCompensated,
        Self::CadcRange,
        Self::Wait,
        Self::NumSends,
    ];

    /// Name in tables and result files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OtaBias => "i_synin_gm",
            Self::DacBias => "synapse_dac_bias",
            Self::DacBiasLongTau => "synapse_dac_bias with a long tau_syn",
            Self::TargetNoise => "target_noise_lsb",
            Self::MembraneTau => "tau_mem_us",
            Self::SynapticTau => "tau_syn_us",
            Self::SynapticTauCompensated => "tau_syn_us with a lower i_synin_gm",
            Self::CadcRange => "width of the CADC range",
            Self::Wait => "wait_between_events",
            Self::NumSends => "num_sends",
        }
    }

    /// Name of its charts' files.
    pub(super) const fn stem(self) -> &'static str {
        match self {
            Self::OtaBias => "tradeoffs-ota-bias",
            Self::DacBias => "tradeoffs-dac-bias",
            Self::DacBiasLongTau => "tradeoffs-dac-bias-long-tau",
            Self::TargetNoise => "tradeoffs-target-noise",
            Self::MembraneTau => "tradeoffs-tau-mem",
            Self::SynapticTau => "tradeoffs-tau-syn",
            Self::SynapticTauCompensated => "tradeoffs-tau-syn-compensated",
            Self::CadcRange => "tradeoffs-cadc-range",
            Self::Wait => "tradeoffs-wait",
            Self::NumSends => "tradeoffs-sends",
        }
    }

    /// The horizontal axis of its charts, with room beside the values.
    pub(super) fn axis(self, values: &[f64]) -> Result<Axis, PlotError> {
        let (label, unit) = match self {
            Self::OtaBias => ("i_synin_gm", "CapMem codes"),
            Self::DacBias | Self::DacBiasLongTau => ("synapse_dac_bias", "CapMem codes"),
            Self::TargetNoise => ("target_noise", "LSB"),
            Self::MembraneTau => ("τ_mem", "µs"),
            Self::SynapticTau | Self::SynapticTauCompensated => ("τ_syn", "µs"),
            Self::CadcRange => ("Width of the CADC range", "CapMem codes"),
            Self::Wait => ("wait_between_events", "cycles of 8 ns"),
            Self::NumSends => ("num_sends", ""),
        };
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if self.spans_decades() {
            Axis::logarithmic(label, unit).with_range(low / MARGIN_FACTOR, high * MARGIN_FACTOR)
        } else {
            let begin = if self.starts_near_zero() { 0.0 } else { low };
            let span = if high > begin { high - begin } else { high };
            let margin = MARGIN_SHARE * span;
            let begin = if begin == 0.0 { 0.0 } else { begin - margin };
            Axis::linear(label, unit).with_range(begin, high + margin)
        }
    }

    const fn starts_near_zero(self) -> bool {
        matches!(
            self,
            Self::OtaBias | Self::DacBias | Self::DacBiasLongTau | Self::MembraneTau
        )
    }

    const fn spans_decades(self) -> bool {
        matches!(
            self,
            Self::SynapticTau | Self::SynapticTauCompensated | Self::Wait | Self::NumSends
        )
    }

    /// Unit of its values, with a space before it.
    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::TargetNoise => " LSB",
            Self::MembraneTau | Self::SynapticTau | Self::SynapticTauCompensated => " µs",
            Self::Wait => " cycles",
            Self::OtaBias
            | Self::DacBias
            | Self::DacBiasLongTau
            | Self::CadcRange
            | Self::NumSends => "",
        }
    }

    /// Whether it is a target of the calibration, which then runs anew for every value.
    pub(super) const fn is_target(self) -> bool {
        !matches!(self, Self::Wait | Self::NumSends)
    }
}
