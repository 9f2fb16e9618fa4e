//! From values to positions: domains that end on ticks, and nice tick values.

mod logarithmic;
mod step;

pub(super) use step::Step;

use super::axis::{Axis, Bounds, Kind, narrowest_span};
use super::number::{exponent_of, fixed, is_extreme, with_power};
use super::text::{self, size};

/// Positions are limited to this many axis lengths beyond the axis, which keeps numbers short.
const FURTHEST: f64 = 1000.0;
/// Slack when a quotient is rounded to whole steps: 0.3 / 0.1 is not quite 3.
const SLACK: f64 = 1e-9;
/// Least space between neighbouring tick labels along a horizontal axis.
const LABEL_GAP: f64 = 10.0;
/// Along a horizontal axis there is at most one tick per this length.
const TICK_SPACING: f64 = 62.0;
/// The same for logarithmic axes, whose labels are short and steps uneven.
const LOGARITHMIC_TICK_SPACING: f64 = 42.0;

/// A labelled tick.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// A domain with its ticks.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    kind: Kind,
    low: f64,
    high: f64,
    pub(super) ticks: Vec<Tick>,
    /// Unlabelled ticks between the powers of ten of a logarithmic axis.
    pub(super) minor: Vec<f64>,
}

impl Scale {
    /// A scale with about `count` ticks, at most one more than that.
    pub(super) fn new(axis: &Axis, bounds: Bounds, count: usize) -> Self {
        match axis.kind() {
            Kind::Linear => linear(axis, bounds, count),
            Kind::Logarithmic => logarithmic::scale(axis, bounds, count),
        }
    }

    /// A scale for a horizontal axis: as many ticks as fit without their labels touching.
    pub(super) fn fitting(axis: &Axis, bounds: Bounds, length: f64) -> Self {
        let spacing = match axis.kind() {
            Kind::Linear => TICK_SPACING,
            Kind::Logarithmic => LOGARITHMIC_TICK_SPACING,
        };
        let most = ((length / spacing) as usize).clamp(2, 9);
        (2..=most)
            .rev()
            .map(|count| Self::new(axis, bounds, count))
            .find(|scale| scale.labels_fit(length))
            .unwrap_or_else(|| Self::new(axis, bounds, 1))
    }

    /// The ends of the domain.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Where `value` lies on the axis: 0 at its low end, 1 at its high end.
    ///
    /// What is not positive has no place on a logarithmic axis; what ends there, such as a
    /// whisker or a bar, ends at the low end.
    pub(super) fn fraction(&self, value: f64) -> f64 {
        let fraction = match self.kind {
            Kind::Linear => (value - self.low) / (self.high - self.low),
            Kind::Logarithmic if value <= 0.0 => 0.0,
            Kind::Logarithmic => (value / self.low).log10() / (self.high / self.low).log10(),
        };
        if fraction.is_nan() {
            return 0.0;
        }
        fraction.clamp(-FURTHEST, FURTHEST)
    }

    pub(super) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// How far labels of ticks at the ends of a horizontal axis may reach beyond it.
    pub(super) fn overhang(&self) -> f64 {
        let ends = [self.ticks.first(), self.ticks.last()];
        let widths = ends
            .into_iter()
            .flatten()
            .map(|tick| text::width(&tick.label, size::TICK));
        widths.fold(0.0, f64::max) / 2.0
    }

    fn labels_fit(&self, length: f64) -> bool {
        self.ticks.windows(2).all(|pair| {
            let distance = (self.fraction(pair[1].value) - self.fraction(pair[0].value)) * length;
            let half_widths = pair
                .iter()
                .map(|tick| text::width(&tick.label, size::TICK))
                .sum::<f64>()
                / 2.0;
            half_widths + LABEL_GAP <= distance
        })
    }
}

fn linear(axis: &Axis, bounds: Bounds, count: usize) -> Scale {
    let (low, high) = axis
        .range()
        .unwrap_or_else(|| axis.automatic(bounds, widened));
    let step = Step::nice(high - low, count);
    let step = if axis.wants_whole_numbers() {
        step.at_least_one()
    } else {
        step
    };
    let indices = if axis.range().is_some() {
        step.index_above(low)..=step.index_below(high)
    } else {
        step.index_below(low)..=step.index_above(high)
    };
    let mut values: Vec<f64> = indices.map(|index| step.multiple(index)).collect();
    // the slack in counting steps may leave the data a hair outside the outermost ticks
    let mut low = values.first().map_or(low, |first| first.min(low));
    let mut high = values.last().map_or(high, |last| last.max(high));
    if axis.range().is_none() {
        let (least, most) = axis.limits();
        (low, high) = (low.max(least), high.min(most));
        values.retain(|value| (low..=high).contains(value));
    }
    Scale {
        kind: Kind::Linear,
        low,
        high,
        ticks: linear_ticks(&values, step),
        minor: Vec::new(),
    }
}

