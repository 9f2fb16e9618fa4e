//! Simulated chips beside the published figures.
//!
//! Each protocol copies that of its source. A row passes if the median over chips lies in its band
//! for all of its quantities.

use rayon::prelude::*;
use serde::Serialize;

use crate::configuration::to_toml;
use crate::{Experiment, ExperimentError, Outcome, Preset, Progress, Settings};

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

use check::Check;
use lab::Lab;

/// The experiment `validation`.
pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "validation",
    about: "simulated chips beside published figures, row by row",
    records_file: "validation.csv",
    run,
};

/// Checks that are measured together, and how.
struct Protocol {
    name: &'static str,
    checks: &'static [Check],
    measure: fn(&mut Lab) -> Result<Vec<f64>, ExperimentError>,
}

/// All protocols, in the order of the rows. Each leaves the chip calibrated, at 40 °C and in
/// membrane mode.
const PROTOCOLS: &[Protocol] = &[
    Protocol {
        name: "gain and noise",
        checks: gain::CHECKS,
        measure: gain::measure,
    },
    Protocol {
        name: "column spread",
        checks: spread::CHECKS,
        measure: spread::measure,
    },
    Protocol {
        name: "linearity",
        checks: linearity::CHECKS,
        measure: linearity::measure,
    },
    Protocol {
        name: "drivers",
        checks: drivers::CHECKS,
        measure: drivers::measure,
    },
    Protocol {
        name: "residual leak",
        checks: leak::CHECKS,
        measure: leak::measure,
    },
    Protocol {
        name: "layer of many passes",
        checks: layers::CHECKS,
        measure: layers::measure,
    },
    Protocol {
        name: "temperature",
        checks: temperature::CHECKS,
        measure: temperature::measure,
    },
    Protocol {
        name: "waits",
        checks: waits::CHECKS,
        measure: waits::measure,
    },
    Protocol {
        name: "acceptance",
        checks: acceptance::CHECKS,
        measure: acceptance::measure,
    },
];

/// Everything that the results depend on.
#[derive(Serialize)]
struct Configuration {
    chip_seeds: Vec<u64>,
    calibration: bss2_calibration::Procedure,
    chip: bss2_hardware::ChipConfig,
}

/// What one chip shows: a value per check, in the order of the protocols.
struct ChipValues {
    seed: u64,
    values: Vec<f64>,
}

fn run(settings: &Settings, progress: &dyn Progress) -> Result<Outcome, ExperimentError> {
    let default_chips = match settings.preset {
        Preset::Quick => 10,
        Preset::Standard => 20,
        Preset::Full => 50,
    };
    let configuration = Configuration {
        chip_seeds: settings.chip_seeds(default_chips),
        calibration: bss2_calibration::Procedure::default(),
        chip: settings.chip.clone(),
    };
    let seeds = &configuration.chip_seeds;
    let chip = configuration.chip.clone().check()?;
    let task = progress.begin(EXPERIMENT.name, (seeds.len() * PROTOCOLS.len()) as u64);
    let chips: Result<Vec<ChipValues>, ExperimentError> = seeds
        .par_iter()
        .map(|&seed| {
            let mut lab = Lab::new(&chip, seed)?;
            let mut values = Vec::new();
            for protocol in PROTOCOLS {
                values.extend((protocol.measure)(&mut lab)?);
                task.step(&format!("chip {seed}: {}", protocol.name));
            }
            Ok(ChipValues { seed, values })
        })
        .collect();
    report::outcome(&chips?, to_toml(&configuration)?)
}
