//! What every gradient model obeys.

use bss2_core::random::keyed_stream;
use bss2_core::testing::{Law, ensure, ensure_done};
use bss2_core::{ACTIVATION_MAX, ArrayGeometry, WEIGHT_MAX};
use bss2_mapping::{LayerShape, MappingStrategy, Plan, Tiling};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use rand::RngExt;

use super::{ensure_close, ensure_shapes_refused, with_one_other};
use crate::{GradientModel, LinearGradients, LinearPass, TrainingError};

/// Makes a gradient model for a plan.
pub type MakeModel = dyn Fn(&Plan) -> Result<Box<dyn GradientModel>, TrainingError>;

/// An implementation of [`GradientModel`] that is to be held to the laws.
pub struct GradientSubject {
    /// Makes it for a plan of a layer on a BSS-2 chip.
    pub make: Box<MakeModel>,
}

/// The laws of gradient models.
pub const GRADIENT_LAWS: &[Law<GradientSubject>] = &[
    Law::new(
        "no gradient gives none",
        "where outputs have no gradient, neither weights nor inputs have one",
        no_gradient_gives_none,
    ),
    Law::new(
        "gradients are linear",
        "twice the outputs' gradient gives twice those of weights and inputs",
        gradients_are_linear,
    ),
    Law::new(
        "gradients of weights are added",
        "to what is there",
        gradients_of_weights_are_added,
    ),
    Law::new(
        "parts of a batch add up",
        "to the gradient of the whole; inputs do not see other vectors",
        parts_of_a_batch_add_up,
    ),
    Law::new(
        "whether inputs are asked for changes nothing",
        "of the weights' gradient",
        whether_inputs_are_asked_for_changes_nothing,
    ),
    Law::new(
        "a model has no memory",
        "the same pass has the same gradients, whatever came between",
        a_model_has_no_memory,
    ),
    Law::new(
        "wrong shapes are refused",
        "without a panic, and nothing is added",
        wrong_shapes_are_refused,
    ),
];

type Found = Result<(), String>;

const VECTORS: usize = 6;

/// A pass through a layer of several blocks, and a gradient of its outputs.
struct Case {
    plan: Plan,
    inputs: Array2<f32>,
    weights: Array2<f32>,
    outputs: Array2<f32>,
    gradient: Array2<f32>,
}

/// Gradients of weights and of inputs.
type Gradients = (Array2<f32>, Array2<f32>);

impl Case {
    fn new(seed: u64) -> Result<Self, String> {
        let shape = LayerShape::dense(150, 20).map_err(|error| error.to_string())?;
        let plan = Tiling::balanced().plan(&shape.into(), ArrayGeometry::BSS2);
        let mut rng = keyed_stream(seed, 7);
        let mut draw = |size: (usize, usize), range: std::ops::RangeInclusive<f32>| {
            Array2::from_shape_simple_fn(size, || rng.random_range(range.clone()))
        };
        let (activation, weight) = (f32::from(ACTIVATION_MAX), f32::from(WEIGHT_MAX));
        Ok(Self {
            plan: plan.map_err(|error| error.to_string())?,
            inputs: draw((VECTORS, shape.inputs()), 0.0..=activation).mapv(f32::round),
            weights: draw(shape.weights(), -weight..=weight),
            outputs: draw((VECTORS, shape.outputs()), -128.0..=127.0).mapv(f32::round),
            gradient: draw((VECTORS, shape.outputs()), -1.0..=1.0),
        })
    }

    fn model(&self, subject: &GradientSubject) -> Result<Box<dyn GradientModel>, String> {
        let model = (subject.make)(&self.plan).map_err(|error| error.to_string())?;
        model.check(&self.plan).map_err(|error| error.to_string())?;
        Ok(model)
    }

    /// The gradients of some of the vectors, where the weights' gradient begins with a number.
    fn gradients(
        &self,
        model: &mut dyn GradientModel,
        vectors: std::ops::Range<usize>,
        gradient: ArrayView2<'_, f32>,
        begin: f32,
    ) -> Result<Gradients, String> {
        let rows = s![vectors.clone(), ..];
        let mut weights = Array2::from_elem(self.weights.dim(), begin);
        let mut inputs = Array2::from_elem((vectors.len(), self.inputs.ncols()), f32::NAN);
        let mut gradient = gradient.slice(rows).to_owned();
        let pass = LinearPass {
            plan: &self.plan,
            inputs: self.inputs.slice(rows),
            weights: self.weights.view(),
            outputs: self.outputs.slice(rows),
        };
        let into = LinearGradients {
            weights: weights.view_mut(),
            inputs: Some(inputs.view_mut()),
        };
        let passed = model.backward(&pass, gradient.view_mut(), into);
        ensure_done("a backward pass", passed)?;
        Ok((weights, inputs))
    }

    fn all(&self, model: &mut dyn GradientModel) -> Result<Gradients, String> {
        self.gradients(model, 0..VECTORS, self.gradient.view(), 0.0)
    }
}

