//! The simulated chip.

use bss2_core::{
    ArrayError, ArrayGeometry, ArrayLoad, ArrayMode, ArrayPass, ArrayRun, Baseline, Buffer,
    CadcChannel, ChipControl, ChipIdentity, ChipProbe, ControlError, MacArray, PulseRequest,
    Region, Register, RunReport, RunRequest, RunSettings, Scope, TraceRequest, Trial,
};
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use smallvec::SmallVec;

use crate::circuit::Circuit;
use crate::conditions::Conditions;
use crate::drift::AGE_MAX_S;
use crate::error::check_range;
use crate::instance::Instance;
use crate::lumped::Lumped;
use crate::model::{Model, Prepared};
use crate::pass::{Pass, Timing};
use crate::reading::{Reading, Workspace, read_all, vectors_at_once};
use crate::readout::{Moment, ReadoutPass, ToRead, disturb};
use crate::registers::RegisterFile;
use crate::rises::Rises;
use crate::share::threads_for;
use crate::synram::Synram;
use crate::temperature::TEMPERATURE_RANGE_CELSIUS;
use crate::transient::{self, Transient};
use crate::{CheckedConfig, ConfigError};

/// How closely a chip's circuit is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fidelity {
    /// Everything linear folded into one matrix product: fast, the default for networks.
    #[default]
    Lumped,
    /// Event by event: slow, the reference.
    Transient,
}

/// A BSS-2 chip with mismatch drawn from a seed, registers at their reset values, and no weights.
///
/// The mismatch is hidden: only what a real chip shows can be seen, through [`MacArray`],
/// [`ChipProbe`] and [`ChipControl`]. Its surroundings are set by
/// [`set_temperature_celsius`](Self::set_temperature_celsius) and
/// [`let_pass_s`](Self::let_pass_s).
///
/// It remembers what weights come to if they come back, to be fast: up to 64 sets of them and about 8 MiB for
/// each hemisphere. That shows in no result, and clones begin without it.
#[derive(Clone, Debug)]
pub struct SimulatedChip {
    seed: u64,
    instance: Instance,
    conditions: Conditions,
    registers: RegisterFile,
    circuit: Circuit,
    /// By hemisphere: whether the model has to be folded again.
    unfolded: Vec<bool>,
    model: AnyModel,
    /// For baselines that are measured.
    baselines: Buffer<u8>,
    /// At least one.
    workspaces: Vec<Workspace>,
}

/// Most runs that are done at once (but for a single pass): so many images are held by them beyond those that are
/// kept, and so many are listed without an allocation.
const RUNS_AT_ONCE: usize = 16;

#[derive(Clone, Debug)]
enum AnyModel {
    Lumped(Box<Lumped>),
    Transient(Transient),
}

impl AnyModel {
    fn get(&mut self) -> &mut dyn Model {
        match self {
            Self::Lumped(model) => model.as_mut(),
            Self::Transient(model) => model,
        }
    }
}

impl SimulatedChip {
    /// Draws the chip of a seed, at the temperature of reference. Equal configurations and seeds
    /// give equal chips.
    pub fn new(config: &CheckedConfig, seed: u64) -> Self {
        let config = config.get().clone();
        let instance = Instance::draw(config, seed);
        let config = &instance.config;
        let celsius = config.temperature.reference_celsius;
        let conditions = Conditions::new(config, &instance.sensitivity, seed, celsius, 0.0);
        let registers = RegisterFile::new(&config.capmem, config.geometry, seed);
        let circuit = Circuit::new(&instance, &registers, &conditions, ArrayMode::Membrane);
        Self {
            seed,
            unfolded: vec![false; config.geometry.hemispheres()],
            model: AnyModel::Lumped(Box::new(Lumped::new(&circuit))),
            circuit,
            registers,
            conditions,
            instance,
            baselines: Buffer::new(),
            workspaces: vec![Workspace::default()],
        }
    }

    /// The same chip, followed more or less closely.
    #[must_use]
    pub fn with_fidelity(mut self, fidelity: Fidelity) -> Self {
        self.refold();
        self.model = match fidelity {
            Fidelity::Lumped => AnyModel::Lumped(Box::new(Lumped::new(&self.circuit))),
            Fidelity::Transient => AnyModel::Transient(Transient),
        };
        self.unfolded.fill(false);
        self
    }

