//! Convolutions in a network, and on the array.

use bss2_core::{ArrayGeometry, NOMINAL_GAIN_LSB, RunSettings};
use bss2_data::{Dataset, Digits};
use bss2_hardware::IdealArray;
use bss2_mapping::{
    Activations, Convolution, ConvolutionOptions, LayerShape, LoweredConvolution, Lowering,
    MappingError, MappingStrategy, Plan, ScalePer, ScalingRule, Tiling,
};
use bss2_training::{
    Adam, AnalogConv, Conv, Dense, Deployment, Examples, Layer, LayerDeployment, LinearGain,
    LinearLayer, Network, RateSchedule, Schedule, Session, Step, TrainingError, deploy, evaluate,
    float_cnn, float_mlp, published_mnist_cnn, train,
};
use ndarray::{Array2, ArrayView2, array};
use proptest::prelude::*;

use crate::support::{CHIP, DIGITAL, analog_conv};

const UNROLLED: Lowering = Lowering::Unrolled {
    height: 2,
    width: 3,
};

/// 3 × 4 pixels of two channels to 2 × 3 of four, in groups.
fn grouped() -> Convolution {
    let options = ConvolutionOptions {
        groups: 2,
        stride: (2, 1),
        padding: (1, 0),
        ..ConvolutionOptions::two_d(2, (3, 4), 4, (2, 2))
    };
    options.check().expect("small sizes")
}

fn forward(layer: &mut dyn Layer, session: &mut Session<'_>, input: &Array2<f32>) -> Array2<f32> {
    let width = layer.outputs(input.ncols()).expect("its inputs");
    let mut output = Array2::from_elem((input.nrows(), width), f32::NAN);
    layer
        .forward(session, input.view(), output.view_mut())
        .expect("good inputs");
    output
}

