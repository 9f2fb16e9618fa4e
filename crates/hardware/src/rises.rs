//! From codes to outputs: how far they lie above their baselines.

use bss2_core::{ArrayMode, BASELINE_CODE};
use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::buffers::slice;

/// What outputs are counted from.
pub(crate) struct Rises<'a> {
    pub(crate) mode: ArrayMode,
    /// Those that were measured, vectors × physical columns; [`BASELINE_CODE`] otherwise.
    pub(crate) baselines: Option<ArrayView2<'a, u8>>,
}

impl Rises<'_> {
    /// Outputs (vectors × columns) of some vectors, beginning with that of a number, from their codes
    /// (vectors × physical columns).
    pub(crate) fn put(
        &self,
        first_vector: usize,
        codes: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) {
        let vectors = first_vector..first_vector + codes.nrows();
        let baselines = self.baselines.as_ref();
        let baselines = baselines.map(|baselines| baselines.slice(s![vectors, ..]));
        match self.mode {
            ArrayMode::Membrane | ArrayMode::Unsigned => {
                pulp::Arch::new().dispatch(PutRises {
                    codes,
                    baselines,
                    outputs,
                });
            }
            ArrayMode::SynapticLine => put_differences(codes, baselines, outputs),
        }
    }
}

/// Differences between the falls of the lines of each pair of columns.
fn put_differences(
    codes: ArrayView2<'_, u8>,
    baselines: Option<ArrayView2<'_, u8>>,
    mut outputs: ArrayViewMut2<'_, i8>,
) {
    for (vector, mut outputs) in outputs.outer_iter_mut().enumerate() {
        // Charge lowers a line's voltage.
        let fall = |column: usize| {
            let baseline = baselines.map_or(BASELINE_CODE, |baselines| baselines[[vector, column]]);
            -rise(codes[[vector, column]], baseline)
        };
        for (column, out) in outputs.iter_mut().enumerate() {
            *out = saturated(fall(2 * column) - fall(2 * column + 1));
        }
    }
}

/// How far a code lies above its baseline.
fn rise(code: u8, baseline: u8) -> i16 {
    i16::from(code) - i16::from(baseline)
}

fn saturated(value: i16) -> i8 {
    value.clamp(i8::MIN.into(), i8::MAX.into()) as i8
}

/// How far codes lie above their baselines, as a task that is compiled once per kind of processor.
struct PutRises<'a> {
    codes: ArrayView2<'a, u8>,
    baselines: Option<ArrayView2<'a, u8>>,
    outputs: ArrayViewMut2<'a, i8>,
}

impl pulp::WithSimd for PutRises<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        let codes = slice(&self.codes).chunks_exact(self.codes.ncols());
        for (vector, (mut outputs, codes)) in self.outputs.outer_iter_mut().zip(codes).enumerate() {
            let above = |(out, code): (&mut i8, &u8)| *out = saturated(rise(*code, BASELINE_CODE));
            match (&self.baselines, outputs.as_slice_mut()) {
                (None, Some(outputs)) => outputs.iter_mut().zip(codes).for_each(above),
                (None, None) => outputs.iter_mut().zip(codes).for_each(above),
                (Some(baselines), _) => {
                    let baselines = baselines.row(vector);
                    for ((out, code), baseline) in outputs.iter_mut().zip(codes).zip(baselines) {
                        *out = saturated(rise(*code, *baseline));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    fn put(mode: ArrayMode, baselines: Option<&Array2<u8>>, columns: usize) -> Array2<i8> {
        let codes = array![[0, 255, 128, 100], [200, 7, 9, 255]];
        let rises = Rises {
            mode,
            baselines: baselines.map(|baselines| baselines.view()),
        };
        let mut outputs = Array2::zeros((2, columns));
        rises.put(1, codes.view(), outputs.view_mut());
        // Side by side or not, the same comes out.
        let mut by_columns = Array2::zeros((columns, 2)).reversed_axes();
        rises.put(1, codes.view(), by_columns.view_mut());
        assert_eq!(by_columns, outputs);
        outputs
    }

    /// Of three vectors, of which the last two are read.
    fn measured() -> Array2<u8> {
        array![[1, 1, 1, 1], [255, 120, 128, 90], [0, 7, 10, 0]]
    }

    #[test]
    fn outputs_are_counted_from_the_baseline_and_saturate() {
        for mode in [ArrayMode::Membrane, ArrayMode::Unsigned] {
            let expected = array![[-128, 127, 0, -28], [72, -121, -119, 127]];
            assert_eq!(put(mode, None, 4), expected);
            let expected = array![[-128, 127, 0, 10], [127, 0, -1, 127]];
            assert_eq!(put(mode, Some(&measured()), 4), expected);
        }
    }

    #[test]
    fn lines_are_read_in_pairs_and_fall() {
        let expected = array![[127, -28], [-128, 127]];
        assert_eq!(put(ArrayMode::SynapticLine, None, 2), expected);
        let expected = array![[127, 10], [-128, 127]];
        assert_eq!(put(ArrayMode::SynapticLine, Some(&measured()), 2), expected);
    }
}
