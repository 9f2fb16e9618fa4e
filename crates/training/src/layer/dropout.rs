//! Values left out at random.

use bss2_core::Buffer;
use ndarray::{ArrayView2, ArrayViewMut2, Zip};
use rand::RngExt;

use super::{Layer, check_backward, check_forward, check_passed};
use crate::error::check_option;
use crate::{Mode, Session, Step, TrainingError};

/// In [`Mode::Training`] each value is set to zero with a probability, the rate, and divided by
/// 1 − rate otherwise, so that its mean stays (Srivastava et al. 2014); in evaluation values pass
/// unchanged. Backward: the mask of the last forward pass.
///
/// Masks are drawn from a [stream of the session](Session::next_stream): its trial seed and its
/// number of such streams fix them.
#[derive(Clone, Debug)]
pub struct Dropout {
    rate: f32,
    /// Factors of the last forward pass, unless values passed unchanged.
    mask: Buffer<f32>,
    masked: bool,
    /// Shape of what passed last.
    passed: Option<(usize, usize)>,
}

impl Dropout {
    /// Largest rate; smallest is zero.
    pub const RATE_MAX: f32 = 0.999;

    /// The share of values that are left out, 0…0.999.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`].
    pub fn new(rate: f32) -> Result<Self, TrainingError> {
        let max = f64::from(Self::RATE_MAX);
        check_option("dropout rate", f64::from(rate), 0.0, max)?;
        Ok(Self {
            rate,
            mask: Buffer::new(),
            masked: false,
            passed: None,
        })
    }

    /// The share of values that are left out.
    pub const fn rate(&self) -> f32 {
        self.rate
    }

    fn draw_mask(&mut self, session: &mut Session<'_>, shape: (usize, usize)) {
        let (rate, kept) = (self.rate, (1.0 - self.rate).recip());
        let mut random = session.next_stream();
        self.mask.shaped(shape).map_inplace(|factor| {
            let is_kept = random.random::<f32>() >= rate;
            *factor = if is_kept { kept } else { 0.0 };
        });
    }

    fn apply_mask(&self, from: ArrayView2<'_, f32>, mut to: ArrayViewMut2<'_, f32>) {
        if self.masked {
            let mask = self.mask.view();
            Zip::from(to)
                .and(from)
                .and(mask)
                .for_each(|to, &x, &factor| *to = factor * x);
        } else {
            to.assign(&from);
        }
    }
}

impl Layer for Dropout {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        Ok(inputs)
    }

    fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        self.masked = session.mode() == Mode::Training;
        if self.masked {
            self.draw_mask(session, input.dim());
        }
        self.apply_mask(input, output);
        self.passed = Some(input.dim());
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
        check_passed(self.passed, input)?;
        if let Some(input_gradient) = input_gradient {
            self.apply_mask(gradient.view(), input_gradient);
        }
        Ok(())
    }

    fn step(&self) -> Option<Step> {
        Some(Step::Nothing)
    }
}
