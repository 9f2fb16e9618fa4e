//! Numbers over the seeds of each network.

use bss2_training::NoiseKind;

use super::Parameters;
use super::architecture::Architecture;
use super::network_run::{Bearing, NetworkRun};
use crate::DataDescription;

/// What was measured on all networks.
pub(super) struct Results<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) data: &'a DataDescription,
    pub(super) runs: Vec<NetworkRun>,
}

/// Kinds of noise, each with a name for people.
pub(super) const KINDS: [(NoiseKind, &str); 2] = [
    (NoiseKind::Additive, "additive"),
    (NoiseKind::Multiplicative, "multiplicative"),
];

impl Results<'_> {
    /// The runs of a kind of network, in the order of the seeds.
    pub(super) fn of(&self, architecture: Architecture) -> impl Iterator<Item = &NetworkRun> {
        let runs = self.runs.iter();
        runs.filter(move |run| run.architecture == architecture)
    }

    /// Names of the places, all layers first.
    pub(super) fn places(&self, architecture: Architecture) -> Vec<&str> {
        let bearings = self.of(architecture).take(1).flat_map(|run| &run.bearings);
        let additive = bearings.filter(|bearing| bearing.kind == NoiseKind::Additive);
        additive.map(|bearing| bearing.place.name()).collect()
    }

    /// A number for a kind of noise at a place, one for each seed, in their order; NaN where there is
    /// none.
    pub(super) fn values(
        &self,
        architecture: Architecture,
        kind: NoiseKind,
        place: usize,
        of: impl Fn(&Bearing) -> Option<f64>,
    ) -> Vec<f64> {
        let runs = self.of(architecture);
        let values = runs.filter_map(|run| {
            let mut bearings = run.bearings.iter().filter(|bearing| bearing.kind == kind);
            bearings
                .nth(place)
                .map(|bearing| of(bearing).unwrap_or(f64::NAN))
        });
        values.collect()
    }

    /// Midpoints with additive noise on all layers.
    pub(super) fn global_midpoints(&self, architecture: Architecture) -> Vec<f64> {
        self.values(architecture, NoiseKind::Additive, 0, |bearing| {
            bearing.midpoint
        })
    }

    /// Whether the published strengths are those of networks of this kind on this data.
    pub(super) fn has_published_counterpart(&self) -> bool {
        self.data.name == "mnist"
    }
}

impl Bearing {
    /// The midpoint relative to the layer's outputs.
    pub(super) fn relative_midpoint(&self) -> Option<f64> {
        Some(self.midpoint? / self.output_rms?)
    }

    /// The midpoint after a training with noise.
    pub(super) fn hardened_midpoint(&self) -> Option<f64> {
        self.hardened.as_ref()?.midpoint
    }

    /// How many times more noise is borne after a training with noise.
    pub(super) fn gain(&self) -> Option<f64> {
        Some(self.hardened_midpoint()? / self.midpoint?)
    }

    /// How many times larger the layer's outputs are after a training with noise.
    pub(super) fn growth(&self) -> Option<f64> {
        Some(self.hardened.as_ref()?.output_rms? / self.output_rms?)
    }
}
