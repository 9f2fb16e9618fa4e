//! From the products to the codes: everything that acts per column.
//!
//! What is cheap to split is kept as one array per parameter, so that the compiler can work on many
//! columns at once.

use std::ops::Range;

use bss2_core::{Region, Scope};

use crate::cadc::Converter;
use crate::instance::Instance;
use crate::membrane::Membrane;
use crate::ota;
use crate::registers::RegisterFile;
use crate::synapse::{self, Sign};

/// Parameters of all columns of a chip with registers applied.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    per_hemisphere: usize,
    /// Factor on the charge of the column's synapses: bias, distance.
    pub(super) charge_factor: Vec<f32>,
    /// Factor by which synapse mismatch has grown at a lower bias.
    pub(super) mismatch_growth: Vec<f32>,
    excitatory_gain_lsb: Vec<f32>,
    inhibitory_gain_lsb: Vec<f32>,
    drift_lsb_per_us: Vec<f32>,
    constant_variance: Vec<f32>,
    variance_per_us: Vec<f32>,
    membranes: Vec<Membrane>,
    converters: Vec<Converter>,
    /// Columns with a stuck code.
    stuck: Vec<(usize, u8)>,
}

/// What a column needs to know of how a vector was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// Time over which the membrane integrates.
    pub(super) integration_us: f32,
    /// Mean voltage of the synaptic line in units of the OTA's linear range, per unit of charge.
    pub(super) voltage_per_charge: f32,
}

impl Columns {
    pub(super) fn fold(instance: &Instance, registers: &RegisterFile) -> Self {
        let config = &instance.config;
        let count = Scope::Column.instances(config.geometry);
        let gain = |column, sign| {
            instance
                .inputs
                .gain_lsb(&config.ota, registers, column, sign)
        };
        let variance = |column| {
            let bias = ota::mean_bias(registers, column);
            config.noise.column_variance(bias)
        };
        Self {
            per_hemisphere: config.geometry.columns(),
            charge_factor: each(count, |column| {
                synapse::column_factor(&config.synapse, registers, config.geometry, column)
            }),
            excitatory_gain_lsb: each(count, |column| gain(column, Sign::Excitatory)),
            inhibitory_gain_lsb: each(count, |column| gain(column, Sign::Inhibitory)),
            mismatch_growth: each(count, |column| {
                let quadrant = registers.quadrant_of(Scope::Column, column);
                synapse::mismatch_growth(registers, quadrant)
            }),
            drift_lsb_per_us: each(count, |column| {
                instance.inputs.drift_lsb_per_us(registers, column)
            }),
            constant_variance: each(count, |column| variance(column).0),
            variance_per_us: each(count, |column| variance(column).1),
            membranes: instance.membranes.clone(),
            converters: each(count, |column| {
                instance.cadc.converter(&config.cadc, registers, column)
            }),
            stuck: (0..count)
                .filter_map(|column| Some((column, instance.cadc.stuck_code(column)?)))
                .collect(),
        }
    }

    /// Codes of one vector from its products, net and total, and the standard normals in `noise`,
    /// all of the region's columns. `ramp_noise` is that of each quadrant of the hemisphere.
    pub(super) fn read_out(
        &self,
        region: Region,
        timing: Timing,
        ramp_noise: [f32; Scope::QUADRANTS_PER_HEMISPHERE],
        [net, total]: [&[f32]; 2],
        noise: &[f32],
        codes: &mut [u8],
    ) {
        for (quadrant, ramp_noise) in ramp_noise.into_iter().enumerate() {
            let columns = self.columns_of(quadrant, region);
            let relative = columns.start - region.first_column..columns.end - region.first_column;
            let first = region.hemisphere * self.per_hemisphere;
            pulp::Arch::new().dispatch(ReadOut {
                columns: self,
                absolute: first + columns.start..first + columns.end,
                timing,
                ramp_noise,
                net: &net[relative.clone()],
                total: &total[relative.clone()],
                noise: &noise[relative.clone()],
                codes: &mut codes[relative],
            });
        }
        let first = region.hemisphere * self.per_hemisphere + region.first_column;
        for &(column, code) in &self.stuck {
            if let Some(stuck) = column.checked_sub(first).and_then(|c| codes.get_mut(c)) {
                *stuck = code;
            }
        }
    }

    /// The region's columns that belong to a quadrant of its hemisphere.
    fn columns_of(&self, quadrant: usize, region: Region) -> Range<usize> {
        let edge = |quadrant: usize| {
            let edge = (quadrant * self.per_hemisphere).div_ceil(Scope::QUADRANTS_PER_HEMISPHERE);
            edge.clamp(region.column_range().start, region.column_range().end)
        };
        edge(quadrant)..edge(quadrant + 1)
    }
}

/// One value per column.
fn each<T>(count: usize, value: impl Fn(usize) -> T) -> Vec<T> {
    (0..count).map(value).collect()
}

/// The readout of neighbouring columns of one quadrant, as a task that is compiled once per kind of
/// processor.
struct ReadOut<'a> {
    columns: &'a Columns,
    absolute: Range<usize>,
    timing: Timing,
    ramp_noise: f32,
    net: &'a [f32],
    total: &'a [f32],
    noise: &'a [f32],
    codes: &'a mut [u8],
}

impl pulp::WithSimd for ReadOut<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Self {
            columns,
            timing,
            ramp_noise,
            net,
            total,
            noise,
            codes,
            absolute,
        } = self;
        let count = codes.len();
        let (net, total, noise) = (&net[..count], &total[..count], &noise[..count]);
        let excitatory_gain = &columns.excitatory_gain_lsb[absolute.clone()][..count];
        let inhibitory_gain = &columns.inhibitory_gain_lsb[absolute.clone()][..count];
        let drift = &columns.drift_lsb_per_us[absolute.clone()][..count];
        let constant_variance = &columns.constant_variance[absolute.clone()][..count];
        let variance_per_us = &columns.variance_per_us[absolute.clone()][..count];
        let membranes = &columns.membranes[absolute.clone()][..count];
        let converters = &columns.converters[absolute][..count];
        let Timing {
            integration_us,
            voltage_per_charge,
        } = timing;
        for c in 0..count {
            let excitation = ota::compress(0.5 * (total[c] + net[c]), voltage_per_charge);
            let inhibition = ota::compress(0.5 * (total[c] - net[c]), voltage_per_charge);
            let signal = excitatory_gain[c] * excitation - inhibitory_gain[c] * inhibition
                + drift[c] * integration_us;
            let swing = membranes[c].swing(signal, integration_us);
            let deviation = (constant_variance[c] + variance_per_us[c] * integration_us).sqrt();
            codes[c] = converters[c].convert(swing + deviation * noise[c] + ramp_noise);
        }
    }
}
