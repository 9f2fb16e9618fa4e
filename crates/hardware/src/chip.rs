//! The simulated chip.

use bss2_core::{
    ArrayError, ArrayGeometry, BASELINE_CODE, Buffer, ChipControl, ChipIdentity, ChipProbe,
    ControlError, MacArray, Region, Register, RunRequest,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Zip, s};

use crate::CheckedConfig;
use crate::instance::Instance;
use crate::lumped::Folded;
use crate::registers::RegisterFile;

/// A BSS-2 chip with mismatch drawn from a seed, registers at their reset values, and no weights.
///
/// The mismatch is hidden: only what a real chip shows can be seen, through [`MacArray`],
/// [`ChipProbe`] and [`ChipControl`].
#[derive(Clone, Debug)]
pub struct SimulatedChip {
    seed: u64,
    instance: Instance,
    registers: RegisterFile,
    weights: Vec<Array2<i8>>,
    folded: Folded,
    codes: Buffer<u8>,
}

impl SimulatedChip {
    /// Draws the chip of a seed. Equal configurations and seeds give equal chips.
    pub fn new(config: &CheckedConfig, seed: u64) -> Self {
        let config = config.get().clone();
        let geometry = config.geometry;
        let registers = RegisterFile::new(geometry);
        let instance = Instance::draw(config, seed);
        let no_weights = Array2::zeros((geometry.inputs(), geometry.columns()));
        Self {
            seed,
            folded: Folded::new(&instance, &registers),
            weights: vec![no_weights; geometry.hemispheres()],
            instance,
            registers,
            codes: Buffer::new(),
        }
    }

    /// Brings what is folded up to date with the registers.
    fn refold(&mut self) {
        self.folded
            .refold(&self.instance, &mut self.registers, &self.weights);
    }
}

impl MacArray for SimulatedChip {
    fn geometry(&self) -> ArrayGeometry {
        self.instance.config.geometry
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights(self.geometry(), weights)?;
        self.refold();
        self.weights[region.hemisphere]
            .slice_mut(s![region.input_range(), region.column_range()])
            .assign(&weights);
        self.folded.fold_weights(&self.instance, region, weights);
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<(), ArrayError> {
        let mut buffer = std::mem::take(&mut self.codes);
        let mut codes = buffer.shaped(outputs.dim());
        let result = self.read_cadc(request, activations, codes.view_mut());
        if result.is_ok() {
            Zip::from(outputs)
                .and(&codes)
                .for_each(|out, &code| *out = above_baseline(code));
        }
        self.codes = buffer;
        result
    }
}

/// A code relative to the baseline: 0…255 around 128 is just the range of `i8`.
fn above_baseline(code: u8) -> i8 {
    code.wrapping_sub(BASELINE_CODE) as i8
}

impl ChipProbe for SimulatedChip {
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        codes: ArrayViewMut2<'_, u8>,
    ) -> Result<(), ArrayError> {
        let region = request.region;
        region.check_run(self.geometry(), activations, codes.dim())?;
        self.refold();
        self.folded
            .run(&self.instance.config, request, activations, codes);
        Ok(())
    }
}

impl ChipControl for SimulatedChip {
    fn identity(&self) -> ChipIdentity {
        let digest = self.instance.config.digest();
        ChipIdentity::new(format!("simulated-{}-{digest:016x}", self.seed))
    }

    fn control_geometry(&self) -> ArrayGeometry {
        self.geometry()
    }

    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        self.registers.write(register, values)
    }

    fn read_register(
        &mut self,
        register: Register,
        values: &mut [i32],
    ) -> Result<(), ControlError> {
        register.check_count(self.geometry(), values.len())?;
        values.copy_from_slice(self.registers.requested(register));
        Ok(())
    }

    fn settle(&mut self) -> Result<(), ControlError> {
        self.registers.settle();
        Ok(())
    }

    fn reset_registers(&mut self) -> Result<(), ControlError> {
        self.registers.reset();
        Ok(())
    }
}
