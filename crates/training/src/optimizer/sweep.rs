//! One pass over the numbers of a parameter.

use crate::ParameterViewMut;

/// Numbers that are worth a thread of their own.
const AT_ONCE: usize = 1 << 14;

/// Sets each value w and its moments to `step(w, g, moments)`, g its gradient, and keeps w in the
/// parameter's range. Moments are in logical order, one for each value. Threads share the values, which moves
/// no bit.
pub(super) fn sweep<const MOMENTS: usize>(
    mut parameter: ParameterViewMut<'_>,
    moments: &mut [Vec<f32>; MOMENTS],
    step: impl Fn(f32, f32, [f32; MOMENTS]) -> (f32, [f32; MOMENTS]) + Copy + Send,
) {
    let (min, max) = (*parameter.range.start(), *parameter.range.end());
    let mut moments = moments.each_mut().map(Vec::as_mut_slice);
    let step = move |w, g, moments| {
        let (w, moments) = step(w, g, moments);
        (keep_between(min, max, w), moments)
    };
    let values = parameter.value.as_slice_mut();
    if let (Some(values), Some(gradients)) = (values, parameter.gradient.as_slice()) {
        let threads = rayon::current_num_threads().min(values.len() / AT_ONCE);
        let slices = Slices {
            values,
            gradients,
            moments,
        };
        slices.sweep_on(threads, step);
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

/// Slices of one length.
struct Slices<'a, const MOMENTS: usize> {
    values: &'a mut [f32],
    gradients: &'a [f32],
    moments: [&'a mut [f32]; MOMENTS],
}

impl<const MOMENTS: usize> Slices<'_, MOMENTS> {
    fn sweep_on(
        self,
        threads: usize,
        step: impl Fn(f32, f32, [f32; MOMENTS]) -> (f32, [f32; MOMENTS]) + Copy + Send,
    ) {
        if threads <= 1 {
            return self.sweep(step);
        }
        let here = threads / 2;
        let at = here * self.values.len() / threads;
        let (these, others) = self.split_at(at);
        rayon::join(
            move || these.sweep_on(here, step),
            move || others.sweep_on(threads - here, step),
        );
    }

    /// In one loop, which the compiler vectorises.
    fn sweep(self, step: impl Fn(f32, f32, [f32; MOMENTS]) -> (f32, [f32; MOMENTS])) {
        let Slices {
            values,
            gradients,
            moments,
        } = self;
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

    fn split_at(self, at: usize) -> (Self, Self) {
        let (values, other_values) = self.values.split_at_mut(at);
        let (gradients, other_gradients) = self.gradients.split_at(at);
        let mut others = self.moments;
        let moments = others.each_mut().map(|of_all| {
            let (moments, other) = std::mem::take(of_all).split_at_mut(at);
            *of_all = other;
            moments
        });
        let these = Self {
            values,
            gradients,
            moments,
        };
        let others = Self {
            values: other_values,
            gradients: other_gradients,
            moments: others,
        };
        (these, others)
    }
}

/// `clamp` without its check of the ends, which keeps loops from being vectorised. NaN stays NaN.
fn keep_between(min: f32, max: f32, w: f32) -> f32 {
    let w = if w < min { min } else { w };
    if w > max { max } else { w }
}
