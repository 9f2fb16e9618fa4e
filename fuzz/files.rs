//! Reads what libFuzzer makes up as a file of one kind, and holds the reader to the law of hostile files
//! (`crates/experiments/tests/hostile`): a value or a typed error, and no more memory than the file is worth.
//!
//! `BSS2_FUZZ_KIND` names the kind; `BSS2_FUZZ_SEEDS`, a folder where an intact file is put to begin with.
#![no_main]
#![allow(dead_code, reason = "tests use more of what they share with this")]

#[path = "../crates/experiments/tests/hostile/kinds.rs"]
mod kinds;
#[path = "../crates/experiments/tests/hostile/law.rs"]
mod law;

use std::path::Path;
use std::sync::LazyLock;

use kinds::Kind;
use libfuzzer_sys::fuzz_target;

macro_rules! made {
    ($($name:ident),*) => {
        /// An instance of the kind of a name.
        fn made(name: &str) -> Option<Kind> {
            match name {
                $(stringify!($name) => Some(kinds::$name()),)*
                _ => None,
            }
        }
    };
}
kinds::with_all_kinds!(made);

static KIND: LazyLock<Kind> = LazyLock::new(|| {
    let name = std::env::var("BSS2_FUZZ_KIND").expect("BSS2_FUZZ_KIND names a kind of file");
    let kind = made(&name).expect("BSS2_FUZZ_KIND is one of the kinds of tests/hostile");
    if let Ok(seeds) = std::env::var("BSS2_FUZZ_SEEDS") {
        std::fs::write(Path::new(&seeds).join("intact"), &kind.intact).expect("a folder for seeds");
    }
    kind
});

fuzz_target!(|bytes: &[u8]| {
    // A checksum would keep everything out that lies behind it.
    let repaired = KIND.repaired(bytes);
    law::hold_forged(&KIND, repaired.as_deref().unwrap_or(bytes));
});
