//! What an optimizer keeps of past steps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Network, ParameterViewMut, TrainingError};

/// What an optimizer keeps of past steps, as data: to be saved with a network whose training is to be
/// resumed. Options such as the learning rate are not part of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizerState {
    /// One for each parameter that was updated, by rising number.
    pub parameters: Vec<ParameterState>,
}

/// What an optimizer keeps of one parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterState {
    /// The parameter's number.
    pub number: usize,
    /// The parameter's shape.
    pub shape: Vec<usize>,
    /// Updates so far.
    pub steps: u32,
    /// Numbers of the shape, in its logical order (the last index fastest): the velocity of
    /// [`Sgd`](crate::Sgd); the mean and the mean square of [`Adam`](crate::Adam).
    pub moments: Vec<Vec<f32>>,
}

impl OptimizerState {
    /// Refuses a state that was not kept of a network's parameters; an empty one belongs to any.
    ///
    /// # Errors
    /// [`TrainingError::OptimizerStateShape`] for a parameter of another shape or one that the
    /// network does not have, which then has an empty shape.
    pub fn check_for(&self, network: &Network) -> Result<(), TrainingError> {
        let mut shapes = Vec::new();
        network.parameters(&mut |_, parameter| shapes.push(parameter.value.shape().to_vec()));
        self.parameters.iter().try_for_each(|state| {
            let shape = shapes.get(state.number).map_or(&[][..], Vec::as_slice);
            check_shape(state.number, &state.shape, shape)
        })
    }
}

/// The states of all parameters, with so many moments each.
#[derive(Clone, Debug, Default)]
pub(super) struct States<const MOMENTS: usize> {
    of_parameters: BTreeMap<usize, State<MOMENTS>>,
}

#[derive(Clone, Debug)]
struct State<const MOMENTS: usize> {
    shape: Vec<usize>,
    steps: u32,
    moments: [Vec<f32>; MOMENTS],
}

impl<const MOMENTS: usize> States<MOMENTS> {
    /// Counts a step of a parameter; its moments, zero at first, and its steps so far, this one
    /// included.
    pub(super) fn next(
        &mut self,
        number: usize,
        parameter: &ParameterViewMut<'_>,
    ) -> Result<(&mut [Vec<f32>; MOMENTS], i32), TrainingError> {
        let shape = parameter.value.shape();
        let state = self.of_parameters.entry(number).or_insert_with(|| State {
            shape: shape.to_vec(),
            steps: 0,
            moments: std::array::from_fn(|_| vec![0.0; parameter.value.len()]),
        });
        check_shape(number, &state.shape, shape)?;
        state.steps = state.steps.saturating_add(1);
        let steps = i32::try_from(state.steps).unwrap_or(i32::MAX);
        Ok((&mut state.moments, steps))
    }

    pub(super) fn export(&self) -> OptimizerState {
        let parameters = self.of_parameters.iter();
        let parameters = parameters.map(|(&number, state)| ParameterState {
            number,
            shape: state.shape.clone(),
            steps: state.steps,
            moments: state.moments.to_vec(),
        });
        OptimizerState {
            parameters: parameters.collect(),
        }
    }

    pub(super) fn import(state: OptimizerState) -> Result<Self, TrainingError> {
        let mut of_parameters = BTreeMap::new();
        for parameter in state.parameters {
            let number = parameter.number;
            let state = State::try_from(parameter)?;
            if of_parameters.insert(number, state).is_some() {
                return Err(refused(number, "it comes twice"));
            }
        }
        Ok(Self { of_parameters })
    }
}

impl<const MOMENTS: usize> TryFrom<ParameterState> for State<MOMENTS> {
    type Error = TrainingError;

    fn try_from(state: ParameterState) -> Result<Self, TrainingError> {
        let sides = state.shape.iter();
        let count = sides.fold(1_usize, |count, &side| count.saturating_mul(side));
        if state.moments.iter().any(|moment| moment.len() != count) {
            return Err(refused(state.number, "its moments are not of its shape"));
        }
        if !state.moments.iter().flatten().all(|m| m.is_finite()) {
            return Err(refused(state.number, "its moments are not finite"));
        }
        let moments = <[Vec<f32>; MOMENTS]>::try_from(state.moments);
        Ok(Self {
            shape: state.shape,
            steps: state.steps,
            moments: moments
                .map_err(|_| refused(state.number, "it has another optimizer's moments"))?,
        })
    }
}

fn refused(parameter: usize, problem: &'static str) -> TrainingError {
    TrainingError::OptimizerState { parameter, problem }
}

fn check_shape(parameter: usize, state: &[usize], shape: &[usize]) -> Result<(), TrainingError> {
    if state == shape {
        return Ok(());
    }
    Err(TrainingError::OptimizerStateShape {
        parameter,
        state: state.to_vec(),
        shape: shape.to_vec(),
    })
}
