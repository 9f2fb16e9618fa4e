//! From voltages to codes: the readout amplifier, noise and the CADC, the same for both models.

mod pass;

use std::ops::Range;

use bss2_core::random::NoiseStream;
use bss2_core::{CadcChannel, ReadoutSource, Region, Scope, Trial};

use crate::cadc::Converter;
use crate::columns::{Columns, each};
use crate::conditions::Conditions;
use crate::conversion::Conversion;
use crate::instance::Instance;
use crate::membrane::{self, Ends, reset_strength, soft_ends};
use crate::ota;
use crate::registers::RegisterFile;
use crate::stream::NoiseSource;

pub(crate) use pass::{Moment, ReadoutNoise, ReadoutPass, ToRead};

/// Parameters of all columns' readout, with registers and conditions applied.
#[derive(Clone, Debug)]
pub(crate) struct Readout {
    per_hemisphere: usize,
    /// Squared widths of the amplifiers' knees.
    floor_softness: f32,
    ceiling_softness: f32,
    /// Whatever the columns show.
    membranes: Vec<Membrane>,
    noise: Noise,
    channels: [Channels; 2],
}

/// What a column's membrane adds to a readout: where its amplifier ends, and the variances of its
/// noise in LSB².
#[derive(Clone, Copy, Debug)]
struct Membrane {
    ends: Ends,
    /// Of the reset.
    reset: f32,
    /// Of OTAs and membrane, per µs of integration.
    per_us: f32,
}

impl Membrane {
    /// Where something else is read.
    const UNSEEN: Self = Self {
        ends: Ends::FAR,
        reset: 0.0,
        per_us: 0.0,
    };
}

/// Variances of the noise, by column of the chip, in LSB².
#[derive(Clone, Debug)]
struct Noise {
    /// Of every conversion.
    read: f32,
    /// Of a line's voltage.
    line: Vec<f32>,
    /// Of the reset.
    reset: Vec<f32>,
    /// Of OTAs and membrane, per µs of integration.
    per_us: Vec<f32>,
    /// Rate at which the membrane forgets its noise.
    leak_per_us: Vec<f32>,
    largest_leak_per_us: f32,
    /// Standard deviation of the ramps' noise, in LSB.
    ramp_lsb: f32,
    /// Standard deviation of a trace's samples, in LSB.
    trace_lsb: f32,
}

/// The CADC channels of one kind, by column of the chip.
#[derive(Clone, Debug)]
struct Channels {
    conversion: Conversion,
    /// Columns with a stuck code.
    stuck: Vec<(usize, u8)>,
}

impl Readout {
    pub(crate) fn fold(
        instance: &Instance,
        registers: &RegisterFile,
        conditions: &Conditions,
        columns: &Columns,
    ) -> Self {
        let config = &instance.config;
        let count = Scope::Column.instances(config.geometry);
        let per_hemisphere = config.geometry.columns();
        let floor_softness = config.membrane.floor_softness_lsb.powi(2);
        let ceiling_softness = config.membrane.ceiling_softness_lsb.powi(2);
        let variance = |lsb: f32| (lsb * conditions.noise()).powi(2);
        let noise = &config.noise;
        let membranes = each(count, |column| Membrane {
            ends: instance.membranes.ends(column),
            reset: variance(noise.reset_lsb) / reset_strength(registers, column),
            per_us: variance(noise.integration_lsb_per_sqrt_us) * ota::mean_bias(registers, column)
                / membrane::capacitance(&config.membrane, registers, column).powi(2),
        });
        let shown = each(count, |column| match columns.source[column] {
            ReadoutSource::Membrane => membranes[column],
            ReadoutSource::ExcitatoryLine
            | ReadoutSource::InhibitoryLine
            | ReadoutSource::DebugLine => Membrane::UNSEEN,
        });
        let of_shown = |part: fn(&Membrane) -> f32| shown.iter().map(part).collect();
        let ends: Vec<Ends> = shown.iter().map(|membrane| membrane.ends).collect();
        Self {
            per_hemisphere,
            floor_softness,
            ceiling_softness,
            membranes,
            noise: Noise {
                read: variance(noise.read_lsb),
                line: each(count, |column| match columns.source[column] {
                    ReadoutSource::Membrane | ReadoutSource::DebugLine => 0.0,
                    ReadoutSource::ExcitatoryLine | ReadoutSource::InhibitoryLine => {
                        variance(noise.line_lsb)
                    }
                }),
                reset: of_shown(|membrane| membrane.reset),
                per_us: of_shown(|membrane| membrane.per_us),
                leak_per_us: columns.leak_per_us.clone(),
                largest_leak_per_us: columns.leak_per_us.iter().copied().fold(0.0, f32::max),
                ramp_lsb: noise.ramp_lsb * conditions.noise(),
                trace_lsb: noise.trace_lsb * conditions.noise(),
            },
            channels: CadcChannel::BOTH.map(|kind| {
                let channel = |column: usize| {
                    let (hemisphere, column) = (column / per_hemisphere, column % per_hemisphere);
                    (2 * hemisphere + kind as usize) * per_hemisphere + column
                };
                let converters: Vec<Converter> = each(count, |column| {
                    instance
                        .cadc
                        .converter(&config.capmem, registers, channel(column))
                });
                let stuck = |column| Some((column, instance.cadc.stuck_code(channel(column))?));
                Channels {
                    conversion: Conversion::fold(
                        &ends,
                        floor_softness,
                        ceiling_softness,
                        &converters,
                    ),
                    stuck: (0..count).filter_map(stuck).collect(),
                }
            }),
        }
    }

