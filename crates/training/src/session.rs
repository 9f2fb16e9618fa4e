//! What a network runs on.

use bss2_core::{MacArray, Trial};

/// The array (if any) on which a network's analog layers run, and the count of passes over it,
/// which keys the noise.
pub struct Session<'a> {
    pub(crate) array: Option<&'a mut dyn MacArray>,
    pub(crate) trial: Trial,
}

impl<'a> Session<'a> {
    /// No array: for networks without analog layers.
    pub const fn digital() -> Self {
        Session {
            array: None,
            trial: Trial::new(0),
        }
    }

    /// An array; `trial_seed` fixes the noise of all runs of the session.
    pub fn on(array: &'a mut dyn MacArray, trial_seed: u64) -> Self {
        Session {
            array: Some(array),
            trial: Trial::new(trial_seed),
        }
    }
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("array", &self.array.as_deref().map(MacArray::geometry))
            .field("trial", &self.trial)
            .finish()
    }
}
