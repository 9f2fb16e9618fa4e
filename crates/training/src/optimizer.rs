//! How gradients become steps.

use ndarray::{Array2, Zip};

use crate::error::check_option;
use crate::layer::reshaped;
use crate::{Parameter, TrainingError};

/// Updates parameters after each backward pass.
pub trait Optimizer {
    /// Updates the parameter with the given number, which is the same in every step, and keeps it
    /// in its range.
    fn update(&mut self, number: usize, parameter: Parameter<'_>);
}

/// Stochastic gradient descent with momentum: v ← μ·v + g, w ← w − η·v.
#[derive(Clone, Debug)]
pub struct Sgd {
    rate: f32,
    momentum: f32,
    velocities: Vec<Array2<f32>>,
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
            velocities: Vec::new(),
        })
    }
}

impl Optimizer for Sgd {
    fn update(&mut self, number: usize, parameter: Parameter<'_>) {
        let Parameter {
            value,
            gradient,
            range,
        } = parameter;
        let velocity = state_of(&mut self.velocities, number, gradient);
        Zip::from(value)
            .and(gradient)
            .and(velocity)
            .for_each(|w, &g, v| {
                *v = self.momentum * *v + g;
                *w = (*w - self.rate * *v).clamp(*range.start(), *range.end());
            });
    }
}

/// Adam (Kingma and Ba 2015) with β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸.
#[derive(Clone, Debug)]
pub struct Adam {
    rate: f32,
    steps: Vec<i32>,
    means: Vec<Array2<f32>>,
    squares: Vec<Array2<f32>>,
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
            steps: Vec::new(),
            means: Vec::new(),
            squares: Vec::new(),
        })
    }
}

impl Optimizer for Adam {
    fn update(&mut self, number: usize, parameter: Parameter<'_>) {
        let Parameter {
            value,
            gradient,
            range,
        } = parameter;
        if self.steps.len() <= number {
            self.steps.resize(number + 1, 0);
        }
        self.steps[number] = self.steps[number].saturating_add(1);
        let mean = state_of(&mut self.means, number, gradient);
        let square = state_of(&mut self.squares, number, gradient);
        let mean_scale = 1.0 / (1.0 - BETA_1.powi(self.steps[number]));
        let square_scale = 1.0 / (1.0 - BETA_2.powi(self.steps[number]));
        Zip::from(value)
            .and(gradient)
            .and(mean)
            .and(square)
            .for_each(|w, &g, m, s| {
                *m = BETA_1 * *m + (1.0 - BETA_1) * g;
                *s = BETA_2 * *s + (1.0 - BETA_2) * g * g;
                let step = self.rate * (*m * mean_scale) / ((*s * square_scale).sqrt() + EPSILON);
                *w = (*w - step).clamp(*range.start(), *range.end());
            });
    }
}

/// The state that belongs to a parameter, zero at first.
fn state_of<'a>(
    states: &'a mut Vec<Array2<f32>>,
    number: usize,
    like: &Array2<f32>,
) -> &'a mut Array2<f32> {
    if states.len() <= number {
        states.resize(number + 1, Array2::zeros((0, 0)));
    }
    reshaped(&mut states[number], like.dim())
}
