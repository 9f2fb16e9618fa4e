//! The mapping crate: planning, and what a plan costs beyond the runs it consists of.
#![allow(
    missing_docs,
    reason = "criterion's macros expand to undocumented functions"
)]

use std::hint::black_box;

use bss2_core::{ArrayGeometry, MacArray, RunRequest, RunSettings, Trial};
use bss2_hardware::{ChipConfig, IdealArray, NOMINAL_GAIN_LSB, SimulatedChip};
use bss2_mapping::{Balanced, InOrder, LayerShape, MappingStrategy, Plan, PlanRunner};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, s};

const CHIP: ArrayGeometry = ArrayGeometry::BSS2;
const VECTORS: usize = 64;

fn planning(c: &mut Criterion) {
    let shape = LayerShape {
        inputs: 4096,
        outputs: 4096,
    };
    let mut group = c.benchmark_group("plan 4096 to 4096");
    let strategies: [(&str, &dyn MappingStrategy); 2] =
        [("in order", &InOrder), ("balanced", &Balanced)];
    for (name, strategy) in strategies {
        group.bench_function(name, |b| b.iter(|| strategy.plan(black_box(shape), CHIP)));
    }
    group.finish();
}

/// The weights, activations and plan of a layer of 512 inputs and 512 outputs: eight full tiles.
fn layer() -> (Plan, Array2<i8>, Array2<u8>) {
    let shape = LayerShape {
        inputs: 512,
        outputs: 512,
    };
    let plan = InOrder.plan(shape, CHIP).expect("the layer is not empty");
    let weights = Array2::from_shape_fn((512, 512), |(i, o)| ((i * 31 + o * 17) % 127) as i8 - 63);
    let activations = Array2::from_shape_fn((VECTORS, 512), |(v, i)| ((v * 13 + i * 7) % 32) as u8);
    (plan, weights, activations)
}

/// The same tiles, loaded and run by hand, with every block cut out beforehand and no sums.
fn run_bare(
    array: &mut dyn MacArray,
    tiles: &[(RunRequest, Array2<i8>, Array2<u8>)],
    outputs: &mut Array2<i8>,
) {
    for (request, weights, activations) in tiles {
        array
            .load_weights(request.region, weights.view())
            .expect("weights in range");
        array
            .run(request, activations.view(), outputs.view_mut())
            .expect("a good request");
        black_box(&mut *outputs);
    }
}

fn running(c: &mut Criterion) {
    let (plan, weights, activations) = layer();
    let settings = RunSettings::default();
    let mut trial = Trial::new(1);
    let tiles: Vec<(RunRequest, Array2<i8>, Array2<u8>)> = plan
        .tiles()
        .iter()
        .map(|tile| {
            let request = RunRequest {
                region: tile.region,
                settings,
                trial: trial.next_pass(),
            };
            let block = weights.slice(s![tile.inputs.clone(), tile.outputs.clone()]);
            let driven = activations.slice(s![.., tile.inputs.clone()]);
            (request, block.to_owned(), driven.to_owned())
        })
        .collect();

    let config = ChipConfig::typical()
        .check()
        .expect("typical parameters are in range");
    let ideal = IdealArray::new(CHIP, NOMINAL_GAIN_LSB).expect("gain in range");
    let arrays: [(&str, Box<dyn MacArray>); 2] = [
        ("ideal", Box::new(ideal)),
        ("chip, lumped", Box::new(SimulatedChip::new(&config, 1))),
    ];
    let mut group = c.benchmark_group("512 to 512, 64 vectors");
    group.sample_size(30);
    group.throughput(Throughput::Elements((VECTORS * weights.len()) as u64));
    for (name, mut array) in arrays {
        let mut outputs = Array2::zeros((VECTORS, 256));
        group.bench_function(format!("{name}, bare runs"), |b| {
            b.iter(|| run_bare(array.as_mut(), &tiles, &mut outputs));
        });
        let mut runner = PlanRunner::new(plan.clone());
        let mut outputs = Array2::zeros((VECTORS, 512));
        group.bench_function(format!("{name}, plan"), |b| {
            b.iter(|| {
                runner
                    .run(
                        array.as_mut(),
                        weights.view(),
                        activations.view(),
                        settings,
                        &mut Trial::new(1),
                        outputs.view_mut(),
                    )
                    .expect("the layer of the plan");
                black_box(&mut outputs);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, planning, running);
criterion_main!(benches);
