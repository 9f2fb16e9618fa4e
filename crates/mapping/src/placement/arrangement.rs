//! The rows and columns of a run, chosen by what was measured of them.

use std::collections::BTreeMap;

use super::power::Powers;
use crate::{ArrayProfile, Block, Coding, ColumnProfile, InputCoding, Plan, Run, WeightCoding};

/// Chooses rows and columns of one run after the other.
pub(super) struct Arrangement<'a> {
    coding: Coding,
    profile: &'a ArrayProfile,
    powers: &'a Powers,
    /// What the offsets of the columns chosen so far add to each output of each vector that runs at
    /// once, in LSB.
    offsets_lsb: BTreeMap<(usize, usize), f32>,
}

/// What drives a row: which vector, which input.
type Source = (usize, usize);

/// Something that needs places, such as an output that is averaged over columns.
struct Demand {
    /// Mean square of the signal, in LSB².
    power: f32,
    /// What offsets have added so far, in LSB times the copies that are averaged.
    offset_lsb: f32,
    places: Vec<Place>,
}

/// A row or column that is needed.
struct Place {
    /// Whether its reading is added or subtracted.
    sign: f32,
    /// Blocks whose lists name it, and where in the list.
    targets: Vec<(usize, usize)>,
}

/// A row or column that can be taken.
#[derive(Clone, Copy)]
struct Candidate {
    number: u32,
    /// Deviation of its gain from nominal, relative.
    deviation: f32,
    /// Offset, in LSB.
    offset_lsb: f32,
    /// Mean square of errors that do not depend on its neighbours, for a signal of mean power.
    own: f32,
}

impl<'a> Arrangement<'a> {
    pub(super) fn new(plan: &Plan, profile: &'a ArrayProfile, powers: &'a Powers) -> Self {
        Self {
            coding: plan.coding(),
            profile,
            powers,
            offsets_lsb: BTreeMap::new(),
        }
    }

    /// The run on the rows and columns that suit it best, given those of the runs before.
    pub(super) fn arranged(&mut self, run: &Run) -> Run {
        let powers: Vec<_> = run
            .blocks
            .iter()
            .map(|block| self.powers.of_block(block))
            .collect();
        let rows = self.rows(run, &powers);
        let columns = self.columns(run, &powers);
        let mut blocks = run.blocks.clone();
        for ((block, rows), columns) in blocks.iter_mut().zip(rows).zip(columns) {
            block.rows = rows.into();
            self.add_offsets(run.hemisphere, block, &columns);
            block.columns = columns.into();
        }
        Run {
            hemisphere: run.hemisphere,
            blocks,
        }
    }

    fn squared_gain(&self) -> f32 {
        self.profile.gain_lsb().powi(2)
    }

    /// Whether offsets of columns are left in the results.
    fn offsets_stay(&self) -> bool {
        self.coding.inputs == InputCoding::Unsigned
    }

    /// Rows of each block. Blocks that share an input of a vector share its rows.
    fn rows(&self, run: &Run, powers: &[(Vec<f32>, Vec<f32>)]) -> Vec<Vec<u32>> {
        let repetition = self.coding.row_repetition;
        let mut demands: BTreeMap<Source, Demand> = BTreeMap::new();
        for (number, (block, (_, of_inputs))) in run.blocks.iter().zip(powers).enumerate() {
            for (place, (input, power)) in block.inputs.iter().zip(of_inputs).enumerate() {
                let source = (block.replica, input);
                let demand = demands.entry(source).or_insert_with(|| Demand {
                    power: 0.0,
                    offset_lsb: 0.0,
                    places: (0..repetition).map(|_| Place::added(Vec::new())).collect(),
                });
                demand.power += power * self.squared_gain();
                for (turn, row) in demand.places.iter_mut().enumerate() {
                    row.targets.push((number, place * repetition + turn));
                }
            }
        }
        let drivers = &self.profile.hemispheres()[run.hemisphere].drivers;
        let drivers = drivers.iter().enumerate().filter(|(_, d)| d.works);
        let candidates = drivers.map(|(row, driver)| {
            let deviation = driver.gain - 1.0;
            Candidate {
                number: row as u32,
                deviation,
                offset_lsb: 0.0,
                own: deviation.powi(2),
            }
        });
        let lengths = run.blocks.iter().map(|block| block.rows.len());
        let lists = lengths.map(|length| vec![0; length]).collect();
        assign(demands.into_values().collect(), candidates.collect(), lists)
    }

    /// Columns of each block.
    fn columns(&self, run: &Run, powers: &[(Vec<f32>, Vec<f32>)]) -> Vec<Vec<u32>> {
        let blocks = run.blocks.iter().zip(powers).enumerate();
        let demands: Vec<Demand> = blocks
            .flat_map(|(number, (block, (of_outputs, _)))| self.demands(number, block, of_outputs))
            .collect();
        let count: usize = demands.iter().map(|demand| demand.places.len()).sum();
        let total: f32 = demands
            .iter()
            .map(|d| d.power * d.places.len() as f32)
            .sum();
        let mean_power = total / count.max(1) as f32;
        let offsets_stay = self.offsets_stay();
        let columns = &self.profile.hemispheres()[run.hemisphere].columns;
        let columns = columns.iter().enumerate().filter(|(_, c)| c.works);
        let candidates = columns.map(|(number, column)| Candidate {
            number: number as u32,
            deviation: column.gain - 1.0,
            offset_lsb: if offsets_stay { column.offset_lsb } else { 0.0 },
            own: expected_square(column, mean_power, offsets_stay),
        });
        let lengths = run.blocks.iter().map(|block| block.columns.len());
        let lists = lengths.map(|length| vec![0; length]).collect();
        assign(demands, candidates.collect(), lists)
    }

