//! What a plan costs, before it is run.

use std::collections::BTreeMap;

use bss2_core::{CostLedger, CostModel, Region};
use serde::{Deserialize, Serialize};

use crate::{Block, InputCoding, MappingError, Plan, Run};

/// What a plan is to be run on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawWorkload")]
pub struct Workload {
    vectors: u64,
    active_share: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWorkload {
    vectors: u64,
    active_share: f64,
}

impl TryFrom<RawWorkload> for Workload {
    type Error = MappingError;

    fn try_from(raw: RawWorkload) -> Result<Self, MappingError> {
        Self::new(raw.vectors, raw.active_share)
    }
}

impl Workload {
    /// Largest accepted number of vectors: 2³².
    pub const VECTORS_MAX: u64 = 1 << 32;

    /// A batch of so many vectors, of whose inputs a share (0…1) is not zero.
    ///
    /// # Errors
    /// [`MappingError::OptionOutOfRange`] for more vectors than [`VECTORS_MAX`](Self::VECTORS_MAX);
    /// [`MappingError::ShareOutOfRange`].
    pub fn new(vectors: u64, active_share: f64) -> Result<Self, MappingError> {
        crate::error::check_option("vectors", vectors, 0, Self::VECTORS_MAX)?;
        if !(0.0..=1.0).contains(&active_share) {
            return Err(MappingError::ShareOutOfRange {
                share: active_share,
            });
        }
        Ok(Self {
            vectors,
            active_share,
        })
    }

    /// Vectors of the batch.
    pub const fn vectors(self) -> u64 {
        self.vectors
    }

    /// Share of the inputs that are not zero.
    pub const fn active_share(self) -> f64 {
        self.active_share
    }
}

/// What a plan costs, as [`Plan::cost`] predicts it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PlanCost {
    /// Passes one after the other.
    pub passes: u64,
    /// Runs of hemispheres, some at the same time.
    pub array_runs: u64,
    /// Everything that is counted.
    pub ledger: CostLedger,
    /// Time for which the chips are occupied, in µs.
    pub chip_time_us: f64,
    /// Energy that all chips take, in µJ.
    pub energy_uj: f64,
    /// Share of the array's synapses in use, 0…1.
    pub utilisation: f64,
}

impl Plan {
    /// What loading all weights once costs.
    pub fn loading(&self) -> CostLedger {
        let weights = |load: Region| (load.inputs * load.columns) as u64;
        let loads = self.runs().flat_map(Run::loads);
        CostLedger {
            weights_written: loads.map(weights).sum(),
            ..CostLedger::default()
        }
    }

    /// What running a batch costs with weights that are there: what a
    /// [`Metered`](bss2_core::Metered) array counts, if all inputs are active equally often.
    pub fn running(&self, workload: Workload) -> CostLedger {
        let passes = self.passes().iter().map(|pass| {
            let correction = together(&pass.runs, |run| self.correcting(run));
            correction + together(&pass.runs, |run| self.sending(run, workload))
        });
        passes.fold(CostLedger::default(), |sum, pass| sum + pass)
    }

    /// What a batch costs, its weights loaded once.
    pub fn cost(&self, workload: Workload, model: &CostModel) -> PlanCost {
        let ledger = self.loading() + self.running(workload);
        PlanCost {
            passes: self.passes().len() as u64,
            array_runs: ledger.runs,
            ledger,
            chip_time_us: model.chip_time_us(&ledger),
            energy_uj: model.energy_of_chips_uj(&ledger, self.geometry().chips()),
            utilisation: self.utilisation(),
        }
    }

    /// What measuring the correction of an offset costs a hemisphere, if there is one.
    fn correcting(&self, run: &Run) -> CostLedger {
        let vectors = u64::from(self.coding().inputs.correction_vectors());
        if vectors == 0 {
            return CostLedger::default();
        }
        let rows: u64 = run.driven_rows().values().sum();
        self.sent(run, 1, vectors, vectors * rows)
    }

    /// What sending a batch costs a hemisphere.
    fn sending(&self, run: &Run, workload: Workload) -> CostLedger {
        let coding = self.coding();
        // All but the lowest of raised inputs are sent.
        let active_share = match coding.inputs {
            InputCoding::Unsigned | InputCoding::TwoPasses => workload.active_share,
            InputCoding::Offset { .. } => 1.0,
        };
        let at_once = coding.vectors_at_once as u64;
        let active = run.driven_rows().into_iter().map(|(replica, rows)| {
            // The last vectors may be fewer than run at once.
            let own = (workload.vectors + at_once - 1 - replica as u64) / at_once;
            own as f64 * rows as f64 * active_share
        });
        // Positive and negative inputs go in runs of their own, together as many as there are.
        let runs = coding.inputs.runs_per_vector() as u64;
        let vectors = runs * workload.vectors.div_ceil(at_once);
        self.sent(run, runs, vectors, active.sum::<f64>().round() as u64)
    }

    /// What so many vectors cost, with so many activations that are not zero.
    fn sent(&self, run: &Run, runs: u64, vectors: u64, active: u64) -> CostLedger {
        let settings = self.settings();
        let region = run.region();
        let events = active.saturating_mul(settings.num_sends().into());
        let readouts = vectors * settings.baseline().readouts_per_vector();
        CostLedger {
            runs,
            round_trips: runs,
            vectors,
            events,
            event_cycles: events.saturating_mul(settings.wait_between_events().into()),
            synaptic_operations: events.saturating_mul(region.columns as u64),
            macs: vectors * (region.inputs * region.columns) as u64,
            readouts,
            cadc_conversions: readouts * region.columns as u64,
            ..CostLedger::default()
        }
    }
}

/// What runs on different hemispheres cost at the same time.
fn together(runs: &[Run], cost: impl Fn(&Run) -> CostLedger) -> CostLedger {
    runs.iter()
        .map(cost)
        .reduce(CostLedger::alongside)
        .unwrap_or_default()
}

impl Run {
    /// Rows that are driven by each of the vectors that run at once.
    fn driven_rows(&self) -> BTreeMap<usize, u64> {
        if let [block] = self.blocks.as_slice() {
            return BTreeMap::from([(block.replica, block.rows.len() as u64)]);
        }
        let rows = |block: &Block| block.rows.iter().collect::<Vec<usize>>();
        let driven = self.blocks.iter();
        let driven =
            driven.flat_map(|block| rows(block).into_iter().map(|row| (row, block.replica)));
        let mut counts = BTreeMap::new();
        // Blocks that share a row are driven by the same vector.
        for replica in driven.collect::<BTreeMap<usize, usize>>().into_values() {
            *counts.entry(replica).or_insert(0) += 1;
        }
        counts
    }
}
