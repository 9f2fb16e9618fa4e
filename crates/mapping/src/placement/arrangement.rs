//! The rows and columns of a run, chosen by what was measured of them.

use std::collections::BTreeMap;

use super::columns::{Candidate, Demand, Errors, Place, assign};
use super::rows::choose_rows;
use super::signals::{BlockSignals, Signals};
use crate::{ArrayProfile, Block, Coding, ColumnProfile, InputCoding, Plan, Run, WeightCoding};

/// Chooses rows and columns of one run after the other.
pub(super) struct Arrangement<'a, 's> {
    coding: Coding,
    profile: &'a ArrayProfile,
    signals: &'a Signals<'s>,
    /// What the columns chosen so far add to the mean of each output of each vector that runs at
    /// once, in LSB.
    offsets_lsb: BTreeMap<(usize, usize), f32>,
}

impl<'a, 's> Arrangement<'a, 's> {
    pub(super) fn new(plan: &Plan, profile: &'a ArrayProfile, signals: &'a Signals<'s>) -> Self {
        Self {
            coding: plan.coding(),
            profile,
            signals,
            offsets_lsb: BTreeMap::new(),
        }
    }

    /// The run on the rows and columns that suit it best, given those of the runs before.
    pub(super) fn arranged(&mut self, run: &Run) -> Run {
        let signals = run.blocks.iter().map(|block| self.signals.of_block(block));
        let signals: Vec<Option<BlockSignals>> = signals.collect();
        let drivers = &self.profile.hemispheres()[run.hemisphere].drivers;
        let rows = choose_rows(run, drivers, self.coding.row_repetition, &signals);
        let columns = self.columns(run, &signals);
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

    /// Columns of each block.
    fn columns(&mut self, run: &Run, signals: &[Option<BlockSignals>]) -> Vec<Vec<u32>> {
        let blocks = run.blocks.iter().zip(signals).enumerate();
        let demands =
            blocks.flat_map(|(number, (block, s))| self.demands(number, block, s.as_ref()));
        let mut demands: Vec<Demand> = demands.collect();
        let columns = self.profile.hemispheres()[run.hemisphere]
            .columns
            .iter()
            .enumerate();
        let working = columns.filter(|(_, column)| column.works);
        let candidates = working.map(|(number, column)| self.candidate(number, column));
        let mut lists: Vec<Vec<u32>> = run
            .blocks
            .iter()
            .map(|b| vec![0; b.columns.len()])
            .collect();
        assign(&mut demands, candidates.collect(), &mut lists);
        let copies = self.coding.column_copies as f32;
        for demand in demands {
            if let Some(output) = demand.output {
                self.offsets_lsb
                    .insert(output, demand.errors.mean(&demand.signal) / copies);
            }
        }
        lists
    }

    /// A column as this coding uses it.
    fn candidate(&self, number: usize, column: &ColumnProfile) -> Candidate {
        let (gain, imbalance) = match self.coding.weights {
            WeightCoding::Signed => (column.gain(), column.imbalance()),
            WeightCoding::ColumnPair | WeightCoding::Offset => (column.gain_positive, 0.0),
        };
        // Other codings of inputs subtract what columns add without a signal.
        let offset_lsb = match self.coding.inputs {
            InputCoding::Unsigned => column.offset_lsb,
            InputCoding::TwoPasses | InputCoding::Offset { .. } => 0.0,
        };
        Candidate {
            number: number as u32,
            errors: Errors {
                deviation: gain - 1.0,
                imbalance,
                offset_lsb,
            },
            own_square: column.noise_lsb.powi(2),
        }
    }

    /// What the outputs of a block need, and its reference columns.
    fn demands(&self, number: usize, block: &Block, signals: Option<&BlockSignals>) -> Vec<Demand> {
        let coding = self.coding;
        let gain_lsb = self.profile.gain_lsb();
        let outputs = block.outputs.len();
        let per_copy = coding.columns_per_copy(outputs);
        let firsts = (0..coding.column_copies).map(|copy| copy * per_copy);
        let place = |sign, position| Place {
            sign,
            target: (number, position),
        };
        let places_of = |output: usize| {
            let of_copy = |first: usize| match coding.weights {
                WeightCoding::Signed | WeightCoding::Offset => vec![place(1.0, first + output)],
                WeightCoding::ColumnPair => vec![
                    place(1.0, first + 2 * output),
                    place(-1.0, first + 2 * output + 1),
                ],
            };
            firsts.clone().flat_map(of_copy).collect()
        };
        let moments = BlockSignals::outputs(signals, outputs);
        let with_moments = block.outputs.iter().zip(&moments).enumerate();
        let mut demands: Vec<Demand> = with_moments
            .map(|(place, (output, moments))| {
                let output = (block.replica, output);
                let offset_lsb = self.offsets_lsb.get(&output).copied().unwrap_or(0.0);
                Demand {
                    output: Some(output),
                    signal: moments.scaled(gain_lsb),
                    errors: Errors {
                        offset_lsb: offset_lsb * coding.column_copies as f32,
                        ..Errors::default()
                    },
                    places: places_of(place),
                }
            })
            .collect();
        if coding.weights == WeightCoding::Offset {
            // Subtracted from every output: at least as important as the most sensitive of them.
            let strongest = moments.iter().max_by(|a, b| a.y_y.total_cmp(&b.y_y));
            demands.extend(strongest.map(|moments| Demand {
                output: None,
                signal: moments.scaled(gain_lsb * (outputs as f32).sqrt()),
                errors: Errors::default(),
                places: firsts.map(|first| place(1.0, first + outputs)).collect(),
            }));
        }
        demands
    }
}