    /// How closely the circuit is followed.
    pub const fn fidelity(&self) -> Fidelity {
        match self.model {
            AnyModel::Lumped(_) => Fidelity::Lumped,
            AnyModel::Transient(_) => Fidelity::Transient,
        }
    }

    /// Temperature of the chip in °C.
    pub fn temperature_celsius(&self) -> f32 {
        self.conditions.celsius()
    }

    /// Brings the chip to a temperature.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless it lies in −40…125 °C.
    pub fn set_temperature_celsius(&mut self, celsius: f32) -> Result<(), ConfigError> {
        let (min, max) = TEMPERATURE_RANGE_CELSIUS.into_inner();
        check_range("temperature_celsius", celsius, min, max)?;
        self.change_conditions(celsius, self.conditions.age_s());
        Ok(())
    }

    /// Time in s that has passed since the chip was drawn, as far as drift goes.
    pub fn age_s(&self) -> f64 {
        self.conditions.age_s()
    }

    /// Lets the chip drift for a time; runs take none.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless the time is positive or zero, and the chip is at most 10⁹ s
    /// old afterwards.
    pub fn let_pass_s(&mut self, seconds: f64) -> Result<(), ConfigError> {
        let left = AGE_MAX_S - self.conditions.age_s();
        if !(0.0..=left).contains(&seconds) {
            return Err(ConfigError::OutOfRange {
                field: "seconds",
                value: seconds,
                min: 0.0,
                max: left,
            });
        }
        let age_s = self.conditions.age_s() + seconds;
        self.change_conditions(self.conditions.celsius(), age_s);
        Ok(())
    }

    fn change_conditions(&mut self, celsius: f32, age_s: f64) {
        self.conditions = Conditions::new(
            &self.instance.config,
            &self.instance.sensitivity,
            self.seed,
            celsius,
            age_s,
        );
        self.registers.conditions_changed();
    }

    /// Brings what is folded up to date with registers and conditions.
    fn refold(&mut self) {
        let stale = self.registers.take_stale();
        if stale.any() {
            self.circuit
                .refold(&self.instance, &self.registers, &self.conditions, stale);
        }
        if stale.columns || stale.synapses {
            self.unfolded.fill(true);
        }
    }

    /// Sizes of the array in the present mode.
    fn array_geometry(&self) -> ArrayGeometry {
        self.circuit.mode.geometry(self.circuit.geometry)
    }

    /// Prepares for vectors that are sent to a region of inputs × physical columns.
    fn prepare(&mut self, region: Region) -> Prepared {
        self.refold();
        if std::mem::take(&mut self.unfolded[region.hemisphere]) {
            self.model.get().fold(&self.circuit, region.hemisphere);
        }
        self.model.get().prepare(&mut self.circuit, region)
    }

