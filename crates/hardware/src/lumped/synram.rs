//! Charges of one synram.

use bss2_core::Region;
use ndarray::{Array2, ArrayView2, s};

use super::columns::Columns;
use crate::instance::Instance;

/// Charge that an event of one activation unit brings onto each column's line (inputs × columns), in
/// weight units: net with its sign, and its magnitude.
#[derive(Clone, Debug)]
pub(super) struct Synram {
    net: Array2<f32>,
    total: Array2<f32>,
}

impl Synram {
    pub(super) fn zeros(inputs: usize, columns: usize) -> Self {
        let zeros = Array2::zeros((inputs, columns));
        Self {
            net: zeros.clone(),
            total: zeros,
        }
    }

    /// The charges of a region, net and total.
    pub(super) fn block(&self, region: Region) -> (ArrayView2<'_, f32>, ArrayView2<'_, f32>) {
        let block = s![region.input_range(), region.column_range()];
        (self.net.slice(block), self.total.slice(block))
    }

    /// Folds a block of weights with their synapses' mismatch.
    pub(super) fn fold(
        &mut self,
        instance: &Instance,
        columns: &Columns,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) {
        let geometry = instance.config.geometry;
        let first = region.hemisphere * geometry.columns() + region.first_column;
        let mismatch_growth = &columns.mismatch_growth[first..first + region.columns];
        let factors = &columns.charge_factor[first..first + region.columns];
        for (input, weights) in region.input_range().zip(weights.rows()) {
            let mut net = self.net.slice_mut(s![input, region.column_range()]);
            let mut total = self.total.slice_mut(s![input, region.column_range()]);
            let (Some(net), Some(total)) = (net.as_slice_mut(), total.as_slice_mut()) else {
                unreachable!("rows of an owned array are contiguous");
            };
            instance.synapses.row_currents(
                region.hemisphere * geometry.inputs() + input,
                region.first_column,
                weights.iter().copied(),
                mismatch_growth,
                net,
            );
            for ((net, total), factor) in net.iter_mut().zip(total).zip(factors) {
                *net *= factor;
                *total = net.abs();
            }
        }
    }
}
