//! Plain text as HTML.

use crate::plot::escape;

/// Escapes `text` and sets what stands between backticks as code.
pub(super) fn inline(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some((before, code, after)) = next_code(rest) {
        html.push_str(&escape(before));
        html.push_str("<code>");
        html.push_str(&escape(code));
        html.push_str("</code>");
        rest = after;
    }
    html.push_str(&escape(rest));
    html
}

/// `text` as paragraphs, which empty lines divide.
pub(super) fn paragraphs(text: &str) -> String {
    text.split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| format!("<p>{}</p>\n", inline(paragraph)))
        .collect::<Vec<_>>()
        .concat()
}

/// A relative path as the target of a link; whatever it holds, it stays a relative path.
pub(super) fn link_target(path: &str) -> String {
    let encoded = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    path.bytes().map(encoded).collect()
}

/// Text before the next pair of backticks, between them, and after.
fn next_code(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (code, after) = rest.split_once('`')?;
    Some((before, code, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_escapes() {
        assert_eq!(
            inline("run `a < b` & `c`"),
            "run <code>a &lt; b</code> &amp; <code>c</code>"
        );
        assert_eq!(inline("a lone ` stays"), "a lone ` stays");
    }

    #[test]
    fn empty_lines_divide_paragraphs() {
        assert_eq!(
            paragraphs("one\n\n\n\ntwo\nlines\n"),
            "<p>one</p>\n<p>two\nlines</p>\n"
        );
        assert_eq!(paragraphs("  "), "");
    }

    #[test]
    fn link_targets_stay_relative() {
        assert_eq!(link_target("data/a b.csv"), "data/a%20b.csv");
        assert_eq!(link_target("javascript:x"), "javascript%3Ax");
    }
}
