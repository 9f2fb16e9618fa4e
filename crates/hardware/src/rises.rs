//! From codes to outputs: how far they lie above their baselines.

use bss2_core::{ArrayMode, BASELINE_CODE};
use ndarray::{ArrayView2, ArrayViewMut2, Axis, Zip, s};

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
        match (self.mode, baselines) {
            (ArrayMode::Membrane | ArrayMode::Unsigned, None) => {
                pulp::Arch::new().dispatch(AboveConstant { codes, outputs });
            }
            (ArrayMode::Membrane | ArrayMode::Unsigned, Some(baselines)) => Zip::from(outputs)
                .and(&codes)
                .and(&baselines)
                .for_each(|out, &code, &baseline| *out = saturated(rise(code, baseline))),
            (ArrayMode::SynapticLine, baselines) => {
                put_pairs(codes, baselines, outputs);
            }
        }
    }
}

/// Differences of the lines of each pair of columns.
fn put_pairs(
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

/// How far codes lie above the baseline of all, as a task that is compiled once per kind of processor.
struct AboveConstant<'a> {
    codes: ArrayView2<'a, u8>,
    outputs: ArrayViewMut2<'a, i8>,
}

impl pulp::WithSimd for AboveConstant<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        for (mut outputs, codes) in self.outputs.axis_iter_mut(Axis(0)).zip(self.codes.rows()) {
            let above = |(out, code): (&mut i8, &u8)| *out = saturated(rise(*code, BASELINE_CODE));
            match (outputs.as_slice_mut(), codes.to_slice()) {
                (Some(outputs), Some(codes)) => outputs.iter_mut().zip(codes).for_each(above),
                _ => outputs.iter_mut().zip(codes).for_each(above),
            }
        }
    }
}
