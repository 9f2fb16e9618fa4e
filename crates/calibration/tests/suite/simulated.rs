//! The procedure on simulated chips.

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::{MacArray, Region, RunRequest, RunSettings, Trial};
use bss2_hardware::{ChipConfig, SimulatedChip};
use ndarray::{Array2, Axis};

const SEEDS: [u64; 4] = [1, 2, 3, 42];

pub(crate) fn fresh_chip(seed: u64) -> SimulatedChip {
    let config = ChipConfig::typical().check().expect("typical is in range");
    SimulatedChip::new(&config, seed)
}

pub(crate) fn calibrate(chip: &mut SimulatedChip, trial_seed: u64) -> CalibrationResult {
    Procedure::default()
        .run(chip, trial_seed, &mut |_| {})
        .expect("the chip refuses nothing")
}

/// Mean outputs of all columns of the chip over 64 runs of a uniform stimulus.
fn uniform_response(chip: &mut SimulatedChip, weight: i8) -> Vec<f64> {
    let geometry = chip.geometry();
    let weights = Array2::from_elem((geometry.inputs(), geometry.columns()), weight);
    let activations = Array2::from_elem((64, geometry.inputs()), 12);
    let mut outputs = Array2::zeros((64, geometry.columns()));
    let mut responses = Vec::new();
    for hemisphere in 0..geometry.hemispheres() {
        let region = Region::whole(geometry, hemisphere);
        chip.load_weights(region, weights.view())
            .expect("weights in range");
        let request = RunRequest {
            region,
            settings: RunSettings::default(),
            trial: Trial::new(99),
        };
        chip.run(&request, activations.view(), outputs.view_mut())
            .expect("a good request");
        responses.extend(
            outputs
                .axis_iter(Axis(1))
                .map(|column| column.iter().map(|&y| f64::from(y)).sum::<f64>() / 64.0),
        );
    }
    responses
}

/// Half the distance that holds the middle 68 % of the values: a standard deviation that a failed
/// column does not move.
fn spread(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[(share * (values.len() - 1) as f64) as usize];
    0.5 * (at(0.84) - at(0.16))
}

#[test]
fn every_routine_shrinks_its_spread_and_succeeds_nearly_everywhere() {
    for seed in SEEDS {
        let result = calibrate(&mut fresh_chip(seed), 1);
        let largest_shares = [0.06, 0.15, 0.12, 0.12];
        assert_eq!(result.routines.len(), largest_shares.len());
        for (routine, largest_share) in result.routines.iter().zip(largest_shares) {
            let share = routine.spread_after() / routine.spread_before();
            assert!(
                share <= largest_share,
                "seed {seed}, {}: spread falls to {share} only",
                routine.name
            );
            assert!(
                routine.success_rate() >= 0.97,
                "seed {seed}, {}: success {}",
                routine.name,
                routine.success_rate()
            );
        }
    }
}

#[test]
fn columns_of_a_calibrated_chip_agree_on_a_uniform_stimulus() {
    for seed in SEEDS {
        let mut chip = fresh_chip(seed);
        let before: Vec<f64> = [21, -21]
            .map(|w| spread(uniform_response(&mut chip, w)))
            .into();
        calibrate(&mut chip, 1);
        let after: Vec<f64> = [21, -21]
            .map(|w| spread(uniform_response(&mut chip, w)))
            .into();
        for (before, after) in before.iter().zip(&after) {
            assert!(
                *after < 0.08 * before,
                "seed {seed}: spread {before} LSB to {after} LSB"
            );
        }
    }
}

#[test]
fn other_trial_noise_leads_to_the_same_place() {
    let [first, second] = [1, 2].map(|trial_seed| calibrate(&mut fresh_chip(1), trial_seed));
    assert_ne!(first, second, "noise does show");
    for (a, b) in first.routines.iter().zip(&second.routines) {
        let differences = a.success.iter().zip(&b.success).filter(|(a, b)| a != b);
        assert!(
            differences.count() <= a.success.len() / 50,
            "{}: success depends on the noise",
            a.name
        );
    }
}