    /// The part of the columns of a region's hemisphere that belongs to a quadrant, as a range of
    /// the hemisphere's columns.
    fn columns_of(&self, quadrant: usize, region: Region) -> Range<usize> {
        let edge = |quadrant: usize| {
            let edge = (quadrant * self.per_hemisphere).div_ceil(Scope::QUADRANTS_PER_HEMISPHERE);
            edge.clamp(region.column_range().start, region.column_range().end)
        };
        edge(quadrant)..edge(quadrant + 1)
    }

    /// Standard deviations of the noise of what is read after a time of integration, which both channels
    /// of a column see, by column of the region, in LSB.
    pub(crate) fn common_deviations_lsb(&self, region: Region, integration_us: f32) -> Vec<f32> {
        let first = region.hemisphere * self.per_hemisphere;
        let deviation = |column: usize| {
            let leaks = self.noise.leak_per_us[column] * integration_us;
            let kept = (-leaks).exp();
            let variance = self.noise.line[column]
                + self.noise.reset[column] * kept * kept
                + self.noise.per_us[column] * integration_us * remembered(leaks);
            variance.sqrt()
        };
        let columns = region.column_range();
        columns.map(|column| deviation(first + column)).collect()
    }

    /// Turns the noiseless voltages of a trace into what an ADC records of them.
    pub(crate) fn record_trace(
        &self,
        column: usize,
        source: ReadoutSource,
        trial: Trial,
        hemisphere: usize,
        interval_us: f32,
        samples_lsb: &mut [f32],
    ) {
        let stream = NoiseStream::new(trial, hemisphere, NoiseSource::Trace as u64);
        // Two normals per sample, and one for the reset, in a vector of their own per column.
        let mut normals = vec![0.0; 2 * samples_lsb.len() + 1];
        let vector = trial.first_vector ^ ((column as u64) << 32);
        stream.fill(vector, 0, &mut normals);
        let Membrane {
            ends,
            reset,
            per_us,
        } = match source {
            ReadoutSource::Membrane => self.membranes[column],
            _ => Membrane::UNSEEN,
        };
        let soft = |v| soft_ends(v, ends, self.floor_softness, self.ceiling_softness);
        let at_reset = soft(0.0);
        let leaks = self.noise.leak_per_us[column] * interval_us;
        let kept = (-leaks).exp();
        let grown = (per_us * interval_us * remembered(leaks)).sqrt();
        let mut wander = reset.sqrt() * normals[0];
        for (sample, normals) in samples_lsb.iter_mut().zip(normals[1..].as_chunks().0) {
            let [integrated, read]: [f32; 2] = *normals;
            *sample = soft(*sample + wander) - at_reset + self.noise.trace_lsb * read;
            wander = wander * kept + grown * integrated;
        }
    }
}

/// Adds the noise that both channels of a column see to the voltages (vectors × columns of the region) of
/// neighbouring vectors, given its [deviations](Readout::common_deviations_lsb).
pub(crate) fn disturb(region: Region, trial: Trial, deviations_lsb: &[f32], voltages: &mut [f32]) {
    let stream = NoiseStream::new(trial, region.hemisphere, NoiseSource::Membrane as u64);
    let mut normals = vec![0.0; voltages.len()];
    let (first, columns) = (region.first_column, region.columns);
    stream.fill_vectors(trial.first_vector, first, columns, &mut normals);
    let rows = voltages.chunks_mut(columns).zip(normals.chunks(columns));
    for (voltages, normals) in rows {
        let noise = deviations_lsb.iter().zip(normals);
        for (voltage, (deviation, normal)) in voltages.iter_mut().zip(noise) {
            *voltage += deviation * normal;
        }
    }
}

/// Share of the variance of white noise that a membrane still remembers after a time in which it
/// leaked by exp(−x): (1 − exp(−2x)) / 2x.
fn remembered(x: f32) -> f32 {
    if x < 1e-4 {
        1.0 - x
    } else {
        -(-2.0 * x).exp_m1() / (2.0 * x)
    }
}
