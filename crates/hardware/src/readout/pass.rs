//! The readouts of one run, many vectors at once.

use std::ops::Range;

use bss2_core::random::NoiseStream;
use bss2_core::{CadcChannel, Region, Scope, Trial};

use super::Readout;
use crate::columns::part;
use crate::conversion::{Conversion, Convert};
use crate::model::of_equal_timing;
use crate::pass::Timing;
use crate::side_by_side::SideBySide;
use crate::stream::NoiseSource;

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

/// Some neighbouring vectors to be read.
pub(crate) struct ToRead<'a> {
    pub(crate) first_vector: u64,
    /// Timing of each vector.
    pub(crate) timings: &'a [Timing],
    /// The vectors, those of equal timing side by side.
    pub(crate) order: &'a [usize],
    /// Vectors × columns of the region.
    pub(crate) voltages: &'a [f32],
}

/// The noise of conversions: scratch memory, and deviations kept from vector to vector.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadoutNoise {
    /// Standard deviations of the columns' own noise in codes.
    deviations: Vec<f32>,
    /// Channels and integration time for which they hold.
    hold_for: Option<(CadcChannel, f32)>,
    /// Standard normals of vectors by quadrant.
    ramps: Vec<[f32; Scope::QUADRANTS_PER_HEMISPHERE]>,
    /// Standard normals of vectors by column.
    columns: Vec<f32>,
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

    /// The conversion by the channels that are read.
    #[inline(always)]
    fn conversion(&self) -> &'a Conversion {
        &self.readout.channels[self.channel as usize].conversion
    }

    /// The region's columns among those of the chip.
    #[inline(always)]
    fn columns_of_chip(&self) -> Range<usize> {
        let first = self.region.hemisphere * self.readout.per_hemisphere + self.region.first_column;
        first..first + self.region.columns
    }

    /// Codes of some vectors from their voltages (vectors × columns). One [`ReadoutNoise`] serves one
    /// run, both of its channels.
    pub(crate) fn convert(&self, read: &ToRead<'_>, noise: &mut ReadoutNoise, codes: &mut [u8]) {
        self.draw(read.first_vector, read.timings.len(), noise);
        for vectors in of_equal_timing(read.timings, read.order) {
            let integration_us = read.timings[vectors[0]].integration_us();
            let hold_for = Some((self.channel, integration_us));
            if noise.hold_for != hold_for {
                noise.hold_for = hold_for;
                pulp::Arch::new().dispatch(Deviations {
                    pass: self,
                    integration_us,
                    to: &mut noise.deviations,
                });
            }
            pulp::Arch::new().dispatch(ConvertAll {
                pass: self,
                vectors,
                voltages: read.voltages,
                noise,
                codes,
            });
        }
        let Range { start, end } = self.columns_of_chip();
        for &(column, code) in &self.readout.channels[self.channel as usize].stuck {
            if (start..end).contains(&column) {
                let of_column = codes.iter_mut().skip(column - start);
                of_column
                    .step_by(self.region.columns)
                    .for_each(|stuck| *stuck = code);
            }
        }
    }

    /// Draws the noise of some neighbouring vectors.
    fn draw(&self, first_vector: u64, vectors: usize, noise: &mut ReadoutNoise) {
        let Region {
            first_column,
            columns,
            ..
        } = self.region;
        noise.ramps.resize(vectors, Default::default());
        self.ramp_noise.fill_firsts(first_vector, &mut noise.ramps);
        noise.columns.resize(vectors * columns, 0.0);
        self.column_noise
            .fill_vectors(first_vector, first_column, columns, &mut noise.columns);
    }
}

impl ReadoutNoise {
    /// Prepares for a run.
    pub(crate) fn prepare(&mut self, columns: usize) {
        self.deviations.resize(columns, 0.0);
        self.hold_for = None;
    }
}

/// Standard deviations of the columns' own noise after a time of integration, in codes, as a task that
/// is compiled once per kind of processor.
struct Deviations<'a> {
    pass: &'a ReadoutPass<'a>,
    integration_us: f32,
    to: &'a mut [f32],
}

