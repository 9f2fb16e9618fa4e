//! What does not fit is refused with its place, and the network can go on.

use bss2_mapping::{LayerShape, MappingStrategy, Tiling};
use bss2_training::{
    AnalogDense, BatchNorm, CrossEntropy, Dense, Dropout, Epoch, Examples, InjectNoise, Layer,
    LinearGain, LinearGradients, Loss, Mode, Network, NoiseKind, NoisyModes, RateSchedule, Relu,
    Schedule, Session, Sgd, StepBuffers, Trainer, TrainingError, TrainingState, epoch_order,
    evaluate, exact_products, float_mlp, train,
};
use ndarray::{Array2, array, s};

use crate::support::{CHIP, DIGITAL, Set, analog_dense, deployed_yin_yang, ideal, yin_yang};

const SCHEDULE: Schedule = Schedule {
    epochs: 2,
    batch: 5,
    seed: 1,
    rate: RateSchedule::Constant,
};

fn small_set() -> Set {
    let [set, _] = yin_yang(40, 1);
    set
}

fn train_with(
    network: &mut Network,
    session: &mut Session<'_>,
    examples: Examples<'_>,
    schedule: Schedule,
    rate: f32,
) -> Result<Vec<Epoch>, TrainingError> {
    let mut epochs = Vec::new();
    let mut sgd = Sgd::new(rate, 0.0)?;
    train(
        network,
        session,
        examples,
        schedule,
        &DIGITAL,
        &mut sgd,
        &mut |epoch| epochs.push(epoch),
    )?;
    Ok(epochs)
}

#[test]
fn an_analog_layer_without_an_array_is_named() {
    let set = small_set();
    let mut network = deployed_yin_yang(&set);
    let expected = TrainingError::NoArray { layer: 1.into() };
    let mut session = Session::digital();
    let refused = network.forward(&mut session, set.inputs.view()).err();
    assert_eq!(refused, Some(expected.clone()));
    assert_eq!(
        evaluate(&mut network, &mut session, set.examples()),
        Err(expected.clone())
    );
    let refused = train_with(&mut network, &mut session, set.examples(), SCHEDULE, 0.1);
    assert_eq!(refused, Err(expected));
}

#[test]
fn a_wrong_width_is_named_with_its_layer() {
    let narrow = Array2::zeros((2, 3));
    let mut float = float_mlp(&[4, 6, 3], 1).unwrap();
    let refused = float.forward(&mut Session::digital(), narrow.view()).err();
    let width = |layer| TrainingError::Width {
        layer,
        expected: 4,
        found: 3,
    };
    assert_eq!(refused, Some(width(0.into())));

    let mut analog = deployed_yin_yang(&small_set());
    let mut array = ideal();
    let refused = analog
        .forward(&mut Session::on(&mut array, 1), narrow.view())
        .err();
    assert_eq!(refused, Some(width(1.into())));

    let misfits = Network::new(vec![
        Box::new(Dense::new(Array2::zeros((3, 2)))),
        Box::new(Dense::new(Array2::zeros((4, 2)))),
    ]);
    let refused = misfits
        .unwrap()
        .forward(&mut Session::digital(), narrow.view())
        .err();
    assert_eq!(
        refused,
        Some(TrainingError::Width {
            layer: 1.into(),
            expected: 4,
            found: 2
        })
    );
}

#[test]
fn an_array_of_another_size_is_refused() {
    let set = small_set();
    let mut network = deployed_yin_yang(&set);
    let geometry = bss2_core::ArrayGeometry::new(1, 8, 8).unwrap();
    let mut other = bss2_hardware::IdealArray::new(geometry, 1.0).unwrap();
    let refused = evaluate(
        &mut network,
        &mut Session::on(&mut other, 1),
        set.examples(),
    );
    assert!(
        matches!(refused, Err(TrainingError::Mapping(_))),
        "{refused:?}"
    );
}

#[test]
fn labels_beyond_the_outputs_are_named() {
    let mut set = small_set();
    set.labels = vec![3; 40];
    let mut network = float_mlp(&[4, 6, 3], 1).unwrap();
    let mut session = Session::digital();
    let refusals = [
        evaluate(&mut network, &mut session, set.examples()).err(),
        train_with(&mut network, &mut session, set.examples(), SCHEDULE, 0.1).err(),
    ];
    for refusal in refusals {
        assert_eq!(
            refusal,
            Some(TrainingError::LabelOutOfRange {
                sample: 0,
                label: 3,
                classes: 3
            })
        );
    }
}

