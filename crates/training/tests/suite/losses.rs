//! Losses: what they refuse, and training with them.

use bss2_training::{
    Adam, CrossEntropy, Loss, MeanSquare, RateSchedule, Schedule, Session, TrainingError, evaluate,
    float_mlp, train,
};
use ndarray::{Array2, array};

use crate::support::{DIGITAL, yin_yang};

const ONE_HOT: MeanSquare = MeanSquare {
    target: 1.0,
    off_target: 0.0,
};

#[test]
fn the_mean_square_has_its_value_and_gradient() {
    let outputs = array![[1.0, 2.0], [0.0, 0.0]];
    let mut gradient = Array2::zeros((2, 2));
    let value = ONE_HOT.evaluate(outputs.view(), &[0, 1], gradient.view_mut());
    assert_eq!(value, Ok((4.0 + 1.0) / 4.0));
    assert_eq!(gradient, array![[0.0, 1.0], [0.0, -0.5]]);
    let value = ONE_HOT.evaluate(
        array![[f32::NAN, 0.0]].view(),
        &[1],
        gradient.slice_mut(ndarray::s![..1, ..]),
    );
    assert!(value.unwrap().is_nan());
}

#[test]
fn options_out_of_range_are_refused() {
    let good: [&dyn Loss; 2] = [&ONE_HOT, &DIGITAL];
    assert!(good.iter().all(|loss| loss.check().is_ok()));
    for (target, off_target) in [
        (0.0, 0.0),
        (-1.0, 1.0),
        (f32::NAN, 0.0),
        (1.0, f32::NAN),
        (f32::INFINITY, 0.0),
        (1.0, f32::NEG_INFINITY),
        (2e6, 0.0),
    ] {
        let loss = MeanSquare { target, off_target };
        assert!(
            matches!(loss.check(), Err(TrainingError::OptionOutOfRange { .. })),
            "{loss:?}"
        );
    }
    for logits_per_unit in [0.0, -1.0, f32::NAN, 1e7] {
        let loss = CrossEntropy { logits_per_unit };
        assert!(matches!(
            loss.check(),
            Err(TrainingError::OptionOutOfRange {
                option: "logits_per_unit",
                ..
            })
        ));
    }
}

#[test]
fn batches_whose_parts_do_not_fit_are_refused() {
    let outputs = Array2::zeros((2, 3));
    let losses: [&dyn Loss; 2] = [&ONE_HOT, &DIGITAL];
    for loss in losses {
        let mut gradient = Array2::zeros((2, 3));
        let evaluate = |labels: &[u8], gradient: &mut Array2<f32>| {
            loss.evaluate(outputs.view(), labels, gradient.view_mut())
        };
        let count = TrainingError::LabelCount {
            inputs: 2,
            labels: 1,
        };
        assert_eq!(evaluate(&[0], &mut gradient), Err(count));
        let range = TrainingError::LabelOutOfRange {
            sample: 1,
            label: 3,
            classes: 3,
        };
        assert_eq!(evaluate(&[0, 3], &mut gradient), Err(range));
        let shape = TrainingError::Shape {
            what: "loss gradient",
            expected: (2, 3),
            found: (0, 0),
        };
        assert_eq!(evaluate(&[0, 2], &mut Array2::zeros((0, 0))), Err(shape));
        assert_eq!(
            loss.evaluate(
                Array2::zeros((0, 3)).view(),
                &[],
                Array2::zeros((0, 3)).view_mut()
            ),
            Ok(0.0)
        );
    }
}

#[test]
fn a_network_learns_by_the_mean_square() {
    let [set, test] = yin_yang(600, 300);
    let mut network = float_mlp(&[4, 30, 3], 1).unwrap();
    let schedule = Schedule {
        epochs: 25,
        batch: 20,
        seed: 1,
        rate: RateSchedule::Cosine { to: 0.05 },
    };
    let mut session = Session::digital();
    let mut losses = Vec::new();
    train(
        &mut network,
        &mut session,
        set.examples(),
        schedule,
        &ONE_HOT,
        &mut Adam::new(0.01).unwrap(),
        &mut |epoch| losses.push(epoch.loss),
    )
    .unwrap();
    assert!(losses[24] < 0.5 * losses[0], "{losses:?}");
    let accuracy = evaluate(&mut network, &mut session, test.examples()).unwrap();
    assert!(accuracy > 0.75, "{accuracy}");
}