fn linear_ticks(values: &[f64], step: Step) -> Vec<Tick> {
    let largest = values
        .iter()
        .fold(step.size(), |largest, value| largest.max(value.abs()));
    let label = |value: f64| {
        if value == 0.0 {
            "0".to_owned()
        } else if is_extreme(largest) {
            let exponent = exponent_of(largest);
            let mantissa = value / 10f64.powi(exponent);
            with_power(
                &fixed(mantissa, (exponent - step.exponent).max(0) as usize),
                exponent,
            )
        } else {
            fixed(value, (-step.exponent).max(0) as usize)
        }
    };
    values
        .iter()
        .map(|&value| Tick {
            value,
            label: label(value),
        })
        .collect()
}

/// The bounds, given some width where all values are (nearly) the same.
pub(super) fn widened(Bounds { low, high }: Bounds) -> (f64, f64) {
    if high - low > narrowest_span(low, high) {
        return (low, high);
    }
    let magnitude = low.abs().max(high.abs());
    let margin = if magnitude < 1e-90 {
        1.0
    } else {
        magnitude * 0.1
    };
    (low - margin, high + margin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    fn automatic(low: f64, high: f64) -> Scale {
        Scale::new(&Axis::linear("", ""), Bounds { low, high }, 5)
    }

    #[test]
    fn linear_labels_carry_no_noise() {
        assert_eq!(
            labels(&automatic(0.0, 0.5)),
            ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]
        );
        assert_eq!(
            labels(&automatic(-30.0, 42.0)),
            ["\u{2212}40", "\u{2212}20", "0", "20", "40", "60"]
        );
        assert_eq!(labels(&automatic(0.0, 40_000.0))[1], "10\u{202f}000");
        assert_eq!(
            labels(&automatic(0.0, 2e9)),
            ["0", "0.5×10⁹", "1.0×10⁹", "1.5×10⁹", "2.0×10⁹"]
        );
    }

    #[test]
    fn logarithmic_labels() {
        let scale =
            |low, high, count| Scale::new(&Axis::logarithmic("", ""), Bounds { low, high }, count);
        assert_eq!(
            labels(&scale(0.02, 700.0, 6)),
            ["0.01", "0.1", "1", "10", "100", "1000"]
        );
        assert_eq!(labels(&scale(3.0, 40.0, 6)), ["2", "5", "10", "20", "50"]);
        assert_eq!(
            labels(&scale(1e-9, 1e6, 4)),
            ["10⁻¹²", "10⁻⁸", "10⁻⁴", "1", "10⁴", "10⁸"]
        );
    }

    #[test]
    fn fixed_ranges_stay_as_they_are() {
        let axis = Axis::linear("", "")
            .with_range(0.3, 9.7)
            .expect("a sound range");
        let scale = Scale::new(
            &axis,
            Bounds {
                low: -5.0,
                high: 50.0,
            },
            5,
        );
        assert_eq!((scale.low, scale.high), (0.3, 9.7));
        assert_eq!(labels(&scale), ["2", "4", "6", "8"]);
        let axis = Axis::logarithmic("", "")
            .with_range(3.0, 4.0)
            .expect("a sound range");
        assert!(
            Scale::new(
                &axis,
                Bounds {
                    low: 3.0,
                    high: 4.0
                },
                5
            )
            .ticks
            .len()
                >= 2
        );
    }

    #[test]
    fn test_errors_have_ticks_at_one_two_and_five() {
        let axis = Axis::logarithmic("Test error", "%");
        let bounds = Bounds {
            low: 1.0,
            high: 80.0,
        };
        for length in [320.0, 450.0, 700.0] {
            let scale = Scale::fitting(&axis, bounds, length);
            assert_eq!(
                labels(&scale),
                ["1", "2", "5", "10", "20", "50", "100"],
                "{length}"
            );
        }
    }

    #[test]
    fn automatic_ranges_keep_within_their_bounds() {
        let percentage = Axis::linear("", "%").within(0.0, 100.0).expect("bounds");
        for (low, high, expected) in [
            (97.1, 100.7, (97.0, 100.0)),
            (-3.0, 61.0, (0.0, 80.0)),
            (100.0, 100.0, (90.0, 100.0)),
            (0.0, 0.0, (0.0, 1.0)),
            (140.0, 150.0, (80.0, 100.0)),
        ] {
            let scale = Scale::new(&percentage, Bounds { low, high }, 5);
            assert!(scale.low >= 0.0 && scale.high <= 100.0, "{scale:?}");
            assert!(scale.ticks.len() >= 2, "{scale:?}");
            if low < 100.0 && high > 0.0 {
                assert_eq!((scale.low, scale.high), expected, "{low}..{high}");
            }
        }
        // bounds that are not at a tick end the axis all the same
        let odd = Axis::linear("", "").within(0.5, 9.5).expect("bounds");
        let bounds = Bounds {
            low: 0.7,
            high: 9.1,
        };
        let scale = Scale::new(&odd, bounds, 5);
        assert_eq!((scale.low, scale.high), (0.5, 9.5));
        assert_eq!(labels(&scale), ["2", "4", "6", "8"]);
        let odd = Axis::logarithmic("", "").within(0.0, 90.0).expect("bounds");
        let bounds = Bounds {
            low: 1.5,
            high: 80.0,
        };
        let scale = Scale::new(&odd, bounds, 8);
        assert_eq!((scale.low, scale.high), (1.0, 90.0));
        assert_eq!(labels(&scale), ["1", "2", "5", "10", "20", "50"]);
    }

    #[test]
    fn ranges_at_the_ends_of_what_can_be_drawn_have_scales() {
        let axis = || Axis::logarithmic("", "");
        let fixed = |low, high| axis().with_range(low, high).expect("a sound range");
        let within = |low, high| axis().within(low, high).expect("bounds");
        for (axis, low, high) in [
            (fixed(1e-100, 1e100), 1e-100, 1e100),
            (fixed(1.5, 1e90), 1.5, 1e90),
            (fixed(1.5e-100, 1e90), 1.5e-100, 1e90),
            (within(0.0, 2.1e-100), 2.02e-100, 2.05e-100),
            (within(0.0, 2.1e-100), 1e-100, 1e-100),
        ] {
            for count in 1..10 {
                let scale = Scale::new(&axis, Bounds { low, high }, count);
                let Scale { low, high, .. } = scale;
                assert!(0.0 < low && low < high, "{scale:?}");
                assert!(scale.ticks.iter().all(|tick| tick.value > 0.0), "{scale:?}");
                assert_eq!((scale.fraction(low), scale.fraction(high)), (0.0, 1.0));
                assert!(scale.fraction(f64::NAN) == 0.0);
            }
        }
    }

    #[test]
    fn whole_numbers_have_no_fractions_between() {
        let axis = Axis::linear("Epoch", "").whole_numbers();
        let scale = Scale::new(
            &axis,
            Bounds {
                low: 0.0,
                high: 3.0,
            },
            8,
        );
        assert_eq!(labels(&scale), ["0", "1", "2", "3"]);
    }

    fn is_nice(step: f64) -> bool {
        let mantissa = step / 10f64.powi(exponent_of(step * (1.0 + SLACK)));
        [1.0, 2.0, 5.0]
            .iter()
            .any(|nice| (mantissa - nice).abs() < 1e-6)
    }

    proptest! {
        #[test]
        fn linear_ticks_are_nice_and_cover_the_data(
            low in -1e6..1e6f64, magnitude in -9..9i32, width in 1.0..10.0f64, count in 2usize..10
        ) {
            let high = low + width * 10f64.powi(magnitude);
            prop_assume!(high - low > narrowest_span(low, high));
            let scale = Scale::new(&Axis::linear("", ""), Bounds { low, high }, count);
            prop_assert!(scale.low <= low && scale.high >= high);
            prop_assert!((2..=count + 2).contains(&scale.ticks.len()), "{:?}", scale.ticks);
            let step = scale.ticks[1].value - scale.ticks[0].value;
            // differences of large values lose digits: compare where they do not
            if step > 1e-6 * high.abs().max(low.abs()) {
                prop_assert!(is_nice(step), "{step}");
                let distinct: std::collections::BTreeSet<_> = labels(&scale).into_iter().collect();
                prop_assert_eq!(distinct.len(), scale.ticks.len());
            }
        }

        #[test]
        fn logarithmic_ticks_cover_the_data(low in -40.0..40.0f64, decades in 0.0..30.0f64, count in 2usize..10) {
            let (low, high) = (10f64.powf(low), 10f64.powf(low + decades));
            let scale = Scale::new(&Axis::logarithmic("", ""), Bounds { low, high }, count);
            prop_assert!(scale.low <= low && scale.high >= high);
            prop_assert!((2..=count + 2).contains(&scale.ticks.len()), "{:?}", scale.ticks);
        }

        #[test]
        fn bounded_scales_keep_within_and_cover_the_data_inside(
            least in 0.0..50.0f64, width in 0.1..100.0f64, low in -20.0..200.0f64,
            span in 0.0..150.0f64, count in 1usize..10, logarithmic in any::<bool>()
        ) {
            let axis = if logarithmic { Axis::logarithmic("", "") } else { Axis::linear("", "") };
            let most = least + width;
            let axis = axis.within(least, most).expect("bounds");
            let low = if logarithmic { low.abs() + 0.01 } else { low };
            let high = low + span;
            let scale = Scale::new(&axis, Bounds { low, high }, count);
            prop_assert!(scale.low >= least && scale.high <= most && scale.low < scale.high, "{scale:?}");
            prop_assert!(scale.low <= low.clamp(least, most) && scale.high >= high.clamp(least, most), "{scale:?}");
            prop_assert!(scale.ticks.iter().all(|tick| scale.contains(tick.value)), "{scale:?}");
        }

        #[test]
        fn positions_are_finite(low in prop::num::f64::ANY, high in prop::num::f64::ANY, value in prop::num::f64::ANY) {
            for axis in [Axis::linear("", ""), Axis::logarithmic("", "")] {
                let Some(bounds) = Bounds::of(&axis, [low, high]) else { continue };
                let scale = Scale::fitting(&axis, bounds, 300.0);
                if axis.accepts(value) {
                    prop_assert!(scale.fraction(value).is_finite());
                }
                prop_assert!(scale.ticks.len() < 50);
            }
        }
    }
}
