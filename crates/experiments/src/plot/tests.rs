//! Properties that every chart has, whatever its data.

use proptest::prelude::*;

use super::*;

const TARGETS: [Target; 3] = [Target::Page, Target::NarrowPage, Target::Standalone];

/// Values of any kind: ordinary ones as well as extreme and non-finite ones.
fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -100.0..100.0f64, 1 => prop::num::f64::ANY, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(0.0)]
}

fn any_values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(any_value(), 0..12)
}

/// Charts of named rows over the same values.
fn row_charts(values: &[f64], label: &str, axis: &dyn Fn() -> Axis) -> Vec<Box<dyn Chart>> {
    let (one, other) = values.split_at(values.len() / 2);
    vec![
        Box::new(BarChart::new(
            label,
            axis(),
            values.iter().map(|value| Bar::new(label, *value)).collect(),
        )),
        Box::new(ChangeChart::new(
            label,
            axis(),
            [label, "b"],
            one.iter()
                .zip(other)
                .map(|(before, after)| Change::new(label, *before, *after))
                .collect(),
        )),
    ]
}

/// Panels with a block for every value that is finite.
#[expect(
    clippy::single_range_in_vec_init,
    reason = "a list of one run is meant"
)]
fn array_chart(values: &[f64], label: &str) -> ArrayChart {
    let place = |value: f64| (value.abs() as usize).min(200);
    let block = |(index, value): (usize, &f64)| ArrayBlock {
        kind: index,
        labels: vec![vec![label.to_owned()]],
        rows: vec![place(*value)..place(*value) + index],
        columns: vec![index..2 * index + 1, 40..60],
    };
    let drawable = values.iter().enumerate().filter(|(_, v)| v.is_finite());
    let panel = |blocks| ArrayPanel {
        title: label.to_owned(),
        blocks: vec![blocks],
    };
    let passes = drawable.map(|value| vec![panel(block(value))]);
    let names = vec![label.to_owned(); values.len()];
    ArrayChart::new(label, (128, 64), passes.collect()).with_kinds(names)
}

/// One chart of each kind over the same values.
fn charts(values: &[f64], label: &str, logarithmic: bool) -> Vec<Box<dyn Chart>> {
    let axis = || {
        if logarithmic {
            Axis::logarithmic(label, "mV")
        } else {
            Axis::linear(label, "mV")
        }
    };
    let (one, other) = values.split_at(values.len() / 2);
    let points = |values: &[f64]| {
        values
            .iter()
            .rev()
            .zip(values)
            .map(|(x, y)| (*x, *y))
            .collect::<Vec<_>>()
    };
    let line_points = |values: &[f64]| {
        points(values)
            .into_iter()
            .map(|(x, y)| LinePoint::with_error(x, y, x.abs() / 3.0))
            .collect::<Vec<_>>()
    };
    let reference = || Reference::line(values.first().copied().unwrap_or(1.0), label);
    let band = || Reference::band(values.last().copied().unwrap_or(1.0), 3.0, label);
    let line = LineChart::new(
        label,
        axis(),
        axis(),
        vec![
            LineSeries::new(label, line_points(one)),
            LineSeries::new("b", line_points(other)),
        ],
    );
    let mut charts = row_charts(values, label, &axis);
    let others: Vec<Box<dyn Chart>> = vec![
        Box::new(
            CategoryChart::new(
                label,
                axis(),
                vec![
                    Category::new(label, one.to_vec()),
                    Category::new("b", other.to_vec()),
                ],
            )
            .with_reference(reference())
            .with_reference(band()),
        ),
        Box::new(line.clone().with_error_style(ErrorStyle::Band)),
        Box::new(line.with_x_reference(reference()).with_y_reference(band())),
        Box::new(
            ScatterChart::new(
                label,
                axis(),
                axis(),
                vec![
                    ScatterSeries::new(label, points(one)),
                    ScatterSeries::new("b", points(other)),
                ],
            )
            .with_pareto_front(Prefer::Lower, Prefer::Higher)
            .with_x_reference(band())
            .with_y_reference(reference()),
        ),
        Box::new(
            Histogram::new(
                label,
                axis(),
                vec![
                    Distribution::new(label, one.to_vec()),
                    Distribution::new("b", other.to_vec()),
                ],
            )
            .with_reference(reference()),
        ),
        Box::new(
            HeatMap::new(label, axis(), (1, values.len()), values.to_vec())
                .expect("one row of all values"),
        ),
        Box::new(array_chart(values, label)),
        Box::new(Panels::new(
            label,
            vec![
                Box::new(ScatterChart::new(
                    label,
                    axis(),
                    axis(),
                    vec![ScatterSeries::new("b", points(values))],
                )),
                Box::new(Histogram::new(
                    label,
                    axis(),
                    vec![Distribution::new(label, values.to_vec())],
                )),
            ],
        )),
    ];
    charts.extend(others);
    charts
}

