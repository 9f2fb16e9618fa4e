//! What every layer obeys, whatever it computes.

use bss2_core::MacArray;
use bss2_core::testing::{Law, ensure, ensure_done, ensure_equal};
use ndarray::{Array2, ArrayD, ArrayView2, s};

use super::{catch, ensure_close, ensure_shapes_refused, with_one_other};
use crate::{Layer, Mode, Session, TrainingError};

/// An implementation of [`Layer`] that is to be held to the laws.
pub struct LayerSubject {
    /// Makes the layer; equal ones each time. One that draws random numbers in evaluation breaks the law
    /// that vectors are seen alone: their numbers depend on their places.
    pub make: Box<dyn Fn() -> Box<dyn Layer>>,
    /// A number of inputs that it takes.
    pub inputs: usize,
    /// Makes an array without noise that it can run on.
    pub array: Box<dyn Fn() -> Box<dyn MacArray>>,
}

/// The laws of layers.
pub const LAYER_LAWS: &[Law<LayerSubject>] = &[
    Law::new(
        "every output is set",
        "to a number, for batches of any size in evaluation, of two or more vectors in training",
        every_output_is_set,
    ),
    Law::new(
        "equal layers do the same",
        "in equal sessions: outputs and gradients have the same bits",
        equal_layers_do_the_same,
    ),
    Law::new(
        "evaluation sees each vector alone",
        "parts of a batch give the same outputs as the whole",
        evaluation_sees_each_vector_alone,
    ),
    Law::new(
        "evaluation has no memory",
        "what passed before changes no output, and passing changes no parameter and no buffer",
        evaluation_has_no_memory,
    ),
    Law::new(
        "no gradient gives none",
        "where outputs have no gradient, neither parameters nor inputs have one, whatever was there",
        no_gradient_gives_none,
    ),
    Law::new(
        "gradients are linear",
        "twice the outputs' gradient gives twice those of parameters and inputs",
        gradients_are_linear,
    ),
    Law::new(
        "gradients replace those before",
        "a second backward pass leaves those of the second",
        gradients_replace_those_before,
    ),
    Law::new(
        "whether inputs are asked for changes nothing",
        "of the parameters' gradients",
        whether_inputs_are_asked_for_changes_nothing,
    ),
    Law::new(
        "what is shown is handed out",
        "parameters and buffers, in the same order, with names of their own and gradients of their shape",
        what_is_shown_is_handed_out,
    ),
    Law::new(
        "a backward pass alone is right or refused",
        "without a forward pass of so many vectors before it, gradients are the same, or it is refused as such",
        a_backward_pass_alone_is_right_or_refused,
    ),
    Law::new(
        "wrong shapes are refused",
        "in both passes, without a panic, and leave no trace",
        wrong_shapes_are_refused,
    ),
];

type Found = Result<(), String>;

/// A number of vectors whose statistics are defined.
const VECTORS: usize = 5;

/// Whole numbers that every layer takes, an array's inputs included.
fn inputs(vectors: usize, inputs: usize) -> Array2<f32> {
    Array2::from_shape_fn((vectors, inputs), |(v, i)| ((v * 7 + i * 5) % 32) as f32)
}

/// The outputs for a batch, in a session of their own.
fn outputs(
    subject: &LayerSubject,
    layer: &mut dyn Layer,
    mode: Mode,
    input: ArrayView2<'_, f32>,
) -> Result<Array2<f32>, String> {
    let width = ensure_done("the number of outputs", layer.outputs(input.ncols()))?;
    let mut output = Array2::from_elem((input.nrows(), width), f32::NAN);
    let mut array = (subject.array)();
    let mut session = Session::on(array.as_mut(), 1);
    let passed = session.in_mode(mode, |session| {
        layer.forward(session, input, output.view_mut())
    });
    ensure_done("a forward pass", passed)?;
    Ok(output)
}

/// Gradients of the parameters and of the inputs.
type Gradients = (Vec<ArrayD<f32>>, Array2<f32>);

fn of_parameters(layer: &dyn Layer) -> Vec<ArrayD<f32>> {
    let mut gradients = Vec::new();
    layer.parameters(&mut |parameter| gradients.push(parameter.gradient.to_owned()));
    gradients
}

/// A batch that has passed a layer in training.
struct Passed {
    layer: Box<dyn Layer>,
    input: Array2<f32>,
    output: Array2<f32>,
}

impl Passed {
    fn new(subject: &LayerSubject) -> Result<Self, String> {
        let mut layer = (subject.make)();
        let input = inputs(VECTORS, subject.inputs);
        let output = outputs(subject, layer.as_mut(), Mode::Training, input.view())?;
        Ok(Self {
            layer,
            input,
            output,
        })
    }

    /// A gradient of the outputs of which no two are equal.
    fn gradient(&self) -> Array2<f32> {
        Array2::from_shape_fn(self.output.dim(), |(v, o)| v as f32 - o as f32 / 3.0 + 0.1)
    }

