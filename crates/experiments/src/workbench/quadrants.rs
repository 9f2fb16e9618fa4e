//! Which elements belong to which quadrant, and what quadrants are called.

use bss2_core::Scope;

/// The quadrant of an element, given how many of its kind a hemisphere has.
pub(super) fn quadrant_of(element: usize, per_hemisphere: usize) -> usize {
    let per = Scope::QUADRANTS_PER_HEMISPHERE;
    let (hemisphere, place) = (element / per_hemisphere, element % per_hemisphere);
    hemisphere * per + place * per / per_hemisphere
}

/// Short name, for the heads of tables.
pub(super) fn short_name(quadrant: usize) -> String {
    format!("Q{quadrant}")
}

/// Name with the place: "Q1: hemisphere 0, right".
pub(super) fn name(quadrant: usize) -> String {
    let per = Scope::QUADRANTS_PER_HEMISPHERE;
    let side = if quadrant.is_multiple_of(per) {
        "first half"
    } else {
        "second half"
    };
    format!(
        "{}: hemisphere {}, {side}",
        short_name(quadrant),
        quadrant / per
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_hemispheres_are_quadrants() {
        let quadrants: Vec<usize> = (0..8).map(|element| quadrant_of(element, 4)).collect();
        assert_eq!(quadrants, [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(quadrant_of(0, 1), 0);
        assert_eq!(name(3), "Q3: hemisphere 1, second half");
    }
}
