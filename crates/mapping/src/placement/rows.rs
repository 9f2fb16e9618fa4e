//! Which driver sends which input.

use std::collections::BTreeMap;

use ndarray::Array2;

use super::signals::BlockSignals;
use crate::{DriverProfile, Run};

/// An input of a vector that runs at once.
struct Source {
    /// Sum of squares of what it adds to all outputs; 1 if nothing is known.
    power: f32,
    /// Blocks that it drives, with its place in their inputs.
    targets: Vec<(usize, usize)>,
}

/// Rows of each block of a run, in the order of its inputs: the strongest inputs choose first, each
/// the working driver whose deviation is least, or undoes best what those of earlier inputs add to
/// the outputs. Blocks that share an input of a vector share its rows.
pub(super) fn choose_rows(
    run: &Run,
    drivers: &[DriverProfile],
    row_repetition: usize,
    signals: &[Option<BlockSignals>],
) -> Vec<Vec<u32>> {
    let sources = strongest_first(run, signals);
    let mut free = best_window(drivers, sources.len() * row_repetition);
    let mut lists: Vec<Vec<u32>> = run.blocks.iter().map(|b| vec![0; b.rows.len()]).collect();
    let mut errors: Vec<Array2<f32>> = signals.iter().map(|s| no_errors(s.as_ref())).collect();
    for source in sources {
        let own = |&(block, place): &(usize, usize)| {
            let signals: Option<&BlockSignals> = signals[block].as_ref();
            signals.map(|signals| (signals, block, place))
        };
        let pull: f32 = source
            .targets
            .iter()
            .filter_map(own)
            .map(|(signals, block, place)| signals.pull(place, &errors[block]))
            .sum();
        let mut deviation = 0.0;
        for turn in 0..row_repetition {
            let cost = |&(_, candidate): &(u32, f32)| {
                let both: f32 = deviation + candidate;
                source.power * both * both + 2.0 * both * pull
            };
            let costs = free.iter().map(cost).enumerate();
            let best = costs.min_by(|a, b| a.1.total_cmp(&b.1));
            let (row, taken) = free.swap_remove(best.map_or(0, |(best, _)| best));
            deviation += taken;
            for &(block, place) in &source.targets {
                lists[block][place * row_repetition + turn] = row;
            }
        }
        for (signals, block, place) in source.targets.iter().filter_map(own) {
            signals.add(place, deviation, &mut errors[block]);
        }
    }
    lists
}

/// Working drivers with their deviations: of all windows of so many neighbours, the one whose
/// deviations are least. Neighbouring rows are written at once.
fn best_window(drivers: &[DriverProfile], count: usize) -> Vec<(u32, f32)> {
    let numbered = drivers
        .iter()
        .enumerate()
        .filter(|(_, driver)| driver.works);
    let working = numbered.map(|(row, driver)| (row as u32, driver.gain - 1.0));
    let working: Vec<(u32, f32)> = working.collect();
    let square = |window: &&[(u32, f32)]| window.iter().map(|(_, d)| d * d).sum::<f32>();
    let windows = working.windows(count.clamp(1, working.len().max(1)));
    let best = windows.min_by(|a, b| square(a).total_cmp(&square(b)));
    best.map_or_else(Vec::new, <[_]>::to_vec)
}

fn no_errors(signals: Option<&BlockSignals>) -> Array2<f32> {
    let shape = signals.map(|s| (s.activations.ncols(), s.weights.ncols()));
    Array2::zeros(shape.unwrap_or_default())
}

fn strongest_first(run: &Run, signals: &[Option<BlockSignals>]) -> Vec<Source> {
    let mut sources: BTreeMap<(usize, usize), Source> = BTreeMap::new();
    for (number, (block, signals)) in run.blocks.iter().zip(signals).enumerate() {
        for (place, input) in block.inputs.iter().enumerate() {
            let source = sources.entry((block.replica, input)).or_insert(Source {
                power: 0.0,
                targets: Vec::new(),
            });
            source.power += signals.as_ref().map_or(1.0, |signals| signals.power(place));
            source.targets.push((number, place));
        }
    }
    let mut sources: Vec<Source> = sources.into_values().collect();
    sources.sort_by(|a, b| b.power.total_cmp(&a.power));
    sources
}
