//! What calibration may measure.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::{ArrayError, ChipControl, MacArray, RunRequest};

/// Raw measurements of a chip, nothing that a real one could not deliver.
pub trait ChipProbe {
    /// Runs like [`MacArray::run`] but delivers the raw CADC codes (vectors × columns, 0…255),
    /// before the baseline is subtracted.
    ///
    /// A vector of zeros sends no events and so reads the columns' baselines.
    ///
    /// # Errors
    /// See [`Region::check_run`](crate::Region::check_run); `codes` are unchanged then.
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        codes: ArrayViewMut2<'_, u8>,
    ) -> Result<(), ArrayError>;
}

/// A whole chip: multiplier, registers and raw measurements.
pub trait Chip: MacArray + ChipControl + ChipProbe {}

impl<T: MacArray + ChipControl + ChipProbe + ?Sized> Chip for T {}

macro_rules! forward_probe {
    ($($pointer:ty),*) => {$(
        impl<T: ChipProbe + ?Sized> ChipProbe for $pointer {
            fn read_cadc(
                &mut self,
                request: &RunRequest,
                activations: ArrayView2<'_, u8>,
                codes: ArrayViewMut2<'_, u8>,
            ) -> Result<(), ArrayError> {
                (**self).read_cadc(request, activations, codes)
            }
        }
    )*};
}

forward_probe!(&mut T, Box<T>);
