//! A wrapper that counts what its chip is asked to do.

use std::ops::Add;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use crate::{
    ArrayError, ArrayGeometry, ArrayMode, ArrayPass, CadcChannel, ChipControl, ChipIdentity,
    ChipProbe, ControlError, CostLedger, MacArray, PulseRequest, Region, Register, RunReport,
    RunRequest, Scope, TraceRequest,
};

/// Wraps an array or a chip and counts its cost in a [`CostLedger`].
///
/// Only calls that succeed are counted, of several passes at once all or none.
#[derive(Clone, Debug)]
pub struct Metered<T> {
    inner: T,
    ledger: CostLedger,
}

impl<T> Metered<T> {
    /// Wraps `inner` with an empty ledger.
    pub fn new(inner: T) -> Self {
        Self {
            inner,
            ledger: CostLedger::default(),
        }
    }

    /// The counts so far.
    pub const fn ledger(&self) -> &CostLedger {
        &self.ledger
    }

    /// Hands out the counts and starts again from zero.
    pub fn take_ledger(&mut self) -> CostLedger {
        std::mem::take(&mut self.ledger)
    }

    /// The wrapped array.
    pub const fn inner(&self) -> &T {
        &self.inner
    }

    /// The wrapped array, for what is not counted, such as a simulated chip's temperature.
    pub const fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Unwraps the array.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

/// A product of counts; they end where 64 bits end.
fn product(counts: &[u64]) -> u64 {
    counts
        .iter()
        .fold(1, |product: u64, &count| product.saturating_mul(count))
}

/// What reading the results of a batch costs.
fn reading(request: &RunRequest, vectors: usize, readouts_per_vector: u64) -> CostLedger {
    let region = request.region;
    let vectors = vectors as u64;
    CostLedger {
        macs: product(&[vectors, region.inputs as u64, region.columns as u64]),
        readouts: product(&[vectors, readouts_per_vector]),
        cadc_conversions: product(&[vectors, readouts_per_vector, region.columns as u64]),
        ..CostLedger::default()
    }
}

/// What a pass costs.
fn passing(pass: &ArrayPass<'_, '_>) -> CostLedger {
    let loads = pass.loads.iter();
    let loads = loads.map(|load| loading(load.weights));
    let runs = pass.runs.iter();
    let runs = runs.map(|run| running(&run.request, run.activations));
    loads.fold(CostLedger::default(), Add::add)
        + runs.reduce(CostLedger::alongside).unwrap_or_default()
}

/// What a load costs.
fn loading(weights: ArrayView2<'_, i8>) -> CostLedger {
    CostLedger {
        weights_written: weights.len() as u64,
        ..CostLedger::default()
    }
}

/// What a run costs.
fn running(request: &RunRequest, activations: ArrayView2<'_, u8>) -> CostLedger {
    let readouts = request.settings.baseline().readouts_per_vector();
    sending(request, activations) + reading(request, activations.nrows(), readouts)
}

/// What sending a batch costs, whatever is read afterwards.
fn sending(request: &RunRequest, activations: ArrayView2<'_, u8>) -> CostLedger {
    let settings = request.settings;
    let active = activations.iter().filter(|&&x| x > 0).count() as u64;
    let events = product(&[active, settings.num_sends().into()]);
    CostLedger {
        runs: 1,
        round_trips: 1,
        vectors: activations.nrows() as u64,
        events,
        event_cycles: product(&[events, settings.wait_between_events().into()]),
        synaptic_operations: product(&[events, request.region.columns as u64]),
        ..CostLedger::default()
    }
}

impl<T: MacArray> MacArray for Metered<T> {
    fn geometry(&self) -> ArrayGeometry {
        self.inner.geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.inner.load_weights(region, weights)?;
        self.ledger += loading(weights);
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let report = self.inner.run(request, activations, outputs)?;
        self.ledger += running(request, activations);
        Ok(report)
    }

