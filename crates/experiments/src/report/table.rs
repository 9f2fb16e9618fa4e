//! Tables, with numbers aligned and verdicts in words.

use crate::plot::{escape, fixed, with_deviation};

use super::ReportError;
use super::html::inline;
use super::sorting::{RESET, Ranks};

/// A column: its heading and whether it holds numbers, which are aligned at the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    heading: String,
    numeric: bool,
}

impl Column {
    /// A column of text.
    pub fn text(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            numeric: false,
        }
    }

    /// A column of numbers; its heading names the unit.
    pub fn number(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            numeric: true,
        }
    }

    /// The heading as it is.
    pub(super) fn heading(&self) -> String {
        self.heading.clone()
    }

    /// Whether its cells are aligned at the right.
    pub(super) const fn is_numeric(&self) -> bool {
        self.numeric
    }

    /// The heading as an attribute of the cells, for narrow screens, which set it before each value.
    fn label(&self) -> String {
        let heading = self.heading.replace('`', "");
        if heading.trim().is_empty() {
            return String::new();
        }
        format!(" data-label=\"{}\"", escape(heading.trim()))
    }

    /// The attribute of cells of a column, whose longest text has this many letters.
    const fn class(&self, longest: usize) -> &'static str {
        /// From here on a text needs a wide column.
        const LONG: usize = 60;
        match (self.numeric, longest >= LONG) {
            (true, _) => " class=\"number\"",
            (false, true) => " class=\"long\"",
            (false, false) => "",
        }
    }
}

/// Whether something meets its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Pass,
    /// It does not.
    Miss,
}

impl Verdict {
    /// The verdict on a condition.
    pub fn of(met: bool) -> Self {
        if met { Self::Pass } else { Self::Miss }
    }

    const fn plain(self) -> &'static str {
        match self {
            Self::Pass => "✓ pass",
            Self::Miss => "✗ miss",
        }
    }

    fn to_html(self) -> &'static str {
        match self {
            Self::Pass => "<span class=\"verdict pass\">✓ pass</span>",
            Self::Miss => "<span class=\"verdict miss\">✗ miss</span>",
        }
    }
}

/// A cell: text, a number or a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    verdict: Option<Verdict>,
}

impl Cell {
    /// Text; also for a number that is already formatted.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            verdict: None,
        }
    }

    /// A number with fixed decimals.
    pub fn number(value: f64, decimals: usize) -> Self {
        Self::text(fixed(value, decimals))
    }

    /// A mean and its standard deviation.
    pub fn mean(mean: f64, deviation: f64) -> Self {
        Self::text(with_deviation(mean, deviation))
    }

    /// A verdict alone.
    pub fn verdict(verdict: Verdict) -> Self {
        Self {
            text: String::new(),
            verdict: Some(verdict),
        }
    }

    /// Adds a verdict behind the text.
    #[must_use]
    pub fn with_verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = Some(verdict);
        self
    }

    /// The cell for the terminal.
    pub(super) fn plain(&self) -> String {
        match (self.text.is_empty(), self.verdict) {
            (_, None) => self.text.clone(),
            (true, Some(verdict)) => verdict.plain().to_owned(),
            (false, Some(verdict)) => format!("{} {}", self.text, verdict.plain()),
        }
    }

    fn to_html(&self) -> String {
        let verdict = self.verdict.map_or("", Verdict::to_html);
        let space = if self.text.is_empty() || verdict.is_empty() {
            ""
        } else {
            " "
        };
        format!("{}{space}{verdict}", inline(&self.text))
    }
}

