//! The imperfections of a chip, one by one.

use crate::ChipConfig;

/// What a chip does beyond multiplying exactly. Each can be [switched
/// off](ChipConfig::without) alone; no other random draw moves then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Imperfection {
    /// Spread of the drivers' offsets.
    DriverOffset,
    /// Spread of the ramp currents over quadrants.
    DriverGain,
    /// Spread of the drivers' longest pulse.
    DriverCeiling,
    /// Poor encoding of low activations.
    SoftStart,
    /// Drivers that send nothing.
    FailedDrivers,
    /// Comparator jitter.
    Jitter,
    /// Mismatch of the synapses' bit cells.
    SynapseMismatch,
    /// Attenuation with the distance from the drivers.
    SynapseDistance,
    /// Synapses that keep their weight.
    StuckSynapses,
    /// Spread of the lines' time constants.
    LineTau,
    /// Spread of the lines' resting voltage.
    LineRest,
    /// Spread of the OTAs' gains.
    OtaGain,
    /// Difference between the gains of both signs.
    OtaAsymmetry,
    /// Saturation of the OTAs.
    OtaSaturation,
    /// Spread of the OTAs' balance, and with it offset currents.
    OtaOffset,
    /// The residual leak.
    ResidualLeak,
    /// Spread of the leak and of the residual one.
    LeakSpread,
    /// Spread of leak and reset potentials.
    Potentials,
    /// Ends of the membranes' readout.
    SoftEnds,
    /// Spread of these ends.
    EndSpread,
    /// Mismatch of the CADC's ramps.
    CadcRamp,
    /// Spread of the CADC channels' offsets.
    CadcOffset,
    /// Spread of the CADC channels' gains.
    CadcGain,
    /// Non-linearity of the CADC channels.
    CadcNonLinearity,
    /// CADC channels stuck at a code.
    StuckChannels,
    /// Deviation of CapMem cells from their code.
    CapMemDeviation,
    /// Crosstalk between CapMem cells.
    CapMemCrosstalk,
    /// Cells that have not settled completely.
    CapMemSettling,
    /// Noise of each CADC channel.
    ReadNoise,
    /// Noise of the CADC's ramps.
    RampNoise,
    /// Noise of the reset.
    ResetNoise,
    /// Noise of OTAs and membrane.
    IntegrationNoise,
    /// Noise of the synaptic lines, where these are read.
    LineNoise,
    /// Noise of recorded traces.
    TraceNoise,
    /// All effects of temperature.
    Temperature,
    /// Spread of the effects of temperature.
    TemperatureSpread,
    /// Slow drift.
    Drift,
}

