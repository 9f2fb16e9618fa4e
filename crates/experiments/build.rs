//! Names the sources of everything that a study's results depend on, by a digest of them.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let mut folders = vec![here.join("src")];
    let mut files = Vec::new();
    // Within the workspace the crates that this one depends on lie beside it.
    if let Some(crates) = here.parent().filter(|folder| folder.ends_with("crates")) {
        let entries = fs::read_dir(crates)?.collect::<Result<Vec<_>, _>>()?;
        folders = entries
            .iter()
            .map(|entry| entry.path().join("src"))
            .collect();
        files.extend(crates.parent().map(|root| root.join("Cargo.lock")));
    }
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        println!("cargo:rerun-if-changed={}", folder.display());
        collect(folder, &mut files)?;
    }
    files.retain(|file| file.is_file());
    files.sort();
    for file in &files {
        // A file of its own, such as Cargo.lock; those in folders are watched with them.
        if !folders.iter().any(|folder| file.starts_with(folder)) {
            println!("cargo:rerun-if-changed={}", file.display());
        }
    }
    let mut digest = Sha256::new();
    for file in &files {
        let content = fs::read(file)?;
        digest.update(Sha256::digest(&content));
    }
    println!("cargo:rerun-if-changed=build.rs");
    let name = format!("{:x}", digest.finalize());
    println!("cargo:rustc-env=BSS2_SOURCES={}", &name[..16]);
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
