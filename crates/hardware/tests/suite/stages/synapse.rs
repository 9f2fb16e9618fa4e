//! Synapses: mismatch, bias, distance, stuck memory.

use bss2_core::{ArrayMode, ChipControl, Region, Register};
use bss2_hardware::{ChipConfig, SimulatedChip};
use ndarray::Array2;

use crate::support::{chip, geometry, linear, load, run, sized, timed, to_f64, write_all};

const COLUMNS: usize = 256;

/// Outputs of all columns for one weight in one row, at most about 100 LSB.
fn outputs(config: ChipConfig, weight: i8, bias: i32) -> Vec<f64> {
    let geometry = geometry(1, 2, COLUMNS);
    let mut chip = chip(sized(config, geometry), 1);
    write_all(&mut chip, Register::SynIBiasDac, bias);
    chip.settle().unwrap();
    let weights = Array2::from_elem((2, COLUMNS), weight);
    load(&mut chip, Region::whole(geometry, 0), weights.view());
    // As many sends as make the same charge, where that is possible.
    let sends = 100.0 / (0.0018 * 20.0 * f64::from(weight) * f64::from(bias) / 1022.0);
    let sends = sends.min(1000.0);
    let vector = ndarray::array![[20_u8, 0]];
    let outputs = run(&mut chip, &timed(geometry, sends as u32, 5), vector.view());
    to_f64(&outputs).iter().copied().collect()
}

fn relative_spread(outputs: &[f64]) -> f64 {
    let outputs = ndarray::Array1::from_vec(outputs.to_vec());
    // Rounding adds a variance of 1/12.
    (outputs.var(1.0) - 1.0 / 12.0).max(0.0).sqrt() / outputs.mean().expect("columns")
}

fn mismatched() -> ChipConfig {
    let mut config = linear();
    config.synapse.smallest_bit_mismatch = 0.12;
    config
}

#[test]
fn mismatch_shrinks_with_the_bits_size_and_grows_as_the_bias_falls() {
    // Relative mismatch of bit k: 0.12 · 2^(−k/2).
    for (weight, expected) in [(1, 0.12), (16, 0.03), (32, 0.0212)] {
        let found = relative_spread(&outputs(mismatched(), weight, 1022));
        assert!((found / expected - 1.0).abs() < 0.15, "{weight}: {found}");
    }
    let [full, quarter] = [1022, 256].map(|bias| relative_spread(&outputs(mismatched(), 1, bias)));
    assert!((quarter / full - 2.0).abs() < 0.25, "{full} {quarter}");
}

#[test]
fn every_synapse_has_a_mismatch_of_its_own() {
    let geometry = geometry(1, 8, COLUMNS);
    let mut config = sized(mismatched(), geometry);
    config.synapse.smallest_bit_mismatch = 0.3;
    let mut chip = chip(config, 1);
    let patterns: Vec<_> = (0..8)
        .flat_map(|row| [(row, 8_i8), (row, -8)])
        .map(|(row, weight)| {
            let mut weights = Array2::zeros((8, COLUMNS));
            weights.row_mut(row).fill(weight);
            load(&mut chip, Region::whole(geometry, 0), weights.view());
            let all = Array2::from_elem((1, 8), 20_u8);
            let outputs = run(&mut chip, &timed(geometry, 300, 5), all.view());
            to_f64(&outputs).row(0).to_owned()
        })
        .collect();
    for (a, b) in (0..16).flat_map(|a| (0..a).map(move |b| (a, b))) {
        let correlation = crate::support::correlation_of(&patterns[a], &patterns[b]);
        assert!(correlation.abs() < 0.3, "{a} {b}: {correlation}");
    }
}

#[test]
fn charge_falls_with_the_distance_from_the_drivers() {
    let mut config = linear();
    config.synapse.distance_attenuation = 0.2;
    let outputs = outputs(config, 40, 1022);
    assert!(outputs.is_sorted_by(|a, b| a >= b));
    let (first, last) = (outputs[0], outputs[COLUMNS - 1]);
    assert!((last / first - 0.8).abs() < 0.02, "{first} {last}");
}

/// A chip with stuck synapses, and which weights its columns show for each row alone.
fn weights_shown(chip: &mut SimulatedChip, mode: ArrayMode, written: i8) -> Array2<f64> {
    let geometry = mode.geometry(chip.control_geometry());
    let weights = Array2::from_elem((geometry.inputs(), geometry.columns()), written);
    load(chip, Region::whole(geometry, 0), weights.view());
    let sends = 100;
    let outputs = run(
        chip,
        &timed(geometry, sends, 1),
        Array2::from_diag_elem(geometry.inputs(), 10_u8).view(),
    );
    to_f64(&outputs) / (0.0018 * 10.0 * f64::from(sends))
}

#[test]
fn stuck_synapses_keep_a_weight_whatever_is_written_and_whatever_the_mode() {
    let mut config = sized(linear(), geometry(1, 16, 64));
    config.synapse.stuck_rate = 0.05;
    let mut chip = chip(config, 1);
    chip.set_mode(ArrayMode::Unsigned).unwrap();
    let [low, high] = [0, 60].map(|w| weights_shown(&mut chip, ArrayMode::Unsigned, w));
    let stuck: Vec<(usize, usize)> = low
        .indexed_iter()
        .filter(|(at, low)| (high[*at] - **low).abs() < 30.0)
        .map(|(at, _)| at)
        .collect();
    assert!((75..=130).contains(&stuck.len()), "{}", stuck.len());
    let values: Vec<f64> = stuck.iter().map(|at| low[*at]).collect();
    let spread = ndarray::Array1::from_vec(values).std(1.0);
    assert!((14.0..23.0).contains(&spread), "uniform in 0…63: {spread}");

    // In membrane mode the same memory: rows 2 i are excitatory, rows 2 i + 1 inhibitory.
    chip.set_mode(ArrayMode::Membrane).unwrap();
    let signed = weights_shown(&mut chip, ArrayMode::Membrane, 0);
    for ((input, column), &weight) in signed.indexed_iter() {
        let expected = low[[2 * input, column]] - low[[2 * input + 1, column]];
        assert!((weight - expected).abs() < 2.0, "{input} {column}");
    }
    assert!(signed.iter().any(|weight| *weight < -5.0));
}
