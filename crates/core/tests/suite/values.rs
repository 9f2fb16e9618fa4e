//! Values that are checked where they are made are checked where they are read, too.

use bss2_core::{ArrayGeometry, Baseline, CostLedger, Register, RunSettings, Trial};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The value a TOML text stands for, or the error.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

fn round_trip<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let text = toml::to_string(value).expect("plain data");
    read(&text).expect("what was just written")
}

#[test]
fn run_settings_in_range_survive_a_round_trip() {
    for (sends, wait) in [(1, 1), (3, 5), (1000, 1000)] {
        let settings = RunSettings::new(sends, wait).unwrap();
        assert_eq!(round_trip(&settings), settings);
    }
}

#[test]
fn run_settings_out_of_range_are_refused_by_name() {
    for (sends, wait, name) in [
        (0, 5, "num_sends"),
        (1001, 5, "num_sends"),
        (1, 0, "wait_between_events"),
        (1, 1001, "wait_between_events"),
    ] {
        let text = format!("num_sends = {sends}\nwait_between_events = {wait}");
        let error = read::<RunSettings>(&text).unwrap_err();
        assert!(error.contains(name), "{error}");
    }
    assert!(read::<RunSettings>("num_sends = -1\nwait_between_events = 5").is_err());
}

#[test]
fn run_settings_refuse_unknown_and_missing_keys() {
    let error =
        read::<RunSettings>("num_sends = 1\nwait_between_events = 5\nwait = 3").unwrap_err();
    assert!(error.contains("wait"), "{error}");
    assert!(read::<RunSettings>("num_sends = 1").is_err());
}

#[test]
fn geometry_with_a_zero_or_an_unknown_key_is_refused() {
    let chip = ArrayGeometry::BSS2;
    assert_eq!(round_trip(&chip), chip);
    for text in [
        "hemispheres = 0\ninputs = 128\ncolumns = 256",
        "hemispheres = 2\ninputs = 0\ncolumns = 256",
        "hemispheres = 2\ninputs = 128\ncolumns = 0",
        "hemispheres = 2\ninputs = 128\ncolumns = -1",
        "hemispheres = 2\ninputs = 128\ncolumns = 256\nrows = 256",
    ] {
        assert!(read::<ArrayGeometry>(text).is_err(), "{text}");
    }
    // Sizes left out are the chip's.
    let half = read::<ArrayGeometry>("inputs = 64").unwrap();
    assert_eq!(half, ArrayGeometry::new(2, 64, 256).unwrap());
}

#[test]
fn ledgers_survive_a_round_trip() {
    let ledger = CostLedger {
        events: 3,
        ..CostLedger::default()
    };
    assert_eq!(round_trip(&ledger), ledger);
}

#[test]
fn settings_without_a_baseline_read_as_constant() {
    let written_before = "num_sends = 2\nwait_between_events = 5";
    let settings: RunSettings = read(written_before).unwrap();
    assert_eq!(settings.baseline(), Baseline::Constant);
    let settings: RunSettings =
        serde_json::from_str(r#"{"num_sends":2,"wait_between_events":5}"#).unwrap();
    assert_eq!(settings.baseline(), Baseline::Constant);

    let measured = settings.with_baseline(Baseline::Measured);
    assert_eq!(round_trip(&measured), measured);
    assert_ne!(measured, settings);
    let settings: RunSettings =
        read(&format!("{written_before}\nbaseline = \"measured\"")).unwrap();
    assert_eq!(settings, measured);
    assert!(read::<RunSettings>(&format!("{written_before}\nbaseline = \"none\"")).is_err());
}

#[test]
fn registers_are_written_by_their_name() {
    for &register in Register::ALL {
        #[derive(Serialize)]
        struct Named {
            register: Register,
        }
        let text = toml::to_string(&Named { register }).unwrap();
        assert_eq!(text.trim(), format!("register = \"{register}\""));
    }
}

#[test]
fn next_pass_hands_out_this_pass_and_moves_on() {
    let mut trial = Trial {
        seed: 9,
        pass: u64::MAX - 1,
        first_vector: 4,
    };
    let passes: Vec<u64> = (0..3).map(|_| trial.next_pass().pass).collect();
    assert_eq!(passes, [u64::MAX - 1, u64::MAX, 0], "wraps, never panics");
    assert_eq!(
        trial,
        Trial {
            seed: 9,
            pass: 1,
            first_vector: 4
        }
    );
    assert_eq!(Trial::new(3).next_pass(), Trial::new(3));
}