    /// What the outputs of a block need, and its reference columns.
    fn demands(&self, number: usize, block: &Block, of_outputs: &[f32]) -> Vec<Demand> {
        let coding = self.coding;
        let outputs = block.outputs.len();
        let per_copy = coding.columns_per_copy(outputs);
        let firsts = (0..coding.column_copies).map(|copy| copy * per_copy);
        let places_of = |output: usize| {
            let of_copy = |first: usize| match coding.weights {
                WeightCoding::Signed | WeightCoding::Offset => {
                    vec![Place::added(vec![(number, first + output)])]
                }
                WeightCoding::ColumnPair => vec![
                    Place::added(vec![(number, first + 2 * output)]),
                    Place::subtracted(vec![(number, first + 2 * output + 1)]),
                ],
            };
            firsts.clone().flat_map(of_copy).collect()
        };
        let squared_gain = self.squared_gain();
        let strengths = block.outputs.iter().zip(of_outputs).enumerate();
        let of_outputs_alone = strengths.map(|(place, (output, power))| Demand {
            power: power * squared_gain,
            offset_lsb: self.offset_lsb(block.replica, output) * coding.column_copies as f32,
            places: places_of(place),
        });
        let mut demands: Vec<Demand> = of_outputs_alone.collect();
        if coding.weights == WeightCoding::Offset {
            // Subtracted from every output: as important as all of them together.
            let references = firsts.map(|first| Place::added(vec![(number, first + outputs)]));
            demands.push(Demand {
                power: of_outputs.iter().sum::<f32>() * squared_gain,
                offset_lsb: 0.0,
                places: references.collect(),
            });
        }
        demands
    }

    fn offset_lsb(&self, replica: usize, output: usize) -> f32 {
        self.offsets_lsb
            .get(&(replica, output))
            .copied()
            .unwrap_or(0.0)
    }

    /// Keeps what the offsets of a block's columns add to its outputs.
    fn add_offsets(&mut self, hemisphere: usize, block: &Block, columns: &[u32]) {
        if !self.offsets_stay() {
            return;
        }
        let profiles = &self.profile.hemispheres()[hemisphere].columns;
        let offset = |place: usize| profiles[columns[place] as usize].offset_lsb;
        let outputs = block.outputs.len();
        let per_copy = self.coding.columns_per_copy(outputs);
        for (number, output) in block.outputs.iter().enumerate() {
            let of_copy = |first: usize| match self.coding.weights {
                WeightCoding::Signed => offset(first + number),
                WeightCoding::ColumnPair => {
                    offset(first + 2 * number) - offset(first + 2 * number + 1)
                }
                WeightCoding::Offset => offset(first + number) - offset(first + outputs),
            };
            let sum: f32 = (0..columns.len()).step_by(per_copy).map(of_copy).sum();
            let added = self.offsets_lsb.entry((block.replica, output)).or_default();
            *added += sum / self.coding.column_copies as f32;
        }
    }
}

impl Place {
    fn added(targets: Vec<(usize, usize)>) -> Self {
        Self { sign: 1.0, targets }
    }

    fn subtracted(targets: Vec<(usize, usize)>) -> Self {
        Self {
            sign: -1.0,
            targets,
        }
    }
}

/// Mean square of the error to be expected of a column, in LSB², for a signal of a power in LSB².
fn expected_square(column: &ColumnProfile, power: f32, offset_stays: bool) -> f32 {
    let relative = (column.gain - 1.0).powi(2) + column.residual.powi(2);
    let offset = if offset_stays {
        column.offset_lsb.powi(2)
    } else {
        0.0
    };
    power * relative + offset + column.noise_lsb.powi(2)
}

/// Gives every demand its places: takes the candidates with the least errors, then serves the most
/// sensitive demand first, each with the candidates whose errors cancel best.
fn assign(
    mut demands: Vec<Demand>,
    mut candidates: Vec<Candidate>,
    mut lists: Vec<Vec<u32>>,
) -> Vec<Vec<u32>> {
    let count: usize = demands.iter().map(|demand| demand.places.len()).sum();
    candidates.sort_by(|a, b| a.own.total_cmp(&b.own).then(a.number.cmp(&b.number)));
    candidates.truncate(count);
    candidates.sort_by_key(|candidate| candidate.number);

    let sum = |value: fn(&Candidate) -> f32| candidates.iter().map(value).sum::<f32>();
    let usual_deviation = sum(|c| c.deviation.powi(2)) / count as f32;
    let usual_offset_lsb = (sum(|c| c.offset_lsb.powi(2)) / count as f32).sqrt();
    let sensitivity = |demand: &Demand| {
        demand.power * usual_deviation + 2.0 * demand.offset_lsb.abs() * usual_offset_lsb
    };
    demands.sort_by(|a, b| sensitivity(b).total_cmp(&sensitivity(a)));

    for demand in &demands {
        let (mut deviation, mut offset_lsb) = (0.0, demand.offset_lsb);
        let alone = demand.places.len() == 1;
        for place in &demand.places {
            let error = |candidate: &Candidate| {
                let relative: f32 = deviation + candidate.deviation;
                let offset: f32 = offset_lsb + place.sign * candidate.offset_lsb;
                // What a lone candidate's offset adds by itself, it adds wherever it goes.
                let own = if alone { candidate.offset_lsb } else { 0.0 };
                demand.power * relative * relative + offset * offset - own * own
            };
            let errors = candidates.iter().map(error).enumerate();
            let best = errors
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .map_or(0, |(best, _)| best);
            let taken = candidates.swap_remove(best);
            deviation += taken.deviation;
            offset_lsb += place.sign * taken.offset_lsb;
            for &(list, position) in &place.targets {
                lists[list][position] = taken.number;
            }
        }
    }
    lists
}
