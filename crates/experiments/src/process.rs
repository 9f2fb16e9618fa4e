//! Chips of one process, or of several side by side.

use bss2_hardware::{ChipConfig, SimulatedChip};
use serde::{Deserialize, Serialize, Serializer};

use crate::{ExperimentError, Settings, Task};

/// Chips of one process.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

    /// Every chip of all processes.
    pub(crate) fn jobs(processes: &[Self]) -> Vec<Job<'_>> {
        let processes = processes.iter().enumerate();
        processes
            .flat_map(|(number, process)| {
                let seeds = process.chip_seeds.iter();
                seeds.map(move |&seed| Job {
                    number,
                    process,
                    seed,
                })
            })
            .collect()
    }
}

/// One chip of a process.
#[derive(Serialize)]
pub(crate) struct Job<'a> {
    /// Number of the process.
    pub(crate) number: usize,
    #[serde(serialize_with = "name_of")]
    pub(crate) process: &'a Process,
    pub(crate) seed: u64,
}

fn name_of<S: Serializer>(process: &Process, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&process.name)
}

impl Job<'_> {
    /// The chip as it was made.
    pub(crate) fn fresh_chip(&self) -> Result<SimulatedChip, ExperimentError> {
        let config = self.process.chip.clone().check()?;
        Ok(SimulatedChip::new(&config, self.seed))
    }

    /// A step of progress, in words.
    pub(crate) fn step(&self, task: &dyn Task, what: &str) {
        task.step(&format!("{} chip {}: {what}", self.process.name, self.seed));
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
        let processes = Process::of_study(&Settings::default(), 2);
        let jobs = Process::jobs(&processes).into_iter();
        let jobs: Vec<_> = jobs.map(|job| (job.number, job.seed)).collect();
        assert_eq!(jobs, [(0, 1), (0, 2), (1, 1), (1, 2)]);
    }
}
