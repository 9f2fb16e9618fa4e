//! Registers and modes of the tests' chip.

use bss2_core::{
    ArrayGeometry, ArrayMode, ChipControl, ChipIdentity, ControlError, Register, Scope,
};
use ndarray::Array2;

use super::{HEMISPHERES, LinearChip};

impl ChipControl for LinearChip {
    fn identity(&self) -> ChipIdentity {
        ChipIdentity::new(format!("linear-{}", self.seed))
    }

    fn control_geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    fn mode(&self) -> ArrayMode {
        self.mode
    }

    fn set_mode(&mut self, mode: ArrayMode) -> Result<(), ControlError> {
        self.touches += 1;
        self.mode = mode;
        let shape = mode.geometry(self.geometry);
        self.weights = vec![Array2::zeros((shape.inputs(), shape.columns())); HEMISPHERES];
        let source = mode.readout_source().register_value();
        let columns = Scope::Column.instances(self.geometry);
        self.write_register(Register::ReadoutSource, &vec![source; columns])
    }

    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        register.check(self.geometry, values)?;
        self.touches += 1;
        self.requested[register as usize] = values.to_vec();
        if !register.spec().capmem {
            self.acting[register as usize] = values.to_vec();
        }
        Ok(())
    }

    fn read_register(
        &mut self,
        register: Register,
        values: &mut [i32],
    ) -> Result<(), ControlError> {
        register.check_count(self.geometry, values.len())?;
        values.copy_from_slice(&self.requested[register as usize]);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), ControlError> {
        self.touches += 1;
        self.acting.clone_from(&self.requested);
        if self.settling_raises_codes {
            let offsets = self.hidden.channel_offset.iter_mut();
            offsets.for_each(|offset| *offset += 1.0);
        }
        Ok(())
    }

    fn reset_registers(&mut self) -> Result<(), ControlError> {
        self.touches += 1;
        for &register in Register::ALL {
            if register != Register::ReadoutSource {
                self.requested[register as usize].fill(register.spec().reset);
            }
        }
        self.acting.clone_from(&self.requested);
        Ok(())
    }
}
