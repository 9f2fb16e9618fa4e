//! Training with the array in the loop makes up for what deployment lost.

use bss2_core::MacArray;
use bss2_training::{Adam, RateSchedule, Schedule, Session, evaluate, train};

use crate::support::{
    ANALOG, Set, deployed_for_yin_yang, fresh_chip, noisy, trained_mlp, yin_yang,
};

/// Test accuracies of a deployed network, before and after a few epochs in the loop.
fn before_and_after(array: &mut dyn MacArray, [training, test]: &[Set; 2]) -> [f64; 2] {
    let float = trained_mlp(&[4, 40, 3], training, 15);
    let mut network = deployed_for_yin_yang(&float, training);
    let mut session = Session::on(array, 1);
    let before = evaluate(&mut network, &mut session, test.examples()).expect("a good set");
    let schedule = Schedule {
        epochs: 6,
        batch: 20,
        seed: 2,
        rate: RateSchedule::Constant,
    };
    let mut adam = Adam::new(0.5).expect("rate in range");
    let mut losses = Vec::new();
    train(
        &mut network,
        &mut session,
        training.examples(),
        schedule,
        &ANALOG,
        &mut adam,
        &mut |epoch| losses.push(epoch.loss),
    )
    .expect("a good set");
    assert!(losses[losses.len() - 1] < losses[0], "{losses:?}");
    let after = evaluate(&mut network, &mut session, test.examples()).expect("a good set");
    [before, after]
}

#[test]
fn on_uncalibrated_chips_accuracy_rises() {
    let sets = yin_yang(1000, 500);
    for seed in [1, 2, 3] {
        let [before, after] = before_and_after(&mut fresh_chip(seed), &sets);
        assert!(after > before + 0.1, "chip {seed}: {before} to {after}");
    }
}

#[test]
fn on_a_noisy_array_accuracy_rises() {
    let sets = yin_yang(1000, 500);
    let [before, after] = before_and_after(&mut noisy(), &sets);
    assert!(after > before, "{before} to {after}");
}