fn filled(shape: (usize, usize), numbers: &[f32]) -> Array2<f32> {
    let mut numbers = numbers.iter().copied().cycle();
    Array2::from_shape_simple_fn(shape, || numbers.next().expect("at least one"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_an_ideal_array_a_convolution_is_that_of_rounded_weights(
        numbers in prop::collection::vec(-63.0_f32..63.0, 97), unrolled: bool,
    ) {
        let convolution = grouped();
        let kernel = filled(convolution.kernel_shape(), &numbers);
        let input = filled((3, convolution.inputs()), &numbers).mapv(|x| (x.abs() / 2.1).round());
        let gain_lsb = 0.01;
        let lowering = if unrolled { UNROLLED } else { Lowering::Im2col };
        let model = Box::new(LinearGain { gain_lsb });
        let mut analog = analog_conv(convolution, kernel.clone(), lowering, model);
        let mut array = IdealArray::new(CHIP, gain_lsb).unwrap();
        let found = forward(&mut analog, &mut Session::on(&mut array, 1), &input);
        let rounded = kernel.mapv(f32::round_ties_even);
        let mut digital = Conv::new(convolution, rounded).unwrap();
        let sums = forward(&mut digital, &mut Session::digital(), &input);
        for (found, sum) in found.iter().zip(&sums) {
            // Half a step for the array's rounding.
            prop_assert!((found - gain_lsb * sum).abs() <= 0.5001, "{found}, {sum}");
        }
    }

    /// Backward, the array is a digital convolution of the weights as they are kept: exactly with
    /// one vector per position; unrolled, sums are added up in another order.
    #[test]
    fn gradients_are_pulled_through_the_model(
        numbers in prop::collection::vec(-31.0_f32..31.0, 97), unrolled: bool,
    ) {
        let convolution = grouped();
        let kernel = filled(convolution.kernel_shape(), &numbers);
        let input = filled((3, convolution.inputs()), &numbers).mapv(f32::abs);
        let gradient = filled((3, convolution.outputs()), &numbers);
        let model = Box::new(LinearGain { gain_lsb: 0.5 });
        let lowering = if unrolled { UNROLLED } else { Lowering::Im2col };
        let mut analog = analog_conv(convolution, kernel.clone(), lowering, model);
        let mut digital = Conv::new(convolution, kernel).unwrap();
        let pass = |layer: &mut dyn Layer, mut gradient: Array2<f32>| {
            let mut dx = Array2::from_elem(input.dim(), f32::NAN);
            let output = Array2::zeros(gradient.dim());
            layer
                .backward(input.view(), output.view(), gradient.view_mut(), Some(dx.view_mut()))
                .unwrap();
            (dx, crate::support::weight_gradient(layer).expect("a kernel"))
        };
        let found = pass(&mut analog, gradient.clone());
        let expected = pass(&mut digital, gradient * 0.5);
        if unrolled {
            // Sums of at most 31² · 3 · 6 products each: a few units in their last place.
            let close = |a: &Array2<f32>, b: &Array2<f32>| {
                a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 31.0 * 31.0 * 18.0 * 4.0 * f32::EPSILON)
            };
            prop_assert!(close(&found.0, &expected.0) && close(&found.1, &expected.1));
        } else {
            prop_assert_eq!(found, expected);
        }
    }

    /// With a scale per output and nothing clipped, the stack of linear layers computes what it
    /// did, times one number.
    #[test]
    fn scales_per_output_are_made_up_for(numbers in prop::collection::vec(-1.0_f32..1.0, 151)) {
        let second = ConvolutionOptions {
            groups: 2,
            ..ConvolutionOptions::two_d(4, (2, 3), 2, (2, 2))
        };
        let second = second.check().unwrap();
        let layers = [
            LinearLayer::Conv {
                convolution: grouped(),
                kernel: filled(grouped().kernel_shape(), &numbers),
            },
            LinearLayer::Conv {
                convolution: second,
                kernel: filled(second.kernel_shape(), &numbers[7..]),
            },
            filled((4, 5), &numbers[31..]).into(),
            filled((5, 3), &numbers[50..]).into(),
        ];
        let samples = filled((6, grouped().inputs()), &numbers).mapv(f32::abs);
        let (deployed, report) = deploy(&rectified(&layers), samples.view(), per_output(1.0)).unwrap();
        let input = filled((4, grouped().inputs()), &numbers[3..]);
        let before = composed(&layers, &input);
        let mut after = composed(&deployed.linear_layers(), &input);
        let last = report.last().unwrap();
        for mut row in after.rows_mut() {
            for (y, scale) in row.iter_mut().zip(&last.weight_scales) {
                *y *= last.weight_scale / scale;
            }
        }
        let scale: f32 = report.iter().map(|layer| layer.weight_scale).product();
        let largest = before.iter().fold(0.0_f32, |max, y| max.max(y.abs()));
        for (after, before) in after.iter().zip(&before) {
            prop_assert!((after / scale - before).abs() <= 1e-4 * largest, "{after}, {before}");
        }
    }
}

fn per_output(quantile: f64) -> Deployment<'static> {
    Deployment::of_all(LayerDeployment {
        scaling: ScalingRule {
            per: ScalePer::Output,
            weight_quantile: quantile,
            output_quantile: quantile,
            fixed_scale: None,
        },
        ..LayerDeployment::default()
    })
}

/// Linear layers with rectifiers between them.
fn rectified(layers: &[LinearLayer]) -> Vec<Step> {
    let mut steps = Vec::new();
    for layer in layers {
        if !steps.is_empty() {
            steps.push(Step::Rectify);
        }
        steps.push(Step::Linear(layer.clone()));
    }
    steps
}

/// Linear layers one after the other.
fn composed(layers: &[LinearLayer], input: &Array2<f32>) -> Array2<f32> {
    layers.iter().fold(input.clone(), |input, layer| {
        let mut layer: Box<dyn Layer> = match layer.clone() {
            LinearLayer::Dense(weights) => Box::new(Dense::new(weights)),
            LinearLayer::Conv {
                convolution,
                kernel,
            } => Box::new(Conv::new(convolution, kernel).expect("its shape")),
        };
        forward(layer.as_mut(), &mut Session::digital(), &input)
    })
}

/// Pixels of one channel have scales of their own behind a dense layer: a kernel cannot make up for
/// them.
#[test]
fn a_dense_layer_before_a_convolution_has_one_scale() {
    let convolution = ConvolutionOptions::two_d(1, (2, 2), 2, (1, 1));
    let layers = [
        LinearLayer::Dense(array![[1.0, 0.5, 0.25, 0.1], [0.1, 0.1, 0.1, 0.1]]),
        LinearLayer::Conv {
            convolution: convolution.check().unwrap(),
            kernel: array![[1.0, 0.5]],
        },
    ];
    let samples = array![[1.0, 0.0], [0.0, 1.0]];
    let (_, report) = deploy(&rectified(&layers), samples.view(), per_output(1.0)).unwrap();
    assert_eq!(report[0].weight_scales, [report[0].weight_scale; 4]);
    assert_eq!(report[1].weight_scales[1], 2.0 * report[1].weight_scales[0]);
}

