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
//! signal and an estimate of their sum, made for groups of eight columns; where the loss is more
//! than a quarter of an LSB they are computed exactly, with two more matrix products ([`finish`]).
//!
//! Lines that are read themselves are linear but for their neighbours' decay: their charge is followed
//! from event to event, column by column ([`lines`]).
//!
//! An output is reported as doubtful where these corrections are so large that their own error may
//! exceed 3 LSB.

use bss2_core::product::{FixedRows, Onto, Panels};
use bss2_core::{Buffer, ReadoutSource, Region};
use ndarray::{ArrayViewMut2, s};

use crate::buffers::{slice, slice_mut};
use crate::circuit::Circuit;
use crate::model::{self, Batch, Model, of_equal_timing};
use crate::pass::Pass;
use crate::synapse::Sign;

mod course;
mod events;
mod finish;
mod folded;
mod lines;
mod profile;

use course::Course;
use events::Events;
use finish::{Finish, Found};
use folded::Folded;
use lines::Lines;
use profile::Profile;

/// Columns that share an estimate of their total charge.
const GROUP: usize = 8;

/// Fewest vectors that are worth a thread of their own.
const VECTORS_AT_ONCE: usize = 24;

/// Estimated loss to saturation beyond which it is computed exactly, in LSB.
const EXACT_BEYOND_LSB: f32 = 0.25;

/// Profiles that are kept for a hemisphere.
const PROFILES_MAX: usize = 32;

/// The lumped model with its matrices.
#[derive(Clone, Debug)]
pub(crate) struct Lumped {
    hemispheres: Vec<Folded>,
    /// By hemisphere: those of the regions that were run, until columns change.
    profiles: Vec<Vec<Profile>>,
}

/// Buffers of one block of vectors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    amplitudes: Buffer<f32>,
    /// The same, for products.
    sent: FixedRows,
    signal: Buffer<f32>,
    charges: [Buffer<f32>; 2],
    panels: Panels,
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
            profiles: vec![Vec::new(); hemispheres.len()],
            hemispheres: hemispheres.map(|h| Folded::new(circuit, h)).collect(),
        }
    }
}

impl Model for Lumped {
    fn fold(&mut self, circuit: &Circuit, hemisphere: usize) {
        self.hemispheres[hemisphere] = Folded::new(circuit, hemisphere);
        self.profiles[hemisphere].clear();
    }

    fn fold_weights(&mut self, circuit: &Circuit, region: Region) {
        self.hemispheres[region.hemisphere].fold_weights(circuit, region);
        for profile in &mut self.profiles[region.hemisphere] {
            profile.weights_changed(region);
        }
    }

    fn prepare(&mut self, circuit: &Circuit, region: Region) {
        let sources = &circuit.columns.source[circuit.columns_of_chip(region)];
        if !sources.contains(&ReadoutSource::Membrane) {
            return;
        }
        let profiles = &mut self.profiles[region.hemisphere];
        let place = profiles.iter().position(|profile| profile.is_of(region));
        let place = place.unwrap_or_else(|| {
            if profiles.len() == PROFILES_MAX {
                profiles.remove(0);
            }
            profiles.push(Profile::new(region));
            profiles.len() - 1
        });
        profiles[place].find(circuit);
    }

    fn vectors_at_once(&self) -> usize {
        VECTORS_AT_ONCE
    }

    fn voltages(
        &self,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        scratch: &mut model::Scratch,
        mut voltages: ArrayViewMut2<'_, f32>,
    ) -> u64 {
        let Pass {
            circuit, region, ..
        } = *pass;
        let scratch = &mut scratch.lumped;
        let folded = &self.hemispheres[region.hemisphere];
        let mut profiles = self.profiles[region.hemisphere].iter();
        let sources = &circuit.columns.source[circuit.columns_of_chip(region)];
        let mut doubtful = 0;
        // There is one if any membrane is read.
        if let Some(profile) = profiles.find(|profile| profile.is_of(region)) {
            let voltages = voltages.view_mut();
            doubtful += membranes(folded, profile, scratch, pass, batch, voltages);
        }
        for sign in Sign::BOTH {
            if sources.contains(&sign.line()) {
                let Scratch {
                    amplitudes, events, ..
                } = scratch;
                let mut amplitudes = amplitudes.shaped(batch.activations.dim());
                events.prepare(pass, &folded.on_lines(sign));
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

/// Computes the voltages of all membranes of a region, whether they are read or not.
fn membranes(
    folded: &Folded,
    profile: &Profile,
    scratch: &mut Scratch,
    pass: &Pass<'_>,
    batch: &Batch<'_>,
    mut voltages: ArrayViewMut2<'_, f32>,
) -> u64 {
    let region = pass.region;
    let vectors = batch.timings.len();
    let shape = (vectors, region.columns);
    let mut amplitudes = scratch.amplitudes.shaped(batch.activations.dim());
    scratch.events.prepare(pass, &folded.on_membranes());
    scratch.events.send_all(pass, batch, amplitudes.view_mut());

    let mut signal = scratch.signal.shaped(shape);
    let (inputs, columns) = (region.input_range(), region.column_range());
    let groups = columns.start / GROUP..columns.end.div_ceil(GROUP);
    let mut group_totals = scratch.group_totals.shaped((vectors, groups.len()));
    let sent = &mut scratch.sent;
    let product = folded
        .signal
        .assign(sent, amplitudes.view(), inputs.start)
        .and_then(|()| {
            let signals = signal.view_mut();
            folded
                .signal
                .multiply_block(sent, columns.clone(), signals)?;
            let totals = group_totals.view_mut();
            folded.group_charge.multiply_block(sent, groups, totals)
        });
    let Ok(()) = product else {
        unreachable!("both matrices are of the hemisphere, in which the region lies");
    };

    let Scratch {
        course,
        events,
        charges,
        panels,
        saturated,
        ..
    } = scratch;
    course.prepare(region.columns);
    saturated.clear();
    let mut doubtful = 0;
    for vectors in of_equal_timing(batch.timings, batch.order) {
        let found = pulp::Arch::new().dispatch(Finish::<false> {
            pass,
            folded,
            profile,
            course: course.after(pass, folded, profile, batch.timings[vectors[0]]),
            vectors,
            mean_worth: &events.mean_worth,
            signal: slice(&signal),
            groups: slice(&group_totals),
            charges: [&[]; 2],
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

    let synram = &pass.circuit.synrams[region.hemisphere];
    let [excitatory, inhibitory] = charges;
    let mut charges = [excitatory.shaped(shape), inhibitory.shaped(shape)];
    for (sign, charges) in Sign::BOTH.into_iter().zip(&mut charges) {
        let weights = synram.charges(sign);
        panels.assign(weights.slice(s![inputs.clone(), columns.clone()]));
        let product = panels.multiply(amplitudes.view(), Onto::Nothing, charges.view_mut());
        let Ok(()) = product else {
            unreachable!("there is an amplitude for each input of the region");
        };
    }
    for vectors in of_equal_timing(batch.timings, saturated) {
        pulp::Arch::new().dispatch(Finish::<true> {
            pass,
            folded,
            profile,
            course: course.after(pass, folded, profile, batch.timings[vectors[0]]),
            vectors,
            mean_worth: &events.mean_worth,
            signal: slice(&signal),
            groups: slice(&group_totals),
            charges: [slice(&charges[0]), slice(&charges[1])],
            voltages: slice_mut(&mut voltages),
            found: Found::NOTHING,
        });
    }
    doubtful
}