    /// Workspaces for threads that share so many vectors.
    fn workspaces_for<'a>(
        workspaces: &'a mut Vec<Workspace>,
        model: &dyn Model,
        vectors: usize,
    ) -> &'a mut [Workspace] {
        let threads = threads_for(vectors, model.vectors_at_once());
        if workspaces.len() < threads {
            workspaces.resize_with(threads, Workspace::default);
        }
        &mut workspaces[..threads]
    }

    /// Outputs of a checked run on a region of inputs × physical columns, which `put` makes of its codes (see
    /// [`read_all`]).
    fn read<T: Send>(
        &mut self,
        request: &RunRequest,
        readout: (CadcChannel, Moment),
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, T>,
        put: impl Fn(usize, ArrayView2<'_, u8>, ArrayViewMut2<'_, T>) + Sync,
    ) -> RunReport {
        let prepared = self.prepare(request.region);
        let model = &*self.model.get();
        let vectors = activations.nrows();
        let workspaces = Self::workspaces_for(&mut self.workspaces, model, vectors);
        let prepared = (model, &prepared);
        let reading = Reading::new(prepared, &self.circuit, request, readout, activations);
        let Some(doubtful_outputs) = read_all(&[reading], &mut [outputs], workspaces, put) else {
            unreachable!("activations are checked");
        };
        doubtful(doubtful_outputs)
    }

    /// Whether all passes can be prepared before any is run.
    fn can_run_ahead(&mut self, passes: &[ArrayPass<'_, '_>]) -> bool {
        self.refold();
        let mut runs = passes.iter().flat_map(|pass| &*pass.runs);
        runs.all(|run| {
            let region = physical(self.circuit.mode, &run.request).region;
            run.request.settings.baseline() == Baseline::Constant
                && self.model.get().looks_ahead(&self.circuit, region)
        })
    }

    /// Does passes that it [can](Self::can_run_ahead) prepare before, if all their activations can be sent: threads
    /// meet once.
    fn run_ahead(&mut self, passes: &mut [ArrayPass<'_, '_>]) -> Option<RunReport> {
        let mode = self.circuit.mode;
        let mut prepared: SmallVec<[Prepared; RUNS_AT_ONCE]> = SmallVec::new();
        let mut vectors = 0;
        for pass in &*passes {
            for load in &*pass.loads {
                self.circuit.write_weights(load.region, load.weights);
            }
            for run in &*pass.runs {
                prepared.push(self.prepare(physical(mode, &run.request).region));
                vectors += run.activations.nrows();
            }
        }
        let model = &*self.model.get();
        let workspaces = Self::workspaces_for(&mut self.workspaces, model, vectors);
        let runs = passes.iter().flat_map(|pass| &*pass.runs).zip(&prepared);
        let readings = runs.map(|(run, prepared)| {
            let request = physical(mode, &run.request);
            let readout = (CadcChannel::Causal, Moment::Result);
            let prepared = (model, prepared);
            Reading::new(prepared, &self.circuit, &request, readout, run.activations)
        });
        let readings: SmallVec<[Reading<'_>; RUNS_AT_ONCE]> = readings.collect();
        let runs = passes.iter_mut().flat_map(|pass| &mut *pass.runs);
        let outputs = runs.map(|run| run.outputs.view_mut());
        let mut outputs: SmallVec<[ArrayViewMut2<'_, i8>; RUNS_AT_ONCE]> = outputs.collect();
        let rises = Rises {
            mode,
            baselines: None,
        };
        let put = |first_vector, codes: ArrayView2<'_, u8>, outputs: ArrayViewMut2<'_, i8>| {
            rises.put(first_vector, codes, outputs);
        };
        read_all(&readings, &mut outputs, workspaces, put).map(doubtful)
    }

    /// Codes right after the reset of each vector of a run (vectors × columns).
    fn read_baselines(&mut self, request: &RunRequest, mut codes: ArrayViewMut2<'_, u8>) {
        self.refold();
        let region = request.region;
        let Circuit {
            columns, readout, ..
        } = &self.circuit;
        let noise = &mut self.workspaces[0].noise;
        noise.prepare(region.columns);
        let at_once = vectors_at_once(region).min(codes.nrows());
        let start_lsb = |column: usize| {
            let start = columns.start_lsb[column];
            columns.voltage_lsb(column, columns.source[column], start, [0.0; 2])
        };
        let start_lsb = self.circuit.columns_of_chip(region).map(start_lsb);
        let voltages: Vec<f32> = start_lsb.collect::<Vec<_>>().repeat(at_once);
        let readouts = ReadoutPass::new(
            readout,
            CadcChannel::Causal,
            region,
            request.trial,
            Moment::Baseline,
        );
        let order: Vec<usize> = (0..at_once).collect();
        let timings = vec![Timing::AT_ONCE; at_once];
        let mut found = vec![0; at_once * region.columns];
        let blocks = codes.axis_chunks_iter_mut(Axis(0), at_once.max(1));
        for (block, codes) in blocks.enumerate() {
            let vectors = codes.nrows();
            let read = ToRead {
                first_vector: request
                    .trial
                    .first_vector
                    .wrapping_add((block * at_once) as u64),
                timings: &timings[..vectors],
                order: &order[..vectors],
                voltages: &voltages,
            };
            let found = &mut found[..codes.len()];
            readouts.convert(&read, noise, found);
            put_rows(found, codes);
        }
    }
}

impl MacArray for SimulatedChip {
    fn geometry(&self) -> ArrayGeometry {
        self.array_geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights_within(self.geometry(), weights, self.circuit.mode.weights())?;
        self.circuit.write_weights(region, weights);
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let region = request.region;
        region.check_run(self.geometry(), activations, outputs.dim())?;
        let mode = self.circuit.mode;
        let physical = physical(mode, request);
        let mut buffer = std::mem::take(&mut self.baselines);
        let (moment, baselines) = match request.settings.baseline() {
            Baseline::Constant => (Moment::Result, None),
            Baseline::Measured => {
                let columns = physical.region.columns;
                let mut baselines = buffer.shaped((activations.nrows(), columns));
                self.read_baselines(&physical, baselines.view_mut());
                (Moment::AboveBaseline, Some(buffer.view()))
            }
        };
        let rises = Rises { mode, baselines };
        let readout = (CadcChannel::Causal, moment);
        let put = |first_vector, codes: ArrayView2<'_, u8>, outputs: ArrayViewMut2<'_, i8>| {
            rises.put(first_vector, codes, outputs);
        };
        let report = self.read(&physical, readout, activations, outputs, put);
        self.baselines = buffer;
        Ok(report)
    }

    fn run_passes(&mut self, passes: &mut [ArrayPass<'_, '_>]) -> Result<RunReport, ArrayError> {
        let geometry = self.geometry();
        for pass in &*passes {
            pass.check_hemispheres()?;
            for ArrayLoad { region, weights } in &*pass.loads {
                region.check_weights_within(geometry, *weights, self.circuit.mode.weights())?;
            }
            for run in &*pass.runs {
                let region = run.request.region;
                region.check_run_shape(geometry, run.activations.dim(), run.outputs.dim())?;
            }
        }
        let mut report = RunReport::default();
        if !self.can_run_ahead(passes) {
            for pass in passes {
                for load in &*pass.loads {
                    self.load_weights(load.region, load.weights)?;
                }
                for run in &mut *pass.runs {
                    report += self.run(&run.request, run.activations, run.outputs.view_mut())?;
                }
            }
            return Ok(report);
        }
        // So many at a time that what their weights come to is bounded.
        let mut left = passes;
        while !left.is_empty() {
            let mut runs = 0;
            let fits = |pass: &&ArrayPass<'_, '_>| {
                runs += pass.runs.len();
                runs <= RUNS_AT_ONCE
            };
            let count = left.iter().take_while(fits).count().max(1);
            let (now, later) = left.split_at_mut(count);
            let Some(found) = self.run_ahead(now) else {
                let mut runs = now.iter().flat_map(|pass| &*pass.runs);
                let check = |run: &ArrayRun<'_>| {
                    let region = run.request.region;
                    region.check_run(geometry, run.activations, run.outputs.dim())
                };
                runs.try_for_each(check)?;
                unreachable!("some activation is too large");
            };
            report += found;
            left = later;
        }
        Ok(report)
    }
}

