//! The bss2 study: what each choice of calibration, mapping and training costs and gains.
//!
//! An [`Experiment`] turns [`Settings`] into an [`Outcome`]: tidy records of every single result,
//! a summary, tables and charts. [`run_study`] runs experiments side by side on a number of
//! threads and writes one result folder with tables (CSV, JSON), the resolved configuration and a
//! self-contained HTML page.
//!
//! Beside the study, the [`workbench`] calibrates or measures a single chip, and plans a layer.
//!
//! `cargo xtask experiments`, `calibrate`, `characterize` and `plan` are the command lines to this
//! crate.
//!
//! # Example
//!
//! ```
//! use bss2_experiments::{EXPERIMENTS, Settings, Silent, find};
//!
//! assert!(EXPERIMENTS.iter().any(|e| e.name == "first-study"));
//! let unknown = find("second-study");
//! assert!(unknown.is_err_and(|e| e.to_string().contains("first-study")));
//!
//! let settings = Settings { chips: Some(1), ..Settings::default() };
//! let outcome = find("first-study")?.run(&settings, &Silent)?;
//! assert!(outcome.summary["accuracy/float"].value > 90.0);
//! # Ok::<(), bss2_experiments::ExperimentError>(())
//! ```

mod acceptance;
mod bench;
pub mod calibration_acceptance;
pub mod calibration_cost;
pub mod calibration_to_accuracy;
pub mod calibration_tradeoffs;
pub mod circuit;
mod configuration;
mod csv_file;
mod dataset;
mod ends;
mod error;
pub mod error_budget;
mod experiment;
pub mod first_study;
mod jobs;
mod line_fit;
pub mod mac_characteristics;
mod mac_quality;
pub mod mapping_strategies;
mod named_chart;
mod operating_point;
mod outcome;
mod output;
mod parameter_check;
mod plan_picture;
pub mod plot;
mod preset;
mod process;
mod progress;
mod published;
mod rank;
mod recording;
pub mod report;
mod sample;
mod settings;
pub mod settings_search;
mod simulated_lab;
mod sources;
mod statistics;
mod study;
pub mod temperature_and_drift;
mod text_file;
pub mod training_methods;
mod validation;
pub mod walking_noise;
mod wording;
pub mod workbench;

pub use bss2_training::{Augmentation, Budget, Method, TrainingError};
pub use csv_file::CsvFile;
pub use dataset::{DataChoice, DataDescription, StudyData};
pub use error::ExperimentError;
pub use experiment::{EXPERIMENTS, Experiment, find};
pub use jobs::{JobFailure, Shard};
pub use operating_point::{
    Knob, Layout, Meanwhile, NetworkCase, NetworkState, NetworkTask, OperatingPoint,
};
pub use outcome::{Outcome, Record, Rule, SummaryEntry};
pub use output::{FolderLock, ResultFolder};
pub use plan_picture::{layers_picture, plan_picture};
pub use preset::Preset;
pub use process::Process;
pub use progress::{Progress, Silent, Task};
pub use settings::Settings;
pub use study::{StudyFile, StudyReport, merge_shards, run_shard, run_study};
pub use text_file::{TEXT_BYTES_MAX, read_text};

/// What a study's chips are like, and what reads, checks and writes it.
pub use bss2_hardware::{ChipConfig, ConfigError};

/// How a chip is calibrated.
pub use bss2_calibration::Procedure;

/// The README's examples, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