/// 8 × 8 pixels, 6 kernels of 3 × 3, then dense layers of 24 and 10.
fn small_cnn() -> Network {
    let options = ConvolutionOptions {
        stride: (2, 2),
        padding: (1, 1),
        ..ConvolutionOptions::two_d(1, (8, 8), 6, (3, 3))
    };
    let convolution = options.check().expect("small sizes");
    float_cnn(&[convolution], &[24, 10], 1).expect("widths in range")
}

#[test]
fn a_trained_convolutional_network_keeps_its_accuracy_on_an_ideal_array() {
    let split = Digits::new(1).split().unwrap();
    let training = Examples::new(split.train.inputs().view(), split.train.labels()).unwrap();
    let test = Examples::new(split.test.inputs().view(), split.test.labels()).unwrap();
    let mut float = small_cnn();
    let schedule = Schedule {
        epochs: 12,
        batch: 32,
        seed: 1,
        rate: RateSchedule::Constant,
    };
    train(
        &mut float,
        &mut Session::digital(),
        training,
        schedule,
        &DIGITAL,
        &mut Adam::new(0.01).unwrap(),
        &mut |_| {},
    )
    .unwrap();
    let digital = evaluate(&mut float, &mut Session::digital(), test).unwrap();
    assert!(digital > 0.9, "{digital}");
    let tiling = Tiling::packed().with_settings(RunSettings::new(8, 5).unwrap());
    for per in [ScalePer::Layer, ScalePer::Output] {
        for lowering in [Lowering::Im2col, UNROLLED] {
            let deployment = Deployment::of_all(LayerDeployment {
                strategy: &tiling,
                scaling: ScalingRule {
                    per,
                    ..ScalingRule::default()
                },
                lowering,
                ..LayerDeployment::default()
            });
            let samples = training.inputs();
            let (mut analog, report) =
                deploy(&float.steps().unwrap(), samples, deployment).unwrap();
            assert_eq!(report.len(), 3);
            let mut array = IdealArray::new(CHIP, NOMINAL_GAIN_LSB).unwrap();
            let accuracy = evaluate(&mut analog, &mut Session::on(&mut array, 1), test).unwrap();
            assert!(
                accuracy > digital - 0.04,
                "{per:?}, {lowering:?}: {accuracy}"
            );
        }
    }
}

/// Keeps to what it is shown of a layer, or refuses.
#[derive(Debug)]
struct Inspecting;

impl MappingStrategy for Inspecting {
    fn plan(
        &self,
        layer: &bss2_mapping::Layer<'_>,
        geometry: ArrayGeometry,
    ) -> Result<Plan, MappingError> {
        let sample = layer.sample().expect("a sample of the layer");
        let (vectors, inputs) = sample.activations.dim();
        assert!((1..=256).contains(&vectors), "{vectors}");
        assert_eq!(inputs, layer.shape().inputs());
        assert_eq!(sample.weights.dim(), layer.shape().weights());
        let largest = sample.weights.iter().map(|w| w.abs()).max();
        assert_eq!(largest, Some(63), "weights fill their range");
        let Activations::Unsigned(activations) = sample.activations else {
            panic!("activations without sign");
        };
        assert!(activations.iter().any(|&x| x > 0));
        Tiling::in_order().plan(layer, geometry)
    }
}

#[test]
fn strategies_are_shown_weights_and_activations() {
    let samples = Array2::from_shape_fn((300, 64), |(v, i)| ((v * 7 + i) % 11) as f32 / 10.0);
    for lowering in [Lowering::Im2col, UNROLLED] {
        let deployment = Deployment::of_all(LayerDeployment {
            strategy: &Inspecting,
            gain_lsb: 0.02,
            lowering,
            ..LayerDeployment::default()
        });
        let steps = small_cnn().steps().unwrap();
        deploy(&steps, samples.view(), deployment).unwrap();
    }
}

#[test]
fn the_published_network_has_its_layers() {
    let network = published_mnist_cnn(1).unwrap();
    let sizes: Vec<_> = network.weights().iter().map(Array2::dim).collect();
    assert_eq!(sizes, [(100, 20), (500, 128), (128, 10)]);
    assert_eq!(network.output_width(784), Ok(10));
    assert_eq!(network.linear_layers().len(), 3);
    let without = float_cnn(&[], &[4, 3, 2], 5).unwrap();
    let mlp = float_mlp(&[4, 3, 2], 5).unwrap();
    assert_eq!(without.weights(), mlp.weights());
}

