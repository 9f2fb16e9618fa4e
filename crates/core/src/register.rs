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
    /// CapMem, per quadrant: strength of the drivers' comparator trim `stp_offset`.
    StpICalib,
    /// CapMem, per quadrant: voltage that the debug line can carry to the CADC.
    #[serde(rename = "stp_v_charge_0")]
    StpVCharge0,
    /// 6 bit, per driver: trim of the driver's DAC offset, centred at 32.
    HagenDacOffset,
    /// 4 bit, per driver: coarse trim of the driver's comparator, centred at 8.
    StpOffset,
    /// Signed 8 bit, per CADC channel: digital offset added to the code.
    CadcOffset,
    /// CapMem, per neuron: voltage towards which the membrane leaks.
    VLeak,
    /// CapMem, per neuron: voltage at which the membrane starts.
    VReset,
    /// CapMem, per neuron: bias of the leak, its conductance.
    IBiasLeak,
    /// CapMem, per neuron: bias of the reset, its strength.
    IBiasReset,
    /// CapMem, per neuron: bias of the excitatory input's OTA, its gain.
    IBiasSyninExcGm,
    /// CapMem, per neuron: bias of the inhibitory input's OTA, its gain.
    IBiasSyninInhGm,
    /// CapMem, per neuron: bias of the excitatory line's resistor, which sets τ_syn.
    IBiasSyninExcTau,
    /// CapMem, per neuron: bias of the inhibitory line's resistor.
    IBiasSyninInhTau,
    /// CapMem, per neuron: reference shift of the excitatory OTA; away from its balanced value the
    /// OTA drives an offset current.
    IBiasSyninExcShift,
    /// CapMem, per neuron: reference shift of the inhibitory OTA.
    IBiasSyninInhShift,
    /// Switch, per neuron: 1 connects the leak, 0 leaves only the residual one.
    EnableLeak,
    /// Switch, per neuron: 1 disconnects a part of the membrane capacitor.
    ReducedCapacitance,
    /// 2 bit, per column: what its CADC channels show, a
    /// [`ReadoutSource`](crate::ReadoutSource) by number. A change of
    /// [mode](crate::ChipControl::set_mode) sets it.
    ReadoutSource,
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
        Self::StpICalib,
        Self::StpVCharge0,
        Self::HagenDacOffset,
        Self::StpOffset,
        Self::CadcOffset,
        Self::VLeak,
        Self::VReset,
        Self::IBiasLeak,
        Self::IBiasReset,
        Self::IBiasSyninExcGm,
        Self::IBiasSyninInhGm,
        Self::IBiasSyninExcTau,
        Self::IBiasSyninInhTau,
        Self::IBiasSyninExcShift,
        Self::IBiasSyninInhShift,
        Self::EnableLeak,
        Self::ReducedCapacitance,
        Self::ReadoutSource,
    ];

    /// The register's name in the chip's configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CadcVRampOffset => "cadc_v_ramp_offset",
            Self::CadcIRampSlope => "cadc_i_ramp_slope",
            Self::SynIBiasDac => "syn_i_bias_dac",
            Self::StpIRamp => "stp_i_ramp",
            Self::StpICalib => "stp_i_calib",
            Self::StpVCharge0 => "stp_v_charge_0",
            Self::HagenDacOffset => "hagen_dac_offset",
            Self::StpOffset => "stp_offset",
            Self::CadcOffset => "cadc_offset",
            Self::VLeak => "v_leak",
            Self::VReset => "v_reset",
            Self::IBiasLeak => "i_bias_leak",
            Self::IBiasReset => "i_bias_reset",
            Self::IBiasSyninExcGm => "i_bias_synin_exc_gm",
            Self::IBiasSyninInhGm => "i_bias_synin_inh_gm",
            Self::IBiasSyninExcTau => "i_bias_synin_exc_tau",
            Self::IBiasSyninInhTau => "i_bias_synin_inh_tau",
            Self::IBiasSyninExcShift => "i_bias_synin_exc_shift",
            Self::IBiasSyninInhShift => "i_bias_synin_inh_shift",
            Self::EnableLeak => "enable_leak",
            Self::ReducedCapacitance => "reduced_capacitance",
            Self::ReadoutSource => "readout_source",
        }
    }

    /// Scope, range and reset value.
    pub const fn spec(self) -> RegisterSpec {
        match self {
            Self::CadcVRampOffset | Self::StpVCharge0 => capmem(Scope::Quadrant, 340),
            Self::CadcIRampSlope => capmem(Scope::Quadrant, 200),
            Self::SynIBiasDac => capmem(Scope::Quadrant, 1022),
            Self::StpIRamp | Self::StpICalib => capmem(Scope::Quadrant, 500),
            Self::HagenDacOffset => digital(Scope::Driver, 0, 63, 32),
            Self::StpOffset => digital(Scope::Driver, 0, 15, 8),
            Self::CadcOffset => digital(Scope::Channel, -128, 127, 0),
            Self::VLeak | Self::VReset => capmem(Scope::Column, 340),
            Self::IBiasLeak => capmem(Scope::Column, 200),
            Self::IBiasSyninExcGm | Self::IBiasSyninInhGm => capmem(Scope::Column, 450),
            Self::IBiasReset
            | Self::IBiasSyninExcTau
            | Self::IBiasSyninInhTau
            | Self::IBiasSyninExcShift
            | Self::IBiasSyninInhShift => capmem(Scope::Column, 500),
            Self::EnableLeak | Self::ReducedCapacitance => digital(Scope::Column, 0, 1, 0),
            Self::ReadoutSource => digital(Scope::Column, 0, 3, 0),
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
                expected: 1024,
                found: 256,
                ..
            })
        ));
    }
}
