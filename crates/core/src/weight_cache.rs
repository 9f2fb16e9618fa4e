//! A wrapper that does not load again what is there.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

use crate::{
    ArrayError, ArrayGeometry, ArrayLoad, ArrayPass, MacArray, Region, RunReport, RunRequest,
};

/// Wraps an array and leaves out loads of weights that the array holds already: layers that
/// share a chip without sharing synapses are loaded once, however often they run.
///
/// It knows what it has loaded itself and nothing before; it owns the array (or its exclusive
/// borrow), so nobody else writes in between. If the array's sizes change nevertheless, it knows nothing
/// again; other changes behind its back are not noticed.
#[derive(Clone, Debug)]
pub struct WeightCache<A> {
    inner: A,
    geometry: ArrayGeometry,
    /// Weights by hemisphere, inputs × columns; [`UNKNOWN`] where nothing was loaded yet.
    held: Vec<Array2<i8>>,
}

/// No weight: these end at ±63.
const UNKNOWN: i8 = i8::MIN;

fn nothing_known(geometry: ArrayGeometry) -> Vec<Array2<i8>> {
    let unknown = Array2::from_elem((geometry.inputs(), geometry.columns()), UNKNOWN);
    vec![unknown; geometry.hemispheres()]
}

impl<A: MacArray> WeightCache<A> {
    /// Wraps `inner`, of whose weights nothing is known yet.
    pub fn new(inner: A) -> Self {
        let geometry = inner.geometry();
        Self {
            held: nothing_known(geometry),
            geometry,
            inner,
        }
    }

    /// The wrapped array.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// Unwraps the array.
    pub fn into_inner(self) -> A {
        self.inner
    }

    /// Refuses loads for which there is no place. (If the array has other sizes by now, nothing is known of it.)
    fn check_loads(&mut self, loads: &[ArrayLoad<'_>]) -> Result<(), ArrayError> {
        let geometry = self.inner.geometry();
        if geometry != self.geometry {
            (self.geometry, self.held) = (geometry, nothing_known(geometry));
        }
        let mut checks = loads
            .iter()
            .map(|load| load.region.check_weights(geometry, load.weights));
        checks.try_for_each(|checked| checked)
    }

    /// The weights of a region that lies on the array.
    fn held(&mut self, region: Region) -> ArrayViewMut2<'_, i8> {
        let place = s![region.input_range(), region.column_range()];
        self.held[region.hemisphere].slice_mut(place)
    }

    /// Whether weights are where they belong.
    fn holds(&mut self, region: Region, weights: ArrayView2<'_, i8>) -> bool {
        // Row by row: rows are slices, which are compared and copied many weights at a time.
        let held = self.held(region);
        let mut rows = held.outer_iter().zip(weights.outer_iter());
        rows.all(|(held, weights)| held == weights)
    }

    /// Takes note of weights.
    fn hold(&mut self, region: Region, weights: ArrayView2<'_, i8>) {
        let mut held = self.held(region);
        let rows = held.outer_iter_mut().zip(weights.outer_iter());
        rows.for_each(|(mut held, weights)| held.assign(&weights));
    }
}

impl<A: MacArray> MacArray for WeightCache<A> {
    fn geometry(&self) -> ArrayGeometry {
        self.inner.geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.check_loads(&[ArrayLoad { region, weights }])?;
        if self.holds(region, weights) {
            return Ok(());
        }
        self.inner.load_weights(region, weights)?;
        self.hold(region, weights);
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        self.inner.run(request, activations, outputs)
    }

