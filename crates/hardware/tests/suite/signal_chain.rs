//! What the circuit does to a signal, without noise.

use bss2_core::{ACTIVATION_MAX, ChipControl, Region, Register};
use bss2_hardware::{ChipConfig, Imperfection, SimulatedChip};
use ndarray::{Array1, Array2};

use crate::support::{
    BSS2, chip, clean, load, random_activations, random_weights, run, timed, to_f64, whole,
    write_all,
};

/// Signed weights −63…63 in the columns 0…126.
fn all_weights(column: usize) -> i8 {
    (column as i32 - 63).clamp(-63, 63) as i8
}

/// Outputs for the weights −63…63 of one row driven with one activation.
fn weight_sweep(chip: &mut SimulatedChip, activation: u8, sends: u32) -> Vec<f64> {
    let mut weights = Array2::zeros((128, 256));
    weights
        .row_mut(9)
        .assign(&Array1::from_shape_fn(256, all_weights));
    load(chip, Region::whole(BSS2, 0), weights.view());
    let mut vector = Array2::zeros((1, 128));
    vector[[0, 9]] = activation;
    let request = timed(BSS2, sends, 5);
    let outputs = to_f64(&run(chip, &request, vector.view()));
    outputs.iter().take(127).copied().collect()
}

#[test]
fn outputs_grow_with_a_weight() {
    let mut chip = chip(clean(), 1);
    for (activation, sends) in [(31, 1), (12, 100), (5, 400)] {
        let outputs = weight_sweep(&mut chip, activation, sends);
        assert!(outputs.is_sorted(), "{outputs:?}");
        assert!(outputs[126] > outputs[0]);
        assert_eq!(outputs[63], 0.0, "a weight of zero");
    }
}

#[test]
fn outputs_grow_with_an_activation_in_the_weight_s_sign() {
    // With mismatch: drivers and columns differ, but each of them is monotone.
    let mut chip = chip(ChipConfig::typical().without_noise(), 4);
    let mut weights = random_weights((128, 256), 1);
    let input = 17;
    load(&mut chip, Region::whole(BSS2, 0), weights.view());
    let background = random_activations((1, 128), 1);
    let mut batch = crate::support::repeat(&background, ACTIVATION_MAX as usize);
    for (v, x) in batch.column_mut(input).iter_mut().enumerate() {
        *x = v as u8 + 1;
    }
    let request = timed(BSS2, 4, 5);
    let outputs = run(&mut chip, &request, batch.view());
    let mut moved = 0;
    for (column, &weight) in weights.row_mut(input).iter().enumerate() {
        let column = outputs.column(column);
        let steps = column.windows(2);
        let monotone = steps.into_iter().all(|step| {
            if weight >= 0 {
                step[1] >= step[0]
            } else {
                step[1] <= step[0]
            }
        });
        assert!(monotone, "weight {weight}: {column}");
        moved += usize::from(column[0] != column[30]);
    }
    assert!(moved > 200, "{moved}");
}

#[test]
fn the_linear_range_follows_the_gain() {
    let config = clean();
    let gain = f64::from(config.ota.gain_lsb);
    let inhibitory = f64::from(config.ota.inhibitory_ratio);
    let mut chip = chip(config, 1);
    let weights = random_weights((128, 256), 2);
    load(&mut chip, Region::whole(BSS2, 0), weights.view());
    let activations = random_activations((60, 128), 3);
    let outputs = to_f64(&run(&mut chip, &whole(BSS2, 0), activations.view()));
    let mut deviations = Vec::new();
    for ((vector, column), &output) in outputs.indexed_iter() {
        let products = (0..128).map(|i| {
            let product = f64::from(activations[[vector, i]]) * f64::from(weights[[i, column]]);
            if product < 0.0 {
                inhibitory * product
            } else {
                product
            }
        });
        let expected = gain * products.sum::<f64>();
        if expected.abs() <= 60.0 {
            deviations.push((output - expected).abs());
        }
    }
    assert!(deviations.len() > 10_000, "{}", deviations.len());
    // Published: at most 2 LSB between −68 and +87. What remains is rounding, the drivers' soft
    // start and the onset of the membrane's knees.
    deviations.sort_by(f64::total_cmp);
    let (most, worst) = (
        deviations[deviations.len() * 99 / 100],
        deviations[deviations.len() - 1],
    );
    assert!(most < 2.0 && worst < 3.0, "{most} {worst}");
}

