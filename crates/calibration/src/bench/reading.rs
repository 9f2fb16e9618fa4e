//! Codes of all columns of a chip, averaged.

use ndarray::{Array1, ArrayView2, Zip};

/// Mean codes of both CADC channels, by column of the chip, over the repetitions of a measurement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Those of the causal channels, which deliver results.
    pub causal: Vec<f64>,
    /// Those of the acausal ones.
    pub acausal: Vec<f64>,
    /// Standard deviations of the causal codes over the repetitions.
    pub deviation: Vec<f64>,
}

impl Reading {
    /// Appends a hemisphere's codes (repetitions × columns).
    pub(crate) fn append(&mut self, causal: ArrayView2<'_, u8>, acausal: ArrayView2<'_, u8>) {
        let count = causal.nrows() as f64;
        let mean = means(causal);
        let mut squares = Array1::<f64>::zeros(mean.len());
        for codes in causal.outer_iter() {
            Zip::from(&mut squares)
                .and(&mean)
                .and(codes)
                .for_each(|sum, mean, &code| *sum += (f64::from(code) - mean).powi(2));
        }
        let spread = squares
            .iter()
            .map(|squares| (squares / (count - 1.0).max(1.0)).sqrt());
        self.deviation.extend(spread);
        self.causal.extend(&mean);
        self.acausal.extend(means(acausal));
    }

    /// Mean of both channels of each column.
    pub fn of_both(&self) -> Vec<f64> {
        let channels = self.causal.iter().zip(&self.acausal);
        channels.map(|(a, b)| 0.5 * (a + b)).collect()
    }

    /// Codes in the order of the channels' registers: per hemisphere all causal ones, then all
    /// acausal ones.
    pub fn by_channel(&self, columns_per_hemisphere: usize) -> Vec<f64> {
        let columns = columns_per_hemisphere.max(1);
        let causal = self.causal.chunks(columns);
        let acausal = self.acausal.chunks(columns);
        let hemispheres = causal.zip(acausal);
        hemispheres
            .flat_map(|(causal, acausal)| causal.iter().chain(acausal).copied())
            .collect()
    }
}

/// Means over the repetitions, by column.
fn means(codes: ArrayView2<'_, u8>) -> Array1<f64> {
    let mut sums = Array1::<u32>::zeros(codes.ncols());
    for codes in codes.outer_iter() {
        sums.zip_mut_with(&codes, |sum, &code| *sum += u32::from(code));
    }
    sums.mapv(|sum| f64::from(sum) / codes.nrows() as f64)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn codes_are_averaged_and_ordered_as_registers() {
        let mut reading = Reading::default();
        reading.append(array![[1, 3], [3, 3]].view(), array![[5, 7], [5, 9]].view());
        reading.append(
            array![[10, 20], [10, 20]].view(),
            array![[30, 40], [30, 40]].view(),
        );
        assert_eq!(reading.causal, [2.0, 3.0, 10.0, 20.0]);
        assert_eq!(reading.of_both(), [3.5, 5.5, 20.0, 30.0]);
        assert_eq!(
            reading.by_channel(2),
            [2.0, 3.0, 5.0, 8.0, 10.0, 20.0, 30.0, 40.0]
        );
        assert_eq!(reading.deviation, [2.0_f64.sqrt(), 0.0, 0.0, 0.0]);
    }
}
