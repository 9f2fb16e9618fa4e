//! A batch of inputs.

use ndarray::ArrayView2;

/// A batch of inputs, vectors × inputs, with or without sign.
#[derive(Clone, Copy, Debug)]
pub enum Activations<'a> {
    /// What the array takes as it is, 0…31.
    Unsigned(ArrayView2<'a, u8>),
    /// What takes an [`InputCoding`](crate::InputCoding) with negative inputs.
    Signed(ArrayView2<'a, i8>),
}

impl<'a> From<ArrayView2<'a, u8>> for Activations<'a> {
    fn from(values: ArrayView2<'a, u8>) -> Self {
        Self::Unsigned(values)
    }
}

impl<'a> From<ArrayView2<'a, i8>> for Activations<'a> {
    fn from(values: ArrayView2<'a, i8>) -> Self {
        Self::Signed(values)
    }
}

impl Activations<'_> {
    /// Share of the inputs that are not zero, 0…1.
    pub fn active_share(&self) -> f64 {
        let (vectors, inputs) = self.dim();
        let active = match self {
            Self::Unsigned(values) => values.iter().filter(|&&x| x != 0).count(),
            Self::Signed(values) => values.iter().filter(|&&x| x != 0).count(),
        };
        active as f64 / (vectors * inputs).max(1) as f64
    }

    /// The same for a shorter time.
    pub(crate) fn reborrow(&self) -> Activations<'_> {
        match self {
            Self::Unsigned(values) => Activations::Unsigned(values.reborrow()),
            Self::Signed(values) => Activations::Signed(values.reborrow()),
        }
    }

    /// Number of vectors, length of each.
    pub fn dim(&self) -> (usize, usize) {
        match self {
            Self::Unsigned(values) => values.dim(),
            Self::Signed(values) => values.dim(),
        }
    }
}
