//! Noise put on values.

use bss2_core::Buffer;
use ndarray::{ArrayView2, ArrayViewMut2, Zip};
use serde::{Deserialize, Serialize};

use super::{Layer, check_backward, check_forward, check_passed};
use crate::error::check_option;
use crate::{Mode, Session, Step, TrainingError};

/// How noise changes a value x; n is drawn from N(0, 1) for each value anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseKind {
    /// x + σn.
    Additive,
    /// x · (1 + σn).
    Multiplicative,
}

/// In which modes noise is put on values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoisyModes {
    /// In training alone.
    Training,
    /// In evaluation alone.
    Evaluation,
    /// In both.
    Both,
}

/// Gaussian noise on every value, as Borras et al. (Walking Noise, arXiv:2212.10430) put it on the
/// outputs of layers. Backward: additive noise passes a gradient g as it is, multiplicative noise
/// passes g · (1 + σn) with the n of the last forward pass.
///
/// Noise is drawn from a [stream of the session](Session::next_noise): its trial seed and the number
/// of its streams before fix it, and it grows in proportion to σ.
#[derive(Clone, Debug)]
pub struct InjectNoise {
    kind: NoiseKind,
    modes: NoisyModes,
    sigma: f32,
    /// n of the last noisy forward pass.
    normals: Buffer<f32>,
    /// Whether the last forward pass multiplied.
    scaled: bool,
    /// Shape of what passed last.
    passed: Option<(usize, usize)>,
}

impl InjectNoise {
    /// Largest standard deviation; smallest is zero.
    pub const SIGMA_MAX: f32 = 1e6;

    /// Noise of a standard deviation, 0…10⁶: in units of the values, or of each value's magnitude if
    /// it is multiplicative.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn new(kind: NoiseKind, modes: NoisyModes, sigma: f32) -> Result<Self, TrainingError> {
        let max = f64::from(Self::SIGMA_MAX);
        check_option("standard deviation of noise", f64::from(sigma), 0.0, max)?;
        Ok(Self {
            kind,
            modes,
            sigma,
            normals: Buffer::new(),
            scaled: false,
            passed: None,
        })
    }

    const fn is_noisy(&self, mode: Mode) -> bool {
        matches!(
            (self.modes, mode),
            (NoisyModes::Both, _)
                | (NoisyModes::Training, Mode::Training)
                | (NoisyModes::Evaluation, Mode::Evaluation)
        )
    }

    fn draw(&mut self, session: &mut Session<'_>, shape: (usize, usize)) {
        self.normals.shaped(shape);
        session.next_noise().fill(0, 0, self.normals.values_mut());
    }

    /// Values times the factors of the last forward pass.
    fn scale(&self, from: ArrayView2<'_, f32>, to: ArrayViewMut2<'_, f32>) {
        let (sigma, normals) = (self.sigma, self.normals.view());
        Zip::from(to)
            .and(from)
            .and(normals)
            .for_each(|to, &x, &normal| *to = (1.0 + sigma * normal) * x);
    }

    fn add(&self, from: ArrayView2<'_, f32>, to: ArrayViewMut2<'_, f32>) {
        let (sigma, normals) = (self.sigma, self.normals.view());
        Zip::from(to)
            .and(from)
            .and(normals)
            .for_each(|to, &x, &normal| *to = x + sigma * normal);
    }
}

