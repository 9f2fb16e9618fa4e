//! Command lines that are refused, with a part of the reason.

/// Arguments, and a part of the message.
pub(crate) type Refused = (&'static [&'static str], &'static str);

pub(crate) const REFUSED_STUDIES: &[Refused] = &[
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

pub(crate) const REFUSED_ON_THE_WORKBENCH: &[Refused] = &[
    (
        &["calibrate", "--out", "a.calibration"],
        "which chip? Name its seed with --chip",
    ),
    (&["calibrate", "--chip", "1"], "--out <FILE>"),
    (
        &["calibrate", "--chip", "18446744073709551615", "--out", "a"],
        "chip = 18446744073709551615 is outside 0…",
    ),
    (
        &[
            "calibrate",
            "--chip",
            "1",
            "--seed",
            "9007199254740991",
            "--out",
            "a",
        ],
        "seed = 9007199254740991 is outside 0…",
    ),
    (
        &["calibrate", "--chip", "1", "--config", "best", "--out", "a"],
        "unknown chip preset 'best'",
    ),
    (
        &[
            "calibrate",
            "--chip",
            "1",
            "--temperature",
            "300",
            "--out",
            "a",
        ],
        "temperature_celsius = 300 is outside -40…125",
    ),
    (
        &[
            "calibrate",
            "--chip",
            "1",
            "--procedure",
            "quick",
            "--out",
            "a",
        ],
        "possible values: membrane, joint, synaptic-line, cadc",
    ),
    (
        &[
            "calibrate",
            "--chip",
            "1",
            "--target",
            "nowhere.toml",
            "--out",
            "a",
        ],
        "cannot read nowhere.toml",
    ),
    (
        &[
            "calibrate",
            "--chip",
            "1",
            "--target",
            "t.toml",
            "--procedure",
            "joint",
            "--out",
            "a",
        ],
        "cannot be used with",
    ),
    (
        &["calibrate", "--chip", "1", "--out", "nowhere/a"],
        "cannot write nowhere/a",
    ),
    (
        &["calibrate", "--chip", "1", "--out", "."],
        ". is there already",
    ),
    (
        &["calibrate", "--chip", "1", "--out", "a.html"],
        "both the calibration and its report would be a.html",
    ),
    (
        &["characterize", "--chip", "1", "--calibration", "nowhere"],
        "nowhere: cannot be read",
    ),
    (
        &["characterize", "--chip", "1", "--report", "nowhere/a.html"],
        "cannot write nowhere/a.html",
    ),
];

pub(crate) const REFUSED_PLANS: &[Refused] = &[
    (&["plan"], "--layer <INPUTSxOUTPUTS>"),
    (
        &["plan", "--layer", "300"],
        "layer '300' is not INPUTSxOUTPUTS in whole numbers, such as 300x10",
    ),
    (&["plan", "--layer", "-3x10"], "layer '-3x10' is not"),
    (
        &["plan", "--layer", "0x10"],
        "a layer needs at least one input and one output",
    ),
    (
        &["plan", "--layer", "300x10", "--groups", "7"],
        "cannot both be divided evenly into 7 groups",
    ),
    (
        &["plan", "--layer", "300x10", "--groups", "-1"],
        "invalid value '-1' for '--groups <N>'",
    ),
    (
        &["plan", "--layer", "300x10", "--strategy", "best"],
        "possible values: in-order, balanced, packed",
    ),
    (
        &[
            "plan",
            "--layer",
            "300x10",
            "--strategy",
            "packed",
            "--tiling",
            "t.toml",
        ],
        "cannot be used with",
    ),
    (
        &["plan", "--layer", "300x10", "--tiling", "nowhere.toml"],
        "cannot read nowhere.toml",
    ),
    (
        &["plan", "--layer", "300x10", "--num-sends", "0"],
        "num_sends = 0 is outside 1…1000",
    ),
    (
        &["plan", "--layer", "300x10", "--wait-between-events", "1001"],
        "wait_between_events = 1001 is outside 1…1000",
    ),
    (
        &["plan", "--layer", "300x10", "--chips", "9"],
        "chips = 9 is outside 1…8",
    ),
    (
        &["plan", "--layer", "300x10", "--vectors", "4294967297"],
        "vectors = 4294967297 is outside 0…4294967296",
    ),
    (
        &["plan", "--layer", "300x10", "--active-share", "-0.5"],
        "the share of active inputs is -0.5, outside 0…1",
    ),
    (
        &["plan", "--layer", "1000000x1000000"],
        "at most 1048576 are planned",
    ),
    (
        &["plan", "--layer", "300x10", "--out", "."],
        "the current folder",
    ),
];

pub(crate) const REFUSED_NETWORKS: &[Refused] = &[
    (&["train", "--out", "a"], "<NETWORK.toml>"),
    (&["train", "nowhere.toml"], "--out <DIR>"),
    (
        &["train", "nowhere.toml", "--out", "a/"],
        "cannot read nowhere.toml",
    ),
    (
        &["train", "n.toml", "--method", "magic", "--out", "a"],
        "possible values: float, quantisation-aware",
    ),
    (
        &[
            "train",
            "n.toml",
            "--method",
            "float",
            "--array-epochs",
            "5",
            "--out",
            "a",
        ],
        "float does not train on an array: leave --array-epochs out",
    ),
    (
        &["train", "n.toml", "--print-recipe", "best"],
        "cannot be used with",
    ),
    (&["train", "n.toml", "--out", "."], "the current folder"),
    (
        &[
            "evaluate",
            "n.toml",
            "--weights",
            "w",
            "--array",
            "mock",
            "--chip",
            "3",
        ],
        "--chip is for --array chip, the array is mock: leave it out",
    ),
    (
        &[
            "evaluate",
            "n.toml",
            "--weights",
            "w",
            "--array",
            "ideal",
            "--calibration",
            "c",
        ],
        "--calibration is for --array chip, the array is ideal: leave it out",
    ),
];
