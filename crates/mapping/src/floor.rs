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

    /// Sizes that blocks may be cut to: rows and columns of each hemisphere, and what all that have
    /// any have in common.
    pub(crate) fn sizes(&self) -> Vec<(usize, usize)> {
        let sizes = self
            .hemispheres
            .iter()
            .map(|(rows, columns)| (rows.len(), columns.len()));
        let usable: Vec<(usize, usize)> = sizes.filter(|&(r, c)| r > 0 && c > 0).collect();
        let common = usable
            .iter()
            .copied()
            .reduce(|a, b| (a.0.min(b.0), a.1.min(b.1)));
        // What fits everywhere comes first.
        common.into_iter().chain(usable).collect()
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
