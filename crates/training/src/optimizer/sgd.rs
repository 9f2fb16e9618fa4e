//! Stochastic gradient descent.

use super::state::States;
use super::sweep::sweep;
use super::{Optimizer, OptimizerState, check_rate, check_weight_decay, kept};
use crate::error::check_option;
use crate::{ParameterViewMut, TrainingError};

/// Stochastic gradient descent with momentum and decoupled weight decay (SGDW, Loshchilov and
/// Hutter 2019): v ← μ·v + g, w ← (1 − η·λ)·w − η·v.
///
/// Without momentum this is the classical L2 penalty ½·λ·w²; with it, the decay stays out of the
/// velocity.
#[derive(Clone, Debug)]
pub struct Sgd {
    rate: f32,
    rate_factor: f32,
    momentum: f32,
    weight_decay: f32,
    velocities: States<1>,
}

impl Sgd {
    /// A learning rate η, 10⁻¹²…10⁶ (in units of the weights), and a momentum μ, 0…0.999; no weight
    /// decay.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn new(rate: f32, momentum: f32) -> Result<Self, TrainingError> {
        check_rate(rate)?;
        check_option("momentum", f64::from(momentum), 0.0, 0.999)?;
        Ok(Self {
            rate,
            rate_factor: 1.0,
            momentum,
            weight_decay: 0.0,
            velocities: States::default(),
        })
    }

    /// The same with a weight decay λ, 0…1000, on parameters of two dimensions or more; η·λ ≥ 1
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

impl Optimizer for Sgd {
    fn update(
        &mut self,
        number: usize,
        parameter: ParameterViewMut<'_>,
    ) -> Result<(), TrainingError> {
        parameter.check()?;
        let (velocities, _) = self.velocities.next(number, &parameter)?;
        let (rate, momentum) = (self.rate * self.rate_factor, self.momentum);
        let kept = kept(rate, self.weight_decay, &parameter);
        sweep(parameter, velocities, move |w, g, [v]| {
            let v = momentum * v + g;
            (kept * w - rate * v, [v])
        });
        Ok(())
    }

    fn set_rate_factor(&mut self, factor: f32) {
        self.rate_factor = factor;
    }

    fn state(&self) -> OptimizerState {
        self.velocities.export()
    }

    fn set_state(&mut self, state: OptimizerState) -> Result<(), TrainingError> {
        self.velocities = States::import(state)?;
        Ok(())
    }
}
