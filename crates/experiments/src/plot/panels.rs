//! Charts side by side under one title.

use super::sheet::{PANEL_GAP, PANEL_WIDTH, Sheet};
use super::svg::Element;
use super::{Chart, Drawing, Target};

/// Charts that are to be compared, two in a row; on narrow screens one below the other.
#[derive(Debug)]
pub struct Panels {
    title: String,
    panels: Vec<Box<dyn Chart>>,
}

impl Panels {
    /// Joins charts under a title.
    pub fn new(title: impl Into<String>, panels: Vec<Box<dyn Chart>>) -> Self {
        Self {
            title: title.into(),
            panels,
        }
    }

    fn description(&self) -> String {
        let titles: Vec<&str> = self.panels.iter().map(|panel| panel.title()).collect();
        format!("Panels: {}.", titles.join("; "))
    }
}

impl Chart for Panels {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, target: Target) -> Drawing {
        let mut sheet = Sheet::new(target, &self.title);
        if self.panels.is_empty() {
            sheet.no_data();
        }
        let (in_a_row, width) = if sheet.is_narrow() {
            (1, sheet.width())
        } else {
            (2, PANEL_WIDTH)
        };
        let scale = width / PANEL_WIDTH;
        for row in self.panels.chunks(in_a_row) {
            let drawings: Vec<Drawing> =
                row.iter().map(|panel| panel.draw(Target::Panel)).collect();
            let tallest = drawings.iter().map(|drawing| drawing.height);
            let tallest = tallest.fold(0.0, f64::max);
            let top = sheet.reserve(scale * tallest + PANEL_GAP / 2.0);
            for (place, drawing) in drawings.iter().enumerate() {
                let panel = Element::new("svg")
                    .attribute("overflow", "visible")
                    .number("x", place as f64 * (width + PANEL_GAP))
                    .number("y", top)
                    .number("width", width)
                    .number("height", scale * drawing.height);
                sheet.draw(panel.verbatim(&drawing.svg));
            }
        }
        sheet.finish(&self.description(), &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Axis, LineChart, LinePoint, LineSeries};

    fn panels(count: usize) -> Panels {
        let axis = || Axis::linear("a", "");
        let series = || LineSeries::new("s", vec![LinePoint::new(0.0, 1.0)]);
        let panel = |number| {
            let title = format!("panel {number}");
            Box::new(LineChart::new(title, axis(), axis(), vec![series()])) as Box<dyn Chart>
        };
        Panels::new("t", (0..count).map(panel).collect())
    }

    #[test]
    fn panels_stand_in_pairs_and_on_narrow_screens_below_each_other() {
        let height = |count, target| panels(count).draw(target).height;
        let wide = |count| height(count, Target::Page);
        assert_eq!(wide(1), wide(2));
        assert!(wide(3) > 1.8 * wide(2));
        assert!(height(2, Target::NarrowPage) > 1.8 * height(1, Target::NarrowPage));
    }

    #[test]
    fn one_drawing_holds_all_panels() {
        let svg = panels(2).to_standalone_svg();
        assert!(svg.contains(">panel 0</text>") && svg.contains(">panel 1</text>"));
        assert_eq!(svg.matches("<style>").count(), 1);
        assert_eq!(svg.matches("xmlns").count(), 1);
        assert!(panels(0).to_svg().contains("No data"));
    }
}
