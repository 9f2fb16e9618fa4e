use std::sync::Mutex;

use super::*;
use crate::Silent;

fn list<'a>(configuration: &'a toml::Table, keys: &'a [u32]) -> JobList<'a, u32> {
    JobList {
        experiment: "squares",
        configuration,
        keys,
        steps: &|_| 1,
    }
}

/// Squares of the keys, and which were computed; odd ones fail if asked.
fn squares(
    jobs: &Jobs<'_>,
    configuration: &toml::Table,
    keys: &[u32],
    odd_fail: bool,
) -> (Result<Vec<u32>, ExperimentError>, Vec<u32>) {
    let computed = Mutex::new(Vec::new());
    let results = jobs.each(&list(configuration, keys), |&key, _| {
        computed.lock().unwrap().push(key);
        assert!(!odd_fail || key % 4 != 1, "{key} is odd");
        if odd_fail && key % 4 == 3 {
            return Err(ExperimentError::DuplicateExperiment { name: "odd" });
        }
        Ok(key * key)
    });
    let mut computed = computed.into_inner().unwrap();
    computed.sort_unstable();
    (results, computed)
}

fn kept_in(folder: &std::path::Path, scope: Scope) -> Jobs<'static> {
    Jobs::new(&Silent, JobStore::in_folder(folder.join("jobs")), scope, 2)
}

#[test]
fn results_have_the_order_of_the_keys() {
    let keys = [5, 3, 8, 1, 9, 2, 7];
    for threads in [1, 2, 3, 16] {
        let jobs = Jobs::new(&Silent, JobStore::nowhere(), Scope::All, threads);
        let (results, computed) = squares(&jobs, &toml::Table::new(), &keys, false);
        assert_eq!(results.unwrap(), keys.map(|key| key * key));
        assert_eq!(computed.len(), keys.len());
    }
    let (results, _) = squares(&Jobs::here(), &toml::Table::new(), &[], false);
    assert!(results.unwrap().is_empty());
}

#[test]
fn failures_are_told_with_their_keys_and_the_rest_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = toml::Table::new();
    let jobs = || kept_in(folder.path(), Scope::All);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (results, _) = squares(&jobs(), &configuration, &[1, 2, 3, 4], true);
    std::panic::set_hook(hook);
    let Err(ExperimentError::JobsFailed { failures, .. }) = results else {
        panic!("{results:?}");
    };
    let told: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2);
    assert!(
        told[0].contains("squares 1") && told[0].contains("1 is odd"),
        "{told:?}"
    );
    assert!(told[1].contains("squares 3"), "{told:?}");
    let (results, computed) = squares(&jobs(), &configuration, &[1, 2, 3, 4], false);
    assert_eq!(results.unwrap(), [1, 4, 9, 16]);
    assert_eq!(computed, [1, 3]);
}

#[test]
fn only_what_a_result_depends_on_decides_whether_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let computed = |configuration: &str| {
        let configuration = configuration.parse().unwrap();
        let jobs = kept_in(folder.path(), Scope::All);
        squares(&jobs, &configuration, &[2, 3], false).1.len()
    };
    assert_eq!(computed("chip_seeds = [2]\nwidth = 1"), 2);
    assert_eq!(computed("chip_seeds = [2, 3]\nwidth = 1"), 0);
    assert_eq!(computed("chip_seeds = [2]\nwidth = 2"), 2);
    assert_eq!(computed("[inner]\nchip_seeds = [2]"), 2);
    assert_eq!(computed("[inner]\nchip_seeds = [3]"), 0);
    assert_eq!(computed("[[list]]\nchip_seeds = [3]\na = 1"), 2);
    assert_eq!(computed("[[list]]\nchip_seeds = [4]\na = 1"), 0);
    assert_eq!(computed("[data]\nname = 'a'\ndigest = '1'"), 2);
    assert_eq!(computed("[data]\nname = 'b'\ndigest = '1'"), 0);
    assert_eq!(computed("[data]\nname = 'a'\ndigest = '2'"), 2);
}

#[test]
fn damaged_and_renamed_files_are_done_anew() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = || kept_in(folder.path(), Scope::All);
    let configuration = toml::Table::new();
    let first = jobs();
    squares(&first, &configuration, &[2, 3], false).0.unwrap();
    squares(&jobs(), &configuration, &[5], false).0.unwrap();
    let files = first.files().unwrap();
    assert_eq!(files.len(), 2);
    let path = |number: usize| folder.path().join("jobs").join(&files[number].0);
    std::fs::copy(path(0), path(1)).unwrap();
    std::fs::write(path(0), &files[0].1[..20]).unwrap();
    let (results, computed) = squares(&jobs(), &configuration, &[2, 3], false);
    assert_eq!((results.unwrap(), computed), (vec![4, 9], vec![2, 3]));
    first.clear().unwrap();
    let other = jobs();
    let (_, computed) = squares(&other, &configuration, &[5], false);
    assert!(computed.is_empty(), "another study's result is still there");
    other.clear().unwrap();
    assert!(!folder.path().join("jobs").exists());
}

#[test]
fn shares_together_are_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (configuration, keys) = (toml::Table::new(), [1, 2, 3, 4, 5]);
    let mut all = Vec::new();
    let mut folders = Vec::new();
    for number in 1..=3 {
        let part = folder.path().join(number.to_string());
        let shard = Scope::Shard(Shard::new(number, 3).unwrap());
        let (results, computed) = squares(&kept_in(&part, shard), &configuration, &keys, false);
        let missing = keys.len() - computed.len();
        assert!(
            matches!(results, Err(ExperimentError::JobsElsewhere { missing: m, .. }) if m == missing)
        );
        all.extend(computed);
        folders.push(part.join("jobs"));
    }
    all.sort_unstable();
    assert_eq!(all, keys);
    let merged = |folders| Jobs::new(&Silent, JobStore::of_folders(folders), Scope::Nothing, 2);
    let (results, computed) = squares(&merged(folders.clone()), &configuration, &keys, false);
    assert_eq!(
        (results.unwrap(), computed),
        (vec![1, 4, 9, 16, 25], vec![])
    );
    folders.pop();
    let (results, _) = squares(&merged(folders), &configuration, &keys, false);
    assert!(matches!(
        results,
        Err(ExperimentError::JobsElsewhere { missing: 1, .. })
    ));
}

#[test]
fn what_comes_beforehand_is_done_by_every_share_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = toml::Table::new();
    let run = |scope, seeds: &[u32]| {
        let jobs = kept_in(folder.path(), scope);
        jobs.beforehand("first", &configuration, &seeds, 1, |_| Ok(seeds.to_vec()))
    };
    assert!(run(Scope::Nothing, &[7]).is_err());
    let shard = Scope::Shard(Shard::new(2, 2).unwrap());
    assert_eq!(run(shard, &[7]).unwrap(), [7]);
    assert_eq!(run(Scope::Nothing, &[7]).unwrap(), [7]);
    assert!(run(Scope::Nothing, &[8]).is_err());
    assert_eq!(run(Scope::All, &[7, 8]).unwrap(), [7, 8]);
}
