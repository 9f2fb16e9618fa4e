//! Which numbers a matrix in fixed point can hold.

use std::ops::Range;

use bss2_dot::COLUMNS;

/// The numbers that a matrix can hold: −limit·step, …, −step, 0, step, …, limit·step of each column.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub(super) limit: u16,
    /// Sums of so many rows fit into 32 bits, whatever rows a matrix has.
    pub(super) rows: usize,
    /// By column.
    pub(super) steps: Vec<f32>,
    /// Their inverses, by panel.
    pub(super) per_step: Vec<[f32; COLUMNS]>,
}

/// Steps are at least so large, such that their inverse is a number.
pub(super) const STEP_MIN: f32 = 1e-30;

impl Grid {
    /// All integers up to a limit of 1…32767, in each of so many columns; the smaller the limit, the finer
    /// the left-hand factor can be.
    pub fn integers(columns: usize, limit: u16) -> Self {
        Self::new(limit.clamp(1, i16::MAX as u16), vec![1.0; columns])
    }

    /// Twelve bits and a sign, up to a finite number of each column's.
    pub fn up_to(largest: impl IntoIterator<Item = f32>) -> Self {
        let limit = 4095;
        let step = |largest: f32| (largest / f32::from(limit)).max(STEP_MIN);
        Self::new(limit, largest.into_iter().map(step).collect())
    }

    /// The same for parts of a matrix of so many rows: they take left-hand factors as the whole takes them, and
    /// where others are zero, their products are those of the whole.
    #[must_use]
    pub fn within(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// That of some neighbouring columns; none if there are no such columns.
    pub fn columns(&self, columns: Range<usize>) -> Option<Self> {
        let steps = self.steps.get(columns)?.to_vec();
        Some(Self::new(self.limit, steps).within(self.rows))
    }

    fn new(limit: u16, steps: Vec<f32>) -> Self {
        let inverses = |steps: &[f32]| {
            let mut inverses = [0.0; COLUMNS];
            for (inverse, step) in inverses.iter_mut().zip(steps) {
                *inverse = 1.0 / step;
            }
            inverses
        };
        Self {
            limit,
            rows: 0,
            per_step: steps.chunks(COLUMNS).map(inverses).collect(),
            steps,
        }
    }

    /// The largest integer that a left-hand factor may hold such that no sum of so many products leaves 32
    /// bits.
    pub(super) fn left_limit(&self, rows: usize) -> f32 {
        let products = rows.max(self.rows).max(1) as u64 * u64::from(self.limit);
        (i32::MAX as u64 / products).min(i16::MAX as u64) as f32
    }
}
