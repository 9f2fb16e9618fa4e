//! A chip without any physics: hidden offsets and gains, all linear, no noise.
//!
//! It shares no code with the hardware crate, so what calibrates it knows the traits alone.

use std::collections::BTreeMap;

use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, CadcChannel, ChipControl, ChipIdentity, ChipProbe,
    ControlError, MacArray, Region, Register, RunReport, RunRequest, Scope, TraceRequest,
};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

/// LSB per activation and weight unit at the reset bias.
const GAIN_LSB: f64 = 0.0018;
/// Activation units per step of the drivers' trim.
const TRIM_STEP: f64 = 0.15;
/// Signed inputs per hemisphere: the routines' stimuli are made for as many.
const INPUTS: usize = 128;

/// code = 128 + offset + register + Σ over drivers of gain(sign) · (x + driver offset + trim) · w
#[derive(Clone, Debug)]
pub(crate) struct LinearChip {
    name: &'static str,
    geometry: ArrayGeometry,
    /// Baselines of the causal channels by column of the chip, in LSB.
    pub(crate) offsets: Vec<f64>,
    /// The same of the acausal channels.
    pub(crate) acausal_offsets: Vec<f64>,
    /// Relative gains by column of the chip, excitatory and inhibitory.
    pub(crate) gains: Vec<[f64; 2]>,
    /// By driver of the chip, in activation units.
    pub(crate) driver_offsets: Vec<f64>,
    /// Drivers that send nothing.
    pub(crate) silent_drivers: Vec<usize>,
    /// Columns of the chip whose code never moves.
    pub(crate) stuck_columns: Vec<(usize, u8)>,
    weights: Vec<Array2<i8>>,
    requested: BTreeMap<Register, Vec<i32>>,
    acting: BTreeMap<Register, Vec<i32>>,
    /// Every call that changes or measures the chip.
    pub(crate) touches: usize,
    /// The chip refuses measurements after as many.
    pub(crate) measurements_left: usize,
}

impl LinearChip {
    /// A chip whose hidden values lie within reach of the registers.
    pub(crate) fn new(name: &'static str, hemispheres: usize, columns: usize) -> Self {
        let geometry =
            ArrayGeometry::new(hemispheres, INPUTS, columns).expect("the sizes are positive");
        let drivers = Scope::Driver.instances(geometry);
        let columns = Scope::Column.instances(geometry);
        let scattered = |i: usize, stride: usize, levels: usize| {
            (i * stride % levels) as f64 / (levels - 1) as f64 - 0.5
        };
        let reset = reset_values(geometry);
        Self {
            name,
            geometry,
            offsets: (0..columns).map(|c| 60.0 * scattered(c, 37, 41)).collect(),
            acausal_offsets: (0..columns).map(|c| 60.0 * scattered(c, 29, 43)).collect(),
            gains: (0..columns)
                .map(|c| [13, 17].map(|stride| 1.0 + 0.5 * scattered(c, stride, 31)))
                .collect(),
            driver_offsets: (0..drivers).map(|d| 4.0 * scattered(d, 17, 23)).collect(),
            silent_drivers: Vec::new(),
            stuck_columns: Vec::new(),
            weights: vec![Array2::zeros((INPUTS, geometry.columns())); hemispheres],
            acting: reset.clone(),
            requested: reset,
            touches: 0,
            measurements_left: usize::MAX,
        }
    }

    /// The driver's offset with its trim, in activation units.
    pub(crate) fn trimmed_offset(&self, driver: usize) -> f64 {
        let register = Register::HagenDacOffset;
        let trim = self.acting[&register][driver] - register.spec().reset;
        self.driver_offsets[driver] + TRIM_STEP * f64::from(trim)
    }

    /// The column's relative gain with its bias: excitatory (0) or inhibitory (1).
    pub(crate) fn biased_gain(&self, column: usize, sign: usize) -> f64 {
        let register = [Register::IBiasSyninExcGm, Register::IBiasSyninInhGm][sign];
        let bias = f64::from(self.acting[&register][column]) / f64::from(register.spec().reset);
        self.gains[column][sign] * bias
    }

    /// The baseline of one of the column's channels relative to 128, in LSB.
    pub(crate) fn shifted_offset(&self, column: usize, channel: CadcChannel) -> f64 {
        let columns = self.geometry.columns();
        // Two channels per column and hemisphere, all causal ones first.
        let causal = column / columns * 2 * columns + column % columns;
        let (offset, instance) = match channel {
            CadcChannel::Causal => (self.offsets[column], causal),
            CadcChannel::Acausal => (self.acausal_offsets[column], causal + columns),
        };
        offset + f64::from(self.acting[&Register::CadcOffset][instance])
    }

    /// Whether every synapse holds a zero.
    pub(crate) fn holds_no_weights(&self) -> bool {
        self.weights.iter().flatten().all(|&w| w == 0)
    }

    fn amplitude(&self, driver: usize, activation: u8, sends: f64) -> f64 {
        if activation == 0 || self.silent_drivers.contains(&driver) {
            return 0.0;
        }
        (sends * (f64::from(activation) + self.trimmed_offset(driver))).max(0.0)
    }

