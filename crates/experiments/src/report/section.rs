//! A section: what was asked, how, what came out, and what that is worth.

use crate::plot::{escape, fixed, significant, with_deviation};

use super::html::{inline, paragraphs};
use super::{Figure, Table};

/// A number to take away, with its spread and unit.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyNumber {
    pub(super) label: String,
    value: f64,
    deviation: Option<f64>,
    decimals: Option<usize>,
    pub(super) unit: String,
}

impl KeyNumber {
    /// A number without spread or unit.
    pub fn new(label: impl Into<String>, value: f64) -> Self {
        Self {
            label: label.into(),
            value,
            deviation: None,
            decimals: None,
            unit: String::new(),
        }
    }

    /// Adds a standard deviation.
    #[must_use]
    pub fn with_deviation(mut self, deviation: f64) -> Self {
        self.deviation = Some(deviation);
        self
    }

    /// Fixes the decimals, which otherwise follow from two digits of the deviation.
    #[must_use]
    pub fn with_decimals(mut self, decimals: usize) -> Self {
        self.decimals = Some(decimals);
        self
    }

    /// Adds a unit.
    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// Value and spread, without the unit.
    pub(super) fn text(&self) -> String {
        match (self.deviation, self.decimals) {
            (Some(deviation), None) => with_deviation(self.value, deviation),
            (Some(deviation), Some(decimals)) => {
                format!(
                    "{} ± {}",
                    fixed(self.value, decimals),
                    fixed(deviation, decimals)
                )
            }
            (None, None) => significant(self.value, 4),
            (None, Some(decimals)) => fixed(self.value, decimals),
        }
    }

    fn to_html(&self) -> String {
        let text = self.text();
        let unit = if self.unit.is_empty() {
            String::new()
        } else {
            format!(" <small>{}</small>", escape(&self.unit))
        };
        // value and spread stand on lines of their own, unless a common power of ten joins them
        let number = match text.split_once(" ± ") {
            Some((value, spread)) if !value.starts_with('(') => {
                format!("{value}{unit} <span class=\"spread\">± {spread}</span>")
            }
            _ => format!("{text}{unit}"),
        };
        format!(
            "<div><dt>{}</dt><dd>{number}</dd></div>\n",
            inline(&self.label)
        )
    }
}

/// Text that is folded away at first, such as a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    summary: String,
    text: String,
}

impl Details {
    /// `text`, set as it is, behind the line `summary`.
    pub fn new(summary: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            text: text.into(),
        }
    }

    fn to_html(&self) -> String {
        let (summary, text) = (inline(&self.summary), escape(&self.text));
        format!(
            "<details>\n<summary>{summary}</summary>\n<pre tabindex=\"0\">{text}</pre>\n</details>\n"
        )
    }
}

/// A part of a section with a heading of its own: text and figures on one of several questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) figures: Vec<Figure>,
}

impl Part {
    /// A part without figures.
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            text: text.into(),
            figures: Vec::new(),
        }
    }

    /// Adds a figure.
    #[must_use]
    pub fn with_figure(mut self, figure: Figure) -> Self {
        self.figures.push(figure);
        self
    }

    fn to_html(&self) -> String {
        let figures: String = self.figures.iter().map(Figure::to_html).collect();
        format!(
            "<div class=\"part\">\n<h3>{}</h3>\n{}{figures}</div>\n",
            inline(&self.title),
            paragraphs(&self.text)
        )
    }
}

/// A section of the page; texts that are not set do not appear.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) question: String,
    pub(super) method: String,
    pub(super) finding: String,
    pub(super) limits: String,
    pub(super) key_numbers: Vec<KeyNumber>,
    pub(super) figures: Vec<Figure>,
    pub(super) tables: Vec<Table>,
    pub(super) parts: Vec<Part>,
    details: Vec<Details>,
}

impl Section {
    /// A section without content; `id` is what links point to.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            question: String::new(),
            method: String::new(),
            finding: String::new(),
            limits: String::new(),
            key_numbers: Vec::new(),
            figures: Vec::new(),
            tables: Vec::new(),
            parts: Vec::new(),
            details: Vec::new(),
        }
    }

    /// Says what was asked.
    #[must_use]
    pub fn with_question(mut self, text: impl Into<String>) -> Self {
        self.question = text.into();
        self
    }

    /// Says how it was answered.
    #[must_use]
    pub fn with_method(mut self, text: impl Into<String>) -> Self {
        self.method = text.into();
        self
    }

    /// Says what came out.
    #[must_use]
    pub fn with_finding(mut self, text: impl Into<String>) -> Self {
        self.finding = text.into();
        self
    }

    /// Says what the finding does not cover.
    #[must_use]
    pub fn with_limits(mut self, text: impl Into<String>) -> Self {
        self.limits = text.into();
        self
    }

    /// Adds a number to the row of key numbers.
    #[must_use]
    pub fn with_key_number(mut self, number: KeyNumber) -> Self {
        self.key_numbers.push(number);
        self
    }

    /// Adds a figure.
    #[must_use]
    pub fn with_figure(mut self, figure: Figure) -> Self {
        self.figures.push(figure);
        self
    }

    /// Adds a table.
    #[must_use]
    pub fn with_table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// Adds a part; parts stand below the section's own figures and tables.
    #[must_use]
    pub fn with_part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Adds folded text.
    #[must_use]
    pub fn with_details(mut self, details: Details) -> Self {
        self.details.push(details);
        self
    }

    pub(super) fn to_html(&self) -> String {
        let id = escape(&self.id);
        let mut parts = vec![format!(
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n",
            inline(&self.title)
        )];
        if !self.question.trim().is_empty() {
            let question = paragraphs(&self.question);
            parts.push(format!("<div class=\"question\">\n{question}</div>\n"));
        }
        if !self.key_numbers.is_empty() {
            let numbers: String = self.key_numbers.iter().map(KeyNumber::to_html).collect();
            parts.push(format!("<dl class=\"key-numbers\">\n{numbers}</dl>\n"));
        }
        parts.push(facet("Method", &self.method));
        parts.push(facet("Finding", &self.finding));
        parts.push(facet("Limits", &self.limits));
        parts.extend(self.figures.iter().map(Figure::to_html));
        parts.extend(self.tables.iter().map(Table::to_html));
        parts.extend(self.parts.iter().map(Part::to_html));
        parts.extend(self.details.iter().map(Details::to_html));
        parts.push("</section>\n".to_owned());
        parts.concat()
    }
}

fn facet(heading: &str, text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let class = heading.to_lowercase();
    format!(
        "<div class=\"facet {class}\">\n<h3>{heading}</h3>\n<div>\n{}</div>\n</div>\n",
        paragraphs(text)
    )
}
