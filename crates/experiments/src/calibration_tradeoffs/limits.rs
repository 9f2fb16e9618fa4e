//! What limits results at a point: the largest part of their error.

use super::quality::Quality;
use super::results::AtPoint;
use crate::plot::fixed;
use crate::statistics::mean;

/// A part of the error of single results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorPart {
    Noise,
    Gains,
    Offsets,
    /// What is left of noise-free results beyond their column's line: synapses that differ, curves,
    /// clipping.
    Deviations,
}

impl ErrorPart {
    const ALL: [Self; 4] = [Self::Noise, Self::Gains, Self::Offsets, Self::Deviations];

    const fn name(self) -> &'static str {
        match self {
            Self::Noise => "trial-to-trial noise",
            Self::Gains => "gains that differ from column to column",
            Self::Offsets => "offsets that differ from column to column",
            Self::Deviations => "what departs from the columns' straight lines",
        }
    }

    /// Its size in LSB.
    fn lsb(self, quality: &Quality) -> f64 {
        match self {
            Self::Noise => quality.noise_lsb,
            Self::Gains => 0.01 * quality.gain_spread_percent * quality.signal_lsb,
            Self::Offsets => quality.offset_spread_lsb,
            Self::Deviations => quality.deviation_lsb,
        }
    }
}

/// Share of clipped results from which on they are mentioned, in %.
const WORTH_MENTIONING: f64 = 1.0;
/// Share of calibrated columns below which it is mentioned, in %.
const FEW_CALIBRATED: f64 = 80.0;
/// Relative range within which the height above the error counts as the same.
const SAME: f64 = 0.05;

/// The largest part of the error, with its mean size over the chips in LSB.
fn largest(at: &AtPoint<'_>) -> (ErrorPart, f64) {
    let sized = |part: ErrorPart| (part, mean(&at.values(|q| part.lsb(q))));
    let [first, rest @ ..] = ErrorPart::ALL.map(sized);
    rest.into_iter().fold(
        first,
        |largest, part| {
            if part.1 > largest.1 { part } else { largest }
        },
    )
}

/// How far results stand above their error.
fn height(at: &AtPoint<'_>) -> f64 {
    mean(&at.values(Quality::signal_to_error))
}

/// What limits results at a point, in words.
fn limit(at: &AtPoint<'_>) -> String {
    let (part, lsb) = largest(at);
    let error = mean(&at.values(|q| q.error_lsb));
    let clipped = mean(&at.values(|q| q.clipped_percent));
    let calibrated = mean(&at.values(|q| q.calibrated_percent));
    let mut words = vec![format!(
        "{} LSB of {} LSB in all",
        fixed(lsb, 2),
        fixed(error, 2)
    )];
    if clipped >= WORTH_MENTIONING {
        words.push(format!(
            "{} % of the swept results clipped",
            fixed(clipped, 0)
        ));
    }
    if calibrated < FEW_CALIBRATED {
        words.push(format!(
            "only {} % of the columns calibrated",
            fixed(calibrated, 0)
        ));
    }
    format!("{} ({})", part.name(), words.join(", "))
}

/// What limits the results of a knob at its ends and at its best value, in words.
pub(super) fn sentences(points: &[AtPoint<'_>]) -> String {
    let best = points
        .iter()
        .max_by(|one, other| height(one).total_cmp(&height(other)));
    let (Some(first), Some(last), Some(best)) = (points.first(), points.last(), best) else {
        return String::new();
    };
    let lowest = points.iter().map(height).fold(f64::INFINITY, f64::min);
    if lowest > (1.0 - SAME) * height(best) {
        return format!(
            "How far the signal stands above the total error hardly depends on it ({} to {} times); \
             the largest part of the error is {} at {} and {} at {}.",
            fixed(lowest, 2),
            fixed(height(best), 2),
            limit(first),
            first.point.text(),
            limit(last),
            last.point.text(),
        );
    }
    let mut sentences = vec![format!(
        "The signal stands highest above the total error at {} ({} times), limited there by {}.",
        best.point.text(),
        fixed(height(best), 2),
        limit(best),
    )];
    let ends = [first, last].into_iter();
    for end in ends.filter(|end| end.point.value != best.point.value) {
        sentences.push(format!(
            "At {} ({} times) the limit is {}.",
            end.point.text(),
            fixed(height(end), 2),
            limit(end)
        ));
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use bss2_calibration::JointProcedure;
    use bss2_core::RunSettings;

    use super::super::knob::Knob;
    use super::super::point::Point;
    use super::*;

    fn quality(signal_lsb: f64, noise_lsb: f64, offset_spread_lsb: f64) -> Quality {
        Quality {
            gain_lsb: 1e-3,
            noise_lsb,
            gain_spread_percent: 1.0,
            offset_spread_lsb,
            deviation_lsb: 0.1,
            signal_lsb,
            error_lsb: noise_lsb.hypot(offset_spread_lsb),
            non_linearity_lsb: 0.0,
            clipped_percent: 0.0,
            lost_percent: 0.0,
            synapse_spread_percent: f64::NAN,
            membrane_tau_us: f64::NAN,
            long_gain_percent: f64::NAN,
            vector_us: 20.0,
            calibration_ms: 1.0,
            calibrated_percent: 100.0,
            doubtful_percent: 0.0,
        }
    }

    fn told(qualities: &[Quality]) -> String {
        let points: Vec<Point> = (1..=qualities.len())
            .map(|value| Point {
                knob: Knob::Wait,
                value: value as f64,
                calibration: JointProcedure::default(),
                settings: RunSettings::default(),
            })
            .collect();
        let at = points.iter().zip(qualities.chunks(1));
        let at: Vec<AtPoint<'_>> = at
            .map(|(point, qualities)| AtPoint { point, qualities })
            .collect();
        sentences(&at)
    }

    #[test]
    fn the_numbers_choose_the_words() {
        let best_inside = told(&[
            quality(1.0, 2.0, 0.1),
            quality(8.0, 2.0, 0.2),
            quality(9.0, 2.0, 8.0),
        ]);
        assert!(
            best_inside.starts_with("The signal stands highest above the total error at 2 cycles"),
            "{best_inside}"
        );
        assert!(best_inside.contains("At 1 cycle (0.50 times) the limit is trial-to-trial noise"));
        assert!(best_inside.contains("At 3 cycles (1.09 times) the limit is offsets"));
        let best_last = told(&[quality(1.0, 1.0, 0.1), quality(2.0, 1.0, 0.1)]);
        assert_eq!(best_last.matches(" the limit is ").count(), 1);
        let same = told(&[quality(2.0, 1.0, 0.1), quality(2.02, 1.0, 0.1)]);
        assert!(same.contains("hardly depends on it"), "{same}");
        assert_eq!(told(&[]), "");
    }
}
