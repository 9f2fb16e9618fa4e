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

    /// Most rows that a hemisphere has to use.
    pub(crate) fn most_rows(&self) -> usize {
        let rows = self.hemispheres.iter().map(|(rows, _)| rows.len());
        rows.max().unwrap_or(0)
    }

    /// Most columns that a hemisphere has to use, among those with the most rows.
    pub(crate) fn most_columns(&self) -> usize {
        let rows = self.most_rows();
        let with_most = self.hemispheres.iter().filter(|(r, _)| r.len() == rows);
        with_most
            .map(|(_, columns)| columns.len())
            .max()
            .unwrap_or(0)
    }

    /// Blocks of a size that lie side by side on a hemisphere, over all hemispheres.
    pub(crate) fn places(&self, rows: usize, columns: usize) -> usize {
        let on_one = |(r, c): &(Indices, Indices)| (r.len() / rows).min(c.len() / columns);
        self.hemispheres.iter().map(on_one).sum()
    }

    pub(crate) fn rows_of(&self, hemisphere: usize) -> &Indices {
        &self.hemispheres[hemisphere].0
    }

    pub(crate) fn columns_of(&self, hemisphere: usize) -> &Indices {
        &self.hemispheres[hemisphere].1
    }
}
