//! Result folders.

use std::fs;
use std::path::Path;

use bss2_experiments::{ExperimentError, ResultFolder};

fn publish(folder: &Path, content: &str) -> Result<(), ExperimentError> {
    let mut results = ResultFolder::claim(folder)?;
    results.add("summary.json", content);
    results.add("figures/one.svg", "<svg/>");
    results.publish("seed = 1\n").map(drop)
}

fn assert_refused_and_untouched(folder: &Path, foreign: &str) {
    let content = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let summary = content("summary.json");
    let refused = publish(folder, "2").unwrap_err();
    assert!(
        matches!(&refused, ExperimentError::ForeignFolder { entry, .. } if entry == foreign),
        "{foreign}: {refused}"
    );
    assert_eq!(content("summary.json"), summary, "{foreign}");
}

#[test]
fn earlier_results_are_replaced_as_a_whole_and_nothing_is_left_beside_them() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/results");
    let mut results = ResultFolder::claim(&folder).unwrap();
    results.add("old.csv", "a");
    results.publish("").unwrap();
    publish(&folder, "2").unwrap();
    assert_eq!(
        fs::read_to_string(folder.join("summary.json")).unwrap(),
        "2"
    );
    assert!(!folder.join("old.csv").exists());
    assert!(folder.join("figures/one.svg").exists());
    let beside = fs::read_dir(parent.path().join("deep")).unwrap().count();
    assert_eq!(beside, 1, "no drafts remain");
}

#[test]
fn the_configuration_names_version_and_files() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("results");
    publish(&folder, "1").unwrap();
    let text = fs::read_to_string(folder.join("configuration.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    assert_eq!(table["seed"].as_integer(), Some(1));
    assert_eq!(
        table["bss2_version"].as_str(),
        Some(env!("CARGO_PKG_VERSION"))
    );
    let files = table["files"].as_array().unwrap();
    let files: Vec<&str> = files.iter().filter_map(toml::Value::as_str).collect();
    assert_eq!(
        files,
        ["configuration.toml", "figures/one.svg", "summary.json"]
    );
}

#[test]
fn results_among_anything_else_are_refused_and_untouched() {
    for (path, foreign) in [
        ("notes.txt", "notes.txt"),
        ("measured.csv", "measured.csv"),
        ("figures/photo.png", "figures/photo.png"),
        ("figures/mine.svg", "figures/mine.svg"),
        ("thesis/chapter.tex", "thesis"),
    ] {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("results");
        publish(&folder, "1").unwrap();
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "precious").unwrap();
        assert_refused_and_untouched(&folder, foreign);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }
}

#[test]
fn folders_that_no_study_wrote_are_refused_and_untouched() {
    for (name, content) in [
        ("measured.csv", "a,b\n1,2\n"),
        ("summary.json", "{}"),
        ("configuration.toml", "colour = \"red\"\n"),
        ("configuration.toml", "bss2_version = \"0.1.0\"\n"),
        ("configuration.toml", "bss2_version ="),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), content).unwrap();
        assert_refused_and_untouched(folder.path(), name);
        let kept = fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(kept, content);
    }
}

#[cfg(unix)]
#[test]
fn links_among_the_results_are_refused() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("results");
    publish(&folder, "1").unwrap();
    fs::remove_dir_all(folder.join("figures")).unwrap();
    std::os::unix::fs::symlink(parent.path(), folder.join("figures")).unwrap();
    assert_refused_and_untouched(&folder, "figures");
}

#[test]
fn a_file_that_comes_between_claim_and_results_is_not_lost() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("results");
    publish(&folder, "1").unwrap();
    let results = ResultFolder::claim(&folder).unwrap();
    fs::write(folder.join("notes.txt"), "precious").unwrap();
    let refused = results.publish("").unwrap_err();
    assert!(refused.to_string().contains("notes.txt"), "{refused}");
    assert!(folder.join("notes.txt").exists());
}

#[test]
fn the_current_folder_and_those_above_it_are_refused() {
    for enclosing in [".", "..", "tests/..", "/"] {
        let refused = ResultFolder::claim(Path::new(enclosing)).unwrap_err();
        assert!(
            matches!(refused, ExperimentError::EnclosingFolder { .. }),
            "{enclosing}: {refused}"
        );
    }
}

#[test]
fn a_claim_alone_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let results = ResultFolder::claim(&parent.path().join("a/b/c")).unwrap();
    drop(results);
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn a_file_in_the_way_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("results");
    fs::write(&file, "precious").unwrap();
    assert!(publish(&file, "1").is_err());
    assert!(publish(&file.join("below"), "1").is_err());
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
#[cfg(unix)]
fn a_link_stays_a_link_and_its_folder_is_written() {
    let parent = tempfile::tempdir().unwrap();
    let (disk, link) = (parent.path().join("disk"), parent.path().join("results"));
    fs::create_dir(&disk).unwrap();
    std::os::unix::fs::symlink(&disk, &link).unwrap();
    publish(&link, "1").unwrap();
    assert!(link.is_symlink());
    assert!(disk.join("summary.json").is_file());
    std::os::unix::fs::symlink(
        parent.path().join("nowhere"),
        parent.path().join("dangling"),
    )
    .unwrap();
    assert!(publish(&parent.path().join("dangling"), "1").is_err());
}
