//! What calibration turns.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ArrayGeometry, ArrayMode, ControlError, Register};

/// Write and read registers of a chip.
pub trait ChipControl {
    /// Which chip this is; calibrations belong to one.
    fn identity(&self) -> ChipIdentity;

    /// Physical sizes of the chip, from which the number of instances of each register follows:
    /// those of the array in [membrane mode](ArrayMode::Membrane), whatever the mode.
    fn control_geometry(&self) -> ArrayGeometry;

    /// How rows and columns are used.
    fn mode(&self) -> ArrayMode;

    /// Uses rows and columns in another way: sets the rows' modes and, for every column, the
    /// [readout source](ArrayMode::readout_source) that goes with it, and clears all weights. Other
    /// registers keep their values.
    ///
    /// # Errors
    /// [`ControlError::Device`] if the chip does not answer.
    fn set_mode(&mut self, mode: ArrayMode) -> Result<(), ControlError>;

    /// Writes one value per instance. Digital registers act at once, CapMem cells after the next
    /// [`settle`](Self::settle).
    ///
    /// # Errors
    /// See [`Register::check`]; the chip is unchanged then.
    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError>;

    /// Reads the values last written, or the reset values, one per instance.
    ///
    /// # Errors
    /// [`ControlError::InstanceCount`] if `values` is not as long as the register has instances;
    /// [`ControlError::Device`] if the chip does not answer.
    fn read_register(&mut self, register: Register, values: &mut [i32])
    -> Result<(), ControlError>;

    /// [`read_register`](Self::read_register) into a new vector.
    ///
    /// # Errors
    /// [`ControlError::Device`] if the chip does not answer.
    fn register_values(&mut self, register: Register) -> Result<Vec<i32>, ControlError> {
        let mut values = vec![0; register.instances(self.control_geometry())];
        self.read_register(register, &mut values)?;
        Ok(values)
    }

    /// Waits until all CapMem cells have taken their new values (20 ms on the chip).
    ///
    /// # Errors
    /// [`ControlError::Device`] if the chip does not answer.
    fn settle(&mut self) -> Result<(), ControlError>;

    /// Sets every register to its reset value and settles; the mode stays, and with it the columns'
    /// readout source.
    ///
    /// # Errors
    /// [`ControlError::Device`] if the chip does not answer.
    fn reset_registers(&mut self) -> Result<(), ControlError>;
}

/// Name of one individual chip.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChipIdentity(String);

impl ChipIdentity {
    /// Keeps a name that tells chips apart, such as a serial number or `simulated-7`.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChipIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! forward_control {
    ($($pointer:ty),*) => {$(
        impl<T: ChipControl + ?Sized> ChipControl for $pointer {
            fn identity(&self) -> ChipIdentity {
                (**self).identity()
            }

            fn control_geometry(&self) -> ArrayGeometry {
                (**self).control_geometry()
            }

            fn mode(&self) -> ArrayMode {
                (**self).mode()
            }

            fn set_mode(&mut self, mode: ArrayMode) -> Result<(), ControlError> {
                (**self).set_mode(mode)
            }

            fn write_register(
                &mut self,
                register: Register,
                values: &[i32],
            ) -> Result<(), ControlError> {
                (**self).write_register(register, values)
            }

            fn read_register(
                &mut self,
                register: Register,
                values: &mut [i32],
            ) -> Result<(), ControlError> {
                (**self).read_register(register, values)
            }

            fn settle(&mut self) -> Result<(), ControlError> {
                (**self).settle()
            }

            fn reset_registers(&mut self) -> Result<(), ControlError> {
                (**self).reset_registers()
            }
        }
    )*};
}

forward_control!(&mut T, Box<T>);
