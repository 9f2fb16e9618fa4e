//! How often outputs of an array are at the ends of their range.

use bss2_core::{ArrayError, ArrayGeometry, ArrayPass, MacArray, Region, RunReport, RunRequest};
use ndarray::{ArrayView2, ArrayViewMut2};

/// Wraps an array and counts its outputs.
pub(crate) struct EndCounter<'a> {
    array: &'a mut dyn MacArray,
    outputs: usize,
    at_ends: usize,
}

impl<'a> EndCounter<'a> {
    pub(crate) const fn new(array: &'a mut dyn MacArray) -> Self {
        Self {
            array,
            outputs: 0,
            at_ends: 0,
        }
    }

    /// Share of the outputs at −128 or 127 so far, in percent.
    pub(crate) fn percent(&self) -> f64 {
        100.0 * self.at_ends as f64 / self.outputs.max(1) as f64
    }

    fn count(&mut self, outputs: ArrayView2<'_, i8>) {
        let is_at_end = |output: &&i8| matches!(**output, i8::MIN | i8::MAX);
        self.outputs += outputs.len();
        self.at_ends += outputs.iter().filter(is_at_end).count();
    }
}

impl MacArray for EndCounter<'_> {
    fn geometry(&self) -> ArrayGeometry {
        self.array.geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.array.load_weights(region, weights)
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let report = self.array.run(request, activations, outputs.view_mut())?;
        self.count(outputs.view());
        Ok(report)
    }

    fn run_passes(&mut self, passes: &mut [ArrayPass<'_, '_>]) -> Result<RunReport, ArrayError> {
        let report = self.array.run_passes(passes)?;
        for run in passes.iter().flat_map(|pass| &*pass.runs) {
            self.count(run.outputs.view());
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use bss2_core::testing::{ARRAY_LAWS, Agreement, ArraySubject, KnownSettings, hold_all};
    use bss2_core::{ArrayMode, RunSettings, Trial};
    use bss2_hardware::IdealArray;
    use ndarray::Array2;

    use super::*;

    #[test]
    fn what_counts_obeys_the_laws_of_arrays() {
        let geometry = ArrayGeometry::new(2, 12, 16).unwrap();
        let make = move || {
            let ideal = IdealArray::new(geometry, 0.01).unwrap();
            let counter = EndCounter::new(Box::leak(Box::new(ideal)));
            Box::new(counter) as Box<dyn MacArray>
        };
        let subject = ArraySubject {
            make: Box::new(make),
            mode: ArrayMode::Membrane,
            settings: KnownSettings::All,
            agreement: Agreement::Exact,
            columns_are_equal: true,
        };
        if let Err(violations) = hold_all(ARRAY_LAWS, &subject) {
            panic!("{violations:#?}");
        }
    }

    #[test]
    fn outputs_at_either_end_count() {
        let geometry = ArrayGeometry::BSS2;
        let mut ideal = IdealArray::new(geometry, 1.0).unwrap();
        let mut counter = EndCounter::new(&mut ideal);
        let region = Region::whole(geometry, 0);
        let shape = (geometry.inputs(), geometry.columns());
        let signs = Array2::from_shape_fn(shape, |(_, column)| [-1, 0, 0, 1][column % 4]);
        counter.load_weights(region, signs.view()).unwrap();
        let request = RunRequest {
            region,
            settings: RunSettings::USUAL,
            trial: Trial::new(1).next_pass(),
        };
        let sent = Array2::from_elem((2, shape.0), 31);
        let mut outputs = Array2::zeros((2, shape.1));
        counter
            .run(&request, sent.view(), outputs.view_mut())
            .unwrap();
        assert_eq!(counter.percent(), 50.0);
    }
}
