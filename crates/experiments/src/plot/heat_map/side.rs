//! The rows or the columns of a heat map, and which of them are labelled.

use crate::plot::PlotError;
use crate::plot::scale::Step;

/// The rows or the columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Side {
    pub(super) caption: String,
    pub(super) count: usize,
    names: Vec<String>,
}

impl Side {
    /// `count` rows or columns, numbered from 0.
    pub(super) fn new(caption: &str, count: usize) -> Self {
        Self {
            caption: caption.to_owned(),
            count,
            names: Vec::new(),
        }
    }

    /// Names them instead.
    pub(super) fn set_names(&mut self, names: Vec<String>) -> Result<(), PlotError> {
        if names.len() != self.count {
            return Err(PlotError::Names {
                count: self.count,
                names: names.len(),
            });
        }
        self.names = names;
        Ok(())
    }

    /// The name or number of one row or column.
    pub(super) fn label(&self, index: usize) -> String {
        self.names
            .get(index)
            .cloned()
            .unwrap_or_else(|| index.to_string())
    }

    /// Rows or columns to label: every one, or as many at nice distances as keep `spacing`.
    pub(super) fn labelled(&self, cell: f64, spacing: f64) -> Vec<usize> {
        if cell >= spacing {
            return (0..self.count).collect();
        }
        // a label for several rows stands for its own row only: more space keeps that apart
        let most = ((self.count as f64 * cell / spacing / 2.0) as usize).max(1);
        let stride = Step::nice(self.count as f64, most).size().max(1.0) as usize;
        (0..self.count).step_by(stride).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_distance() {
        let side = Side::new("Row", 256);
        assert_eq!(side.labelled(20.0, 15.0).len(), 256);
        let labelled = side.labelled(2.0, 15.0);
        assert_eq!(labelled[..3], [0, 20, 40]);
    }
}
