//! Several arrays as one.

use std::slice;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::random::derive_seed;
use crate::{
    ArrayError, ArrayGeometry, ArrayPass, ArrayRun, MacArray, Region, RunReport, RunRequest, Trial,
};

/// Several chips of one size, side by side: one array with all their hemispheres, those of the first
/// chip first. All of them can run [in the same pass](ArrayPass), each with noise of its own.
///
/// A [`Metered`](crate::Metered) around them takes weights to be loaded one after the other, over one
/// link; energy is reckoned by [`energy_of_chips_uj`](crate::CostModel::energy_of_chips_uj).
#[derive(Clone, Debug)]
pub struct Chips<A> {
    arrays: Vec<A>,
    geometry: ArrayGeometry,
    per_chip: usize,
}

impl<A: MacArray> Chips<A> {
    /// Joins chips.
    ///
    /// # Errors
    /// [`ArrayError::UnequalChips`] for chips of different sizes;
    /// [`ArrayError::GeometryOutOfRange`] for none, or for more hemispheres than
    /// [`ArrayGeometry::HEMISPHERES_MAX`].
    pub fn new(chips: Vec<A>) -> Result<Self, ArrayError> {
        let geometries = chips.iter().map(MacArray::geometry);
        let first = geometries.clone().next().unwrap_or(ArrayGeometry::BSS2);
        if let Some((chip, found)) = geometries.enumerate().find(|&(_, found)| found != first) {
            return Err(ArrayError::UnequalChips { chip, found, first });
        }
        let per_chip = first.hemispheres();
        let hemispheres = chips.len().saturating_mul(per_chip);
        Ok(Self {
            geometry: ArrayGeometry::new(hemispheres, first.inputs(), first.columns())?,
            arrays: chips,
            per_chip,
        })
    }

    /// The chips.
    pub fn get(&self) -> &[A] {
        &self.arrays
    }

    /// Unwraps the chips.
    pub fn into_inner(self) -> Vec<A> {
        self.arrays
    }

    /// The number of the chip on which a region lies, and the region there.
    fn locate(&self, region: Region) -> Result<(usize, Region), ArrayError> {
        region.check(self.geometry)?;
        let local = Region {
            hemisphere: region.hemisphere % self.per_chip,
            ..region
        };
        Ok((region.hemisphere / self.per_chip, local))
    }

    /// A request as its chip sees it. Chips after the first have noise of their own: their trials
    /// have the seed derived for their number.
    fn localise(&self, request: &RunRequest) -> Result<(usize, RunRequest), ArrayError> {
        let (chip, region) = self.locate(request.region)?;
        let seed = match chip {
            0 => request.trial.seed,
            chip => derive_seed(request.trial.seed, chip as u64),
        };
        let trial = Trial {
            seed,
            ..request.trial
        };
        let local = RunRequest {
            region,
            trial,
            ..*request
        };
        Ok((chip, local))
    }
}

impl<A: MacArray> MacArray for Chips<A> {
    fn geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        let (chip, region) = self.locate(region)?;
        self.arrays[chip].load_weights(region, weights)
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let (chip, local) = self.localise(request)?;
        self.arrays[chip].run(&local, activations, outputs)
    }

    /// Pass by pass; each chip does its runs of a pass at the same time. Leaves the runs in the order of their
    /// hemispheres.
    fn run_passes(&mut self, passes: &mut [ArrayPass<'_, '_>]) -> Result<RunReport, ArrayError> {
        let mut report = RunReport::default();
        let per_chip = self.per_chip;
        for pass in passes {
            pass.check_hemispheres()?;
            for load in &*pass.loads {
                self.load_weights(load.region, load.weights)?;
            }
            for run in &*pass.runs {
                run.request.region.check(self.geometry)?;
            }
            let hemisphere = |run: &ArrayRun<'_>| run.request.region.hemisphere;
            pass.runs.sort_unstable_by_key(hemisphere);
            let is_same = |a: &_, b: &_| hemisphere(a) / per_chip == hemisphere(b) / per_chip;
            for own in pass.runs.chunk_by_mut(is_same) {
                report += self.run_on_chip(own)?;
            }
        }
        Ok(report)
    }
}

