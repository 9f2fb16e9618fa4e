//! Which columns and drivers belong to which quadrant.

use bss2_core::Scope;

use crate::statistics::median;

/// The quadrant to which an element of the chip belongs, given how many of its kind a hemisphere has.
pub(crate) fn quadrant_of(element: usize, per_hemisphere: usize) -> usize {
    let per = Scope::QUADRANTS_PER_HEMISPHERE;
    let (hemisphere, place) = (element / per_hemisphere, element % per_hemisphere);
    hemisphere * per + place * per / per_hemisphere
}

/// Median of the elements of each quadrant; NaN where there are none.
pub(crate) fn medians_by_quadrant(values: &[f64], per_hemisphere: usize, medians: &mut [f64]) {
    for (quadrant, of_quadrant) in medians.iter_mut().enumerate() {
        let elements = values.iter().enumerate();
        *of_quadrant = median(
            elements
                .filter(|(element, _)| quadrant_of(*element, per_hemisphere) == quadrant)
                .map(|(_, value)| *value),
        );
    }
}

/// The elements of each quadrant, in their order.
pub(crate) fn split_by_quadrant(values: &[f64], per_hemisphere: usize) -> Vec<Vec<f64>> {
    let hemispheres = values.len() / per_hemisphere.max(1);
    let mut quadrants = vec![Vec::new(); hemispheres * Scope::QUADRANTS_PER_HEMISPHERE];
    for (element, value) in values.iter().enumerate() {
        if let Some(quadrant) = quadrants.get_mut(quadrant_of(element, per_hemisphere)) {
            quadrant.push(*value);
        }
    }
    quadrants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_hemispheres_are_quadrants() {
        let quadrants: Vec<usize> = (0..8).map(|element| quadrant_of(element, 4)).collect();
        assert_eq!(quadrants, [0, 0, 1, 1, 2, 2, 3, 3]);
        let values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let split = split_by_quadrant(&values, 3);
        assert_eq!(
            split,
            [vec![0.0, 1.0], vec![2.0], vec![3.0, 4.0], vec![5.0]]
        );
        let mut medians = [0.0; 4];
        medians_by_quadrant(
            &[1.0, 3.0, 5.0, 7.0, 2.0, f64::NAN, 4.0, 8.0],
            4,
            &mut medians,
        );
        assert_eq!(medians, [2.0, 6.0, 2.0, 6.0]);
    }
}