/// The order of an epoch is no business of the caller's: the index is that of the set.
#[test]
fn a_bad_label_is_named_by_its_index_in_the_set() {
    let [mut set, _] = yin_yang(1100, 1);
    set.labels[1050] = 9;
    let expected = TrainingError::LabelOutOfRange {
        sample: 1050,
        label: 9,
        classes: 3,
    };
    let mut network = float_mlp(&[4, 6, 3], 1).unwrap();
    let mut session = Session::digital();
    let refused = train_with(&mut network, &mut session, set.examples(), SCHEDULE, 0.1);
    assert_eq!(refused, Err(expected.clone()));
    assert_eq!(
        evaluate(&mut network, &mut session, set.examples()),
        Err(expected)
    );
}

#[test]
fn counts_that_differ_and_empty_sets_are_refused() {
    let inputs = Array2::<f32>::zeros((3, 2));
    assert_eq!(
        Examples::new(inputs.view(), &[0, 1]).err(),
        Some(TrainingError::LabelCount {
            inputs: 3,
            labels: 2
        })
    );
    let none = inputs.slice(s![..0, ..]);
    assert_eq!(
        Examples::new(none, &[]).err(),
        Some(TrainingError::NoSamples)
    );
    let no_features = inputs.slice(s![.., ..0]);
    assert_eq!(
        Examples::new(no_features, &[0; 3]).err(),
        Some(TrainingError::NoSamples)
    );
    let mut gradient = Array2::zeros(inputs.dim());
    assert_eq!(
        DIGITAL.evaluate(inputs.view(), &[0], gradient.view_mut()),
        Err(TrainingError::LabelCount {
            inputs: 3,
            labels: 1
        })
    );
}

#[test]
fn schedules_of_nothing_are_refused() {
    let set = small_set();
    let mut network = float_mlp(&[4, 6, 3], 1).unwrap();
    let before = network.weights();
    for (name, epochs, batch) in [("epochs", 0, 5), ("batch", 1, 0), ("epochs", 1_000_001, 1)] {
        let schedule = Schedule {
            epochs,
            batch,
            seed: 1,
            rate: RateSchedule::Constant,
        };
        let mut session = Session::digital();
        let refused = train_with(&mut network, &mut session, set.examples(), schedule, 0.1);
        assert!(
            matches!(&refused, Err(TrainingError::OptionOutOfRange { option, .. }) if *option == name),
            "{refused:?}"
        );
    }
    assert_eq!(network.weights(), before);
}