    fn run_passes(&mut self, passes: &mut [ArrayPass<'_, '_>]) -> Result<RunReport, ArrayError> {
        // Before they are run: an array within may take loads out that change nothing.
        let costs = passes.iter().map(passing);
        let costs = costs.fold(CostLedger::default(), Add::add);
        let report = self.inner.run_passes(passes)?;
        self.ledger += costs;
        Ok(report)
    }
}

impl<T: ChipProbe> ChipProbe for Metered<T> {
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        channel: CadcChannel,
        activations: ArrayView2<'_, u8>,
        codes: ArrayViewMut2<'_, u8>,
    ) -> Result<RunReport, ArrayError> {
        let report = self.inner.read_cadc(request, channel, activations, codes)?;
        self.ledger += sending(request, activations) + reading(request, activations.nrows(), 1);
        Ok(report)
    }

    fn read_pulses(
        &mut self,
        request: &PulseRequest,
        codes: [ArrayViewMut2<'_, u8>; 2],
    ) -> Result<(), ArrayError> {
        let repetitions = codes[0].nrows() as u64;
        self.inner.read_pulses(request, codes)?;
        let pulses = u64::from(request.events);
        let inputs = request.region.inputs as u64;
        let columns = request.region.columns as u64;
        let beyond_usual = request
            .readout_delay_cycles
            .saturating_sub(PulseRequest::USUAL_READOUT_DELAY);
        self.ledger += CostLedger {
            runs: 1,
            round_trips: 1,
            vectors: repetitions,
            events: product(&[repetitions, pulses, inputs]),
            event_cycles: product(&[repetitions, pulses, request.interval_cycles.into()]),
            wait_cycles: product(&[repetitions, beyond_usual.into()]),
            synaptic_operations: product(&[repetitions, pulses, inputs, columns]),
            readouts: repetitions,
            cadc_conversions: product(&[repetitions, columns, CadcChannel::BOTH.len() as u64]),
            ..CostLedger::default()
        };
        Ok(())
    }

    fn temperature_celsius(&mut self) -> Option<f64> {
        self.inner.temperature_celsius()
    }

    fn record_trace(
        &mut self,
        request: &TraceRequest,
        activations: ArrayView1<'_, u8>,
        samples_lsb: &mut [f32],
    ) -> Result<(), ArrayError> {
        self.inner.record_trace(request, activations, samples_lsb)?;
        let sent = sending(&request.run, activations.insert_axis(Axis(0)));
        let samples = samples_lsb.len() as u64;
        let recorded = product(&[samples, request.sample_interval_cycles.into()]);
        self.ledger += CostLedger {
            wait_cycles: recorded.saturating_sub(sent.event_cycles),
            ..sent
        };
        Ok(())
    }
}

impl<T: ChipControl> ChipControl for Metered<T> {
    fn identity(&self) -> ChipIdentity {
        self.inner.identity()
    }

    fn control_geometry(&self) -> ArrayGeometry {
        self.inner.control_geometry()
    }

    fn mode(&self) -> ArrayMode {
        self.inner.mode()
    }

    fn set_mode(&mut self, mode: ArrayMode) -> Result<(), ControlError> {
        self.inner.set_mode(mode)?;
        let chip = self.inner.control_geometry();
        let [drivers, columns] =
            [Scope::Driver, Scope::Column].map(|scope| scope.instances(chip) as u64);
        self.ledger.register_writes += drivers + columns;
        self.ledger.weights_written += drivers * chip.columns() as u64;
        Ok(())
    }

    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        self.inner.write_register(register, values)?;
        self.ledger.register_writes += values.len() as u64;
        Ok(())
    }

    fn read_register(
        &mut self,
        register: Register,
        values: &mut [i32],
    ) -> Result<(), ControlError> {
        self.inner.read_register(register, values)
    }

    fn settle(&mut self) -> Result<(), ControlError> {
        self.inner.settle()?;
        self.ledger.settles += 1;
        Ok(())
    }

    fn reset_registers(&mut self) -> Result<(), ControlError> {
        self.inner.reset_registers()?;
        let geometry = self.inner.control_geometry();
        let writes: usize = Register::ALL.iter().map(|r| r.instances(geometry)).sum();
        self.ledger.register_writes += writes as u64;
        self.ledger.settles += 1;
        Ok(())
    }
}
