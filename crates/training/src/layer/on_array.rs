//! What analog layers have in common: weights and inputs rounded, run on the array.

use bss2_core::{Buffer, MacArray, RunReport, Trial};
use bss2_mapping::{MappingError, Plan};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::rounding::{round_activations, round_weights};
use crate::{GradientModel, LayerPlace, MakeGradientModel, Session, TrainingError};

/// The gradient model of an analog layer, and the buffers of its runs.
pub(super) struct OnArray {
    pub(super) model: Box<dyn GradientModel>,
    loaded: Array2<i8>,
    activations: Buffer<u8>,
    sums: Buffer<i8>,
}

/// What a layer's runner is given: weights, activations, outputs.
pub(super) struct Rounded<'a> {
    pub(super) weights: ArrayView2<'a, i8>,
    pub(super) activations: ArrayView2<'a, u8>,
    pub(super) sums: ArrayViewMut2<'a, i8>,
}

impl OnArray {
    /// For weights of a shape, run by a plan.
    ///
    /// # Errors
    /// [`TrainingError::Mapping`] if the plan's coding does not take all weights and activations; what
    /// the model says of the plan.
    pub(super) fn new(
        model: Box<dyn GradientModel>,
        plan: &Plan,
        weights: (usize, usize),
    ) -> Result<Self, TrainingError> {
        plan.coding().check_full_range()?;
        model.check(plan)?;
        Ok(Self {
            model,
            loaded: Array2::zeros(weights),
            activations: Buffer::new(),
            sums: Buffer::new(),
        })
    }

    /// Takes another gradient model, made for the plan by which the weights are run.
    ///
    /// # Errors
    /// What making it, or the model itself, says of the plan; the model stays as it is then.
    pub(super) fn set_model(
        &mut self,
        make: &mut MakeGradientModel<'_>,
        plan: &Plan,
    ) -> Result<(), TrainingError> {
        let model = make(plan)?;
        model.check(plan)?;
        self.model = model;
        Ok(())
    }

    /// Rounds weights and inputs, has them run on the session's array, and hands out the results.
    ///
    /// # Errors
    /// [`TrainingError::NoArray`]; [`TrainingError::NotFinite`] for weights,
    /// [`TrainingError::ActivationOutOfRange`] for inputs; what the run reports.
    pub(super) fn forward(
        &mut self,
        session: &mut Session<'_>,
        weights: &Array2<f32>,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
        run: impl FnOnce(&mut dyn MacArray, Rounded<'_>, &mut Trial) -> Result<RunReport, MappingError>,
    ) -> Result<(), TrainingError> {
        let (array, trial, report) = session.array().ok_or(TrainingError::NoArray {
            layer: LayerPlace::default(),
        })?;
        let mut activations = self.activations.shaped(input.dim());
        round_activations(input, activations.view_mut())?;
        round_weights(weights, &mut self.loaded)?;
        let mut sums = self.sums.shaped(output.dim());
        let rounded = Rounded {
            weights: self.loaded.view(),
            activations: activations.view(),
            sums: sums.view_mut(),
        };
        *report += run(array, rounded, trial)?;
        output.zip_mut_with(&sums, |to, &y| *to = f32::from(y));
        Ok(())
    }
}
