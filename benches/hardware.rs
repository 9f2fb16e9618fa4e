//! The arrays of the hardware crate, against a plain matrix product of the same size.

use std::hint::black_box;

use bss2_benches::table::{Benchmarks, LIMIT, measure};
use bss2_core::random::derive_seed;
use bss2_core::{
    ArrayGeometry, ChipControl, Chips, MacArray, Region, Register, RunRequest, RunSettings, Trial,
    WeightCache,
};
use bss2_experiments::workbench::PlainProduct;
use bss2_hardware::{ChipConfig, Fidelity, IdealArray, MockArray, NOMINAL_GAIN_LSB, SimulatedChip};
use bss2_mapping::{LayerShape, MappingStrategy, PlanRunner, Tiling};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use ndarray::{Array2, ArrayView2};

const CHIP: ArrayGeometry = ArrayGeometry::BSS2;
const BATCHES: [usize; 3] = [1, 64, 1024];

fn main() {
    measure(&Benchmarks {
        name: "hardware",
        unit: "MAC",
        in_pool: true,
        run: |criterion| {
            matrix_products(criterion);
            layers(criterion);
            preparation(criterion);
        },
    });
}

fn typical_chip() -> SimulatedChip {
    let config = ChipConfig::typical()
        .check()
        .expect("typical parameters are in range");
    SimulatedChip::new(&config, 1)
}

fn ideal() -> IdealArray {
    IdealArray::new(CHIP, NOMINAL_GAIN_LSB).expect("gain in range")
}

/// A pattern without structure that matters: every value of the range, zeros about one in 32.
fn activations(vectors: usize, inputs: usize) -> Array2<u8> {
    Array2::from_shape_fn((vectors, inputs), |(v, i)| ((v * 13 + i * 7) % 32) as u8)
}

fn weights(inputs: usize, columns: usize, step: usize) -> Array2<i8> {
    Array2::from_shape_fn((inputs, columns), |(i, c)| {
        ((i * 31 + c * 17 + step) % 127) as i8 - 63
    })
}

fn load(array: &mut impl MacArray, weights: ArrayView2<'_, i8>) {
    for hemisphere in 0..CHIP.hemispheres() {
        array
            .load_weights(Region::whole(CHIP, hemisphere), weights)
            .expect("weights in range");
    }
}

/// Weights that have nothing to do with those of other steps.
fn mixed_weights(step: u64) -> Array2<i8> {
    let mut state = step;
    Array2::from_shape_simple_fn((CHIP.inputs(), CHIP.columns()), || {
        state = derive_seed(state, step);
        (state % 127) as i8 - 63
    })
}

/// Weights are folded when they are first run: as here, without any vector.
fn load_and_fold(chip: &mut SimulatedChip, weights: ArrayView2<'_, i8>) {
    load(chip, weights);
    let none = Array2::zeros((0, CHIP.inputs()));
    let mut outputs = Array2::zeros((0, CHIP.columns()));
    for hemisphere in 0..CHIP.hemispheres() {
        let request = RunRequest {
            region: Region::whole(CHIP, hemisphere),
            settings: RunSettings::default(),
            trial: Trial::new(1),
        };
        chip.run(&request, none.view(), outputs.view_mut())
            .expect("a good request");
    }
}

/// The limit of a shape.
fn plain_product(
    group: &mut BenchmarkGroup<'_, WallTime>,
    vectors: usize,
    inputs: usize,
    outputs: usize,
) {
    let mut plain = PlainProduct::new(vectors, inputs, outputs).expect("a shape in range");
    let name = format!("{LIMIT}product in f32");
    group.throughput(Throughput::Elements((vectors * inputs * outputs) as u64));
    group.bench_function(BenchmarkId::new(name, vectors), |b| {
        b.iter(|| {
            black_box(plain.multiply());
        });
    });
}

