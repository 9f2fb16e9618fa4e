//! How the backward pass sees the array.

use ndarray::{ArrayView2, ArrayViewMut2};

/// Stands for the derivative of an array's outputs (LSB) with respect to the exact sums Σ x·w.
///
/// The chip gives no gradients; each model is a surrogate, right as far as the array resembles it.
///
/// A model sees outputs and works on them one by one, which is as far as it reaches: it cannot
/// express a derivative that depends on activations or weights (a multiplier that is nonlinear in
/// either), that differs between the tiles of an output (whose partial sums saturate each for
/// itself, while only their sum comes here), or that mixes columns (crosstalk). The products with
/// activations and weights that follow are those of an exact multiplier.
pub trait GradientModel: Send {
    /// Turns the gradient with respect to the outputs (vectors × outputs) into the gradient with
    /// respect to the sums, in place. `outputs` are those of the forward pass.
    fn pull_back(&self, outputs: ArrayView2<'_, f32>, gradient: ArrayViewMut2<'_, f32>);
}

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

impl GradientModel for LinearGain {
    fn pull_back(&self, _outputs: ArrayView2<'_, f32>, mut gradient: ArrayViewMut2<'_, f32>) {
        gradient *= self.gain_lsb;
    }
}

impl GradientModel for SaturationMask {
    fn pull_back(&self, outputs: ArrayView2<'_, f32>, mut gradient: ArrayViewMut2<'_, f32>) {
        gradient.zip_mut_with(&outputs, |gradient, &output| {
            let inside = output > f32::from(i8::MIN) && output < f32::from(i8::MAX);
            *gradient *= if inside { self.gain_lsb } else { 0.0 };
        });
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn models_differ_at_the_ends_only() {
        let outputs = array![[-128.0, -127.0, 0.0, 126.0, 127.0]];
        let pull = |model: &dyn GradientModel| {
            let mut gradient = array![[1.0, 2.0, 3.0, 4.0, 5.0]];
            model.pull_back(outputs.view(), gradient.view_mut());
            gradient
        };
        assert_eq!(
            pull(&LinearGain { gain_lsb: 0.5 }),
            array![[0.5, 1.0, 1.5, 2.0, 2.5]]
        );
        assert_eq!(
            pull(&SaturationMask { gain_lsb: 0.5 }),
            array![[0.0, 1.0, 1.5, 2.0, 0.0]]
        );
    }
}
