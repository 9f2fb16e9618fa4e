//! A chip that computes exact sums and keeps its registers: small enough to be obviously right.

use std::collections::BTreeMap;

use bss2_core::{
    ArrayError, ArrayGeometry, ChipControl, ChipIdentity, ChipProbe, ControlError, MacArray,
    Region, Register, RunRequest, RunSettings, Trial,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Zip, s};

/// y = sat(`num_sends` · Σ x·w + pass): the pass stands for the noise.
pub(crate) struct ExactChip {
    weights: Vec<Array2<i8>>,
    registers: BTreeMap<Register, Vec<i32>>,
    pub(crate) settles: usize,
}

pub(crate) const INPUTS: usize = 4;
pub(crate) const COLUMNS: usize = 6;

impl ExactChip {
    pub(crate) fn new() -> Self {
        Self {
            weights: vec![Array2::zeros((INPUTS, COLUMNS)); 2],
            registers: reset_values(),
            settles: 0,
        }
    }
}

pub(crate) fn geometry() -> ArrayGeometry {
    ArrayGeometry::new(2, INPUTS, COLUMNS).expect("sizes are positive")
}

fn reset_values() -> BTreeMap<Register, Vec<i32>> {
    Register::ALL
        .iter()
        .map(|&r| (r, vec![r.spec().reset; r.instances(geometry())]))
        .collect()
}

/// A request on the whole first hemisphere.
pub(crate) fn request(num_sends: u32, wait: u32) -> RunRequest {
    RunRequest {
        region: Region::whole(geometry(), 0),
        settings: RunSettings::new(num_sends, wait).expect("settings in range"),
        trial: Trial::new(1),
    }
}

impl MacArray for ExactChip {
    fn geometry(&self) -> ArrayGeometry {
        geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights(geometry(), weights)?;
        self.weights[region.hemisphere]
            .slice_mut(s![region.input_range(), region.column_range()])
            .assign(&weights);
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<(), ArrayError> {
        let region = request.region;
        region.check_run(geometry(), activations, outputs.dim())?;
        let weights = self.weights[region.hemisphere]
            .slice(s![region.input_range(), region.column_range()])
            .mapv(i32::from);
        let sends = request.settings.num_sends() as i32;
        let pass = request.trial.pass as i32;
        Zip::from(outputs)
            .and(&activations.mapv(i32::from).dot(&weights))
            .for_each(|out, &sum| *out = (sends * sum + pass).clamp(-128, 127) as i8);
        Ok(())
    }
}

impl ChipProbe for ExactChip {
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        codes: ArrayViewMut2<'_, u8>,
    ) -> Result<(), ArrayError> {
        let mut outputs = Array2::zeros(codes.dim());
        self.run(request, activations, outputs.view_mut())?;
        Zip::from(codes)
            .and(&outputs)
            .for_each(|code, &out| *code = (i16::from(out) + 128) as u8);
        Ok(())
    }
}

impl ChipControl for ExactChip {
    fn identity(&self) -> ChipIdentity {
        ChipIdentity::new("double")
    }

    fn control_geometry(&self) -> ArrayGeometry {
        geometry()
    }

    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        register.check(geometry(), values)?;
        self.registers.insert(register, values.to_vec());
        Ok(())
    }

    fn read_register(
        &mut self,
        register: Register,
        values: &mut [i32],
    ) -> Result<(), ControlError> {
        register.check_count(geometry(), values.len())?;
        values.copy_from_slice(&self.registers[&register]);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), ControlError> {
        self.settles += 1;
        Ok(())
    }

    fn reset_registers(&mut self) -> Result<(), ControlError> {
        self.registers = reset_values();
        self.settle()
    }
}
