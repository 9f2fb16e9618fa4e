//! What the weights of a region have been folded to.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use bss2_core::Region;
use bss2_core::product::{FixedPanel, FixedPanels, Grid};

use super::GROUPS;
use super::hemisphere::Hemisphere;
use super::profile::{Moments, Profile};
use crate::circuit::Circuit;
use crate::share::{share_among, threads_for};
use crate::synapse::{Currents, OfPanel, PANEL, PanelFactors, of_panel};
use crate::synram::Synram;

/// Fewest synapses that are worth a thread of their own.
const SYNAPSES_AT_ONCE: usize = 1 << 13;

/// Where an image lies: whole panels of some neighbouring inputs of a hemisphere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    inputs: Range<usize>,
    panels: Range<usize>,
}

impl Place {
    /// Where the image lies with which a region of inputs × physical columns is run.
    pub(super) fn of(region: Region) -> Self {
        let columns = region.column_range();
        Self {
            inputs: region.input_range(),
            panels: columns.start / PANEL..columns.end.div_ceil(PANEL),
        }
    }

    /// The weights in a panel.
    fn weights<'a>(&self, synram: &'a Synram, panel: usize) -> &'a [OfPanel<u8>] {
        synram.weights(panel, self.inputs.clone())
    }

    /// A number that other weights in this place hardly ever have, unless the same rows stand in another order.
    pub(super) fn digest(&self, synram: &Synram) -> u64 {
        let mut digest = [0; PANEL];
        for panel in self.panels.clone() {
            let weights = self.weights(synram, panel);
            digest = pulp::Arch::new().dispatch(Digest { weights, digest });
        }
        let mut hasher = DefaultHasher::new();
        (self, digest).hash(&mut hasher);
        hasher.finish()
    }

    /// Its columns among those of a hemisphere that has so many.
    fn columns(&self, of_hemisphere: usize) -> Range<usize> {
        self.panels.start * PANEL..of_hemisphere.min(self.panels.end * PANEL)
    }
}

/// The weights of some inputs and columns of a hemisphere, as they act.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    place: Place,
    columns: Range<usize>,
    /// By panel, then row of the inputs.
    weights: Vec<OfPanel<u8>>,
    /// Membrane signal per activation unit once all charge has passed, in LSB (inputs × columns).
    pub(super) signal: FixedPanels,
    /// Charge of both signs per activation unit (inputs × columns).
    pub(super) total: FixedPanels,
    /// Its means (inputs × groups of columns).
    pub(super) group_mean: FixedPanels,
    pub(super) profile: Profile,
}

/// What is found panel by panel while weights are folded.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Mean charges, by panel, then input.
    group_means: Vec<[f32; GROUPS]>,
    /// By panel, then sign.
    moments: Vec<[Moments; 2]>,
}

impl Image {
    /// One of no weights in particular.
    pub(super) fn new(circuit: &Circuit, hemisphere: &Hemisphere, place: Place) -> Self {
        let columns = place.columns(circuit.geometry.columns());
        let groups = place.panels.start * GROUPS..place.panels.end * GROUPS;
        let inputs = place.inputs.len();
        let zeros = |grid: &Grid, columns: Range<usize>| {
            let panels = grid
                .columns(columns)
                .map(|grid| FixedPanels::zeros(inputs, grid));
            let Some(Ok(panels)) = panels else {
                unreachable!("the columns are of the hemisphere, which has at most 2048 inputs");
            };
            panels
        };
        Self {
            weights: Vec::new(),
            signal: zeros(&hemisphere.signals, columns.clone()),
            total: zeros(&hemisphere.totals, columns.clone()),
            group_mean: zeros(&hemisphere.group_means, groups),
            profile: Profile::default(),
            columns,
            place,
        }
    }

    /// Whether it lies there.
    pub(super) fn lies(&self, place: &Place) -> bool {
        self.place == *place
    }

