//! Commands that are killed at random moments: nothing finished is lost, nothing half-done has a name.
//!
//! Each kind of work is killed so often, and taken up again in the same folder each time, until it ends
//! by itself; then everything in the folder is what a run that nobody disturbed leaves, bit for bit.
//! Between the runs the clock seems to jump by decades.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

mod support;

use support::NETWORK;

/// Kills of each kind of work, at least.
const KILLS: usize = 15;

fn xtask(arguments: &[&str], folder: &Path) -> Command {
    let mut command = support::xtask(arguments, folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// All files in a folder, by their paths within.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn files_in(folder: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(&current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// The files of one name, or in one folder, of all.
fn of_name(files: &Files, name: &str) -> Files {
    let here = files.iter().filter(|(path, _)| path.starts_with(name));
    here.map(|(path, content)| (path.clone(), content.clone()))
        .collect()
}

/// Makes all files in a folder as old, or as young.
fn set_times(folder: &Path, time: SystemTime) {
    for name in files_in(folder).keys() {
        let file = fs::File::options().write(true).open(folder.join(name));
        file.unwrap().set_modified(time).unwrap();
    }
}

/// Moments that differ from run to run of the work, but not from run to run of the test.
struct Moments(u64);

impl Moments {
    /// A share of something, up to 1.3 of it: some runs end.
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        1.3 * ((self.0 >> 40) as f64 / f64::from(1 << 24))
    }
}

/// Kills the command [`KILLS`] times. `result` is the file or folder that it makes; `prepare` puts what
/// it needs into a folder, an earlier result for instance.
fn hold(arguments: &[&str], result: &str, prepare: impl Fn(&Path)) {
    let undisturbed = tempfile::tempdir().unwrap();
    prepare(undisturbed.path());
    let earlier = of_name(&files_in(undisturbed.path()), result);
    let begin = Instant::now();
    let ended = xtask(arguments, undisturbed.path()).status().unwrap();
    let took = begin.elapsed();
    assert!(ended.success());
    let expected = files_in(undisturbed.path());
    let new = of_name(&expected, result);
    assert!(!new.is_empty() && new != earlier);

    let mut moments = Moments(1);
    let mut kills = 0;
    while kills < KILLS {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        loop {
            let mut run = xtask(arguments, folder.path()).spawn().unwrap();
            // On a machine that has become slow it might not end otherwise.
            if kills < 3 * KILLS {
                sleep(took.mul_f64(moments.next()));
                run.kill().unwrap();
            }
            let ended = run.wait().unwrap();
            if ended.code().is_some() {
                assert!(ended.success());
                break;
            }
            kills += 1;
            let jump = Duration::from_secs(1_000_000_000 * (1 + kills as u64 % 3));
            set_times(folder.path(), SystemTime::UNIX_EPOCH + jump);
            let found = of_name(&files_in(folder.path()), result);
            assert!(found == earlier || found == new, "{:?}", found.keys());
        }
        let mut found = files_in(folder.path());
        // Files alone are not locked, so drafts of them stay: they may be someone's.
        found.retain(|path, _| !path.to_string_lossy().starts_with(".bss2-draft-chip"));
        let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&expected));
        assert!(found == expected);
    }
}

/// Leaves what another command makes.
fn after(arguments: &[&str], folder: &Path) {
    assert!(xtask(arguments, folder).status().unwrap().success());
}

/// Copies what lies in one folder to another.
fn copy(from: &Path, to: &Path) {
    for (name, content) in files_in(from) {
        let path: PathBuf = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

#[test]
fn a_calibration_that_is_killed() {
    let calibrate = ["calibrate", "--chip", "1", "--out", "chip.calibration"];
    let earlier = tempfile::tempdir().unwrap();
    after(&[&calibrate[..], &["--seed", "2"]].concat(), earlier.path());
    hold(&calibrate, "chip.calibration", |folder| {
        copy(earlier.path(), folder);
    });
}

#[test]
fn a_training_that_is_killed() {
    let train = "train network.toml --digital-epochs 12 --array-epochs 6 --out trained";
    let train: Vec<&str> = train.split(' ').collect();
    hold(&train, "trained", |folder| {
        fs::write(folder.join("network.toml"), NETWORK).unwrap();
    });
}

const STUDY: [&str; 4] = ["experiments", "mac-characteristics", "--chips", "2"];

#[test]
fn a_study_that_is_killed() {
    let earlier = tempfile::tempdir().unwrap();
    after(&[&STUDY[..], &["--seed", "2"]].concat(), earlier.path());
    hold(&STUDY, "results", |folder| copy(earlier.path(), folder));
}

#[test]
fn a_merge_that_is_killed() {
    let shards = tempfile::tempdir().unwrap();
    for shard in ["1", "2"] {
        let (of, out) = (format!("{shard}/2"), format!("shard-{shard}"));
        let more = ["--shard", &of, "--out", &out];
        after(&[&STUDY[..], &more].concat(), shards.path());
    }
    let merge = ["experiments", "merge", "shard-1", "shard-2"];
    hold(&merge, "results", |folder| copy(shards.path(), folder));
}
