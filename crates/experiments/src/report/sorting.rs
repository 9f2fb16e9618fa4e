//! Tables that readers sort, without scripts: two buttons on each heading, of which style rules put the
//! rows in order.

use std::cmp::Ordering;

/// Fewer rows are seen at a glance.
const FEWEST_ROWS: usize = 4;
/// Columns beyond have no buttons.
const MOST_COLUMNS: usize = 24;

/// What a cell is sorted by: numbers first.
#[derive(Clone, Debug, PartialEq)]
enum Key {
    Number(f64),
    Text(String),
}

/// The ranks of a table's cells.
pub(super) struct Ranks {
    /// By row and column.
    ranks: Vec<Vec<usize>>,
}

impl Ranks {
    /// Of the cells' texts, by row and column; nothing for tables too short to be sorted.
    pub(super) fn of(rows: &[Vec<String>]) -> Option<Self> {
        let columns = rows.first().map_or(0, Vec::len).min(MOST_COLUMNS);
        if rows.len() < FEWEST_ROWS || columns == 0 {
            return None;
        }
        let mut ranks = vec![vec![0; columns]; rows.len()];
        for column in 0..columns {
            let keys: Vec<Key> = rows.iter().map(|row| Key::of(&row[column])).collect();
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by(|&one, &other| keys[one].compared(&keys[other]));
            let mut rank = 0;
            for place in 0..order.len() {
                if place > 0 && keys[order[place]] != keys[order[place - 1]] {
                    rank = place;
                }
                ranks[order[place]][column] = rank;
            }
        }
        Some(Self { ranks })
    }

    /// A row's attribute that holds its ranks.
    pub(super) fn attribute(&self, row: usize) -> String {
        let ranks = self.ranks.get(row).into_iter().flatten().enumerate();
        let ranks: Vec<String> = ranks
            .map(|(column, rank)| format!("--s{column}:{rank}"))
            .collect();
        format!(" style=\"{}\"", ranks.join(";"))
    }

    /// The buttons of a heading.
    pub(super) fn buttons(&self, column: usize) -> String {
        if self.ranks.first().is_none_or(|row| column >= row.len()) {
            return String::new();
        }
        let button = |class: &str, what: &str| {
            format!(
                "<input type=\"radio\" name=\"sort\" class=\"{class}\" aria-label=\"{what}\" title=\"{what}\">"
            )
        };
        format!(
            " <span class=\"sort\">{}{}</span>",
            button("up", "sort, least first"),
            button("down", "sort, most first")
        )
    }
}

/// Behind a table's caption: back to the order in which it was written.
pub(super) const RESET: &str = " <button type=\"reset\">as written</button>";

/// The rules that put rows in order.
pub(super) fn style() -> String {
    let rules = (0..MOST_COLUMNS).map(|column| {
        let heading = format!("table:has(th:nth-child({}) ", column + 1);
        format!(
            "{heading}.up:checked) tr {{ order: var(--s{column}); }}\n\
             {heading}.down:checked) tr {{ order: calc(-1 * var(--s{column})); }}\n"
        )
    });
    rules.collect()
}

impl Key {
    /// The number at the beginning, whatever follows; or the text.
    fn of(text: &str) -> Self {
        match number(text) {
            Some(number) => Self::Number(number),
            None => Self::Text(text.to_lowercase()),
        }
    }

    fn compared(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
        }
    }
}

/// The number that a text begins with, as people write it: "−1 234.5 ± 2", "+3 (2…4)", "(3.0 ± 0.2)×10⁹".
fn number(text: &str) -> Option<f64> {
    const GAPS: [char; 3] = ['\u{202f}', '\u{2009}', '\u{a0}'];
    let text = text.trim_start_matches(['(', '+', ' ']);
    let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == '\u{2212}' || GAPS.contains(&c);
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let digits: String = digits.chars().filter(|c| !GAPS.contains(c)).collect();
    let mantissa: f64 = digits.replace('\u{2212}', "-").parse().ok()?;
    let exponent = rest
        .split_once("×10")
        .map_or(0, |(_, power)| superscript(power));
    Some(mantissa * 10_f64.powi(exponent))
}

/// A number in raised digits; 0 if there is none.
fn superscript(text: &str) -> i32 {
    const DIGITS: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    let is_negative = text.starts_with('⁻');
    let digits = text.trim_start_matches('⁻').chars();
    let digits = digits.map_while(|c| DIGITS.chars().position(|digit| digit == c));
    let value = digits.fold(0_i32, |value, digit| {
        value.saturating_mul(10).saturating_add(digit as i32)
    });
    if is_negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (text, expected) in [
            ("12", Some(12.0)),
            ("−1.5 ± 0.2", Some(-1.5)),
            ("11\u{202f}487", Some(11_487.0)),
            ("+54.6 (49.3…59.9)", Some(54.6)),
            ("(3.00 ± 0.20)×10⁹", Some(3.0e9)),
            ("2.5×10⁻⁷", Some(2.5e-7)),
            ("98.1 ✓ pass", Some(98.1)),
            ("–", None),
            ("joint", None),
        ] {
            let found = number(text);
            match (found, expected) {
                (Some(found), Some(expected)) => assert!(
                    (found - expected).abs() <= 1e-12 * expected.abs(),
                    "{text}: {found}"
                ),
                _ => assert_eq!(found, expected, "{text}"),
            }
        }
    }

    #[test]
    fn equal_cells_share_their_rank_and_texts_follow_numbers() {
        let rows = ["10", "9", "–", "10"].map(|text| vec![text.to_owned()]);
        let ranks = Ranks::of(&rows).unwrap();
        let attributes: Vec<String> = (0..4).map(|row| ranks.attribute(row)).collect();
        assert_eq!(
            attributes,
            [1, 0, 3, 1].map(|rank| format!(" style=\"--s0:{rank}\""))
        );
        assert!(ranks.buttons(0).contains("least first") && ranks.buttons(1).is_empty());
        assert!(Ranks::of(&rows[..3]).is_none());
    }
}
