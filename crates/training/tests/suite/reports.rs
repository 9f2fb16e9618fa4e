//! What an array says of its runs comes out at the session.

use bss2_core::{
    ArrayError, ArrayGeometry, MacArray, NOMINAL_GAIN_LSB, Region, RunReport, RunRequest,
};
use bss2_mapping::{LayerShape, MappingStrategy, Tiling};
use bss2_training::{AnalogDense, LinearGain, Network, Session};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

/// Puts out zeros and doubts every one of them.
struct Doubting;

impl MacArray for Doubting {
    fn geometry(&self) -> ArrayGeometry {
        ArrayGeometry::BSS2
    }

    fn load_weights(&mut self, _: Region, _: ArrayView2<'_, i8>) -> Result<(), ArrayError> {
        Ok(())
    }

    fn run(
        &mut self,
        _: &RunRequest,
        _: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        outputs.fill(0);
        Ok(RunReport {
            doubtful_outputs: outputs.len() as u64,
            ..RunReport::default()
        })
    }
}

fn layer(inputs: usize, outputs: usize) -> AnalogDense {
    let shape = LayerShape::dense(inputs, outputs).expect("a layer that is not empty");
    let plan = Tiling::in_order()
        .plan(&shape.into(), ArrayGeometry::BSS2)
        .expect("a small layer");
    let model = Box::new(LinearGain {
        gain_lsb: NOMINAL_GAIN_LSB,
    });
    let weights = Array2::zeros((inputs, outputs));
    AnalogDense::new(weights, plan, model).expect("weights fit the plan")
}

#[test]
fn reports_of_all_layers_and_batches_are_summed() {
    let mut network =
        Network::new(vec![Box::new(layer(300, 20)), Box::new(layer(20, 5))]).expect("widths fit");
    let mut array = Doubting;
    let mut session = Session::on(&mut array, 1);
    assert_eq!(session.report(), RunReport::default());
    let inputs = Array2::zeros((7, 300));
    for batches in 1..=3 {
        network
            .forward(&mut session, inputs.view())
            .expect("a good batch");
        // Three tiles of the first layer, one of the second.
        let expected = batches * 7 * (3 * 20 + 5);
        assert_eq!(session.report().doubtful_outputs, expected);
    }
}
