//! Gradients of digital layers against central finite differences.

use bss2_mapping::ConvolutionOptions;
use bss2_training::{Conv, Dense, Layer, Network, Relu, Session, float_mlp};
use ndarray::{Array2, ArrayView2, Ix2};
use proptest::prelude::*;

use crate::support::{DIGITAL, assert_close, product, set_parameter, weight_gradient};

/// Half the distance of the two points of a difference: a power of two, so that adding it to
/// numbers around 1 is exact enough.
const STEP: f32 = 1.0 / 256.0;
/// Rounding of a loss in `f32`, over twice the step, with room for the third derivative.
const TOLERANCE: f64 = 2e-3;

fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = Array2<f32>> {
    prop::collection::vec(-1.0_f32..1.0, rows * columns).prop_map(move |numbers| {
        Array2::from_shape_vec((rows, columns), numbers).expect("as many numbers as asked for")
    })
}

/// Σ probe · y: a loss whose gradient with respect to the outputs is the probe.
fn probed(layer: &mut dyn Layer, input: &Array2<f32>, probe: &Array2<f32>) -> f64 {
    let mut output = Array2::zeros(probe.dim());
    layer
        .forward(&mut Session::digital(), input.view(), output.view_mut())
        .expect("good inputs");
    let terms = output.iter().zip(probe);
    terms.map(|(&y, &p)| f64::from(y) * f64::from(p)).sum()
}

/// Finite differences with respect to each number of `at`.
fn differences(at: &Array2<f32>, mut loss: impl FnMut(&Array2<f32>) -> f64) -> Array2<f64> {
    Array2::from_shape_fn(at.dim(), |position| {
        let mut moved = |step: f32| {
            let mut at = at.clone();
            at[position] += step;
            loss(&at)
        };
        (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP)
    })
}

fn loss_of(network: &mut Network, input: ArrayView2<'_, f32>, labels: &[u8]) -> f64 {
    let outputs = network
        .forward(&mut Session::digital(), input)
        .expect("good inputs");
    let mut gradient = Array2::zeros((0, 0));
    let loss = DIGITAL.evaluate(outputs.view(), labels, &mut gradient);
    f64::from(loss.expect("good labels"))
}