fn no_gradient_gives_none(subject: &GradientSubject) -> Found {
    let case = Case::new(1)?;
    let none = Array2::zeros(case.gradient.dim());
    let mut model = case.model(subject)?;
    let (weights, inputs) = case.gradients(model.as_mut(), 0..VECTORS, none.view(), 0.0)?;
    let all = weights.iter().chain(&inputs);
    let some = all.copied().find(|x| *x != 0.0);
    ensure(some.is_none(), || format!("{some:?} instead of 0"))
}

fn gradients_are_linear(subject: &GradientSubject) -> Found {
    let case = Case::new(2)?;
    let mut model = case.model(subject)?;
    let (weights, inputs) = case.all(model.as_mut())?;
    let twice = 2.0 * &case.gradient;
    let found = case.gradients(model.as_mut(), 0..VECTORS, twice.view(), 0.0)?;
    ensure_close("weights", &found.0, &(2.0 * weights))?;
    ensure_close("inputs", &found.1, &(2.0 * inputs))
}

fn gradients_of_weights_are_added(subject: &GradientSubject) -> Found {
    let case = Case::new(3)?;
    let mut model = case.model(subject)?;
    let (weights, _) = case.all(model.as_mut())?;
    let (found, _) = case.gradients(model.as_mut(), 0..VECTORS, case.gradient.view(), 5.0)?;
    ensure_close("onto 5", &found, &(weights + 5.0))
}

fn parts_of_a_batch_add_up(subject: &GradientSubject) -> Found {
    let case = Case::new(4)?;
    let mut model = case.model(subject)?;
    let (weights, inputs) = case.all(model.as_mut())?;
    let mut sum = Array2::zeros(weights.dim());
    for vectors in [0..2, 2..VECTORS] {
        let (part, of_inputs) =
            case.gradients(model.as_mut(), vectors.clone(), case.gradient.view(), 0.0)?;
        sum += &part;
        let expected = inputs.slice(s![vectors.clone(), ..]).to_owned();
        ensure_close(&format!("inputs of {vectors:?}"), &of_inputs, &expected)?;
    }
    ensure_close("weights", &sum, &weights)
}

fn whether_inputs_are_asked_for_changes_nothing(subject: &GradientSubject) -> Found {
    let case = Case::new(5)?;
    let mut model = case.model(subject)?;
    let (expected, _) = case.all(model.as_mut())?;
    let mut found = Array2::zeros(expected.dim());
    let mut gradient = case.gradient.clone();
    let pass = LinearPass {
        plan: &case.plan,
        inputs: case.inputs.view(),
        weights: case.weights.view(),
        outputs: case.outputs.view(),
    };
    let into = LinearGradients {
        weights: found.view_mut(),
        inputs: None,
    };
    ensure_done(
        "a backward pass",
        model.backward(&pass, gradient.view_mut(), into),
    )?;
    ensure_close("weights alone", &found, &expected)
}

fn a_model_has_no_memory(subject: &GradientSubject) -> Found {
    let (case, other) = (Case::new(6)?, Case::new(7)?);
    let mut model = case.model(subject)?;
    let expected = case.all(model.as_mut())?;
    other.all(model.as_mut())?;
    let found = case.all(model.as_mut())?;
    ensure(found == expected, || {
        "other gradients after another pass".to_owned()
    })
}

fn wrong_shapes_are_refused(subject: &GradientSubject) -> Found {
    let case = Case::new(8)?;
    let mut model = case.model(subject)?;
    let (inputs, outputs) = (case.inputs.dim(), case.outputs.dim());
    let weights = case.weights.dim();
    for shapes in with_one_other([inputs, weights, outputs, outputs, weights, inputs]) {
        let mut of_weights = Array2::zeros(shapes[4]);
        let back = || back_of_shapes(model.as_mut(), &case.plan, shapes, of_weights.view_mut());
        ensure_shapes_refused(&format!("a backward pass of {shapes:?}"), back)?;
        let some = of_weights.iter().find(|g| **g != 0.0);
        ensure(some.is_none(), || format!("{shapes:?}: {some:?} is added"))?;
    }
    Ok(())
}

/// A backward pass of inputs, weights, outputs, gradient, weight gradient and input gradient of some
/// shapes.
fn back_of_shapes(
    model: &mut dyn GradientModel,
    plan: &Plan,
    [inputs, weights, outputs, gradient, _, input_gradient]: [(usize, usize); 6],
    weight_gradient: ArrayViewMut2<'_, f32>,
) -> Result<(), TrainingError> {
    let [inputs, weights, outputs, mut gradient, mut input_gradient] =
        [inputs, weights, outputs, gradient, input_gradient].map(Array2::ones);
    let pass = LinearPass {
        plan,
        inputs: inputs.view(),
        weights: weights.view(),
        outputs: outputs.view(),
    };
    let into = LinearGradients {
        weights: weight_gradient,
        inputs: Some(input_gradient.view_mut()),
    };
    model.backward(&pass, gradient.view_mut(), into)
}
