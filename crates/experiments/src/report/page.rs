//! The page as a whole.

use crate::plot;

use super::html::{inline, paragraphs};
use super::{ReportError, Section, sorting};

/// The style sheet of the page, without that of the charts.
const STYLE: &str = include_str!("style.css");

/// Stands near the beginning of every page, and tells ours from those of others.
pub(crate) const GENERATOR: &str = "<meta name=\"generator\" content=\"bss2\">";

/// A self-contained HTML page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub(super) title: String,
    pub(super) lead: String,
    pub(super) sections: Vec<Section>,
    pub(super) facts: Vec<(String, String)>,
}

impl Page {
    /// A page with a title and a short text that says what it is about.
    pub fn new(title: impl Into<String>, lead: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            lead: lead.into(),
            sections: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Adds a section.
    ///
    /// # Errors
    ///
    /// [`ReportError::InvalidId`] or [`ReportError::DuplicateId`] if links to the section would
    /// not work.
    pub fn with_section(mut self, section: Section) -> Result<Self, ReportError> {
        self.push_section(section)?;
        Ok(self)
    }

    /// Adds a section in place.
    ///
    /// # Errors
    ///
    /// As [`Page::with_section`].
    pub fn push_section(&mut self, section: Section) -> Result<(), ReportError> {
        let sound =
            |symbol: char| symbol.is_ascii_lowercase() || symbol.is_ascii_digit() || symbol == '-';
        if section.id.is_empty() || !section.id.chars().all(sound) {
            return Err(ReportError::InvalidId(section.id));
        }
        if self.sections.iter().any(|other| other.id == section.id) {
            return Err(ReportError::DuplicateId(section.id));
        }
        self.sections.push(section);
        Ok(())
    }

    /// Adds a fact to the foot of the page, such as a version or a seed.
    #[must_use]
    pub fn with_fact(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.facts.push((name.into(), value.into()));
        self
    }

    /// The page as HTML.
    pub fn to_html(&self) -> String {
        let title = plot::escape(&self.title);
        let sections: String = self.sections.iter().map(Section::to_html).collect();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n{GENERATOR}\n\
             <title>{title}</title>\n<style>\n{STYLE}{}{}</style>\n</head>\n<body>\n\
             <header>\n<h1>{}</h1>\n<div class=\"lead\">\n{}</div>\n</header>\n\
             {}<main>\n{sections}</main>\n{}</body>\n</html>\n",
            sorting::style(),
            plot::STYLE,
            inline(&self.title),
            paragraphs(&self.lead),
            self.contents(),
            self.footer(),
        )
    }

    /// Links to the sections, if there is more than one.
    fn contents(&self) -> String {
        if self.sections.len() < 2 {
            return String::new();
        }
        let entries = self
            .sections
            .iter()
            .map(|section| {
                format!(
                    "<li><a href=\"#{}\">{}</a></li>\n",
                    section.id,
                    inline(&section.title)
                )
            })
            .collect::<Vec<_>>()
            .concat();
        format!("<nav aria-label=\"Contents\">\n<ol>\n{entries}</ol>\n</nav>\n")
    }

    fn footer(&self) -> String {
        if self.facts.is_empty() {
            return String::new();
        }
        let facts = self
            .facts
            .iter()
            .map(|(name, value)| {
                format!(
                    "<div><dt>{}</dt><dd>{}</dd></div>\n",
                    inline(name),
                    inline(value)
                )
            })
            .collect::<Vec<_>>()
            .concat();
        format!("<footer>\n<dl>\n{facts}</dl>\n</footer>\n")
    }
}
