//! The lumped model: everything linear is folded once, so that a batch is two matrix products.
//!
//! Weights and their mismatch fold into charges ([`synram`]), drivers into look-up tables. A batch
//! then takes one product for the net charge (excitation minus inhibition), one for their sum, from
//! which both follow, and per column the OTAs of both signs, drift, membrane, noise and CADC
//! ([`columns`]).

use bss2_core::random::NoiseStream;
use bss2_core::{Region, RunRequest, RunSettings, Scope};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};

use crate::config::ChipConfig;
use crate::driver::AmplitudeTable;
use crate::instance::Instance;
use crate::registers::RegisterFile;
use crate::stream::NoiseSource;

mod columns;
mod synram;

use columns::{Columns, Timing};
use synram::Synram;

/// Vectors that go through the products together; bounds the scratch memory.
const BLOCK: usize = 64;

/// A chip instance with registers and weights applied.
#[derive(Clone, Debug)]
pub(crate) struct Folded {
    tables: Vec<AmplitudeTable>,
    synrams: Vec<Synram>,
    columns: Columns,
    scratch: Scratch,
}

/// Buffers of one block of vectors.
#[derive(Clone, Debug)]
struct Scratch {
    amplitudes: Array2<f32>,
    net: Array2<f32>,
    total: Array2<f32>,
    noise: Vec<f32>,
    codes: Vec<u8>,
}

impl Folded {
    /// Folds the instance with all weights zero.
    pub(crate) fn new(instance: &Instance, registers: &RegisterFile) -> Self {
        let geometry = instance.config.geometry;
        let (inputs, columns) = (geometry.inputs(), geometry.columns());
        Self {
            tables: instance.drivers.tables(&instance.config.driver, registers),
            synrams: vec![Synram::zeros(inputs, columns); geometry.hemispheres()],
            columns: Columns::fold(instance, registers),
            scratch: Scratch {
                amplitudes: Array2::zeros((BLOCK, inputs)),
                net: Array2::zeros((BLOCK, columns)),
                total: Array2::zeros((BLOCK, columns)),
                noise: vec![0.0; inputs.max(columns)],
                codes: vec![0; columns],
            },
        }
    }

