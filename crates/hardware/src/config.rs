//! All parameters of a chip in one checked, serialisable place.

use bss2_core::ArrayGeometry;
use bss2_core::random::derive_seed;
use serde::{Deserialize, Serialize};

use crate::cadc::CadcConfig;
use crate::capmem::CapMemConfig;
use crate::drift::DriftConfig;
use crate::driver::DriverConfig;
use crate::line::LineConfig;
use crate::membrane::MembraneConfig;
use crate::noise::NoiseConfig;
use crate::ota::OtaConfig;
use crate::synapse::SynapseConfig;
use crate::temperature::TemperatureConfig;
use crate::{ConfigError, Imperfection, Parameter};

/// Raw parameters of a simulated chip; [`check`](Self::check) them to use them.
///
/// Unknown keys are refused when a configuration is read; missing ones take the typical value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChipConfig {
    /// Sizes of the array, in membrane mode.
    pub geometry: ArrayGeometry,
    /// CapMem.
    pub capmem: CapMemConfig,
    /// Synapse drivers.
    pub driver: DriverConfig,
    /// Synapse array.
    pub synapse: SynapseConfig,
    /// Synaptic lines.
    pub line: LineConfig,
    /// OTAs.
    pub ota: OtaConfig,
    /// Membranes.
    pub membrane: MembraneConfig,
    /// CADC.
    pub cadc: CadcConfig,
    /// Trial-to-trial noise.
    pub noise: NoiseConfig,
    /// Effects of temperature.
    pub temperature: TemperatureConfig,
    /// Slow drift.
    pub drift: DriftConfig,
}

impl Default for ChipConfig {
    fn default() -> Self {
        Self::typical()
    }
}

/// Makes the configuration of a preset.
pub type Preset = fn() -> ChipConfig;

/// How much wider than typical the spreads of a worse process are; those of a better one are as
/// much narrower. An assumption.
const PROCESS_FACTOR: f32 = 1.5;

impl ChipConfig {
    /// A typical chip: every parameter at its documented default.
    pub fn typical() -> Self {
        Self {
            geometry: ArrayGeometry::BSS2,
            capmem: CapMemConfig::default(),
            driver: DriverConfig::default(),
            synapse: SynapseConfig::default(),
            line: LineConfig::default(),
            ota: OtaConfig::default(),
            membrane: MembraneConfig::default(),
            cadc: CadcConfig::default(),
            noise: NoiseConfig::default(),
            temperature: TemperatureConfig::default(),
            drift: DriftConfig::default(),
        }
    }

    /// A chip of a better process: everything that varies from element to element varies by two
    /// thirds of the typical amount.
    pub fn better_process() -> Self {
        Self::typical().with_mismatch_times(1.0 / PROCESS_FACTOR)
    }

    /// A chip of a worse process: everything that varies from element to element varies by half as
    /// much again.
    pub fn worse_process() -> Self {
        Self::typical().with_mismatch_times(PROCESS_FACTOR)
    }

    /// The presets by name.
    pub const PRESETS: [(&'static str, Preset); 4] = [
        ("typical", Self::typical),
        ("better", Self::better_process),
        ("worse", Self::worse_process),
        ("noiseless", || Self::typical().without_noise()),
    ];

    /// The preset of a name.
    ///
    /// # Errors
    /// [`ConfigError::UnknownPreset`] names those there are.
    pub fn preset(name: &str) -> Result<Self, ConfigError> {
        let mut presets = Self::PRESETS.iter();
        presets
            .find(|(known, _)| *known == name)
            .map(|(_, make)| make())
            .ok_or_else(|| ConfigError::UnknownPreset {
                name: name.to_owned(),
                known: Self::PRESETS.map(|(name, _)| name).join(", "),
            })
    }

    /// Name of the preset that the configuration is, if it is one.
    pub fn preset_name(&self) -> Option<&'static str> {
        let mut presets = Self::PRESETS.iter();
        presets
            .find(|(_, make)| make() == *self)
            .map(|(name, _)| *name)
    }

    /// Multiplies all mismatch and all rates of failure.
    fn with_mismatch_times(mut self, factor: f32) -> Self {
        for field in [
            &mut self.capmem.offset_spread_codes,
            &mut self.capmem.slope_spread,
            &mut self.capmem.crosstalk_codes,
            &mut self.driver.offset_spread_activations,
            &mut self.driver.ramp_gain_spread,
            &mut self.driver.ceiling_spread_activations,
            &mut self.driver.failure_rate,
            &mut self.synapse.smallest_bit_mismatch,
            &mut self.synapse.stuck_rate,
            &mut self.line.tau_spread,
            &mut self.line.rest_spread_lsb,
            &mut self.ota.gain_spread,
            &mut self.ota.balance_spread_codes,
            &mut self.membrane.leak_spread,
            &mut self.membrane.leak_offset_spread_lsb,
            &mut self.membrane.residual_leak_log_spread,
            &mut self.membrane.reset_offset_spread_lsb,
            &mut self.membrane.end_spread_lsb,
            &mut self.cadc.ramp_offset_spread_lsb,
            &mut self.cadc.ramp_slope_spread,
            &mut self.cadc.channel_offset_spread_lsb,
            &mut self.cadc.channel_gain_spread,
            &mut self.cadc.non_linearity_lsb,
            &mut self.cadc.failure_rate,
            &mut self.temperature.gain_spread_per_kelvin,
            &mut self.temperature.offset_spread_lsb_per_kelvin,
            &mut self.temperature.driver_offset_spread_activations_per_kelvin,
        ] {
            *field *= factor;
        }
        self
    }

