//! The rows and columns that may be used.

use bss2_core::ArrayGeometry;

use crate::Indices;

/// Rows and columns of each hemisphere that may be used, in the order in which they are taken.
#[derive(Clone, Debug)]
pub(crate) struct Floor {
    hemispheres: Vec<(Indices, Indices)>,
}

impl Floor {
    /// All rows and columns from the first.
    pub(crate) fn whole(geometry: ArrayGeometry) -> Self {
        let hemisphere = (
            (0..geometry.inputs()).into(),
            (0..geometry.columns()).into(),
        );
        Self {
            hemispheres: vec![hemisphere; geometry.hemispheres()],
        }
    }

    /// The rows and columns of each hemisphere.
    pub(crate) fn new(hemispheres: Vec<(Indices, Indices)>) -> Self {
        Self { hemispheres }
    }

    pub(crate) fn hemispheres(&self) -> usize {
        self.hemispheres.len()
    }

    /// Rows that every hemisphere has to use.
    pub(crate) fn rows(&self) -> usize {
        self.hemispheres
            .iter()
            .map(|(rows, _)| rows.len())
            .min()
            .unwrap_or(0)
    }

    /// Columns that every hemisphere has to use.
    pub(crate) fn columns(&self) -> usize {
        let columns = self.hemispheres.iter().map(|(_, columns)| columns.len());
        columns.min().unwrap_or(0)
    }

    pub(crate) fn rows_of(&self, hemisphere: usize) -> &Indices {
        &self.hemispheres[hemisphere].0
    }

    pub(crate) fn columns_of(&self, hemisphere: usize) -> &Indices {
        &self.hemispheres[hemisphere].1
    }
}
