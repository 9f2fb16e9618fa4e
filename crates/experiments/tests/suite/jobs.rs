//! Studies in parts: interrupted, dealt out to shards, repeated from their files, with failures.

use std::fs;
use std::path::Path;

use bss2_experiments::{
    Experiment, ExperimentError, Settings, Silent, StudyFile, find, merge_shards, run_shard,
    run_study,
};

use crate::small_set;
use crate::study::{Counter, contents};

/// One with a network that all chips share, one without.
const NAMES: [&str; 2] = ["temperature-and-drift", "walking-noise"];

fn experiments() -> [&'static Experiment; 2] {
    NAMES.map(|name| find(name).unwrap())
}

/// As little work as shows something.
fn settings(data: &tempfile::TempDir) -> Settings {
    let parameters = "
        [temperature-and-drift]
        calibration_celsius = [60.0]
        celsius = [60.0]
        [walking-noise]
        network_seeds = [1]
    ";
    Settings {
        parameters: parameters.parse().unwrap(),
        ..small_set::settings(data, 3)
    }
}

fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (contents(one), contents(other));
    assert!(!one.is_empty() && one.keys().eq(other.keys()));
    for (name, content) in &one {
        assert!(other.get(name) == Some(content), "{name} differs");
    }
}

#[test]
fn shards_merge_to_what_the_study_writes_alone() {
    let data = small_set::write().unwrap();
    let settings = settings(&data);
    let parent = tempfile::tempdir().unwrap();
    let folder = |name: &str| parent.path().join(name);
    run_study(&experiments(), &settings, &folder("alone"), &Silent).unwrap();
    let shards: Vec<_> = (1..=2)
        .map(|number| {
            let (name, shard) = (format!("shard{number}"), format!("{number}/2"));
            let shard = shard.parse().unwrap();
            run_shard(&experiments(), &settings, shard, &folder(&name), &Silent).unwrap();
            folder(&name)
        })
        .collect();
    let merged = |shards: &[_], name: &str| {
        merge_shards(shards, None, None, &folder(name), &Silent).map(|report| report.failures)
    };
    assert_eq!(merged(&shards, "merged").unwrap(), []);
    assert_same(&folder("alone"), &folder("merged"));

    let twice = [shards[0].clone(), shards[0].clone()];
    for (folders, expected) in [
        (&shards[..1], "shard 2/2 is missing"),
        (&twice[..], "is shard 1/2, as is"),
        (&[folder("alone")], "is no shard"),
        (&[], "no folders"),
    ] {
        let error = merged(folders, "refused").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!folder("refused").exists());
    }
    // Not one that every shard does for itself.
    let of_first = contents(&shards[0]);
    let job = contents(&shards[1])
        .into_keys()
        .find(|name| !of_first.contains_key(name));
    fs::remove_file(shards[1].join(job.unwrap())).unwrap();
    let error = merged(&shards, "refused").unwrap_err();
    assert!(
        matches!(error, ExperimentError::JobsElsewhere { .. }),
        "{error}"
    );
}

#[test]
fn an_interrupted_study_goes_on_where_it_was() {
    let data = small_set::write().unwrap();
    let settings = settings(&data);
    let parent = tempfile::tempdir().unwrap();
    let folder = |name: &str| parent.path().join(name);
    let whole = Counter::default();
    run_study(&experiments(), &settings, &folder("whole"), &whole).unwrap();

    // What a study leaves that was killed half way.
    let part = Counter::default();
    let shard = "1/2".parse().unwrap();
    run_shard(&experiments(), &settings, shard, &folder("part"), &part).unwrap();
    fs::rename(folder("part").join("jobs"), folder("again.unfinished")).unwrap();

    let rest = Counter::default();
    run_study(&experiments(), &settings, &folder("again"), &rest).unwrap();
    rest.assert_complete();
    assert_eq!(part.taken() + rest.taken(), whole.taken());
    assert!(rest.taken() < whole.taken());
    assert!(!folder("again.unfinished").exists());
    assert_same(&folder("whole"), &folder("again"));
}

#[test]
fn the_configuration_of_a_run_repeats_it() {
    let data = small_set::write().unwrap();
    let parent = tempfile::tempdir().unwrap();
    let [first, again] = ["first", "again"].map(|name| parent.path().join(name));
    run_study(&experiments(), &settings(&data), &first, &Silent).unwrap();
    let file = StudyFile::read(&first.join("configuration.toml")).unwrap();
    assert!(!file.is_of_other_sources());
    let (chosen, settings) = (file.experiments().unwrap(), file.settings().unwrap());
    run_study(&chosen, &settings, &again, &Silent).unwrap();
    assert_same(&first, &again);

    // Other data than those that the file tells of.
    small_set::write_part(data.path(), "t10k", 87).unwrap();
    let refused = run_study(&chosen, &settings, &again, &Silent).unwrap_err();
    assert!(refused.to_string().contains("data."), "{refused}");
}

#[test]
fn jobs_that_fail_are_told_and_the_rest_goes_on() {
    let data = small_set::write().unwrap();
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("results");
    let mut settings = settings(&data);
    let grid = "weights = [200]".parse::<toml::Table>().unwrap();
    let circuit = toml::Table::from_iter([("line".to_owned(), grid.into())]);
    settings
        .parameters
        .insert("circuit".to_owned(), circuit.into());
    let experiments = ["circuit", "walking-noise"].map(|name| find(name).unwrap());
    let refused = run_study(&experiments, &settings, &folder, &Silent);
    // i8 does not hold it: refused before any work.
    assert!(refused.is_err() && !folder.exists());

    let grid = "weights = [100]".parse::<toml::Table>().unwrap();
    let circuit = toml::Table::from_iter([("line".to_owned(), grid.into())]);
    settings
        .parameters
        .insert("circuit".to_owned(), circuit.into());
    let report = run_study(&experiments, &settings, &folder, &Silent).unwrap();
    let told: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("circuit 1: "), "{told:?}");
    assert_eq!(report.tables.len(), 1);
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page.contains("Jobs that failed") && folder.join("walking-noise.csv").exists());
    assert!(!folder.join("circuit.csv").exists());
    assert!(parent.path().join("results.unfinished").exists());
}