impl pulp::WithSimd for Deviations<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        match self.pass.moment {
            Moment::BothChannels => self.to.fill(self.pass.readout.noise.read.sqrt()),
            Moment::Baseline => self.fill(|_| 0.0),
            Moment::AboveBaseline => self.fill(|kept| 1.0 - kept),
            Moment::Result => self.fill(|kept| kept),
        }
        let columns = self.pass.columns_of_chip();
        let gain = part(&self.pass.conversion().gain, &columns, columns.len());
        for (deviation, gain) in self.to.iter_mut().zip(gain) {
            *deviation *= gain;
        }
    }
}

impl Deviations<'_> {
    /// `reset_share` tells which share of the reset's noise is seen where so much of it is left.
    #[inline(always)]
    fn fill(&mut self, reset_share: impl Fn(f32) -> f32) {
        let (noise, count) = (&self.pass.readout.noise, self.to.len());
        let columns = self.pass.columns_of_chip();
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
        // Mostly no column leaks much, and half of the work will do.
        if noise.largest_leak_per_us * time < LITTLE {
            for (c, to) in self.to.iter_mut().enumerate() {
                let (kept, remembered) = after_little(leaks[c] * time);
                *to = deviation(c, kept, remembered);
            }
        } else {
            for (c, to) in self.to.iter_mut().enumerate() {
                let (kept, remembered) = after(leaks[c] * time);
                *to = deviation(c, kept, remembered);
            }
        }
    }
}

/// Leak below which [`after_little`] is meant.
const LITTLE: f32 = 0.2;

/// exp(−x) and (1 − exp(−2x)) / 2x.
#[inline(always)]
fn after(x: f32) -> (f32, f32) {
    // Both, as a choice between numbers is one of vectors, too.
    let (little, much) = (after_little(x), after_much(x));
    if x < LITTLE { little } else { much }
}

/// [`after`] for a small x, to the third order.
#[inline(always)]
fn after_little(x: f32) -> (f32, f32) {
    let kept = 1.0 - x * (1.0 - x * (0.5 - x * (1.0 / 6.0)));
    let remembered = 1.0 - x * (1.0 - x * (2.0 / 3.0 - x * (1.0 / 3.0)));
    (kept, remembered)
}

/// [`after`] for a large one, exp(−x) with an error below 4·10⁻⁴ of 1, without a call to the library: the
/// eighth power of a polynomial, which would rise again beyond x = 8.
#[inline(always)]
fn after_much(x: f32) -> (f32, f32) {
    let eighth = 0.125 * x.min(8.0);
    let root = 1.0 - eighth * (1.0 - eighth * (0.5 - eighth * (1.0 / 6.0 - eighth * (1.0 / 24.0))));
    let fourth = root * root * (root * root);
    let kept = fourth * fourth;
    (kept, (1.0 - kept * kept) / (2.0 * x))
}

/// The conversion of vectors of equal timing, as a task that is compiled once per kind of processor.
struct ConvertAll<'a> {
    pass: &'a ReadoutPass<'a>,
    vectors: &'a [usize],
    voltages: &'a [f32],
    noise: &'a ReadoutNoise,
    codes: &'a mut [u8],
}

impl pulp::WithSimd for ConvertAll<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let ReadoutPass {
            readout, region, ..
        } = self.pass;
        let of_hemisphere = region.hemisphere * readout.per_hemisphere;
        for quadrant in 0..Scope::QUADRANTS_PER_HEMISPHERE {
            let columns = readout.columns_of(quadrant, *region);
            Convert {
                conversion: self.pass.conversion(),
                first_of_chip: of_hemisphere + columns.start,
                first: columns.start - region.first_column,
                columns: region.columns,
                vectors: self.vectors,
                voltages: self.voltages,
                ramp_lsb: readout.noise.ramp_lsb,
                ramps: &self.noise.ramps,
                quadrant,
                normals: &self.noise.columns,
                deviations: &self.noise.deviations,
                codes: self.codes,
            }
            .all(columns.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_forgotten_exponentially() {
        for x in (1..30_000).map(|i| 1e-3 * i as f32) {
            let (kept, remembered) = after(x);
            assert!((kept - (-x).exp()).abs() < 4e-4, "{x}");
            let exact = -(-2.0 * x).exp_m1() / (2.0 * x);
            assert!(
                (remembered - exact).abs() < 1e-3,
                "{x}: {remembered} {exact}"
            );
        }
    }
}
