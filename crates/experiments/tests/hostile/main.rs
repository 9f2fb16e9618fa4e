//! Files that are damaged or forged, of every kind that is read: a typed error or a value, never a
//! panic, and never more memory than four times the file and a mebibyte (for TOML, 128 times).
//!
//! Each kind is held to that by all shorter files, all flips of single bits, random mixtures of such
//! damage, and what is kept in `corpus`. `BSS2_HOSTILE_ROUNDS` sets how many random files are read of
//! each kind.
//!
//! What fails is written to the temporary folder as `bss2-hostile-KIND`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::print_stdout,
    reason = "`--nocapture` shows how much was tried"
)]

mod damage;
mod kinds;
mod law;

use damage::{flips, random, shorter};
use kinds::Kind;

/// Random files of each kind, unless more or less are asked for.
const ROUNDS: u64 = 2000;

fn rounds() -> u64 {
    let rounds = std::env::var("BSS2_HOSTILE_ROUNDS").ok();
    rounds.map_or(ROUNDS, |rounds| rounds.parse().expect("a whole number"))
}

fn hold(kind: Kind) {
    let intact = &kind.intact;
    let value = law::read(&kind, intact).expect("the intact file is read");
    let mut tried = [0_u64; 4];
    for bytes in shorter(intact) {
        law::hold(&kind, &bytes, &value);
        tried[0] += 1;
    }
    for bytes in flips(intact) {
        law::hold(&kind, &bytes, &value);
        tried[1] += 1;
    }
    for bytes in random(intact, rounds()) {
        law::hold(&kind, &bytes, &value);
        tried[2] += 1;
        if let Some(repaired) = kind.repaired(&bytes) {
            law::hold_forged(&kind, &repaired);
            tried[2] += 1;
        }
    }
    for bytes in kind.corpus() {
        law::hold_forged(&kind, &bytes);
        tried[3] += 1;
        // As the fuzzer reads them.
        if let Some(repaired) = kind.repaired(&bytes) {
            law::hold_forged(&kind, &repaired);
        }
    }
    let [shorter, flips, random, corpus] = tried;
    println!(
        "{}: {} bytes; {shorter} shorter, {flips} with a flipped bit, {random} random, {corpus} kept",
        kind.name,
        intact.len()
    );
}

macro_rules! kinds {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            hold(kinds::$name());
        })*

        /// Every file that is kept belongs to a kind.
        #[test]
        fn all_of_the_corpus_is_read() {
            let names = [$(stringify!($name)),*];
            assert_eq!([$(kinds::$name().name),*], names);
            for entry in std::fs::read_dir(kinds::CORPUS).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                assert!(names.contains(&name.as_str()), "{name}");
            }
        }
    };
}

kinds::with_all_kinds!(kinds);