    /// Bytes that it takes, more or less.
    pub(super) fn bytes(&self) -> usize {
        let matrices = [&self.signal, &self.total, &self.group_mean];
        let matrices: usize = matrices.map(FixedPanels::bytes).iter().sum();
        matrices + size_of_val(self.weights.as_slice())
    }

    /// A column's place among those of the image.
    pub(super) fn column(&self, of_hemisphere: usize) -> usize {
        of_hemisphere - self.columns.start
    }

    /// Whether the weights that it was folded of are those of the synram.
    pub(super) fn holds(&self, synram: &Synram) -> bool {
        let panels = self.place.panels.clone();
        let held = self.weights.chunks_exact(self.weights.len() / panels.len());
        held.zip(panels)
            .all(|(held, panel)| held == self.place.weights(synram, panel))
    }

    /// Folds the weights of the synram.
    pub(super) fn fold(
        &mut self,
        circuit: &Circuit,
        hemisphere: &Hemisphere,
        scratch: &mut Scratch,
    ) {
        let synram = &circuit.synrams[hemisphere.number];
        let Place { inputs, panels } = self.place.clone();
        let rows = synram.rows_per_input();
        self.weights.clear();
        for panel in panels.clone() {
            let weights = synram.weights(panel, inputs.clone());
            self.weights.extend_from_slice(weights);
        }

        let Scratch {
            group_means,
            moments,
        } = scratch;
        group_means.resize(panels.len() * inputs.len(), [0.0; GROUPS]);
        moments.resize(panels.len(), [Moments::NOTHING; 2]);
        let weights = self.weights.chunks_exact(rows * inputs.len());
        let matrices = self.signal.panels_mut().zip(self.total.panels_mut());
        let found = group_means
            .chunks_exact_mut(inputs.len())
            .zip(&mut *moments);
        let pieces = panels.clone().zip(weights).zip(matrices).zip(found);
        let pieces = pieces.map(|(((panel, weights), (signal, total)), found)| {
            let of_chip = synram.panel_of_chip(panel);
            let here = panel * PANEL..panel * PANEL + of_chip.len();
            let mismatch = circuit.mismatch(hemisphere.number, panel);
            let (group_means, moments) = found;
            FoldPanel {
                factors: circuit.panel_factors(hemisphere.number, panel),
                gains: hemisphere
                    .gain_lsb
                    .each_ref()
                    .map(|gains| of_panel(gains, &here)),
                per_column: std::array::from_fn(|group| {
                    let columns = (group..here.len()).step_by(GROUPS).len();
                    1.0 / columns.max(1) as f32
                }),
                rows,
                weights,
                mismatch: &mismatch[rows * inputs.start..rows * inputs.end],
                signal,
                total,
                group_means,
                moments,
            }
        });
        let fold = |piece: FoldPanel<'_>| pulp::Arch::new().dispatch(piece);
        let synapses = inputs.len() * panels.len() * PANEL;
        share_among(threads_for(synapses, SYNAPSES_AT_ONCE), pieces, fold);

        pulp::Arch::new().dispatch(FoldGroups {
            means: group_means,
            inputs: inputs.len(),
            to: &mut self.group_mean,
        });
        let columns = self.columns.len();
        self.profile.find(moments, columns, inputs.len());
    }
}

/// A panel of an image, as a task that is compiled once per kind of processor.
struct FoldPanel<'a> {
    factors: PanelFactors,
    /// Membrane signal per unit of charge, by sign.
    gains: [OfPanel<f32>; 2],
    /// One over the number of columns in each group.
    per_column: [f32; GROUPS],
    /// Rows of each input.
    rows: usize,
    /// By row, as the mismatch.
    weights: &'a [OfPanel<u8>],
    mismatch: &'a [Currents],
    signal: FixedPanel<'a>,
    total: FixedPanel<'a>,
    /// By input.
    group_means: &'a mut [[f32; GROUPS]],
    /// By sign.
    moments: &'a mut [Moments; 2],
}