    fn back(&mut self, gradient: &Array2<f32>, wants_inputs: bool) -> Result<Gradients, String> {
        let mut of_inputs = Array2::from_elem(self.input.dim(), f32::NAN);
        let passed = self.layer.backward(
            self.input.view(),
            self.output.view(),
            gradient.clone().view_mut(),
            wants_inputs.then(|| of_inputs.view_mut()),
        );
        ensure_done("a backward pass", passed)?;
        Ok((of_parameters(self.layer.as_ref()), of_inputs))
    }
}

fn every_output_is_set(subject: &LayerSubject) -> Found {
    let mut layer = (subject.make)();
    let batches = [
        (Mode::Evaluation, &[VECTORS, 1, 0, VECTORS][..]),
        // One vector and none have no statistics.
        (Mode::Training, &[VECTORS, 2, VECTORS]),
    ];
    for (mode, sizes) in batches {
        for &vectors in sizes {
            let input = inputs(vectors, subject.inputs);
            let found = outputs(subject, layer.as_mut(), mode, input.view())?;
            let is_set = found.iter().all(|y| y.is_finite());
            ensure(is_set, || format!("{vectors} vectors in {mode:?}: {found}"))?;
        }
    }
    Ok(())
}

fn equal_layers_do_the_same(subject: &LayerSubject) -> Found {
    let [mut first, mut second] = [Passed::new(subject)?, Passed::new(subject)?];
    ensure_equal("outputs", &second.output, &first.output)?;
    let gradient = first.gradient();
    let expected = first.back(&gradient, true)?;
    ensure_equal("gradients", &second.back(&gradient, true)?, &expected)
}

fn evaluation_sees_each_vector_alone(subject: &LayerSubject) -> Found {
    let mut layer = (subject.make)();
    let input = inputs(VECTORS, subject.inputs);
    let all = outputs(subject, layer.as_mut(), Mode::Evaluation, input.view())?;
    for at in 0..=VECTORS {
        let (before, after) = (input.slice(s![..at, ..]), input.slice(s![at.., ..]));
        let first = outputs(subject, layer.as_mut(), Mode::Evaluation, before)?;
        ensure_equal("the first part", &first, &all.slice(s![..at, ..]))?;
        let second = outputs(subject, layer.as_mut(), Mode::Evaluation, after)?;
        ensure_equal("the second part", &second, &all.slice(s![at.., ..]))?;
    }
    Ok(())
}

fn evaluation_has_no_memory(subject: &LayerSubject) -> Found {
    let mut layer = (subject.make)();
    let (input, other) = (inputs(VECTORS, subject.inputs), inputs(9, subject.inputs));
    let numbers = shown(layer.as_ref());
    let expected = outputs(subject, layer.as_mut(), Mode::Evaluation, input.view())?;
    outputs(
        subject,
        layer.as_mut(),
        Mode::Evaluation,
        other.slice(s![4.., ..]),
    )?;
    let found = outputs(subject, layer.as_mut(), Mode::Evaluation, input.view())?;
    ensure_equal("outputs", &found, &expected)?;
    ensure_equal("numbers", &shown(layer.as_ref()), &numbers)
}

fn no_gradient_gives_none(subject: &LayerSubject) -> Found {
    let mut passed = Passed::new(subject)?;
    passed.back(&passed.gradient(), true)?;
    let none = Array2::zeros(passed.output.dim());
    let (parameters, inputs) = passed.back(&none, true)?;
    let mut all = parameters.iter().flatten().chain(&inputs);
    let some = all.find(|g| **g != 0.0);
    ensure(some.is_none(), || format!("{some:?} instead of 0"))
}

fn gradients_are_linear(subject: &LayerSubject) -> Found {
    let mut passed = Passed::new(subject)?;
    let gradient = passed.gradient();
    let (parameters, inputs) = passed.back(&gradient, true)?;
    let (found, found_inputs) = passed.back(&(2.0 * &gradient), true)?;
    for (found, expected) in found.iter().zip(parameters) {
        ensure_close("parameters", found, &(2.0 * expected))?;
    }
    ensure_close("inputs", &found_inputs, &(2.0 * inputs))
}

fn gradients_replace_those_before(subject: &LayerSubject) -> Found {
    let mut passed = Passed::new(subject)?;
    let gradient = passed.gradient();
    let expected = passed.back(&gradient, true)?;
    passed.back(&(-3.0 * &gradient), true)?;
    ensure_equal("gradients", &passed.back(&gradient, true)?, &expected)
}

fn whether_inputs_are_asked_for_changes_nothing(subject: &LayerSubject) -> Found {
    let mut passed = Passed::new(subject)?;
    let gradient = passed.gradient();
    let (expected, _) = passed.back(&gradient, true)?;
    let (found, _) = passed.back(&gradient, false)?;
    ensure_equal("gradients of parameters", &found, &expected)
}

