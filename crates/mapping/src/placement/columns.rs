//! Which output is read from which column.

use super::signals::Moments;

/// An output that needs columns, or a reference.
pub(super) struct Demand {
    /// The vector that runs at once and its output, if errors are to be kept for it.
    pub(super) output: Option<(usize, usize)>,
    /// Its signal, in LSB.
    pub(super) signal: Moments,
    /// What was added so far, summed over places.
    pub(super) errors: Errors,
    pub(super) places: Vec<Place>,
}

/// A column that is needed.
pub(super) struct Place {
    /// Whether its reading is added (1) or subtracted (−1).
    pub(super) sign: f32,
    /// Block whose list names it, and where in the list.
    pub(super) target: (usize, usize),
}

/// A column that can be taken.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) number: u32,
    pub(super) errors: Errors,
    /// Mean square of its errors that no other column undoes, for a usual signal, in LSB².
    pub(super) own_square: f32,
}

/// What columns add to their results beside what they should show.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Errors {
    /// For every product, with its sign, relative.
    pub(super) deviation: f32,
    /// For every product, whatever its sign, relative.
    pub(super) imbalance: f32,
    /// Without any product, in LSB.
    pub(super) offset_lsb: f32,
}

impl Errors {
    fn plus(self, sign: f32, other: Self) -> Self {
        Self {
            deviation: self.deviation + sign * other.deviation,
            imbalance: self.imbalance + sign * other.imbalance,
            offset_lsb: self.offset_lsb + sign * other.offset_lsb,
        }
    }

    /// What is added to a signal (in LSB) on average, in LSB.
    pub(super) fn mean(self, signal: &Moments) -> f32 {
        self.deviation * signal.y + self.imbalance * signal.t + self.offset_lsb
    }

    /// Mean square of what is added to a signal (in LSB), in LSB².
    fn mean_square(self, signal: &Moments) -> f32 {
        let Self {
            deviation,
            imbalance,
            offset_lsb,
        } = self;
        deviation * deviation * signal.y_y
            + imbalance * imbalance * signal.t_t
            + offset_lsb * offset_lsb
            + 2.0
                * (deviation * imbalance * signal.y_t
                    + deviation * offset_lsb * signal.y
                    + imbalance * offset_lsb * signal.t)
    }
}

/// Gives every demand its columns: takes those with the least errors, then serves demands in turn,
/// one column at a time, the most sensitive first, each with the column whose errors best undo those
/// of its other columns. Writes numbers into the lists and keeps in each demand what its columns add.
pub(super) fn assign(
    demands: &mut [Demand],
    mut candidates: Vec<Candidate>,
    lists: &mut [Vec<u32>],
) {
    let count: usize = demands.iter().map(|demand| demand.places.len()).sum();
    let usual = usual_signal(demands);
    let error = |c: &Candidate| c.own_square + c.errors.mean_square(&usual);
    candidates.sort_by(|a, b| error(a).total_cmp(&error(b)).then(a.number.cmp(&b.number)));
    candidates.truncate(count);
    candidates.sort_by_key(|candidate| candidate.number);
    let order = by_sensitivity(demands, &candidates);
    let turns = demands.iter().map(|demand| demand.places.len()).max();
    for turn in 0..turns.unwrap_or(0) {
        for &number in &order {
            demands[number].take(turn, &mut candidates, lists);
        }
    }
}

/// The mean over all columns that are needed.
fn usual_signal(demands: &[Demand]) -> Moments {
    let count: usize = demands.iter().map(|demand| demand.places.len()).sum();
    let mean = |value: fn(&Moments) -> f32| {
        let weighted = demands
            .iter()
            .map(|d| value(&d.signal) * d.places.len() as f32);
        weighted.sum::<f32>() / count.max(1) as f32
    };
    Moments {
        y: mean(|signal| signal.y),
        y_y: mean(|signal| signal.y_y),
        t: mean(|signal| signal.t),
        t_t: mean(|signal| signal.t_t),
        y_t: mean(|signal| signal.y_t),
    }
}

/// The demands' numbers, those first to which it matters most what they get.
fn by_sensitivity(demands: &[Demand], candidates: &[Candidate]) -> Vec<usize> {
    let count = candidates.len().max(1) as f32;
    let mean_square = |value: &dyn Fn(&Candidate) -> f32| {
        candidates.iter().map(|c| value(c).powi(2)).sum::<f32>() / count
    };
    let deviation = mean_square(&|c| c.errors.deviation);
    let imbalance = mean_square(&|c| c.errors.imbalance);
    let offset_lsb = mean_square(&|c| c.errors.offset_lsb).sqrt();
    let sensitivity = |demand: &Demand| {
        demand.signal.y_y * deviation
            + demand.signal.t_t * imbalance
            + 2.0 * demand.errors.offset_lsb.abs() * offset_lsb
    };
    let mut order: Vec<usize> = (0..demands.len()).collect();
    order.sort_by(|&a, &b| sensitivity(&demands[b]).total_cmp(&sensitivity(&demands[a])));
    order
}

impl Demand {
    /// Takes the column for one place, if there is such a place.
    fn take(&mut self, turn: usize, candidates: &mut Vec<Candidate>, lists: &mut [Vec<u32>]) {
        let Some(place) = self.places.get(turn) else {
            return;
        };
        let is_single = self.places.len() == 1;
        let error = |candidate: &Candidate| {
            let errors = self.errors.plus(place.sign, candidate.errors);
            // What a single column's offset adds by itself, it adds wherever it goes.
            let anyway = if is_single {
                candidate.errors.offset_lsb
            } else {
                0.0
            };
            errors.mean_square(&self.signal) - anyway * anyway
        };
        let errors = candidates.iter().map(error).enumerate();
        let best = errors.min_by(|a, b| a.1.total_cmp(&b.1));
        let taken = candidates.swap_remove(best.map_or(0, |(best, _)| best));
        self.errors = self.errors.plus(place.sign, taken.errors);
        let (list, position) = place.target;
        lists[list][position] = taken.number;
    }
}
