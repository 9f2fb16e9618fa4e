//! What is held to the laws of arrays, and what is known of it.

use ndarray::ArrayView2;

use super::law::{ensure, ensure_equal};
use super::samples::whole;
use crate::{ArrayGeometry, ArrayMode, Baseline, MacArray, RunRequest, RunSettings};

/// An implementation of [`MacArray`] that is to be held to the laws.
pub struct ArraySubject {
    /// Makes an array with zero weights; equal ones each time. At least two inputs and three columns.
    pub make: Box<dyn Fn() -> Box<dyn MacArray>>,
    /// The mode whose weights it takes.
    pub mode: ArrayMode,
    /// The settings at which it can be run.
    pub settings: KnownSettings,
    /// How equal results are where weights around them differ.
    pub agreement: Agreement,
    /// Whether columns may be exchanged without changing results: no mismatch, and no noise that depends
    /// on the column. If not, the law of permuted columns is left out.
    pub columns_are_equal: bool,
}

impl ArraySubject {
    /// A run of a whole hemisphere at settings that the array knows, usual ones if it does.
    pub(super) fn whole(&self, geometry: ArrayGeometry, hemisphere: usize) -> RunRequest {
        RunRequest {
            settings: self.settings.instead_of(RunSettings::USUAL),
            ..whole(geometry, hemisphere)
        }
    }
}

/// At which settings an array can be run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KnownSettings {
    /// At all of them.
    #[default]
    All,
    /// At these, one or more, such as those at which something was measured; runs at others are refused
    /// with [`ArrayError::OtherSettings`](crate::ArrayError::OtherSettings).
    Only(Vec<RunSettings>),
}

impl KnownSettings {
    pub(super) fn contain(&self, settings: RunSettings) -> bool {
        match self {
            Self::All => true,
            Self::Only(known) => known.contains(&settings),
        }
    }

    /// Settings that a law asks for, if they are known; else some of those that are, by turns.
    pub(super) fn instead_of(&self, asked: RunSettings) -> RunSettings {
        match self {
            Self::Only(known) if !known.contains(&asked) => {
                let turn = asked.num_sends() + asked.wait_between_events();
                let instead = known.iter().cycle().nth(turn as usize);
                instead.copied().unwrap_or(asked)
            }
            _ => asked,
        }
    }

    /// Usual settings, the ends of both ranges, and those that are known if they are not all: each with
    /// either baseline.
    pub(super) fn samples(&self) -> Vec<RunSettings> {
        let sends = [1, RunSettings::NUM_SENDS_MAX];
        let waits = [1, RunSettings::WAIT_BETWEEN_EVENTS_MAX];
        let ends = sends.map(|sends| waits.map(|wait| RunSettings::new(sends, wait).ok()));
        let mut samples: Vec<RunSettings> = ends.into_iter().flatten().flatten().collect();
        samples.push(RunSettings::USUAL);
        if let Self::Only(known) = self {
            samples.extend(known);
        }
        let both = |settings: RunSettings| {
            [Baseline::Constant, Baseline::Measured].map(|b| settings.with_baseline(b))
        };
        samples.into_iter().flat_map(both).collect()
    }
}

/// How equal results have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// To the last bit.
    Exact,
    /// One in fifty may differ by one LSB, in single regions one in twenty: an estimate from neighbours' weights may
    /// turn a rounding.
    Nearly,
}

impl Agreement {
    pub(super) fn ensure(
        self,
        what: &str,
        found: ArrayView2<'_, i8>,
        expected: ArrayView2<'_, i8>,
    ) -> Result<(), String> {
        let mut tally = self.tally();
        tally.add(what, found, expected)?;
        tally.ensure()
    }

    /// Holds many results to it, all together.
    pub(super) fn tally(self) -> Tally {
        Tally {
            agreement: self,
            results: 0,
            differ: 0,
            last: String::new(),
        }
    }
}

/// How many of some results differ from what they should be.
pub(super) struct Tally {
    agreement: Agreement,
    results: usize,
    differ: usize,
    /// Where the last ones are that do.
    last: String,
}

impl Tally {
    /// Refuses what no number of others can make good.
    pub(super) fn add(
        &mut self,
        what: &str,
        found: ArrayView2<'_, i8>,
        expected: ArrayView2<'_, i8>,
    ) -> Result<(), String> {
        if self.agreement == Agreement::Exact {
            return ensure_equal(what, &found, &expected);
        }
        let differ = found.iter().zip(&expected).filter(|(a, b)| a != b);
        let by_one = differ.clone().all(|(a, b)| a.abs_diff(*b) <= 1);
        ensure(by_one, || {
            format!("{what}: {found:?} instead of about {expected:?}")
        })?;
        let count = differ.count();
        ensure(count <= 1 + found.len() / 20, || {
            format!("{what}: {found:?} instead of about {expected:?}")
        })?;
        if count > 0 {
            self.last = format!("{what}, {found:?} instead of {expected:?}");
        }
        self.differ += count;
        self.results += found.len();
        Ok(())
    }

    pub(super) fn ensure(self) -> Result<(), String> {
        let Self {
            results,
            differ,
            last,
            ..
        } = self;
        ensure(differ <= 1 + results / 50, || {
            format!("{differ} of {results} differ, the last ones: {last}")
        })
    }
}
