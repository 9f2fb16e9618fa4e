//! The command line as a user meets it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::{Command, Output};

mod refused;
mod support;

use refused::{REFUSED_NETWORKS, REFUSED_ON_THE_WORKBENCH, REFUSED_PLANS, REFUSED_STUDIES};
use support::NETWORK;

fn xtask(arguments: &[&str], folder: &Path) -> std::io::Result<Output> {
    support::xtask(arguments, folder).output()
}

/// What `xtask` refuses: one line on standard error.
fn refusal(arguments: &[&str], folder: &Path) -> String {
    let output = xtask(arguments, folder).unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert_eq!(message.lines().count(), 1, "{arguments:?}: {message}");
    assert!(message.starts_with("error: "), "{message}");
    assert!(output.stdout.is_empty());
    message
}

#[test]
fn refusals_are_one_line_with_status_2_and_write_nothing() {
    let on_the_workbench = REFUSED_ON_THE_WORKBENCH
        .iter()
        .chain(REFUSED_PLANS)
        .chain(REFUSED_NETWORKS);
    for (arguments, expected) in REFUSED_STUDIES.iter().chain(on_the_workbench) {
        let folder = tempfile::tempdir().unwrap();
        let message = refusal(arguments, folder.path());
        assert!(message.contains(expected), "{arguments:?}: {message}");
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
        (&["calibrate", "--help"], "--print-targets"),
        (&["characterize", "--help"], "--calibration"),
        (&["plan", "--help"], "--strategy"),
        (&["speed", "--help"], "--patience-ms"),
        (&["train", "--list"], "in-the-loop-from-scratch"),
        (&["train", "--print-recipe", "best"], "image = [1, 8, 8]"),
        (&["evaluate", "--help"], "generic mock"),
        (&["calibrate", "--print-targets"], "[membrane.targets]"),
        (
            &["calibrate", "--print-targets", "joint"],
            "[joint.options]",
        ),
    ];
    for (arguments, expected) in asked {
        let output = xtask(arguments, folder.path()).unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn the_speed_of_this_machine_is_a_page_with_its_figures() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["speed", "--patience-ms", "1", "--out", "speed"];
    let output = xtask(&arguments, folder.path()).unwrap();
    assert!(output.status.success());
    let speed = folder.path().join("speed");
    let figures = std::fs::read_to_string(speed.join("speed.csv")).unwrap();
    for series in ["batch", "layer", "chips", "threads", "batches"] {
        assert!(figures.contains(&format!("\n{series},")), "{figures}");
    }
    assert!(speed.join("figures/batch.svg").is_file());
    let page = std::fs::read_to_string(speed.join("index.html")).unwrap();
    assert!(page.contains("A full chip by the number of threads"));
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

#[test]
fn a_calibrated_chip_is_characterized_before_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let calibrate = [
        "calibrate",
        "--chip",
        "3",
        "--procedure",
        "joint",
        "--out",
        "chip-3.calibration",
    ];
    let output = xtask(&calibrate, path).unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty(), "no bars without a terminal");
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "joint procedure",
        "hagen_dac_offset",
        "of 512 columns and",
        "of chip time",
        "Report: chip-3.html",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let page = std::fs::read_to_string(path.join("chip-3.html")).unwrap();
    assert!(page.contains("Provenance") && page.contains("Columns that failed"));

    // The same again gives the same files.
    let calibration = std::fs::read(path.join("chip-3.calibration")).unwrap();
    assert!(xtask(&calibrate, path).unwrap().status.success());
    let again = std::fs::read(path.join("chip-3.calibration")).unwrap();
    assert!(calibration == again);
    let again = std::fs::read_to_string(path.join("chip-3.html")).unwrap();
    assert!(page == again);

    let fresh = xtask(&["characterize", "--chip", "3"], path).unwrap();
    assert!(fresh.status.success());
    let fresh = String::from_utf8(fresh.stdout).unwrap();
    assert!(
        fresh.contains("trial-to-trial σ") && !fresh.contains('→'),
        "{fresh}"
    );
    let characterize = [
        "characterize",
        "--chip",
        "3",
        "--calibration",
        "chip-3.calibration",
        "--report",
        "both.html",
    ];
    let both = xtask(&characterize, path).unwrap();
    assert!(both.status.success() && both.stderr.is_empty());
    let both = String::from_utf8(both.stdout).unwrap();
    assert!(both.contains("fresh → calibrated") && both.contains("Report: both.html"));
    let row = both.lines().find(|line| line.contains("gain, σ")).unwrap();
    let numbers: Vec<f64> = row
        .split_whitespace()
        .filter_map(|w| w.parse().ok())
        .collect();
    assert!(numbers[1] < 0.5 * numbers[0], "{row}");
    assert!(path.join("both.html").is_file());

    // Another chip: by seed, and by what it is like.
    for other in [["--chip", "4"], ["--config", "worse"]] {
        let mut arguments = vec!["characterize", "--calibration", "chip-3.calibration"];
        if other[0] != "--chip" {
            arguments.extend(["--chip", "3"]);
        }
        arguments.extend(other);
        let message = refusal(&arguments, path);
        assert!(
            message.contains("calibration belongs to chip simulated-3-"),
            "{message}"
        );
    }
    // Damage of any kind; a damaged calibration may be replaced.
    let file = path.join("chip-3.calibration");
    std::fs::write(&file, &calibration[..calibration.len() / 2]).unwrap();
    let message = refusal(&characterize, path);
    assert!(
        message.contains("chip-3.calibration: cut short"),
        "{message}"
    );
    let mut flipped = calibration.clone();
    flipped[calibration.len() / 2] ^= 1;
    std::fs::write(&file, flipped).unwrap();
    let message = refusal(&characterize, path);
    assert!(message.contains("chip-3.calibration: damaged"), "{message}");
    assert!(xtask(&calibrate, path).unwrap().status.success());
    assert!(std::fs::read(&file).unwrap() == calibration);
}

