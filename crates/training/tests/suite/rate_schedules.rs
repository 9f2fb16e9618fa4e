//! Schedules of the learning rate.

use bss2_training::{
    Network, Optimizer, OptimizerState, ParameterViewMut, RateSchedule, Schedule, Session,
    TrainingError, TrainingProgress, float_mlp, train,
};

use crate::support::{DIGITAL, yin_yang};

fn at(epoch: usize, step: usize) -> TrainingProgress {
    TrainingProgress {
        epoch,
        epochs: 4,
        step,
        steps: 10,
    }
}

#[test]
fn factors_follow_their_formulas() {
    let step = RateSchedule::Step {
        every_epochs: 2,
        factor: 0.5,
    };
    let cosine = RateSchedule::Cosine { to: 0.2 };
    for (progress, expected) in [
        (at(0, 0), [1.0, 1.0, 1.0]),
        (at(1, 9), [1.0, 1.0, 0.631_4]),
        (at(2, 0), [1.0, 0.5, 0.6]),
        (at(3, 0), [1.0, 0.5, 0.317_2]),
        (at(4, 0), [1.0, 0.25, 0.2]),
    ] {
        for (schedule, expected) in [RateSchedule::Constant, step, cosine]
            .into_iter()
            .zip(expected)
        {
            let found = schedule.factor(progress);
            assert!(
                (found - expected).abs() < 1e-4,
                "{schedule:?} at {progress:?}: {found}"
            );
        }
    }
}

#[test]
fn any_progress_has_a_finite_factor() {
    let extreme = [0, 1, usize::MAX];
    for (epoch, epochs) in extreme.into_iter().zip(extreme.into_iter().rev()) {
        for (step, steps) in [(0, 0), (usize::MAX, 1)] {
            let progress = TrainingProgress {
                epoch,
                epochs,
                step,
                steps,
            };
            for schedule in [
                RateSchedule::Step {
                    every_epochs: 0,
                    factor: 0.5,
                },
                RateSchedule::Cosine { to: 0.0 },
            ] {
                assert!((0.0..=1.0).contains(&schedule.factor(progress)));
            }
        }
    }
}

#[test]
fn options_out_of_range_are_refused() {
    for schedule in [
        RateSchedule::Step {
            every_epochs: 0,
            factor: 0.5,
        },
        RateSchedule::Step {
            every_epochs: 1,
            factor: 1.5,
        },
        RateSchedule::Step {
            every_epochs: 1,
            factor: f32::NAN,
        },
        RateSchedule::Cosine { to: -0.1 },
        RateSchedule::Cosine { to: 1.1 },
    ] {
        assert!(matches!(
            schedule.check(),
            Err(TrainingError::OptionOutOfRange { .. })
        ));
    }
}

#[test]
fn schedules_are_written_in_snake_case() {
    for (schedule, text) in [
        (RateSchedule::Constant, r#""constant""#),
        (
            RateSchedule::Step {
                every_epochs: 3,
                factor: 0.5,
            },
            r#"{"step":{"every_epochs":3,"factor":0.5}}"#,
        ),
        (
            RateSchedule::Cosine { to: 0.25 },
            r#"{"cosine":{"to":0.25}}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&schedule).unwrap(), text);
        assert_eq!(
            serde_json::from_str::<RateSchedule>(text).unwrap(),
            schedule
        );
    }
    assert!(serde_json::from_str::<RateSchedule>(r#"{"cosine":{"to":0.1,"at":1}}"#).is_err());
}

/// Notes the factor of each step.
#[derive(Default)]
struct Notes {
    factors: Vec<f32>,
}

impl Optimizer for Notes {
    fn update(&mut self, _: usize, _: ParameterViewMut<'_>) -> Result<(), TrainingError> {
        Ok(())
    }

    fn set_rate_factor(&mut self, factor: f32) {
        self.factors.push(factor);
    }

    fn state(&self) -> OptimizerState {
        OptimizerState::default()
    }

    fn set_state(&mut self, _: OptimizerState) -> Result<(), TrainingError> {
        Ok(())
    }
}

fn train_by(
    rate: RateSchedule,
    network: &mut Network,
    notes: &mut Notes,
) -> Result<(), TrainingError> {
    let [set, _] = yin_yang(50, 1);
    let schedule = Schedule {
        epochs: 2,
        batch: 20,
        seed: 1,
        rate,
    };
    train(
        network,
        &mut Session::digital(),
        set.examples(),
        schedule,
        &DIGITAL,
        notes,
        &mut |_| {},
    )
}

#[test]
fn training_sets_the_factor_before_each_step() {
    let mut network = float_mlp(&[4, 3], 1).unwrap();
    let (rate, mut notes) = (RateSchedule::Cosine { to: 0.0 }, Notes::default());
    train_by(rate, &mut network, &mut notes).unwrap();
    let expected = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)].map(|(epoch, step)| {
        rate.factor(TrainingProgress {
            epoch,
            epochs: 2,
            step,
            steps: 3,
        })
    });
    assert_eq!(notes.factors, expected);
    let refused = train_by(RateSchedule::Cosine { to: 2.0 }, &mut network, &mut notes);
    assert!(matches!(
        refused,
        Err(TrainingError::OptionOutOfRange { option: "to", .. })
    ));
}
