//! One piece of work of each layer, so many times over: what instructions are counted of.
//!
//! `cargo run --release --package bss2-benches --example workload -- NAME TIMES`

use std::hint::black_box;
use std::process::ExitCode;

use bss2_calibration::Procedure;
use bss2_core::random::NoiseStream;
use bss2_core::{ArrayGeometry, MacArray, Region, RunRequest, RunSettings, Trial};
use bss2_hardware::{ChipConfig, SimulatedChip};
use bss2_training::{
    Adam, CrossEntropy, Deployment, Examples, RateSchedule, Schedule, Session, deploy,
    published_mnist_cnn, train,
};
use ndarray::Array2;

const CHIP: ArrayGeometry = ArrayGeometry::BSS2;

/// Does a piece of work so many times.
type Work = fn(u32);

const WORKLOADS: [(&str, Work); 5] = [
    ("noise", noise),
    ("batch", batch),
    ("load", load),
    ("training", training),
    ("calibration", calibration),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, times] = arguments.as_slice()
        && let Some((_, work)) = WORKLOADS.iter().find(|(known, _)| known == name)
        && let Ok(times) = times.parse()
    {
        work(times);
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}

fn chip() -> SimulatedChip {
    let config = ChipConfig::typical()
        .check()
        .expect("typical parameters are in range");
    SimulatedChip::new(&config, 1)
}

fn weights(step: u32) -> Array2<i8> {
    Array2::from_shape_fn((CHIP.inputs(), CHIP.columns()), |(i, c)| {
        ((i * 31 + c * 17 + step as usize) % 127) as i8 - 63
    })
}

/// 64 vectors of 256 standard normals.
fn noise(times: u32) {
    let stream = NoiseStream::new(Trial::new(1), 0, 1);
    let mut out = vec![0.0_f32; 64 * 256];
    for time in 0..times {
        stream.fill_vectors(u64::from(time), 0, 256, &mut out);
        black_box(&mut out);
    }
}

/// 64 vectors on one hemisphere.
fn batch(times: u32) {
    let mut chip = chip();
    let region = Region::whole(CHIP, 0);
    chip.load_weights(region, weights(0).view())
        .expect("weights in range");
    let activations =
        Array2::from_shape_fn((64, CHIP.inputs()), |(v, i)| ((v * 13 + i * 7) % 32) as u8);
    let mut outputs = Array2::zeros((64, CHIP.columns()));
    let mut trial = Trial::new(1);
    for _ in 0..times {
        let request = RunRequest {
            region,
            settings: RunSettings::default(),
            trial: trial.next_pass(),
        };
        chip.run(&request, activations.view(), outputs.view_mut())
            .expect("a good request");
        black_box(&mut outputs);
    }
}

/// Other weights for one hemisphere, which are folded: `record.sh` counts the third and the fourth, which are
/// new like those before.
fn load(times: u32) {
    let mut chip = chip();
    let none = Array2::zeros((0, CHIP.inputs()));
    let mut outputs = Array2::zeros((0, CHIP.columns()));
    let request = RunRequest {
        region: Region::whole(CHIP, 0),
        settings: RunSettings::default(),
        trial: Trial::new(1),
    };
    let steps = [0, 1, 2, 3].map(weights);
    for weights in steps.iter().cycle().take(times as usize) {
        chip.load_weights(request.region, black_box(weights.view()))
            .expect("weights in range");
        chip.run(&request, none.view(), outputs.view_mut())
            .expect("a good request");
    }
}

/// A step of the published MNIST network with the chip in the loop, 100 samples.
fn training(times: u32) {
    let inputs = Array2::from_shape_fn((100, 784), |(v, i)| {
        let value = (v * 13 + i * 7 + v * i % 5) % 32;
        (value as f32 / 31.0 - 0.5).max(0.0) * 2.0
    });
    let labels: Vec<u8> = (0..100).map(|i| (i % 10) as u8).collect();
    let float = published_mnist_cnn(1).expect("sizes in range");
    let (mut network, _) = deploy(
        &float.steps().expect("known layers"),
        inputs.view(),
        Deployment::default(),
    )
    .expect("a network that fits its samples");
    let schedule = Schedule {
        epochs: times as usize,
        batch: 100,
        seed: 1,
        rate: RateSchedule::Constant,
    };
    let loss = CrossEntropy {
        logits_per_unit: 0.1,
    };
    train(
        &mut network,
        &mut Session::on(&mut chip(), 1),
        Examples::new(inputs.view(), &labels).expect("as many labels as inputs"),
        schedule,
        &loss,
        &mut Adam::new(0.1).expect("rate in range"),
        &mut |_| {},
    )
    .expect("inputs and labels fit");
}

/// The joint procedure on a fresh chip.
fn calibration(times: u32) {
    let fresh = chip();
    for _ in 0..times {
        Procedure::joint()
            .run(&mut fresh.clone(), 1, &mut |_| {})
            .expect("a simulated chip refuses nothing");
    }
}
