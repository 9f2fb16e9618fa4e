//! The core crate: how fast trial noise is drawn.

use std::hint::black_box;

use bss2_benches::table::{Benchmarks, measure};
use bss2_core::Trial;
use bss2_core::random::NoiseStream;
use criterion::{BatchSize, Criterion, Throughput};

fn main() {
    measure(&Benchmarks {
        name: "core",
        unit: "normal",
        in_pool: false,
        run: noise,
    });
}

/// One draw per column of a hemisphere and vector, as the simulated chip and the mock need them.
fn noise(c: &mut Criterion) {
    const COLUMNS: usize = 256;
    const VECTORS: u64 = 64;
    let mut group = c.benchmark_group("noise");
    group.throughput(Throughput::Elements(VECTORS * COLUMNS as u64));
    group.bench_function("fill, 64 vectors of 256 columns", |b| {
        let stream = NoiseStream::new(Trial::new(1), 0, 1);
        let mut out = [0.0_f32; COLUMNS];
        b.iter(|| {
            for vector in 0..VECTORS {
                stream.fill(black_box(vector), 0, &mut out);
                black_box(&mut out);
            }
        });
    });
    group.bench_function("fill_vectors, the same", |b| {
        let stream = NoiseStream::new(Trial::new(1), 0, 1);
        let mut out = vec![0.0_f32; COLUMNS * VECTORS as usize];
        b.iter(|| {
            stream.fill_vectors(black_box(0), 0, COLUMNS, &mut out);
            black_box(&mut out);
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("one stream, one draw", |b| {
        b.iter_batched_ref(
            || [0.0_f32; 1],
            |out| NoiseStream::new(black_box(Trial::new(1)), 0, 1).fill(7, 3, out),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}
