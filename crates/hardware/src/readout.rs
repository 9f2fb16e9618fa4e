//! From voltages to codes: the readout amplifier, noise and the CADC, the same for both models.

use std::ops::Range;

use bss2_core::random::NoiseStream;
use bss2_core::{CadcChannel, PulseRequest, ReadoutSource, Region, Scope, Trial};

use crate::cadc::{Cadc, Converter};
use crate::capmem::CapMemConfig;
use crate::columns::{Columns, each, part};
use crate::conditions::Conditions;
use crate::instance::Instance;
use crate::membrane::{self, Ends, reset_strength, soft_ends};
use crate::ota;
use crate::registers::RegisterFile;
use crate::side_by_side::{SideBySide, block};
use crate::stream::NoiseSource;

/// Parameters of all columns' readout, with registers and conditions applied.
#[derive(Clone, Debug)]
pub(crate) struct Readout {
    per_hemisphere: usize,
    floor: Vec<f32>,
    ceiling: Vec<f32>,
    floor_softness: f32,
    ceiling_softness: f32,
    /// What the amplifier makes of the nominal reset potential.
    at_reset: Vec<f32>,
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
    gain: Vec<f32>,
    baseline: Vec<f32>,
    bow: Vec<f32>,
    s_shape: Vec<f32>,
    digital_offset: Vec<f32>,
    /// Columns with a stuck code.
    stuck: Vec<(usize, u8)>,
}

/// Which of a vector's two conversions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Right after the reset, for a measured baseline.
    Baseline,
    /// After the events, less a measured baseline, in which the reset's noise is the same.
    AboveBaseline,
    /// After the events.
    Result,
    /// After the events, once the noise that both channels see is part of the voltages.
    BothChannels,
}

