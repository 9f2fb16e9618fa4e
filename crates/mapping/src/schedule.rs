//! Blocks into passes.

use std::ops::Range;

use crate::floor::Floor;
use crate::{Block, Coding, Hemispheres, Packing, Pass, Run};

/// A block without a place.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) replica: usize,
    pub(crate) inputs: Range<usize>,
    pub(crate) outputs: Range<usize>,
}

/// Puts pieces into passes as they come: each into the pass that is open, if it finds room there.
pub(crate) struct Schedule<'a> {
    hemispheres: Hemispheres,
    packing: Packing,
    coding: Coding,
    floor: &'a Floor,
    closed: Vec<Pass>,
    /// What each hemisphere does in the open pass.
    open: Vec<OpenRun>,
}

#[derive(Clone, Default)]
struct OpenRun {
    rows_used: usize,
    columns_used: usize,
    blocks: Vec<Block>,
    /// Vector and inputs that drive rows, and the first of these.
    driven: Vec<(usize, Range<usize>, usize)>,
}

/// Where a piece goes: places in the floor's lists.
struct Place {
    hemisphere: usize,
    first_row: usize,
    first_column: usize,
}

impl<'a> Schedule<'a> {
    pub(crate) fn new(
        hemispheres: Hemispheres,
        packing: Packing,
        coding: Coding,
        floor: &'a Floor,
    ) -> Self {
        Self {
            hemispheres,
            packing,
            coding,
            floor,
            closed: Vec::new(),
            open: vec![OpenRun::default(); floor.hemispheres()],
        }
    }

    /// Puts a piece into the open pass or a new one. It is left out if it is larger than any
    /// hemisphere, which the plan's check would notice.
    pub(crate) fn add(&mut self, piece: Piece) {
        let place = self.find(&piece).or_else(|| {
            self.close();
            self.find(&piece)
        });
        if let Some(place) = place {
            self.put(piece, &place);
        }
    }

    pub(crate) fn into_passes(mut self) -> Vec<Pass> {
        self.close();
        self.closed
    }

    /// A place in the open pass: on the hemisphere whose turn it is (or the next one that is large
    /// enough), or on the one with the fewest rows in use.
    fn find(&self, piece: &Piece) -> Option<Place> {
        let count = self.floor.hemispheres();
        let find_on = |hemisphere| self.find_on(hemisphere, piece);
        match self.hemispheres {
            Hemispheres::Together => {
                let places = (0..count).filter_map(find_on);
                places.min_by_key(|place| self.open[place.hemisphere].rows_used)
            }
            Hemispheres::InTurn => {
                let begun = self.open.iter().position(|run| !run.blocks.is_empty());
                match begun {
                    Some(hemisphere) => find_on(hemisphere),
                    None => (0..count).find_map(|turn| find_on((self.closed.len() + turn) % count)),
                }
            }
        }
    }

    fn find_on(&self, hemisphere: usize, piece: &Piece) -> Option<Place> {
        let run = &self.open[hemisphere];
        if self.packing == Packing::Apart && !run.blocks.is_empty() {
            return None;
        }
        let columns_end = run.columns_used + self.coding.columns(piece.outputs.len());
        let mut driven = run.driven.iter();
        let shared = driven
            .find(|(replica, inputs, _)| *replica == piece.replica && *inputs == piece.inputs);
        let first_row = shared.map_or(run.rows_used, |&(_, _, first_row)| first_row);
        let rows_end = first_row + self.coding.rows(piece.inputs.len());
        let fits = columns_end <= self.floor.columns_of(hemisphere).len()
            && rows_end <= self.floor.rows_of(hemisphere).len();
        fits.then_some(Place {
            hemisphere,
            first_row,
            first_column: run.columns_used,
        })
    }

    fn put(&mut self, piece: Piece, place: &Place) {
        let rows_end = place.first_row + self.coding.rows(piece.inputs.len());
        let columns_end = place.first_column + self.coding.columns(piece.outputs.len());
        let rows = self.floor.rows_of(place.hemisphere);
        let columns = self.floor.columns_of(place.hemisphere);
        let run = &mut self.open[place.hemisphere];
        run.rows_used = run.rows_used.max(rows_end);
        run.columns_used = columns_end;
        run.blocks.push(Block {
            replica: piece.replica,
            inputs: piece.inputs.clone().into(),
            outputs: piece.outputs.into(),
            rows: rows.part(place.first_row..rows_end),
            columns: columns.part(place.first_column..columns_end),
        });
        if self.packing == Packing::SideBySide {
            run.driven
                .push((piece.replica, piece.inputs, place.first_row));
        }
    }

    fn close(&mut self) {
        let runs = self
            .open
            .iter_mut()
            .enumerate()
            .filter_map(|(hemisphere, open)| {
                let blocks = std::mem::take(open).blocks;
                (!blocks.is_empty()).then_some(Run { hemisphere, blocks })
            });
        let runs: Vec<Run> = runs.collect();
        if !runs.is_empty() {
            self.closed.push(Pass { runs });
        }
    }
}