#[test]
fn networks_that_do_not_fit_together_are_refused() {
    let refused = |convolutions: &[Convolution], widths: &[usize]| {
        float_cnn(convolutions, widths, 1).map(drop).unwrap_err()
    };
    let convolution = grouped();
    let other = ConvolutionOptions::one_d(1, 7, 1, 2).check().unwrap();
    assert_eq!(
        refused(&[convolution, other], &[3]),
        TrainingError::Width {
            layer: 2.into(),
            expected: 7,
            found: 24
        }
    );
    assert_eq!(
        refused(&[convolution], &[]),
        TrainingError::Widths {
            widths: vec![convolution.outputs()]
        }
    );
}

#[test]
fn arguments_of_other_sizes_are_named() {
    let convolution = grouped();
    let kernel = Array2::zeros((3, 4));
    let wrong = TrainingError::Shape {
        what: "kernel",
        expected: (4, 4),
        found: (3, 4),
    };
    let refused = Conv::new(convolution, kernel.clone()).map(drop);
    assert_eq!(refused, Err(wrong.clone()));
    let layer = LinearLayer::Conv {
        convolution,
        kernel,
    };
    let samples = Array2::zeros((1, 24));
    let refused = deploy(
        &[Step::Linear(layer)],
        samples.view(),
        Deployment::default(),
    );
    assert_eq!(refused.map(drop), Err(wrong));

    let kernel = Array2::zeros(convolution.kernel_shape());
    let layer = LinearLayer::Conv {
        convolution,
        kernel: kernel.clone(),
    };
    let narrow = Array2::zeros((1, 23));
    let refused = deploy(&[Step::Linear(layer)], narrow.view(), Deployment::default());
    let width = |found| TrainingError::Width {
        layer: 0.into(),
        expected: 24,
        found,
    };
    assert_eq!(refused.map(drop), Err(width(23)));
    let conv = Conv::new(convolution, kernel.clone()).unwrap();
    assert_eq!(conv.outputs(25), Err(width(25)));

    let lowered = LoweredConvolution::new(convolution, Lowering::Im2col).unwrap();
    let (expected, planned) = (lowered.shape(), LayerShape::dense(8, 4).unwrap());
    let plan = Tiling::in_order().plan(&planned.into(), CHIP).unwrap();
    let model = Box::new(LinearGain { gain_lsb: 1.0 });
    let refused = AnalogConv::new(kernel, lowered, plan, model).map(drop);
    let other = MappingError::OtherLayer { expected, planned };
    assert_eq!(refused, Err(TrainingError::Mapping(other)));
}

#[test]
fn what_an_analog_convolution_cannot_run_is_named() {
    let convolution = grouped();
    let mut array = IdealArray::new(CHIP, 1.0).unwrap();
    let mut attempt = |weight: f32, input: f32, with_array: bool| {
        let kernel = Array2::from_elem(convolution.kernel_shape(), weight);
        let model = Box::new(LinearGain { gain_lsb: 1.0 });
        let mut layer = analog_conv(convolution, kernel, Lowering::Im2col, model);
        let mut session = if with_array {
            Session::on(&mut array, 1)
        } else {
            Session::digital()
        };
        let input = Array2::from_elem((2, 24), input);
        let mut output = Array2::zeros((2, convolution.outputs()));
        layer.forward(&mut session, ArrayView2::from(&input), output.view_mut())
    };
    let expected = TrainingError::NoArray { layer: 0.into() };
    assert_eq!(attempt(1.0, 1.0, false), Err(expected));
    let expected = TrainingError::ActivationOutOfRange {
        layer: 0.into(),
        vector: 0,
        input: 0,
        value: 32.0,
    };
    assert_eq!(attempt(1.0, 32.0, true), Err(expected));
    let expected = TrainingError::NotFinite {
        layer: 0.into(),
        what: "weights",
    };
    assert_eq!(attempt(f32::INFINITY, 1.0, true), Err(expected));
    assert_eq!(attempt(1.0, 1.0, true), Ok(()));
}

#[test]
fn factors_that_are_no_numbers_are_refused() {
    let refused = bss2_training::Rescale::new(vec![1.0, f32::NAN]);
    let expected = TrainingError::NotFinite {
        layer: 0.into(),
        what: "factors",
    };
    assert_eq!(refused, Err(expected));
}