/// The readouts of one run.
#[derive(Clone, Copy)]
pub(crate) struct ReadoutPass<'a> {
    readout: &'a Readout,
    channel: CadcChannel,
    region: Region,
    moment: Moment,
    column_noise: NoiseStream,
    ramp_noise: NoiseStream,
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
        Self {
            per_hemisphere: config.geometry.columns(),
            floor: of_shown(|membrane| membrane.ends.floor),
            ceiling: of_shown(|membrane| membrane.ends.ceiling),
            floor_softness,
            ceiling_softness,
            at_reset: shown
                .iter()
                .map(|membrane| soft_ends(0.0, membrane.ends, floor_softness, ceiling_softness))
                .collect(),
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
            channels: CadcChannel::BOTH.map(|channel| {
                Channels::fold(
                    &instance.cadc,
                    &config.capmem,
                    registers,
                    config.geometry.columns(),
                    count,
                    channel,
                )
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

    /// Adds the noise of what is read after a time of integration, which both channels of a column
    /// see, to the voltages of one repetition of simultaneous pulses.
    pub(crate) fn disturb(
        &self,
        request: &PulseRequest,
        repetition: u64,
        integration_us: f32,
        voltages: &mut [f32],
    ) {
        let PulseRequest { region, trial, .. } = *request;
        let stream = NoiseStream::new(trial, region.hemisphere, NoiseSource::Membrane as u64);
        let vector = trial.first_vector.wrapping_add(repetition);
        let mut normals = vec![0.0; voltages.len()];
        stream.fill(vector, region.first_column, &mut normals);
        let first = region.hemisphere * self.per_hemisphere + region.first_column;
        for ((column, voltage), normal) in (first..).zip(voltages).zip(normals) {
            let leaks = self.noise.leak_per_us[column] * integration_us;
            let kept = (-leaks).exp();
            let remembered = remembered(leaks);
            let variance = self.noise.line[column]
                + self.noise.reset[column] * kept * kept
                + self.noise.per_us[column] * integration_us * remembered;
            *voltage += variance.sqrt() * normal;
        }
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

/// Share of the variance of white noise that a membrane still remembers after a time in which it
/// leaked by exp(−x): (1 − exp(−2x)) / 2x.
fn remembered(x: f32) -> f32 {
    if x < 1e-4 {
        1.0 - x
    } else {
        -(-2.0 * x).exp_m1() / (2.0 * x)
    }
}

impl Channels {
    fn fold(
        cadc: &Cadc,
        capmem: &CapMemConfig,
        registers: &RegisterFile,
        per_hemisphere: usize,
        count: usize,
        kind: CadcChannel,
    ) -> Self {
        let channel = |column: usize| {
            let (hemisphere, column) = (column / per_hemisphere, column % per_hemisphere);
            (2 * hemisphere + kind as usize) * per_hemisphere + column
        };
        let converters: Vec<Converter> = each(count, |column| {
            cadc.converter(capmem, registers, channel(column))
        });
        let part = |part: fn(&Converter) -> f32| converters.iter().map(part).collect();
        Self {
            gain: part(|converter| converter.gain),
            baseline: part(|converter| converter.baseline),
            bow: part(|converter| converter.bow),
            s_shape: part(|converter| converter.s_shape),
            digital_offset: part(|converter| converter.digital_offset),
            stuck: (0..count)
                .filter_map(|column| Some((column, cadc.stuck_code(channel(column))?)))
                .collect(),
        }
    }
}

impl<'a> ReadoutPass<'a> {
    pub(crate) fn new(
        readout: &'a Readout,
        channel: CadcChannel,
        region: Region,
        trial: Trial,
        moment: Moment,
    ) -> Self {
        /// Sources of the acausal channels' noise lie this far from those of the causal ones.
        const ACAUSAL: u64 = 1 << 32;
        let stream = |source: NoiseSource| {
            let source = source as u64 + channel as u64 * ACAUSAL;
            NoiseStream::new(trial, region.hemisphere, source)
        };
        let (column, ramp) = match moment {
            Moment::Baseline => (NoiseSource::BaselineColumn, NoiseSource::BaselineRamp),
            Moment::AboveBaseline | Moment::Result | Moment::BothChannels => {
                (NoiseSource::Column, NoiseSource::Ramp)
            }
        };
        Self {
            readout,
            channel,
            region,
            moment,
            column_noise: stream(column),
            ramp_noise: if moment == Moment::BothChannels {
                // One ramp for both.
                NoiseStream::new(trial, region.hemisphere, ramp as u64)
            } else {
                stream(ramp)
            },
        }
    }

    /// Codes of one vector from its voltages, all of the region's columns. Its ramps' noise has been
    /// [drawn](ColumnNoise::draw_ramps).
    pub(crate) fn convert(
        &self,
        vector: u64,
        integration_us: f32,
        voltages: &[f32],
        noise: &mut ColumnNoise,
        codes: &mut [u8],
    ) {
        let region = self.region;
        if noise.after_us != Some(integration_us) {
            noise.after_us = Some(integration_us);
            pulp::Arch::new().dispatch(Deviations {
                pass: self,
                integration_us,
                to: &mut noise.deviations,
            });
        }
        let ColumnNoise {
            normals,
            deviations,
            ramps,
            ..
        } = noise;
        self.column_noise.fill(vector, region.first_column, normals);
        pulp::Arch::new().dispatch(Convert {
            pass: self,
            ramps: ramps.of(vector),
            voltages,
            normals,
            deviations,
            codes,
        });
        let first = region.hemisphere * self.readout.per_hemisphere;
        let first = first + region.first_column;
        for &(column, code) in &self.readout.channels[self.channel as usize].stuck {
            if let Some(stuck) = column.checked_sub(first).and_then(|c| codes.get_mut(c)) {
                *stuck = code;
            }
        }
    }
}

/// The columns' own noise: scratch memory, and deviations kept from vector to vector.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnNoise {
    normals: Vec<f32>,
    /// Standard deviations in LSB.
    deviations: Vec<f32>,
    /// Integration time for which they hold.
    after_us: Option<f32>,
    ramps: Ramps,
}

/// Standard normals of the ramps' noise of some neighbouring vectors.
#[derive(Clone, Debug, Default)]
struct Ramps {
    first_vector: u64,
    /// By vector, then quadrant.
    normals: Vec<[f32; Scope::QUADRANTS_PER_HEMISPHERE]>,
}

impl Ramps {
    fn of(&self, vector: u64) -> [f32; Scope::QUADRANTS_PER_HEMISPHERE] {
        self.normals[vector.wrapping_sub(self.first_vector) as usize]
    }
}

impl ColumnNoise {
    /// Prepares for a run.
    pub(crate) fn prepare(&mut self, columns: usize) {
        self.normals.resize(columns, 0.0);
        self.deviations.resize(columns, 0.0);
        self.after_us = None;
    }

    /// Draws the ramps' noise of some neighbouring vectors, side by side.
    pub(crate) fn draw_ramps(&mut self, pass: &ReadoutPass<'_>, first_vector: u64, vectors: usize) {
        let Ramps { normals, .. } = &mut self.ramps;
        normals.resize(vectors, Default::default());
        pass.ramp_noise.fill_firsts(first_vector, normals);
        self.ramps.first_vector = first_vector;
    }
}

/// Standard deviations of the columns' own noise after a time of integration, in LSB, as a task that
/// is compiled once per kind of processor.
struct Deviations<'a> {
    pass: &'a ReadoutPass<'a>,
    integration_us: f32,
    to: &'a mut [f32],
}

impl pulp::WithSimd for Deviations<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        match self.pass.moment {
            Moment::BothChannels => self.to.fill(self.pass.readout.noise.read.sqrt()),
            Moment::Baseline => self.fill(|_| 0.0),
            Moment::AboveBaseline => self.fill(|kept| 1.0 - kept),
            Moment::Result => self.fill(|kept| kept),
        }
    }
}