/// Deviation from the linear fit at a predicted output, interpolated between the weights: one row,
/// x = 12, all weights, so many sends that predictions of ±144 lie within. The fit goes through the
/// outputs whose magnitude is at most 60, one slope for each sign. Potentials and baseline stand where
/// calibration puts them: at code 120, read as 128.
fn deviations(predictions: &[f64]) -> Vec<f64> {
    let mut chip = chip(clean(), 1);
    for register in [Register::VReset, Register::VLeak] {
        write_all(&mut chip, register, 326);
    }
    write_all(&mut chip, Register::CadcOffset, 8);
    chip.settle().unwrap();
    let outputs = weight_sweep(&mut chip, 12, 124);
    let points: Vec<(f64, f64)> = (-63..=63).map(f64::from).zip(outputs).collect();
    let slope = |sign: f64| {
        let linear = points
            .iter()
            .filter(|(w, y)| w * sign > 0.0 && y.abs() <= 60.0);
        let (wy, ww) = linear.fold((0.0, 0.0), |(wy, ww), (w, y)| (wy + w * y, ww + w * w));
        wy / ww
    };
    predictions
        .iter()
        .map(|&prediction| {
            let weight = prediction / slope(prediction.signum());
            let next = points.iter().position(|(w, _)| *w > weight);
            let next = next.expect("predictions within the weights' range");
            let [(below, y_below), (_, y_above)] = [points[next - 1], points[next]];
            y_below + (weight - below) * (y_above - y_below) - prediction
        })
        .collect()
}

#[test]
fn soft_ends_deviate_as_published() {
    let published = [
        (-144.0, 36.0),
        (-126.0, 19.0),
        (-108.0, 12.0),
        (-86.0, 4.5),
        (107.0, -2.4),
        (126.0, -5.9),
        (144.0, -19.0),
    ];
    let predictions = published.map(|(prediction, _)| prediction);
    let found = deviations(&predictions);
    for ((prediction, expected), found) in published.iter().zip(found) {
        assert!((found - expected).abs() < 5.0, "at {prediction}: {found}");
    }
}

#[test]
fn the_linear_range_deviates_little() {
    let predictions: Vec<f64> = (-68..=87).map(f64::from).collect();
    for (prediction, found) in predictions.iter().zip(deviations(&predictions)) {
        assert!(found.abs() <= 2.0, "at {prediction}: {found}");
    }
}

/// Gain on a weak net signal amid dense strong inputs of both signs, relative to no compression.
fn relative_gain(wait: u32) -> f64 {
    let config = clean().without(Imperfection::ResidualLeak);
    let net_rows = 8.0;
    let mut chip = chip(config.clone(), 1);
    // 68 excitatory rows and 60 inhibitory ones, all as strong as can be.
    let weights = Array2::from_shape_fn((128, 256), |(i, _)| if i < 68 { 63_i8 } else { -63 });
    load(&mut chip, Region::whole(BSS2, 0), weights.view());
    let activations = Array2::from_elem((1, 128), 31_u8);
    let request = timed(BSS2, 1, wait);
    let outputs = to_f64(&run(&mut chip, &request, activations.view()));
    let inhibitory = f64::from(config.ota.inhibitory_ratio);
    let product = 31.0 * 63.0 * f64::from(config.ota.gain_lsb);
    let expected = product * (net_rows + 60.0 - 60.0 * inhibitory);
    outputs.mean().expect("columns") / expected
}

#[test]
fn short_waits_reduce_the_gain_of_dense_strong_inputs() {
    let gains = [1, 2, 5, 10, 25].map(relative_gain);
    assert!(gains.is_sorted(), "{gains:?}");
    assert!(gains[0] < 0.9 * gains[2], "{gains:?}");
    assert!(gains[2] > 0.9, "{gains:?}");
}

