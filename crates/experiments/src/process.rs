//! Chips of one process, or of several side by side.

use bss2_hardware::ChipConfig;
use serde::Serialize;

use crate::Settings;

/// Chips of one process.
#[derive(Clone, Debug, Serialize)]
pub struct Process {
    /// Name for people.
    pub name: String,
    /// Seeds of the chips.
    pub chip_seeds: Vec<u64>,
    /// What they are like.
    pub chip: ChipConfig,
}

impl Process {
    /// The chips that were asked for, and beside typical ones as many of a worse process.
    pub(crate) fn of_study(settings: &Settings, default_chips: usize) -> Vec<Self> {
        let process = |name: &str, chip: ChipConfig| Self {
            name: name.to_owned(),
            chip_seeds: settings.chip_seeds(default_chips),
            chip,
        };
        let mut processes = vec![process(
            settings.chip.preset_name().unwrap_or("as configured"),
            settings.chip.clone(),
        )];
        if settings.chip == ChipConfig::typical() {
            processes.push(process("worse", ChipConfig::worse_process()));
        }
        processes
    }

    /// Every chip of all processes: number of its process, and its seed.
    pub(crate) fn jobs(processes: &[Self]) -> impl Iterator<Item = (usize, u64)> {
        let processes = processes.iter().enumerate();
        processes.flat_map(|(process, of)| of.chip_seeds.iter().map(move |&seed| (process, seed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worse_chips_stand_beside_typical_ones_only() {
        let names = |chip| {
            let settings = Settings {
                chip,
                ..Settings::default()
            };
            let processes = Process::of_study(&settings, 2).into_iter();
            processes.map(|p| p.name).collect::<Vec<_>>()
        };
        assert_eq!(names(ChipConfig::typical()), ["typical", "worse"]);
        assert_eq!(names(ChipConfig::better_process()), ["better"]);
    }

    #[test]
    fn every_chip_is_a_job() {
        let jobs = Process::jobs(&Process::of_study(&Settings::default(), 2)).collect::<Vec<_>>();
        assert_eq!(jobs, [(0, 1), (0, 2), (1, 1), (1, 2)]);
    }
}