/// Names and numbers of parameters, then of buffers.
fn shown(layer: &dyn Layer) -> Vec<(&'static str, ArrayD<f32>)> {
    let mut shown = Vec::new();
    layer.parameters(&mut |parameter| shown.push((parameter.name, parameter.value.to_owned())));
    layer.buffers(&mut |buffer| shown.push((buffer.name, buffer.value.to_owned())));
    shown
}

fn what_is_shown_is_handed_out(subject: &LayerSubject) -> Found {
    let mut layer = Passed::new(subject)?.layer;
    let mut handed_out = Vec::new();
    let updated = layer.update_parameters(&mut |parameter| {
        handed_out.push((parameter.name, parameter.value.to_owned()));
        parameter.check()
    });
    ensure_done("an update", updated)?;
    let replaced = layer.update_buffers(&mut |buffer| {
        handed_out.push((buffer.name, buffer.value.to_owned()));
        Ok(())
    });
    ensure_done("replacing buffers", replaced)?;
    let shown = shown(layer.as_ref());
    ensure_equal("handed out", &handed_out, &shown)?;
    let mut names: Vec<_> = shown.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    ensure(names.len() == shown.len(), || {
        format!("names are not unique: {names:?}")
    })
}

fn a_backward_pass_alone_is_right_or_refused(subject: &LayerSubject) -> Found {
    let mut passed = Passed::new(subject)?;
    let gradient = passed.gradient();
    let expected = passed.back(&gradient, true)?;
    let others = VECTORS + 2;
    for (passes_before, what) in [
        (0, "a backward pass without a forward pass".to_owned()),
        (
            1,
            format!("a backward pass of {VECTORS} vectors after a forward pass of {others}"),
        ),
    ] {
        let mut layer = (subject.make)();
        for _ in 0..passes_before {
            let input = inputs(others, subject.inputs);
            outputs(subject, layer.as_mut(), Mode::Training, input.view())?;
        }
        let mut of_inputs = Array2::from_elem(passed.input.dim(), f32::NAN);
        let back = || {
            layer.backward(
                passed.input.view(),
                passed.output.view(),
                gradient.clone().view_mut(),
                Some(of_inputs.view_mut()),
            )
        };
        match catch(&what, back)? {
            Err(TrainingError::NoForward) => {}
            alone => {
                ensure_done(&what, alone)?;
                let found = (of_parameters(layer.as_ref()), of_inputs);
                ensure_equal(&what, &found, &expected)?;
            }
        }
    }
    Ok(())
}

fn wrong_shapes_are_refused(subject: &LayerSubject) -> Found {
    let mut passed = Passed::new(subject)?;
    let gradient = passed.gradient();
    let expected = passed.back(&gradient, true)?;
    let (input, output) = (passed.input.dim(), passed.output.dim());
    for shapes in with_one_other([input, output, output, input]) {
        let back = || back_of_shapes(passed.layer.as_mut(), shapes);
        ensure_shapes_refused(&format!("a backward pass of {shapes:?}"), back)?;
    }
    let found = passed.back(&gradient, true)?;
    ensure_equal("gradients after what was refused", &found, &expected)?;

    let mut layer = (subject.make)();
    let mut array = (subject.array)();
    for shapes in with_one_other([input, output]) {
        if fit(layer.as_ref(), shapes) {
            continue;
        }
        let pass = || forward_of_shapes(layer.as_mut(), array.as_mut(), shapes);
        ensure_shapes_refused(&format!("a forward pass of {shapes:?}"), pass)?;
    }
    let fresh = shown((subject.make)().as_ref());
    let found = shown(layer.as_ref());
    ensure_equal("numbers after what was refused", &found, &fresh)
}

/// A backward pass of input, output, gradient and input gradient of some shapes.
fn back_of_shapes(
    layer: &mut dyn Layer,
    [input, output, gradient, input_gradient]: [(usize, usize); 4],
) -> Result<(), TrainingError> {
    layer.backward(
        Array2::zeros(input).view(),
        Array2::zeros(output).view(),
        Array2::zeros(gradient).view_mut(),
        Some(Array2::zeros(input_gradient).view_mut()),
    )
}

/// Whether outputs are those of so many inputs: another number of them may have as many.
fn fit(layer: &dyn Layer, [input, output]: [(usize, usize); 2]) -> bool {
    let width = layer.outputs(input.1);
    width.is_ok_and(|width| output == (input.0, width))
}

/// A forward pass in training, of input and output of some shapes.
fn forward_of_shapes(
    layer: &mut dyn Layer,
    array: &mut dyn MacArray,
    [input, output]: [(usize, usize); 2],
) -> Result<(), TrainingError> {
    let (input, mut output) = (Array2::zeros(input), Array2::zeros(output));
    Session::on(array, 1).in_mode(Mode::Training, |session| {
        layer.forward(session, input.view(), output.view_mut())
    })
}
