//! One pass over the numbers of a parameter.

use crate::ParameterViewMut;

/// Sets each value w and its moments to `step(w, g, moments)`, g its gradient, and keeps w in the
/// parameter's range. Moments are in logical order, one for each value.
pub(super) fn sweep<const MOMENTS: usize>(
    mut parameter: ParameterViewMut<'_>,
    moments: &mut [Vec<f32>; MOMENTS],
    step: impl Fn(f32, f32, [f32; MOMENTS]) -> (f32, [f32; MOMENTS]),
) {
    let (min, max) = (*parameter.range.start(), *parameter.range.end());
    let mut moments = moments.each_mut().map(Vec::as_mut_slice);
    let step = |w, g, moments| {
        let (w, moments) = step(w, g, moments);
        (keep_between(min, max, w), moments)
    };
    let values = parameter.value.as_slice_mut();
    if let (Some(values), Some(gradients)) = (values, parameter.gradient.as_slice()) {
        sweep_slices(values, gradients, moments, step);
        return;
    }
    let values = parameter.value.iter_mut().zip(&parameter.gradient);
    for (index, (w, &g)) in values.enumerate() {
        let (value, new) = step(*w, g, moments.each_ref().map(|of_all| of_all[index]));
        *w = value;
        for (of_all, new) in moments.iter_mut().zip(new) {
            of_all[index] = new;
        }
    }
}

/// The same of slices of one length, which the compiler vectorises.
fn sweep_slices<const MOMENTS: usize>(
    values: &mut [f32],
    gradients: &[f32],
    moments: [&mut [f32]; MOMENTS],
    step: impl Fn(f32, f32, [f32; MOMENTS]) -> (f32, [f32; MOMENTS]),
) {
    let count = values.len();
    let gradients = &gradients[..count];
    let moments = moments.map(|of_all| &mut of_all[..count]);
    for index in 0..count {
        let old = std::array::from_fn(|moment| moments[moment][index]);
        let (value, new) = step(values[index], gradients[index], old);
        values[index] = value;
        for moment in 0..MOMENTS {
            moments[moment][index] = new[moment];
        }
    }
}

/// `clamp` without its check of the ends, which keeps loops from being vectorised. NaN stays NaN.
fn keep_between(min: f32, max: f32, w: f32) -> f32 {
    let w = if w < min { min } else { w };
    if w > max { max } else { w }
}
