//! The lumped model: everything linear is folded once, so that a batch is one matrix product.
//!
//! A unit of charge that reaches a line a time r before the readout has become a membrane signal of
//! s·τ_syn·f(r) by then, with
//!
//! f(r) = (exp(−λr) − exp(−r/τ_syn)) / (1 − λτ_syn).
//!
//! The matrix holds s·τ_syn and the charges; f belongs to the event, with the hemisphere's mean λ
//! and τ_syn, and a column's deviation from those is a factor per column, from the mean time before
//! the readout. Leak and drift add what they would without events.
//!
//! An OTA that saturates loses q − q·tanh(u)/u of its charge. The third moment of the course that the
//! line's charge takes gives the effective u = q·k, k² = ∫v³ / (q_lin²·∫v·(∫v)²), exact to third
//! order ([`course`]); where a column's charge lies among the inputs ([`profile`]) tells over which
//! part of the sending it is spread. (That is the correction for saturation; it follows from the
//! transient model's equations rather than from a fit.) The charges q of both signs follow from the
//! signal and an estimate of their sum, made for groups of eight columns: every fourth of a panel of 32,
//! whether they are read or not. Where the loss is more than a quarter of an LSB, the sum is computed, with
//! another matrix product ([`finish`]).
//!
//! What registers and conditions make of a [`hemisphere`] holds until they change. What the weights of a
//! region come to is its [`image`]: it is made when the region is run, and some are [kept](images), as
//! layers that do not fit are loaded in parts, again and again.
//!
//! Lines that are read themselves are linear but for their neighbours' decay: their charge is followed
//! from event to event, column by column ([`lines`]).
//!
//! An output is reported as doubtful where these corrections are so large that their own error may
//! exceed 3 LSB.

use bss2_core::product::FixedRows;
use bss2_core::{Buffer, ReadoutSource, Region};
use ndarray::ArrayViewMut2;

use crate::buffers::{slice, slice_mut};
use crate::circuit::Circuit;
use crate::model::{self, Batch, Model, Prepared, of_equal_timing};
use crate::pass::Pass;
use crate::synapse::{PANEL, Sign};

mod course;
mod events;
mod finish;
mod hemisphere;
mod image;
mod images;
mod lines;
mod profile;

use course::Course;
use events::Events;
use finish::{Finish, Found};
use hemisphere::Hemisphere;
pub(crate) use image::Image;
use image::Place;
use images::Images;
use lines::Lines;

/// Groups of columns in each panel, which share an estimate of their total charge: each has every fourth
/// column, such that sums over groups are sums of vectors.
const GROUPS: usize = 4;

/// Fewest vectors that are worth a thread of their own.
const VECTORS_AT_ONCE: usize = 24;

/// Estimated loss to saturation beyond which it is computed exactly, in LSB.
const EXACT_BEYOND_LSB: f32 = 0.25;

/// The lumped model with its matrices.
#[derive(Clone, Debug)]
pub(crate) struct Lumped {
    hemispheres: Vec<Hemisphere>,
    /// By hemisphere.
    images: Vec<Images>,
}

/// Buffers of one block of vectors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    amplitudes: Buffer<f32>,
    /// The same, for products.
    sent: FixedRows,
    signal: Buffer<f32>,
    totals: Buffer<f32>,
    group_totals: Buffer<f32>,
    events: Events,
    course: Course,
    lines: Lines,
    /// Vectors among which, of equal timing, some output saturates.
    saturated: Vec<usize>,
}

impl Lumped {
    pub(crate) fn new(circuit: &Circuit) -> Self {
        let hemispheres = 0..circuit.geometry.hemispheres();
        Self {
            images: vec![Images::new(); hemispheres.len()],
            hemispheres: hemispheres.map(|h| Hemisphere::new(circuit, h)).collect(),
        }
    }
}

impl Model for Lumped {
    fn fold(&mut self, circuit: &Circuit, hemisphere: usize) {
        self.hemispheres[hemisphere] = Hemisphere::new(circuit, hemisphere);
        self.images[hemisphere].clear();
    }

    fn prepare(&mut self, circuit: &mut Circuit, region: Region) -> Prepared {
        let hemisphere = region.hemisphere;
        let sources = &circuit.columns.source[circuit.columns_of_chip(region)];
        let image = sources.contains(&ReadoutSource::Membrane).then(|| {
            let of = &self.hemispheres[hemisphere];
            self.images[hemisphere].find(circuit, of, &Place::of(region))
        });
        if reads_lines(circuit, region) {
            circuit.charge(region);
        }
        Prepared { image }
    }

    fn looks_ahead(&self, circuit: &Circuit, region: Region) -> bool {
        !reads_lines(circuit, region)
    }

    fn vectors_at_once(&self) -> usize {
        VECTORS_AT_ONCE
    }

