//! The derivative of a twin.

use std::sync::Arc;

use bss2_core::{ArrayError, ArrayGeometry, RunSettings};
use bss2_mapping::{
    Coding, LayerShape, MappingError, MappingStrategy, Packing, Plan, Tiling, WeightCoding,
};
use bss2_training::{
    AnalogDense, ColumnTwin, DriverTwin, GradientModel, HemisphereTwin, Knots, LinearGain,
    LinearGradients, LinearPass, TrainingError, Twin, TwinGradient,
};
use ndarray::Array2;
use proptest::prelude::*;

fn geometry() -> ArrayGeometry {
    ArrayGeometry::new(2, 16, 24).expect("a small array")
}

/// A twin with smooth curves that stay far from the ends, straight amplitudes, and different parts.
fn smooth() -> Arc<Twin> {
    let knots = Knots::new(-40.0, 20.0, 5).expect("a few knots");
    let driver = |row: usize| DriverTwin {
        amplitudes: std::array::from_fn(|x| (0.9 + 0.02 * (row % 9) as f32) * x as f32),
        works: true,
    };
    let column = |c: usize| ColumnTwin {
        excitatory_lsb: 0.004 + 0.0001 * (c % 5) as f32,
        inhibitory_lsb: 0.0035,
        event_lsb: 0.1,
        deviations_lsb: vec![9.0, 2.0, 0.1 * c as f32, -1.5, -10.0],
        noise_lsb: 0.0,
        event_variance_lsb2: 0.0,
        works: true,
    };
    let hemisphere = HemisphereTwin {
        drivers: (0..16).map(driver).collect(),
        columns: (0..24).map(column).collect(),
    };
    let settings = RunSettings::USUAL;
    let twin = Twin::new(geometry(), settings, knots, vec![hemisphere; 2]).expect("in range");
    Arc::new(twin)
}

/// How a layer may lie on the array.
fn codings() -> Vec<(&'static str, Tiling)> {
    let in_order = Tiling::in_order();
    let coded = |coding| Tiling { coding, ..in_order };
    vec![
        ("in order", in_order),
        (
            "packed",
            Tiling {
                packing: Packing::SideBySide,
                ..in_order
            },
        ),
        (
            "repeated rows",
            coded(Coding {
                row_repetition: 3,
                ..Coding::PLAIN
            }),
        ),
        (
            "averaged columns",
            coded(Coding {
                column_copies: 2,
                ..Coding::PLAIN
            }),
        ),
        (
            "everything",
            coded(Coding {
                weights: WeightCoding::ColumnPair,
                row_repetition: 2,
                column_copies: 2,
                vectors_at_once: 2,
                ..Coding::PLAIN
            }),
        ),
    ]
}

fn plan(tiling: &Tiling, inputs: usize, outputs: usize) -> Plan {
    let shape = LayerShape::dense(inputs, outputs).expect("a small layer");
    tiling.plan(&shape.into(), geometry()).expect("a plan")
}

/// Values between the ends, away from zero and from whole numbers' ties.
fn values(seed: usize, shape: (usize, usize), least: f32, most: f32) -> Array2<f32> {
    let mut state = seed as u64;
    Array2::from_shape_simple_fn(shape, || {
        state = bss2_core::random::derive_seed(state, 1);
        let share = (state >> 40) as f32 / (1_u64 << 24) as f32;
        least + (most - least) * share
    })
}

struct Case {
    twin: Arc<Twin>,
    plan: Plan,
    inputs: Array2<f32>,
    weights: Array2<f32>,
    pulled: Array2<f32>,
}

impl Case {
    /// What the outputs, weighted with the gradient that reaches them, add up to.
    fn total(&self, inputs: &Array2<f32>, weights: &Array2<f32>) -> f64 {
        let outputs = self.twin.respond(&self.plan, inputs.view(), weights.view());
        let outputs = outputs.expect("shapes that fit");
        let parts = outputs.iter().zip(&self.pulled);
        parts.map(|(&y, &g)| f64::from(y) * f64::from(g)).sum()
    }

    /// Gradients with respect to weights and inputs.
    fn gradients(&self, model: &mut dyn GradientModel, outputs: &Array2<f32>) -> [Array2<f32>; 2] {
        self.backward(model, outputs).expect("shapes that fit")
    }