impl pulp::WithSimd for FoldPanel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Self {
            factors,
            gains: [gain_e, gain_i],
            per_column,
            rows,
            weights,
            mismatch,
            mut signal,
            mut total,
            group_means,
            moments,
        } = self;
        let event = 1.0 / group_means.len() as f32;
        let mut inputs = weights
            .chunks_exact(rows)
            .zip(mismatch.chunks_exact(rows))
            .zip(group_means)
            .enumerate();
        *moments = [Moments::NOTHING; 2];
        for (mut signal, mut total) in signal.pairs_mut().zip(total.pairs_mut()) {
            let (mut signals, mut totals) = ([[0.0; PANEL]; 2], [[0.0; PANEL]; 2]);
            let pair = inputs.by_ref().take(2).zip(&mut signals).zip(&mut totals);
            for (((input, ((weights, mismatch), group_means)), signals), totals) in pair {
                let e = factors.charges(&weights[0], &mismatch[0]);
                let i = match (weights, mismatch) {
                    ([_, weights], [_, mismatch]) => factors.charges(weights, mismatch),
                    _ => [0.0; PANEL],
                };
                for c in 0..PANEL {
                    signals[c] = gain_e[c] * e[c] - gain_i[c] * i[c];
                    totals[c] = e[c] + i[c];
                }
                let sums = sums(totals);
                *group_means = std::array::from_fn(|group| sums[group] * per_column[group]);
                let age = 1.0 - (input as f32 + 0.5) * event;
                for (moments, charges) in moments.iter_mut().zip([e, i]) {
                    moments.add(&charges, age);
                }
            }
            signal.set(&signals);
            total.set(&totals);
        }
    }
}

/// Sums over the groups of a panel: halves are added, then their halves, and so on.
#[inline(always)]
fn sums(values: &OfPanel<f32>) -> [f32; GROUPS] {
    let halves = |values: &[f32], sums: &mut [f32]| {
        let (first, second) = values.split_at(sums.len());
        for ((sum, first), second) in sums.iter_mut().zip(first).zip(second) {
            *sum = first + second;
        }
    };
    let (mut of_two, mut of_four, mut of_eight) = ([0.0; 16], [0.0; 8], [0.0; GROUPS]);
    halves(values, &mut of_two);
    halves(&of_two, &mut of_four);
    halves(&of_four, &mut of_eight);
    of_eight
}

/// Means of groups into their matrix, as a task that is compiled once per kind of processor.
struct FoldGroups<'a> {
    /// By panel, then input.
    means: &'a [[f32; GROUPS]],
    inputs: usize,
    to: &'a mut FixedPanels,
}

impl pulp::WithSimd for FoldGroups<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let panels = self.means.len() / self.inputs;
        for (mut to, first) in self
            .to
            .panels_mut()
            .zip((0..panels).step_by(PANEL / GROUPS))
        {
            let of_pair = |pair: usize| {
                let mut rows = [[0.0; PANEL]; 2];
                for (row, input) in rows.iter_mut().zip(2 * pair..self.inputs) {
                    for (panel, groups) in (first..panels).zip(row.chunks_exact_mut(GROUPS)) {
                        groups.copy_from_slice(&self.means[panel * self.inputs + input]);
                    }
                }
                rows
            };
            for (pair, mut to) in to.pairs_mut().enumerate() {
                to.set(&of_pair(pair));
            }
        }
    }
}

/// A digest of a panel's weights, and of those before, by column, as a task that is compiled once per kind of
/// processor.
struct Digest<'a> {
    weights: &'a [OfPanel<u8>],
    digest: OfPanel<u32>,
}

impl pulp::WithSimd for Digest<'_> {
    type Output = OfPanel<u32>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> OfPanel<u32> {
        let mut digest = self.digest;
        for row in self.weights {
            for c in 0..PANEL {
                digest[c] = digest[c].rotate_left(5).wrapping_add(u32::from(row[c]) + 1);
            }
        }
        digest
    }
}