    /// Folds anew what registers have made stale.
    pub(crate) fn refold(
        &mut self,
        instance: &Instance,
        registers: &mut RegisterFile,
        weights: &[Array2<i8>],
    ) {
        let stale = registers.take_stale();
        if stale.drivers {
            self.tables = instance.drivers.tables(&instance.config.driver, registers);
        }
        if stale.columns || stale.synapses {
            self.columns = Columns::fold(instance, registers);
        }
        if !stale.synapses {
            return;
        }
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
        let synram = &mut self.synrams[region.hemisphere];
        synram.fold(instance, &self.columns, region, weights);
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
        let pass = Pass::new(config, request);
        let driver = region.hemisphere * config.geometry.inputs() + region.first_input;
        let tables = &self.tables[driver..driver + region.inputs];
        let (net_weights, total_weights) = self.synrams[region.hemisphere].block(region);
        let Scratch {
            amplitudes,
            net,
            total,
            noise,
            codes: row,
        } = &mut self.scratch;

        let blocks = activations
            .axis_chunks_iter(Axis(0), BLOCK)
            .zip(codes.axis_chunks_iter_mut(Axis(0), BLOCK));
        for (block, (activations, mut codes)) in blocks.enumerate() {
            let first_vector = request
                .trial
                .first_vector
                .wrapping_add((block * BLOCK) as u64);
            let vectors = activations.nrows();
            let mut amplitudes = amplitudes.slice_mut(s![..vectors, ..region.inputs]);
            let rows = activations.outer_iter().zip(amplitudes.outer_iter_mut());
            for (v, (x, mut a)) in rows.enumerate() {
                let vector = first_vector.wrapping_add(v as u64);
                let jitter = &mut noise[..region.inputs];
                pass.jitter(vector, jitter);
                let events = a.iter_mut().zip(x).zip(tables).zip(jitter);
                for (((a, &x), table), jitter) in events {
                    *a = pass.amplitude(table[usize::from(x)], *jitter);
                }
            }

            let mut net = net.slice_mut(s![..vectors, ..region.columns]);
            let mut total = total.slice_mut(s![..vectors, ..region.columns]);
            general_mat_mul(1.0, &amplitudes, &net_weights, 0.0, &mut net);
            general_mat_mul(1.0, &amplitudes, &total_weights, 0.0, &mut total);

            let products = net.outer_iter().zip(total.outer_iter());
            let rows = products
                .zip(activations.outer_iter())
                .zip(codes.outer_iter_mut());
            for (v, (((net, total), x), mut codes)) in rows.enumerate() {
                let vector = first_vector.wrapping_add(v as u64);
                let (Some(net), Some(total)) = (net.to_slice(), total.to_slice()) else {
                    unreachable!("rows of an owned array are contiguous");
                };
                let timing = pass.timing(x.iter().filter(|&&x| x > 0).count());
                let noise = &mut noise[..region.columns];
                pass.column_noise.fill(vector, region.first_column, noise);
                let row = &mut row[..region.columns];
                self.columns.read_out(
                    region,
                    timing,
                    pass.ramp_noise(vector),
                    [net, total],
                    noise,
                    row,
                );
                codes.iter_mut().zip(row).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

/// What is common to all vectors of a run.
struct Pass<'a> {
    config: &'a ChipConfig,
    region: Region,
    settings: RunSettings,
    jitter: NoiseStream,
    column_noise: NoiseStream,
    ramp_noise: NoiseStream,
}

impl<'a> Pass<'a> {
    fn new(config: &'a ChipConfig, request: &RunRequest) -> Self {
        let stream =
            |source| NoiseStream::new(request.trial, request.region.hemisphere, source as u64);
        Self {
            config,
            region: request.region,
            settings: request.settings,
            jitter: stream(NoiseSource::Jitter),
            column_noise: stream(NoiseSource::Column),
            ramp_noise: stream(NoiseSource::Ramp),
        }
    }

    /// Deviations of one vector's amplitudes, summed over the sends, in activation units.
    fn jitter(&self, vector: u64, jitter: &mut [f32]) {
        let deviation =
            self.config.driver.jitter_activations * (self.settings.num_sends() as f32).sqrt();
        if deviation == 0.0 {
            jitter.fill(0.0);
            return;
        }
        self.jitter.fill(vector, self.region.first_input, jitter);
        for jitter in jitter {
            *jitter *= deviation;
        }
    }

    /// Amplitude summed over the sends; a driver that sends nothing does not jitter either.
    #[inline(always)]
    fn amplitude(&self, amplitude: f32, jitter: f32) -> f32 {
        let sends = self.settings.num_sends() as f32;
        if amplitude > 0.0 {
            (sends * amplitude + jitter).max(0.0)
        } else {
            0.0
        }
    }

    fn timing(&self, events: usize) -> Timing {
        let send_us = events as f32
            * self.settings.num_sends() as f32
            * self.settings.event_interval_us() as f32;
        Timing {
            integration_us: send_us + RunSettings::READOUT_DELAY_US as f32,
            voltage_per_charge: self.config.ota.voltage_per_charge(send_us),
        }
    }

    /// Noise common to the columns of each quadrant of the hemisphere, in LSB.
    fn ramp_noise(&self, vector: u64) -> [f32; Scope::QUADRANTS_PER_HEMISPHERE] {
        let mut noise = [0.0; Scope::QUADRANTS_PER_HEMISPHERE];
        self.ramp_noise.fill(vector, 0, &mut noise);
        noise.map(|n| n * self.config.noise.ramp_lsb)
    }
}
