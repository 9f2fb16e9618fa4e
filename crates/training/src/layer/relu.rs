//! Rectifiers.

use bss2_core::ACTIVATION_MAX;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::rounding::round_down;
use super::{Layer, check_backward, check_forward, pull_back_elementwise};
use crate::error::check_option;
use crate::{Session, Step, TrainingError};

/// y = max(x, 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relu;

impl Layer for Relu {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        Ok(inputs)
    }

    fn forward(
        &mut self,
        _session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        output.zip_mut_with(&input, |to, &x| *to = if x > 0.0 { x } else { x * 0.0 });
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError> {
        check_backward(self, input, output, &gradient, input_gradient.as_ref())?;
        pull_back_elementwise(input, &gradient, input_gradient, |x, g| {
            if x > 0.0 { g } else { 0.0 }
        });
        Ok(())
    }

    fn step(&self) -> Option<Step> {
        Some(Step::Rectify)
    }
}

/// From outputs of one analog layer to activations of the next, as the chip's processors do it:
/// y = min(31, max(x, 0) >> shift), with a shift of 0…7 bits.
///
/// Backward: the slope 2^−shift where the result is neither clipped nor rectified; the rounding
/// passes the gradient unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvertingRelu {
    shift: u8,
}

impl ConvertingRelu {
    /// Largest shift: all that a positive `i8` has.
    pub const SHIFT_MAX: u8 = 7;

    /// A rectifier that shifts right by 0…7 bits.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn new(shift: u8) -> Result<Self, TrainingError> {
        check_option("shift", f64::from(shift), 0.0, f64::from(Self::SHIFT_MAX))?;
        Ok(Self { shift })
    }

    /// Bits to shift right, 0…7.
    pub const fn shift(self) -> u8 {
        self.shift
    }

    fn step(self) -> f32 {
        f32::from(self.shift).exp2()
    }
}

impl Layer for ConvertingRelu {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        Ok(inputs)
    }

    fn forward(
        &mut self,
        _session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        let (per_step, max) = (self.step().recip(), f32::from(ACTIVATION_MAX));
        output.zip_mut_with(&input, |to, &x| {
            *to = round_down((x * per_step).clamp(0.0, max));
        });
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError> {
        check_backward(self, input, output, &gradient, input_gradient.as_ref())?;
        let per_step = self.step().recip();
        let end = self.step() * (f32::from(ACTIVATION_MAX) + 1.0);
        #[expect(
            clippy::needless_bitwise_bool,
            reason = "a short circuit would be a branch, taken at random"
        )]
        pull_back_elementwise(input, &gradient, input_gradient, |x, g| {
            if (x > 0.0) & (x < end) {
                g * per_step
            } else {
                0.0
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn converting_relu_equals_the_integer_operation() {
        for shift in 0..8_u8 {
            let input = Array2::from_shape_fn((1, 256), |(_, i)| (i as i32 - 128) as f32);
            let mut output = Array2::zeros((1, 256));
            ConvertingRelu::new(shift)
                .unwrap()
                .forward(&mut Session::digital(), input.view(), output.view_mut())
                .unwrap();
            for (i, &y) in output.iter().enumerate() {
                let exact = ((i as i32 - 128).max(0) >> shift).min(31);
                assert_eq!(y, exact as f32);
            }
        }
    }

    #[test]
    fn shifts_beyond_the_bits_of_an_output_are_refused() {
        for shift in [8, 200, 255] {
            let expected = TrainingError::OptionOutOfRange {
                option: "shift",
                value: f64::from(shift),
                min: 0.0,
                max: 7.0,
            };
            assert_eq!(ConvertingRelu::new(shift), Err(expected));
        }
    }
}
