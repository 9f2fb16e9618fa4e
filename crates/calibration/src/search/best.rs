//! The best of the measured values of one instance.

/// The value whose response came nearest to the target so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best {
    value: i32,
    error: f64,
}

impl Best {
    /// Nothing measured yet; stands for `value` until then.
    pub(super) const fn unmeasured(value: i32) -> Self {
        Self {
            value,
            error: f64::INFINITY,
        }
    }

    pub(super) const fn value(self) -> i32 {
        self.value
    }

    /// Takes the value if its response is as near to the target as any before it.
    ///
    /// Of equally near ones the last stays: it is further on the way to the target where the
    /// response is flat, saturated or infinite.
    pub(super) fn offer(&mut self, value: i32, response: f64, target: f64) {
        let error = (response - target).abs();
        let error = if error.is_nan() { f64::INFINITY } else { error };
        if error <= self.error {
            *self = Self { value, error };
        }
    }
}
