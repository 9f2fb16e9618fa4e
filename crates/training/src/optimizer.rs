//! How gradients become steps.

use std::collections::BTreeMap;

use ndarray::{ArrayD, ArrayViewD, Zip};

use crate::error::check_option;
use crate::{ParameterViewMut, TrainingError};

/// Updates parameters after each backward pass.
pub trait Optimizer {
    /// Updates the parameter with the given number, which is the same in every step, and keeps it
    /// in its range.
    ///
    /// # Errors
    /// [`TrainingError::ParameterShape`] or [`TrainingError::ParameterRange`] for one that is not
    /// whole; it is unchanged then.
    fn update(
        &mut self,
        number: usize,
        parameter: ParameterViewMut<'_>,
    ) -> Result<(), TrainingError>;
}

/// Stochastic gradient descent with momentum: v ← μ·v + g, w ← w − η·v.
#[derive(Clone, Debug)]
pub struct Sgd {
    rate: f32,
    momentum: f32,
    velocities: BTreeMap<usize, ArrayD<f32>>,
}

impl Sgd {
    /// A learning rate η > 0 (in units of the weights) and a momentum μ in 0…0.999.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn new(rate: f32, momentum: f32) -> Result<Self, TrainingError> {
        check_option("learning rate", f64::from(rate), 1e-12, 1e6)?;
        check_option("momentum", f64::from(momentum), 0.0, 0.999)?;
        Ok(Self {
            rate,
            momentum,
            velocities: BTreeMap::new(),
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
        let ParameterViewMut {
            value,
            gradient,
            range,
            ..
        } = parameter;
        let velocity = self.velocities.entry(number).or_default();
        let velocity = state_like(velocity, &gradient);
        Zip::from(value)
            .and(&gradient)
            .and(velocity)
            .for_each(|w, &g, v| {
                *v = self.momentum * *v + g;
                *w = (*w - self.rate * *v).clamp(*range.start(), *range.end());
            });
        Ok(())
    }
}

/// Adam (Kingma and Ba 2015) with β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸.
#[derive(Clone, Debug)]
pub struct Adam {
    rate: f32,
    states: BTreeMap<usize, AdamState>,
}

/// What Adam keeps of one parameter.
#[derive(Clone, Debug, Default)]
struct AdamState {
    steps: i32,
    mean: ArrayD<f32>,
    square: ArrayD<f32>,
}

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

impl Adam {
    /// A learning rate > 0, in units of the weights: about 0.001 for a digital network, 0.1…1 for
    /// analog weights of ±63.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn new(rate: f32) -> Result<Self, TrainingError> {
        check_option("learning rate", f64::from(rate), 1e-12, 1e6)?;
        Ok(Self {
            rate,
            states: BTreeMap::new(),
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
        let ParameterViewMut {
            value,
            gradient,
            range,
            ..
        } = parameter;
        let state = self.states.entry(number).or_default();
        state.steps = state.steps.saturating_add(1);
        let mean = state_like(&mut state.mean, &gradient);
        let square = state_like(&mut state.square, &gradient);
        let mean_scale = 1.0 / (1.0 - BETA_1.powi(state.steps));
        let square_scale = 1.0 / (1.0 - BETA_2.powi(state.steps));
        Zip::from(value)
            .and(&gradient)
            .and(mean)
            .and(square)
            .for_each(|w, &g, m, s| {
                *m = BETA_1 * *m + (1.0 - BETA_1) * g;
                *s = BETA_2 * *s + (1.0 - BETA_2) * g * g;
                let step = self.rate * (*m * mean_scale) / ((*s * square_scale).sqrt() + EPSILON);
                *w = (*w - step).clamp(*range.start(), *range.end());
            });
        Ok(())
    }
}

/// A state of the gradient's shape, zero at first.
fn state_like<'a>(
    state: &'a mut ArrayD<f32>,
    gradient: &ArrayViewD<'_, f32>,
) -> &'a mut ArrayD<f32> {
    if state.shape() != gradient.shape() {
        *state = ArrayD::zeros(gradient.raw_dim());
    }
    state
}