#[test]
fn an_epoch_alone_is_checked_as_well() {
    let set = small_set();
    let nothing = Schedule {
        batch: 0,
        ..SCHEDULE
    };
    let refused = Trainer::new(nothing, &DIGITAL).epoch(
        &mut float_mlp(&[4, 6, 3], 1).unwrap(),
        &mut Session::digital(),
        &mut Sgd::new(0.1, 0.0).unwrap(),
        set.examples(),
        &mut TrainingState::default(),
        &mut StepBuffers::default(),
    );
    assert!(
        matches!(
            &refused,
            Err(TrainingError::OptionOutOfRange {
                option: "batch",
                ..
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn networks_of_nothing_are_refused() {
    for widths in [&[][..], &[4], &[4, 0, 3], &[0, 3]] {
        let refused = float_mlp(widths, 1).map(drop);
        assert_eq!(
            refused,
            Err(TrainingError::Widths {
                widths: widths.to_vec()
            })
        );
    }
    assert!(Network::new(Vec::new()).is_err());
    let shape = LayerShape::dense(4, 3).unwrap();
    let plan = Tiling::in_order().plan(&shape.into(), CHIP).unwrap();
    let other = Array2::zeros((3, 4));
    let model = Box::new(LinearGain { gain_lsb: 1.0 });
    let refused = AnalogDense::new(other, plan, model).map(drop);
    assert!(matches!(refused, Err(TrainingError::Widths { .. })));
}

#[test]
fn an_input_that_is_no_number_is_named_with_sample_and_feature() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut set = small_set();
        set.inputs[[17, 2]] = bad;
        set.inputs[[17, 3]] = f32::NAN;
        set.inputs[[30, 0]] = f32::NAN;
        let refused = Examples::new(set.inputs.view(), &set.labels).map(drop);
        assert!(matches!(
            refused,
            Err(TrainingError::InputNotFinite { sample: 17, feature: 2, value })
                if value.to_bits() == bad.to_bits()
        ));
    }
}

#[test]
fn outputs_that_are_no_numbers_are_named_with_epoch_step_and_layer() {
    let mut set = small_set();
    set.inputs[[17, 2]] = f32::MAX;
    let position = epoch_order(40, SCHEDULE.seed, 0)
        .iter()
        .position(|&i| i == 17);
    let layers: Vec<Box<dyn Layer>> = vec![
        Box::new(Relu),
        Box::new(Dense::new(Array2::from_elem((4, 3), 2.0))),
    ];
    let refused = train_with(
        &mut Network::new(layers).unwrap(),
        &mut Session::digital(),
        set.examples(),
        SCHEDULE,
        1e-9,
    );
    let expected = TrainingError::Diverged {
        epoch: 0,
        step: position.unwrap() / SCHEDULE.batch,
        cause: Box::new(TrainingError::NotFinite {
            layer: 1.into(),
            what: "outputs",
        }),
    };
    assert_eq!(refused, Err(expected));
}

#[test]
fn networks_too_large_are_refused_before_anything_is_allocated() {
    for widths in [
        &[usize::MAX, 2][..],
        &[2, usize::MAX],
        &[usize::MAX, usize::MAX],
        &[(1 << 20) + 1, 1],
        &[1 << 20, 1 << 20],
        &[1 << 14, 1 << 14, 1],
    ] {
        let refused = float_mlp(widths, 1).map(drop);
        assert_eq!(
            refused,
            Err(TrainingError::NetworkTooLarge {
                widths: widths.to_vec(),
                width_limit: 1 << 20,
                weight_limit: 1 << 28,
            })
        );
    }
    assert!(float_mlp(&[1 << 20, 1], 1).is_ok());
}

#[test]
fn batches_too_large_are_refused() {
    let one = Array2::<f32>::zeros((1, 1));
    let vectors = usize::MAX / 16;
    let endless = one.broadcast((vectors, 1)).unwrap();
    let layers: Vec<Box<dyn Layer>> = vec![Box::new(Dense::new(Array2::zeros((1, 100))))];
    let refused = Network::new(layers)
        .unwrap()
        .forward(&mut Session::digital(), endless)
        .err();
    assert_eq!(
        refused,
        Some(TrainingError::BatchTooLarge {
            layer: 0.into(),
            vectors,
            outputs: 100,
            limit: Network::BATCH_VALUES_MAX
        })
    );
}

#[test]
fn inputs_of_an_analog_layer_that_are_no_activations_are_named() {
    let model = Box::new(LinearGain { gain_lsb: 0.1 });
    let layers: Vec<Box<dyn Layer>> = vec![
        Box::new(Relu),
        Box::new(analog_dense(Array2::ones((4, 3)), model)),
    ];
    let mut network = Network::new(layers).unwrap();
    let mut array = ideal();
    let mut session = Session::on(&mut array, 1);
    for bad in [31.6, 32.0, 500.0, f32::MAX] {
        let mut input = Array2::from_elem((7, 4), 3.0);
        input[[5, 2]] = bad;
        input[[6, 0]] = 77.0;
        let refused = network.forward(&mut session, input.view()).err();
        assert_eq!(
            refused,
            Some(TrainingError::ActivationOutOfRange {
                layer: 1.into(),
                vector: 5,
                input: 2,
                value: bad
            })
        );
    }
    // Alone, without layers before it that would notice.
    let mut alone = analog_dense(Array2::ones((4, 3)), Box::new(LinearGain { gain_lsb: 0.1 }));
    let mut output = Array2::zeros((1, 3));
    for bad in [f32::NAN, -0.6, -500.0, f32::INFINITY, f32::NEG_INFINITY] {
        let input = array![[0.0, 31.0, bad, 1.0]];
        let refused = alone.forward(&mut session, input.view(), output.view_mut());
        assert!(matches!(
            refused,
            Err(TrainingError::ActivationOutOfRange { layer, vector: 0, input: 2, value })
                if layer.index == 0 && value.to_bits() == bad.to_bits()
        ));
    }
    let rounded = array![[-0.5, 31.5 - 1e-5, 0.0, 31.0]];
    assert!(
        alone
            .forward(&mut session, rounded.view(), output.view_mut())
            .is_ok()
    );
}

#[test]
fn a_backward_pass_without_its_forward_pass_is_refused() {
    let mut network = float_mlp(&[4, 6, 3], 1).unwrap();
    let (input, gradient) = (Array2::zeros((5, 4)), Array2::zeros((5, 3)));
    let backward = |network: &mut Network, input: &Array2<f32>, gradient: &Array2<f32>| {
        network.backward(input.view(), gradient.view())
    };
    assert_eq!(
        backward(&mut network, &input, &gradient),
        Err(TrainingError::NoForward)
    );
    let mut session = Session::digital();
    network.forward(&mut session, input.view()).unwrap();
    for (rows, columns) in [(4, 4), (5, 3), (0, 0)] {
        assert_eq!(
            backward(&mut network, &Array2::zeros((rows, columns)), &gradient),
            Err(TrainingError::Shape {
                what: "input",
                expected: (5, 4),
                found: (rows, columns)
            })
        );
    }
    for (rows, columns) in [(4, 3), (5, 4), (0, 0)] {
        assert_eq!(
            backward(&mut network, &input, &Array2::zeros((rows, columns))),
            Err(TrainingError::Shape {
                what: "loss gradient",
                expected: (5, 3),
                found: (rows, columns)
            })
        );
    }
    assert_eq!(backward(&mut network, &input, &gradient), Ok(()));
    let not_a_number = Array2::from_elem((5, 4), f32::NAN);
    assert!(network.forward(&mut session, not_a_number.view()).is_err());
    assert_eq!(
        backward(&mut network, &input, &gradient),
        Err(TrainingError::NoForward),
        "the last forward pass failed"
    );
}

/// A backward pass through a layer that keeps the shape, with so many vectors of six features.
fn backward_alone(layer: &mut dyn Layer, vectors: usize) -> Result<(), TrainingError> {
    let values = Array2::ones((vectors, 6));
    layer.backward(
        values.view(),
        values.view(),
        values.clone().view_mut(),
        Some(values.clone().view_mut()),
    )
}

#[test]
fn layers_that_remember_a_forward_pass_refuse_to_go_back_without_it() {
    let noise = InjectNoise::new(NoiseKind::Multiplicative, NoisyModes::Both, 0.5);
    let layers: [&mut dyn Layer; 3] = [
        &mut Dropout::new(0.5).unwrap(),
        &mut noise.unwrap(),
        &mut BatchNorm::new(3, 2).unwrap(),
    ];
    for layer in layers {
        assert_eq!(backward_alone(layer, 5), Err(TrainingError::NoForward));
        let input = Array2::ones((5, 6));
        let mut output = Array2::zeros((5, 6));
        Session::digital()
            .in_mode(Mode::Training, |session| {
                layer.forward(session, input.view(), output.view_mut())
            })
            .unwrap();
        for vectors in [0, 4, 6] {
            let refused = backward_alone(layer, vectors);
            assert_eq!(refused, Err(TrainingError::NoForward), "{vectors} vectors");
        }
        assert_eq!(backward_alone(layer, 5), Ok(()));
    }
}

#[test]
fn products_of_shapes_that_do_not_fit_are_refused() {
    let shape = LayerShape::grouped(6, 4, 2).unwrap();
    let right = [(5, 6), (3, 4), (5, 4), (3, 4), (5, 6)];
    let products = |shapes: [(usize, usize); 5]| {
        let [inputs, weights, gradient, mut of_weights, mut of_inputs] = shapes.map(Array2::zeros);
        let into = LinearGradients {
            weights: of_weights.view_mut(),
            inputs: Some(of_inputs.view_mut()),
        };
        exact_products(shape, inputs.view(), weights.view(), gradient.view(), into)
    };
    assert_eq!(products(right), Ok(()));
    let arguments = [
        "inputs",
        "weights",
        "gradient",
        "weight gradient",
        "input gradient",
    ];
    for (number, argument) in arguments.into_iter().enumerate() {
        let mut shapes = right;
        shapes[number].1 = 8;
        let refused = products(shapes);
        assert!(
            matches!(refused, Err(TrainingError::Shape { what, .. }) if what == argument),
            "{refused:?}"
        );
    }
}

#[test]
fn an_exploding_rate_ends_as_divergence_after_the_first_step() {
    let set = small_set();
    let mut network = float_mlp(&[4, 16, 16, 16, 3], 2).unwrap();
    let result = train_with(
        &mut network,
        &mut Session::digital(),
        set.examples(),
        SCHEDULE,
        1e6,
    );
    let Err(TrainingError::Diverged { epoch, step, cause }) = result else {
        panic!("{result:?}");
    };
    assert!(
        (epoch, step) > (0, 0),
        "the first step still has good weights"
    );
    assert!(
        matches!(*cause, TrainingError::NotFinite { .. }),
        "{cause:?}"
    );
}

#[test]
fn a_loss_that_is_no_number_does_not_pass_unnoticed() {
    let set = small_set();
    let mut array = ideal();
    let mut network = deployed_yin_yang(&set);
    let loss = CrossEntropy {
        logits_per_unit: f32::NAN,
    };
    let mut sgd = Sgd::new(0.1, 0.0).unwrap();
    let result = train(
        &mut network,
        &mut Session::on(&mut array, 1),
        set.examples(),
        SCHEDULE,
        &loss,
        &mut sgd,
        &mut |_| {},
    );
    assert!(result.is_err());
    let mut gradient = Array2::zeros((1, 2));
    let outputs = array![[f32::NAN, 0.0]];
    let loss = DIGITAL
        .evaluate(outputs.view(), &[0], gradient.view_mut())
        .unwrap();
    assert!(!loss.is_finite());
}

#[test]
fn a_network_is_as_good_after_an_error_as_before() {
    let set = small_set();
    let mut network = deployed_yin_yang(&set);
    let before = network.weights();
    let mut array = ideal();
    let outputs = |network: &mut Network| {
        let mut array = ideal();
        let mut session = Session::on(&mut array, 1);
        network
            .forward(&mut session, set.inputs.view())
            .unwrap()
            .clone()
    };
    let expected = outputs(&mut network);

    let narrow = Array2::zeros((7, 3));
    let not_a_number = Array2::from_elem((7, 4), f32::NAN);
    let bad_labels = vec![9; 40];
    let bad = Examples::new(set.inputs.view(), &bad_labels).unwrap();
    let mut session = Session::on(&mut array, 1);
    assert!(
        network
            .forward(&mut Session::digital(), set.inputs.view())
            .is_err()
    );
    assert_eq!(outputs(&mut network), expected);
    assert!(network.forward(&mut session, narrow.view()).is_err());
    assert_eq!(outputs(&mut network), expected);
    assert!(network.forward(&mut session, not_a_number.view()).is_err());
    assert_eq!(outputs(&mut network), expected);
    assert!(train_with(&mut network, &mut session, bad, SCHEDULE, 0.1).is_err());
    assert_eq!(outputs(&mut network), expected);
    assert_eq!(network.weights(), before, "a refused step changes nothing");
    assert!(train_with(&mut network, &mut session, set.examples(), SCHEDULE, 0.1).is_ok());
    assert_ne!(network.weights(), before);
}

#[test]
fn batches_of_any_size_pass_through_the_same_network() {
    let set = small_set();
    let mut network = deployed_yin_yang(&set);
    let mut array = ideal();
    let mut session = Session::on(&mut array, 1);
    let whole = network
        .forward(&mut session, set.inputs.view())
        .unwrap()
        .clone();
    for (first, size) in [(0, 1), (3, 7), (10, 0), (5, 30), (0, 40), (39, 1)] {
        let rows = s![first..first + size, ..];
        let part = network
            .forward(&mut session, set.inputs.slice(rows))
            .unwrap();
        assert_eq!(part, whole.slice(rows));
    }
}

#[test]
fn an_epoch_that_the_batch_does_not_divide_is_told_whole() {
    let set = small_set();
    for batch in [1, 7, 39, 40, 1000] {
        let mut network = float_mlp(&[4, 6, 3], 1).unwrap();
        let schedule = Schedule { batch, ..SCHEDULE };
        let mut session = Session::digital();
        let epochs =
            train_with(&mut network, &mut session, set.examples(), schedule, 1e-9).unwrap();
        assert_eq!(epochs.iter().map(|e| e.epoch).collect::<Vec<_>>(), [0, 1]);
        // With next to no learning, what an epoch sees is what an evaluation sees.
        let accuracy = evaluate(&mut network, &mut session, set.examples()).unwrap();
        assert_eq!(epochs[1].accuracy, accuracy);
    }
}
