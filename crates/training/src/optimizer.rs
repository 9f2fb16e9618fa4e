//! How gradients become steps.

mod adam;
mod rate_schedule;
mod sgd;
mod state;
mod sweep;

use crate::error::check_option;
use crate::{ParameterViewMut, TrainingError};

pub use adam::Adam;
pub use rate_schedule::{RateSchedule, TrainingProgress};
pub use sgd::Sgd;
pub use state::{OptimizerState, ParameterState};

/// Updates parameters after each backward pass.
pub trait Optimizer: Send {
    /// Updates the parameter with the given number, which is the same in every step, and keeps it
    /// in its range.
    ///
    /// # Errors
    /// [`TrainingError::ParameterShape`] or [`TrainingError::ParameterRange`] for one that is not
    /// whole, [`TrainingError::OptimizerStateShape`] for one of another shape than it had before;
    /// it is unchanged then.
    fn update(
        &mut self,
        number: usize,
        parameter: ParameterViewMut<'_>,
    ) -> Result<(), TrainingError>;

    /// Multiplies the learning rate of the following updates by a factor ≥ 0, 1 at first;
    /// [`train`](crate::train) sets it before each step, by its [`RateSchedule`].
    fn set_rate_factor(&mut self, factor: f32);

    /// A copy of what is kept of past steps. An optimizer of the same options that is given it goes
    /// on with the same bits.
    fn state(&self) -> OptimizerState;

    /// Replaces what is kept of past steps.
    ///
    /// # Errors
    /// [`TrainingError::OptimizerState`] for the state of another kind of optimizer and for one that
    /// is not whole; nothing is changed then. Whether it fits the parameters is known to
    /// [`OptimizerState::check_for`], or else to the first update.
    fn set_state(&mut self, state: OptimizerState) -> Result<(), TrainingError>;
}

fn check_rate(rate: f32) -> Result<(), TrainingError> {
    check_option("learning rate", f64::from(rate), 1e-12, 1e6)
}

fn check_weight_decay(decay: f32) -> Result<(), TrainingError> {
    check_option("weight decay", f64::from(decay), 0.0, 1e3)
}

/// What a step leaves of a value under decoupled weight decay: 1 − η·λ, and never less than nothing.
/// Parameters of one dimension (biases, factors of channels) do not decay.
fn kept(rate: f32, decay: f32, parameter: &ParameterViewMut<'_>) -> f32 {
    if parameter.value.ndim() < 2 {
        return 1.0;
    }
    (1.0 - rate * decay).max(0.0)
}
