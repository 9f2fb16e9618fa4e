//! Commands that cannot write, or that meet each other.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

mod support;

use support::NETWORK;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

fn xtask(arguments: &[&str], folder: &Path) -> Output {
    support::xtask(arguments, folder).output().unwrap()
}

/// With files that cannot grow beyond so many blocks: writing more fails as on a disk that is full.
fn with_room(blocks: u32, arguments: &[&str], folder: &Path) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh", XTASK]).args(arguments);
    command.current_dir(folder).output().unwrap()
}

fn error(output: &Output) -> String {
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(
        output.status.code().is_some_and(|code| code != 0),
        "{message}"
    );
    assert!(message.starts_with("error: "), "{message}");
    message
}

/// A kind of work.
struct Work {
    arguments: &'static [&'static str],
    /// Where it goes.
    out: &'static str,
    /// A file that is there in the end.
    result: &'static str,
}

impl Work {
    const ALL: [Self; 3] = [
        Self {
            arguments: &["calibrate", "--chip", "1"],
            out: "chip.calibration",
            result: "chip.calibration",
        },
        Self {
            arguments: &["train", "network.toml", "--digital-epochs", "2"],
            out: "trained",
            result: "trained/index.html",
        },
        Self {
            arguments: &["experiments", "mac-characteristics", "--chips", "1"],
            out: "results",
            result: "results/index.html",
        },
    ];

    fn to<'a>(&self, out: &'a str, seed: &'a str) -> Vec<&'a str> {
        [self.arguments, &["--out", out, "--seed", seed]].concat()
    }
}

#[test]
fn a_full_disk_is_told_of_and_harms_nothing() {
    for work in Work::ALL {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("network.toml"), NETWORK).unwrap();
        let first = work.to(work.out, "1");
        for blocks in [0, 1, 8] {
            let message = error(&with_room(blocks, &first, path));
            assert!(message.contains("large"), "{blocks} {message}");
            assert!(!path.join(work.result).exists(), "{blocks} {message}");
        }
        assert!(xtask(&first, path).status.success());
        let earlier = fs::read(path.join(work.result)).unwrap();
        let second = work.to(work.out, "2");
        for blocks in [0, 1, 8] {
            error(&with_room(blocks, &second, path));
            assert!(fs::read(path.join(work.result)).unwrap() == earlier);
        }
        assert!(xtask(&second, path).status.success());
        assert!(fs::read(path.join(work.result)).unwrap() != earlier);
    }
}

/// Nobody can be told, but the status still says it.
#[test]
#[cfg(target_os = "linux")]
fn a_standard_error_that_cannot_be_written_changes_no_status() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &[][..],
        &["experiments", "no-such-study"],
        &["no-such-task"],
    ] {
        let full = fs::File::create("/dev/full").unwrap();
        let mut command = support::xtask(arguments, folder.path());
        let status = command.stderr(full).status().unwrap();
        assert_eq!(status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_folder_that_is_read_only_is_told_of_in_a_line() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("network.toml"), NETWORK).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o555)).unwrap();
    // Whoever may do everything is stopped by the kernel's own folders only.
    let may_do_everything = fs::write(path.join("probe"), "").is_ok();
    let read_only = if may_do_everything {
        Path::new("/proc")
    } else {
        path
    };
    for work in Work::ALL {
        let out = read_only.join(work.out);
        let message = error(&xtask(&work.to(out.to_str().unwrap(), "1"), path));
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_second_run_for_a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // As the first run does.
    let lock = fs::File::create(path.join(".bss2-lock-results")).unwrap();
    lock.lock().unwrap();
    let study = ["experiments", "mac-characteristics", "--chips", "1"];
    let message = error(&xtask(&study, path));
    assert!(
        message.contains("results: another run is making results"),
        "{message}"
    );
    assert!(!path.join("results").exists());
    let beside = [&study[..], &["--out", "others"]].concat();
    assert!(xtask(&beside, path).status.success());
    drop(lock);
    assert!(xtask(&study, path).status.success());
    let page = |folder: &str| fs::read(path.join(folder).join("index.html")).unwrap();
    assert!(page("results") == page("others"));
    assert_eq!(fs::read_dir(path).unwrap().count(), 2);
}
