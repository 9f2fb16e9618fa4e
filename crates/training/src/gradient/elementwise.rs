//! Models with a slope per output, which depends on that output alone.

use ndarray::ArrayViewMut2;
use serde::{Deserialize, Serialize};

use super::{GradientModel, LinearGradients, LinearPass, exact_products};
use crate::TrainingError;

/// y = gain · Σ x·w everywhere, as in the existing software stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearGain {
    /// Gain of the whole layer, sends included, in LSB per activation and weight unit.
    pub gain_lsb: f32,
}

/// y = gain · Σ x·w inside the range of `i8`; outputs at its ends pass no gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SaturationMask {
    /// Gain of the whole layer, sends included, in LSB per activation and weight unit.
    pub gain_lsb: f32,
}

/// The gain of small outputs, which falls smoothly towards the ends of the range that outputs reach:
/// y = L · tanh(gain · Σ x·w / L), with a limit L for each sign; so the slope at an output y is
/// gain · (1 − (y/L)²), and none beyond L.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmoothSaturation {
    /// Gain of the whole layer for small outputs, sends included, in LSB per activation and weight
    /// unit.
    pub gain_lsb: f32,
    /// What outputs below zero tend to, in LSB; negative.
    pub lowest_lsb: f32,
    /// What outputs above zero tend to, in LSB.
    pub highest_lsb: f32,
}

impl GradientModel for LinearGain {
    fn backward(
        &mut self,
        pass: &LinearPass<'_>,
        mut gradient: ArrayViewMut2<'_, f32>,
        into: LinearGradients<'_>,
    ) -> Result<(), TrainingError> {
        pass.check(gradient.view(), &into)?;
        gradient *= self.gain_lsb;
        products(pass, gradient, into)
    }
}

impl GradientModel for SaturationMask {
    fn backward(
        &mut self,
        pass: &LinearPass<'_>,
        mut gradient: ArrayViewMut2<'_, f32>,
        into: LinearGradients<'_>,
    ) -> Result<(), TrainingError> {
        pass.check(gradient.view(), &into)?;
        gradient.zip_mut_with(&pass.outputs, |gradient, &output| {
            let inside = (output > f32::from(i8::MIN)) & (output < f32::from(i8::MAX));
            *gradient *= if inside { self.gain_lsb } else { 0.0 };
        });
        products(pass, gradient, into)
    }
}

impl GradientModel for SmoothSaturation {
    fn backward(
        &mut self,
        pass: &LinearPass<'_>,
        mut gradient: ArrayViewMut2<'_, f32>,
        into: LinearGradients<'_>,
    ) -> Result<(), TrainingError> {
        pass.check(gradient.view(), &into)?;
        gradient.zip_mut_with(&pass.outputs, |gradient, &output| {
            let limit = if output < 0.0 {
                self.lowest_lsb
            } else {
                self.highest_lsb
            };
            let share = output / limit;
            *gradient *= self.gain_lsb * (1.0 - share * share).max(0.0);
        });
        products(pass, gradient, into)
    }
}

fn products(
    pass: &LinearPass<'_>,
    gradient: ArrayViewMut2<'_, f32>,
    into: LinearGradients<'_>,
) -> Result<(), TrainingError> {
    exact_products(
        pass.plan.shape(),
        pass.inputs,
        pass.weights,
        gradient.view(),
        into,
    )
}

#[cfg(test)]
mod tests {
    use bss2_core::ArrayGeometry;
    use bss2_mapping::{LayerShape, MappingStrategy, Tiling};
    use ndarray::{Array2, array};

    use super::*;

    /// The gradients that reach the sums of five outputs with gradients 1…5.
    fn pulled(model: &mut dyn GradientModel, outputs: [f32; 5]) -> Array2<f32> {
        let shape = LayerShape::dense(1, 5).unwrap();
        let plan = Tiling::IN_ORDER
            .plan(&shape.into(), ArrayGeometry::BSS2)
            .unwrap();
        let (inputs, outputs) = (array![[1.0]], Array2::from(vec![outputs]));
        let zeros = Array2::zeros((1, 5));
        let pass = LinearPass {
            plan: &plan,
            inputs: inputs.view(),
            weights: zeros.view(),
            outputs: outputs.view(),
        };
        let mut weights = Array2::zeros((1, 5));
        let into = LinearGradients {
            weights: weights.view_mut(),
            inputs: None,
        };
        let mut gradient = array![[1.0, 2.0, 3.0, 4.0, 5.0]];
        model.backward(&pass, gradient.view_mut(), into).unwrap();
        weights
    }

    /// y = L·tanh(gain·s/L), differentiated by small steps of the sum s.
    #[test]
    fn smooth_slopes_are_those_of_the_curve() {
        let mut model = SmoothSaturation {
            gain_lsb: 0.01,
            lowest_lsb: -140.0,
            highest_lsb: 200.0,
        };
        let curve = |sum: f32| {
            let limit = if sum < 0.0 { 140.0 } else { 200.0 };
            limit * (f64::from(sum) * 0.01 / limit).tanh()
        };
        let sums = [-20_000.0_f32, -3000.0, 10.0, 9000.0, 25_000.0];
        let found = pulled(&mut model, sums.map(|sum| curve(sum) as f32));
        for (index, (&found, sum)) in found.iter().zip(sums).enumerate() {
            let slope = (curve(sum + 4.0) - curve(sum - 4.0)) / 8.0;
            let expected = slope * (index + 1) as f64;
            assert!(
                (f64::from(found) / expected - 1.0).abs() < 1e-3,
                "{sum}: {found}, expected {expected}"
            );
        }
    }

    #[test]
    fn models_differ_towards_the_ends() {
        let outputs = [-128.0, -127.0, 0.0, 126.0, 127.0];
        let gain_lsb = 0.5;
        let linear = pulled(&mut LinearGain { gain_lsb }, outputs);
        assert_eq!(linear, array![[0.5, 1.0, 1.5, 2.0, 2.5]]);
        let mask = pulled(&mut SaturationMask { gain_lsb }, outputs);
        assert_eq!(mask, array![[0.0, 1.0, 1.5, 2.0, 0.0]]);
        let mut smooth = SmoothSaturation {
            gain_lsb,
            lowest_lsb: -127.0,
            highest_lsb: 252.0,
        };
        let smooth = pulled(&mut smooth, outputs);
        assert_eq!(
            smooth.slice(ndarray::s![.., ..4]),
            array![[0.0, 0.0, 1.5, 1.5]]
        );
    }
}
