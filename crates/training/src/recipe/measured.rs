//! What recipes know of a chip.

use bss2_core::random::derive_seed;
use bss2_core::{MacArray, Region, RunSettings, Trial};
use bss2_mapping::Plan;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{Gradients, Lab};
use crate::{
    GradientModel, LinearGain, MockParameters, MockProtocol, SaturationMask, SmoothSaturation,
    TrainingError, Twin, TwinGradient, TwinProtocol, measure_mock,
};

/// Figures of a chip, measured on it at the timings that a network uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChipFigures {
    settings: Vec<RunSettings>,
    mocks: Vec<MockParameters>,
    /// Empty unless a recipe asks for them.
    twins: Vec<Twin>,
    saturations: Vec<SmoothSaturation>,
}

impl ChipFigures {
    /// Measures gain and noise by the published protocol, for each timing once; and fits digital
    /// twins if they are asked for.
    ///
    /// # Errors
    /// Those of [`measure_mock`], [`TwinProtocol::measure`] and [`Twin::fit`].
    pub fn measure(
        lab: &mut dyn Lab,
        settings: &[RunSettings],
        with_twins: bool,
        seed: u64,
    ) -> Result<Self, TrainingError> {
        let mut figures = Self {
            settings: Vec::new(),
            mocks: Vec::new(),
            twins: Vec::new(),
            saturations: Vec::new(),
        };
        let mut trial = Trial::new(derive_seed(seed, MEASUREMENT));
        for &settings in settings {
            if figures.settings.contains(&settings) {
                continue;
            }
            let mock = measure_mock(lab.chip(), settings, MockProtocol::default(), &mut trial)?;
            if with_twins {
                let protocol = TwinProtocol {
                    expected_gain_lsb: mock.gain_lsb,
                    ..TwinProtocol::default()
                };
                let recording = protocol.measure(lab.chip(), settings, &mut trial)?;
                figures.saturations.push(SmoothSaturation::fit(&recording)?);
                let (twin, _) = Twin::fit(&recording)?;
                figures.twins.push(twin);
            }
            figures.settings.push(settings);
            figures.mocks.push(mock);
        }
        clear(lab.chip())?;
        Ok(figures)
    }

    /// Whether they hold what a network at these timings needs.
    pub(super) fn suffice_for(&self, settings: &[RunSettings], with_twins: bool) -> bool {
        let has = |timing| self.settings.contains(timing);
        settings.iter().all(has) && (!with_twins || self.twins.len() == self.settings.len())
    }

    /// The timings at which the chip was measured.
    pub fn settings(&self) -> &[RunSettings] {
        &self.settings
    }

    /// Gain and noise at each timing.
    pub fn mocks(&self) -> &[MockParameters] {
        &self.mocks
    }

    /// Digital twins at each timing; none unless they were asked for.
    pub fn twins(&self) -> &[Twin] {
        &self.twins
    }

    /// Smooth saturations at each timing; none unless twins were asked for.
    pub fn saturations(&self) -> &[SmoothSaturation] {
        &self.saturations
    }

    /// The gradient model of a layer with a plan.
    pub(super) fn gradient_model(
        &self,
        gradients: Gradients,
        plan: &Plan,
    ) -> Result<Box<dyn GradientModel>, TrainingError> {
        let timing = self.settings.iter().position(|s| *s == plan.settings());
        let index = timing.ok_or(TrainingError::NotMeasured)?;
        let gain_lsb = self.gain_lsb_at(plan.settings())? * plan.amplification() as f32;
        Ok(match gradients {
            Gradients::Linear => Box::new(LinearGain { gain_lsb }),
            Gradients::Mask => Box::new(SaturationMask { gain_lsb }),
            Gradients::Smooth => {
                let measured = self.saturations.get(index);
                let measured = measured.ok_or(TrainingError::NotMeasured)?;
                Box::new(SmoothSaturation {
                    gain_lsb,
                    ..*measured
                })
            }
            Gradients::Twin => {
                let twin = self.twins.get(index).ok_or(TrainingError::NotMeasured)?;
                Box::new(TwinGradient::new(twin.clone(), plan)?)
            }
        })
    }

    /// Gain of one send at a timing, in LSB per activation and weight unit.
    ///
    /// # Errors
    /// [`TrainingError::NotMeasured`] if the chip was not measured at it.
    pub fn gain_lsb_at(&self, settings: RunSettings) -> Result<f32, TrainingError> {
        let mut mocks = self.settings.iter().zip(&self.mocks);
        let mock = mocks.find(|&(&known, _)| known == settings);
        mock.map(|(_, mock)| mock.gain_lsb)
            .ok_or(TrainingError::NotMeasured)
    }

    /// Gain of one send, the mean over timings, in LSB per activation and weight unit.
    pub fn gain_lsb(&self) -> f32 {
        let gains = self.mocks.iter().map(|mock| mock.gain_lsb);
        gains.sum::<f32>() / self.mocks.len().max(1) as f32
    }
}

/// Sets all weights to zero: what a measurement leaves in synapses that a network does not use would
/// still load their lines a little.
pub(super) fn clear(chip: &mut dyn MacArray) -> Result<(), TrainingError> {
    let geometry = chip.geometry();
    let zeros = Array2::zeros((geometry.inputs(), geometry.columns()));
    for hemisphere in 0..geometry.hemispheres() {
        chip.load_weights(Region::whole(geometry, hemisphere), zeros.view())?;
    }
    Ok(())
}

/// Purpose number of measurements under a seed.
const MEASUREMENT: u64 = 10;

#[cfg(test)]
mod tests {
    use bss2_core::ArrayGeometry;
    use bss2_mapping::{LayerShape, MappingStrategy, Tiling};
    use ndarray::array;

    use super::*;
    use crate::{LinearGradients, LinearPass};

    #[test]
    fn gradients_are_those_of_the_gain_at_a_layers_timing() {
        let timings = [1, 4].map(|sends| RunSettings::new(sends, 5).unwrap());
        let figures = ChipFigures {
            settings: timings.to_vec(),
            mocks: [0.5, 0.25]
                .map(|gain_lsb| MockParameters {
                    gain_lsb,
                    noise_lsb: 1.0,
                })
                .to_vec(),
            twins: Vec::new(),
            saturations: Vec::new(),
        };
        for (settings, expected) in timings.into_iter().zip([0.5, 1.0]) {
            assert_eq!(
                figures.gain_lsb_at(settings).unwrap() * settings.num_sends() as f32,
                expected
            );
            let shape = LayerShape::dense(1, 1).unwrap();
            let tiling = Tiling::IN_ORDER.with_settings(settings);
            let plan = tiling.plan(&shape.into(), ArrayGeometry::BSS2).unwrap();
            for gradients in [Gradients::Linear, Gradients::Mask] {
                let mut found = array![[0.0]];
                let (input, weight, output) = (array![[3.0]], array![[1.0]], array![[0.0]]);
                let pass = LinearPass {
                    plan: &plan,
                    inputs: input.view(),
                    weights: weight.view(),
                    outputs: output.view(),
                };
                let into = LinearGradients {
                    weights: found.view_mut(),
                    inputs: None,
                };
                let mut model = figures.gradient_model(gradients, &plan).unwrap();
                let mut gradient = array![[1.0]];
                model.backward(&pass, gradient.view_mut(), into).unwrap();
                assert_eq!(found[[0, 0]], 3.0 * expected);
            }
        }
        let other = RunSettings::new(2, 5).unwrap();
        assert_eq!(figures.gain_lsb_at(other), Err(TrainingError::NotMeasured));
    }
}
