//! The page as Markdown, for papers and notebooks.

use super::section::{KeyNumber, Part};
use super::table::{Cell, Column};
use super::{Figure, Page, Section, Table};

impl Page {
    /// The page as Markdown: texts, figures as links to their files, tables. What is folded away on the
    /// page is left out.
    pub fn to_markdown(&self) -> String {
        let facts = self
            .facts
            .iter()
            .map(|(name, value)| format!("- {}: {}\n", escape(name), escape(value)));
        let facts: String = facts.collect();
        let sections: String = self.sections.iter().map(Section::to_markdown).collect();
        format!(
            "# {}\n\n{}\n\n{sections}{facts}",
            escape(&self.title),
            escape(&self.lead)
        )
    }
}

impl Section {
    fn to_markdown(&self) -> String {
        let mut text = format!("## {}\n\n", escape(&self.title));
        text += &paragraph("", &self.question);
        for number in &self.key_numbers {
            text += &number.to_markdown();
        }
        if !self.key_numbers.is_empty() {
            text.push('\n');
        }
        text += &paragraph("**Method.** ", &self.method);
        text += &paragraph("**Finding.** ", &self.finding);
        text += &paragraph("**Limits.** ", &self.limits);
        text.extend(self.figures.iter().map(Figure::to_markdown));
        text.extend(self.tables.iter().map(Table::to_markdown));
        text.extend(self.parts.iter().map(Part::to_markdown));
        text
    }
}

impl KeyNumber {
    fn to_markdown(&self) -> String {
        let unit = match self.unit.as_str() {
            "" => String::new(),
            unit => format!(" {unit}"),
        };
        format!(
            "- {}: {}{}\n",
            escape(&self.label),
            self.text(),
            escape(&unit)
        )
    }
}

impl Part {
    fn to_markdown(&self) -> String {
        let figures: String = self.figures.iter().map(Figure::to_markdown).collect();
        format!(
            "### {}\n\n{}{figures}",
            escape(&self.title),
            paragraph("", &self.text)
        )
    }
}

impl Figure {
    /// Nothing for a figure without a file.
    fn to_markdown(&self) -> String {
        let Some(file) = &self.file else {
            return String::new();
        };
        let data = self.data.as_ref();
        let data = data.map_or_else(String::new, |path| format!(" [Data (CSV)]({path})"));
        let caption = escape(&self.caption);
        format!("![{caption}]({file})\n\n*{caption}*{data}\n\n")
    }
}

impl Table {
    /// The table as Markdown, below its caption.
    pub fn to_markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let headings = self.columns.iter().map(|column| escape(&column.heading()));
        let rule = self.columns.iter().map(Column::is_numeric);
        let rule = rule.map(|numeric| if numeric { "---:" } else { "---" }.to_owned());
        let mut text = format!("**{}**\n\n", escape(&self.caption));
        text += &line(headings.collect());
        text += &line(rule.collect());
        for row in &self.rows {
            text += &line(
                row.iter()
                    .map(Cell::plain)
                    .map(|cell| escape(&cell))
                    .collect(),
            );
        }
        text + "\n"
    }
}

fn paragraph(begin: &str, text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        text => format!("{begin}{}\n\n", escape(text)),
    }
}

/// Signs that Markdown takes for its own, where they stand for themselves; code between backticks stays,
/// and so do underscores within words.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let (mut in_code, mut before) = (false, ' ');
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        in_code ^= sign == '`';
        let is_followed = signs.peek().is_some_and(|next| next.is_alphanumeric());
        let in_word = before.is_alphanumeric() && is_followed;
        let special = matches!(sign, '*' | '[' | ']' | '<' | '>' | '#' | '\\');
        if sign == '|' || (special || sign == '_' && !in_word) && !in_code {
            escaped.push('\\');
        }
        escaped.push(sign);
        before = sign;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    #[test]
    fn tables_keep_their_alignment_and_their_signs() {
        let table = Table::new(
            "Of num_sends_",
            vec![Column::text("`a_b`"), Column::number("%")],
        )
        .with_row(vec![
            Cell::text("x | <y>"),
            Cell::number(1.0, 1).with_verdict(Verdict::Pass),
        ])
        .unwrap();
        assert_eq!(
            table.to_markdown(),
            "**Of num_sends\\_**\n\n| `a_b` | % |\n| --- | ---: |\n| x \\| \\<y\\> | 1.0 ✓ pass |\n\n"
        );
    }

    #[test]
    fn a_section_tells_its_story_in_order() {
        let section = Section::new("s", "Title")
            .with_question("Why?")
            .with_key_number(KeyNumber::new("Accuracy", 97.0).with_unit("%"))
            .with_method("So.")
            .with_finding("This.\n\nAnd that.");
        let page = Page::new("T", "Lead.").with_section(section).unwrap();
        assert_eq!(
            page.with_fact("Seed", "1").to_markdown(),
            "# T\n\nLead.\n\n## Title\n\nWhy?\n\n- Accuracy: 97 %\n\n**Method.** So.\n\n\
             **Finding.** This.\n\nAnd that.\n\n- Seed: 1\n"
        );
    }
}
