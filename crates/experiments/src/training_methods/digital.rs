//! The digital training that most methods begin with, done once per chip seed.

use std::time::Instant;

use bss2_core::NOMINAL_GAIN_LSB;
use bss2_hardware::IdealArray;
use bss2_training::{Method, OneChip, Recipe, Session, WeightFile, evaluate};

use super::subject::Subject;
use crate::ExperimentError;

/// A network after its digital training.
pub(super) struct Digital {
    /// What was done.
    pub(super) recipe: Recipe,
    pub(super) weights: WeightFile,
    /// Test accuracy in percent.
    pub(super) percent: f64,
    /// The same on an ideal array of nominal gain, without further training.
    pub(super) ideal_percent: f64,
    /// Samples that were trained on.
    pub(super) samples: u64,
    /// Time that the computer took, in s.
    pub(super) wall_s: f64,
}

impl Digital {
    pub(super) fn trained(subject: &Subject<'_>) -> Result<Self, ExperimentError> {
        let begin = Instant::now();
        let recipe = Method::Float.recipe(&subject.case.budget);
        let geometry = subject.case.chip.geometry;
        let mut lab = OneChip(IdealArray::new(geometry, NOMINAL_GAIN_LSB)?);
        let mut trained = subject.run(&recipe).run(&mut lab, &mut |_| ())?;
        let wall_s = begin.elapsed().as_secs_f64();

        let digital = &mut trained.digital;
        let float = evaluate(&mut digital.network, &mut Session::digital(), subject.test)?;
        let mut session = Session::on(&mut lab.0, subject.seed);
        let ideal = evaluate(&mut trained.deployed.network, &mut session, subject.test)?;
        let epochs: usize = trained.stages.iter().map(|stage| stage.curve.len()).sum();
        Ok(Self {
            weights: digital.names.export(&digital.network)?,
            percent: 100.0 * float,
            ideal_percent: 100.0 * ideal,
            samples: (epochs * subject.training.len()) as u64,
            wall_s,
            recipe,
        })
    }
}
