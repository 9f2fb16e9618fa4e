//! What does not fit is refused with its place, and the network can go on.

use bss2_mapping::{InOrder, LayerShape, MappingStrategy};
use bss2_training::{
    AnalogDense, CrossEntropy, Dense, Epoch, Examples, LinearGain, Network, Schedule, Session, Sgd,
    TrainingError, epoch_order, evaluate, float_mlp, train,
};
use ndarray::{Array2, array, s};

use crate::support::{CHIP, DIGITAL, Set, deployed_yin_yang, ideal, weights, yin_yang};

const SCHEDULE: Schedule = Schedule {
    epochs: 2,
    batch: 5,
    seed: 1,
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
        DIGITAL,
        &mut sgd,
        &mut |epoch| epochs.push(epoch),
    )?;
    Ok(epochs)
}

#[test]
fn an_analog_layer_without_an_array_is_named() {
    let set = small_set();
    let mut network = deployed_yin_yang(&set);
    let expected = TrainingError::NoArray { layer: 1 };
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
    assert_eq!(refused, Some(width(0)));

    let mut analog = deployed_yin_yang(&small_set());
    let mut array = ideal();
    let refused = analog
        .forward(&mut Session::on(&mut array, 1), narrow.view())
        .err();
    assert_eq!(refused, Some(width(1)));

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
            layer: 1,
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
    let mut gradient = Array2::zeros((0, 0));
    assert_eq!(
        DIGITAL.evaluate(inputs.view(), &[0], &mut gradient),
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
    let before = weights(&mut network);
    for (name, epochs, batch) in [("epochs", 0, 5), ("batch", 1, 0), ("epochs", 1_000_001, 1)] {
        let schedule = Schedule {
            epochs,
            batch,
            seed: 1,
        };
        let mut session = Session::digital();
        let refused = train_with(&mut network, &mut session, set.examples(), schedule, 0.1);
        assert!(
            matches!(&refused, Err(TrainingError::OptionOutOfRange { option, .. }) if *option == name),
            "{refused:?}"
        );
    }
    assert_eq!(weights(&mut network), before);
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
    let shape = LayerShape {
        inputs: 4,
        outputs: 3,
    };
    let plan = InOrder.plan(shape, CHIP).unwrap();
    let other = Array2::zeros((3, 4));
    let model = Box::new(LinearGain { gain_lsb: 1.0 });
    let refused = AnalogDense::new(other, plan, bss2_core::RunSettings::default(), model).map(drop);
    assert!(matches!(refused, Err(TrainingError::Widths { .. })));
}

#[test]
fn an_input_that_is_no_number_is_named_with_epoch_step_and_layer() {
    let mut set = small_set();
    set.inputs[[17, 2]] = f32::NAN;
    let position = epoch_order(40, SCHEDULE.seed, 0)
        .iter()
        .position(|&i| i == 17);
    let expected = TrainingError::Diverged {
        epoch: 0,
        step: position.unwrap() / SCHEDULE.batch,
        cause: Box::new(TrainingError::NotFinite {
            layer: 0,
            what: "outputs",
        }),
    };
    let mut float = float_mlp(&[4, 6, 3], 1).unwrap();
    let refused = train_with(
        &mut float,
        &mut Session::digital(),
        set.examples(),
        SCHEDULE,
        0.1,
    );
    assert_eq!(refused, Err(expected.clone()));

    let mut analog = deployed_yin_yang(&small_set());
    let mut array = ideal();
    let mut session = Session::on(&mut array, 1);
    let refused = train_with(&mut analog, &mut session, set.examples(), SCHEDULE, 0.1);
    assert_eq!(refused, Err(expected));
    assert_eq!(
        evaluate(&mut analog, &mut session, set.examples()),
        Err(TrainingError::NotFinite {
            layer: 0,
            what: "outputs"
        })
    );
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
        loss,
        &mut sgd,
        &mut |_| {},
    );
    assert!(result.is_err());
    let mut gradient = Array2::zeros((0, 0));
    let outputs = array![[f32::NAN, 0.0]];
    let loss = DIGITAL
        .evaluate(outputs.view(), &[0], &mut gradient)
        .unwrap();
    assert!(!loss.is_finite());
}

#[test]
fn a_network_is_as_good_after_an_error_as_before() {
    let set = small_set();
    let mut network = deployed_yin_yang(&set);
    let before = weights(&mut network);
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
    assert_eq!(
        weights(&mut network),
        before,
        "a refused step changes nothing"
    );
    assert!(train_with(&mut network, &mut session, set.examples(), SCHEDULE, 0.1).is_ok());
    assert_ne!(weights(&mut network), before);
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
