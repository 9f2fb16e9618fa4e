//! The mapping crate: planning, and what a plan costs beyond the runs it consists of.

use std::hint::black_box;
use std::sync::Arc;

use bss2_benches::table::{Benchmarks, LIMIT, measure};
use bss2_core::{
    ArrayError, ArrayGeometry, MacArray, Region, RunReport, RunRequest, RunSettings, Trial,
};
use bss2_hardware::{ChipConfig, IdealArray, NOMINAL_GAIN_LSB, SimulatedChip};
use bss2_mapping::{
    ArrayProfile, Coding, ColumnProfile, DriverProfile, HemisphereProfile, Layer, LayerSample,
    LayerShape, MappingStrategy, Placed, PlanRunner, Tiling,
};
use criterion::{BenchmarkId, Criterion, Throughput};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

fn main() {
    measure(&Benchmarks {
        name: "mapping",
        unit: "MAC",
        in_pool: true,
        run: |criterion| {
            planning(criterion);
            running(criterion);
        },
    });
}

const CHIP: ArrayGeometry = ArrayGeometry::BSS2;
const VECTORS: usize = 64;

fn planning(c: &mut Criterion) {
    let shape = LayerShape::dense(4096, 4096).expect("not empty");
    let mut group = c.benchmark_group("plan 4096 to 4096");
    let tilings = [
        ("in order", Tiling::in_order()),
        ("balanced", Tiling::balanced()),
        ("packed", Tiling::packed()),
    ];
    for (name, tiling) in tilings {
        group.bench_function(name, |b| {
            b.iter(|| tiling.plan(&black_box(shape).into(), CHIP));
        });
    }
    let placed = Placed::new(flat_profile(), Tiling::packed());
    group.sample_size(20);
    group.bench_function("placed, nothing known of the layer", |b| {
        b.iter(|| placed.plan(&black_box(shape).into(), CHIP));
    });
    let weights =
        Array2::from_shape_fn((4096, 4096), |(i, o)| ((i * 31 + o * 17) % 127) as i8 - 63);
    let activations = Array2::from_shape_fn((16, 4096), |(v, i)| ((v * 13 + i * 7) % 32) as u8);
    let sample = LayerSample {
        weights: weights.view(),
        activations: activations.view().into(),
    };
    let layer = Layer::with_sample(shape, sample).expect("as large as the layer");
    group.sample_size(10);
    group.bench_function("placed, by 16 vectors", |b| {
        b.iter(|| placed.plan(black_box(&layer), CHIP));
    });
    group.finish();
}

/// The profile of an array whose elements differ a little.
fn flat_profile() -> Arc<ArrayProfile> {
    let wobble = |number: usize| ((number * 7919) % 101) as f32 / 1000.0 - 0.05;
    let hemisphere = HemisphereProfile {
        columns: (0..CHIP.columns())
            .map(|column| ColumnProfile {
                gain_positive: 1.0 + wobble(column),
                gain_negative: 1.0 + wobble(column + 7),
                offset_lsb: 20.0 * wobble(column + 3),
                noise_lsb: 1.5,
                residual: 0.02,
                linearity_lsb: -4.0,
                works: true,
            })
            .collect(),
        drivers: (0..CHIP.inputs())
            .map(|driver| DriverProfile {
                gain: 1.0 + wobble(driver),
                works: true,
            })
            .collect(),
        common_noise_lsb: 0.2,
    };
    let hemispheres = vec![hemisphere; CHIP.hemispheres()];
    let profile = ArrayProfile::new(CHIP, RunSettings::default(), NOMINAL_GAIN_LSB, hemispheres);
    Arc::new(profile.expect("numbers for every element"))
}

/// A layer of 512 inputs and 512 outputs: eight full blocks.
fn layer() -> (Array2<i8>, Array2<u8>) {
    let weights = Array2::from_shape_fn((512, 512), |(i, o)| ((i * 31 + o * 17) % 127) as i8 - 63);
    let activations = Array2::from_shape_fn((VECTORS, 512), |(v, i)| ((v * 13 + i * 7) % 32) as u8);
    (weights, activations)
}

/// What a plan asks of its array, to be repeated without the plan.
#[derive(Default)]
struct Bare {
    steps: Vec<Step>,
}

enum Step {
    Load(Region, Array2<i8>),
    Run(RunRequest, Array2<u8>),
}

impl MacArray for Bare {
    fn geometry(&self) -> ArrayGeometry {
        CHIP
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.steps.push(Step::Load(region, weights.to_owned()));
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        _: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        self.steps.push(Step::Run(*request, activations.to_owned()));
        Ok(RunReport::default())
    }
}

impl Bare {
    fn repeat(&self, array: &mut dyn MacArray, outputs: &mut Array2<i8>) {
        for step in &self.steps {
            match step {
                Step::Load(region, weights) => array.load_weights(*region, weights.view()),
                Step::Run(request, activations) => {
                    let shape = s![..activations.nrows(), ..request.region.columns];
                    let outputs = outputs.slice_mut(shape);
                    array.run(request, activations.view(), outputs).map(drop)
                }
            }
            .expect("what the plan did");
            black_box(&mut *outputs);
        }
    }
}

fn run(
    runner: &mut PlanRunner,
    array: &mut dyn MacArray,
    (weights, activations): &(Array2<i8>, Array2<u8>),
    outputs: &mut Array2<i8>,
) {
    let trial = &mut Trial::new(1);
    runner
        .run(
            array,
            weights.view(),
            activations.view(),
            trial,
            outputs.view_mut(),
        )
        .expect("the layer of the plan");
    black_box(outputs);
}

fn running(c: &mut Criterion) {
    let config = ChipConfig::typical()
        .check()
        .expect("typical parameters are in range");
    let ideal = IdealArray::new(CHIP, NOMINAL_GAIN_LSB).expect("gain in range");
    let arrays: [(&str, Box<dyn MacArray>); 2] = [
        ("ideal", Box::new(ideal)),
        ("chip, lumped", Box::new(SimulatedChip::new(&config, 1))),
    ];
    let placed = Placed::new(flat_profile(), Tiling::packed());
    let twice = Coding {
        row_repetition: 2,
        column_copies: 2,
        ..Coding::default()
    };
    let everything_twice = Tiling::packed().with_coding(twice);
    let strategies: [(&str, &dyn MappingStrategy); 3] = [
        ("in order", &Tiling::IN_ORDER),
        ("everything twice", &everything_twice),
        ("placed", &placed),
    ];
    let layer = layer();
    let mut group = c.benchmark_group("512 to 512, 64 vectors");
    group.sample_size(30);
    group.throughput(Throughput::Elements((VECTORS * 512 * 512) as u64));
    for (name, mut array) in arrays {
        for (strategy_name, strategy) in strategies {
            let shape = LayerShape::dense(512, 512).expect("not empty");
            let plan = strategy.plan(&shape.into(), CHIP).expect("the layer fits");
            let mut runner = PlanRunner::new(plan);
            let mut outputs = Array2::zeros((VECTORS, 512));
            let mut bare = Bare::default();
            run(&mut runner, &mut bare, &layer, &mut outputs);
            let of = format!("{name}, {strategy_name}");
            group.bench_function(BenchmarkId::new(format!("{LIMIT}bare runs,"), &of), |b| {
                b.iter(|| bare.repeat(array.as_mut(), &mut outputs));
            });
            group.bench_function(BenchmarkId::new("plan,", &of), |b| {
                b.iter(|| run(&mut runner, array.as_mut(), &layer, &mut outputs));
            });
        }
    }
    group.finish();
}
