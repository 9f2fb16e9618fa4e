//! The rows and columns of a run, chosen by what was measured of them.

use std::collections::BTreeMap;

use super::assignment::{Candidate, Demand, Place, assign};
use super::power::{BlockPowers, Powers};
use crate::{ArrayProfile, Block, Coding, ColumnProfile, InputCoding, Plan, Run, WeightCoding};

/// Chooses rows and columns of one run after the other.
pub(super) struct Arrangement<'a> {
    coding: Coding,
    profile: &'a ArrayProfile,
    powers: &'a Powers,
    /// What the columns chosen so far shift each output of each vector that runs at once by, in LSB.
    shifts_lsb: BTreeMap<(usize, usize), f32>,
}

impl<'a> Arrangement<'a> {
    pub(super) fn new(plan: &Plan, profile: &'a ArrayProfile, powers: &'a Powers) -> Self {
        Self {
            coding: plan.coding(),
            profile,
            powers,
            shifts_lsb: BTreeMap::new(),
        }
    }

    /// The run on the rows and columns that suit it best, given those of the runs before.
    pub(super) fn arranged(&mut self, run: &Run) -> Run {
        let powers: Vec<BlockPowers> = run.blocks.iter().map(|b| self.powers.of_block(b)).collect();
        let rows = self.rows(run, &powers);
        let columns = self.columns(run, &powers);
        let mut blocks = run.blocks.clone();
        for ((block, rows), columns) in blocks.iter_mut().zip(rows).zip(columns) {
            block.rows = rows.into();
            block.columns = columns.into();
        }
        Run {
            hemisphere: run.hemisphere,
            blocks,
        }
    }

    /// Rows of each block. Blocks that share an input of a vector share its rows.
    fn rows(&self, run: &Run, powers: &[BlockPowers]) -> Vec<Vec<u32>> {
        let repetition = self.coding.row_repetition;
        let squared_gain = self.profile.gain_lsb().powi(2);
        let mut demands: BTreeMap<(usize, usize), Demand> = BTreeMap::new();
        for (number, (block, powers)) in run.blocks.iter().zip(powers).enumerate() {
            for (place, (input, power)) in block.inputs.iter().zip(&powers.inputs).enumerate() {
                let demand = demands
                    .entry((block.replica, input))
                    .or_insert_with(|| Demand {
                        output: None,
                        power: 0.0,
                        magnitude_lsb: 0.0,
                        offset_lsb: 0.0,
                        places: (0..repetition).map(|_| Place::added(Vec::new())).collect(),
                    });
                demand.power += power * squared_gain;
                for (turn, row) in demand.places.iter_mut().enumerate() {
                    row.targets.push((number, place * repetition + turn));
                }
            }
        }
        let drivers = self.profile.hemispheres()[run.hemisphere]
            .drivers
            .iter()
            .enumerate();
        let candidates = drivers
            .filter(|(_, driver)| driver.works)
            .map(|(row, driver)| {
                let deviation = driver.gain - 1.0;
                Candidate {
                    number: row as u32,
                    deviation,
                    imbalance: 0.0,
                    offset_lsb: 0.0,
                    usual_square: deviation.powi(2),
                }
            });
        let mut lists: Vec<Vec<u32>> = run.blocks.iter().map(|b| vec![0; b.rows.len()]).collect();
        let mut demands: Vec<Demand> = demands.into_values().collect();
        assign(&mut demands, candidates.collect(), &mut lists);
        lists
    }

    /// Columns of each block.
    fn columns(&mut self, run: &Run, powers: &[BlockPowers]) -> Vec<Vec<u32>> {
        let blocks = run.blocks.iter().zip(powers).enumerate();
        let demands = blocks.flat_map(|(number, (block, p))| self.demands(number, block, p));
        let mut demands: Vec<Demand> = demands.collect();
        let usual = Usual::of(&demands);
        let columns = self.profile.hemispheres()[run.hemisphere]
            .columns
            .iter()
            .enumerate();
        let working = columns.filter(|(_, column)| column.works);
        let candidates = working.map(|(number, column)| self.candidate(number, column, usual));
        let mut lists: Vec<Vec<u32>> = run
            .blocks
            .iter()
            .map(|b| vec![0; b.columns.len()])
            .collect();
        assign(&mut demands, candidates.collect(), &mut lists);
        let copies = self.coding.column_copies as f32;
        for demand in demands {
            if let Some(output) = demand.output {
                self.shifts_lsb.insert(output, demand.offset_lsb / copies);
            }
        }
        lists
    }

    /// A column as this coding uses it.
    fn candidate(&self, number: usize, column: &ColumnProfile, usual: Usual) -> Candidate {
        let (gain, imbalance) = match self.coding.weights {
            WeightCoding::Signed => (column.gain(), column.imbalance()),
            WeightCoding::ColumnPair | WeightCoding::Offset => (column.gain_positive, 0.0),
        };
        // Other codings of inputs subtract what columns add without a signal.
        let offset_lsb = match self.coding.inputs {
            InputCoding::Unsigned => column.offset_lsb,
            InputCoding::TwoPasses | InputCoding::Offset { .. } => 0.0,
        };
        let deviation = gain - 1.0;
        let shift_lsb = offset_lsb + imbalance * usual.magnitude_lsb;
        let of_signal = usual.power * (deviation.powi(2) + column.residual.powi(2));
        Candidate {
            number: number as u32,
            deviation,
            imbalance,
            offset_lsb,
            usual_square: of_signal + shift_lsb.powi(2) + column.noise_lsb.powi(2),
        }
    }

    /// What the outputs of a block need, and its reference columns.
    fn demands(&self, number: usize, block: &Block, powers: &BlockPowers) -> Vec<Demand> {
        let coding = self.coding;
        let gain_lsb = self.profile.gain_lsb();
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
        let strengths = powers.outputs.iter().zip(&powers.magnitudes);
        let outputs_with_strengths = block.outputs.iter().zip(strengths).enumerate();
        let mut demands: Vec<Demand> = outputs_with_strengths
            .map(|(place, (output, (power, magnitude)))| {
                let output = (block.replica, output);
                let shift_lsb = self.shifts_lsb.get(&output).copied().unwrap_or(0.0);
                Demand {
                    output: Some(output),
                    power: power * gain_lsb.powi(2),
                    magnitude_lsb: magnitude * gain_lsb,
                    offset_lsb: shift_lsb * coding.column_copies as f32,
                    places: places_of(place),
                }
            })
            .collect();
        if coding.weights == WeightCoding::Offset {
            // Subtracted from every output: as important as all of them together.
            let references = firsts.map(|first| Place::added(vec![(number, first + outputs)]));
            demands.push(Demand {
                output: None,
                power: powers.outputs.iter().sum::<f32>() * gain_lsb.powi(2),
                magnitude_lsb: 0.0,
                offset_lsb: 0.0,
                places: references.collect(),
            });
        }
        demands
    }
}

/// The strength of a usual result.
#[derive(Clone, Copy)]
struct Usual {
    power: f32,
    magnitude_lsb: f32,
}

impl Usual {
    fn of(demands: &[Demand]) -> Self {
        let count: usize = demands.iter().map(|demand| demand.places.len()).sum();
        let mean = |value: fn(&Demand) -> f32| {
            let weighted = demands.iter().map(|d| value(d) * d.places.len() as f32);
            weighted.sum::<f32>() / count.max(1) as f32
        };
        Self {
            power: mean(|demand| demand.power),
            magnitude_lsb: mean(|demand| demand.magnitude_lsb),
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