impl<A: MacArray> Chips<A> {
    /// Does runs of a pass that all lie on one chip; their requests are as before afterwards.
    fn run_on_chip(&mut self, runs: &mut [ArrayRun<'_>]) -> Result<RunReport, ArrayError> {
        let Some(first) = runs.first() else {
            return Ok(RunReport::default());
        };
        let (chip, _) = self.localise(&first.request)?;
        let mut asked = [first.request; ArrayGeometry::HEMISPHERES_MAX];
        for (run, asked) in runs.iter_mut().zip(&mut asked) {
            *asked = run.request;
            run.request = self.localise(asked)?.1;
        }
        let mut pass = ArrayPass::of_runs(runs);
        let report = self.arrays[chip].run_passes(slice::from_mut(&mut pass));
        for (run, asked) in runs.iter_mut().zip(asked) {
            run.request = asked;
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::{Metered, RunSettings};

    /// Puts out its own number, the local hemisphere and the number of vectors that it was given.
    struct Numbered(i8, ArrayGeometry);

    impl MacArray for Numbered {
        fn geometry(&self) -> ArrayGeometry {
            self.1
        }

        fn load_weights(&mut self, _: Region, _: ArrayView2<'_, i8>) -> Result<(), ArrayError> {
            Ok(())
        }

        fn run(
            &mut self,
            request: &RunRequest,
            activations: ArrayView2<'_, u8>,
            mut outputs: ArrayViewMut2<'_, i8>,
        ) -> Result<RunReport, ArrayError> {
            let region = request.region;
            region.check_run(self.1, activations, outputs.dim())?;
            outputs.fill(10 * self.0 + region.hemisphere as i8);
            Ok(RunReport {
                doubtful_outputs: 1,
                ..RunReport::default()
            })
        }
    }

    fn geometry() -> ArrayGeometry {
        ArrayGeometry::new(2, 1, 2).unwrap()
    }

    fn request(hemisphere: usize) -> RunRequest {
        RunRequest {
            region: Region::whole(geometry(), hemisphere),
            settings: RunSettings::default(),
            trial: Trial::new(1),
        }
    }

    #[test]
    fn hemispheres_are_numbered_through_the_chips() {
        let mut chips = Chips::new(vec![Numbered(1, geometry()), Numbered(2, geometry())]).unwrap();
        assert_eq!(chips.geometry().hemispheres(), 4);
        let activations = array![[3_u8]];
        for (hemisphere, expected) in [(0, 10), (1, 11), (2, 20), (3, 21)] {
            let mut outputs = Array2::zeros((1, 2));
            let request = request(hemisphere);
            chips
                .run(&request, activations.view(), outputs.view_mut())
                .unwrap();
            assert_eq!(outputs, array![[expected, expected]]);
        }
        let outside = chips.load_weights(request(4).region, Array2::zeros((1, 2)).view());
        assert!(matches!(outside, Err(ArrayError::RegionOutside { .. })));
    }

    #[test]
    fn runs_on_several_chips_take_the_time_of_the_longest() {
        let chips = Chips::new(vec![Numbered(1, geometry()), Numbered(2, geometry())]).unwrap();
        let mut chips = Metered::new(chips);
        let (one, three) = (array![[3_u8]], array![[0_u8], [5], [5]]);
        let (mut first, mut second) = (Array2::zeros((1, 2)), Array2::zeros((3, 2)));
        let mut runs = [
            ArrayRun {
                request: request(0),
                activations: one.view(),
                outputs: first.view_mut(),
            },
            ArrayRun {
                request: request(2),
                activations: three.view(),
                outputs: second.view_mut(),
            },
        ];
        let mut pass = [ArrayPass::of_runs(&mut runs)];
        let report = chips.run_passes(&mut pass).unwrap();
        assert_eq!((report.doubtful_outputs, chips.ledger().vectors), (2, 3));
        assert_eq!(
            (chips.ledger().events, chips.ledger().event_cycles),
            (3, 10)
        );
        runs[1].request = request(0);
        let refused = chips.run_passes(&mut [ArrayPass::of_runs(&mut runs)]);
        assert_eq!(refused, Err(ArrayError::HemisphereTwice { hemisphere: 0 }));
        assert_eq!((first[[0, 0]], second[[2, 1]]), (10, 20));
    }

    #[test]
    fn runs_are_handed_back_as_they_were_asked_for() {
        let mut chips = Chips::new(vec![Numbered(1, geometry()), Numbered(2, geometry())]).unwrap();
        let activations = array![[3_u8]];
        let mut outputs = vec![Array2::zeros((1, 2)); 4];
        let numbers = [3, 0, 2, 1];
        let runs = outputs
            .iter_mut()
            .zip(numbers)
            .map(|(outputs, hemisphere)| ArrayRun {
                request: request(hemisphere),
                activations: activations.view(),
                outputs: outputs.view_mut(),
            });
        let mut runs: Vec<ArrayRun<'_>> = runs.collect();
        let mut pass = [ArrayPass::of_runs(&mut runs)];
        chips.run_passes(&mut pass).unwrap();
        let asked: Vec<RunRequest> = runs.iter().map(|run| run.request).collect();
        assert_eq!(asked, [0, 1, 2, 3].map(request));
        let found: Vec<i8> = outputs.iter().map(|outputs| outputs[[0, 0]]).collect();
        assert_eq!(found, [21, 10, 20, 11]);
    }

    #[test]
    fn none_too_many_and_unequal_chips_are_refused() {
        let other = ArrayGeometry::new(2, 1, 3).unwrap();
        let unequal = Chips::new(vec![Numbered(1, geometry()), Numbered(2, other)]);
        let expected = ArrayError::UnequalChips {
            chip: 1,
            found: other,
            first: geometry(),
        };
        assert_eq!(unequal.err(), Some(expected));
        for count in [0, 9] {
            let chips = (0..count).map(|n| Numbered(n, geometry())).collect();
            let refused = Chips::new(chips).err();
            assert!(matches!(
                refused,
                Some(ArrayError::GeometryOutOfRange { .. })
            ));
        }
    }
}
