//! The registers that calibration can turn.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ArrayGeometry, ControlError, Scope};

/// A kind of register; each exists once per instance of its [scope](RegisterSpec::scope).
///
/// Names follow the chip's configuration containers. Registers marked *CapMem* are 10-bit analog
/// cells (0…1022) whose new value acts only after [`settle`](crate::ChipControl::settle).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Register {
    /// CapMem, per quadrant: voltage at which the CADC ramp starts; a higher start lowers the codes
    /// of all its channels.
    CadcVRampOffset,
    /// CapMem, per quadrant: current that drives the CADC ramp; a steeper ramp reaches a voltage
    /// earlier, so codes rise more slowly with the voltage.
    CadcIRampSlope,
    /// CapMem, per quadrant: bias of the synapses' current DAC; scales every weight.
    SynIBiasDac,
    /// CapMem, per quadrant: current of the synapse drivers' comparison ramp; pulse lengths, and so
    /// amplitudes, grow with it.
    StpIRamp,
    /// 6 bit, per driver: trim of the driver's DAC offset, centred at 32.
    HagenDacOffset,
    /// Signed 8 bit, per CADC channel: digital offset added to the code.
    CadcOffset,
    /// CapMem, per neuron: bias of the excitatory input's OTA, its gain.
    IBiasSyninExcGm,
    /// CapMem, per neuron: bias of the inhibitory input's OTA, its gain.
    IBiasSyninInhGm,
}

/// Scope, range and reset value of a [`Register`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterSpec {
    /// What the register exists once per.
    pub scope: Scope,
    /// Smallest value.
    pub min: i32,
    /// Largest value.
    pub max: i32,
    /// Value after power-on.
    pub reset: i32,
    /// Whether it is an analog CapMem cell, which needs [`settle`](crate::ChipControl::settle).
    pub capmem: bool,
}

impl Register {
    /// Every register.
    pub const ALL: &'static [Self] = &[
        Self::CadcVRampOffset,
        Self::CadcIRampSlope,
        Self::SynIBiasDac,
        Self::StpIRamp,
        Self::HagenDacOffset,
        Self::CadcOffset,
        Self::IBiasSyninExcGm,
        Self::IBiasSyninInhGm,
    ];

    /// The register's name in the chip's configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CadcVRampOffset => "cadc_v_ramp_offset",
            Self::CadcIRampSlope => "cadc_i_ramp_slope",
            Self::SynIBiasDac => "syn_i_bias_dac",
            Self::StpIRamp => "stp_i_ramp",
            Self::HagenDacOffset => "hagen_dac_offset",
            Self::CadcOffset => "cadc_offset",
            Self::IBiasSyninExcGm => "i_bias_synin_exc_gm",
            Self::IBiasSyninInhGm => "i_bias_synin_inh_gm",
        }
    }

    /// Scope, range and reset value.
    pub const fn spec(self) -> RegisterSpec {
        match self {
            Self::CadcVRampOffset => capmem(Scope::Quadrant, 340),
            Self::CadcIRampSlope => capmem(Scope::Quadrant, 200),
            Self::SynIBiasDac => capmem(Scope::Quadrant, 1022),
            Self::StpIRamp => capmem(Scope::Quadrant, 500),
            Self::HagenDacOffset => digital(Scope::Driver, 0, 63, 32),
            Self::CadcOffset => digital(Scope::Column, -128, 127, 0),
            Self::IBiasSyninExcGm | Self::IBiasSyninInhGm => capmem(Scope::Column, 450),
        }
    }

    /// Number of instances on a chip of the given geometry.
    pub const fn instances(self, geometry: ArrayGeometry) -> usize {
        self.spec().scope.instances(geometry)
    }

    /// Checks that there are as many values as instances.
    ///
    /// # Errors
    /// [`ControlError::InstanceCount`].
    pub fn check_count(self, geometry: ArrayGeometry, count: usize) -> Result<(), ControlError> {
        let expected = self.instances(geometry);
        if count == expected {
            return Ok(());
        }
        Err(ControlError::InstanceCount {
            register: self,
            expected,
            found: count,
        })
    }

    /// Checks that there is one value in range for each instance.
    ///
    /// # Errors
    /// [`ControlError::InstanceCount`] or [`ControlError::ValueOutOfRange`].
    pub fn check(self, geometry: ArrayGeometry, values: &[i32]) -> Result<(), ControlError> {
        self.check_count(geometry, values.len())?;
        let RegisterSpec { min, max, .. } = self.spec();
        match values.iter().position(|v| !(min..=max).contains(v)) {
            None => Ok(()),
            Some(instance) => Err(ControlError::ValueOutOfRange {
                register: self,
                instance,
                value: values[instance],
                min,
                max,
            }),
        }
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const fn capmem(scope: Scope, reset: i32) -> RegisterSpec {
    RegisterSpec {
        scope,
        min: 0,
        max: 1022,
        reset,
        capmem: true,
    }
}

const fn digital(scope: Scope, min: i32, max: i32, reset: i32) -> RegisterSpec {
    RegisterSpec {
        scope,
        min,
        max,
        reset,
        capmem: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reset_values_are_in_range() {
        for &register in Register::ALL {
            let spec = register.spec();
            assert!((spec.min..=spec.max).contains(&spec.reset), "{register}");
        }
    }

    #[test]
    fn bad_values_are_named() {
        let chip = ArrayGeometry::BSS2;
        let mut values = vec![32; 256];
        assert!(Register::HagenDacOffset.check(chip, &values).is_ok());
        values[9] = 64;
        assert!(matches!(
            Register::HagenDacOffset.check(chip, &values),
            Err(ControlError::ValueOutOfRange {
                instance: 9,
                value: 64,
                ..
            })
        ));
        assert!(matches!(
            Register::CadcOffset.check(chip, &values),
            Err(ControlError::InstanceCount {
                expected: 512,
                found: 256,
                ..
            })
        ));
    }
}
