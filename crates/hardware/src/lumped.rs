//! The lumped model: everything linear is folded once, so that a batch is two matrix products.
//!
//! Weights, mismatch and gains fold into an effective weight matrix, drivers into look-up tables.
//! A batch then takes one product for the net signal (excitation minus inhibition), one for their
//! sum, which the compression of the synaptic inputs needs, and per column compression, drift,
//! membrane, noise and CADC.

use bss2_core::random::NoiseStream;
use bss2_core::{Region, RunRequest, RunSettings, Scope};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, Zip, s};

use crate::cadc::{Cadc, Converter};
use crate::config::ChipConfig;
use crate::driver::{AmplitudeTable, Drivers};
use crate::membrane::{self, Membrane};
use crate::ota::{self, SynapticInputs};
use crate::registers::RegisterFile;
use crate::stream::NoiseSource;
use crate::synapse::{self, Sign, Synapses};

/// Time from the last event to the readout, in µs. Published: about 1.
pub(crate) const READOUT_DELAY_US: f32 = 1.0;

/// Vectors that go through the products together; bounds the scratch memory.
const BLOCK: usize = 64;

/// What was drawn for one chip.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) config: ChipConfig,
    drivers: Drivers,
    synapses: Synapses,
    inputs: SynapticInputs,
    membranes: Vec<Membrane>,
    cadc: Cadc,
}

impl Instance {
    pub(crate) fn draw(config: ChipConfig, seed: u64) -> Self {
        let geometry = config.geometry;
        Self {
            drivers: Drivers::draw(&config.driver, geometry, seed),
            synapses: Synapses::draw(&config.synapse, geometry, seed),
            inputs: SynapticInputs::draw(&config.ota, geometry, seed),
            membranes: membrane::draw(&config.membrane, geometry, seed),
            cadc: Cadc::draw(&config.cadc, geometry, seed),
            config,
        }
    }
}

/// The instance with registers and weights applied.
#[derive(Clone, Debug)]
pub(crate) struct Folded {
    tables: Vec<AmplitudeTable>,
    synrams: Vec<FoldedSynram>,
    columns: Vec<Column>,
    scratch: Scratch,
}

/// Effective weights of one synram (inputs × columns), in LSB per activation unit.
#[derive(Clone, Debug)]
struct FoldedSynram {
    net: Array2<f32>,
    total: Array2<f32>,
}

/// Everything that acts per column after the products.
#[derive(Clone, Copy, Debug)]
struct Column {
    /// Quadrant within the hemisphere.
    quadrant: usize,
    factor: [f32; 2],
    mismatch_growth: f32,
    drift_lsb_per_us: f32,
    membrane: Membrane,
    converter: Converter,
    constant_variance: f32,
    variance_per_us: f32,
}

/// Buffers of one block of vectors.
#[derive(Clone, Debug)]
struct Scratch {
    amplitudes: Array2<f32>,
    net: Array2<f32>,
    total: Array2<f32>,
    jitter: Vec<f32>,
    noise: Vec<f32>,
}

impl Folded {
    pub(crate) fn new(instance: &Instance, registers: &RegisterFile) -> Self {
        let geometry = instance.config.geometry;
        let (inputs, columns) = (geometry.inputs(), geometry.columns());
        let zeros = || Array2::zeros((inputs, columns));
        Self {
            tables: instance.drivers.tables(&instance.config.driver, registers),
            synrams: (0..geometry.hemispheres())
                .map(|_| FoldedSynram {
                    net: zeros(),
                    total: zeros(),
                })
                .collect(),
            columns: fold_columns(instance, registers),
            scratch: Scratch {
                amplitudes: Array2::zeros((BLOCK, inputs)),
                net: Array2::zeros((BLOCK, columns)),
                total: Array2::zeros((BLOCK, columns)),
                jitter: vec![0.0; inputs],
                noise: vec![0.0; columns],
            },
        }
    }

    /// Folds registers and all weights anew.
    pub(crate) fn refold(
        &mut self,
        instance: &Instance,
        registers: &RegisterFile,
        weights: &[Array2<i8>],
    ) {
        self.tables = instance.drivers.tables(&instance.config.driver, registers);
        self.columns = fold_columns(instance, registers);
        for (hemisphere, weights) in weights.iter().enumerate() {
            let region = Region::whole(instance.config.geometry, hemisphere);
            self.fold_weights(instance, region, weights.view());
        }
    }

