//! What docs/reliability.md names is there.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All that stands in backticks.
fn code_spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Whether a span is true: a file that exists, a test in it, or a constant with its value.
fn is_true(span: &str) -> bool {
    let (file, rest) = span.split_once("::").unwrap_or((span, ""));
    let Ok(text) = fs::read_to_string(workspace().join(file)) else {
        return false;
    };
    match rest.split_once(" = ") {
        _ if rest.is_empty() => true,
        Some((name, value)) => text.lines().any(|line| {
            line.contains(&format!("const {name}: ")) && line.ends_with(&format!(" = {value};"))
        }),
        None => text.contains(&format!("fn {rest}(")),
    }
}

#[test]
fn every_test_and_number_of_the_page_is_there() {
    let page = fs::read_to_string(workspace().join("docs/reliability.md")).unwrap();
    let spans = code_spans(&page);
    let named = spans
        .iter()
        .filter(|span| span.contains(".rs") || span.starts_with(".ci/"));
    let named: Vec<_> = named.collect();
    assert!(named.len() > 20);
    for span in named {
        assert!(is_true(span), "{span}");
    }
}

#[test]
fn what_is_not_there_is_noticed() {
    assert!(is_true("xtask/tests/kills.rs::a_merge_that_is_killed"));
    for span in [
        "xtask/tests/nowhere.rs",
        "xtask/tests/kills.rs::a_merge",
        "xtask/tests/kills.rs::KILLS = 16",
        "xtask/tests/kills.rs::DEATHS = 15",
    ] {
        assert!(!is_true(span), "{span}");
    }
}