    fn backward(
        &self,
        model: &mut dyn GradientModel,
        outputs: &Array2<f32>,
    ) -> Result<[Array2<f32>; 2], TrainingError> {
        let mut of_weights = Array2::zeros(self.weights.dim());
        let mut of_inputs = Array2::from_elem(self.inputs.dim(), f32::NAN);
        let pass = LinearPass {
            plan: &self.plan,
            inputs: self.inputs.view(),
            weights: self.weights.view(),
            outputs: outputs.view(),
        };
        let into = LinearGradients {
            weights: of_weights.view_mut(),
            inputs: Some(of_inputs.view_mut()),
        };
        model.backward(&pass, self.pulled.clone().view_mut(), into)?;
        Ok([of_weights, of_inputs])
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn it_agrees_with_finite_differences(seed in 1_usize..1000, inputs in 3_usize..40, outputs in 2_usize..30) {
        for (name, tiling) in codings() {
            let mut weights = values(seed + 1, (inputs, outputs), 2.0, 50.0);
            let signs = values(seed + 2, (inputs, outputs), -1.0, 1.0);
            weights.zip_mut_with(&signs, |w, s| *w *= s.signum());
            let case = Case {
                twin: smooth(),
                plan: plan(&tiling, inputs, outputs),
                inputs: values(seed, (3, inputs), 2.0, 28.0),
                weights,
                pulled: values(seed + 3, (3, outputs), -1.0, 1.0),
            };
            let mut model = TwinGradient::new(Arc::clone(&case.twin), &case.plan).expect("its plan");
            let [of_weights, of_inputs] = case.gradients(&mut model, &Array2::zeros((3, outputs)));
            let (i, j, v) = (seed % inputs, seed % outputs, seed % 3);
            let step = 0.25_f32;
            let moved = |by: f32| {
                let mut weights = case.weights.clone();
                weights[[i, j]] += by;
                case.total(&case.inputs, &weights)
            };
            let expected = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            let found = f64::from(of_weights[[i, j]]);
            prop_assert!((found - expected).abs() < 2e-3 + 0.01 * expected.abs(), "{}: weight {} {}", name, found, expected);
            let moved = |by: f32| {
                let mut inputs = case.inputs.clone();
                inputs[[v, i]] += by;
                case.total(&inputs, &case.weights)
            };
            let expected = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            let found = f64::from(of_inputs[[v, i]]);
            prop_assert!((found - expected).abs() < 5e-3 + 0.01 * expected.abs(), "{}: input {} {}", name, found, expected);
        }
    }
}

/// One layer on a uniform, linear twin.
fn linear(gain_lsb: f32) -> Case {
    let twin = Twin::ideal(geometry(), gain_lsb, RunSettings::USUAL).expect("in range");
    Case {
        twin: Arc::new(twin),
        plan: plan(&Tiling::in_order(), 20, 30),
        inputs: values(1, (5, 20), 1.0, 30.0),
        weights: values(2, (20, 30), -60.0, 60.0),
        pulled: values(3, (5, 30), -1.0, 1.0),
    }
}

#[test]
fn on_a_linear_twin_it_is_a_gain() {
    let case = linear(0.001);
    let zeros = Array2::zeros((5, 30));
    let mut model = TwinGradient::new(Arc::clone(&case.twin), &case.plan).expect("its plan");
    let found = case.gradients(&mut model, &zeros);
    let expected = case.gradients(&mut LinearGain { gain_lsb: 0.001 }, &zeros);
    for (found, expected) in found.iter().zip(&expected) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-3 * expected.abs().max(0.01));
        }
    }
}

#[test]
fn what_saturates_passes_nothing() {
    let case = linear(0.001);
    let mut model = TwinGradient::new(Arc::clone(&case.twin), &case.plan).expect("its plan");
    let mut outputs = Array2::zeros((5, 30));
    outputs.column_mut(4).fill(127.0);
    let [of_weights, _] = case.gradients(&mut model, &outputs);
    assert!(of_weights.column(4).iter().all(|&g| g == 0.0));
    assert!(of_weights.column(5).iter().any(|&g| g != 0.0));

    // Every part is beyond its end, whatever the sum of the parts may be.
    let strong = Case {
        weights: Array2::from_elem((20, 30), 60.0),
        ..linear(1.0)
    };
    let mut model = TwinGradient::new(Arc::clone(&strong.twin), &strong.plan).expect("its plan");
    let gradients = strong.gradients(&mut model, &Array2::zeros((5, 30)));
    assert!(gradients.iter().flatten().all(|&g| g == 0.0));
}

#[test]
fn plans_for_other_arrays_or_settings_are_refused() {
    let case = linear(0.001);
    let shape = LayerShape::dense(20, 30).expect("a small layer");
    let other = Tiling::in_order()
        .plan(&shape.into(), ArrayGeometry::BSS2)
        .expect("a plan");
    let refused = TwinGradient::new(Arc::clone(&case.twin), &other).map(drop);
    let refused_array = matches!(
        refused,
        Err(TrainingError::Mapping(MappingError::OtherGeometry {
            what: "the twin",
            ..
        }))
    );
    assert!(refused_array, "{refused:?}");
    let twice = Tiling::in_order().with_settings(RunSettings::new(2, 5).expect("in range"));
    let refused = TwinGradient::new(Arc::clone(&case.twin), &plan(&twice, 20, 30)).map(drop);
    let refused_settings = matches!(
        refused,
        Err(TrainingError::Array(ArrayError::OtherSettings { .. }))
    );
    assert!(refused_settings, "{refused:?}");
    let mut model = TwinGradient::new(Arc::clone(&case.twin), &case.plan).expect("its plan");
    let elsewhere = Case {
        plan: other.clone(),
        ..linear(0.001)
    };
    let refused = elsewhere.backward(&mut model, &Array2::zeros((5, 30)));
    let refused_by_model = matches!(
        refused,
        Err(TrainingError::Mapping(MappingError::OtherGeometry { .. }))
    );
    assert!(refused_by_model, "{refused:?}");
    let weights = Array2::zeros(other.shape().weights());
    let refused = AnalogDense::new(weights, other, Box::new(model)).map(drop);
    let refused_by_layer = matches!(
        refused,
        Err(TrainingError::Mapping(MappingError::OtherGeometry { .. }))
    );
    assert!(refused_by_layer, "{refused:?}");
    let wide = Array2::zeros((5, 21));
    let refused = case
        .twin
        .respond(&case.plan, wide.view(), case.weights.view());
    assert!(matches!(
        refused,
        Err(TrainingError::Shape { what: "inputs", .. })
    ));
}
