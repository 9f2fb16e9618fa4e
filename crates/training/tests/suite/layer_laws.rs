//! Each law of layers is seen to be broken by one that breaks it.

use std::sync::atomic::{AtomicU32, Ordering};

use bss2_core::MacArray;
use bss2_training::testing::{LAYER_LAWS, LayerSubject};
use bss2_training::{
    BufferView, Dense, Layer, Mode, ParameterView, Session, TrainingError, UpdateParameter,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::support::ideal;

/// What is wrong with a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    LeavesTheLastOutput,
    CountsLayers,
    SeesTheBatch,
    CountsPasses,
    AddsToGradients,
    SquaresGradients,
    KeepsGradients,
    LooksWhoAsks,
    HandsOutNothing,
    GuessesThePass,
    GuessesItsVectors,
    PanicsAlone,
    TakesAnyOutput,
    TakesAnyGradient,
    PanicsAtOtherShapes,
}

/// Which law each of them breaks at least.
const BREAKS: &[(Defect, &str)] = &[
    (Defect::LeavesTheLastOutput, "every output is set"),
    (Defect::CountsLayers, "equal layers do the same"),
    (Defect::SeesTheBatch, "evaluation sees each vector alone"),
    (Defect::CountsPasses, "evaluation has no memory"),
    (Defect::AddsToGradients, "no gradient gives none"),
    (Defect::SquaresGradients, "gradients are linear"),
    (Defect::KeepsGradients, "gradients replace those before"),
    (
        Defect::LooksWhoAsks,
        "whether inputs are asked for changes nothing",
    ),
    (Defect::HandsOutNothing, "what is shown is handed out"),
    (
        Defect::GuessesThePass,
        "a backward pass alone is right or refused",
    ),
    (
        Defect::GuessesItsVectors,
        "a backward pass alone is right or refused",
    ),
    (
        Defect::PanicsAlone,
        "a backward pass alone is right or refused",
    ),
    (Defect::TakesAnyOutput, "wrong shapes are refused"),
    (Defect::TakesAnyGradient, "wrong shapes are refused"),
    (Defect::PanicsAtOtherShapes, "wrong shapes are refused"),
];

/// A dense layer with a defect.
struct Broken {
    inner: Dense,
    defect: Defect,
    number: u32,
    passes: u32,
    /// Of the last pass.
    vectors: f32,
    kept: f32,
}

impl Layer for Broken {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        self.inner.outputs(inputs)
    }

    fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        match self.inner.forward(session, input, output.view_mut()) {
            Err(_) if self.defect == Defect::TakesAnyOutput => {}
            passed => passed?,
        }
        self.passes += 1;
        self.vectors = output.nrows() as f32;
        match self.defect {
            Defect::LeavesTheLastOutput => {
                if let Some(last) = output.last_mut() {
                    *last = f32::NAN;
                }
            }
            Defect::CountsLayers => output += self.number as f32,
            Defect::SeesTheBatch => output += self.vectors,
            Defect::CountsPasses if session.mode() == Mode::Evaluation => {
                output += self.passes as f32;
            }
            _ => {}
        }
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        mut gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError> {
        match self.defect {
            Defect::AddsToGradients => gradient += 0.5,
            Defect::SquaresGradients => gradient.mapv_inplace(|g| g * g),
            Defect::KeepsGradients => {
                self.kept += gradient.sum();
                gradient += self.kept;
            }
            Defect::GuessesThePass if self.passes == 0 => gradient *= 2.0,
            Defect::GuessesItsVectors if self.passes == 0 => return Err(TrainingError::NoForward),
            Defect::GuessesItsVectors => gradient *= self.vectors,
            Defect::PanicsAlone => assert!(self.passes > 0, "nothing has passed"),
            Defect::LooksWhoAsks if input_gradient.is_none() => gradient *= 2.0,
            _ => {}
        }
        let passed = self.inner.backward(input, output, gradient, input_gradient);
        match (self.defect, passed) {
            (Defect::TakesAnyGradient, Err(_)) => Ok(()),
            (Defect::PanicsAtOtherShapes, Err(error)) => panic!("{error}"),
            (_, passed) => passed,
        }
    }

    fn parameters(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        self.inner.parameters(visit);
    }

    fn update_parameters(&mut self, update: &mut UpdateParameter<'_>) -> Result<(), TrainingError> {
        match self.defect {
            Defect::HandsOutNothing => Ok(()),
            _ => self.inner.update_parameters(update),
        }
    }

    fn buffers(&self, visit: &mut dyn FnMut(BufferView<'_>)) {
        self.inner.buffers(visit);
    }
}

fn broken_laws(defect: Defect) -> Vec<&'static str> {
    let made = AtomicU32::new(0);
    let make = move || -> Box<dyn Layer> {
        Box::new(Broken {
            inner: Dense::new(Array2::from_shape_fn((6, 4), |(i, o)| {
                i as f32 - 2.3 * o as f32
            })),
            defect,
            number: made.fetch_add(1, Ordering::Relaxed),
            passes: 0,
            vectors: 0.0,
            kept: 0.0,
        })
    };
    let subject = LayerSubject {
        make: Box::new(make),
        inputs: 6,
        array: Box::new(|| -> Box<dyn MacArray> { Box::new(ideal()) }),
    };
    let broken = LAYER_LAWS.iter().filter(|law| law.hold(&subject).is_err());
    broken.map(|law| law.name).collect()
}

#[test]
fn a_good_layer_breaks_none() {
    assert_eq!(broken_laws(Defect::None), [""; 0]);
}

#[test]
fn each_law_is_broken_by_a_layer_that_breaks_it() {
    for (defect, law) in BREAKS {
        let broken = broken_laws(*defect);
        assert!(broken.contains(law), "{defect:?} breaks {broken:?}");
    }
    for law in LAYER_LAWS {
        let is_broken = BREAKS.iter().any(|(_, name)| *name == law.name);
        assert!(is_broken, "{}", law.name);
    }
}
