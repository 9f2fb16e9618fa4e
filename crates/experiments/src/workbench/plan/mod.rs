//! A layer's plan, what it costs and what it looks like.

use std::path::{Path, PathBuf};

use bss2_core::{ArrayGeometry, CostModel, RunSettings};
use bss2_mapping::{LayerShape, MappingStrategy, Plan, PlanCost, Tiling, Workload};
use serde::Serialize;

use crate::configuration::to_toml;
use crate::plan_picture::plan_picture;
use crate::plot::Chart;
use crate::report::Table;
use crate::settings::check;
use crate::{ExperimentError, ResultFolder};

mod request;
mod table;

pub use request::{MakeTiling, STRATEGIES, layer_shape, read_tiling, strategy};

/// A layer that is to be planned, and what the plan is to be used for.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanJob {
    /// The layer.
    pub shape: LayerShape,
    /// How it is cut and laid out.
    pub tiling: Tiling,
    /// How often vectors are sent, 1…1000, in place of the tiling's number.
    pub num_sends: Option<u32>,
    /// Cycles between events, 1…1000, in place of the tiling's number.
    pub wait_between_events: Option<u32>,
    /// Chips of two hemispheres each that work as one array, 1…[`CHIPS_MAX`](Self::CHIPS_MAX).
    pub chips: usize,
    /// Vectors of the batch whose cost is told.
    pub vectors: u64,
    /// Share of their inputs that are not zero, 0…1.
    pub active_share: f64,
    /// Folder for the plan as JSON, text and picture; without it, nothing is written.
    pub out: Option<PathBuf>,
}

/// What there is to tell about a plan.
#[derive(Debug)]
pub struct PlanReport {
    /// The plan; as text, a table of its blocks.
    pub plan: Plan,
    /// What it costs.
    pub cost: PlanCost,
    /// The cost for the terminal.
    pub table: Table,
}

/// What `configuration.toml` repeats.
#[derive(Serialize)]
struct Configuration {
    layer: LayerShape,
    chips: usize,
    workload: Workload,
    tiling: Tiling,
}

impl PlanJob {
    /// Most chips: as many as the largest array has hemispheres for.
    pub const CHIPS_MAX: usize = ArrayGeometry::HEMISPHERES_MAX / ArrayGeometry::BSS2.hemispheres();

    /// Plans the layer and, if a folder is given, writes it.
    ///
    /// # Errors
    /// [`ExperimentError`]; a folder that holds anything else is left as it is.
    pub fn run(&self) -> Result<PlanReport, ExperimentError> {
        let geometry = self.geometry()?;
        let workload = Workload::new(self.vectors, self.active_share)?;
        let tiling = self.tiling.with_settings(self.settings()?);
        if let Some(out) = &self.out {
            refuse_study(out)?;
        }
        let folder = self.out.as_deref().map(ResultFolder::claim).transpose()?;

        let plan = tiling.plan(&self.shape.into(), geometry)?;
        let cost = plan.cost(workload, &CostModel::default());
        let report = PlanReport {
            table: table::of(&cost, workload)?,
            plan,
            cost,
        };
        if let Some(folder) = folder {
            let configuration = Configuration {
                layer: self.shape,
                chips: self.chips,
                workload,
                tiling,
            };
            report.write(folder, &configuration)?;
        }
        Ok(report)
    }

    fn geometry(&self) -> Result<ArrayGeometry, ExperimentError> {
        check("chips", Some(self.chips as u64), 1, Self::CHIPS_MAX as u64)?;
        let chip = ArrayGeometry::BSS2;
        let hemispheres = self.chips * chip.hemispheres();
        Ok(ArrayGeometry::new(
            hemispheres,
            chip.inputs(),
            chip.columns(),
        )?)
    }

    fn settings(&self) -> Result<RunSettings, ExperimentError> {
        let usual = self.tiling.settings;
        let settings = RunSettings::new(
            self.num_sends.unwrap_or(usual.num_sends()),
            self.wait_between_events
                .unwrap_or(usual.wait_between_events()),
        )?;
        Ok(settings.with_baseline(usual.baseline()))
    }
}

/// Refuses a folder that holds a study, which takes longer to make again than a plan.
fn refuse_study(folder: &Path) -> Result<(), ExperimentError> {
    const PAGE: &str = "index.html";
    if !folder.join(PAGE).exists() {
        return Ok(());
    }
    Err(ExperimentError::ForeignFolder {
        folder: folder.to_owned(),
        entry: PAGE.to_owned(),
    })
}

impl PlanReport {
    /// The plan and its cost as text.
    pub fn to_text(&self) -> String {
        format!("{}\n{}", self.plan, self.table.to_text())
    }

    fn write(
        &self,
        mut folder: ResultFolder,
        configuration: &Configuration,
    ) -> Result<(), ExperimentError> {
        let json = serde_json::to_string_pretty(&self.plan);
        let json = json.map_err(|error| ExperimentError::Encode {
            what: "plan.json",
            reason: error.to_string(),
        })?;
        folder.add("plan.json", json + "\n");
        folder.add("plan.txt", self.to_text());
        folder.add("plan.svg", plan_picture(&self.plan).to_standalone_svg());
        folder.publish(&to_toml(configuration)?.to_string())?;
        Ok(())
    }
}
