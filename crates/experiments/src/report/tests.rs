//! The page as a whole.

use super::*;
use crate::plot::{Axis, Category, CategoryChart};

fn section(id: &str) -> Section {
    let chart = CategoryChart::new(
        "Chart",
        Axis::linear("x", "%"),
        vec![Category::new("a", vec![1.0, 2.0])],
    );
    let table = Table::new(
        "Marks",
        vec![Column::text("Stage"), Column::number("Accuracy (%)")],
    )
    .with_row(vec![
        Cell::text("<float>"),
        Cell::mean(97.0, 0.5).with_verdict(Verdict::Pass),
    ])
    .expect("two cells");
    Section::new(id, "A <title> & more")
        .with_question("Why `x < y`?")
        .with_method("So.\n\nAnd so.")
        .with_finding("This <script>alert(1)</script>")
        .with_limits("That.")
        .with_key_number(
            KeyNumber::new("Accuracy", 97.0)
                .with_deviation(0.5)
                .with_unit("%"),
        )
        .with_figure(Figure::new(&chart, "A caption").with_data("data/a.csv"))
        .with_table(table)
        .with_part(Part::new("One <part>", "Of it.").with_figure(Figure::new(&chart, "Another")))
        .with_details(Details::new("Configuration", "seed = 1\n[a]\nb = \"<c>\""))
}

fn page(ids: &[&str]) -> String {
    let page = ids
        .iter()
        .try_fold(Page::new("T & T", "Lead."), |page, id| {
            page.with_section(section(id))
        });
    page.expect("sound identifiers")
        .with_fact("Seed", "42")
        .to_html()
}

/// The elements of the page that are opened and not closed, or closed and not open.
fn nesting_fault(html: &str) -> Option<String> {
    const VOID: [&str; 1] = ["meta"];
    let mut open: Vec<&str> = Vec::new();
    for part in html.split('<').skip(1) {
        let tag = part.split('>').next().unwrap_or(part);
        let name = tag
            .trim_start_matches('/')
            .split([' ', '\n'])
            .next()
            .unwrap_or(tag);
        if name.starts_with('!') || VOID.contains(&name) || tag.ends_with('/') {
            continue;
        }
        if !tag.starts_with('/') {
            open.push(name);
        } else if open.pop() != Some(name) {
            return Some(format!("unexpected end of {name}"));
        }
    }
    open.pop().map(str::to_owned)
}

#[test]
fn the_page_is_well_formed_and_self_contained() {
    let html = page(&["one", "two"]);
    assert_eq!(nesting_fault(&html), None);
    assert!(!html.contains("<script") && !html.contains("<link") && !html.contains("<img"));
    assert!(!html.contains("url(") && !html.contains("@import"));
    assert_eq!(
        html.matches("http").count(),
        html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count()
    );
    assert!(html.contains("Why <code>x &lt; y</code>?"));
    assert!(html.contains("b = &quot;&lt;c&gt;&quot;"));
    assert!(html.contains("href=\"data/a.csv\""));
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    assert_eq!(page(&["one", "two"]), page(&["one", "two"]));
}

#[test]
fn narrow_screens_show_rows_as_blocks() {
    let html = page(&["one"]);
    assert!(html.contains("<td class=\"number\" data-label=\"Accuracy (%)\">97.00 ± 0.50"));
    let (_, narrow) = html
        .split_once("@media screen and (max-width: 38rem)")
        .expect("rules for narrow screens");
    let (narrow, _) = narrow.split_once("@media").expect("further rules");
    assert!(narrow.contains("td[data-label]::before { content: attr(data-label) \": \";"));
    assert!(narrow.contains(".number { text-align: left;"));
    assert!(narrow.contains("td { display: block; }") && !narrow.contains("max-content"));
}

#[test]
fn table_captions_weigh_as_much_as_chart_titles() {
    let html = page(&["one"]);
    let (_, rule) = html
        .split_once(".table figcaption {")
        .expect("a rule for captions");
    let (rule, _) = rule.split_once('}').expect("its end");
    assert!(rule.contains("color: var(--ink)") && rule.contains("font-weight: 600"));
    assert!(html.contains(".bss2-chart .title { font-weight: 600; }"));
}

#[test]
fn contents_appear_from_two_sections_on() {
    assert!(!page(&["one"]).contains("<nav"));
    assert!(page(&["one", "two"]).contains("<a href=\"#two\">"));
}

#[test]
fn section_identifiers_have_to_work_as_links() {
    let page = Page::new("t", "")
        .with_section(section("one"))
        .expect("a sound identifier");
    assert_eq!(
        page.clone().with_section(section("one")),
        Err(ReportError::DuplicateId("one".into()))
    );
    for id in ["", "A b", "x\""] {
        assert_eq!(
            page.clone().with_section(section(id)),
            Err(ReportError::InvalidId(id.into()))
        );
    }
}

#[test]
fn texts_that_are_not_set_do_not_appear() {
    let page = Page::new("t", "")
        .with_section(Section::new("one", "One"))
        .expect("a sound identifier");
    let html = page.to_html();
    assert!(
        !html.contains("class=\"facet") && !html.contains("<figure") && !html.contains("<footer")
    );
}