/// Checks nesting of tags and quoting of attributes; returns what is wrong.
fn markup_fault(markup: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    for part in markup.split('<').skip(1) {
        let Some((tag, content)) = part.split_once('>') else {
            return Some(format!("unclosed tag {part}"));
        };
        let bare_ampersand = content.split('&').skip(1).any(|rest| {
            !["amp;", "lt;", "gt;", "quot;"]
                .iter()
                .any(|entity| rest.starts_with(entity))
        });
        if bare_ampersand {
            return Some(format!("bare ampersand in {content}"));
        }
        if tag.matches('"').count() % 2 == 1 {
            return Some(format!("odd quotes in {tag}"));
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Some(format!("unexpected end of {name}"));
            }
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap_or(tag));
        }
    }
    open.pop().map(|name| format!("{name} is never closed"))
}

fn assert_sound(svg: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(markup_fault(svg), None);
    prop_assert!(
        !svg.contains("NaN")
            && !svg.contains("\"inf")
            && !svg.contains(" inf")
            && !svg.contains("-inf")
    );
    prop_assert!(!svg.contains("<script"));
    prop_assert_eq!(svg.matches("http").count(), 1);
    prop_assert!(svg.contains("xmlns=\"http://www.w3.org/2000/svg\""));
    prop_assert!(svg.contains("role=\"img\"") && svg.contains("<title>") && svg.contains("<desc>"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_data_gives_a_sound_drawing(values in any_values(), logarithmic in any::<bool>()) {
        for chart in charts(&values, "a <b> & \"c\"", logarithmic) {
            for target in TARGETS {
                assert_sound(chart.draw(target).svg())?;
            }
        }
    }

    #[test]
    fn the_same_data_gives_the_same_bytes(values in any_values()) {
        let draw = || charts(&values, "x", false).iter().map(|chart| chart.to_svg()).collect::<Vec<_>>();
        prop_assert_eq!(draw(), draw());
    }
}

#[test]
fn a_chart_without_data_says_so() {
    for values in [vec![], vec![f64::NAN; 4]] {
        for chart in charts(&values, "x", false) {
            assert!(chart.to_svg().contains(">No data<"), "{}", chart.to_svg());
        }
    }
}

#[test]
fn single_and_constant_values_are_drawn() {
    for values in [
        vec![3.0; 2],
        vec![0.0; 6],
        vec![-7.5; 6],
        vec![1e-7; 6],
        vec![4e12; 6],
    ] {
        for chart in charts(&values, "x", false) {
            let svg = chart.to_svg();
            assert!(
                !svg.contains("No data") && markup_fault(&svg).is_none(),
                "{svg}"
            );
        }
    }
}

#[test]
fn a_standalone_chart_brings_its_style_and_background() {
    let chart = &charts(&[1.0, 2.0], "x", false)[0];
    let svg = chart.to_standalone_svg();
    assert!(
        svg.contains("<style>")
            && svg.contains("prefers-color-scheme")
            && svg.contains("rx=\"12\" class=\"background\"")
    );
    assert!(!chart.to_svg().contains("<style>"));
    assert!(
        !STYLE.contains(['<', '&']),
        "the style sheet is written into XML as it is"
    );
}

#[test]
fn values_outside_a_fixed_range_are_counted() {
    let axis = Axis::linear("x", "")
        .with_range(0.0, 1.0)
        .expect("a sound range");
    let points = [(0.5, 0.5), (0.2, 7.0), (0.3, -2.0)].to_vec();
    let chart = ScatterChart::new(
        "t",
        Axis::linear("y", ""),
        axis,
        vec![ScatterSeries::new("s", points)],
    );
    assert!(chart.to_svg().contains("2 values outside the range"));
}

#[test]
fn legends_of_many_series_stay_on_the_sheet() {
    let series = |index: usize| {
        LineSeries::new(
            format!("series number {index}"),
            vec![LinePoint::new(0.0, index as f64)],
        )
    };
    let axis = || Axis::linear("x", "");
    let svg = LineChart::new("t", axis(), axis(), (0..15).map(series).collect()).to_narrow_svg();
    assert_eq!(svg.matches(">series number").count(), 15);
}

/// Where the estimate puts a text: left, top, right, bottom.
fn text_boxes(svg: &str) -> Vec<(String, [f64; 4])> {
    let attribute = |tag: &str, name: &str| {
        let value = tag
            .split(&format!(" {name}=\""))
            .nth(1)?
            .split('"')
            .next()?;
        Some(value.to_owned())
    };
    let number = |tag: &str, name: &str| attribute(tag, name).and_then(|value| value.parse().ok());
    svg.split("<text")
        .skip(1)
        .map(|part| {
            let (tag, rest) = part.split_once('>').expect("a complete tag");
            let content = rest.split('<').next().unwrap_or(rest).to_owned();
            let [x, y, size]: [f64; 3] =
                ["x", "y", "font-size"].map(|name| number(tag, name).expect("a number"));
            let width = text::width(&content, size);
            let left = match attribute(tag, "text-anchor").as_deref() {
                Some("middle") => x - width / 2.0,
                Some("end") => x - width,
                _ => x,
            };
            let extent = [left, y - 0.75 * size, left + width, y + 0.2 * size];
            (content, extent)
        })
        .collect()
}

/// A name that does not fit anywhere in one line.
const LONG: &str =
    "a rather long name, such as a careful author might well give to one of the stages";

#[expect(
    clippy::single_range_in_vec_init,
    reason = "a list of one run is meant"
)]
fn crowded_array() -> ArrayChart {
    let block = |place: usize| ArrayBlock {
        kind: place % 4,
        labels: vec![
            vec![LONG.to_owned()],
            vec!["in 0…127".into(), "out 0…9".into()],
        ],
        rows: vec![8 * place..8 * place + 8],
        columns: vec![16 * place..16 * place + 9, 16 * place + 11..16 * place + 16],
    };
    let panel = |blocks: usize| ArrayPanel {
        title: LONG.to_owned(),
        blocks: (0..blocks).map(block).collect(),
    };
    let passes = vec![vec![panel(16), panel(5)]; 9];
    ArrayChart::new(LONG, (128, 256), passes).with_kinds(vec![LONG.to_owned(); 4])
}

