//! The training loop: validation, early stop, augmentation, several arrays.

use bss2_core::{MacArray, NOMINAL_GAIN_LSB};
use bss2_hardware::IdealArray;
use bss2_training::{
    Adam, Augmentation, BatchNorm, Dense, Examples, Layer, Loss, MeanSquare, Network, RateSchedule,
    Schedule, Session, Trainer, TrainingError, TrainingState, evaluate, evaluation, float_mlp,
};
use ndarray::{Array2, ArrayView2};

use crate::support::{ANALOG, CHIP, DIGITAL, deployed_yin_yang, ideal, noisy, yin_yang};

const SCHEDULE: Schedule = Schedule {
    epochs: 12,
    batch: 20,
    seed: 1,
    rate: RateSchedule::Constant,
};

#[test]
fn training_stops_early_and_leaves_the_best_network() {
    let [training, validation] = yin_yang(300, 100);
    let mut network = float_mlp(&[4, 16, 3], 1).unwrap();
    let trainer = Trainer {
        schedule: Schedule {
            epochs: 300,
            ..SCHEDULE
        },
        validation: Some(validation.examples()),
        patience: Some(4),
        ..Trainer::new(SCHEDULE, &DIGITAL)
    };
    let mut state = TrainingState::default();
    let mut told = 0;
    trainer
        .run(
            &mut network,
            &mut Session::digital(),
            &mut Adam::new(0.05).unwrap(),
            training.examples(),
            &mut state,
            &mut |_, _, state| {
                told += 1;
                assert_eq!(state.curve().len(), told);
                Ok(())
            },
        )
        .unwrap();
    let curve = state.curve();
    let best = state.best_epoch().unwrap();
    assert!(curve.len() < 300);
    assert_eq!(curve.len(), best + 1 + 4);
    let accuracies: Vec<f64> = curve.iter().filter_map(|epoch| epoch.validation).collect();
    assert!(
        accuracies
            .iter()
            .all(|&accuracy| accuracy <= accuracies[best])
    );
    let left = evaluation(&mut network, &mut Session::digital(), validation.examples()).unwrap();
    assert_eq!(left.accuracy(), accuracies[best]);
    assert_eq!(left.samples(), 100);
}

#[test]
fn images_are_changed_however_they_lie_in_memory() {
    let rows = Array2::from_shape_fn((60, 16), |(v, i)| ((v * 7 + i * 5) % 11) as f32 / 10.0);
    let columns = rows.t().as_standard_layout().into_owned();
    let labels: Vec<u8> = (0..60).map(|v| v % 3).collect();
    let trained = |inputs: ArrayView2<'_, f32>, stretch| {
        let trainer = Trainer {
            augmentation: Some(Augmentation {
                stretch,
                ..Augmentation::none((1, 4, 4))
            }),
            ..Trainer::new(SCHEDULE, &DIGITAL)
        };
        let mut state = TrainingState::default();
        trainer
            .run(
                &mut float_mlp(&[16, 3], 1).unwrap(),
                &mut Session::digital(),
                &mut Adam::new(0.05).unwrap(),
                Examples::new(inputs, &labels).unwrap(),
                &mut state,
                &mut |_, _, _| Ok(()),
            )
            .unwrap();
        state
    };
    assert_eq!(
        trained(columns.t(), 0.5).curve(),
        trained(rows.view(), 0.5).curve()
    );
    assert_ne!(
        trained(rows.view(), 0.0).curve(),
        trained(rows.view(), 0.5).curve()
    );
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let [training, _] = yin_yang(20, 1);
    let network = float_mlp(&[4, 3], 1).unwrap();
    let usual = Trainer::new(SCHEDULE, &DIGITAL);
    let refused = |trainer: Trainer<'_>| trainer.check(&network, training.examples()).unwrap_err();
    usual.check(&network, training.examples()).unwrap();
    let early = Trainer {
        patience: Some(1),
        ..usual
    };
    assert_eq!(refused(early), TrainingError::NoValidation);
    let image = Augmentation::none((1, 3, 3));
    let augmented = Trainer {
        augmentation: Some(image),
        ..usual
    };
    assert_eq!(
        refused(augmented),
        TrainingError::ImageSize {
            image: (1, 3, 3),
            features: 4
        }
    );
    let rate = RateSchedule::Cosine { to: 2.0 };
    for trainer in [
        Trainer {
            schedule: Schedule { rate, ..SCHEDULE },
            ..usual
        },
        Trainer {
            schedule: Schedule {
                epochs: 0,
                ..SCHEDULE
            },
            ..usual
        },
    ] {
        assert!(matches!(
            refused(trainer),
            TrainingError::OptionOutOfRange { .. }
        ));
    }
}