    /// The chip without one imperfection; no other draw moves.
    #[must_use]
    pub fn without(mut self, imperfection: Imperfection) -> Self {
        imperfection.switch_off(&mut self);
        self
    }

    /// The chip without trial-to-trial noise; its mismatch stays.
    #[must_use]
    pub fn without_noise(self) -> Self {
        self.without_all(Imperfection::is_noise)
    }

    /// A chip whose elements are all equal and work; compression, leak and noise stay.
    #[must_use]
    pub fn without_mismatch(self) -> Self {
        self.without_all(Imperfection::is_mismatch)
    }

    fn without_all(self, class: impl Fn(Imperfection) -> bool) -> Self {
        let all = Imperfection::ALL.iter().copied();
        all.filter(|&imperfection| class(imperfection))
            .fold(self, Self::without)
    }

    /// Every parameter, in the order of the configuration.
    pub fn parameters() -> impl Iterator<Item = &'static Parameter> {
        [
            CapMemConfig::PARAMETERS,
            DriverConfig::PARAMETERS,
            SynapseConfig::PARAMETERS,
            LineConfig::PARAMETERS,
            OtaConfig::PARAMETERS,
            MembraneConfig::PARAMETERS,
            CadcConfig::PARAMETERS,
            NoiseConfig::PARAMETERS,
            TemperatureConfig::PARAMETERS,
            DriftConfig::PARAMETERS,
        ]
        .into_iter()
        .flatten()
    }

    /// Reads a configuration as TOML.
    ///
    /// # Errors
    /// [`ConfigError::Toml`] for text that is no TOML, an unknown key or a value of another type.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text[..start].matches('\n').count();
            ConfigError::Toml {
                reason: format!("line {line}: {}", error.message()),
            }
        })
    }

    /// Writes the configuration as TOML, each parameter with what it is, its range and its source.
    ///
    /// # Errors
    /// [`ConfigError::Toml`] if it cannot be expressed.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        let table = toml::Table::try_from(self).map_err(|error| ConfigError::Toml {
            reason: error.to_string(),
        })?;
        let mut lines = vec![
            "# A simulated BrainScaleS-2 chip. Keys left out take the typical value.".to_owned(),
            "\n# Sizes in membrane mode: 1 to 16 hemispheres, 1 to 1024 inputs and columns each."
                .to_owned(),
            "[geometry]".to_owned(),
            format!("hemispheres = {}", self.geometry.hemispheres()),
            format!("inputs = {}", self.geometry.inputs()),
            format!("columns = {}", self.geometry.columns()),
        ];
        let mut section = "";
        for parameter in Self::parameters() {
            if parameter.section != section {
                section = parameter.section;
                lines.push(format!("\n[{section}]"));
            }
            lines.push(parameter.as_comment());
            // As the shortest text of the parameter's own precision.
            let value = table[section][parameter.name].as_float();
            let value = value.unwrap_or(f64::NAN) as f32;
            lines.push(format!("{} = {value:?}", parameter.name));
        }
        lines.push(String::new());
        Ok(lines.join("\n"))
    }

    /// A number that differs for configurations that differ: part of a chip's identity.
    pub(crate) fn digest(&self) -> u64 {
        // The debug form names every field and value; derive_seed scrambles eight bytes at a time.
        format!("{self:?}")
            .as_bytes()
            .chunks(8)
            .fold(0, |digest, bytes| {
                let mut word = [0; 8];
                word[..bytes.len()].copy_from_slice(bytes);
                derive_seed(digest, u64::from_le_bytes(word))
            })
    }

    /// Validates every parameter.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] names the first parameter that is not a number or lies outside
    /// its range; [`ConfigError::Geometry`] if the sizes are those of no chip.
    pub fn check(self) -> Result<CheckedConfig, ConfigError> {
        let sizes = self.geometry;
        ArrayGeometry::new(sizes.hemispheres(), sizes.inputs(), sizes.columns())?;
        self.capmem.check()?;
        self.driver.check()?;
        self.synapse.check()?;
        self.line.check()?;
        self.ota.check()?;
        self.membrane.check()?;
        self.cadc.check()?;
        self.noise.check()?;
        self.temperature.check()?;
        self.drift.check()?;
        Ok(CheckedConfig(self))
    }
}

/// A configuration whose every parameter lies in its range.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct CheckedConfig(ChipConfig);

impl CheckedConfig {
    /// The parameters.
    pub const fn get(&self) -> &ChipConfig {
        &self.0
    }
}
