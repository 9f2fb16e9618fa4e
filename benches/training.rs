//! The training crate: samples per second, in `f32` and with the lumped chip in the loop.
#![allow(
    missing_docs,
    reason = "criterion's macros expand to undocumented functions"
)]

use bss2_hardware::{ChipConfig, SimulatedChip};
use bss2_training::{
    Adam, CrossEntropy, Deployment, Examples, Network, Schedule, Session, deploy, float_mlp, train,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;

const SAMPLES: usize = 256;
const NETWORKS: [[usize; 3]; 2] = [[64, 128, 10], [784, 128, 10]];

/// Inputs in 0…1, about as many zeros as in images.
fn inputs(features: usize) -> Array2<f32> {
    Array2::from_shape_fn((SAMPLES, features), |(v, i)| {
        let value = (v * 13 + i * 7 + v * i % 5) % 32;
        (value as f32 / 31.0 - 0.5).max(0.0) * 2.0
    })
}

/// One epoch of four steps.
fn epoch(
    network: &mut Network,
    session: &mut Session<'_>,
    examples: Examples<'_>,
    logits_per_unit: f32,
    optimizer: &mut Adam,
) {
    let schedule = Schedule {
        epochs: 1,
        batch: 64,
        seed: 1,
    };
    let loss = CrossEntropy { logits_per_unit };
    train(
        network,
        session,
        examples,
        schedule,
        loss,
        optimizer,
        &mut |_| {},
    )
    .expect("inputs and labels fit");
}

fn steps(c: &mut Criterion) {
    let labels: Vec<u8> = (0..SAMPLES).map(|i| (i % 10) as u8).collect();
    let mut group = c.benchmark_group("training, batches of 64");
    group.sample_size(10);
    group.throughput(Throughput::Elements(SAMPLES as u64));
    for widths in NETWORKS {
        let name = widths.map(|width| width.to_string()).join("-");
        let inputs = inputs(widths[0]);
        let examples = Examples::new(inputs.view(), &labels).expect("as many labels as inputs");
        let mut float = float_mlp(&widths, 1).expect("widths above zero");
        let (mut analog, _) = deploy(&float.linear_layers(), inputs.view(), Deployment::default())
            .expect("a network that fits its samples");

        let mut adam = Adam::new(0.001).expect("rate in range");
        let mut session = Session::digital();
        group.bench_function(BenchmarkId::new("digital", &name), |b| {
            b.iter(|| epoch(&mut float, &mut session, examples, 1.0, &mut adam));
        });

        let config = ChipConfig::typical()
            .check()
            .expect("typical parameters are in range");
        let mut chip = SimulatedChip::new(&config, 1);
        let mut adam = Adam::new(0.1).expect("rate in range");
        let mut session = Session::on(&mut chip, 1);
        group.bench_function(BenchmarkId::new("chip in the loop, lumped", &name), |b| {
            b.iter(|| epoch(&mut analog, &mut session, examples, 0.1, &mut adam));
        });
    }
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
