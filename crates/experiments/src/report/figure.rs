//! A chart with its caption.

use crate::plot::Chart;

use super::html::{inline, link_target};

/// A chart, its caption, and where the data behind it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    wide: String,
    narrow: String,
    pub(super) caption: String,
    pub(super) data: Option<String>,
    pub(super) file: Option<String>,
}

impl Figure {
    /// A figure of `chart`, drawn once for wide and once for narrow screens.
    pub fn new(chart: &dyn Chart, caption: impl Into<String>) -> Self {
        Self {
            wide: chart.to_svg(),
            narrow: chart.to_narrow_svg(),
            caption: caption.into(),
            data: None,
            file: None,
        }
    }

    /// Links the CSV file behind the chart by its path relative to the page.
    #[must_use]
    pub fn with_data(mut self, path: impl Into<String>) -> Self {
        self.data = Some(path.into());
        self
    }

    /// Names the file that holds the chart alone, for [Markdown](super::Page::to_markdown), by its path
    /// relative to the page.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<String>) -> Self {
        self.file = Some(path.into());
        self
    }

    pub(super) fn to_html(&self) -> String {
        let Self {
            wide,
            narrow,
            caption,
            data,
            ..
        } = self;
        let link = data.as_ref().map_or_else(String::new, |path| {
            format!(
                " <a class=\"data\" href=\"{}\">Data (CSV)</a>",
                link_target(path)
            )
        });
        format!(
            "<figure>\n<div class=\"wide\">{wide}</div>\n<div class=\"narrow\">{narrow}</div>\n\
             <figcaption>{}{link}</figcaption>\n</figure>\n",
            inline(caption)
        )
    }
}
