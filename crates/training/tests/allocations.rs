//! After its first epoch, training allocates nothing per step.
//!
//! Measured in 3 epochs on the mock array and on the chip, 7 steps each, the last of 4 samples instead of 16: one
//! allocation per epoch, the order in which it visits the samples.
#![allow(unsafe_code, reason = "a global allocator is unsafe to implement")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bss2_core::{ArrayGeometry, MacArray, NOMINAL_GAIN_LSB, RunSettings};
use bss2_hardware::{ChipConfig, MockArray, SimulatedChip};
use bss2_mapping::{ConvolutionOptions, LayerShape, Lowering, MappingStrategy, Tiling};
use bss2_training::{
    Adam, AnalogDense, BatchNorm, Bias, Conv, CrossEntropy, Dense, Deployment, Dropout, Examples,
    Flatten, Layer, LayerDeployment, Network, NoiseInjection, Optimizer, PoolKind, PoolOptions,
    Pooling, RateSchedule, Relu, Schedule, Session, Sgd, Twin, TwinArray, TwinGradient, deploy,
    evaluate, float_cnn, float_mlp, init, train,
};
use ndarray::{Array2, s};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    COUNT.set(COUNT.get() + 1);
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as of this call.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as of this call.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: as of this call.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SAMPLES: usize = 100;
const BATCH: usize = 16;
const EPOCHS: usize = 4;
/// The order of the samples.
const PER_EPOCH: usize = 1;

/// Inputs and labels.
fn set() -> (Array2<f32>, Vec<u8>) {
    let inputs = Array2::from_shape_fn((SAMPLES, 200), |(v, i)| ((v * 7 + i) % 11) as f32 / 10.0);
    let labels = (0..SAMPLES).map(|v| (v % 3) as u8).collect();
    (inputs, labels)
}

/// Two tiles for the first layer, of different sizes, and one for the second.
fn mlp() -> Network {
    float_mlp(&[200, 20, 3], 1).expect("widths in range")
}

fn mock() -> MockArray {
    MockArray::new(ArrayGeometry::BSS2, NOMINAL_GAIN_LSB, 1.6).expect("parameters in range")
}

/// Does something on the only thread of a pool, where all that it allocates is counted.
fn on_one_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("a thread").install(work)
}

/// Allocations of each epoch but the first.
fn per_epoch(network: &mut Network, session: &mut Session<'_>, set: Examples<'_>) -> Vec<usize> {
    let mut adam = Adam::new(0.01).expect("rate in range");
    per_epoch_with(&mut adam, network, session, set)
}

