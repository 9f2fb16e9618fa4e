//! Plans on the workbench.

use std::fs;
use std::path::PathBuf;

use bss2_experiments::ExperimentError;
use bss2_experiments::workbench::{PlanJob, layer_shape, strategy};
use bss2_mapping::{MappingError, Plan, Tiling};

fn job(layer: &str, name: &str) -> PlanJob {
    PlanJob {
        shape: layer_shape(layer, 1).unwrap(),
        tiling: strategy(name).unwrap(),
        num_sends: None,
        wait_between_events: None,
        chips: 1,
        vectors: 100,
        active_share: 0.5,
        out: None,
    }
}

#[test]
fn a_folder_holds_the_plan_as_data_text_and_picture() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("plan");
    let job = PlanJob {
        chips: 2,
        num_sends: Some(4),
        out: Some(folder.clone()),
        ..job("1000x600", "packed")
    };
    let report = job.run().unwrap();
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();

    let plan: Plan = serde_json::from_str(&read("plan.json")).unwrap();
    assert_eq!(plan, report.plan);
    assert_eq!(plan.geometry().hemispheres(), 4);
    assert_eq!(plan.settings().num_sends(), 4);
    assert_eq!(read("plan.txt"), report.to_text());
    let svg = read("plan.svg");
    assert!(svg.starts_with("<svg") && svg.contains("1000 inputs → 600 outputs: 6 passes"));
    let configuration: toml::Table = read("configuration.toml").parse().unwrap();
    assert_eq!(configuration["layer"]["inputs"].as_integer(), Some(1000));
    let tiling: Tiling = configuration["tiling"].clone().try_into().unwrap();
    assert_eq!(tiling.settings.num_sends(), 4);

    // Another plan takes its place, a file of one's own stays.
    let job = PlanJob { chips: 1, ..job };
    job.run().unwrap();
    let again: Plan = serde_json::from_str(&read("plan.json")).unwrap();
    assert_eq!(again.geometry().hemispheres(), 2);
    fs::write(folder.join("notes.txt"), "precious").unwrap();
    let refused = job.run().unwrap_err();
    assert!(matches!(refused, ExperimentError::ForeignFolder { .. }));
    assert_eq!(read("notes.txt"), "precious");
}

#[test]
fn the_text_tells_blocks_and_cost() {
    let report = job("300x10", "in-order").run().unwrap();
    let text = report.to_text();
    for expected in [
        "300 inputs → 10 outputs on 2 × 128 inputs × 256 columns",
        "256…299",
        "Cost of 100 vectors with 50 % of the inputs active, weights written once",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let row = |name: &str| {
        let mut lines = text.lines();
        let line = lines.find(|line| line.starts_with(name)).unwrap();
        let words: Vec<&str> = line[name.len()..].split_whitespace().collect();
        words.join(" ")
    };
    assert_eq!(row("passes "), "1 3 –");
    assert_eq!(row("array runs"), "1 3 –");
    assert_eq!(row("weights written"), "1 3000 –");
    assert_eq!(row("vectors sent"), "1 300 3");
    assert_eq!(
        row("events"),
        "1 15\u{202f}000 150".replace('\u{202f}', " ")
    );
    assert_eq!(row("CADC conversions"), "1 3000 30");
    assert!(row("chip time").starts_with("µs ") && row("energy").starts_with("µJ "));

    let none = PlanJob {
        vectors: 0,
        ..job("300x10", "in-order")
    };
    let text = none.run().unwrap().to_text();
    assert!(!text.contains("NaN") && !text.contains("n/a"), "{text}");
}

#[test]
fn what_cannot_be_planned_is_refused_and_nothing_written() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("plan");
    let refused = |change: fn(PlanJob) -> PlanJob| {
        let job = PlanJob {
            out: Some(folder.clone()),
            ..change(job("300x10", "in-order"))
        };
        job.run().unwrap_err()
    };
    let chips = refused(|job| PlanJob { chips: 9, ..job });
    assert_eq!(chips.to_string(), "chips = 9 is outside 1…8");
    let no_share = |error: &ExperimentError| {
        matches!(
            error,
            ExperimentError::Mapping(MappingError::ShareOutOfRange { .. })
        )
    };
    let active_share = f64::NAN;
    assert!(no_share(&refused(|job| PlanJob {
        active_share: 1.5,
        ..job
    })));
    let not_a_number = PlanJob {
        active_share,
        ..job("300x10", "in-order")
    };
    assert!(no_share(&not_a_number.run().unwrap_err()));
    let sends = refused(|job| PlanJob {
        num_sends: Some(0),
        ..job
    });
    assert!(sends.to_string().contains("num_sends = 0"), "{sends}");
    let repeated = refused(|mut job| {
        job.tiling.coding.row_repetition = 129;
        job
    });
    assert!(
        repeated.to_string().contains("takes 129 rows"),
        "{repeated}"
    );
    let inside = PlanJob {
        out: Some(PathBuf::from(".")),
        ..job("300x10", "in-order")
    };
    let inside = inside.run().unwrap_err();
    assert!(matches!(inside, ExperimentError::EnclosingFolder { .. }));
    assert!(!folder.exists());
}

#[test]
fn a_plan_does_not_replace_a_study() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("results");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("index.html"), "a study").unwrap();
    let mut job = job("3x4", "in-order");
    job.out = Some(out.clone());
    let refused = job.run().unwrap_err().to_string();
    assert!(refused.contains("holds 'index.html'"), "{refused}");
    assert_eq!(
        fs::read_to_string(out.join("index.html")).unwrap(),
        "a study"
    );
}

/// The guide's example of a tiling is one.
#[test]
fn the_tiling_of_the_guide_is_read() {
    let guide = include_str!("../../../../docs/mapping.md");
    let example = guide
        .split("```toml")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let tiling: Tiling = toml::from_str(example).unwrap();
    assert_eq!(tiling.coding.column_copies, 4);
    let offset = bss2_mapping::InputCoding::Offset {
        correction_vectors: 16,
    };
    assert_eq!(tiling.coding.inputs, offset);
}