impl Layer for InjectNoise {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        Ok(inputs)
    }

    fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        let is_noisy = self.is_noisy(session.mode());
        self.scaled = is_noisy && self.kind == NoiseKind::Multiplicative;
        if is_noisy {
            self.draw(session, input.dim());
            match self.kind {
                NoiseKind::Additive => self.add(input, output),
                NoiseKind::Multiplicative => self.scale(input, output),
            }
        } else {
            output.assign(&input);
        }
        self.passed = Some(input.dim());
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError> {
        check_backward(self, input, output, &gradient, input_gradient.as_ref())?;
        check_passed(self.passed, input)?;
        let Some(mut input_gradient) = input_gradient else {
            return Ok(());
        };
        if self.scaled {
            self.scale(gradient.view(), input_gradient);
        } else {
            input_gradient.assign(&gradient);
        }
        Ok(())
    }

    /// Nothing: an array has noise of its own.
    fn step(&self) -> Option<Step> {
        Some(Step::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    const SHAPE: (usize, usize) = (200, 50);

    fn forward(layer: &mut InjectNoise, mode: Mode, seed: u64, value: f32) -> Array2<f32> {
        let input = Array2::from_elem(SHAPE, value);
        let mut output = Array2::zeros(SHAPE);
        let mut session = Session::digital_with_seed(seed);
        let pass = session.in_mode(mode, |session| {
            layer.forward(session, input.view(), output.view_mut())
        });
        pass.unwrap();
        output
    }

    fn backward(layer: &mut InjectNoise, mut gradient: Array2<f32>) -> Array2<f32> {
        let values = Array2::zeros(SHAPE);
        let mut pulled = Array2::zeros(SHAPE);
        let pass = layer.backward(
            values.view(),
            values.view(),
            gradient.view_mut(),
            Some(pulled.view_mut()),
        );
        pass.unwrap();
        pulled
    }

    #[test]
    fn noise_has_the_strength_that_was_asked_for() {
        for (kind, expected) in [(NoiseKind::Additive, 0.5), (NoiseKind::Multiplicative, 1.5)] {
            let mut layer = InjectNoise::new(kind, NoisyModes::Both, 0.5).unwrap();
            let values = forward(&mut layer, Mode::Evaluation, 3, 3.0);
            assert!((values.mean().unwrap() - 3.0).abs() < 0.05, "{kind:?}");
            assert!((values.std(1.0) - expected).abs() < 0.02, "{kind:?}");
            assert_eq!(values, forward(&mut layer, Mode::Evaluation, 3, 3.0));
            assert_ne!(values, forward(&mut layer, Mode::Evaluation, 4, 3.0));
        }
    }

    #[test]
    fn noise_is_another_in_every_pass() {
        let kind = NoiseKind::Additive;
        let mut layer = InjectNoise::new(kind, NoisyModes::Both, 0.5).unwrap();
        let mut session = Session::digital_with_seed(1);
        let zeros = Array2::zeros(SHAPE);
        let [first, second] = [(); 2].map(|()| {
            let mut output = Array2::zeros(SHAPE);
            layer
                .forward(&mut session, zeros.view(), output.view_mut())
                .unwrap();
            output
        });
        assert!(std::iter::zip(&first, &second).all(|(a, b)| a != b));
        assert_ne!(first.row(0), first.row(1));
    }

    #[test]
    fn noise_is_put_on_values_in_the_modes_asked_for_only() {
        for (modes, in_training, in_evaluation) in [
            (NoisyModes::Training, true, false),
            (NoisyModes::Evaluation, false, true),
            (NoisyModes::Both, true, true),
        ] {
            let mut layer = InjectNoise::new(NoiseKind::Additive, modes, 0.5).unwrap();
            for (mode, is_noisy) in [
                (Mode::Training, in_training),
                (Mode::Evaluation, in_evaluation),
            ] {
                let values = forward(&mut layer, mode, 1, 2.0);
                assert_eq!(values.iter().any(|&value| value != 2.0), is_noisy);
            }
        }
    }

    #[test]
    fn gradients_are_those_of_the_last_forward_pass() {
        let ones = Array2::ones(SHAPE);
        let mut layer = InjectNoise::new(NoiseKind::Multiplicative, NoisyModes::Both, 0.5).unwrap();
        let factors = forward(&mut layer, Mode::Training, 1, 1.0);
        assert_eq!(backward(&mut layer, ones.clone()), factors);
        let mut layer = InjectNoise::new(NoiseKind::Additive, NoisyModes::Both, 0.5).unwrap();
        forward(&mut layer, Mode::Training, 1, 1.0);
        assert_eq!(backward(&mut layer, ones.clone()), ones);
        let mut layer =
            InjectNoise::new(NoiseKind::Multiplicative, NoisyModes::Training, 0.5).unwrap();
        forward(&mut layer, Mode::Training, 1, 1.0);
        forward(&mut layer, Mode::Evaluation, 1, 1.0);
        assert_eq!(backward(&mut layer, ones.clone()), ones);
    }

    #[test]
    fn deviations_outside_their_range_are_refused() {
        for sigma in [-0.1, f32::NAN, f32::INFINITY] {
            assert!(InjectNoise::new(NoiseKind::Additive, NoisyModes::Both, sigma).is_err());
        }
        let layer = InjectNoise::new(NoiseKind::Additive, NoisyModes::Both, 0.0).unwrap();
        assert_eq!(layer.step(), Some(Step::Nothing));
    }
}
