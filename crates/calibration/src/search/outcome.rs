//! What a search found.

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchOutcome {
    /// One value per instance, within the range.
    pub values: Vec<i32>,
    /// Whether each instance ended inside the range: neither at one of its ends, nor on the way
    /// out of it when the search ended (the response then runs the other way than the slope says,
    /// or is flat). Never true in a range of one or two values.
    pub inside: Vec<bool>,
    /// How often all instances were measured.
    pub measurements: usize,
}
