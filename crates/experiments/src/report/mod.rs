//! The study report: one self-contained HTML page.
//!
//! A [`Page`] holds [`Section`]s; a section holds a question, a method, a finding and its limits,
//! with [`KeyNumber`]s, [`Figure`]s, [`Table`]s, [`Part`]s and [`Details`]. The page needs no scripts (not even
//! for tables that readers sort) and loads nothing; it follows the reader's light or dark mode, narrow screens and paper. The same
//! content gives the same bytes.
//!
//! All texts are plain text: markup in them is escaped, an empty line starts a new paragraph, and
//! text between backticks is set as code.
//!
//! ```
//! # use bss2_experiments::report::{KeyNumber, Page, ReportError, Section};
//! let section = Section::new("accuracy", "Accuracy after calibration")
//!     .with_question("How much accuracy does calibration recover?")
//!     .with_key_number(KeyNumber::new("Test accuracy", 97.1).with_deviation(0.3).with_unit("%"))
//!     .with_finding("Calibration recovers all but one percentage point.");
//! let page = Page::new("bss2 study", "What calibration is worth.").with_section(section)?;
//! assert!(page.to_html().starts_with("<!DOCTYPE html>"));
//! # Ok::<(), ReportError>(())
//! ```

mod figure;
mod html;
mod markdown;
mod page;
mod section;
mod sorting;
mod table;
mod text;

#[cfg(test)]
mod tests;

pub use figure::Figure;
pub(crate) use page::GENERATOR;
pub use page::Page;
pub use section::{Details, KeyNumber, Part, Section};
pub use table::{Cell, Column, Table, Verdict};

/// Content that does not make a sound page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// A section identifier that cannot stand in a link.
    #[error("section identifier {0:?} is not made of lower-case letters, digits and hyphens")]
    InvalidId(String),
    /// Two sections with the same identifier.
    #[error("there is more than one section {0:?}")]
    DuplicateId(String),
    /// A table row that has not as many cells as the table has columns.
    #[error("a row of {cells} cells in a table of {columns} columns ({caption})")]
    RowLength {
        /// Caption of the table.
        caption: String,
        /// Number of columns.
        columns: usize,
        /// Number of cells given.
        cells: usize,
    },
}