/// The gradients of all parameters by backpropagation, and by finite differences.
fn assert_backpropagation(network: &mut Network, input: &Array2<f32>, labels: &[u8]) {
    let mut gradient = Array2::zeros((0, 0));
    let outputs = network
        .forward(&mut Session::digital(), input.view())
        .expect("good inputs");
    DIGITAL
        .evaluate(outputs.view(), labels, &mut gradient)
        .expect("good labels");
    network
        .backward(input.view(), gradient.view())
        .expect("a forward pass came before");
    let mut found = Vec::new();
    network.parameters(&mut |_, parameter| {
        let gradient = parameter.gradient.into_dimensionality::<Ix2>();
        found.push(gradient.expect("a matrix").to_owned());
    });
    for (number, (at, found)) in network.weights().iter().zip(&found).enumerate() {
        let expected = differences(at, |moved| {
            set_parameter(network, number, moved);
            loss_of(network, input.view(), labels)
        });
        set_parameter(network, number, at);
        assert_close(found, &expected, TOLERANCE);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dense(input in matrix(3, 5), kept in matrix(5, 4), probe in matrix(3, 4)) {
        let mut layer = Dense::new(kept.clone());
        let mut dx = Array2::zeros(input.dim());
        layer.backward(input.view(), probe.view(), probe.clone().view_mut(), Some(dx.view_mut()));
        let dw = weight_gradient(&layer).unwrap();
        let by_weights = differences(&kept, |w| probed(&mut Dense::new(w.clone()), &input, &probe));
        let by_inputs = differences(&input, |x| probed(&mut layer, x, &probe));
        assert_close(&dw, &by_weights, TOLERANCE);
        assert_close(&dx, &by_inputs, TOLERANCE);
    }

    #[test]
    fn conv(
        (height, width, groups) in (1_usize..3, 1_usize..3, 1_usize..3),
        (stride, padding, dilation) in (1_usize..3, 0_usize..2, 1_usize..3),
        numbers in prop::collection::vec(-1.0_f32..1.0, 400),
    ) {
        let options = ConvolutionOptions {
            stride: (stride, 1),
            padding: (padding, 1),
            dilation: (1, dilation),
            groups,
            ..ConvolutionOptions::two_d(2, (4, 3), 4, (height, width))
        };
        let convolution = options.check().unwrap();
        let mut numbers = numbers.into_iter().cycle();
        let mut matrix = |shape| Array2::from_shape_simple_fn(shape, || numbers.next().unwrap());
        let kept: Array2<f32> = matrix(convolution.kernel_shape());
        let input = matrix((2, convolution.inputs()));
        let probe = matrix((2, convolution.outputs()));

        let layer = |kernel: &Array2<f32>| Conv::new(convolution, kernel.clone()).unwrap();
        let mut conv = layer(&kept);
        let mut dx = Array2::zeros(input.dim());
        conv.backward(input.view(), probe.view(), probe.clone().view_mut(), Some(dx.view_mut()));
        let dw = weight_gradient(&conv).unwrap();
        let by_kernel = differences(&kept, |w| probed(&mut layer(w), &input, &probe));
        let by_inputs = differences(&input, |x| probed(&mut conv, x, &probe));
        assert_close(&dw, &by_kernel, TOLERANCE);
        assert_close(&dx, &by_inputs, TOLERANCE);
    }

    #[test]
    fn relu_away_from_its_kink(input in matrix(3, 5), probe in matrix(3, 5)) {
        let input = input.mapv(|x| x + STEP.copysign(x) * 2.0);
        let mut dx = Array2::zeros(input.dim());
        Relu.backward(input.view(), probe.view(), probe.clone().view_mut(), Some(dx.view_mut()));
        let expected = differences(&input, |x| probed(&mut Relu, x, &probe));
        assert_close(&dx, &expected, TOLERANCE);
    }

    #[test]
    fn cross_entropy(
        outputs in matrix(3, 4),
        labels in prop::collection::vec(0_u8..4, 3),
        logits_per_unit in 0.05_f32..4.0,
    ) {
        let loss = bss2_training::CrossEntropy { logits_per_unit };
        let mut gradient = Array2::zeros((0, 0));
        let value = loss.evaluate(outputs.view(), &labels, &mut gradient).unwrap();
        let mut scratch = Array2::zeros((0, 0));
        let expected = differences(&outputs, |y| {
            f64::from(loss.evaluate(y.view(), &labels, &mut scratch).unwrap())
        });
        assert_close(&gradient, &expected, TOLERANCE);
        // Softmax does not see what all outputs of a vector have in common.
        for row in gradient.rows() {
            prop_assert!(row.sum().abs() < 1e-5);
        }
        let shifted = outputs + 5.0;
        let other = loss.evaluate(shifted.view(), &labels, &mut scratch).unwrap();
        prop_assert!((value - other).abs() < 1e-4 * value.max(1.0));
    }

    #[test]
    fn a_whole_network(
        seed: u64,
        input in matrix(3, 4),
        labels in prop::collection::vec(0_u8..3, 3),
    ) {
        let mut network = float_mlp(&[4, 6, 3], seed).unwrap();
        // No hidden sum so near to its kink that a step crosses it.
        let hidden = product(input.view(), network.weights()[0].view());
        prop_assume!(hidden.iter().all(|h| h.abs() > 1.5 * f64::from(STEP)));
        assert_backpropagation(&mut network, &input, &labels);
    }
}

#[test]
fn a_network_of_three_layers_with_a_batch_of_one() {
    let mut network = float_mlp(&[5, 7, 6, 4], 11).unwrap();
    let input = ndarray::array![[0.9, -0.7, 0.4, 0.8, -0.3]];
    assert_backpropagation(&mut network, &input, &[2]);
}

/// More samples than are convolved at once.
#[test]
fn parts_of_a_batch_add_up() {
    let convolution = ConvolutionOptions::two_d(1, (70, 70), 1, (10, 10));
    let convolution = convolution.check().unwrap();
    let number = |v: usize, i: usize| ((v * 7 + i * 5) % 13) as f32 - 6.0;
    let kernel = Array2::from_shape_fn(convolution.kernel_shape(), |(i, o)| number(o, i));
    let input = Array2::from_shape_fn((7, convolution.inputs()), |(v, i)| number(v, i));
    let probe = Array2::from_shape_fn((7, convolution.outputs()), |(v, o)| number(o, v));
    let mut conv = Conv::new(convolution, kernel).unwrap();
    let mut pass = |input: ArrayView2<'_, f32>, probe: ArrayView2<'_, f32>| {
        let mut output = Array2::zeros(probe.dim());
        conv.forward(&mut Session::digital(), input, output.view_mut())
            .unwrap();
        let mut dx = Array2::zeros(input.dim());
        let gradient = &mut probe.to_owned();
        conv.backward(
            input,
            output.view(),
            gradient.view_mut(),
            Some(dx.view_mut()),
        );
        (output, dx, weight_gradient(&conv).unwrap())
    };
    // All sums are whole numbers below 2²⁴, exact in `f32`.
    let (output, dx, dw) = pass(input.view(), probe.view());
    let mut sum = Array2::zeros(dw.dim());
    for v in 0..7 {
        let sample = ndarray::s![v..=v, ..];
        let (alone, dx_alone, dw_alone) = pass(input.slice(sample), probe.slice(sample));
        assert_eq!(alone, output.slice(sample));
        assert_eq!(dx_alone, dx.slice(sample));
        sum += &dw_alone;
    }
    assert_eq!(sum, dw);
}

#[test]
fn equal_outputs_cost_the_logarithm_of_their_number() {
    let mut gradient = Array2::zeros((0, 0));
    for classes in [2_usize, 3, 10] {
        let outputs = Array2::from_elem((4, classes), 7.0);
        let loss = DIGITAL
            .evaluate(outputs.view(), &[0, 1, 0, 1], &mut gradient)
            .unwrap();
        assert!((loss - (classes as f32).ln()).abs() < 1e-6);
    }
}

#[test]
fn outputs_far_apart_give_a_large_but_finite_loss() {
    let mut gradient = Array2::zeros((0, 0));
    let outputs = ndarray::array![[1e30_f32, -1e30, 0.0]];
    let right = DIGITAL
        .evaluate(outputs.view(), &[0], &mut gradient)
        .unwrap();
    assert_eq!(right, 0.0);
    let wrong = DIGITAL
        .evaluate(outputs.view(), &[1], &mut gradient)
        .unwrap();
    assert!(wrong.is_finite() && wrong > 50.0);
    assert_eq!(gradient, ndarray::array![[1.0, -1.0, 0.0]]);
}
