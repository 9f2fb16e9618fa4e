//! Placement that knows the array.

mod arrangement;
mod columns;
mod rows;
mod signals;

use std::sync::Arc;

use bss2_core::ArrayGeometry;

use crate::floor::Floor;
use crate::profile::HemisphereProfile;
use crate::{ArrayProfile, Indices, Layer, MappingError, MappingStrategy, Pass, Plan, Tiling};
use arrangement::Arrangement;
use signals::Signals;

/// A tiling whose blocks take the rows and columns that suit them best, as a measured profile tells.
///
/// Failed rows and columns are left out. Of the others, each run takes the columns with the least
/// expected error. Among these, outputs with the strongest signal take the columns whose gain is
/// closest to nominal, and the columns that are averaged (or subtracted) for an output are chosen
/// such that their errors cancel; so are those of later runs that add to the same output. Inputs and
/// drivers likewise. Passes and hemispheres stay those of
/// the tiling, and so does the chip time, unless failed elements leave too little room.
///
/// Without a [sample](Layer::with_sample), all inputs and outputs are taken to be equally strong.
#[derive(Clone, Debug)]
pub struct Placed {
    profile: Arc<ArrayProfile>,
    tiling: Tiling,
}

impl Placed {
    /// Places the blocks of a tiling, which runs with the settings of the profile.
    pub fn new(profile: Arc<ArrayProfile>, tiling: Tiling) -> Self {
        let tiling = tiling.with_settings(profile.settings());
        Self { profile, tiling }
    }

    /// The tiling.
    pub const fn tiling(&self) -> &Tiling {
        &self.tiling
    }
}

impl MappingStrategy for Placed {
    /// # Errors
    /// Beside those of the tiling, [`MappingError::OtherGeometry`] for a profile of another geometry.
    fn plan(&self, layer: &Layer<'_>, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        self.profile.check_geometry(geometry)?;
        let floor = working(&self.profile);
        let plan = self.tiling.plan_on(layer.shape(), geometry, &floor)?;
        let signals = Signals::of(layer);
        let mut arrangement = Arrangement::new(&plan, &self.profile, &signals);
        let passes = plan.passes().iter().map(|pass| Pass {
            runs: pass
                .runs
                .iter()
                .map(|run| arrangement.arranged(run))
                .collect(),
        });
        let passes = passes.collect();
        Plan::new(
            plan.shape(),
            geometry,
            plan.coding(),
            plan.settings(),
            passes,
        )
    }
}

/// The rows and columns that work.
fn working(profile: &ArrayProfile) -> Floor {
    let of = |hemisphere: &HemisphereProfile| {
        let rows = working_indices(hemisphere.drivers.iter().map(|driver| driver.works));
        let columns = working_indices(hemisphere.columns.iter().map(|column| column.works));
        (rows, columns)
    };
    Floor::new(profile.hemispheres().iter().map(of).collect())
}

fn working_indices(works: impl Iterator<Item = bool>) -> Indices {
    let numbers = works
        .enumerate()
        .filter(|&(_, works)| works)
        .map(|(index, _)| index as u32);
    numbers.collect::<Vec<u32>>().into()
}
