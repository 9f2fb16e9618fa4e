//! Which of some neighbouring inputs send events.

use bss2_core::ACTIVATION_MAX;

/// Inputs that are looked at together.
pub(crate) const TOGETHER: usize = 8;

/// The active ones of some neighbouring inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Active(u64);

impl Active {
    const ONES: u64 = 0x0101_0101_0101_0101;

    /// Those whose activation, of five bits, is not zero.
    #[inline(always)]
    pub(crate) fn of(activations: [u8; TOGETHER]) -> Self {
        debug_assert!(activations.iter().all(|x| *x <= ACTIVATION_MAX));
        // The highest bit of each byte tells.
        Self((u64::from_le_bytes(activations) + 0x7f * Self::ONES) >> 7 & Self::ONES)
    }

    /// How many there are.
    #[inline(always)]
    pub(crate) const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// One bit each, the first in the lowest.
    #[inline(always)]
    pub(crate) const fn set(self) -> u8 {
        // The product gathers the bits of all bytes in the highest one.
        (self.0.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
    }
}

/// How many inputs are active.
#[inline(always)]
pub(crate) fn count(activations: &[u8]) -> u32 {
    let (blocks, rest) = activations.as_chunks();
    let mut count = 0;
    for block in blocks {
        count += Active::of(*block).count();
    }
    for activation in rest {
        count += u32::from(*activation > 0);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_inputs_are_found() {
        for set in 0..=u8::MAX {
            for activation in [1, 17, ACTIVATION_MAX] {
                let sends = |i| if set >> i & 1 == 1 { activation } else { 0 };
                let active = Active::of(std::array::from_fn(sends));
                assert_eq!((active.set(), active.count()), (set, set.count_ones()));
            }
        }
        let activations: Vec<u8> = (0..100).map(|i| i % 4).collect();
        for inputs in 0..100 {
            let active = activations[..inputs].iter().filter(|x| **x > 0).count();
            assert_eq!(count(&activations[..inputs]), active as u32);
        }
    }
}