    fn voltages(
        &self,
        prepared: &Prepared,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        scratch: &mut model::Scratch,
        mut voltages: ArrayViewMut2<'_, f32>,
    ) -> u64 {
        let Pass {
            circuit, region, ..
        } = *pass;
        let scratch = &mut scratch.lumped;
        let hemisphere = &self.hemispheres[region.hemisphere];
        let sources = &circuit.columns.source[circuit.columns_of_chip(region)];
        let mut doubtful = 0;
        if let Some(image) = &prepared.image {
            let voltages = voltages.view_mut();
            doubtful += membranes(hemisphere, image, scratch, pass, batch, voltages);
        }
        for sign in Sign::BOTH {
            if sources.contains(&sign.line()) {
                let Scratch {
                    amplitudes, events, ..
                } = scratch;
                let mut amplitudes = amplitudes.shaped(batch.activations.dim());
                events.prepare(pass, &hemisphere.on_lines(sign));
                events.send_all(pass, batch, amplitudes.view_mut());
                let lines = &mut scratch.lines;
                lines.read(pass, batch, sign, amplitudes.view(), voltages.view_mut());
            }
        }
        for (c, source) in sources.iter().enumerate() {
            if *source == ReadoutSource::DebugLine {
                let column = circuit.column_of_chip(region.hemisphere, region.first_column + c);
                let debug = circuit.columns.voltage_lsb(column, *source, 0.0, [0.0; 2]);
                voltages.column_mut(c).fill(debug);
            }
        }
        doubtful
    }
}

/// Whether any synaptic line of a region is read.
fn reads_lines(circuit: &Circuit, region: Region) -> bool {
    let mut sources = circuit.columns.source[circuit.columns_of_chip(region)].iter();
    sources.any(|source| Sign::BOTH.iter().any(|sign| sign.line() == *source))
}

/// Computes the voltages of all membranes of a region, whether they are read or not.
fn membranes(
    hemisphere: &Hemisphere,
    image: &Image,
    scratch: &mut Scratch,
    pass: &Pass<'_>,
    batch: &Batch<'_>,
    mut voltages: ArrayViewMut2<'_, f32>,
) -> u64 {
    let region = pass.region;
    let vectors = batch.timings.len();
    let shape = (vectors, region.columns);
    let mut amplitudes = scratch.amplitudes.shaped(batch.activations.dim());
    scratch.events.prepare(pass, &hemisphere.on_membranes());
    scratch.events.send_all(pass, batch, amplitudes.view_mut());

    debug_assert!(
        image.lies(&Place::of(region)),
        "it was found for the region"
    );
    let mut signal = scratch.signal.shaped(shape);
    let first = image.column(region.first_column);
    let columns = first..first + region.columns;
    let groups = 0..columns.end.div_ceil(PANEL) * GROUPS;
    let mut group_totals = scratch.group_totals.shaped((vectors, groups.len()));
    let sent = &mut scratch.sent;
    let Image {
        signal: signals,
        total: totals,
        group_mean: group_means,
        profile,
        ..
    } = image;
    let product = signals.assign(sent, amplitudes.view(), 0).and_then(|()| {
        signals.multiply_block(sent, columns.clone(), signal.view_mut())?;
        group_means.multiply_block(sent, groups, group_totals.view_mut())
    });
    let Ok(()) = product else {
        unreachable!("all matrices are of the image, in which the region lies");
    };

    let Scratch {
        course,
        events,
        saturated,
        totals: known,
        sent,
        ..
    } = scratch;
    course.prepare(region.columns);
    saturated.clear();
    let mut doubtful = 0;
    for vectors in of_equal_timing(batch.timings, batch.order) {
        let found = pulp::Arch::new().dispatch(Finish::<false> {
            pass,
            hemisphere,
            profile,
            first_column: first,
            course: course.after(pass, hemisphere, profile, first, batch.timings[vectors[0]]),
            vectors,
            mean_worth: &events.mean_worth,
            signal: slice(&signal),
            groups: slice(&group_totals),
            totals: &[],
            voltages: slice_mut(&mut voltages),
            found: Found::NOTHING,
        });
        doubtful += found.doubtful();
        if found.saturated() {
            saturated.extend_from_slice(vectors);
        }
    }
    if saturated.is_empty() {
        return doubtful;
    }

    let mut known = known.shaped(shape);
    let Ok(()) = totals.multiply_block(sent, columns, known.view_mut()) else {
        unreachable!("all matrices are of the image, in which the region lies");
    };
    for vectors in of_equal_timing(batch.timings, saturated) {
        pulp::Arch::new().dispatch(Finish::<true> {
            pass,
            hemisphere,
            profile,
            first_column: first,
            course: course.after(pass, hemisphere, profile, first, batch.timings[vectors[0]]),
            vectors,
            mean_worth: &events.mean_worth,
            signal: slice(&signal),
            groups: slice(&group_totals),
            totals: slice(&known),
            voltages: slice_mut(&mut voltages),
            found: Found::NOTHING,
        });
    }
    doubtful
}