#[test]
fn files_of_ones_own_are_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for name in ["data.csv", "notes.html"] {
        std::fs::write(path.join(name), "a,b\n1,2\n").unwrap();
    }
    for arguments in [
        &["calibrate", "--chip", "1", "--out", "data.csv"][..],
        &[
            "calibrate",
            "--chip",
            "1",
            "--out",
            "a",
            "--report",
            "notes.html",
        ],
        &["calibrate", "--chip", "1", "--out", "notes"],
        &["characterize", "--chip", "1", "--report", "notes.html"],
    ] {
        let message = refusal(arguments, path);
        assert!(message.contains("is there already and is no"), "{message}");
    }
    for name in ["data.csv", "notes.html"] {
        let kept = std::fs::read_to_string(path.join(name)).unwrap();
        assert_eq!(kept, "a,b\n1,2\n");
    }
    assert_eq!(std::fs::read_dir(path).unwrap().count(), 2);
}

#[test]
fn targets_are_read_warned_of_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let calibrate = [
        "calibrate",
        "--chip",
        "1",
        "--target",
        "targets.toml",
        "--out",
        "a.calibration",
    ];
    for (text, expected) in [
        (
            "[joint.targets]\ntau_mem = 40",
            "unknown key 'joint.targets.tau_mem'",
        ),
        ("[joint.targets]\ntau_mem_us = [", "targets.toml: line 2: "),
        ("", "holds 0 procedures"),
        (
            "[joint.targets]\nleak_lsb = 300",
            "leak_lsb = 300 is impossible",
        ),
    ] {
        std::fs::write(path.join("targets.toml"), text).unwrap();
        let message = refusal(&calibrate, path);
        assert!(message.contains("targets.toml: "), "{message}");
        assert!(message.contains(expected), "{message}");
    }
    std::fs::write(
        path.join("targets.toml"),
        "[joint.targets]\ntau_mem_us = 120",
    )
    .unwrap();
    let output = xtask(&calibrate, path).unwrap();
    assert!(output.status.success());
    let warning = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        warning,
        "warning: tau_mem_us = 120 is outside 20…100, where it is known to be reached\n"
    );
}

