//! Tables for the terminal.

use super::Table;
use super::table::{Cell, Column};

impl Table {
    /// The table as aligned plain text: caption, headings, a rule, rows; ends with a line break.
    pub fn to_text(&self) -> String {
        let headings: Vec<String> = self.columns.iter().map(Column::heading).collect();
        let rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| row.iter().map(Cell::plain).collect())
            .collect();
        let widths: Vec<usize> = headings
            .iter()
            .enumerate()
            .map(|(column, heading)| {
                let cells = rows.iter().map(|row| row[column].chars().count());
                cells.chain([heading.chars().count()]).max().unwrap_or(0)
            })
            .collect();
        let line = |cells: &[String]| {
            let aligned = self.columns.iter().zip(cells).zip(&widths);
            let line: Vec<String> = aligned
                .map(|((column, cell), &width)| {
                    // Widths of the standard library's formats end at 65535.
                    let padding = " ".repeat(width - cell.chars().count());
                    if column.is_numeric() {
                        padding + cell
                    } else {
                        format!("{cell}{padding}")
                    }
                })
                .collect();
            format!("{}\n", line.join("  ").trim_end())
        };
        let rule: Vec<String> = widths.iter().map(|&width| "─".repeat(width)).collect();
        let mut text = format!("{}\n\n", self.caption);
        text += &line(&headings);
        text += &line(&rule);
        for row in &rows {
            text += &line(row);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::report::{Cell, Column, Table, Verdict};

    #[test]
    fn columns_are_aligned() {
        let table = Table::new("Caption", vec![Column::text("Stage"), Column::number("%")])
            .with_row(vec![Cell::text("float"), Cell::number(98.25, 1)])
            .and_then(|t| t.with_row(vec![Cell::text("σ"), Cell::verdict(Verdict::Miss)]))
            .unwrap();
        let text = table.to_text();
        assert_eq!(
            text,
            "Caption\n\nStage       %\n─────  ──────\nfloat    98.2\nσ      ✗ miss\n"
        );
    }

    #[test]
    fn cells_may_be_of_any_width() {
        let table = Table::new("Caption", vec![Column::text("A"), Column::number("B")])
            .with_row(vec![Cell::text("ä".repeat(70_000)), Cell::number(1.0, 0)])
            .unwrap();
        let text = table.to_text();
        let last = text.lines().last().unwrap();
        assert_eq!(last.chars().count(), 70_003);
    }
}
