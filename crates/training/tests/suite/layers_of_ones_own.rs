//! What a layer from outside the crate can have and see.

use std::sync::{Arc, Mutex};

use bss2_training::{
    Adam, Dense, Layer, Mode, Network, ParameterView, ParameterViewMut, RateSchedule, Schedule,
    Session, TrainingError, UpdateParameter, check_backward, check_forward, evaluate, train,
};
use ndarray::{Array1, Array2, Array4, ArrayView2, ArrayViewMut2, Axis, s};

use crate::support::{DIGITAL, Set, deployed_yin_yang, ideal, yin_yang};

/// y = x + b, with kernels beside it that do nothing; notes the mode of each forward pass.
struct Shift {
    bias: Array1<f32>,
    bias_gradient: Array1<f32>,
    kernels: Array4<f32>,
    modes: Arc<Mutex<Vec<Mode>>>,
}

impl Shift {
    fn new(modes: &Arc<Mutex<Vec<Mode>>>) -> Self {
        Self {
            bias: Array1::zeros(3),
            bias_gradient: Array1::zeros(3),
            kernels: Array4::zeros((1, 2, 3, 4)),
            modes: Arc::clone(modes),
        }
    }
}

impl Layer for Shift {
    fn outputs(&self, inputs: usize) -> Result<usize, TrainingError> {
        Ok(inputs)
    }

