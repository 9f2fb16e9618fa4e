//! Sources of error: imperfections that belong together.

use bss2_hardware::Imperfection as Of;
use serde::{Deserialize, Serialize};

/// A source of error: imperfections that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Mismatch of the synapses, stuck ones, distance from the drivers.
    Synapses,
    /// Offsets, gains, ceilings and soft starts of the drivers, failed ones.
    Drivers,
    /// Spread of the columns' gains and of their lines' time constants.
    ColumnGains,
    /// Difference between the gains of both signs.
    SignAsymmetry,
    /// Spread of balances, potentials and resting voltages.
    Offsets,
    /// The leak and its spread.
    Leak,
    /// Saturation of OTAs and of the membranes' readout.
    Saturation,
    /// Mismatch and non-linearity of the CADC.
    Cadc,
    /// Deviation, crosstalk and settling of CapMem cells.
    CapMem,
    /// Jitter of the drivers' comparators.
    Jitter,
    /// Noise of the CADC's channels.
    ReadNoise,
    /// Noise of the CADC's ramps.
    RampNoise,
    /// Noise of the reset.
    ResetNoise,
    /// Noise of OTAs and membrane.
    IntegrationNoise,
    /// Another temperature than that of the calibration.
    Temperature,
    /// Drift since the calibration.
    Drift,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 16] = [
        Self::Synapses,
        Self::Drivers,
        Self::ColumnGains,
        Self::SignAsymmetry,
        Self::Offsets,
        Self::Leak,
        Self::Saturation,
        Self::Cadc,
        Self::CapMem,
        Self::Jitter,
        Self::ReadNoise,
        Self::RampNoise,
        Self::ResetNoise,
        Self::IntegrationNoise,
        Self::Temperature,
        Self::Drift,
    ];

    /// Its imperfections.
    pub const fn imperfections(self) -> &'static [Of] {
        match self {
            Self::Synapses => &[Of::SynapseMismatch, Of::SynapseDistance, Of::StuckSynapses],
            Self::Drivers => &[
                Of::DriverOffset,
                Of::DriverGain,
                Of::DriverCeiling,
                Of::SoftStart,
                Of::FailedDrivers,
            ],
            Self::ColumnGains => &[Of::OtaGain, Of::LineTau],
            Self::SignAsymmetry => &[Of::OtaAsymmetry],
            Self::Offsets => &[Of::OtaOffset, Of::Potentials, Of::LineRest],
            Self::Leak => &[Of::ResidualLeak, Of::LeakSpread],
            Self::Saturation => &[Of::OtaSaturation, Of::SoftEnds, Of::EndSpread],
            Self::Cadc => &[
                Of::CadcRamp,
                Of::CadcOffset,
                Of::CadcGain,
                Of::CadcNonLinearity,
                Of::StuckChannels,
            ],
            Self::CapMem => &[Of::CapMemDeviation, Of::CapMemCrosstalk, Of::CapMemSettling],
            Self::Jitter => &[Of::Jitter],
            Self::ReadNoise => &[Of::ReadNoise],
            Self::RampNoise => &[Of::RampNoise],
            Self::ResetNoise => &[Of::ResetNoise],
            Self::IntegrationNoise => &[Of::IntegrationNoise],
            Self::Temperature => &[Of::Temperature, Of::TemperatureSpread],
            Self::Drift => &[Of::Drift],
        }
    }

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synapses => "synapse mismatch",
            Self::Drivers => "driver mismatch",
            Self::ColumnGains => "column gains",
            Self::SignAsymmetry => "gains of both signs",
            Self::Offsets => "offsets",
            Self::Leak => "leak",
            Self::Saturation => "saturation",
            Self::Cadc => "CADC mismatch",
            Self::CapMem => "CapMem",
            Self::Jitter => "jitter",
            Self::ReadNoise => "read noise",
            Self::RampNoise => "ramp noise",
            Self::ResetNoise => "reset noise",
            Self::IntegrationNoise => "integration noise",
            Self::Temperature => "temperature",
            Self::Drift => "drift",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_imperfection_that_a_multiplication_on_membranes_meets_belongs_to_one_source() {
        let sources = Source::ALL.iter().flat_map(|source| source.imperfections());
        let counted: Vec<Of> = sources.copied().collect();
        let distinct: HashSet<Of> = counted.iter().copied().collect();
        assert_eq!(counted.len(), distinct.len());
        let others: HashSet<Of> = [Of::LineNoise, Of::TraceNoise].into();
        let all: HashSet<Of> = Of::ALL.iter().copied().collect();
        assert_eq!(
            all.difference(&distinct).copied().collect::<HashSet<_>>(),
            others
        );
    }
}