    /// Folds a block of weights.
    pub(crate) fn fold_weights(
        &mut self,
        instance: &Instance,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) {
        let geometry = instance.config.geometry;
        let first = region.hemisphere * geometry.columns();
        let columns = &self.columns[first..][region.column_range()];
        let synram = &mut self.synrams[region.hemisphere];
        for (input, weights) in region.input_range().zip(weights.rows()) {
            let driver = region.hemisphere * geometry.inputs() + input;
            let mut net = synram.net.row_mut(input);
            let mut net = net.slice_mut(s![region.column_range()]);
            let mut total = synram.total.row_mut(input);
            let mut total = total.slice_mut(s![region.column_range()]);
            let (Some(net), Some(total)) = (net.as_slice_mut(), total.as_slice_mut()) else {
                unreachable!("rows of an owned array are contiguous");
            };
            instance.synapses.row_currents(
                driver,
                region.first_column,
                weights.iter().copied(),
                columns.iter().map(|c| c.mismatch_growth),
                net,
            );
            for ((net, total), column) in net.iter_mut().zip(total).zip(columns) {
                let sign = usize::from(*net < 0.0);
                *net *= column.factor[sign];
                *total = net.abs();
            }
        }
    }

    /// Runs a checked request and writes the CADC codes (vectors × columns of the region).
    pub(crate) fn run(
        &mut self,
        config: &ChipConfig,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        mut codes: ArrayViewMut2<'_, u8>,
    ) {
        let region = request.region;
        let driver = region.hemisphere * config.geometry.inputs() + region.first_input;
        let column = region.hemisphere * config.geometry.columns() + region.first_column;
        let pass = Pass::new(
            config,
            request,
            &self.tables[driver..driver + region.inputs],
            &self.columns[column..column + region.columns],
        );
        let synram = &self.synrams[region.hemisphere];
        let block_of = s![region.input_range(), region.column_range()];
        let (net_weights, total_weights) =
            (synram.net.slice(block_of), synram.total.slice(block_of));
        let scratch = &mut self.scratch;

        let blocks = activations
            .axis_chunks_iter(Axis(0), BLOCK)
            .zip(codes.axis_chunks_iter_mut(Axis(0), BLOCK));
        for (block, (activations, mut codes)) in blocks.enumerate() {
            let vectors = activations.nrows();
            let first_vector = request
                .trial
                .first_vector
                .wrapping_add((block * BLOCK) as u64);
            let mut amplitudes = scratch.amplitudes.slice_mut(s![..vectors, ..region.inputs]);
            for (v, (x, a)) in activations
                .rows()
                .into_iter()
                .zip(amplitudes.rows_mut())
                .enumerate()
            {
                let vector = first_vector.wrapping_add(v as u64);
                pass.amplitudes(vector, x, &mut scratch.jitter[..region.inputs], a);
            }
            let mut net = scratch.net.slice_mut(s![..vectors, ..region.columns]);
            let mut total = scratch.total.slice_mut(s![..vectors, ..region.columns]);
            general_mat_mul(1.0, &amplitudes, &net_weights, 0.0, &mut net);
            general_mat_mul(1.0, &amplitudes, &total_weights, 0.0, &mut total);
            for v in 0..vectors {
                let vector = first_vector.wrapping_add(v as u64);
                let events = activations.row(v).iter().filter(|&&x| x > 0).count();
                let noise = &mut scratch.noise[..region.columns];
                pass.read_out(
                    vector,
                    events,
                    net.row(v),
                    total.row(v),
                    noise,
                    codes.row_mut(v),
                );
            }
        }
    }
}

fn fold_columns(instance: &Instance, registers: &RegisterFile) -> Vec<Column> {
    let config = &instance.config;
    (0..Scope::Column.instances(config.geometry))
        .map(|column| {
            let factor =
                synapse::column_factor(&config.synapse, registers, config.geometry, column);
            let gain = |sign| {
                instance
                    .inputs
                    .gain_lsb(&config.ota, registers, column, sign)
            };
            let bias = ota::mean_bias(registers, column);
            let (constant_variance, variance_per_us) = config.noise.column_variance(bias);
            let quadrant = registers.quadrant_of(Scope::Column, column);
            Column {
                quadrant: quadrant % Scope::QUADRANTS_PER_HEMISPHERE,
                factor: Sign::BOTH.map(|sign| factor * gain(sign)),
                mismatch_growth: synapse::mismatch_growth(registers, quadrant),
                drift_lsb_per_us: instance.inputs.drift_lsb_per_us(registers, column),
                membrane: instance.membranes[column],
                converter: instance.cadc.converter(&config.cadc, registers, column),
                constant_variance,
                variance_per_us,
            }
        })
        .collect()
}

