//! What a chart could not show, counted, and said below the chart.

use super::axis::Axis;

/// Counts of values that were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Omissions {
    unplaceable: usize,
    outside: usize,
}

impl Omissions {
    /// Whether a mark at these values on these axes is shown; counts it if not.
    pub(super) fn admits(&mut self, places: &[(&Axis, f64)]) -> bool {
        if !places.iter().all(|(axis, value)| axis.accepts(*value)) {
            self.unplaceable += 1;
            return false;
        }
        if !places.iter().all(|(axis, value)| axis.contains(*value)) {
            self.outside += 1;
            return false;
        }
        true
    }

    /// The sentences for the reader; none if nothing was left out.
    pub(super) fn notes(self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.unplaceable > 0 {
            let values = counted(self.unplaceable);
            notes.push(format!("Left out: {values} without a place on the axes (not finite, or not positive on a logarithmic axis)."));
        }
        if self.outside > 0 {
            notes.push(format!(
                "Left out: {} outside the range of the axes.",
                counted(self.outside)
            ));
        }
        notes
    }
}

fn counted(count: usize) -> String {
    if count == 1 {
        "1 value".to_owned()
    } else {
        format!("{count} values")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_reason() {
        let axis = Axis::logarithmic("", "")
            .with_range(1.0, 10.0)
            .expect("a sound range");
        let mut omissions = Omissions::default();
        for (value, shown) in [(2.0, true), (0.0, false), (f64::NAN, false), (11.0, false)] {
            assert_eq!(omissions.admits(&[(&axis, value)]), shown, "{value}");
        }
        let notes = omissions.notes();
        assert!(
            notes[0].contains("2 values") && notes[1].contains("1 value "),
            "{notes:?}"
        );
        assert!(Omissions::default().notes().is_empty());
    }
}
