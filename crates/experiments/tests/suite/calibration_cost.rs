//! The experiment that weighs calibrations against what they cost.

use std::sync::OnceLock;

use bss2_experiments::{Outcome, Settings, Silent, find};

fn outcome() -> &'static Outcome {
    static OUTCOME: OnceLock<Outcome> = OnceLock::new();
    OUTCOME.get_or_init(|| {
        let settings = Settings {
            chips: Some(2),
            ..Settings::default()
        };
        let experiment = find("calibration-cost").unwrap();
        experiment.run(&settings, &Silent).unwrap()
    })
}

/// Fields of a table by heading, row by row.
fn table(file: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut tables = outcome().further_tables.iter();
    let table = tables.find(|table| table.name() == file).unwrap();
    let mut reader = csv::Reader::from_reader(table.content());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

#[test]
fn the_joint_procedure_leaves_less_for_less_on_typical_and_on_worse_chips() {
    let targets: Vec<_> = outcome().summary.iter().collect();
    assert_eq!(targets.len(), 8, "four ratios, two processes");
    for (name, entry) in targets {
        assert_eq!(entry.pass, Some(true), "{name}: {}", entry.value);
        assert_eq!(entry.n, 2);
    }
}

#[test]
fn curves_begin_at_the_fresh_chip_and_end_lower() {
    let stops = table("calibration-cost-convergence.csv");
    for procedure in ["nested", "joint"] {
        let of: Vec<_> = stops
            .iter()
            .filter(|row| row["procedure"] == procedure && row["process"] == "typical")
            .filter(|row| row["chip_seed"] == "1")
            .collect();
        let number = |row: &std::collections::BTreeMap<String, String>, name: &str| {
            row[name].parse::<f64>().unwrap()
        };
        let (first, last) = (of[0], of[of.len() - 1]);
        assert_eq!(number(first, "measurements"), 0.0);
        for mismatch in ["columns_percent", "drivers_percent"] {
            let [before, after] = [first, last].map(|row| number(row, mismatch));
            assert!(
                after < 0.5 * before,
                "{procedure} {mismatch}: {before} {after}"
            );
        }
        let costs: Vec<f64> = of.iter().map(|row| number(row, "chip_time_ms")).collect();
        assert!(costs.is_sorted(), "{procedure}: {costs:?}");
    }
}

#[test]
fn every_search_ends_nearer_than_it_began() {
    let steps = table("calibration-cost-searches.csv");
    let mut trials = std::collections::BTreeMap::<_, Vec<f64>>::new();
    for row in &steps {
        let trial = ["process", "chip_seed", "routine", "search"].map(|key| row[key].clone());
        let residual = row["residual"].parse().unwrap();
        trials.entry(trial).or_default().push(residual);
    }
    // Two processes, two chips, four routines with 4 searches, two of which have more.
    assert_eq!(trials.len(), 2 * 2 * (4 * 4 + 3));
    for (trial, residuals) in trials {
        let (first, last) = (residuals[0], residuals[residuals.len() - 1]);
        assert!(last < 0.5 * first, "{trial:?}: {first} {last}");
    }
}

#[test]
fn what_is_done_anew_mends_what_it_is_made_for() {
    let value = |stage: &str, metric: &str| {
        let stage = format!("typical: after drift, {stage}");
        let mut records = outcome().records.iter();
        let found = records.find(|record| record.stage == stage && record.metric == metric);
        found
            .unwrap_or_else(|| panic!("no {stage}, {metric}"))
            .value
    };
    let [nothing, baselines] = ["nothing", "baselines anew"].map(|stage| value(stage, "baselines"));
    assert!(baselines < 0.4 * nothing, "{nothing} {baselines}");
    let [nothing, everything] =
        ["nothing", "joint procedure anew"].map(|stage| value(stage, "column mismatch"));
    assert!(everything < 0.7 * nothing, "{nothing} {everything}");
    let costs = [
        "baselines anew",
        "references and baselines anew",
        "joint procedure anew",
    ]
    .map(|stage| value(stage, "chip time"));
    assert!(costs[0] < 0.1 * costs[2], "{costs:?}");
}
