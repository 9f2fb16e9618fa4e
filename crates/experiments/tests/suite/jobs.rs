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

    let refused = run_shard(
        &experiments(),
        &settings,
        "2/2".parse().unwrap(),
        &shards[0],
        &Silent,
    );
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("is shard 1/2 of the same study"),
        "{refused}"
    );

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
    let mut last_first = experiments;
    last_first.reverse();
    let counter = Counter::default();
    let refused = run_study(&last_first, &settings, &folder, &counter);
    // i8 does not hold it: refused before any work.
    assert!(refused.is_err() && !folder.exists());
    assert_eq!(counter.taken(), 0);

    let settings = with_failing_circuit(&data);
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

/// A circuit of which every chip fails, and an experiment that does not.
fn with_failing_circuit(data: &tempfile::TempDir) -> Settings {
    let mut settings = settings(data);
    let circuit = "line.weights = [100]".parse::<toml::Table>().unwrap();
    settings
        .parameters
        .insert("circuit".to_owned(), circuit.into());
    settings
}

#[test]
fn shards_with_failures_merge_to_what_the_study_writes_alone() {
    let data = small_set::write().unwrap();
    let settings = with_failing_circuit(&data);
    let experiments = ["circuit", "walking-noise"].map(|name| find(name).unwrap());
    let parent = tempfile::tempdir().unwrap();
    let folder = |name: &str| parent.path().join(name);
    let alone = run_study(&experiments, &settings, &folder("alone"), &Silent).unwrap();
    let mut failed = 0;
    let shards = ["1/2", "2/2"].map(|shard| {
        let name = shard.replace('/', "-");
        let number = shard.parse().unwrap();
        let failures = run_shard(&experiments, &settings, number, &folder(&name), &Silent);
        failed += failures.unwrap().len();
        folder(&name)
    });
    let merged = merge_shards(&shards, None, None, &folder("merged"), &Silent).unwrap();
    assert_eq!((failed, &merged.failures), (3, &alone.failures));
    assert_same(&folder("alone"), &folder("merged"));
    fs::remove_file(shards[0].join("failures.toml")).unwrap();
    let error = merge_shards(&shards, None, None, &folder("refused"), &Silent).unwrap_err();
    let is_told = matches!(error, ExperimentError::JobsElsewhere { .. });
    assert!(is_told && !folder("refused").exists(), "{error}");
}

#[test]
fn shards_whose_data_lie_in_different_folders_merge() {
    let data = [(); 2].map(|()| small_set::write().unwrap());
    let experiments = [find("walking-noise").unwrap()];
    let parent = tempfile::tempdir().unwrap();
    let folder = |name: &str| parent.path().join(name);
    let shards = ["1/2", "2/2"].map(|shard| folder(&shard.replace('/', "-")));
    for (number, data) in data.iter().enumerate() {
        let shard = bss2_experiments::Shard::new(number + 1, 2).unwrap();
        let failures = run_shard(
            &experiments,
            &settings(data),
            shard,
            &shards[number],
            &Silent,
        );
        assert_eq!(failures.unwrap(), []);
    }
    merge_shards(&shards, None, None, &folder("merged"), &Silent).unwrap();
    run_study(&experiments, &settings(&data[0]), &folder("alone"), &Silent).unwrap();
    assert_same(&folder("alone"), &folder("merged"));
}

#[test]
fn an_experiment_that_fails_as_a_whole_costs_no_other() {
    let data = small_set::write().unwrap();
    let mut settings = settings(&data);
    settings.chips = Some(1);
    let of_core = "grids = { mixtures = 0, values = { ota_bias = [] } }";
    let of_core: toml::Table = of_core.parse().unwrap();
    settings
        .parameters
        .insert("calibration-to-accuracy".to_owned(), of_core.into());
    settings.chip.ota.gain_lsb = 1e-5;
    let names = ["calibration-to-accuracy", "walking-noise"];
    let experiments = names.map(|name| find(name).unwrap());
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("results");
    let report = run_study(&experiments, &settings, &folder, &Silent).unwrap();
    assert_eq!(report.tables.len(), 1);
    let told = report.failures[0].to_string();
    assert!(
        told.starts_with("calibration-to-accuracy: ") && told.contains("cannot be told from noise"),
        "{told}"
    );
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page.contains("No results: ") && folder.join("walking-noise.csv").exists());
}

