//! Text: estimated widths, wrapping, and the text element.
//!
//! The reader's browser picks the font, so widths are estimates on the generous side (those of
//! a wide sans serif): what fits by this estimate fits in every common system font.

use super::svg::Element;

/// Font sizes in drawing units.
pub(super) mod size {
    pub(crate) const TITLE: f64 = 15.0;
    pub(crate) const LABEL: f64 = 12.5;
    pub(crate) const TICK: f64 = 12.0;
    pub(crate) const NOTE: f64 = 11.5;
}

/// Distance between baselines, as a multiple of the font size.
const LINE_SPACING: f64 = 1.3;

/// Where a text hangs at its x coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Distance between the baselines of two lines.
pub(super) fn line_height(size: f64) -> f64 {
    (size * LINE_SPACING).round()
}

/// How much wider semibold text is than regular text.
const SEMIBOLD: f64 = 1.14;

/// The font size at which regular text is as wide as semibold text of `size`.
pub(super) fn semibold(size: f64) -> f64 {
    size * SEMIBOLD
}

/// Estimated width of `text` at font size `size`.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(relative_width).sum::<f64>() * size
}

/// Breaks `text` into lines no wider than `limit`, at spaces where possible.
pub(super) fn wrap(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        for piece in pieces(word, size, limit) {
            let candidate = if line.is_empty() {
                piece.clone()
            } else {
                format!("{line} {piece}")
            };
            if line.is_empty() || width(&candidate, size) <= limit {
                line = candidate;
            } else {
                lines.push(std::mem::replace(&mut line, piece));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A text element whose baseline starts, centres or ends at `x`, `y`.
pub(super) fn element(
    text: &str,
    (x, y): (f64, f64),
    size: f64,
    anchor: Anchor,
    class: &str,
) -> Element {
    let element = Element::new("text")
        .class(class)
        .number("x", x)
        .number("y", y)
        .number("font-size", size);
    let element = match anchor {
        Anchor::Start => element,
        Anchor::Middle => element.attribute("text-anchor", "middle"),
        Anchor::End => element.attribute("text-anchor", "end"),
    };
    element.text(text)
}

/// A word, cut into several pieces where it alone is wider than `limit`.
fn pieces(word: &str, size: f64, limit: f64) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for symbol in word.chars() {
        piece.push(symbol);
        if width(&piece, size) > limit && piece.chars().count() > 1 {
            piece.pop();
            pieces.push(std::mem::replace(&mut piece, symbol.to_string()));
        }
    }
    pieces.push(piece);
    pieces
}

fn relative_width(symbol: char) -> f64 {
    match symbol {
        'i' | 'j' | 'l' | '\'' | '|' => 0.3,
        ' ' | ',' | '.' | ':' | ';' | '!' | 'I' | '\u{202f}' => 0.34,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' | '"' => 0.41,
        '⁰'..='⁹' | '⁻' | '¹' | '²' | '³' => 0.42,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' => 0.58,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' | '—' => 0.98,
        '–' | '?' => 0.54,
        '+' | '±' | '×' | '=' | '<' | '>' | '≥' | '≤' | '\u{2212}' | 'G' | 'O' | 'Q' | 'D'
        | 'H' | 'N' | 'U' => 0.82,
        symbol if symbol.is_ascii_uppercase() => 0.7,
        symbol if symbol.is_ascii() => 0.64,
        // Greek and accented Latin are like Latin letters; anything further is taken as full width
        symbol if symbol < '\u{1100}' => 0.7,
        _ => 1.05,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_within_the_limit_and_lose_nothing() {
        let text = "a quite long category name with an-unbreakably-long-identifier_inside it";
        for limit in [20.0, 60.0, 120.0, 400.0] {
            let lines = wrap(text, 12.0, limit);
            assert!(
                lines.iter().all(|line| width(line, 12.0) <= limit),
                "{lines:?} at {limit}"
            );
            let squeeze = |text: &str| text.replace(' ', "");
            assert_eq!(squeeze(&lines.concat()), squeeze(text));
        }
    }

    #[test]
    fn empty_text_has_no_lines() {
        assert!(wrap("  ", 12.0, 100.0).is_empty());
    }
}
