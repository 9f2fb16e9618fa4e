//! The calibration crate: how long whole procedures take on a simulated chip.

use bss2_benches::table::{Benchmarks, measure};
use bss2_calibration::{CalibrationResult, Procedure};
use bss2_hardware::{ChipConfig, SimulatedChip};
use criterion::{BatchSize, Criterion};

fn main() {
    measure(&Benchmarks {
        name: "calibration",
        unit: "procedure",
        in_pool: false,
        run: procedures,
    });
}

fn fresh_chip() -> SimulatedChip {
    let config = ChipConfig::typical()
        .check()
        .expect("typical parameters are in range");
    SimulatedChip::new(&config, 1)
}

fn calibrate(procedure: Procedure, chip: &mut SimulatedChip) -> CalibrationResult {
    procedure
        .run(chip, 1, &mut |_| {})
        .expect("a simulated chip refuses nothing")
}

fn procedures(c: &mut Criterion) {
    let mut group = c.benchmark_group("calibration");
    group.sample_size(10);
    let fresh = fresh_chip();
    for (name, procedure) in [
        ("nested procedure, membranes", Procedure::default()),
        ("joint procedure, membranes", Procedure::joint()),
        ("procedure, synaptic lines", Procedure::synaptic_line()),
    ] {
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || fresh.clone(),
                |chip| calibrate(procedure, chip),
                BatchSize::LargeInput,
            );
        });
    }
    let result = calibrate(Procedure::joint(), &mut fresh.clone());
    group.bench_function("apply a result", |b| {
        b.iter_batched_ref(
            || fresh.clone(),
            |chip| result.apply(chip).expect("the chip it belongs to"),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}