fn crowded_charts() -> Vec<Box<dyn Chart>> {
    let axis = |low, high| {
        Axis::linear(LONG, "µJ")
            .with_range(low, high)
            .expect("a sound range")
    };
    let stages = (0..6).map(|index| Category::new(format!("{index} {LONG}"), vec![1.0, 12_345.0]));
    let names = |count: usize| {
        (0..count)
            .map(|index| format!("name {index}"))
            .collect::<Vec<_>>()
    };
    let line = (0..9).map(|index| {
        let points = vec![LinePoint::new(0.0, 0.0), LinePoint::new(1.0, 0.5)];
        LineSeries::new(if index % 2 == 0 { LONG } else { "short" }, points)
    });
    let mut line = LineChart::new(LONG, axis(0.0, 1.0), axis(0.0, 30_000.0), line.collect());
    let mut category = CategoryChart::new(LONG, axis(-20_000.0, 20_000.0), stages.collect());
    for value in [0.2, 0.21, 0.22, 0.9] {
        line = line
            .with_x_reference(Reference::line(value, "a reference"))
            .with_y_reference(Reference::line(30_000.0 * value, "another reference"));
        category = category.with_reference(Reference::line(20_000.0 * value, "a reference"));
    }
    let map = |rows: usize, columns: usize| {
        let values = (0..rows * columns)
            .map(|index| index as f64 * 1e-3)
            .collect();
        HeatMap::new(LONG, Axis::linear(LONG, "mV"), (rows, columns), values)
            .and_then(|map| {
                map.with_row_names(names(rows))?
                    .with_column_names(names(columns))
            })
            .expect("as many values and names as cells")
    };
    let distributions = ["one", LONG].map(|name| Distribution::new(name, vec![1.0, 2.0, 5.0]));
    let histogram = Histogram::new(LONG, axis(0.0, 10.0), distributions.to_vec());
    vec![
        Box::new(crowded_array()),
        Box::new(category),
        Box::new(line),
        Box::new(histogram),
        Box::new(map(2, 256)),
        Box::new(map(10, 10)),
        Box::new(map(256, 3)),
    ]
}

#[test]
fn texts_neither_overlap_nor_leave_the_sheet() {
    for chart in crowded_charts() {
        for (target, width) in [(Target::Page, 720.0), (Target::NarrowPage, 360.0)] {
            let boxes = text_boxes(chart.draw(target).svg());
            for (index, (content, one)) in boxes.iter().enumerate() {
                assert!(
                    one[0] >= -0.5 && one[2] <= width + 0.5,
                    "{content:?} at {one:?} of {width}"
                );
                for (other_content, other) in &boxes[..index] {
                    let apart = one[2] <= other[0]
                        || other[2] <= one[0]
                        || one[3] <= other[1]
                        || other[3] <= one[1];
                    assert!(
                        apart,
                        "{content:?} at {one:?} and {other_content:?} at {other:?} ({target:?})"
                    );
                }
            }
        }
    }
}
