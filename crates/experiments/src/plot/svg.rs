//! The SVG writer: elements, attributes, escaping and number formatting in one place.

use std::fmt::{self, Display, Write};

/// Escapes text for XML and HTML content and for double-quoted attributes.
///
/// Control characters, which XML forbids even when escaped, become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for symbol in text.chars() {
        match symbol {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(symbol),
            '\r' => {}
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            symbol if symbol.is_control() => escaped.push('\u{fffd}'),
            symbol => escaped.push(symbol),
        }
    }
    escaped
}

/// A drawing coordinate: at most two decimals, no trailing zeros, no negative zero.
pub(super) fn coordinate(value: f64) -> String {
    debug_assert!(
        value.is_finite(),
        "coordinates are finite: values are filtered before they are placed"
    );
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// One SVG element under construction.
#[derive(Debug, Clone)]
pub(super) struct Element {
    name: &'static str,
    attributes: String,
    content: String,
}

impl Element {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: String::new(),
            content: String::new(),
        }
    }

    pub(super) fn group(class: &str) -> Self {
        Self::new("g").class(class)
    }

    pub(super) fn line((x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> Self {
        Self::new("line")
            .number("x1", x1)
            .number("y1", y1)
            .number("x2", x2)
            .number("y2", y2)
    }

    pub(super) fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self::new("rect")
            .number("x", x)
            .number("y", y)
            .number("width", width)
            .number("height", height)
    }

    pub(super) fn circle(x: f64, y: f64, radius: f64) -> Self {
        Self::new("circle")
            .number("cx", x)
            .number("cy", y)
            .number("r", radius)
    }

    pub(super) fn path(path: &Path) -> Self {
        Self::new("path").attribute("d", &path.data)
    }

    pub(super) fn class(self, class: &str) -> Self {
        self.attribute("class", class)
    }

    pub(super) fn attribute(mut self, name: &str, value: &str) -> Self {
        // writing to a String cannot fail
        let _ = write!(self.attributes, " {name}=\"{}\"", escape(value));
        self
    }

    pub(super) fn number(self, name: &str, value: f64) -> Self {
        self.attribute(name, &coordinate(value))
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        self.content.push_str(&escape(text));
        self
    }

    /// Content that is written as it is: the style sheet, which is ours and free of markup, or a
    /// finished drawing.
    pub(super) fn verbatim(mut self, content: &str) -> Self {
        self.content.push_str(content);
        self
    }

    pub(super) fn child(mut self, child: &Self) -> Self {
        self.push(child);
        self
    }

    pub(super) fn children<'a>(mut self, children: impl IntoIterator<Item = &'a Self>) -> Self {
        for child in children {
            self.push(child);
        }
        self
    }

    pub(super) fn push(&mut self, child: &Self) {
        let _ = write!(self.content, "{child}");
    }
}

impl Display for Element {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            attributes,
            content,
        } = self;
        if content.is_empty() {
            write!(formatter, "<{name}{attributes}/>")
        } else {
            write!(formatter, "<{name}{attributes}>{content}</{name}>")
        }
    }
}

/// Path data.
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    data: String,
}

impl Path {
    /// Straight segments through `points`.
    pub(super) fn polyline(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut path = Self::default();
        for (index, point) in points.into_iter().enumerate() {
            if index == 0 {
                path.move_to(point);
            } else {
                path.line_to(point);
            }
        }
        path
    }

    /// A closed outline through `points`.
    pub(super) fn polygon(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut path = Self::polyline(points);
        path.data.push('Z');
        path
    }

    fn move_to(&mut self, (x, y): (f64, f64)) {
        let _ = write!(self.data, "M{} {}", coordinate(x), coordinate(y));
    }

    fn line_to(&mut self, (x, y): (f64, f64)) {
        let _ = write!(self.data, "L{} {}", coordinate(x), coordinate(y));
    }
}

/// Cells of a matrix in one colour: horizontal strokes of unit width, each through a run of cells.
///
/// Heat maps have many cells; strokes relative to each other are the shortest way to write them.
#[derive(Debug, Clone, Default)]
pub(super) struct CellPath {
    data: String,
    /// Where the last stroke ended, as column and row.
    end: (i64, i64),
}

impl CellPath {
    /// Adds `length` cells of `row` from `column` on.
    pub(super) fn run(&mut self, column: usize, row: usize, length: usize) {
        let (column, row, length) = (column as i64, row as i64, length as i64);
        let (end_column, end_row) = self.end;
        // writing to a String cannot fail
        let _ = write!(
            self.data,
            "m{} {}h{length}",
            column - end_column,
            row - end_row
        );
        self.end = (column + length, row);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    pub(super) fn element(&self) -> Element {
        Element::new("path").attribute("d", &self.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_markup_and_control_characters() {
        assert_eq!(
            escape("a<b> & \"c\"\u{0}\u{1b}"),
            "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!(coordinate(-0.001), "0");
        assert_eq!(coordinate(12.0), "12");
        assert_eq!(coordinate(0.1 + 0.2), "0.3");
        assert_eq!(coordinate(100.0), "100");
    }

    #[test]
    fn elements_nest() {
        let element = Element::group("a\"b")
            .child(&Element::circle(1.0, 2.0, 3.0))
            .text("1 < 2");
        let expected = "<g class=\"a&quot;b\"><circle cx=\"1\" cy=\"2\" r=\"3\"/>1 &lt; 2</g>";
        assert_eq!(element.to_string(), expected);
    }
}