fn per_epoch_with(
    optimizer: &mut dyn Optimizer,
    network: &mut Network,
    session: &mut Session<'_>,
    set: Examples<'_>,
) -> Vec<usize> {
    let schedule = Schedule {
        epochs: EPOCHS,
        batch: BATCH,
        seed: 1,
        rate: RateSchedule::Cosine { to: 0.1 },
    };
    let loss = CrossEntropy {
        logits_per_unit: 0.1,
    };
    let mut at_end = Vec::with_capacity(EPOCHS);
    on_one_thread(|| {
        train(
            network,
            session,
            set,
            schedule,
            &loss,
            optimizer,
            &mut |_| at_end.push(COUNT.get()),
        )
    })
    .expect("a good set");
    at_end.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn training_on_an_array_allocates_nothing_per_step() {
    let config = ChipConfig::typical().check().expect("typical parameters");
    let mut arrays: [Box<dyn MacArray + Send>; 2] =
        [Box::new(mock()), Box::new(SimulatedChip::new(&config, 1))];
    for array in &mut arrays {
        let (inputs, labels) = set();
        let examples = Examples::new(inputs.view(), &labels).expect("a good set");
        let (mut network, _) = deploy(
            &mlp().steps().unwrap(),
            inputs.view(),
            Deployment::default(),
        )
        .expect("a network that fits its samples");
        let mut session = Session::on(array.as_mut(), 1);
        let found = per_epoch(&mut network, &mut session, examples);
        assert_eq!(found, [PER_EPOCH; EPOCHS - 1]);
    }
}

#[test]
fn training_on_a_twin_with_its_derivative_allocates_nothing_per_step() {
    let (inputs, labels) = set();
    let inputs = inputs.mapv(|x| (31.0 * x).round());
    let examples = Examples::new(inputs.view(), &labels).expect("a good set");
    let (chip, settings) = (ArrayGeometry::BSS2, RunSettings::USUAL);
    let twin = Twin::mock(chip, NOMINAL_GAIN_LSB, 1.6, settings).expect("parameters in range");
    let twin = std::sync::Arc::new(twin);
    let shape = LayerShape::dense(200, 3).expect("a small layer");
    let plan = Tiling::in_order()
        .plan(&shape.into(), chip)
        .expect("a plan");
    let model = TwinGradient::new(std::sync::Arc::clone(&twin), &plan).expect("its plan");
    let weights = Array2::from_shape_fn((200, 3), |(i, j)| ((i * 3 + j) % 50) as f32 - 24.5);
    let layer = AnalogDense::new(weights, plan, Box::new(model)).expect("as large as the plan");
    let mut network = Network::new(vec![Box::new(layer), Box::new(Relu)]).expect("two layers");
    let mut array = TwinArray::new(twin);
    let noise = NoiseInjection {
        factor: 1.5,
        spread: 0.5,
    };
    array.set_noise(noise).expect("in range");
    let found = per_epoch(&mut network, &mut Session::on(&mut array, 1), examples);
    assert_eq!(found, [PER_EPOCH; EPOCHS - 1]);
}

/// 200 inputs as 2 channels of 10 × 10.
fn cnn() -> Network {
    let options = ConvolutionOptions {
        stride: (3, 3),
        padding: (1, 1),
        ..ConvolutionOptions::two_d(2, (10, 10), 6, (4, 4))
    };
    let convolution = options.check().expect("small sizes");
    float_cnn(&[convolution], &[8, 3], 1).expect("widths in range")
}

#[test]
fn training_of_convolutions_allocates_nothing_per_step() {
    let (inputs, labels) = set();
    let examples = Examples::new(inputs.view(), &labels).expect("a good set");
    let digital = per_epoch(&mut cnn(), &mut Session::digital(), examples);
    assert_eq!(digital, [PER_EPOCH; EPOCHS - 1]);
    let unrolled = Lowering::Unrolled {
        height: 2,
        width: 2,
    };
    for lowering in [Lowering::Im2col, unrolled] {
        let deployment = Deployment::of_all(LayerDeployment {
            lowering,
            ..LayerDeployment::default()
        });
        let (mut network, _) = deploy(&cnn().steps().unwrap(), inputs.view(), deployment)
            .expect("a network that fits its samples");
        let mut array = mock();
        let mut session = Session::on(&mut array, 1);
        let found = per_epoch(&mut network, &mut session, examples);
        assert_eq!(found, [PER_EPOCH; EPOCHS - 1]);
    }
}

/// One of each digital layer.
fn layers_of_all_kinds() -> Network {
    let options = ConvolutionOptions::two_d(2, (10, 10), 4, (3, 3));
    let convolution = options.check().expect("small sizes");
    let pool = PoolOptions::two_d(PoolKind::Max, 4, (8, 8), (2, 2));
    let weights = |shape| init::he_normal(shape, 0, 1).expect("few weights");
    let layers: Vec<Box<dyn Layer>> = vec![
        Box::new(Conv::new(convolution, weights((18, 4))).expect("the kernel's shape")),
        Box::new(BatchNorm::new(4, 64).expect("small sizes")),
        Box::new(Relu),
        Box::new(Pooling::new(pool.check().expect("small sizes"))),
        Box::new(Flatten),
        Box::new(Dropout::new(0.2).expect("rate in range")),
        Box::new(Dense::new(weights((64, 3)))),
        Box::new(Bias::new(vec![0.0; 3], 1).expect("finite")),
    ];
    Network::new(layers).expect("some layers")
}

#[test]
fn no_layer_and_no_optimizer_allocates_per_step() {
    let (inputs, labels) = set();
    let examples = Examples::new(inputs.view(), &labels).expect("a good set");
    let sgd = Sgd::new(0.01, 0.9).and_then(|sgd| sgd.with_weight_decay(0.01));
    let adam = Adam::new(0.01).and_then(|adam| adam.with_weight_decay(0.01));
    let optimizers: [&mut dyn Optimizer; 2] =
        [&mut sgd.expect("in range"), &mut adam.expect("in range")];
    for optimizer in optimizers {
        let (mut network, mut session) = (layers_of_all_kinds(), Session::digital());
        let found = per_epoch_with(optimizer, &mut network, &mut session, examples);
        assert_eq!(found, [PER_EPOCH; EPOCHS - 1]);
    }
}

#[test]
fn digital_training_allocates_nothing_per_step() {
    let (inputs, labels) = set();
    let examples = Examples::new(inputs.view(), &labels).expect("a good set");
    let found = per_epoch(&mut mlp(), &mut Session::digital(), examples);
    assert_eq!(found, [PER_EPOCH; EPOCHS - 1]);
}

#[test]
fn evaluations_between_epochs_allocate_nothing_once_their_size_was_seen() {
    let (inputs, labels) = set();
    let all = Examples::new(inputs.view(), &labels).expect("a good set");
    let few = Examples::new(inputs.slice(s![..30, ..]), &labels[..30]);
    let few = few.expect("a good set");
    let (mut network, _) = deploy(
        &mlp().steps().unwrap(),
        inputs.view(),
        Deployment::default(),
    )
    .expect("a network that fits its samples");
    let mut array = mock();
    let mut session = Session::on(&mut array, 1);
    let allocated = on_one_thread(|| {
        evaluate(&mut network, &mut session, all).expect("a good set");
        let before = COUNT.get();
        for examples in [few, all, few] {
            evaluate(&mut network, &mut session, examples).expect("a good set");
        }
        COUNT.get() - before
    });
    assert_eq!(allocated, 0);
}