#[test]
fn networks_that_were_kept_for_other_chips_are_not_taken() {
    let data = small_set::write().unwrap();
    let experiments = [find("calibration-to-accuracy").unwrap()];
    let parent = tempfile::tempdir().unwrap();
    let folder = |name: &str| parent.path().join(name);
    let settings = |seeds: &str| {
        let values: toml::Table = bss2_experiments::Knob::ALL
            .into_iter()
            .map(|knob| {
                let name = toml::Value::try_from(knob).unwrap();
                (name.as_str().unwrap().to_owned(), Vec::<f64>::new().into())
            })
            .collect();
        let parameters = format!(
            "[calibration-to-accuracy]\nchip_seeds = {seeds}\n\
             [calibration-to-accuracy.grids]\nmixtures = 0\n\
             [calibration-to-accuracy.grids.values]\n{values}"
        );
        Settings {
            parameters: parameters.parse().unwrap(),
            ..small_set::settings(&data, 1)
        }
    };
    for (name, seeds) in [("more", "[1, 2, 3]"), ("others", "[3, 4]")] {
        let shard = "1/1".parse().unwrap();
        let first = folder(&format!("{name}-first"));
        run_shard(&experiments, &settings("[1, 2]"), shard, &first, &Silent).unwrap();
        let unfinished = folder(&format!("{name}.unfinished"));
        fs::rename(first.join("jobs"), unfinished).unwrap();
        run_study(&experiments, &settings(seeds), &folder(name), &Silent).unwrap();
        let fresh = folder(&format!("{name}-fresh"));
        run_study(&experiments, &settings(seeds), &fresh, &Silent).unwrap();
        assert_same(&fresh, &folder(name));
    }
}

/// Some damage of each kind to a file.
fn damaged(intact: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new(), b"\xff\x00no file of ours".to_vec()];
    all.extend((1..4).map(|part| intact[..intact.len() * part / 4].to_vec()));
    all.extend((0..6).map(|part| {
        let mut bytes = intact.to_vec();
        bytes[intact.len() * part / 6] ^= 1 << part;
        bytes
    }));
    all
}

/// Whatever has become of one file of a shard, merging gives what it gives without, or says why not and
/// writes nothing.
#[test]
fn damaged_shards_are_refused_or_merge_to_the_same() {
    let data = small_set::write().unwrap();
    let settings = with_failing_circuit(&data);
    let experiments = ["circuit", "walking-noise"].map(|name| find(name).unwrap());
    let parent = tempfile::tempdir().unwrap();
    let folder = |name: &str| parent.path().join(name);
    let shards: Vec<_> = (1..=2)
        .map(|number| {
            let (name, shard) = (format!("shard{number}"), format!("{number}/2"));
            let shard = shard.parse().unwrap();
            run_shard(&experiments, &settings, shard, &folder(&name), &Silent).unwrap();
            folder(&name)
        })
        .collect();
    merge_shards(&shards, None, None, &folder("intact"), &Silent).unwrap();
    let (mut refused, mut same) = (0, 0);
    for (name, intact) in contents(&shards[1]) {
        let path = shards[1].join(&name);
        for bytes in damaged(&intact) {
            fs::write(&path, bytes).unwrap();
            let merged = merge_shards(&shards, None, None, &folder("merged"), &Silent);
            if let Err(error) = merged {
                assert!(!error.to_string().is_empty());
                assert!(!folder("merged").exists(), "{name}: {error}");
                refused += 1;
                continue;
            }
            // Messages of failures are text, of which any change is another message.
            if name != "failures.toml" {
                assert_same(&folder("intact"), &folder("merged"));
            }
            fs::remove_dir_all(folder("merged")).unwrap();
            same += 1;
        }
        fs::write(&path, intact).unwrap();
    }
    assert!(refused > 10 && same > 0, "{refused} refused, {same} merged");
}
