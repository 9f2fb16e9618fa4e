//! Adam.

use super::state::States;
use super::sweep::sweep;
use super::{Optimizer, OptimizerState, check_rate, check_weight_decay, kept};
use crate::{ParameterViewMut, TrainingError};

/// Adam (Kingma and Ba 2015) with β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸, and decoupled weight decay (AdamW,
/// Loshchilov and Hutter 2019): w ← (1 − η·λ)·w − Adam's step.
#[derive(Clone, Debug)]
pub struct Adam {
    rate: f32,
    rate_factor: f32,
    weight_decay: f32,
    /// Running means of the gradient and of its square.
    moments: States<2>,
}

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

impl Adam {
    /// A learning rate η, 10⁻¹²…10⁶, in units of the weights: about 0.001 for a digital network,
    /// 0.1…1 for analog weights of ±63. No weight decay.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn new(rate: f32) -> Result<Self, TrainingError> {
        check_rate(rate)?;
        Ok(Self {
            rate,
            rate_factor: 1.0,
            weight_decay: 0.0,
            moments: States::default(),
        })
    }

    /// The same with a weight decay λ, 0…1000, on parameters of two dimensions and more (PyTorch's `AdamW` has 0.01
    /// on all); η·λ ≥ 1
    /// takes a value away.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn with_weight_decay(self, weight_decay: f32) -> Result<Self, TrainingError> {
        check_weight_decay(weight_decay)?;
        Ok(Self {
            weight_decay,
            ..self
        })
    }
}

impl Optimizer for Adam {
    fn update(
        &mut self,
        number: usize,
        parameter: ParameterViewMut<'_>,
    ) -> Result<(), TrainingError> {
        parameter.check()?;
        let (moments, steps) = self.moments.next(number, &parameter)?;
        let mean_scale = 1.0 / (1.0 - BETA_1.powi(steps));
        let square_scale = 1.0 / (1.0 - BETA_2.powi(steps));
        let rate = self.rate * self.rate_factor;
        let kept = kept(rate, self.weight_decay, &parameter);
        sweep(parameter, moments, move |w, g, [mean, square]| {
            let mean = BETA_1 * mean + (1.0 - BETA_1) * g;
            let square = BETA_2 * square + (1.0 - BETA_2) * g * g;
            let step = rate * (mean * mean_scale) / ((square * square_scale).sqrt() + EPSILON);
            (kept * w - step, [mean, square])
        });
        Ok(())
    }

    fn set_rate_factor(&mut self, factor: f32) {
        self.rate_factor = factor;
    }

    fn state(&self) -> OptimizerState {
        self.moments.export()
    }

    fn set_state(&mut self, state: OptimizerState) -> Result<(), TrainingError> {
        self.moments = States::import(state)?;
        Ok(())
    }
}
