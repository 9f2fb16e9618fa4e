//! Signal that saturating OTAs lose, in both models.
//!
//! On the chip without noise and without ends of its swing, so that nothing but the OTAs bends. The
//! reference is the transient model of the same chip with linear OTAs.

use bss2_core::{ACTIVATION_MAX, Register, RunSettings};
use bss2_hardware::{ChipConfig, Fidelity, Imperfection, SimulatedChip};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::parameters::LineParameters;
use crate::ExperimentError;
use crate::bench::Bench;

/// What is lost at one weight and wait.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct LinePoint {
    pub(super) weight: i8,
    pub(super) wait: u32,
    /// Share of the signal lost in the transient model, in %.
    pub(super) transient_percent: f64,
    /// The same in the lumped model.
    pub(super) lumped_percent: f64,
    /// Share of outputs that the lumped model reports as doubtful, in %.
    pub(super) doubtful_percent: f64,
}

pub(super) fn measure(
    seed: u64,
    config: &ChipConfig,
    parameters: &LineParameters,
) -> Result<Vec<LinePoint>, ExperimentError> {
    let undisturbed = config
        .clone()
        .without_noise()
        .without(Imperfection::SoftEnds)
        .without(Imperfection::StuckChannels);
    let linear = undisturbed.clone().without(Imperfection::OtaSaturation);
    let chip = |config: ChipConfig, fidelity| -> Result<Bench, ExperimentError> {
        let chip = SimulatedChip::new(&config.check()?, seed).with_fidelity(fidelity);
        let mut bench = Bench::new(chip, 0);
        bench.set_all(Register::IBiasSyninExcGm, parameters.ota_bias)?;
        Ok(bench)
    };
    let mut reference = chip(linear, Fidelity::Transient)?;
    let mut transient = chip(undisturbed.clone(), Fidelity::Transient)?;
    let mut lumped = chip(undisturbed, Fidelity::Lumped)?;
    let mut points = Vec::new();
    for &wait in &parameters.waits {
        let settings = RunSettings::new(1, wait)?;
        let (silence, _) = mean_result(&mut reference, settings, 0)?;
        for &weight in &parameters.weights {
            let signal = |bench: &mut Bench| -> Result<(f64, f64), ExperimentError> {
                let (result, doubtful) = mean_result(bench, settings, weight)?;
                Ok((result - silence, doubtful))
            };
            let (unbent, _) = signal(&mut reference)?;
            let (of_transient, _) = signal(&mut transient)?;
            let (of_lumped, doubtful) = signal(&mut lumped)?;
            points.push(LinePoint {
                weight,
                wait,
                transient_percent: 100.0 * (1.0 - of_transient / unbent),
                lumped_percent: 100.0 * (1.0 - of_lumped / unbent),
                doubtful_percent: 100.0 * doubtful,
            });
        }
    }
    Ok(points)
}

/// Mean over the columns of the result with all rows at full activation, and the share of doubtful
/// outputs.
fn mean_result(
    bench: &mut Bench,
    settings: RunSettings,
    weight: i8,
) -> Result<(f64, f64), ExperimentError> {
    const HEMISPHERE: usize = 0;
    bench.load_uniform(HEMISPHERE, weight)?;
    let all = Array2::from_elem((1, bench.geometry().inputs()), ACTIVATION_MAX);
    let (outputs, report) = bench.run_and_report(HEMISPHERE, settings, all.view())?;
    let count = outputs.len() as f64;
    Ok((
        outputs.sum() / count,
        report.doubtful_outputs as f64 / count,
    ))
}
