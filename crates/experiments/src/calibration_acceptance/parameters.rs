//! Every number that the experiment depends on.

use bss2_calibration::{CadcProcedure, CadcRange, LineProcedure, Procedure};
use serde::{Deserialize, Serialize};

use crate::process::Process;
use crate::{Preset, Settings};

/// Every number that the experiment depends on, but for the tests themselves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Share of typical chips that are to pass, or to fail, in percent.
    pub target_percent: f64,
    /// Calibration of the CADC over its full range.
    pub cadc: Procedure,
    /// The known procedure on membranes.
    pub membrane: Procedure,
    /// The joint procedure on membranes.
    pub joint: Procedure,
    /// To what calibrations on membranes are converted for synaptic lines.
    pub synaptic_line: LineProcedure,
    /// The chips, by process.
    pub processes: Vec<Process>,
}

impl Parameters {
    /// The parameters for a preset: the chips that were asked for, and beside typical ones as many
    /// of a worse process.
    pub fn resolve(settings: &Settings) -> Self {
        let chips = match settings.preset {
            Preset::Quick => 5,
            Preset::Standard => 30,
            Preset::Full => 100,
        };
        let range = CadcRange::FULL;
        Self {
            target_percent: 95.0,
            cadc: Procedure::Cadc(CadcProcedure { range }),
            membrane: Procedure::default(),
            joint: Procedure::joint(),
            synaptic_line: LineProcedure::default(),
            processes: Process::of_study(settings, chips),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::to_toml;

    #[test]
    fn every_parameter_stands_in_the_configuration() {
        let default = Parameters::resolve(&Settings::default());
        let text = |parameters: &Parameters| to_toml(parameters).unwrap().to_string();
        let changes: [fn(&mut Parameters); 8] = [
            |p| p.target_percent -= 1.0,
            |p| p.cadc = Procedure::default(),
            |p| p.membrane = Procedure::joint(),
            |p| p.joint = Procedure::default(),
            |p| p.synaptic_line.options.driver_runs += 1,
            |p| p.processes[0].chip_seeds.push(99),
            |p| p.processes[1].name.push('!'),
            |p| p.processes[1].chip.noise.read_lsb += 1e-3,
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = default.clone();
            change(&mut changed);
            assert_ne!(text(&changed), text(&default), "change {number}");
        }
    }
}