impl Deviations<'_> {
    /// `reset_share` tells which share of the reset's noise is seen where so much of it is left.
    #[inline(always)]
    fn fill(self, reset_share: impl Fn(f32) -> f32) {
        let ReadoutPass {
            readout, region, ..
        } = self.pass;
        let (noise, count) = (&readout.noise, self.to.len());
        let first = region.hemisphere * readout.per_hemisphere + region.first_column;
        let columns = first..first + count;
        let leaks = part(&noise.leak_per_us, &columns, count);
        let (line, reset) = (
            part(&noise.line, &columns, count),
            part(&noise.reset, &columns, count),
        );
        let per_us = part(&noise.per_us, &columns, count);
        let time = self.integration_us;
        let deviation = |c: usize, kept: f32, remembered: f32| {
            let share = reset_share(kept);
            let variance =
                noise.read + line[c] + reset[c] * share * share + per_us[c] * time * remembered;
            variance.sqrt()
        };
        // exp(−x) and (1 − exp(−2x)) / 2x
        if noise.largest_leak_per_us * time < 0.2 {
            for (c, to) in self.to.iter_mut().enumerate() {
                let x = leaks[c] * time;
                let kept = 1.0 - x * (1.0 - x * (0.5 - x * (1.0 / 6.0)));
                let remembered = 1.0 - x * (1.0 - x * (2.0 / 3.0 - x * (1.0 / 3.0)));
                *to = deviation(c, kept, remembered);
            }
        } else {
            for (c, to) in self.to.iter_mut().enumerate() {
                let x = leaks[c] * time;
                *to = deviation(c, (-x).exp(), -(-2.0 * x).exp_m1() / (2.0 * x));
            }
        }
    }
}

/// The conversion of a vector, as a task that is compiled once per kind of processor.
struct Convert<'a> {
    pass: &'a ReadoutPass<'a>,
    ramps: [f32; Scope::QUADRANTS_PER_HEMISPHERE],
    voltages: &'a [f32],
    normals: &'a [f32],
    deviations: &'a [f32],
    codes: &'a mut [u8],
}

impl pulp::WithSimd for Convert<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let ReadoutPass {
            readout,
            channel,
            region,
            ..
        } = *self.pass;
        let of_hemisphere = region.hemisphere * readout.per_hemisphere;
        for (quadrant, ramp_normal) in self.ramps.into_iter().enumerate() {
            let columns = readout.columns_of(quadrant, region);
            let here = columns.start - region.first_column..columns.end - region.first_column;
            ConvertQuadrant {
                readout,
                channels: &readout.channels[channel as usize],
                first_of_chip: of_hemisphere + columns.start,
                ramp_noise: ramp_normal * readout.noise.ramp_lsb,
                voltages: &self.voltages[here.clone()],
                normals: &self.normals[here.clone()],
                deviations: &self.deviations[here.clone()],
                codes: &mut self.codes[here.clone()],
            }
            .all(here.len());
        }
    }
}

/// The conversion of those columns of a vector that belong to one quadrant.
struct ConvertQuadrant<'a> {
    readout: &'a Readout,
    channels: &'a Channels,
    /// The first column among those of the chip.
    first_of_chip: usize,
    ramp_noise: f32,
    voltages: &'a [f32],
    normals: &'a [f32],
    deviations: &'a [f32],
    codes: &'a mut [u8],
}

impl SideBySide for ConvertQuadrant<'_> {
    #[inline(always)]
    fn block<const COUNT: usize>(&mut self, first: usize) {
        let voltages = block::<_, COUNT>(self.voltages, first);
        let normals = block::<_, COUNT>(self.normals, first);
        let deviations = block::<_, COUNT>(self.deviations, first);
        let of_chip = self.first_of_chip + first;
        let Readout {
            floor_softness,
            ceiling_softness,
            ..
        } = *self.readout;
        let floor = block::<_, COUNT>(&self.readout.floor, of_chip);
        let ceiling = block::<_, COUNT>(&self.readout.ceiling, of_chip);
        let at_reset = block::<_, COUNT>(&self.readout.at_reset, of_chip);
        let gain = block::<_, COUNT>(&self.channels.gain, of_chip);
        let baseline = block::<_, COUNT>(&self.channels.baseline, of_chip);
        let bow = block::<_, COUNT>(&self.channels.bow, of_chip);
        let s_shape = block::<_, COUNT>(&self.channels.s_shape, of_chip);
        let digital_offset = block::<_, COUNT>(&self.channels.digital_offset, of_chip);
        let mut codes = [0; COUNT];
        for c in 0..COUNT {
            let ends = Ends {
                floor: floor[c],
                ceiling: ceiling[c],
            };
            let amplified = soft_ends(voltages[c], ends, floor_softness, ceiling_softness);
            let converter = Converter {
                gain: gain[c],
                baseline: baseline[c],
                bow: bow[c],
                s_shape: s_shape[c],
                digital_offset: digital_offset[c],
            };
            let noise = deviations[c] * normals[c] + self.ramp_noise;
            codes[c] = converter.convert(amplified - at_reset[c] + noise);
        }
        self.codes[first..first + COUNT].copy_from_slice(&codes);
    }
}
