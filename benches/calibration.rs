//! The calibration crate: how long the whole procedure takes on a simulated chip.
#![allow(
    missing_docs,
    reason = "criterion's macros expand to undocumented functions"
)]

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_hardware::{ChipConfig, SimulatedChip};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn fresh_chip() -> SimulatedChip {
    let config = ChipConfig::typical()
        .check()
        .expect("typical parameters are in range");
    SimulatedChip::new(&config, 1)
}

fn calibrate(chip: &mut SimulatedChip) -> CalibrationResult {
    Procedure::default()
        .run(chip, 1, &mut |_| {})
        .expect("a simulated chip refuses nothing")
}

fn procedure(c: &mut Criterion) {
    let mut group = c.benchmark_group("calibration");
    group.sample_size(10);
    let fresh = fresh_chip();
    group.bench_function("whole procedure, typical chip", |b| {
        b.iter_batched_ref(|| fresh.clone(), calibrate, BatchSize::LargeInput);
    });
    let mut chip = fresh.clone();
    let result = calibrate(&mut chip);
    group.bench_function("apply a result", |b| {
        b.iter_batched_ref(
            || fresh.clone(),
            |chip| result.apply(chip).expect("the chip it belongs to"),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, procedure);
criterion_main!(benches);