/// A table with a caption; the first cell of each row is its heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub(super) caption: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(caption: impl Into<String>, columns: Vec<Column>) -> Self {
        Self {
            caption: caption.into(),
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// [`ReportError::RowLength`] if there are not as many cells as columns.
    pub fn with_row(mut self, cells: Vec<Cell>) -> Result<Self, ReportError> {
        self.push_row(cells)?;
        Ok(self)
    }

    /// Adds a row in place.
    ///
    /// # Errors
    ///
    /// [`ReportError::RowLength`] if there are not as many cells as columns.
    pub fn push_row(&mut self, cells: Vec<Cell>) -> Result<(), ReportError> {
        if cells.len() != self.columns.len() {
            let (columns, cells) = (self.columns.len(), cells.len());
            return Err(ReportError::RowLength {
                caption: self.caption.clone(),
                columns,
                cells,
            });
        }
        self.rows.push(cells);
        Ok(())
    }

    pub(super) fn to_html(&self) -> String {
        let texts = self.rows.iter().map(|row| row.iter().map(Cell::plain));
        let texts: Vec<Vec<String>> = texts.map(Iterator::collect).collect();
        let ranks = Ranks::of(&texts);
        let classes = self.columns.iter().enumerate().map(|(place, column)| {
            let lengths = texts.iter().map(|row| row[place].chars().count());
            column.class(lengths.max().unwrap_or(0))
        });
        let classes: Vec<&str> = classes.collect();
        let headings = self.columns.iter().enumerate().map(|(place, column)| {
            let buttons = ranks.as_ref().map(|ranks| ranks.buttons(place));
            format!(
                "<th scope=\"col\"{}>{}{}</th>",
                classes[place],
                inline(&column.heading),
                buttons.unwrap_or_default()
            )
        });
        let headings: String = headings.collect();
        let rows = self.rows.iter().enumerate().map(|(place, row)| {
            let attribute = ranks.as_ref().map(|ranks| ranks.attribute(place));
            self.row_html(row, &classes, &attribute.unwrap_or_default())
        });
        let rows: String = rows.collect();
        // buttons of a form act on each other, not on those of other tables
        let (begin, reset, end) = match ranks {
            None => ("", "", ""),
            Some(_) => ("<form>\n", RESET, "</form>\n"),
        };
        let columns = self.columns.len();
        // a wide table scrolls, and on narrow screens its rows become blocks (see the style sheet);
        // a box that scrolls has to be reachable by keyboard; the caption does not scroll with it
        format!(
            "<figure class=\"table\">\n{begin}<figcaption>{}{reset}</figcaption>\n\
             <div class=\"scroll\" tabindex=\"0\">\n<table style=\"--columns:{columns}\">\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n\
             </div>\n{end}</figure>\n",
            inline(&self.caption)
        )
    }

    fn row_html(&self, row: &[Cell], classes: &[&str], attribute: &str) -> String {
        let cells = self.columns.iter().zip(row).enumerate();
        let cells: String = cells
            .map(|(index, (column, cell))| {
                let (class, content) = (classes[index], cell.to_html());
                if index == 0 {
                    format!("<th scope=\"row\"{class}>{content}</th>")
                } else {
                    format!("<td{class}{}>{content}</td>", column.label())
                }
            })
            .collect();
        format!("<tr{attribute}>{cells}</tr>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_to_fit() {
        let table = Table::new("t", vec![Column::text("a"), Column::number("b")]);
        let short = table.clone().with_row(vec![Cell::text("x")]);
        assert_eq!(
            short,
            Err(ReportError::RowLength {
                caption: "t".into(),
                columns: 2,
                cells: 1
            })
        );
        let html = table
            .with_row(vec![Cell::text("x"), Cell::number(1.0, 1)])
            .expect("two cells")
            .to_html();
        assert!(
            html.contains("<th scope=\"row\">x</th><td class=\"number\" data-label=\"b\">1.0</td>"),
            "{html}"
        );
    }

    #[test]
    fn cells_carry_the_headings_of_their_columns() {
        let columns = ["Stage", "`code` & \"share\" in <%>", " "].map(Column::text);
        let html = Table::new("t", columns.to_vec())
            .with_row(vec![Cell::text("x"), Cell::text("y"), Cell::text("z")])
            .expect("three cells")
            .to_html();
        let label = "data-label=\"code &amp; &quot;share&quot; in &lt;%&gt;\"";
        assert!(
            html.contains(&format!("<td {label}>y</td><td>z</td>")),
            "{html}"
        );
        assert!(html.contains("<th scope=\"row\">x</th>"), "{html}");
    }

    #[test]
    fn verdicts_are_words() {
        let html = Cell::number(97.1, 1)
            .with_verdict(Verdict::of(true))
            .to_html();
        assert_eq!(html, "97.1 <span class=\"verdict pass\">✓ pass</span>");
        assert!(
            Cell::verdict(Verdict::Miss)
                .to_html()
                .contains("miss</span>")
        );
    }
}
