//! A chip that a procedure works on while someone else looks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, CadcChannel, ChipControl, ChipIdentity, ChipProbe,
    ControlError, MacArray, PulseRequest, Region, Register, RunReport, RunRequest, TraceRequest,
};
use bss2_hardware::SimulatedChip;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};

/// A handle to a chip; clones share it.
#[derive(Clone)]
pub(super) struct SharedChip(Arc<Mutex<SimulatedChip>>);

impl SharedChip {
    pub(super) fn new(chip: SimulatedChip) -> Self {
        Self(Arc::new(Mutex::new(chip)))
    }

    /// A copy of the chip as it is now.
    pub(super) fn snapshot(&self) -> SimulatedChip {
        self.chip().clone()
    }

    fn chip(&self) -> MutexGuard<'_, SimulatedChip> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MacArray for SharedChip {
    fn geometry(&self) -> ArrayGeometry {
        self.chip().geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.chip().load_weights(region, weights)
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        self.chip().run(request, activations, outputs)
    }
}

impl ChipProbe for SharedChip {
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        channel: CadcChannel,
        activations: ArrayView2<'_, u8>,
        codes: ArrayViewMut2<'_, u8>,
    ) -> Result<RunReport, ArrayError> {
        let chip = &mut self.chip();
        chip.read_cadc(request, channel, activations, codes)
    }

    fn read_pulses(
        &mut self,
        request: &PulseRequest,
        codes: [ArrayViewMut2<'_, u8>; 2],
    ) -> Result<(), ArrayError> {
        self.chip().read_pulses(request, codes)
    }

    fn temperature_celsius(&mut self) -> Option<f64> {
        ChipProbe::temperature_celsius(&mut *self.chip())
    }

    fn record_trace(
        &mut self,
        request: &TraceRequest,
        activations: ArrayView1<'_, u8>,
        samples_lsb: &mut [f32],
    ) -> Result<(), ArrayError> {
        let chip = &mut self.chip();
        chip.record_trace(request, activations, samples_lsb)
    }
}

impl ChipControl for SharedChip {
    fn identity(&self) -> ChipIdentity {
        self.chip().identity()
    }

    fn control_geometry(&self) -> ArrayGeometry {
        self.chip().control_geometry()
    }

    fn mode(&self) -> ArrayMode {
        self.chip().mode()
    }

    fn set_mode(&mut self, mode: ArrayMode) -> Result<(), ControlError> {
        self.chip().set_mode(mode)
    }

    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        self.chip().write_register(register, values)
    }

    fn read_register(
        &mut self,
        register: Register,
        values: &mut [i32],
    ) -> Result<(), ControlError> {
        self.chip().read_register(register, values)
    }

    fn settle(&mut self) -> Result<(), ControlError> {
        self.chip().settle()
    }

    fn reset_registers(&mut self) -> Result<(), ControlError> {
        self.chip().reset_registers()
    }
}

#[cfg(test)]
mod tests {
    use bss2_core::Chip;
    use bss2_core::testing::{
        ARRAY_LAWS, Agreement, ArraySubject, CONTROL_LAWS, ChipSubject, KnownSettings, PROBE_LAWS,
        hold_all,
    };
    use bss2_hardware::ChipConfig;

    use super::*;

    fn shared_chip() -> SharedChip {
        let config = ChipConfig {
            geometry: ArrayGeometry::new(2, 16, 32).unwrap(),
            ..ChipConfig::typical()
        };
        SharedChip::new(SimulatedChip::new(&config.check().unwrap(), 3))
    }

    #[test]
    fn shared_chips_obey_the_laws_of_arrays_and_chips() {
        let array = ArraySubject {
            make: Box::new(|| Box::new(shared_chip())),
            mode: ArrayMode::Membrane,
            settings: KnownSettings::All,
            agreement: Agreement::Nearly,
            columns_are_equal: false,
        };
        let chip = ChipSubject {
            make: Box::new(|| Box::new(shared_chip()) as Box<dyn Chip>),
        };
        assert_eq!(hold_all(ARRAY_LAWS, &array), Ok(()));
        assert_eq!(hold_all(CONTROL_LAWS, &chip), Ok(()));
        assert_eq!(hold_all(PROBE_LAWS, &chip), Ok(()));
    }
}
