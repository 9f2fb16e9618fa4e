//! Who gets which row or column.

/// Something that needs places, such as an output that is averaged over columns.
pub(super) struct Demand {
    /// The vector that runs at once and its output, if offsets are to be kept for it.
    pub(super) output: Option<(usize, usize)>,
    /// Mean square of the signal, in LSB².
    pub(super) power: f32,
    /// Mean of the signal without the signs of its products, in LSB.
    pub(super) magnitude_lsb: f32,
    /// What was added so far whatever the signal, in LSB, summed over places.
    pub(super) offset_lsb: f32,
    pub(super) places: Vec<Place>,
}

/// A row or column that is needed.
pub(super) struct Place {
    /// Whether its reading is added (1) or subtracted (−1).
    pub(super) sign: f32,
    /// Blocks whose lists name it, and where in the list.
    pub(super) targets: Vec<(usize, usize)>,
}

/// A row or column that can be taken.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) number: u32,
    /// Deviation of its gain from nominal, relative.
    pub(super) deviation: f32,
    /// What it adds for every product whatever its sign, relative.
    pub(super) imbalance: f32,
    /// What it adds without any product, in LSB.
    pub(super) offset_lsb: f32,
    /// Mean square of its error for a usual signal, in LSB².
    pub(super) usual_square: f32,
}

impl Candidate {
    /// What it adds to a usual result of a demand, in LSB.
    fn shift_lsb(&self, magnitude_lsb: f32) -> f32 {
        self.offset_lsb + self.imbalance * magnitude_lsb
    }
}

/// Gives every demand its places: takes the candidates with the least errors, then serves the most
/// sensitive demand first, each with the candidates whose errors cancel best. Writes their numbers
/// into the lists and keeps in each demand what they shift its result by.
pub(super) fn assign(
    demands: &mut [Demand],
    mut candidates: Vec<Candidate>,
    lists: &mut [Vec<u32>],
) {
    let count: usize = demands.iter().map(|demand| demand.places.len()).sum();
    candidates.sort_by(|a, b| {
        let squares = a.usual_square.total_cmp(&b.usual_square);
        squares.then(a.number.cmp(&b.number))
    });
    candidates.truncate(count);
    candidates.sort_by_key(|candidate| candidate.number);
    for number in by_sensitivity(demands, &candidates) {
        serve(&mut demands[number], &mut candidates, lists);
    }
}

/// The demands' numbers, those first to which it matters most what they get.
fn by_sensitivity(demands: &[Demand], candidates: &[Candidate]) -> Vec<usize> {
    let count = candidates.len().max(1) as f32;
    let mean_square = |value: &dyn Fn(&Candidate) -> f32| {
        candidates.iter().map(|c| value(c).powi(2)).sum::<f32>() / count
    };
    let deviation = mean_square(&|c| c.deviation);
    let imbalance = mean_square(&|c| c.imbalance);
    let offset_lsb = mean_square(&|c| c.offset_lsb).sqrt();
    let sensitivity = |demand: &Demand| {
        demand.power * deviation
            + demand.magnitude_lsb.powi(2) * imbalance
            + 2.0 * demand.offset_lsb.abs() * offset_lsb
    };
    let mut order: Vec<usize> = (0..demands.len()).collect();
    order.sort_by(|&a, &b| sensitivity(&demands[b]).total_cmp(&sensitivity(&demands[a])));
    order
}

fn serve(demand: &mut Demand, candidates: &mut Vec<Candidate>, lists: &mut [Vec<u32>]) {
    let mut deviation = 0.0;
    let is_single = demand.places.len() == 1;
    for place in &demand.places {
        let error = |candidate: &Candidate| {
            let relative: f32 = deviation + candidate.deviation;
            let shift_lsb = candidate.shift_lsb(demand.magnitude_lsb);
            let shifted = demand.offset_lsb + place.sign * shift_lsb;
            // What a single candidate's offset adds by itself, it adds wherever it goes.
            let anyway = if is_single { candidate.offset_lsb } else { 0.0 };
            demand.power * relative * relative + shifted * shifted - anyway * anyway
        };
        let errors = candidates.iter().map(error).enumerate();
        let best = errors.min_by(|a, b| a.1.total_cmp(&b.1));
        let taken = candidates.swap_remove(best.map_or(0, |(best, _)| best));
        deviation += taken.deviation;
        demand.offset_lsb += place.sign * taken.shift_lsb(demand.magnitude_lsb);
        for &(list, position) in &place.targets {
            lists[list][position] = taken.number;
        }
    }
}
