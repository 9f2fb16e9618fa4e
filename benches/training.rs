//! The training crate: samples per second, in `f32` and with the lumped chip in the loop, on all
//! threads that there are (`RAYON_NUM_THREADS` sets another number).
use bss2_benches::table::{Benchmarks, LIMIT, measure};
use bss2_hardware::{ChipConfig, SimulatedChip};
use bss2_training::{
    Adam, CrossEntropy, Deployment, Examples, Network, RateSchedule, Schedule, Session, deploy,
    float_mlp, published_mnist_cnn, train,
};
use criterion::{BenchmarkId, Criterion, Throughput};
use ndarray::Array2;

fn main() {
    measure(&Benchmarks {
        name: "training",
        unit: "sample",
        in_pool: false,
        run: steps,
    });
}

const SAMPLES: usize = 400;
const BATCH: usize = 100;
const FEATURES: usize = 784;

/// Inputs in 0…1, about as many zeros as in images.
fn inputs() -> Array2<f32> {
    Array2::from_shape_fn((SAMPLES, FEATURES), |(v, i)| {
        let value = (v * 13 + i * 7 + v * i % 5) % 32;
        (value as f32 / 31.0 - 0.5).max(0.0) * 2.0
    })
}

/// One epoch of four steps.
fn epoch(
    network: &mut Network,
    chip: Option<&mut SimulatedChip>,
    examples: Examples<'_>,
    logits_per_unit: f32,
    optimizer: &mut Adam,
) {
    let schedule = Schedule {
        epochs: 1,
        batch: BATCH,
        seed: 1,
        rate: RateSchedule::Constant,
    };
    let loss = CrossEntropy { logits_per_unit };
    let mut session = match chip {
        None => Session::digital(),
        Some(chip) => Session::on(chip, 1),
    };
    train(
        network,
        &mut session,
        examples,
        schedule,
        &loss,
        optimizer,
        &mut |_| {},
    )
    .expect("inputs and labels fit");
}

fn steps(c: &mut Criterion) {
    let labels: Vec<u8> = (0..SAMPLES).map(|i| (i % 10) as u8).collect();
    let inputs = inputs();
    let examples = Examples::new(inputs.view(), &labels).expect("as many labels as inputs");
    let mut group = c.benchmark_group("training, batches of 100");
    group.sample_size(10);
    group.throughput(Throughput::Elements(SAMPLES as u64));
    let networks = [
        ("published MNIST", published_mnist_cnn(1)),
        ("784-128-10", float_mlp(&[FEATURES, 128, 10], 1)),
    ];
    for (name, network) in networks {
        let mut float = network.expect("sizes in range");
        let (mut analog, _) = deploy(
            &float.steps().expect("known layers"),
            inputs.view(),
            Deployment::default(),
        )
        .expect("a network that fits its samples");

        let mut adam = Adam::new(0.001).expect("rate in range");
        group.bench_function(BenchmarkId::new(format!("{LIMIT}digital,"), name), |b| {
            b.iter(|| epoch(&mut float, None, examples, 1.0, &mut adam));
        });

        let config = ChipConfig::typical()
            .check()
            .expect("typical parameters are in range");
        let mut chip = SimulatedChip::new(&config, 1);
        let mut adam = Adam::new(0.1).expect("rate in range");
        group.bench_function(BenchmarkId::new("chip in the loop, lumped,", name), |b| {
            b.iter(|| epoch(&mut analog, Some(&mut chip), examples, 0.1, &mut adam));
        });
    }
    group.finish();
}