/// What is common to all vectors of a run.
struct Pass<'a> {
    config: &'a ChipConfig,
    tables: &'a [AmplitudeTable],
    columns: &'a [Column],
    region: Region,
    settings: RunSettings,
    jitter: NoiseStream,
    column_noise: NoiseStream,
    ramp_noise: NoiseStream,
}

impl<'a> Pass<'a> {
    fn new(
        config: &'a ChipConfig,
        request: &RunRequest,
        tables: &'a [AmplitudeTable],
        columns: &'a [Column],
    ) -> Self {
        let stream =
            |source| NoiseStream::new(request.trial, request.region.hemisphere, source as u64);
        Self {
            config,
            tables,
            columns,
            region: request.region,
            settings: request.settings,
            jitter: stream(NoiseSource::Jitter),
            column_noise: stream(NoiseSource::Column),
            ramp_noise: stream(NoiseSource::Ramp),
        }
    }

    /// Amplitudes of one vector, summed over the sends, with the jitter of each event.
    fn amplitudes(
        &self,
        vector: u64,
        activations: ArrayView1<'_, u8>,
        jitter: &mut [f32],
        mut amplitudes: ArrayViewMut1<'_, f32>,
    ) {
        let sends = self.settings.num_sends() as f32;
        let deviation = self.config.driver.jitter_activations * sends.sqrt();
        if deviation > 0.0 {
            self.jitter.fill(vector, self.region.first_input, jitter);
        }
        for (((a, &x), table), &mut j) in amplitudes
            .iter_mut()
            .zip(activations)
            .zip(self.tables)
            .zip(jitter)
        {
            let amplitude = table[usize::from(x)];
            let noise = if amplitude > 0.0 { deviation * j } else { 0.0 };
            *a = (sends * amplitude + noise).max(0.0);
        }
    }

    /// From the products of one vector to the codes of its columns.
    fn read_out(
        &self,
        vector: u64,
        events: usize,
        net: ArrayView1<'_, f32>,
        total: ArrayView1<'_, f32>,
        noise: &mut [f32],
        codes: ArrayViewMut1<'_, u8>,
    ) {
        let send_us = events as f32
            * self.settings.num_sends() as f32
            * self.settings.event_interval_us() as f32;
        let integration_us = send_us + READOUT_DELAY_US;
        let voltage_per_lsb = self.config.ota.voltage_per_lsb(send_us);
        self.column_noise
            .fill(vector, self.region.first_column, noise);
        let ramp_noise = self.ramp_noise(vector);

        Zip::from(codes)
            .and(net)
            .and(total)
            .and(ArrayView1::from(self.columns))
            .and(ArrayView1::from(&*noise))
            .for_each(|code, &net, &total, column, &noise| {
                let excitation = ota::compress(0.5 * (total + net), voltage_per_lsb);
                let inhibition = ota::compress(0.5 * (total - net), voltage_per_lsb);
                let drift = column.drift_lsb_per_us * integration_us;
                let swing = column
                    .membrane
                    .swing(excitation - inhibition + drift, integration_us);
                let deviation =
                    (column.constant_variance + column.variance_per_us * integration_us).sqrt();
                let noise = deviation * noise + ramp_noise[column.quadrant];
                *code = column.converter.convert(swing + noise);
            });
    }

    /// Noise common to the columns of each quadrant of the hemisphere, in LSB.
    fn ramp_noise(&self, vector: u64) -> [f32; Scope::QUADRANTS_PER_HEMISPHERE] {
        let mut noise = [0.0; Scope::QUADRANTS_PER_HEMISPHERE];
        self.ramp_noise.fill(vector, 0, &mut noise);
        noise.map(|n| n * self.config.noise.ramp_lsb)
    }
}