/// The losses of a training on arrays that are taken in turn.
fn losses(arrays: Vec<&mut dyn MacArray>) -> Vec<f32> {
    let [training, _] = yin_yang(100, 1);
    let mut network = deployed_yin_yang(&training);
    let mut state = TrainingState::default();
    Trainer::new(
        Schedule {
            epochs: 2,
            ..SCHEDULE
        },
        &ANALOG,
    )
    .run(
        &mut network,
        &mut Session::on_each(arrays, 1),
        &mut Adam::new(0.5).expect("rate in range"),
        training.examples(),
        &mut state,
        &mut |_, _, _| Ok(()),
    )
    .expect("a good set");
    state.curve().iter().map(|epoch| epoch.loss).collect()
}

#[test]
fn several_arrays_are_taken_in_turn() {
    let one = losses(vec![&mut ideal()]);
    assert_eq!(losses(vec![&mut ideal(), &mut ideal()]), one);
    assert_ne!(losses(vec![&mut ideal(), &mut noisy()]), one);
    assert_ne!(
        losses(vec![&mut ideal(), &mut noisy()]),
        losses(vec![&mut noisy(), &mut ideal()])
    );
}

#[test]
fn validation_is_the_mean_over_all_arrays() {
    let [training, validation] = yin_yang(100, 100);
    let mut network = deployed_yin_yang(&training);
    let weak = || IdealArray::new(CHIP, 0.1 * NOMINAL_GAIN_LSB).expect("gain in range");
    let mut state = TrainingState::default();
    let trainer = Trainer {
        schedule: Schedule {
            epochs: 1,
            ..SCHEDULE
        },
        validation: Some(validation.examples()),
        ..Trainer::new(SCHEDULE, &ANALOG)
    };
    trainer
        .run(
            &mut network,
            &mut Session::on_each(vec![&mut ideal(), &mut weak()], 1),
            &mut Adam::new(0.5).unwrap(),
            training.examples(),
            &mut state,
            &mut |_, _, _| Ok(()),
        )
        .unwrap();
    let mut accuracy = |array: &mut dyn MacArray| {
        evaluate(
            &mut network,
            &mut Session::on(array, 1),
            validation.examples(),
        )
        .unwrap()
    };
    let (usual, weak) = (accuracy(&mut ideal()), accuracy(&mut weak()));
    assert_ne!(usual, weak);
    assert_eq!(state.curve()[0].validation, Some(0.5 * (usual + weak)));
}

/// What a training on some inputs (two features, labels 0 and 1 in turn) ends with.
fn diverged(
    layers: Vec<Box<dyn Layer>>,
    loss: &dyn Loss,
    largest: f32,
    largest_in_validation: f32,
) -> TrainingError {
    let set = |largest: f32| Array2::from_shape_fn((4, 2), |(v, _)| largest * (v as f32 / 3.0));
    let (inputs, others) = (set(largest), set(largest_in_validation));
    let labels = [0, 1, 0, 1];
    let trainer = Trainer {
        schedule: Schedule {
            epochs: 1,
            batch: 2,
            ..SCHEDULE
        },
        validation: Some(Examples::new(others.view(), &labels).expect("finite")),
        ..Trainer::new(SCHEDULE, loss)
    };
    trainer
        .run(
            &mut Network::new(layers).expect("some layers"),
            &mut Session::digital(),
            &mut Adam::new(1e-6).expect("rate in range"),
            Examples::new(inputs.view(), &labels).expect("finite"),
            &mut TrainingState::default(),
            &mut |_, _, _| Ok(()),
        )
        .expect_err("it diverges")
}

#[test]
fn whatever_diverges_is_told_with_epoch_step_and_layer() {
    let dense = |weight| Box::new(Dense::new(Array2::from_elem((2, 2), weight)));
    let expected = |step, cause| TrainingError::Diverged {
        epoch: 0,
        step,
        cause: Box::new(cause),
    };
    // The variance is beyond all numbers; outputs divided by it are not.
    let norm = Box::new(BatchNorm::new(2, 1).unwrap());
    let lost = TrainingError::NotFinite {
        layer: 0.into(),
        what: "statistics",
    };
    assert_eq!(
        diverged(vec![norm, dense(1.0)], &DIGITAL, 1e30, 1.0),
        expected(1, lost)
    );
    let lost = TrainingError::NotFinite {
        layer: 0.into(),
        what: "outputs",
    };
    assert_eq!(
        diverged(vec![dense(2.0)], &DIGITAL, 1.0, f32::MAX),
        expected(1, lost)
    );
    let square = MeanSquare {
        target: 1.0,
        off_target: 0.0,
    };
    let lost = TrainingError::LossNotFinite { layer: 0.into() };
    assert_eq!(
        diverged(vec![dense(1.0)], &square, 1e25, 1.0),
        expected(0, lost)
    );
}

#[test]
fn more_outputs_than_labels_can_name_are_not_evaluated() {
    let [set, _] = yin_yang(20, 1);
    let found = |outputs| {
        let mut network = float_mlp(&[4, outputs], 1).unwrap();
        evaluation(&mut network, &mut Session::digital(), set.examples()).map(|of| of.samples())
    };
    assert_eq!(found(256), Ok(20));
    assert_eq!(
        found(257),
        Err(TrainingError::OptionOutOfRange {
            option: "number of outputs",
            value: 257.0,
            min: 1.0,
            max: 256.0
        })
    );
}
