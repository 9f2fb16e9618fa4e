//! The simulated chip.

use bss2_core::{
    ArrayError, ArrayGeometry, BASELINE_CODE, ChipControl, ChipIdentity, ChipProbe, ControlError,
    MacArray, Region, Register, RunRequest,
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
    /// Whether registers act differently since the last folding.
    stale: bool,
    codes: Array2<u8>,
}

impl SimulatedChip {
    /// Draws the chip of a seed. Equal configurations and seeds give equal chips.
    pub fn new(config: &CheckedConfig, seed: u64) -> Self {
        let config = config.get().clone();
        let geometry = config.geometry;
        let registers = RegisterFile::new(geometry);
        let instance = Instance::draw(config, seed);
        Self {
            seed,
            folded: Folded::new(&instance, &registers),
            weights: vec![
                Array2::zeros((geometry.inputs(), geometry.columns()));
                geometry.hemispheres()
            ],
            instance,
            registers,
            stale: false,
            codes: Array2::zeros((0, 0)),
        }
    }

    fn refold_if_stale(&mut self) {
        if self.stale {
            self.folded
                .refold(&self.instance, &self.registers, &self.weights);
            self.stale = false;
        }
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
        self.weights[region.hemisphere]
            .slice_mut(s![region.input_range(), region.column_range()])
            .assign(&weights);
        if !self.stale {
            self.folded.fold_weights(&self.instance, region, weights);
        }
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<(), ArrayError> {
        let mut codes = std::mem::take(&mut self.codes);
        if codes.dim() != outputs.dim() {
            codes = Array2::zeros(outputs.dim());
        }
        let result = self.read_cadc(request, activations, codes.view_mut());
        if result.is_ok() {
            Zip::from(outputs)
                .and(&codes)
                .for_each(|out, &code| *out = above_baseline(code));
        }
        self.codes = codes;
        result
    }
}

/// A code relative to the baseline, saturated to `i8` (which 0…255 around 128 never exceeds).
fn above_baseline(code: u8) -> i8 {
    let difference = i16::from(code) - i16::from(BASELINE_CODE);
    difference.clamp(i16::from(i8::MIN), i16::from(i8::MAX)) as i8
}

impl ChipProbe for SimulatedChip {
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        codes: ArrayViewMut2<'_, u8>,
    ) -> Result<(), ArrayError> {
        request
            .region
            .check_run(self.geometry(), activations, codes.dim())?;
        self.refold_if_stale();
        self.folded
            .run(&self.instance.config, request, activations, codes);
        Ok(())
    }
}

impl ChipControl for SimulatedChip {
    fn identity(&self) -> ChipIdentity {
        ChipIdentity::new(format!("simulated-{}", self.seed))
    }

    fn control_geometry(&self) -> ArrayGeometry {
        self.geometry()
    }

    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        self.stale |= self.registers.write(register, values)?;
        Ok(())
    }

    fn read_register(&self, register: Register) -> &[i32] {
        self.registers.requested(register)
    }

    fn settle(&mut self) {
        self.registers.settle();
        self.stale = true;
    }

    fn reset_registers(&mut self) {
        self.registers = RegisterFile::new(self.geometry());
        self.stale = true;
    }
}
