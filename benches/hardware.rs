//! The arrays of the hardware crate, against a plain matrix product of the same size.
#![allow(
    missing_docs,
    reason = "criterion's macros expand to undocumented functions"
)]

use std::hint::black_box;

use bss2_core::{
    ArrayGeometry, ChipControl, MacArray, Region, Register, RunRequest, RunSettings, Trial,
};
use bss2_hardware::{ChipConfig, Fidelity, IdealArray, MockArray, NOMINAL_GAIN_LSB, SimulatedChip};
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2};

const CHIP: ArrayGeometry = ArrayGeometry::BSS2;
const BATCHES: [usize; 3] = [1, 64, 1024];

fn typical_chip() -> SimulatedChip {
    let config = ChipConfig::typical()
        .check()
        .expect("typical parameters are in range");
    SimulatedChip::new(&config, 1)
}

/// A pattern without structure that matters: every value of the range, zeros about one in 32.
fn activations(vectors: usize, inputs: usize) -> Array2<u8> {
    Array2::from_shape_fn((vectors, inputs), |(v, i)| ((v * 13 + i * 7) % 32) as u8)
}

fn weights() -> Array2<i8> {
    Array2::from_shape_fn((CHIP.inputs(), CHIP.columns()), |(i, c)| {
        ((i * 31 + c * 17) % 127) as i8 - 63
    })
}

fn load(array: &mut impl MacArray, weights: ArrayView2<'_, i8>) {
    for hemisphere in 0..CHIP.hemispheres() {
        array
            .load_weights(Region::whole(CHIP, hemisphere), weights)
            .expect("weights in range");
    }
}

/// Runs both hemispheres of one array on batches of some sizes.
fn run_batches(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut array: impl MacArray,
    batches: &[usize],
) {
    load(&mut array, weights().view());
    for &vectors in batches {
        group.throughput(Throughput::Elements(macs(vectors)));
        let activations = activations(vectors, CHIP.inputs());
        let mut outputs = Array2::zeros((vectors, CHIP.columns()));
        let mut trial = Trial::new(1);
        group.bench_function(BenchmarkId::new(name, vectors), |b| {
            b.iter(|| {
                let trial = trial.next_pass();
                for hemisphere in 0..CHIP.hemispheres() {
                    let request = RunRequest {
                        region: Region::whole(CHIP, hemisphere),
                        settings: RunSettings::default(),
                        trial,
                    };
                    array
                        .run(&request, activations.view(), outputs.view_mut())
                        .expect("a good request");
                    black_box(&mut outputs);
                }
            });
        });
    }
}

/// Signed multiply-accumulates of a batch on both hemispheres.
fn macs(vectors: usize) -> u64 {
    (vectors * CHIP.hemispheres() * CHIP.inputs() * CHIP.columns()) as u64
}

/// 256 inputs to 256 columns: both hemispheres with half of the inputs each.
fn matrix_products(c: &mut Criterion) {
    let mut group = c.benchmark_group("256 to 256");
    run_batches(&mut group, "chip, lumped", typical_chip(), &BATCHES);
    let transient = typical_chip().with_fidelity(Fidelity::Transient);
    run_batches(&mut group, "chip, transient", transient, &[64]);
    let ideal = IdealArray::new(CHIP, NOMINAL_GAIN_LSB).expect("gain in range");
    run_batches(&mut group, "ideal", ideal, &BATCHES);
    let mock = MockArray::new(CHIP, NOMINAL_GAIN_LSB, MockArray::PUBLISHED_NOISE_LSB)
        .expect("parameters in range");
    run_batches(&mut group, "mock", mock, &BATCHES);

    let inputs = CHIP.hemispheres() * CHIP.inputs();
    let weights = Array2::from_shape_fn((inputs, CHIP.columns()), |(i, c)| {
        ((i * 31 + c * 17) % 127) as f32 - 63.0
    });
    for vectors in BATCHES {
        group.throughput(Throughput::Elements(macs(vectors)));
        let activations = activations(vectors, inputs).mapv(f32::from);
        let mut outputs = Array2::<f32>::zeros((vectors, CHIP.columns()));
        group.bench_function(BenchmarkId::new("ndarray, f32", vectors), |b| {
            b.iter(|| {
                general_mat_mul(1.0, black_box(&activations), &weights, 0.0, &mut outputs);
                black_box(&mut outputs);
            });
        });
    }
    group.finish();
}

/// What is paid once per chip, per layer and per calibration step.
fn preparation(c: &mut Criterion) {
    let mut group = c.benchmark_group("preparation");
    group.sample_size(20);
    group.bench_function("draw a typical chip", |b| b.iter(typical_chip));

    let mut chip = typical_chip();
    let weights = weights();
    let count = CHIP.hemispheres() * weights.len();
    group.throughput(Throughput::Elements(count as u64));
    group.bench_function("load all weights", |b| {
        b.iter(|| load(&mut chip, black_box(weights.view())));
    });

    let mut offset = 0;
    let mut offsets = vec![0; Register::CadcOffset.instances(CHIP)];
    let request = RunRequest {
        region: Region::whole(CHIP, 0),
        settings: RunSettings::default(),
        trial: Trial::new(1),
    };
    let none = Array2::zeros((0, CHIP.inputs()));
    let mut outputs = Array2::zeros((0, CHIP.columns()));
    group.bench_function("write a register and fold anew", |b| {
        b.iter(|| {
            // A value that is there already changes nothing.
            offset = 1 - offset;
            offsets.fill(offset);
            chip.write_register(Register::CadcOffset, &offsets)
                .expect("values in range");
            chip.run(&request, none.view(), outputs.view_mut())
                .expect("a good request");
        });
    });
    group.finish();
}

criterion_group!(benches, matrix_products, preparation);
criterion_main!(benches);
