//! What was recorded plays back, and nothing else does.

use bss2_core::{
    ArrayError, Baseline, MacArray, Recorder, Recording, Region, Replay, RunReport, RunRequest,
    Trial,
};
use ndarray::{Array2, Axis, array};

use crate::double::{COLUMNS, ExactChip, INPUTS, geometry, request};

fn weights() -> Array2<i8> {
    Array2::from_shape_fn((INPUTS, COLUMNS), |(i, j)| i as i8 - j as i8)
}

fn run(array: &mut impl MacArray, request: &RunRequest) -> Result<Array2<i8>, ArrayError> {
    let mut outputs = Array2::zeros((2, COLUMNS));
    let activations = array![[1_u8, 0, 3, 0], [0, 5, 0, 7]];
    array.run(request, activations.view(), outputs.view_mut())?;
    Ok(outputs)
}

fn second_pass() -> RunRequest {
    RunRequest {
        trial: Trial {
            pass: 1,
            ..Trial::new(1)
        },
        ..request(1, 5)
    }
}

/// Load, run, run with another pass.
fn record() -> (Recording, [Array2<i8>; 2]) {
    let mut recorder = Recorder::new(ExactChip::new());
    recorder
        .load_weights(Region::whole(geometry(), 0), weights().view())
        .expect("weights in range");
    let outputs =
        [request(1, 5), second_pass()].map(|r| run(&mut recorder, &r).expect("a good request"));
    (recorder.into_recording(), outputs)
}

#[test]
fn replay_gives_the_recorded_outputs_and_then_ends() {
    let (recording, [first, second]) = record();
    assert_ne!(first, second);
    assert_eq!(recording.len(), 3);
    let mut replay = Replay::new(recording);
    assert_eq!(replay.geometry(), geometry());
    replay
        .load_weights(Region::whole(geometry(), 0), weights().view())
        .unwrap();
    assert_eq!(run(&mut replay, &request(1, 5)).unwrap(), first);
    assert_eq!(run(&mut replay, &second_pass()).unwrap(), second);
    assert!(matches!(
        run(&mut replay, &second_pass()),
        Err(ArrayError::ReplayMismatch { step: 3, .. })
    ));
}

#[test]
fn replay_refuses_every_deviation_and_goes_on_where_it_stood() {
    let (recording, [first, _]) = record();
    let mut replay = Replay::new(recording);
    let whole = Region::whole(geometry(), 0);
    let at_step = |result: Result<(), ArrayError>, expected: usize| {
        assert!(
            matches!(result, Err(ArrayError::ReplayMismatch { step, .. }) if step == expected),
            "{result:?}"
        );
    };

    at_step(run(&mut replay, &request(1, 5)).map(drop), 0);
    let mut other = weights();
    other[[3, 5]] += 1;
    at_step(replay.load_weights(whole, other.view()), 0);
    let elsewhere = Region::whole(geometry(), 1);
    at_step(replay.load_weights(elsewhere, weights().view()), 0);
    replay.load_weights(whole, weights().view()).unwrap();

    at_step(replay.load_weights(whole, weights().view()), 1);
    let measured = RunRequest {
        settings: request(1, 5).settings.with_baseline(Baseline::Measured),
        ..request(1, 5)
    };
    for deviation in [request(2, 5), request(1, 6), second_pass(), measured] {
        at_step(run(&mut replay, &deviation).map(drop), 1);
    }
    let mut outputs = Array2::from_elem((1, COLUMNS), 99_i8);
    let activations = array![[1_u8, 0, 3, 0]];
    at_step(
        replay
            .run(&request(1, 5), activations.view(), outputs.view_mut())
            .map(drop),
        1,
    );
    assert!(outputs.iter().all(|&out| out == 99));

    assert_eq!(run(&mut replay, &request(1, 5)).unwrap(), first);
}

#[test]
fn failed_calls_are_not_recorded() {
    let mut recorder = Recorder::new(ExactChip::new());
    let activations = Array2::from_elem((1, INPUTS), 32_u8);
    let mut outputs = Array2::zeros((1, COLUMNS));
    assert!(
        recorder
            .run(&request(1, 5), activations.view(), outputs.view_mut())
            .is_err()
    );
    assert!(
        recorder
            .load_weights(Region::whole(geometry(), 2), weights().view())
            .is_err()
    );
    assert!(recorder.into_recording().is_empty());
}

#[test]
fn reports_are_kept_and_played_back() {
    let activations = Array2::from_elem((1, INPUTS), 31_u8);
    let run = |array: &mut dyn MacArray| -> RunReport {
        let mut outputs = Array2::zeros((1, COLUMNS));
        array
            .load_weights(Region::whole(geometry(), 0), weights().view())
            .unwrap();
        array
            .run(&request(1, 5), activations.view(), outputs.view_mut())
            .unwrap()
    };
    // Σ over inputs of 31 · (i − j) = 31 · (6 − 4 j): 186, 62, −62, −186, −310, −434.
    let expected = RunReport {
        doubtful_outputs: 4,
        ..RunReport::default()
    };
    let mut recorder = Recorder::new(ExactChip::new());
    assert_eq!(run(&mut recorder), expected);
    assert_eq!(run(&mut Replay::new(recorder.into_recording())), expected);
}

/// ndarray's `to_owned` fails in debug builds for no rows that were split off others.
#[test]
fn no_vectors_that_were_split_off_others_are_recorded() {
    let mut recorder = Recorder::new(ExactChip::new());
    let all = Array2::<u8>::zeros((6, INPUTS));
    let (none, _) = all.view().split_at(Axis(0), 0);
    let mut outputs = Array2::zeros((6, COLUMNS));
    let (no_outputs, _) = outputs.view_mut().split_at(Axis(0), 0);
    recorder.run(&request(1, 5), none, no_outputs).unwrap();
    assert_eq!(recorder.into_recording().len(), 1);
}
