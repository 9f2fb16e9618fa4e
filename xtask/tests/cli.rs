//! The command line as a user meets it.

use std::path::Path;
use std::process::{Command, Output};

fn xtask(arguments: &[&str], folder: &Path) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .current_dir(folder)
        .output()
}

#[test]
fn refusals_are_one_line_with_status_2_and_write_nothing() {
    let refused: &[(&[&str], &str)] = &[
        (
            &["experiments", "no-such-study"],
            "unknown experiment 'no-such-study'",
        ),
        (
            &["experiments", "--data", "nowhere"],
            "no data folder at nowhere",
        ),
        (&["experiments", "--bogus"], "unexpected argument '--bogus'"),
        (
            &["experiments", "--preset", "huge"],
            "possible values: quick, standard, full",
        ),
        (
            &["experiments", "--chips", "0"],
            "chips = 0 is outside 1…1000",
        ),
        (
            &["experiments", "--threads", "many"],
            "invalid value 'many'",
        ),
        (
            &["experiments", "--seed", "-1"],
            "invalid value '-1' for '--seed <S>'",
        ),
        (
            &["experiments", "--seed", "18446744073709551615"],
            "seed = 18446744073709551615 is outside 0…9007199254739992",
        ),
        (
            &["experiments", "first-study", "first-study"],
            "'first-study' is named more than once",
        ),
        (&["experiments", "--out", "."], "the current folder"),
        (&["experiments", "--out", ".."], "the current folder"),
        (&["no-such-task"], "unrecognized subcommand 'no-such-task'"),
    ];
    for (arguments, expected) in refused {
        let folder = tempfile::tempdir().unwrap();
        let output = xtask(arguments, folder.path()).unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert_eq!(message.lines().count(), 1, "{arguments:?}: {message}");
        assert!(message.starts_with("error: "), "{message}");
        assert!(message.contains(expected), "{arguments:?}: {message}");
        assert!(output.stdout.is_empty());
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            0,
            "{arguments:?}"
        );
    }
}

#[test]
fn a_folder_with_files_of_ones_own_is_refused_and_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("measured.csv"), "a,b\n1,2\n").unwrap();
    let output = xtask(&["experiments", "--out", "data"], folder.path()).unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("holds 'measured.csv'"), "{message}");
    let kept = std::fs::read_to_string(data.join("measured.csv")).unwrap();
    assert_eq!(kept, "a,b\n1,2\n");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn nothing_asked_for_shows_the_help() {
    let folder = tempfile::tempdir().unwrap();
    let output = xtask(&[], folder.path()).unwrap();
    assert_eq!(output.status.code(), Some(2));
    let help = String::from_utf8(output.stderr).unwrap();
    assert!(
        help.contains("Commands:") && help.contains("experiments"),
        "{help}"
    );
}

#[test]
fn help_and_list_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let asked: &[(&[&str], &str)] = &[
        (&["--help"], "experiments"),
        (&["experiments", "--help"], "--preset"),
        (&["experiments", "--list"], "first-study"),
    ];
    for (arguments, expected) in asked {
        let output = xtask(arguments, folder.path()).unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_study_of_one_chip_prints_its_table_and_leaves_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let output = xtask(
        &["experiments", "first-study", "--chips", "1"],
        folder.path(),
    )
    .unwrap();
    assert!(output.status.success());
    assert!(
        output.stderr.is_empty(),
        "no progress bars where there is no terminal"
    );
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("chip in the loop"), "{table}");
    assert!(folder.path().join("results/index.html").is_file());
}

/// A reader that stops reading, as `head` does.
#[test]
#[cfg(unix)]
fn a_closed_pipe_is_no_failure() {
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["experiments", "--help"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.stderr.is_empty());
}
