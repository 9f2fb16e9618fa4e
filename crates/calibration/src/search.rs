//! How to search a register value for a target: element-wise, all instances at once.
//!
//! | search | measurements of N values | needs |
//! | --- | --- | --- |
//! | [`BinarySearch`] | ⌈log₂ N⌉ + 2 | a monotonic response |
//! | [`NoisyBinarySearch`] | ⌈log₂ N⌉ + 3 | the same; keeps cells from sharing a value |
//! | [`LinearSearch`] | as many as allowed, at most | a start near the target |
//! | [`LinearPrediction`] | 1 | the response per register step |
//! | [`ProportionalSteps`] | as many as allowed | a response proportional to the value |
//! | [`PolynomialPrediction`] | 1 | the response as a polynomial of the distance |
//!
//! All of them stay within the range, whatever the responses are, and take a response of ±∞ for a
//! very large or very small one. A response that is no number moves nothing and is never preferred.

mod best;
mod binary;
mod halving;
mod linear;
mod linear_prediction;
mod noisy_binary;
mod option;
mod outcome;
mod polynomial_prediction;
mod problem;
mod proportional;
#[cfg(test)]
mod tests;

pub use binary::BinarySearch;
pub use linear::LinearSearch;
pub use linear_prediction::LinearPrediction;
pub use noisy_binary::NoisyBinarySearch;
pub use outcome::SearchOutcome;
pub use polynomial_prediction::PolynomialPrediction;
pub use problem::{Problem, Slope};
pub use proportional::ProportionalSteps;
pub(crate) use proportional::in_proportion;

use crate::CalibrationError;

/// Sets one register value per instance and measures one response per instance.
pub type Respond<'a> = dyn FnMut(&[i32], &mut [f64]) -> Result<(), CalibrationError> + 'a;

/// A search over all instances of a register at once.
pub trait SearchAlgorithm {
    /// Searches for each instance the value whose response is nearest to its target.
    ///
    /// An instance out of reach is no error: it ends at an end of the range and is reported in
    /// [`SearchOutcome::inside`].
    ///
    /// # Errors
    /// [`CalibrationError::OptionOutOfRange`] where an option of the search itself is none, before
    /// anything is measured; else what `respond` reports.
    fn search(
        &self,
        problem: &Problem<'_>,
        respond: &mut Respond<'_>,
    ) -> Result<SearchOutcome, CalibrationError>;
}
