//! Whether a plan gives every weight a place.

use std::ops::Range;

use super::{Block, Plan, PlanFault};

/// Words of 64 weights that are looked at together: a few megabytes.
const WORDS: usize = 1 << 20;

/// Checks that every weight has exactly one place for each of the vectors that run at once: one bit
/// per weight, for as many outputs at a time as fit the memory.
pub(super) fn check_cover(plan: &Plan) -> Result<(), PlanFault> {
    let outputs = plan.shape.outputs();
    let words = plan.shape.group_inputs().div_ceil(64);
    let slots = plan.coding.vectors_at_once * outputs;
    let at_once = (WORDS / words).clamp(1, slots);
    let blocks = Ordered::new(plan);
    let mut cover = Cover {
        plan,
        words,
        seen: vec![0; at_once * words],
        slots: 0..0,
        numbers: Vec::new(),
        mask: Vec::new(),
    };
    for first in (0..slots).step_by(at_once) {
        let chunk = first..slots.min(first + at_once);
        cover.begin(chunk.clone());
        for placed in blocks.touching(chunk) {
            cover.add(placed)?;
        }
        cover.find_missing()?;
    }
    Ok(())
}

/// A block with the outputs that it adds to, those of each vector that runs at once after those of
/// the one before.
struct Placed<'a> {
    block: &'a Block,
    slots: Range<usize>,
}

/// The blocks of a plan in the order of their outputs.
struct Ordered<'a> {
    blocks: Vec<Placed<'a>>,
    /// Most outputs from the first to the last of a block.
    longest: usize,
}

impl<'a> Ordered<'a> {
    fn new(plan: &'a Plan) -> Self {
        let outputs = plan.shape.outputs();
        let placed = |block: &'a Block| {
            let (first, span) = (block.replica * outputs, block.outputs.span());
            Placed {
                block,
                slots: first + span.start..first + span.end,
            }
        };
        let mut blocks: Vec<Placed<'a>> = plan.blocks().map(placed).collect();
        blocks.sort_by_key(|placed| placed.slots.start);
        let longest = blocks.iter().map(|placed| placed.slots.len()).max();
        Self {
            blocks,
            longest: longest.unwrap_or(0),
        }
    }

    /// The blocks that may add to some of these outputs.
    fn touching(&self, slots: Range<usize>) -> impl Iterator<Item = &Placed<'a>> {
        let begin = |placed: &Placed<'_>| placed.slots.start + self.longest <= slots.start;
        let first = self.blocks.partition_point(begin);
        let end = self
            .blocks
            .partition_point(|placed| placed.slots.start < slots.end);
        let after = slots.start;
        let near = self.blocks[first.min(end)..end].iter();
        near.filter(move |placed| placed.slots.end > after)
    }
}

/// Which weights of some outputs have a place.
struct Cover<'a> {
    plan: &'a Plan,
    words: usize,
    /// A bit per input of a group, for each output.
    seen: Vec<u64>,
    slots: Range<usize>,
    numbers: Vec<usize>,
    mask: Vec<(usize, u64)>,
}

impl Cover<'_> {
    fn begin(&mut self, slots: Range<usize>) {
        self.slots = slots;
        self.seen.fill(0);
    }

    /// Marks the weights of a block, as far as they are looked at.
    fn add(&mut self, placed: &Placed<'_>) -> Result<(), PlanFault> {
        self.find_mask(placed.block)?;
        let first = placed.block.replica * self.plan.shape.outputs();
        for output in placed.block.outputs.iter() {
            if !self.slots.contains(&(first + output)) {
                continue;
            }
            let row = (first + output - self.slots.start) * self.words;
            for &(word, bits) in &self.mask {
                let seen = &mut self.seen[row + word];
                let twice = *seen & bits;
                *seen |= bits;
                if twice != 0 {
                    let input = self.input_at(output, word, twice.trailing_zeros());
                    return Err(PlanFault::WeightTwice { input, output });
                }
            }
        }
        Ok(())
    }

    fn find_missing(&self) -> Result<(), PlanFault> {
        let of_group = self.plan.shape.group_inputs();
        let rows = self.seen.chunks_exact(self.words).take(self.slots.len());
        for (slot, row) in self.slots.clone().zip(rows) {
            let output = slot % self.plan.shape.outputs();
            for (word, &bits) in row.iter().enumerate() {
                let bit = bits.trailing_ones();
                if bit < 64 && word * 64 + (bit as usize) < of_group {
                    let input = self.input_at(output, word, bit);
                    return Err(PlanFault::WeightMissing { input, output });
                }
            }
        }
        Ok(())
    }

    /// The inputs of a block as bits within their group.
    fn find_mask(&mut self, block: &Block) -> Result<(), PlanFault> {
        let of_group = self.plan.shape.group_inputs();
        self.numbers.clear();
        self.numbers
            .extend(block.inputs.iter().map(|input| input % of_group));
        self.numbers.sort_unstable();
        self.mask.clear();
        for &number in &self.numbers {
            let (word, bit) = (number / 64, 1 << (number % 64));
            match self.mask.last_mut() {
                Some((last, bits)) if *last == word && *bits & bit != 0 => {
                    let output = block.outputs.span().start;
                    let input = self.input_at(output, word, (number % 64) as u32);
                    return Err(PlanFault::WeightTwice { input, output });
                }
                Some((last, bits)) if *last == word => *bits |= bit,
                _ => self.mask.push((word, bit)),
            }
        }
        Ok(())
    }

    /// The input of a bit in the row of an output.
    fn input_at(&self, output: usize, word: usize, bit: u32) -> usize {
        let shape = self.plan.shape;
        let group = output / shape.group_outputs();
        group * shape.group_inputs() + word * 64 + bit as usize
    }
}