    /// Takes loads of what is there by then out of the passes.
    fn run_passes(&mut self, passes: &mut [ArrayPass<'_, '_>]) -> Result<RunReport, ArrayError> {
        for pass in &*passes {
            self.check_loads(pass.loads)?;
        }
        for pass in &mut *passes {
            let loads = std::mem::take(&mut pass.loads);
            let mut needed = 0;
            for number in 0..loads.len() {
                let ArrayLoad { region, weights } = loads[number];
                if !self.holds(region, weights) {
                    self.hold(region, weights);
                    loads.swap(needed, number);
                    needed += 1;
                }
            }
            pass.loads = &mut loads[..needed];
        }
        let done = self.inner.run_passes(passes);
        if done.is_err() {
            // Some of them may have been loaded.
            for load in passes.iter().flat_map(|pass| &*pass.loads) {
                self.held(load.region).fill(UNKNOWN);
            }
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Metered, Recorder};

    /// Takes everything.
    struct Sink;

    impl MacArray for Sink {
        fn geometry(&self) -> ArrayGeometry {
            ArrayGeometry::BSS2
        }

        fn load_weights(
            &mut self,
            region: Region,
            weights: ArrayView2<'_, i8>,
        ) -> Result<(), ArrayError> {
            // As an array in unsigned mode.
            region.check_weights_within(self.geometry(), weights, 0..=63)
        }

        fn run(
            &mut self,
            _: &RunRequest,
            _: ArrayView2<'_, u8>,
            _: ArrayViewMut2<'_, i8>,
        ) -> Result<RunReport, ArrayError> {
            Ok(RunReport::default())
        }
    }

    /// Of other sizes from load to load.
    struct Changing(std::cell::Cell<usize>);

    impl MacArray for Changing {
        fn geometry(&self) -> ArrayGeometry {
            let inputs = self.0.replace(self.0.get() + 1);
            ArrayGeometry::new(2, inputs, 4).unwrap()
        }

        fn load_weights(&mut self, _: Region, _: ArrayView2<'_, i8>) -> Result<(), ArrayError> {
            Ok(())
        }

        fn run(
            &mut self,
            _: &RunRequest,
            _: ArrayView2<'_, u8>,
            _: ArrayViewMut2<'_, i8>,
        ) -> Result<RunReport, ArrayError> {
            Ok(RunReport::default())
        }
    }

    #[test]
    fn nothing_is_known_of_an_array_of_other_sizes() {
        let mut cache = WeightCache::new(Changing(1.into()));
        for inputs in 2..5 {
            let region = Region {
                hemisphere: 1,
                first_input: 0,
                inputs,
                first_column: 0,
                columns: 4,
            };
            let weights = Array2::from_elem((inputs, 4), 7);
            assert_eq!(cache.load_weights(region, weights.view()), Ok(()));
            assert_eq!(cache.held[1], weights);
        }
    }

    #[test]
    fn passes_lose_loads_that_change_nothing_and_are_loaded_again_after_an_error() {
        let mut cache = WeightCache::new(Metered::new(Sink));
        let region = |hemisphere| Region {
            hemisphere,
            first_input: 3,
            inputs: 2,
            first_column: 1,
            columns: 4,
        };
        let weights = [5, 6, -1].map(|weight| Array2::from_elem((2, 4), weight));
        let mut loaded = |numbers: [(usize, usize); 3]| {
            let load = |(hemisphere, set): (usize, usize)| ArrayLoad {
                region: region(hemisphere),
                weights: weights[set].view(),
            };
            let [mut first, mut second, mut third] = numbers.map(|number| [load(number)]);
            let mut passes = [&mut first, &mut second, &mut third].map(|loads| ArrayPass {
                loads,
                runs: &mut [],
            });
            let before = cache.inner().ledger().weights_written;
            cache.run_passes(&mut passes)?;
            Ok::<u64, ArrayError>((cache.inner().ledger().weights_written - before) / 8)
        };
        assert_eq!(loaded([(0, 0), (1, 0), (0, 0)]), Ok(2));
        assert_eq!(loaded([(0, 0), (1, 0), (0, 1)]), Ok(1));
        assert_eq!(loaded([(0, 0), (1, 0), (0, 1)]), Ok(2), "there and back");
        let refused = loaded([(0, 0), (1, 1), (1, 2)]);
        assert!(matches!(refused, Err(ArrayError::WeightOutOfRange { .. })));
        assert_eq!(loaded([(0, 0), (1, 1), (1, 1)]), Ok(2));
    }

    #[test]
    fn only_what_changes_is_loaded() {
        let mut cache = WeightCache::new(Metered::new(Recorder::new(Sink)));
        let region = |hemisphere, first_column| Region {
            hemisphere,
            first_input: 3,
            inputs: 2,
            first_column,
            columns: 4,
        };
        let mut load = |region, weight: i8| {
            cache.load_weights(region, Array2::from_elem((2, 4), weight).view())?;
            Ok::<u64, ArrayError>(cache.inner().ledger().weights_written / 8)
        };
        assert_eq!(
            load(region(0, 0), 0),
            Ok(1),
            "zeros, too, are not known to be there"
        );
        assert_eq!(load(region(0, 0), 0), Ok(1));
        assert_eq!(load(region(1, 0), 0), Ok(2), "on the other hemisphere");
        assert_eq!(load(region(0, 2), 5), Ok(3), "over a part of it");
        assert_eq!(load(region(0, 0), 0), Ok(4), "which has changed since");
        let refused = load(region(0, 0), -1);
        assert!(matches!(refused, Err(ArrayError::WeightOutOfRange { .. })));
        assert_eq!(
            load(region(0, 0), 0),
            Ok(4),
            "a refused load changes nothing"
        );
    }
}