    fn forward(
        &mut self,
        session: &mut Session<'_>,
        input: ArrayView2<'_, f32>,
        mut output: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TrainingError> {
        check_forward(self, input, &output)?;
        self.modes
            .lock()
            .expect("no test panics with it")
            .push(session.mode());
        output.assign(&input);
        output += &self.bias;
        Ok(())
    }

    fn backward(
        &mut self,
        input: ArrayView2<'_, f32>,
        output: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f32>,
        input_gradient: Option<ArrayViewMut2<'_, f32>>,
    ) -> Result<(), TrainingError> {
        check_backward(self, input, output, &gradient, input_gradient.as_ref())?;
        self.bias_gradient.assign(&gradient.sum_axis(Axis(0)));
        if let Some(mut input_gradient) = input_gradient {
            input_gradient.assign(&gradient);
        }
        Ok(())
    }

    fn parameters(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        visit(ParameterView {
            name: "bias",
            value: self.bias.view().into_dyn(),
            gradient: self.bias_gradient.view().into_dyn(),
            range: -1.0..=1.0,
        });
        visit(ParameterView {
            name: "weight",
            value: self.kernels.view().into_dyn(),
            gradient: self.kernels.view().into_dyn(),
            range: -1.0..=1.0,
        });
    }

    fn update_parameters(&mut self, update: &mut UpdateParameter<'_>) -> Result<(), TrainingError> {
        update(ParameterViewMut {
            name: "bias",
            value: self.bias.view_mut().into_dyn(),
            gradient: self.bias_gradient.view().into_dyn(),
            range: -1.0..=1.0,
        })?;
        let gradient = Array4::<f32>::zeros((1, 2, 3, 4));
        update(ParameterViewMut {
            name: "weight",
            value: self.kernels.view_mut().into_dyn(),
            gradient: gradient.view().into_dyn(),
            range: -1.0..=1.0,
        })
    }
}

fn shifted(modes: &Arc<Mutex<Vec<Mode>>>) -> Network {
    let weights = Array2::from_shape_fn((4, 3), |(i, o)| (i + o) as f32 / 10.0);
    let layers: Vec<Box<dyn Layer>> =
        vec![Box::new(Dense::new(weights)), Box::new(Shift::new(modes))];
    Network::new(layers).expect("two layers")
}

fn train_one_epoch(network: &mut Network, session: &mut Session<'_>, set: &Set) {
    let schedule = Schedule {
        epochs: 1,
        batch: 20,
        seed: 1,
        rate: RateSchedule::Constant,
    };
    let mut adam = Adam::new(0.01).expect("rate in range");
    train(
        network,
        session,
        set.examples(),
        schedule,
        &DIGITAL,
        &mut adam,
        &mut |_| {},
    )
    .expect("a good set");
}

#[test]
fn any_number_of_parameters_of_any_shape_is_trained() {
    let [set, _] = yin_yang(40, 1);
    let mut network = shifted(&Arc::default());
    let parameters = |network: &Network| {
        let mut found = Vec::new();
        network.parameters(&mut |layer, parameter| {
            found.push((layer, parameter.name, parameter.value.to_owned()));
        });
        found
    };
    let before = parameters(&network);
    let names: Vec<_> = before
        .iter()
        .map(|(layer, name, _)| (*layer, *name))
        .collect();
    assert_eq!(names, [(0, "weight"), (1, "bias"), (1, "weight")]);
    assert_eq!(before[2].2.shape(), [1, 2, 3, 4]);
    train_one_epoch(&mut network, &mut Session::digital(), &set);
    let after = parameters(&network);
    assert_ne!(after[0], before[0]);
    assert_ne!(after[1], before[1]);
    assert_eq!(after[2], before[2], "no gradient");
    let weights = network.weights();
    assert_eq!(weights.len(), 1, "of two dimensions");
    assert_eq!(weights[0].clone().into_dyn(), after[0].2);
}

#[test]
fn an_update_that_is_refused_ends_the_round() {
    let mut network = shifted(&Arc::default());
    let mut seen = Vec::new();
    let refused = network.update_parameters(&mut |parameter| {
        seen.push(parameter.name);
        if parameter.name == "bias" {
            return Err(TrainingError::NoSamples);
        }
        Ok(())
    });
    assert_eq!(refused, Err(TrainingError::NoSamples));
    assert_eq!(seen, ["weight", "bias"]);
}

#[test]
fn layers_are_told_what_a_pass_is_for() {
    let [set, _] = yin_yang(40, 1);
    let modes = Arc::default();
    let mut network = shifted(&modes);
    let mut session = Session::digital();
    train_one_epoch(&mut network, &mut session, &set);
    evaluate(&mut network, &mut session, set.examples()).expect("a good set");
    network
        .forward(&mut session, set.inputs.view())
        .expect("good inputs");
    session.in_mode(Mode::Training, |session| {
        network
            .forward(session, set.inputs.view())
            .expect("good inputs");
        evaluate(&mut network, session, set.examples()).expect("a good set");
    });
    let expected = [
        Mode::Training,
        Mode::Training,
        Mode::Evaluation,
        Mode::Evaluation,
        Mode::Training,
        Mode::Evaluation,
    ];
    assert_eq!(*modes.lock().unwrap(), expected);
    assert_eq!(session.mode(), Mode::Evaluation);
}

#[test]
fn a_training_that_fails_leaves_the_mode_as_it_was() {
    let [set, _] = yin_yang(40, 1);
    let schedule = Schedule {
        epochs: 1,
        batch: 20,
        seed: 1,
        rate: RateSchedule::Constant,
    };
    let mut session = Session::digital();
    let refused = train(
        &mut deployed_yin_yang(&set),
        &mut session,
        set.examples(),
        schedule,
        &DIGITAL,
        &mut Adam::new(0.01).unwrap(),
        &mut |_| {},
    );
    assert_eq!(refused, Err(TrainingError::NoArray { layer: 1.into() }));
    assert_eq!(session.mode(), Mode::Evaluation);
}

#[test]
fn inputs_of_any_strides_give_the_outputs_of_plain_ones() {
    let [set, _] = yin_yang(40, 1);
    let mut spread = Array2::from_elem((80, 12), f32::NAN);
    spread.slice_mut(s![..;-2, ..;-3]).assign(&set.inputs);
    let columns = set.inputs.t().as_standard_layout().into_owned();
    let mut array = ideal();
    let mut session = Session::on(&mut array, 1);
    let mut digital = shifted(&Arc::default());
    let mut analog = deployed_yin_yang(&set);
    for network in [&mut digital, &mut analog] {
        let mut pass = |input: ArrayView2<'_, f32>| {
            let outputs = network.forward(&mut session, input).unwrap().clone();
            network.backward(input, outputs.view()).unwrap();
            let mut gradients = Vec::new();
            network.parameters(&mut |_, p| gradients.push(p.gradient.to_owned()));
            (outputs, gradients)
        };
        let expected = pass(set.inputs.view());
        for input in [spread.slice(s![..;-2, ..;-3]), columns.t()] {
            let found = pass(input);
            assert_eq!(found.0, expected.0);
            for (found, expected) in found.1.iter().zip(&expected.1) {
                assert_eq!(found, expected);
            }
        }
    }
}
