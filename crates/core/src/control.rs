//! What calibration turns.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ArrayGeometry, ControlError, Register};

/// Write and read registers of a chip.
pub trait ChipControl {
    /// Which chip this is; calibrations belong to one.
    fn identity(&self) -> ChipIdentity;

    /// Sizes of the chip, from which the number of instances of each register follows.
    fn control_geometry(&self) -> ArrayGeometry;

    /// Writes one value per instance. Digital registers act at once, CapMem cells after the next
    /// [`settle`](Self::settle).
    ///
    /// # Errors
    /// See [`Register::check`]; the chip is unchanged then.
    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError>;

    /// The values last written, or the reset values.
    fn read_register(&self, register: Register) -> &[i32];

    /// Waits until all CapMem cells have taken their new values (20 ms on the chip).
    fn settle(&mut self);

    /// Sets every register to its reset value and settles.
    fn reset_registers(&mut self);
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

            fn write_register(
                &mut self,
                register: Register,
                values: &[i32],
            ) -> Result<(), ControlError> {
                (**self).write_register(register, values)
            }

            fn read_register(&self, register: Register) -> &[i32] {
                (**self).read_register(register)
            }

            fn settle(&mut self) {
                (**self).settle();
            }

            fn reset_registers(&mut self) {
                (**self).reset_registers();
            }
        }
    )*};
}

forward_control!(&mut T, Box<T>);