/// The report of so many outputs outside the model's validity.
fn doubtful(outputs: u64) -> RunReport {
    RunReport {
        doubtful_outputs: outputs,
        ..RunReport::default()
    }
}

/// Puts codes, row after row, where they are asked for.
fn put_rows(found: &[u8], mut codes: ArrayViewMut2<'_, u8>) {
    let rows = found.chunks(codes.ncols().max(1));
    for (mut codes, found) in codes.outer_iter_mut().zip(rows) {
        codes.assign(&ArrayView1::from(found));
    }
}

/// The request of a run, with the physical columns that its columns take.
fn physical(mode: ArrayMode, request: &RunRequest) -> RunRequest {
    RunRequest {
        region: Synram::physical_columns(mode, request.region),
        ..*request
    }
}

impl ChipProbe for SimulatedChip {
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        channel: CadcChannel,
        activations: ArrayView2<'_, u8>,
        codes: ArrayViewMut2<'_, u8>,
    ) -> Result<RunReport, ArrayError> {
        let region = request.region;
        let geometry = self.circuit.mode.probe_geometry(self.circuit.geometry);
        region.check_run(geometry, activations, codes.dim())?;
        let readout = (channel, Moment::Result);
        let put = |_, found: ArrayView2<'_, u8>, mut codes: ArrayViewMut2<'_, u8>| {
            codes.assign(&found);
        };
        Ok(self.read(request, readout, activations, codes, put))
    }

    /// Computed event by event, whatever the fidelity.
    fn read_pulses(
        &mut self,
        request: &PulseRequest,
        codes: [ArrayViewMut2<'_, u8>; 2],
    ) -> Result<(), ArrayError> {
        let geometry = self.circuit.mode.probe_geometry(self.circuit.geometry);
        request.check(geometry, [codes[0].dim(), codes[1].dim()])?;
        self.refold();
        let PulseRequest { region, trial, .. } = *request;
        if request.events > 0 {
            self.circuit.charge(region);
        }
        let mut voltages = vec![0.0; region.columns];
        Transient::pulses(&self.circuit, request, &mut voltages);
        let readout = &self.circuit.readout;
        let passes = CadcChannel::BOTH
            .map(|channel| ReadoutPass::new(readout, channel, region, trial, Moment::BothChannels));
        let timing = Timing {
            events: request.events,
            send_us: (f64::from(request.events) * request.interval_us()) as f32,
            delay_us: request.readout_delay_us() as f32,
        };
        let deviations_lsb = readout.common_deviations_lsb(region, timing.integration_us());
        let noise = &mut self.workspaces[0].noise;
        noise.prepare(region.columns);
        let [mut causal, mut acausal] = codes;
        let at_once = vectors_at_once(region).min(causal.nrows()).max(1);
        let order: Vec<usize> = (0..at_once).collect();
        let timings = vec![timing; at_once];
        let mut found = vec![0; at_once * region.columns];
        let blocks = causal.axis_chunks_iter_mut(Axis(0), at_once);
        let blocks = blocks.zip(acausal.axis_chunks_iter_mut(Axis(0), at_once));
        for (block, (causal, acausal)) in blocks.enumerate() {
            let first_vector = trial.first_vector.wrapping_add((block * at_once) as u64);
            let trial = Trial {
                first_vector,
                ..trial
            };
            let vectors = causal.nrows();
            let mut disturbed = voltages.repeat(vectors);
            disturb(region, trial, &deviations_lsb, &mut disturbed);
            let read = ToRead {
                first_vector,
                timings: &timings[..vectors],
                order: &order[..vectors],
                voltages: &disturbed,
            };
            for (pass, codes) in passes.iter().zip([causal, acausal]) {
                let found = &mut found[..codes.len()];
                pass.convert(&read, noise, found);
                put_rows(found, codes);
            }
        }
        Ok(())
    }

    fn temperature_celsius(&mut self) -> Option<f64> {
        Some(f64::from(self.conditions.celsius()))
    }

    fn record_trace(
        &mut self,
        request: &TraceRequest,
        activations: ArrayView1<'_, u8>,
        samples_lsb: &mut [f32],
    ) -> Result<(), ArrayError> {
        let geometry = self.circuit.mode.probe_geometry(self.circuit.geometry);
        request.check(geometry, activations)?;
        self.refold();
        let RunRequest {
            region,
            settings,
            trial,
        } = request.run;
        self.circuit.charge(region);
        let pass = Pass::new(&self.circuit, region, settings, trial);
        transient::trace(&pass, request, activations, samples_lsb);
        let interval_us = f64::from(request.sample_interval_cycles) * RunSettings::CYCLE_US;
        self.circuit.readout.record_trace(
            self.circuit
                .column_of_chip(region.hemisphere, request.column),
            request.source,
            trial,
            region.hemisphere,
            interval_us as f32,
            samples_lsb,
        );
        Ok(())
    }
}

impl ChipControl for SimulatedChip {
    fn identity(&self) -> ChipIdentity {
        let digest = self.instance.config.digest();
        ChipIdentity::new(format!("simulated-{}-{digest:016x}", self.seed))
    }

    fn control_geometry(&self) -> ArrayGeometry {
        self.circuit.geometry
    }

    fn mode(&self) -> ArrayMode {
        self.circuit.mode
    }

    fn set_mode(&mut self, mode: ArrayMode) -> Result<(), ControlError> {
        let columns = Scope::Column.instances(self.circuit.geometry);
        let source = mode.readout_source().register_value();
        self.registers
            .write(Register::ReadoutSource, &vec![source; columns])?;
        self.registers.take_stale();
        self.circuit = Circuit::new(&self.instance, &self.registers, &self.conditions, mode);
        if let AnyModel::Lumped(model) = &mut self.model {
            **model = Lumped::new(&self.circuit);
        }
        self.unfolded.fill(false);
        Ok(())
    }

    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        self.registers.write(register, values)
    }

    fn read_register(
        &mut self,
        register: Register,
        values: &mut [i32],
    ) -> Result<(), ControlError> {
        register.check_count(self.circuit.geometry, values.len())?;
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