    fn code(
        &self,
        region: Region,
        channel: CadcChannel,
        amplitudes: &[(usize, f64)],
        column_in_region: usize,
    ) -> u8 {
        let local = region.first_column + column_in_region;
        let column = region.hemisphere * self.geometry.columns() + local;
        if let Some(&(_, code)) = self.stuck_columns.iter().find(|(c, _)| *c == column) {
            return code;
        }
        let weights = self.weights[region.hemisphere].column(local);
        let mut sums = [0.0, 0.0];
        for &(input, amplitude) in amplitudes {
            let weight = weights[input];
            sums[usize::from(weight < 0)] += amplitude * f64::from(weight);
        }
        let [excitation, inhibition] =
            [0, 1].map(|sign| GAIN_LSB * self.biased_gain(column, sign) * sums[sign]);
        let code = 128.0 + self.shifted_offset(column, channel) + excitation + inhibition;
        code.round().clamp(0.0, 255.0) as u8
    }
}

fn reset_values(geometry: ArrayGeometry) -> BTreeMap<Register, Vec<i32>> {
    Register::ALL
        .iter()
        .map(|&r| (r, vec![r.spec().reset; r.instances(geometry)]))
        .collect()
}

impl MacArray for LinearChip {
    fn geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights(self.geometry, weights)?;
        self.touches += 1;
        for (input, row) in region.input_range().zip(weights.rows()) {
            for (column, &weight) in region.column_range().zip(row) {
                self.weights[region.hemisphere][[input, column]] = weight;
            }
        }
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let mut codes = Array2::zeros(outputs.dim());
        let report = self.read_cadc(request, CadcChannel::Causal, activations, codes.view_mut())?;
        outputs.zip_mut_with(&codes, |out, &code| *out = (i16::from(code) - 128) as i8);
        Ok(report)
    }
}

impl ChipProbe for LinearChip {
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        channel: CadcChannel,
        activations: ArrayView2<'_, u8>,
        mut codes: ArrayViewMut2<'_, u8>,
    ) -> Result<RunReport, ArrayError> {
        let region = request.region;
        region.check_run(self.geometry, activations, codes.dim())?;
        self.touches += 1;
        if self.measurements_left == 0 {
            return Err(broken());
        }
        self.measurements_left -= 1;
        let sends = f64::from(request.settings.num_sends());
        for (activations, mut codes) in activations.rows().into_iter().zip(codes.rows_mut()) {
            let amplitudes: Vec<(usize, f64)> = region
                .input_range()
                .zip(activations)
                .map(|(input, &x)| {
                    let driver = region.hemisphere * self.geometry.inputs() + input;
                    (input, self.amplitude(driver, x, sends))
                })
                .filter(|&(_, amplitude)| amplitude > 0.0)
                .collect();
            for (column, code) in codes.iter_mut().enumerate() {
                *code = self.code(region, channel, &amplitudes, column);
            }
        }
        Ok(RunReport::default())
    }

    /// Without any physics there is nothing to be seen between the events and the readout.
    fn record_trace(
        &mut self,
        _request: &TraceRequest,
        _activations: ArrayView1<'_, u8>,
        _samples_lsb: &mut [f32],
    ) -> Result<(), ArrayError> {
        Err(ArrayError::Device {
            reason: "there is no fast ADC".to_owned(),
        })
    }
}

/// What the chip says when it no longer measures.
pub(crate) fn broken() -> ArrayError {
    ArrayError::ReplayMismatch {
        step: 0,
        reason: "the link is down",
    }
}

impl ChipControl for LinearChip {
    fn identity(&self) -> ChipIdentity {
        ChipIdentity::new(self.name)
    }

    fn control_geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    fn mode(&self) -> ArrayMode {
        ArrayMode::Membrane
    }

    fn set_mode(&mut self, mode: ArrayMode) -> Result<(), ControlError> {
        if mode != self.mode() {
            return Err(ControlError::Device {
                reason: format!("there is no {mode:?} mode"),
            });
        }
        self.touches += 1;
        for weights in &mut self.weights {
            weights.fill(0);
        }
        Ok(())
    }

    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        register.check(self.geometry, values)?;
        self.touches += 1;
        self.requested.insert(register, values.to_vec());
        if !register.spec().capmem {
            self.acting.insert(register, values.to_vec());
        }
        Ok(())
    }

    fn read_register(
        &mut self,
        register: Register,
        values: &mut [i32],
    ) -> Result<(), ControlError> {
        register.check_count(self.geometry, values.len())?;
        values.copy_from_slice(&self.requested[&register]);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), ControlError> {
        self.touches += 1;
        self.acting.clone_from(&self.requested);
        Ok(())
    }

    fn reset_registers(&mut self) -> Result<(), ControlError> {
        self.touches += 1;
        self.requested = reset_values(self.geometry);
        self.acting.clone_from(&self.requested);
        Ok(())
    }
}
