//! What holds for the workspace as a whole.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn version(text: &str) -> Vec<u64> {
    let mut parts: Vec<u64> = text.split('.').map(|part| part.parse().unwrap()).collect();
    parts.resize(3, 0);
    parts
}

/// Only one toolchain is at hand in CI; this keeps the promise of the minimum version as far as
/// dependencies go, clippy's `incompatible_msrv` as far as the standard library goes.
#[test]
fn no_dependency_needs_a_newer_rust_than_the_workspace_declares() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let ours = packages.iter().find(|p| p["name"] == "bss2-core").unwrap();
    let declared = version(ours["rust_version"].as_str().unwrap());
    for package in packages {
        if let Some(needed) = package["rust_version"].as_str() {
            assert!(
                version(needed) <= declared,
                "{} needs Rust {needed}",
                package["name"]
            );
        }
    }
}

const LAYERS: [&str; 7] = [
    "bss2-core",
    "bss2-file",
    "bss2-hardware",
    "bss2-calibration",
    "bss2-mapping",
    "bss2-training",
    "bss2-data",
];

/// Arrows of ARCHITECTURE.md: what a crate may depend on, dev-dependencies apart.
#[test]
fn crates_depend_only_on_the_layers_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("bss2-dot", &[][..]),
        ("bss2-core", &["bss2-dot"]),
        ("bss2-data", &[]),
        ("bss2-file", &[]),
        ("bss2-hardware", &["bss2-core"]),
        ("bss2-calibration", &["bss2-core", "bss2-file"]),
        ("bss2-mapping", &["bss2-core"]),
        ("bss2-training", &["bss2-core", "bss2-file", "bss2-mapping"]),
        ("bss2-experiments", &LAYERS),
        ("xtask", &["bss2-experiments"]),
        // Benchmarks are dev-dependents of every layer.
        ("bss2-benches", &[]),
    ]);
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: Vec<&Value> = packages.iter().filter(|p| p["source"].is_null()).collect();
    let names: Vec<&str> = ours.iter().map(|p| p["name"].as_str().unwrap()).collect();
    for (package, name) in ours.iter().zip(&names) {
        let allowed = allowed
            .get(name)
            .unwrap_or_else(|| panic!("{name} has no place among the layers"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let needed = dependency["name"].as_str().unwrap();
            let is_layer = names.contains(&needed) && dependency["kind"] != "dev";
            assert!(
                !is_layer || allowed.contains(&needed),
                "{name} depends on {needed}"
            );
        }
    }
}

/// All others are denied it by the workspace's lints; here, that every package has these and no source
/// speaks of an exception, tests apart.
#[test]
fn unsafe_code_stands_in_one_crate() {
    let crates = std::fs::read_dir(workspace().join("crates")).unwrap();
    let mut packages: Vec<PathBuf> = crates.map(|entry| entry.unwrap().path()).collect();
    packages.extend(["xtask", "benches"].map(|name| workspace().join(name)));
    let mut users = Vec::new();
    for package in packages {
        let manifest = std::fs::read_to_string(package.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{manifest}");
        let mut folders = vec![package.clone()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.ends_with("tests") {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs")
                    && std::fs::read_to_string(&path)
                        .unwrap()
                        .contains("unsafe_code")
                {
                    users.push(path.strip_prefix(workspace()).unwrap().to_owned());
                }
            }
        }
    }
    assert_eq!(users, [PathBuf::from("crates/dot/src/lib.rs")]);
}

/// bincode is unmaintained: one crate can be given another encoding, several cannot.
#[test]
fn files_are_encoded_in_one_crate() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let depends_on_bincode = |package: &&Value| {
        let dependencies = package["dependencies"].as_array().unwrap();
        package["source"].is_null() && dependencies.iter().any(|d| d["name"] == "bincode")
    };
    let users = packages.iter().filter(depends_on_bincode);
    let names: Vec<&str> = users.map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["bss2-file"]);
}

#[test]
fn architecture_names_every_crate_and_the_changelog_the_version() {
    let read = |name: &str| std::fs::read_to_string(workspace().join(name)).unwrap();
    let architecture = read("ARCHITECTURE.md");
    for entry in std::fs::read_dir(workspace().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(architecture.contains(&format!("crates/{name}")), "{name}");
    }
    assert!(read("CHANGELOG.md").contains(env!("CARGO_PKG_VERSION")));
}
