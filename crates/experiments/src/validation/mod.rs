//! Simulated chips beside the published figures.
//!
//! Each protocol follows that of its source where this is known and says where it departs from it.
//! A row passes if the median over chips lies in its band for each of its quantities that has one.

use serde::{Deserialize, Serialize};

use crate::bench::Reported;
use crate::configuration::configured;
use crate::jobs::{JobList, Jobs};
use crate::parameter_check::Checked;
use crate::{Experiment, ExperimentError, Outcome, Preset, Settings};

mod acceptance;
mod check;
mod drivers;
mod gain;
mod lab;
mod layers;
mod leak;
mod linearity;
mod report;
mod spread;
mod temperature;
mod waits;

use acceptance::Failures;
use check::Check;
use lab::Lab;

/// The experiment `validation`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "validation",
    about: "simulated chips beside published figures, row by row",
    records_file: "validation.csv",
    run,
};

/// Checks that are measured together, on a chip of its own, and how.
struct Protocol {
    name: &'static str,
    checks: &'static [Check],
    since_calibration_s: f64,
    measure: fn(&mut Lab) -> Result<Measured, ExperimentError>,
}

/// The sources' chips are calibrated every night and measured during the day.
const HALF_A_DAY_S: f64 = 12.0 * 3600.0;

/// What a protocol finds.
struct Measured {
    /// By check.
    values: Vec<f64>,
    /// If it tests for acceptance.
    failures: Option<Failures>,
}

impl From<Vec<f64>> for Measured {
    fn from(values: Vec<f64>) -> Self {
        Self {
            values,
            failures: None,
        }
    }
}

/// All protocols.
const PROTOCOLS: &[Protocol] = &[
    Protocol {
        name: "gain and noise",
        checks: gain::CHECKS,
        since_calibration_s: HALF_A_DAY_S,
        measure: gain::measure,
    },
    Protocol {
        name: "column spread",
        checks: spread::CHECKS,
        since_calibration_s: HALF_A_DAY_S,
        measure: spread::measure,
    },
    Protocol {
        name: "column spread right after calibration",
        checks: spread::CHECKS_AT_ONCE,
        since_calibration_s: 0.0,
        measure: spread::measure,
    },
    Protocol {
        name: "linearity",
        checks: linearity::CHECKS,
        since_calibration_s: HALF_A_DAY_S,
        measure: linearity::measure,
    },
    Protocol {
        name: "drivers",
        checks: drivers::CHECKS,
        since_calibration_s: HALF_A_DAY_S,
        measure: drivers::measure,
    },
    Protocol {
        name: "residual leak",
        checks: leak::CHECKS,
        since_calibration_s: HALF_A_DAY_S,
        measure: leak::measure,
    },
    Protocol {
        name: "layer of many passes",
        checks: layers::CHECKS,
        since_calibration_s: HALF_A_DAY_S,
        measure: layers::measure,
    },
    Protocol {
        name: "temperature",
        checks: temperature::CHECKS,
        since_calibration_s: HALF_A_DAY_S,
        measure: temperature::measure,
    },
    Protocol {
        name: "waits",
        checks: waits::CHECKS,
        since_calibration_s: HALF_A_DAY_S,
        measure: waits::measure,
    },
    Protocol {
        name: "acceptance",
        checks: acceptance::CHECKS,
        since_calibration_s: 0.0,
        measure: acceptance::measure,
    },
];

/// Everything that the results depend on.
#[derive(Serialize, Deserialize)]
struct Parameters {
    chip_seeds: Vec<u64>,
    calibration: bss2_calibration::Procedure,
    chip: bss2_hardware::ChipConfig,
}

/// What one chip shows: a value per check, in the order of the protocols.
#[derive(Serialize, Deserialize)]
struct ChipValues {
    seed: u64,
    values: Vec<f64>,
    failures: Option<Failures>,
    /// By protocol.
    reported: Vec<Reported>,
}

fn resolved(settings: &Settings) -> Result<(Parameters, toml::Table), ExperimentError> {
    let default_chips = match settings.preset {
        Preset::Quick => 10,
        Preset::Standard => 20,
        Preset::Full => 50,
    };
    let preset = Parameters {
        chip_seeds: settings.chip_seeds(default_chips),
        calibration: bss2_calibration::Procedure::default(),
        chip: settings.chip.clone(),
    };
    configured(EXPERIMENT.name, settings, preset, toml::Table::new())
}

fn run(settings: &Settings, jobs: &Jobs<'_>) -> Result<Outcome, ExperimentError> {
    let (parameters, configuration) = resolved(settings)?;
    Checked(EXPERIMENT.name).several("chip_seeds", &parameters.chip_seeds)?;
    let chip = parameters.chip.clone().check()?;
    let list = JobList {
        experiment: EXPERIMENT.name,
        configuration: &configuration,
        keys: &parameters.chip_seeds,
        steps: &|_| PROTOCOLS.len() as u64,
    };
    let chips = jobs.each(&list, |&seed, task| {
        let calibrated = Lab::new(&chip, seed)?;
        let mut chip = ChipValues {
            seed,
            values: Vec::new(),
            failures: None,
            reported: Vec::new(),
        };
        for protocol in PROTOCOLS {
            let mut lab = calibrated.later(protocol.since_calibration_s)?;
            let measured = (protocol.measure)(&mut lab)?;
            chip.values.extend(measured.values);
            chip.failures = chip.failures.or(measured.failures);
            chip.reported.push(lab.bench.reported);
            task.step(&format!("chip {seed}: {}", protocol.name));
        }
        Ok(chip)
    })?;
    report::outcome(&chips, configuration)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Silent;
    use crate::jobs::{JobStore, Scope};

    #[test]
    fn kept_results_that_hold_something_else_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let store = || JobStore::in_folder(folder.path().join("jobs"));
        let jobs = || Jobs::new(&Silent, store(), Scope::All, 1);
        let settings = Settings {
            chips: Some(1),
            ..Settings::default()
        };
        let (parameters, configuration) = resolved(&settings).unwrap();
        let list = JobList {
            experiment: EXPERIMENT.name,
            configuration: &configuration,
            keys: &parameters.chip_seeds,
            steps: &|_| u64::MAX,
        };
        let empty = |&seed: &u64, _: &dyn crate::Task| {
            Ok(ChipValues {
                seed,
                values: Vec::new(),
                failures: None,
                reported: Vec::new(),
            })
        };
        jobs().each(&list, empty).unwrap();
        let error = EXPERIMENT.run_by(&settings, &jobs()).err().unwrap();
        assert!(
            matches!(
                error,
                ExperimentError::UnfitResults {
                    experiment: "validation",
                    ..
                }
            ),
            "{error}"
        );
    }
}
