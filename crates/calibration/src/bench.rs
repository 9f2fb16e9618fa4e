//! A chip on the bench: what routines measure with, and what that cost.

use bss2_core::{
    ArrayGeometry, ArrayMode, CadcChannel, Chip, ChipControl, ChipIdentity, ChipProbe, CostLedger,
    MacArray, Metered, PulseRequest, ReadoutSource, Region, Register, RunReport, RunRequest,
    RunSettings, TraceRequest, Trial,
};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use crate::CalibrationError;

mod reading;
mod temporary;

pub use reading::Reading;
pub use temporary::Temporary;

/// A chip on the bench.
///
/// Each measurement is a pass of its own with noise of its own. CapMem cells that were written settle
/// before the next measurement, all together. Weights that are in place are not loaded again.
pub struct Bench<'a> {
    chip: Metered<&'a mut (dyn Chip + 'a)>,
    trial: Trial,
    report: RunReport,
    measurements: u64,
    unsettled: bool,
    /// Weights that each hemisphere holds, as far as they are known.
    loaded: Vec<Option<Array2<i8>>>,
}

/// Simultaneous pulses, or just a wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulses {
    /// Events one after the other, 0…1000.
    pub events: u32,
    /// Time from event to event, in µs.
    pub interval_us: f64,
    /// Time from the last event, or else from the reset, to the readout, in µs.
    pub readout_delay_us: f64,
}

impl Pulses {
    /// No events; the readout comes a time after the reset.
    pub const fn none(readout_delay_us: f64) -> Self {
        Self {
            events: 0,
            interval_us: RunSettings::CYCLE_US,
            readout_delay_us,
        }
    }
}

/// A time in cycles.
fn cycles(option: &'static str, us: f64, max: u32) -> Result<u32, CalibrationError> {
    let cycles = (us / RunSettings::CYCLE_US).round();
    if (0.0..=f64::from(max)).contains(&cycles) {
        return Ok(cycles as u32);
    }
    Err(CalibrationError::OptionOutOfRange {
        option,
        value: us,
        min: 0.0,
        max: f64::from(max) * RunSettings::CYCLE_US,
    })
}

/// Refuses measurements for which there is no memory.
fn check_vectors(option: &'static str, vectors: usize) -> Result<(), CalibrationError> {
    if vectors <= Bench::VECTORS_MAX {
        return Ok(());
    }
    Err(CalibrationError::OptionOutOfRange {
        option,
        value: vectors as f64,
        min: 0.0,
        max: Bench::VECTORS_MAX as f64,
    })
}

impl<'a> Bench<'a> {
    /// Most vectors or repetitions that are measured at once.
    pub const VECTORS_MAX: usize = 1 << 20;