impl Imperfection {
    /// Every imperfection.
    pub const ALL: &'static [Self] = &[
        Self::DriverOffset,
        Self::DriverGain,
        Self::DriverCeiling,
        Self::SoftStart,
        Self::FailedDrivers,
        Self::Jitter,
        Self::SynapseMismatch,
        Self::SynapseDistance,
        Self::StuckSynapses,
        Self::LineTau,
        Self::LineRest,
        Self::OtaGain,
        Self::OtaAsymmetry,
        Self::OtaSaturation,
        Self::OtaOffset,
        Self::ResidualLeak,
        Self::LeakSpread,
        Self::Potentials,
        Self::SoftEnds,
        Self::EndSpread,
        Self::CadcRamp,
        Self::CadcOffset,
        Self::CadcGain,
        Self::CadcNonLinearity,
        Self::StuckChannels,
        Self::CapMemDeviation,
        Self::CapMemCrosstalk,
        Self::CapMemSettling,
        Self::ReadNoise,
        Self::RampNoise,
        Self::ResetNoise,
        Self::IntegrationNoise,
        Self::LineNoise,
        Self::TraceNoise,
        Self::Temperature,
        Self::TemperatureSpread,
        Self::Drift,
    ];

    /// Whether it differs from trial to trial.
    pub const fn is_noise(self) -> bool {
        matches!(
            self,
            Self::Jitter
                | Self::ReadNoise
                | Self::RampNoise
                | Self::ResetNoise
                | Self::IntegrationNoise
                | Self::LineNoise
                | Self::TraceNoise
        )
    }

    /// Whether it differs from element to element of a chip, and so makes a fixed pattern.
    pub const fn is_mismatch(self) -> bool {
        !self.is_noise()
            && !matches!(
                self,
                Self::SoftStart
                    | Self::OtaAsymmetry
                    | Self::OtaSaturation
                    | Self::ResidualLeak
                    | Self::SoftEnds
                    | Self::CapMemSettling
                    | Self::Temperature
            )
    }

    /// Takes it out of a configuration.
    pub(crate) fn switch_off(self, config: &mut ChipConfig) {
        let ChipConfig {
            geometry: _,
            capmem,
            driver,
            synapse,
            line,
            ota,
            membrane,
            cadc,
            noise,
            temperature,
            drift,
        } = config;
        match self {
            Self::DriverOffset => driver.offset_spread_activations = 0.0,
            Self::DriverGain => driver.ramp_gain_spread = 0.0,
            Self::DriverCeiling => driver.ceiling_spread_activations = 0.0,
            Self::SoftStart => driver.soft_start_activations = 0.0,
            Self::FailedDrivers => driver.failure_rate = 0.0,
            Self::Jitter => driver.jitter_activations = 0.0,
            Self::SynapseMismatch => synapse.smallest_bit_mismatch = 0.0,
            Self::SynapseDistance => synapse.distance_attenuation = 0.0,
            Self::StuckSynapses => synapse.stuck_rate = 0.0,
            Self::LineTau => line.tau_spread = 0.0,
            Self::LineRest => line.rest_spread_lsb = 0.0,
            Self::OtaGain => ota.gain_spread = 0.0,
            Self::OtaAsymmetry => ota.inhibitory_ratio = 1.0,
            Self::OtaSaturation => ota.linear_range_lsb = 100_000.0,
            Self::OtaOffset => ota.balance_spread_codes = 0.0,
            Self::ResidualLeak => membrane.residual_leak_tau_us = 1e9,
            Self::LeakSpread => {
                membrane.leak_spread = 0.0;
                membrane.residual_leak_log_spread = 0.0;
            }
            Self::Potentials => {
                membrane.leak_offset_spread_lsb = 0.0;
                membrane.reset_offset_spread_lsb = 0.0;
            }
            Self::SoftEnds => {
                membrane.floor_lsb = -1e4;
                membrane.ceiling_lsb = 1e4;
            }
            Self::EndSpread => membrane.end_spread_lsb = 0.0,
            Self::CadcRamp => {
                cadc.ramp_offset_spread_lsb = 0.0;
                cadc.ramp_slope_spread = 0.0;
            }
            Self::CadcOffset => cadc.channel_offset_spread_lsb = 0.0,
            Self::CadcGain => cadc.channel_gain_spread = 0.0,
            Self::CadcNonLinearity => cadc.non_linearity_lsb = 0.0,
            Self::StuckChannels => cadc.failure_rate = 0.0,
            Self::CapMemDeviation => {
                capmem.offset_spread_codes = 0.0;
                capmem.slope_spread = 0.0;
            }
            Self::CapMemCrosstalk => capmem.crosstalk_codes = 0.0,
            Self::CapMemSettling => capmem.settling_tau_ms = 0.01,
            Self::ReadNoise => noise.read_lsb = 0.0,
            Self::RampNoise => noise.ramp_lsb = 0.0,
            Self::ResetNoise => noise.reset_lsb = 0.0,
            Self::IntegrationNoise => noise.integration_lsb_per_sqrt_us = 0.0,
            Self::LineNoise => noise.line_lsb = 0.0,
            Self::TraceNoise => noise.trace_lsb = 0.0,
            Self::Temperature => {
                temperature.gain_per_kelvin = 0.0;
                temperature.noise_per_kelvin = 0.0;
                temperature.leak_per_kelvin = 0.0;
                Self::TemperatureSpread.switch_off(config);
            }
            Self::TemperatureSpread => {
                temperature.gain_spread_per_kelvin = 0.0;
                temperature.offset_spread_lsb_per_kelvin = 0.0;
                temperature.driver_offset_spread_activations_per_kelvin = 0.0;
            }
            Self::Drift => {
                drift.offset_lsb = 0.0;
                drift.gain = 0.0;
                drift.ota_balance_codes = 0.0;
                drift.driver_offset_activations = 0.0;
            }
        }
    }
}
