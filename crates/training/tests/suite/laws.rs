//! Gradient models obey their laws, and each law is seen to be broken by one that breaks it.

use bss2_core::testing::hold_all;
use bss2_core::{ArrayGeometry, NOMINAL_GAIN_LSB, RunSettings};
use bss2_mapping::Plan;
use bss2_training::testing::{GRADIENT_LAWS, GradientSubject};
use bss2_training::{
    GradientModel, LinearGain, LinearGradients, LinearPass, SaturationMask, SmoothSaturation,
    TrainingError, Twin, TwinGradient,
};
use ndarray::ArrayViewMut2;

fn subject(
    make: impl Fn(&Plan) -> Result<Box<dyn GradientModel>, TrainingError> + 'static,
) -> GradientSubject {
    GradientSubject {
        make: Box::new(make),
    }
}

const GAIN_LSB: f32 = NOMINAL_GAIN_LSB;

#[test]
fn every_gradient_model_obeys_them() {
    let twin = Twin::mock(ArrayGeometry::BSS2, GAIN_LSB, 1.6, RunSettings::USUAL).unwrap();
    let twin = std::sync::Arc::new(twin);
    for (name, subject) in [
        (
            "linear gain",
            subject(|_| Ok(Box::new(LinearGain { gain_lsb: GAIN_LSB }))),
        ),
        (
            "saturation mask",
            subject(|_| Ok(Box::new(SaturationMask { gain_lsb: GAIN_LSB }))),
        ),
        (
            "smooth saturation",
            subject(|_| {
                Ok(Box::new(SmoothSaturation {
                    gain_lsb: GAIN_LSB,
                    lowest_lsb: -110.0,
                    highest_lsb: 120.0,
                }))
            }),
        ),
        (
            "twin",
            subject(move |plan| Ok(Box::new(TwinGradient::new(twin.clone(), plan)?))),
        ),
    ] {
        if let Err(violations) = hold_all(GRADIENT_LAWS, &subject) {
            panic!("{name}: {violations:#?}");
        }
    }
}

/// What is wrong with a gradient model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    Offset,
    Squares,
    Replaces,
    SeesTheBatch,
    LooksWhoAsks,
    Remembers,
    TakesAnyShape,
    PanicsAtOtherShapes,
}

/// A linear gain with a defect.
struct Broken {
    inner: LinearGain,
    defect: Defect,
    passes: u32,
}

impl GradientModel for Broken {
    fn backward(
        &mut self,
        pass: &LinearPass<'_>,
        mut gradient: ArrayViewMut2<'_, f32>,
        mut into: LinearGradients<'_>,
    ) -> Result<(), TrainingError> {
        let vectors = gradient.nrows() as f32;
        match self.defect {
            Defect::Offset => gradient += 0.5,
            Defect::Squares => gradient.mapv_inplace(|g| g * g),
            Defect::Replaces => into.weights.fill(0.0),
            Defect::SeesTheBatch => gradient /= vectors,
            Defect::LooksWhoAsks if into.inputs.is_none() => gradient *= 2.0,
            Defect::Remembers => gradient *= 1.0 + self.passes as f32,
            _ => {}
        }
        self.passes += 1;
        let passed = self.inner.backward(pass, gradient, into);
        match (self.defect, passed) {
            (Defect::TakesAnyShape, Err(_)) => Ok(()),
            (Defect::PanicsAtOtherShapes, Err(error)) => panic!("{error}"),
            (_, passed) => passed,
        }
    }
}

#[test]
fn each_law_is_broken_by_a_model_that_breaks_it() {
    let broken = |defect| {
        let subject = subject(move |_| {
            Ok(Box::new(Broken {
                inner: LinearGain { gain_lsb: GAIN_LSB },
                defect,
                passes: 0,
            }))
        });
        let laws = GRADIENT_LAWS.iter();
        let broken = laws.filter(|law| law.hold(&subject).is_err());
        broken.map(|law| law.name).collect::<Vec<_>>()
    };
    assert_eq!(broken(Defect::None), [""; 0]);
    let cases = [
        (Defect::Offset, "no gradient gives none"),
        (Defect::Squares, "gradients are linear"),
        (Defect::Replaces, "gradients of weights are added"),
        (Defect::SeesTheBatch, "parts of a batch add up"),
        (
            Defect::LooksWhoAsks,
            "whether inputs are asked for changes nothing",
        ),
        (Defect::Remembers, "a model has no memory"),
        (Defect::TakesAnyShape, "wrong shapes are refused"),
        (Defect::PanicsAtOtherShapes, "wrong shapes are refused"),
    ];
    for (defect, law) in cases {
        let found = broken(defect);
        assert!(found.contains(&law), "{defect:?} breaks {found:?}");
    }
    for law in GRADIENT_LAWS {
        assert!(
            cases.iter().any(|(_, name)| *name == law.name),
            "{}",
            law.name
        );
    }
}