/// Runs both hemispheres of one array on batches of some sizes.
fn run_batches(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut array: impl MacArray,
    batches: &[usize],
) {
    load(&mut array, weights(CHIP.inputs(), CHIP.columns(), 0).view());
    for &vectors in batches {
        let macs = vectors * CHIP.hemispheres() * CHIP.inputs() * CHIP.columns();
        group.throughput(Throughput::Elements(macs as u64));
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

/// 256 inputs to 256 columns: both hemispheres with half of the inputs each.
fn matrix_products(c: &mut Criterion) {
    let mut group = c.benchmark_group("256 to 256, one chip full");
    for vectors in BATCHES {
        plain_product(&mut group, vectors, 256, 256);
    }
    run_batches(&mut group, "chip, lumped, batch", typical_chip(), &BATCHES);
    let transient = typical_chip().with_fidelity(Fidelity::Transient);
    run_batches(&mut group, "chip, transient, batch", transient, &[64]);
    run_batches(&mut group, "ideal array, batch", ideal(), &BATCHES);
    let mock = MockArray::new(CHIP, NOMINAL_GAIN_LSB, MockArray::PUBLISHED_NOISE_LSB)
        .expect("parameters in range");
    run_batches(&mut group, "mock, batch", mock, &BATCHES);
    group.finish();
}

/// Whole layers, sums of partial results included. One chip alone has to load what it cannot hold for
/// every batch anew; some layers are measured on as many chips as hold them, too.
fn layers(c: &mut Criterion) {
    for (inputs, outputs, most_chips) in [(256, 256, 1), (784, 128, 4), (1024, 1024, 1)] {
        let mut group = c.benchmark_group(format!("layer {inputs} to {outputs}"));
        group.sample_size(30);
        for vectors in [64, 1024] {
            plain_product(&mut group, vectors, inputs, outputs);
            run_layer(
                &mut group,
                typical_chip(),
                "one chip",
                [vectors, inputs, outputs],
            );
            if most_chips > 1 {
                let chips = Chips::new(vec![typical_chip(); most_chips]).expect("equal chips");
                let name = format!("{most_chips} chips");
                run_layer(&mut group, chips, &name, [vectors, inputs, outputs]);
            }
        }
        group.finish();
    }
}

fn run_layer(
    group: &mut BenchmarkGroup<'_, WallTime>,
    array: impl MacArray,
    name: &str,
    [vectors, inputs, outputs]: [usize; 3],
) {
    let mut array = WeightCache::new(array);
    let shape = LayerShape::dense(inputs, outputs).expect("not empty");
    let plan = Tiling::balanced()
        .plan(&shape.into(), array.geometry())
        .expect("layers of any size have a plan");
    let loads = if plan.is_resident() {
        "resident"
    } else {
        "loaded"
    };
    let mut runner = PlanRunner::new(plan);
    let weights = weights(inputs, outputs, 0);
    let activations = activations(vectors, inputs);
    let mut sums = Array2::zeros((vectors, outputs));
    let mut trial = Trial::new(1);
    group.throughput(Throughput::Elements((vectors * inputs * outputs) as u64));
    group.bench_function(
        BenchmarkId::new(format!("{name}, {loads}, batch"), vectors),
        |b| {
            b.iter(|| {
                let (weights, activations) = (weights.view(), activations.view());
                let outputs = sums.view_mut();
                runner
                    .run(&mut array, weights, activations, &mut trial, outputs)
                    .expect("the layer of the plan")
            });
        },
    );
}

/// What is paid once per chip, per layer and per calibration step.
fn preparation(c: &mut Criterion) {
    let mut group = c.benchmark_group("preparation");
    group.sample_size(20);
    group.bench_function("draw a typical chip", |b| b.iter(typical_chip));

    let mut chip = typical_chip();
    // So many that none is remembered when it comes back.
    let steps: Vec<_> = (0..300).map(mixed_weights).collect();
    for (name, count) in [("new weights", steps.len()), ("weights in turn", 8)] {
        let mut steps = steps[..count].iter().cycle();
        group.bench_function(format!("load a full chip with {name}, and fold"), |b| {
            b.iter(|| load_and_fold(&mut chip, steps.next().expect("without end").view()));
        });
    }

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