/// Share of the signal that is lost at a wait of 1 cycle against one of 100, at constant stimulus,
/// with the OTA's gain and the synapses' bias set to a share of their reset values.
fn loss(gain: f64, bias: f64) -> f64 {
    // Ends out of the way, and the leak, which waits change as well.
    let config = clean()
        .without(Imperfection::SoftEnds)
        .without(Imperfection::ResidualLeak);
    let mut chip = chip(config, 1);
    let shares = [
        (Register::IBiasSyninExcGm, gain),
        (Register::IBiasSyninInhGm, gain),
        (Register::SynIBiasDac, bias),
    ];
    for (register, share) in shares {
        let value = (share * f64::from(register.spec().reset)) as i32;
        write_all(&mut chip, register, value);
    }
    chip.settle().unwrap();
    // Excitation a little stronger than inhibition: lines far in saturation, outputs in range.
    let weights = Array2::from_shape_fn((128, 256), |(row, _)| if row % 2 == 0 { 63 } else { -50 });
    load(&mut chip, Region::whole(BSS2, 0), weights.view());
    let activations = Array2::from_elem((1, 128), 31);
    let [fast, slow] = [1, 100].map(|wait| {
        let request = timed(BSS2, 1, wait);
        f64::from(run(&mut chip, &request, activations.view())[[0, 0]])
    });
    1.0 - fast / slow
}

#[test]
fn saturation_follows_the_charge_and_not_the_gain() {
    let [reset, more_gain, less_charge] = [loss(1.0, 1.0), loss(2.0, 1.0), loss(1.0, 0.5)];
    assert!(reset > 0.2, "{reset}");
    assert!((more_gain - reset).abs() < 0.05, "{more_gain} {reset}");
    assert!(less_charge < 0.6 * reset, "{less_charge} {reset}");
}

#[test]
fn short_waits_leave_weak_inputs() {
    let mut chip = chip(clean(), 1);
    let weights = Array2::from_elem((128, 256), 1_i8);
    load(&mut chip, Region::whole(BSS2, 0), weights.view());
    let activations = Array2::from_elem((1, 128), 31_u8);
    let at = |wait: u32, chip: &mut SimulatedChip| {
        let request = timed(BSS2, 4, wait);
        run(chip, &request, activations.view())[[0, 0]]
    };
    assert!((at(1, &mut chip) - at(5, &mut chip)).abs() <= 1);
}

#[test]
fn long_waits_add_drift() {
    let mut config = clean();
    config.ota.balance_spread_codes = 40.0;
    let mut chip = chip(config, 1);
    let activations = Array2::from_elem((1, 128), 1_u8);
    let mut spread = |wait| {
        let request = timed(BSS2, 1, wait);
        to_f64(&run(&mut chip, &request, activations.view())).std(1.0)
    };
    let spreads = [5, 25, 50].map(&mut spread);
    assert!(
        spreads[1] > 3.0 * spreads[0] && spreads[2] > 1.5 * spreads[1],
        "{spreads:?}"
    );
}

#[test]
fn outputs_scale_with_the_sends() {
    let mut chip = chip(clean(), 1);
    let weights = Array2::from_elem((128, 256), 3_i8);
    load(&mut chip, Region::whole(BSS2, 0), weights.view());
    let activations = Array2::from_elem((1, 128), 31_u8);
    for sends in [1, 2, 4] {
        let outputs = run(&mut chip, &timed(BSS2, sends, 5), activations.view());
        // Less what has not passed the lines yet, the drivers' soft start and the leak.
        let expected = 0.0018 * 31.0 * 3.0 * 128.0 * f64::from(sends);
        let share = f64::from(outputs[[0, 0]]) / expected;
        assert!((0.92..1.0).contains(&share), "{sends}: {share}");
    }
}

#[test]
fn failed_drivers_send_nothing_and_stuck_columns_answer_the_same() {
    let mut config = clean();
    config.driver.failure_rate = 1.0;
    let mut dead = chip(config, 1);
    let weights = random_weights((128, 256), 1);
    load(&mut dead, Region::whole(BSS2, 0), weights.view());
    let activations = random_activations((20, 128), 1);
    let outputs = run(&mut dead, &whole(BSS2, 0), activations.view());
    assert!(outputs.rows().into_iter().all(|row| row == outputs.row(0)));

    let mut config = ChipConfig::typical();
    config.cadc.failure_rate = 0.25;
    let mut chip = chip(config, 1);
    load(&mut chip, Region::whole(BSS2, 0), weights.view());
    let outputs = run(&mut chip, &whole(BSS2, 0), activations.view());
    let stuck = outputs
        .columns()
        .into_iter()
        .filter(|column| column.iter().all(|out| out == &column[0]))
        .count();
    assert!(
        (40..=90).contains(&stuck),
        "{stuck} of 256 at a rate of a quarter"
    );
}
