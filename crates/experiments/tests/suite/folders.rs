//! Result folders.

use std::fs;

use bss2_experiments::{ExperimentError, ResultFolder};

fn publish(folder: &std::path::Path, content: &str) -> Result<(), ExperimentError> {
    let mut results = ResultFolder::claim(folder)?;
    results.add("summary.json", content);
    results.add("figures/one.svg", "<svg/>");
    results.publish()
}

#[test]
fn earlier_results_are_replaced_as_a_whole_and_nothing_is_left_beside_them() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/results");
    publish(&folder, "1").unwrap();
    fs::write(folder.join("old.csv"), "a").unwrap();
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
fn folders_with_anything_else_are_refused_and_untouched() {
    for foreign in ["notes.txt", "figures/photo.png", "thesis/chapter.tex"] {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("results");
        publish(&folder, "1").unwrap();
        let path = folder.join(foreign);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "precious").unwrap();
        assert!(matches!(
            publish(&folder, "2"),
            Err(ExperimentError::ForeignFolder { .. })
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        assert_eq!(
            fs::read_to_string(folder.join("summary.json")).unwrap(),
            "1"
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