#[test]
fn a_plan_is_printed_or_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let printed = |arguments: &[&str]| {
        let output = xtask(arguments, path).unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        String::from_utf8(output.stdout).unwrap()
    };
    let text = printed(&["plan", "--layer", "300x10", "--vectors", "10"]);
    for expected in [
        "300 inputs → 10 outputs on",
        "256…299",
        "Cost of 10 vectors",
        "chip time",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert_eq!(std::fs::read_dir(path).unwrap().count(), 0);

    let tiling = "packing = \"side_by_side\"\n[coding]\nweights = \"column_pair\"\n";
    std::fs::write(path.join("tiling.toml"), tiling).unwrap();
    let plan = [
        "plan",
        "--layer",
        "300x10",
        "--tiling",
        "tiling.toml",
        "--out",
        "plan",
    ];
    let text = printed(&plan);
    assert!(text.contains("utilisation") && text.contains("Plan: plan/plan.txt"));
    let text = std::fs::read_to_string(path.join("plan/plan.txt")).unwrap();
    assert!(text.contains("weights: column pairs"), "{text}");
    for name in ["plan.json", "plan.svg", "configuration.toml"] {
        assert!(path.join("plan").join(name).is_file(), "{name}");
    }

    std::fs::write(path.join("tiling.toml"), "cutt = \"even\"").unwrap();
    let message = refusal(&plan, path);
    assert!(
        message.contains("tiling.toml: line 1: unknown field `cutt`, expected one of `cut`"),
        "{message}"
    );
}

#[test]
fn a_trained_network_is_evaluated_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("network.toml"), NETWORK).unwrap();
    let train = [
        "train",
        "network.toml",
        "--digital-epochs",
        "5",
        "--array-epochs",
        "2",
        "--out",
        "trained/",
    ];
    let output = xtask(&train, path).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{text}"
    );
    for expected in [
        "chip in the loop",
        "on uncalibrated chip 1",
        "digitally, before it was brought there",
        "Report: trained/index.html",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let accuracy = |text: &str| {
        let before = text.split(" % of 451 test samples").next().unwrap();
        before.rsplit([' ', '\n']).next().unwrap().to_owned()
    };
    let evaluate = [
        "evaluate",
        "trained/network.toml",
        "--weights",
        "trained/weights.safetensors",
    ];
    let evaluated = xtask(&evaluate, path).unwrap();
    assert!(evaluated.status.success());
    let evaluated = String::from_utf8(evaluated.stdout).unwrap();
    assert_eq!(accuracy(&evaluated), accuracy(&text));
    // Nothing was left beside the folder.
    assert_eq!(std::fs::read_dir(path).unwrap().count(), 2);
}

#[test]
fn weak_signals_and_wrong_layers_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let train = [
        "train",
        "network.toml",
        "--digital-epochs",
        "1",
        "--array-epochs",
        "1",
        "--out",
        "a",
    ];
    let weak = NETWORK.replace(
        "outputs = 10",
        "outputs = 10\narray = { scaling = { fixed_scale = 1.0 } }",
    );
    std::fs::write(path.join("network.toml"), weak).unwrap();
    let output = xtask(&train, path).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("layer fc1 uses 0 of 127 LSB: raise its num_sends"),
        "{text}"
    );

    std::fs::write(
        path.join("network.toml"),
        NETWORK.replace("outputs", "output"),
    )
    .unwrap();
    let message = refusal(&train, path);
    assert!(
        message.contains("network.toml: layer 2 'fc1': unknown field `output`, expected one of"),
        "{message}"
    );
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