    /// Puts a chip on the bench; `trial_seed` fixes the noise of all measurements.
    pub fn new(chip: &'a mut (dyn Chip + 'a), trial_seed: u64) -> Self {
        Self {
            chip: Metered::new(chip),
            trial: Trial::new(trial_seed),
            report: RunReport::default(),
            measurements: 0,
            unsettled: false,
            loaded: Vec::new(),
        }
    }

    /// The chip's identity.
    pub fn identity(&self) -> ChipIdentity {
        self.chip.identity()
    }

    /// Temperature of the chip in °C, where a sensor shows it.
    pub fn temperature_celsius(&mut self) -> Option<f64> {
        self.chip.temperature_celsius()
    }

    /// Physical sizes, from which the registers' instances follow.
    pub fn chip_geometry(&self) -> ArrayGeometry {
        self.chip.control_geometry()
    }

    /// Inputs and columns that measurements see in the chip's mode: the mode's inputs, and every
    /// physical column.
    pub fn geometry(&self) -> ArrayGeometry {
        self.mode().probe_geometry(self.chip_geometry())
    }

    /// Number of instances of a register.
    pub fn instances(&self, register: Register) -> usize {
        register.instances(self.chip_geometry())
    }

    /// What was asked of the chip so far.
    pub fn cost(&self) -> CostLedger {
        *self.chip.ledger()
    }

    /// What the chip said of all measurements so far.
    pub const fn report(&self) -> RunReport {
        self.report
    }

    /// How often all instances of some register were measured so far, nested routines included.
    pub const fn measurements(&self) -> u64 {
        self.measurements
    }

    /// Counts a measurement of all instances of some register.
    pub(crate) const fn count_measurement(&mut self) {
        self.measurements += 1;
    }

    /// How rows and columns are used.
    pub fn mode(&self) -> ArrayMode {
        self.chip.mode()
    }

    /// Uses rows and columns in another way; clears all weights.
    ///
    /// # Errors
    /// See [`ChipControl::set_mode`].
    pub fn set_mode(&mut self, mode: ArrayMode) -> Result<(), CalibrationError> {
        self.chip.set_mode(mode)?;
        self.loaded.fill(None);
        Ok(())
    }

    /// Sets every register to its reset value.
    ///
    /// # Errors
    /// See [`ChipControl::reset_registers`].
    pub fn reset_registers(&mut self) -> Result<(), CalibrationError> {
        self.chip.reset_registers()?;
        self.unsettled = false;
        Ok(())
    }

    /// Writes one value per instance of a register.
    ///
    /// # Errors
    /// See [`ChipControl::write_register`].
    pub fn write(&mut self, register: Register, values: &[i32]) -> Result<(), CalibrationError> {
        self.chip.write_register(register, values)?;
        self.unsettled |= register.spec().capmem;
        Ok(())
    }

    /// Writes one value to all instances of a register.
    ///
    /// # Errors
    /// See [`ChipControl::write_register`].
    pub fn write_all(&mut self, register: Register, value: i32) -> Result<(), CalibrationError> {
        self.write(register, &vec![value; self.instances(register)])
    }

    /// What was last written to a register.
    ///
    /// # Errors
    /// See [`ChipControl::read_register`].
    pub fn values(&mut self, register: Register) -> Result<Vec<i32>, CalibrationError> {
        Ok(self.chip.register_values(register)?)
    }

    /// Lets CapMem cells settle that were written since the last measurement.
    ///
    /// # Errors
    /// See [`ChipControl::settle`].
    pub fn settle(&mut self) -> Result<(), CalibrationError> {
        if std::mem::take(&mut self.unsettled) {
            self.chip.settle()?;
        }
        Ok(())
    }

    /// Shows a voltage to the CADC channels of all columns.
    ///
    /// # Errors
    /// See [`ChipControl::write_register`].
    pub fn show(&mut self, source: ReadoutSource) -> Result<(), CalibrationError> {
        self.write_all(Register::ReadoutSource, source.register_value())
    }

    /// Loads weights (inputs × columns of the mode) into every hemisphere, where they are not in place
    /// already.
    ///
    /// # Errors
    /// See [`MacArray::load_weights`].
    pub fn load(&mut self, weight: impl Fn(usize, usize) -> i8) -> Result<(), CalibrationError> {
        let geometry = self.chip.geometry();
        self.loaded.resize(geometry.hemispheres(), None);
        // In half the time that `from_shape_fn` takes.
        let mut weights = Array2::zeros((geometry.inputs(), geometry.columns()));
        for (input, mut row) in weights.outer_iter_mut().enumerate() {
            for (column, to) in row.iter_mut().enumerate() {
                *to = weight(input, column);
            }
        }
        for hemisphere in 0..geometry.hemispheres() {
            if self.loaded[hemisphere].as_ref() != Some(&weights) {
                let region = Region::whole(geometry, hemisphere);
                self.chip.load_weights(region, weights.view())?;
                self.loaded[hemisphere] = Some(weights.clone());
            }
        }
        Ok(())
    }

    /// Mean codes of the causal channels of a hemisphere's columns (vectors × columns) over a number
    /// of runs, at least one.
    ///
    /// # Errors
    /// [`CalibrationError::OptionOutOfRange`] for more than [`VECTORS_MAX`](Self::VECTORS_MAX) vectors in
    /// all; see [`ChipProbe::read_cadc`].
    pub fn multiply(
        &mut self,
        hemisphere: usize,
        settings: RunSettings,
        activations: ArrayView2<'_, u8>,
        runs: usize,
    ) -> Result<Array2<f64>, CalibrationError> {
        let runs = runs.max(1);
        let codes = self.multiply_each(hemisphere, settings, activations, runs)?;
        let vectors = activations.nrows();
        let mut mean = Array2::zeros((vectors, codes.ncols()));
        for codes in codes.axis_chunks_iter(Axis(0), vectors.max(1)) {
            mean.zip_mut_with(&codes, |mean, &code| *mean += f64::from(code) / runs as f64);
        }
        Ok(mean)
    }

    /// The codes of every run: those of all vectors of the first run, then of the second, and so on
    /// (runs · vectors × columns).
    ///
    /// # Errors
    /// [`CalibrationError::OptionOutOfRange`] for more than [`VECTORS_MAX`](Self::VECTORS_MAX) vectors in
    /// all; see [`ChipProbe::read_cadc`].
    pub fn multiply_each(
        &mut self,
        hemisphere: usize,
        settings: RunSettings,
        activations: ArrayView2<'_, u8>,
        runs: usize,
    ) -> Result<Array2<u8>, CalibrationError> {
        let (vectors, inputs) = activations.dim();
        let in_all = runs.saturating_mul(vectors);
        check_vectors("runs of all vectors", in_all)?;
        self.settle()?;
        let region = Region::whole(self.geometry(), hemisphere);
        // The runs become vectors of one pass: fewer round trips, as much noise.
        let mut repeated = Array2::zeros((in_all, inputs));
        for mut run in repeated.axis_chunks_iter_mut(Axis(0), vectors.max(1)) {
            run.assign(&activations);
        }
        let mut codes = Array2::zeros((in_all, region.columns));
        let request = RunRequest {
            region,
            settings,
            trial: self.trial.next_pass(),
        };
        let causal = CadcChannel::Causal;
        self.report += self
            .chip
            .read_cadc(&request, causal, repeated.view(), codes.view_mut())?;
        Ok(codes)
    }

    /// Codes of both channels of all columns of the chip after simultaneous pulses of a range of
    /// inputs of every hemisphere, repeated at least once.
    ///
    /// # Errors
    /// [`CalibrationError::OptionOutOfRange`] for a time that the chip cannot wait, or more than
    /// [`VECTORS_MAX`](Self::VECTORS_MAX) repetitions; see [`ChipProbe::read_pulses`].
    pub fn pulses_of(
        &mut self,
        inputs: std::ops::Range<usize>,
        pulses: Pulses,
        repetitions: usize,
    ) -> Result<Reading, CalibrationError> {
        let interval = cycles(
            "interval_us",
            pulses.interval_us,
            PulseRequest::INTERVAL_MAX,
        )?;
        let delay = cycles(
            "readout_delay_us",
            pulses.readout_delay_us,
            PulseRequest::READOUT_DELAY_MAX,
        )?;
        check_vectors("repetitions", repetitions)?;
        self.settle()?;
        let geometry = self.geometry();
        let trial = self.trial.next_pass();
        let shape = (repetitions.max(1), geometry.columns());
        let mut reading = Reading::default();
        let [mut causal, mut acausal] = [(); 2].map(|()| Array2::zeros(shape));
        for hemisphere in 0..geometry.hemispheres() {
            let request = PulseRequest {
                region: Region {
                    first_input: inputs.start,
                    inputs: inputs.len(),
                    ..Region::whole(geometry, hemisphere)
                },
                trial,
                events: pulses.events,
                interval_cycles: interval.max(1),
                readout_delay_cycles: delay,
            };
            self.chip
                .read_pulses(&request, [causal.view_mut(), acausal.view_mut()])?;
            reading.append(causal.view(), acausal.view());
        }
        Ok(reading)
    }

    /// The same for all inputs.
    ///
    /// # Errors
    /// See [`ChipProbe::read_pulses`].
    pub fn pulses(
        &mut self,
        pulses: Pulses,
        repetitions: usize,
    ) -> Result<Reading, CalibrationError> {
        self.pulses_of(0..self.geometry().inputs(), pulses, repetitions)
    }

    /// Records a voltage of one column of the chip while the first inputs send a vector; see
    /// [`ChipProbe::record_trace`].
    ///
    /// # Errors
    /// See [`ChipProbe::record_trace`].
    pub fn trace(
        &mut self,
        column_of_chip: usize,
        source: ReadoutSource,
        settings: RunSettings,
        activations: ArrayView1<'_, u8>,
        sample_interval_cycles: u32,
        samples_lsb: &mut [f32],
    ) -> Result<(), CalibrationError> {
        self.settle()?;
        let columns = self.geometry().columns();
        let column = column_of_chip % columns;
        let request = TraceRequest {
            run: RunRequest {
                region: Region {
                    hemisphere: column_of_chip / columns,
                    first_input: 0,
                    inputs: activations.len(),
                    first_column: column,
                    columns: 1,
                },
                settings,
                trial: self.trial.next_pass(),
            },
            column,
            source,
            sample_interval_cycles,
        };
        Ok(self.chip.record_trace(&request, activations, samples_lsb)?)
    }
}
