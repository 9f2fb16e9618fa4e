//! A chip that a procedure works on while someone else looks.

use std::cell::RefCell;
use std::rc::Rc;

use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, CadcChannel, ChipControl, ChipIdentity, ChipProbe,
    ControlError, MacArray, PulseRequest, Region, Register, RunReport, RunRequest, TraceRequest,
};
use bss2_hardware::SimulatedChip;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};

/// A handle to a chip; clones share it.
#[derive(Clone)]
pub(super) struct SharedChip(Rc<RefCell<SimulatedChip>>);

impl SharedChip {
    pub(super) fn new(chip: SimulatedChip) -> Self {
        Self(Rc::new(RefCell::new(chip)))
    }

    /// A copy of the chip as it is now.
    pub(super) fn snapshot(&self) -> SimulatedChip {
        self.0.borrow().clone()
    }
}

impl MacArray for SharedChip {
    fn geometry(&self) -> ArrayGeometry {
        self.0.borrow().geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.0.borrow_mut().load_weights(region, weights)
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        self.0.borrow_mut().run(request, activations, outputs)
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
        let chip = &mut self.0.borrow_mut();
        chip.read_cadc(request, channel, activations, codes)
    }

    fn read_pulses(
        &mut self,
        request: &PulseRequest,
        codes: [ArrayViewMut2<'_, u8>; 2],
    ) -> Result<(), ArrayError> {
        self.0.borrow_mut().read_pulses(request, codes)
    }

    fn temperature_celsius(&mut self) -> Option<f64> {
        ChipProbe::temperature_celsius(&mut *self.0.borrow_mut())
    }

    fn record_trace(
        &mut self,
        request: &TraceRequest,
        activations: ArrayView1<'_, u8>,
        samples_lsb: &mut [f32],
    ) -> Result<(), ArrayError> {
        let chip = &mut self.0.borrow_mut();
        chip.record_trace(request, activations, samples_lsb)
    }
}

impl ChipControl for SharedChip {
    fn identity(&self) -> ChipIdentity {
        self.0.borrow().identity()
    }

    fn control_geometry(&self) -> ArrayGeometry {
        self.0.borrow().control_geometry()
    }

    fn mode(&self) -> ArrayMode {
        self.0.borrow().mode()
    }

    fn set_mode(&mut self, mode: ArrayMode) -> Result<(), ControlError> {
        self.0.borrow_mut().set_mode(mode)
    }

    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        self.0.borrow_mut().write_register(register, values)
    }

    fn read_register(
        &mut self,
        register: Register,
        values: &mut [i32],
    ) -> Result<(), ControlError> {
        self.0.borrow_mut().read_register(register, values)
    }

    fn settle(&mut self) -> Result<(), ControlError> {
        self.0.borrow_mut().settle()
    }

    fn reset_registers(&mut self) -> Result<(), ControlError> {
        self.0.borrow_mut().reset_registers()
    }
}
