//! Noise of columns, from repetition.

use super::super::HemisphereTwin;
use super::normal::Normal;
use super::samples::Samples;

/// Variance of what rounding to whole LSB adds: the twin rounds as well.
const ROUNDING_LSB2: f64 = 1.0 / 12.0;

/// Finds each column's variance without events and per event.
pub(super) fn fit(samples: &Samples, twin: &mut HemisphereTwin) {
    for (number, column) in twin.columns.iter_mut().enumerate() {
        let mut line = Normal::new(2);
        let (mut total, mut count) = (0.0, 0.0);
        for set in &samples.sets {
            let vectors = set.means.column(number).into_iter();
            let vectors = vectors.zip(set.variances.column(number)).zip(&set.events);
            for ((mean, &variance), &events) in vectors {
                if !mean.is_nan() {
                    let features = [(0, 1.0), (1, f64::from(events))];
                    line.add(&features, f64::from(variance), 1.0);
                    total += f64::from(variance);
                    count += 1.0;
                }
            }
        }
        let line = line.solve();
        let falls = line[1] <= 0.0;
        let own = if falls {
            total / f64::max(count, 1.0)
        } else {
            line[0]
        };
        column.noise_lsb = (own - ROUNDING_LSB2).max(0.0).sqrt() as f32;
        column.event_variance_lsb2 = if falls { 0.0 } else { line[1] as f32 };
    }
}
