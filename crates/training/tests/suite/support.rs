//! Arrays, networks and numbers that several tests use.

use bss2_core::{ArrayGeometry, NOMINAL_GAIN_LSB, RunSettings};
use bss2_data::{Dataset, YinYang};
use bss2_hardware::{ChipConfig, IdealArray, MockArray, SimulatedChip};
use bss2_mapping::{
    Convolution, LayerShape, LoweredConvolution, Lowering, MappingStrategy, Tiling,
};
use bss2_training::{
    Adam, AnalogConv, AnalogDense, CrossEntropy, Deployment, Examples, GradientModel, Layer,
    Network, RateSchedule, Schedule, Session, deploy, float_mlp, train,
};
use ndarray::{Array2, ArrayD, ArrayView2};

pub(crate) const CHIP: ArrayGeometry = ArrayGeometry::BSS2;

/// Loss of digital networks.
pub(crate) const DIGITAL: CrossEntropy = CrossEntropy {
    logits_per_unit: 1.0,
};
/// Loss of networks on an array, whose outputs are LSB.
pub(crate) const ANALOG: CrossEntropy = CrossEntropy {
    logits_per_unit: 0.1,
};
/// In order, with other sends.
pub(crate) fn sent(num_sends: u32) -> Tiling {
    let settings = RunSettings::new(num_sends, 5).expect("a few sends");
    Tiling::in_order().with_settings(settings)
}

pub(crate) fn ideal() -> IdealArray {
    IdealArray::new(CHIP, NOMINAL_GAIN_LSB).expect("gain in range")
}

pub(crate) fn noisy() -> MockArray {
    MockArray::new(CHIP, NOMINAL_GAIN_LSB, 1.6).expect("parameters in range")
}

/// A fresh chip: mismatch, noise, nothing calibrated.
pub(crate) fn fresh_chip(seed: u64) -> SimulatedChip {
    let config = ChipConfig::typical().check().expect("typical is in range");
    SimulatedChip::new(&config, seed)
}

/// Inputs with their labels, owned.
pub(crate) struct Set {
    pub(crate) inputs: Array2<f32>,
    pub(crate) labels: Vec<u8>,
}

impl Set {
    pub(crate) fn examples(&self) -> Examples<'_> {
        Examples::new(self.inputs.view(), &self.labels).expect("as many labels as inputs")
    }
}

/// Training and test samples.
pub(crate) fn yin_yang(training: usize, test: usize) -> [Set; 2] {
    let split = YinYang::new(training, test, 1)
        .and_then(|set| set.split())
        .expect("counts in range");
    [split.train, split.test].map(|samples| Set {
        inputs: samples.inputs().clone(),
        labels: samples.labels().to_vec(),
    })
}

/// A digital network trained on a set.
pub(crate) fn trained_mlp(widths: &[usize], set: &Set, epochs: usize) -> Network {
    let mut network = float_mlp(widths, 1).expect("widths above zero");
    let schedule = Schedule {
        epochs,
        batch: 20,
        seed: 1,
        rate: RateSchedule::Constant,
    };
    let mut adam = Adam::new(0.01).expect("rate in range");
    train(
        &mut network,
        &mut Session::digital(),
        set.examples(),
        schedule,
        &DIGITAL,
        &mut adam,
        &mut |_| {},
    )
    .expect("a good set");
    network
}

/// A small network on the array, not trained: 4 inputs, 3 outputs.
pub(crate) fn deployed_yin_yang(set: &Set) -> Network {
    let float = float_mlp(&[4, 12, 3], 3).expect("widths above zero");
    deployed_for_yin_yang(&float, set)
}

/// Eight sends make four inputs strong enough.
pub(crate) fn deployed_for_yin_yang(float: &Network, set: &Set) -> Network {
    let tiling = sent(8);
    let deployment = Deployment::by(&tiling);
    deploy(
        &float.steps().expect("steps that are known"),
        set.inputs.view(),
        deployment,
    )
    .expect("a good set")
    .0
}

pub(crate) fn analog_dense(weights: Array2<f32>, model: Box<dyn GradientModel>) -> AnalogDense {
    let (inputs, outputs) = weights.dim();
    let shape = LayerShape::dense(inputs, outputs).expect("a layer that is not empty");
    let plan = Tiling::in_order()
        .plan(&shape.into(), CHIP)
        .expect("a small layer");
    AnalogDense::new(weights, plan, model).expect("as large as the plan")
}

pub(crate) fn analog_conv(
    convolution: Convolution,
    kernel: Array2<f32>,
    lowering: Lowering,
    model: Box<dyn GradientModel>,
) -> AnalogConv {
    let lowered = LoweredConvolution::new(convolution, lowering).expect("a small convolution");
    let plan = Tiling::in_order()
        .plan(&lowered.shape().into(), CHIP)
        .expect("a small layer");
    AnalogConv::new(kernel, lowered, plan, model).expect("of the convolution's shape")
}

/// The gradient of a layer's weights, if it has any.
pub(crate) fn weight_gradient(layer: &dyn Layer) -> Option<Array2<f32>> {
    let mut found = None;
    layer.parameters(&mut |parameter| {
        assert_eq!(parameter.gradient.shape(), parameter.value.shape());
        assert!(parameter.value.iter().all(|w| parameter.range.contains(w)));
        if parameter.name == "weight" {
            found = parameter.gradient.to_owned().into_dimensionality().ok();
        }
    });
    found
}

/// The gradients of all parameters of a layer.
pub(crate) fn parameter_gradients(layer: &dyn Layer) -> Vec<ArrayD<f32>> {
    let mut found = Vec::new();
    layer.parameters(&mut |parameter| {
        assert_eq!(parameter.gradient.shape(), parameter.value.shape());
        assert!(parameter.value.iter().all(|w| parameter.range.contains(w)));
        found.push(parameter.gradient.to_owned());
    });
    found
}

/// Replaces the values of the parameter with the given number.
pub(crate) fn set_parameter(network: &mut Network, number: usize, value: &Array2<f32>) {
    let mut count = 0;
    network
        .update_parameters(&mut |mut parameter| {
            if count == number {
                parameter.value.assign(&value.view().into_dyn());
            }
            count += 1;
            Ok(())
        })
        .expect("nothing refuses");
}

/// The product of two matrices in `f64`, one number at a time.
pub(crate) fn product(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Array2<f64> {
    Array2::from_shape_fn((a.nrows(), b.ncols()), |(i, j)| {
        (0..a.ncols())
            .map(|k| f64::from(a[[i, k]]) * f64::from(b[[k, j]]))
            .sum()
    })
}

pub(crate) fn assert_close(found: &Array2<f32>, expected: &Array2<f64>, tolerance: f64) {
    assert_eq!(found.dim(), expected.dim());
    for ((position, &found), &expected) in found.indexed_iter().zip(expected) {
        assert!(
            (f64::from(found) - expected).abs() <= tolerance * expected.abs().max(1.0),
            "{position:?}: {found}, expected {expected}"
        );
    }
}
