//! What a network makes of samples.

use ndarray::{Array2, ArrayView1, Axis};

/// Results of a network on a set of samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    confusion: Array2<u64>,
}

impl Evaluation {
    /// Most classes: as many as labels can name.
    pub const CLASSES_MAX: usize = 256;

    /// No samples yet, for a network with so many outputs.
    pub(crate) fn new(classes: usize) -> Self {
        Self {
            confusion: Array2::zeros((classes, classes)),
        }
    }

    /// Adds a batch of outputs (vectors × classes) with labels that fit them.
    pub(crate) fn add(&mut self, outputs: &Array2<f32>, labels: &[u8]) {
        for (output, &label) in outputs.axis_iter(Axis(0)).zip(labels) {
            self.confusion[[usize::from(label), argmax(output)]] += 1;
        }
    }

    /// How many samples of each class (row) were taken for which class (column).
    pub const fn confusion(&self) -> &Array2<u64> {
        &self.confusion
    }

    /// Number of samples.
    pub fn samples(&self) -> u64 {
        self.confusion.sum()
    }

    /// Share of the samples that were classified correctly, 0…1.
    pub fn accuracy(&self) -> f64 {
        self.confusion.diag().sum() as f64 / self.samples().max(1) as f64
    }

    /// For each class, the share of its samples that were recognised; `None` for a class without
    /// samples.
    pub fn recalls(&self) -> Vec<Option<f64>> {
        self.shares(&self.confusion.sum_axis(Axis(1)))
    }

    /// For each class, the share of right ones among the samples that were taken for it; `None` for
    /// a class that none was taken for.
    pub fn precisions(&self) -> Vec<Option<f64>> {
        self.shares(&self.confusion.sum_axis(Axis(0)))
    }

    fn shares(&self, of: &ndarray::Array1<u64>) -> Vec<Option<f64>> {
        let right = self.confusion.diag();
        let shares = right.iter().zip(of);
        shares
            .map(|(&right, &all)| (all > 0).then(|| right as f64 / all as f64))
            .collect()
    }
}

/// Number of samples in a batch of outputs (vectors × classes) that are classified correctly.
pub(crate) fn count_correct(outputs: &Array2<f32>, labels: &[u8]) -> usize {
    outputs
        .axis_iter(Axis(0))
        .zip(labels)
        .filter(|&(output, &label)| argmax(output) == usize::from(label))
        .count()
}

/// Index of the largest output; of equal ones the first.
fn argmax(outputs: ArrayView1<'_, f32>) -> usize {
    let mut best = 0;
    for (index, &output) in outputs.iter().enumerate() {
        if output > outputs[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn shares_are_those_of_rows_and_columns() {
        let mut evaluation = Evaluation::new(3);
        let outputs = array![
            [1.0, 0.0, 0.0],
            [0.0, 2.0, 0.0],
            [0.0, 1.0, 0.5],
            [3.0, 3.0, 0.0]
        ];
        evaluation.add(&outputs, &[0, 1, 0, 0]);
        assert_eq!(evaluation.samples(), 4);
        assert_eq!(evaluation.accuracy(), 0.75);
        assert_eq!(evaluation.recalls(), [Some(2.0 / 3.0), Some(1.0), None]);
        assert_eq!(evaluation.precisions(), [Some(1.0), Some(0.5), None]);
        assert_eq!(evaluation.confusion()[[0, 1]], 1);
    }

    #[test]
    fn of_equal_outputs_the_first_counts() {
        assert_eq!(argmax(array![1.0, 2.0, 2.0].view()), 1);
    }
}
