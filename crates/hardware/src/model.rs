//! How voltages at the readout follow from activations: two models of the same circuit.

use std::sync::Arc;

use bss2_core::Region;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use crate::circuit::Circuit;
use crate::pass::{Pass, Timing};
use crate::{lumped, transient};

/// Computes what the CADC gets to see. It is shared by the threads of a run, each of which has
/// [scratch memory](Scratch) of its own.
pub(crate) trait Model: Sync {
    /// Prepares for a hemisphere of a circuit that has changed.
    fn fold(&mut self, circuit: &Circuit, hemisphere: usize);

    /// Prepares for vectors that are sent to a region (inputs of the mode × physical columns). Where it does
    /// not [look ahead](Self::looks_ahead), that holds until it prepares for another one or weights change.
    fn prepare(&mut self, circuit: &mut Circuit, region: Region) -> Prepared;

    /// Whether what is prepared for a region holds whatever is loaded, or prepared for others, afterwards.
    fn looks_ahead(&self, circuit: &Circuit, region: Region) -> bool;

    /// Fewest vectors that are worth a thread of their own.
    fn vectors_at_once(&self) -> usize;

    /// Voltage at the readout source of each of the region's columns at the time of readout
    /// (vectors × columns), in LSB above the nominal reset potential, noise of the readout apart.
    ///
    /// Returns how many voltages lie outside the model's range of validity.
    fn voltages(
        &self,
        prepared: &Prepared,
        pass: &Pass<'_>,
        batch: &Batch<'_>,
        scratch: &mut Scratch,
        voltages: ArrayViewMut2<'_, f32>,
    ) -> u64;
}

/// What a model has prepared for a region, if it keeps that apart from the circuit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) image: Option<Arc<lumped::Image>>,
}

/// Scratch memory of the models; that of the one that is not used stays empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) lumped: lumped::Scratch,
    pub(crate) transient: transient::Scratch,
}

/// Some neighbouring vectors of a run.
pub(crate) struct Batch<'a> {
    /// Number of the first vector.
    pub(crate) first_vector: u64,
    /// Vectors × inputs of the region, in standard layout.
    pub(crate) activations: ArrayView2<'a, u8>,
    /// Timing of each vector.
    pub(crate) timings: &'a [Timing],
    /// The vectors in the order of their numbers of events: what follows from the timing alone is
    /// computed once for neighbours.
    pub(crate) order: &'a [usize],
}

/// Puts vectors in the order of their numbers of events, and those of equal numbers in that of theirs.
pub(crate) fn by_events(timings: &[Timing], order: &mut Vec<usize>, places: &mut Vec<usize>) {
    let most = timings.iter().map(|timing| timing.events).max();
    places.clear();
    places.resize(most.map_or(0, |most| most as usize + 1), 0);
    for timing in timings {
        places[timing.events as usize] += 1;
    }
    let mut next = 0;
    for place in places.iter_mut() {
        next += std::mem::replace(place, next);
    }
    order.resize(timings.len(), 0);
    for (v, timing) in timings.iter().enumerate() {
        let place = &mut places[timing.events as usize];
        order[*place] = v;
        *place += 1;
    }
}

/// Vectors in that order, in parts of equal timing.
pub(crate) fn of_equal_timing<'a>(
    timings: &[Timing],
    order: &'a [usize],
) -> impl Iterator<Item = &'a [usize]> {
    order.chunk_by(|&a, &b| timings[a] == timings[b])
}

impl<'a> Batch<'a> {
    /// Number, activations and timing of each vector.
    pub(crate) fn vectors(&self) -> impl Iterator<Item = (u64, ArrayView1<'a, u8>, Timing)> {
        let activations = self.activations;
        let rows = (0..activations.nrows()).map(move |v| activations.index_axis_move(Axis(0), v));
        let numbers = (0..).map(|v| self.first_vector.wrapping_add(v));
        numbers
            .zip(rows)
            .zip(self.timings)
            .map(|((number, activations), timing)| (number, activations, *timing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_sorted_by_their_events() {
        for events in [&[][..], &[0], &[3, 1, 2, 1, 0, 3, 1], &[5; 4]] {
            let timing = |&events| Timing {
                events,
                ..Timing::AT_ONCE
            };
            let timings: Vec<_> = events.iter().map(timing).collect();
            let (mut order, mut places) = (vec![7; 3], vec![9]);
            by_events(&timings, &mut order, &mut places);
            let mut expected: Vec<usize> = (0..events.len()).collect();
            expected.sort_by_key(|&v| events[v]);
            assert_eq!(order, expected);
        }
    }
}
