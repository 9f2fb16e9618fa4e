//! What a plan costs, before it is run.

use bss2_core::{CostLedger, CostModel, Region};
use serde::{Deserialize, Serialize};

use crate::{InputCoding, MappingError, Plan, Run};

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
        crate::coding::check_option("vectors", vectors, 0, Self::VECTORS_MAX)?;
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
    /// Time for which the chip is occupied, in µs.
    pub chip_time_us: f64,
    /// Energy that it takes, in µJ.
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
        let together = |runs: &[Run]| {
            let costs = runs
                .iter()
                .map(|run| self.running_on_hemisphere(run, workload));
            costs.reduce(CostLedger::alongside).unwrap_or_default()
        };
        let passes = self.passes().iter().map(|pass| together(&pass.runs));
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
            energy_uj: model.energy_uj(&ledger),
            utilisation: self.utilisation(),
        }
    }

    fn running_on_hemisphere(&self, run: &Run, workload: Workload) -> CostLedger {
        let coding = self.coding();
        let settings = self.settings();
        let region = run.region();
        let rows = run.driven_rows() as u64;
        let vectors = workload.vectors.div_ceil(coding.vectors_at_once as u64);
        let correction = u64::from(coding.inputs.correction_vectors());
        let runs = (coding.inputs.runs_per_vector() + usize::from(correction > 0)) as u64;
        let sent = vectors * coding.inputs.runs_per_vector() as u64 + correction;
        // Positive and negative parts share the inputs; all but the lowest of raised ones are sent.
        let active = match coding.inputs {
            InputCoding::Unsigned | InputCoding::TwoPasses => workload.active_share,
            InputCoding::Offset { .. } => 1.0,
        };
        // Where several vectors run at once, the last ones may be fewer.
        let filled = workload.vectors as f64 / coding.vectors_at_once as f64;
        let active_rows = (filled * rows as f64 * active).round() as u64 + correction * rows;
        let events = active_rows * u64::from(settings.num_sends());
        let readouts = sent * settings.baseline().readouts_per_vector();
        CostLedger {
            runs,
            round_trips: runs,
            vectors: sent,
            events,
            event_cycles: events * u64::from(settings.wait_between_events()),
            synaptic_operations: events * region.columns as u64,
            macs: sent * (region.inputs * region.columns) as u64,
            readouts,
            cadc_conversions: readouts * region.columns as u64,
            ..CostLedger::default()
        }
    }
}

impl Run {
    /// Rows that some input drives.
    fn driven_rows(&self) -> usize {
        match self.blocks.as_slice() {
            [block] => block.rows.len(),
            blocks => {
                let rows = blocks.iter().flat_map(|block| block.rows.iter());
                rows.collect::<std::collections::BTreeSet<usize>>().len()
            }
        }
    }
}
