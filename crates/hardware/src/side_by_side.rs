//! Work on neighbouring elements side by side: many at once where there are many.
//!
//! Blocks of a length that the compiler knows become vector instructions without checks, and two
//! vectors of the widest kind hide each other's latencies.

/// Most elements that are worked on at once.
pub(crate) const MANY: usize = 32;
const SEVERAL: usize = 16;
const SOME: usize = 4;

/// Work on elements that do not depend on each other.
pub(crate) trait SideBySide {
    /// Works on `COUNT` neighbouring elements.
    fn block<const COUNT: usize>(&mut self, first: usize);

    /// Works on all of so many elements.
    #[inline(always)]
    fn all(&mut self, count: usize) {
        let mut first = 0;
        while first + MANY <= count {
            self.block::<MANY>(first);
            first += MANY;
        }
        if first + SEVERAL <= count {
            self.block::<SEVERAL>(first);
            first += SEVERAL;
        }
        while first + SOME <= count {
            self.block::<SOME>(first);
            first += SOME;
        }
        for single in first..count {
            self.block::<1>(single);
        }
    }
}

/// The elements of a block.
#[inline(always)]
pub(crate) fn block<T, const COUNT: usize>(elements: &[T], first: usize) -> &[T; COUNT] {
    let Ok(block) = elements[first..first + COUNT].try_into() else {
        unreachable!("a slice of {COUNT} elements");
    };
    block
}

/// The number, or 0 where it does not count: always without a branch, and whatever the number.
#[inline(always)]
pub(crate) fn where_counts(counts: bool, number: f32) -> f32 {
    f32::from_bits(number.to_bits() & u32::from(counts).wrapping_neg())
}

/// The sum over the places of a block, a power of two: halves are added, then their halves, and so on.
#[inline(always)]
pub(crate) fn sum<const COUNT: usize>(mut lanes: [f32; COUNT]) -> f32 {
    let mut half = COUNT / 2;
    while half > 0 {
        let (sums, others) = lanes.split_at_mut(half);
        for (sum, other) in sums.iter_mut().zip(others) {
            *sum += *other;
        }
        half /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Double<'a>(&'a mut [u32]);

    impl SideBySide for Double<'_> {
        fn block<const COUNT: usize>(&mut self, first: usize) {
            let doubled = block::<_, COUNT>(self.0, first).map(|x| 2 * x);
            self.0[first..first + COUNT].copy_from_slice(&doubled);
        }
    }

    #[test]
    fn what_does_not_count_is_zero_whatever_it_is() {
        for number in [1.5, -2.0, f32::INFINITY, f32::NAN] {
            assert_eq!(where_counts(false, number), 0.0);
            assert_eq!(where_counts(true, number).to_bits(), number.to_bits());
        }
    }

    #[test]
    fn sums_are_those_of_all() {
        let lanes: [f32; MANY] = std::array::from_fn(|i| i as f32 + 0.5);
        assert_eq!(sum(lanes), (MANY * MANY) as f32 / 2.0);
    }

    #[test]
    fn every_element_is_worked_on_once() {
        for count in [0, 1, 7, 8, 31, 32, 33, 79, 300] {
            let mut elements: Vec<u32> = (0..count).collect();
            Double(&mut elements).all(count as usize);
            assert!(elements.iter().zip(0..).all(|(&x, i)| x == 2 * i));
        }
    }
}
