//! A twin's own derivative.

mod parts;

use std::sync::Arc;

use bss2_core::product::Onto;
use bss2_core::{ArrayError, Buffer};
use bss2_mapping::{MappingError, Plan};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::Twin;
use super::response::Response;
use crate::error::check_shape;
use crate::product::multiply;
use crate::{GradientModel, LinearGradients, LinearPass, TrainingError};
use parts::{Part, Parts};

/// The derivative of a [`Twin`]'s response: every run of the plan is computed again with the twin's
/// amplitudes, gains and curves, and its gradient takes their slopes. Parts of an output that
/// saturate pass none, nor do outputs at their ends.
///
/// Codings that raise weights or inputs by an offset, which layers do not take, count as if they did
/// not raise them.
#[derive(Clone, Debug)]
pub struct TwinGradient {
    twin: Arc<Twin>,
    responses: Vec<Response>,
    parts: Parts,
    pulled: Buffer<f32>,
    weights: Buffer<f32>,
    amplitudes: Buffer<f32>,
}

impl TwinGradient {
    /// The model of a layer with this plan on this twin's array.
    ///
    /// # Errors
    /// [`TrainingError::Mapping`] if the plan is for an array of other sizes,
    /// [`TrainingError::Array`] if it is for other settings.
    pub fn new(twin: impl Into<Arc<Twin>>, plan: &Plan) -> Result<Self, TrainingError> {
        let twin = twin.into();
        twin.check_plan(plan)?;
        Ok(Self {
            responses: Response::of(&twin),
            twin,
            parts: Parts::default(),
            pulled: Buffer::new(),
            weights: Buffer::new(),
            amplitudes: Buffer::new(),
        })
    }

    /// The twin.
    pub const fn twin(&self) -> &Arc<Twin> {
        &self.twin
    }
}

impl Twin {
    /// What a layer puts out on average (vectors × outputs, in LSB), neither rounded nor saturated:
    /// of inputs (vectors × inputs, 0…31) and weights (inputs of one group × outputs, −63…63) that
    /// need not be whole numbers. Amplitudes are straight between whole activations; an input sends an
    /// event if it rounds to one.
    ///
    /// # Errors
    /// As [`TwinGradient::new`], and [`TrainingError::Shape`].
    pub fn respond(
        &self,
        plan: &Plan,
        inputs: ArrayView2<'_, f32>,
        weights: ArrayView2<'_, f32>,
    ) -> Result<Array2<f32>, TrainingError> {
        self.check_plan(plan)?;
        let shape = plan.shape();
        let vectors = inputs.nrows();
        check_shape("inputs", (vectors, shape.inputs()), inputs.dim())?;
        check_shape("weights", shape.weights(), weights.dim())?;
        let mut outputs = Array2::zeros((vectors, shape.outputs()));
        let mut parts = Parts::default();
        parts.visit(&Response::of(self), plan, inputs, weights, &mut |part| {
            for (sums, vector) in part.sums.outer_iter().zip(part.vectors()) {
                for ((&sum, &column), &output) in sums.iter().zip(part.columns).zip(part.outputs) {
                    outputs[[vector, output]] +=
                        part.share * part.response.curves.output(column, sum);
                }
            }
        });
        Ok(outputs)
    }

    fn check_plan(&self, plan: &Plan) -> Result<(), TrainingError> {
        let (planned, found) = (plan.geometry(), self.geometry());
        if planned != found {
            return Err(TrainingError::Mapping(MappingError::OtherGeometry {
                planned,
                what: "the twin",
                found,
            }));
        }
        if plan.settings() != self.settings() {
            return Err(TrainingError::Array(ArrayError::OtherSettings {
                held: self.settings(),
                asked: plan.settings(),
            }));
        }
        Ok(())
    }
}

impl GradientModel for TwinGradient {
    fn check(&self, plan: &Plan) -> Result<(), TrainingError> {
        self.twin.check_plan(plan)
    }

    fn backward(
        &mut self,
        pass: &LinearPass<'_>,
        mut gradient: ArrayViewMut2<'_, f32>,
        mut into: LinearGradients<'_>,
    ) -> Result<(), TrainingError> {
        self.check(pass.plan)?;
        pass.check(gradient.view(), &into)?;
        gradient.zip_mut_with(&pass.outputs, |gradient, &output| {
            if is_end(output) {
                *gradient = 0.0;
            }
        });
        if let Some(inputs) = &mut into.inputs {
            inputs.fill(0.0);
        }
        let Self {
            responses,
            parts,
            pulled,
            weights,
            amplitudes,
            ..
        } = self;
        parts.visit(
            responses,
            pass.plan,
            pass.inputs,
            pass.weights,
            &mut |part| {
                let mut pulled = pulled.shaped(part.sums.dim());
                pull(&part, gradient.view(), pulled.view_mut());
                let mut of_weights = weights.shaped(part.effective.dim());
                multiply(
                    part.amplitudes.t(),
                    pulled.view(),
                    Onto::Nothing,
                    of_weights.view_mut(),
                );
                part.add_weights(of_weights.view(), into.weights.view_mut());
                if let Some(inputs) = &mut into.inputs {
                    let mut of_amplitudes = amplitudes.shaped(part.amplitudes.dim());
                    multiply(
                        pulled.view(),
                        part.effective.t(),
                        Onto::Nothing,
                        of_amplitudes.view_mut(),
                    );
                    part.add_inputs(of_amplitudes.view(), inputs.view_mut());
                }
            },
        );
        Ok(())
    }
}

/// The gradient with respect to a part's sums.
fn pull(part: &Part<'_>, gradient: ArrayView2<'_, f32>, mut pulled: ArrayViewMut2<'_, f32>) {
    let curves = &part.response.curves;
    let vectors = pulled.outer_iter_mut().zip(part.sums.outer_iter());
    for ((mut pulled, sums), vector) in vectors.zip(part.vectors()) {
        let gradient = gradient.row(vector);
        let columns = sums.iter().zip(part.columns).zip(part.outputs);
        for (to, ((&sum, &column), &output)) in pulled.iter_mut().zip(columns) {
            *to = if is_end(curves.output(column, sum)) {
                0.0
            } else {
                part.share * gradient[output] * curves.slope(column, sum)
            };
        }
    }
}

/// Whether a result is at an end of the range of `i8`, or would be beyond.
fn is_end(output_lsb: f32) -> bool {
    output_lsb <= f32::from(i8::MIN) || output_lsb >= f32::from(i8::MAX)
}
