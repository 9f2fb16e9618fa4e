//! Gradients of digital layers against central finite differences.

use bss2_mapping::ConvolutionOptions;
use bss2_training::{
    BatchNorm, Bias, Conv, CrossEntropy, Dense, Dropout, Flatten, Layer, Loss, MeanSquare, Mode,
    Network, PoolKind, PoolOptions, Pooling, Relu, Rescale, Session, float_mlp,
};
use ndarray::{Array1, Array2, ArrayView2, Ix2};
use proptest::prelude::*;

use crate::support::{
    DIGITAL, assert_close, parameter_gradients, product, set_parameter, weight_gradient,
};

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
    probed_in(Mode::Evaluation, layer, input, probe)
}

/// The same in a mode, each time in a session of its own.
fn probed_in(mode: Mode, layer: &mut dyn Layer, input: &Array2<f32>, probe: &Array2<f32>) -> f64 {
    let mut output = Array2::zeros(probe.dim());
    Session::digital_with_seed(7)
        .in_mode(mode, |session| {
            layer.forward(session, input.view(), output.view_mut())
        })
        .expect("good inputs");
    let terms = output.iter().zip(probe);
    terms.map(|(&y, &p)| f64::from(y) * f64::from(p)).sum()
}

/// The gradient that a layer hands back for a probe, against finite differences.
fn assert_input_gradient(
    mode: Mode,
    layer: &mut dyn Layer,
    input: &Array2<f32>,
    probe: &Array2<f32>,
) {
    probed_in(mode, layer, input, probe);
    let output = Array2::from_elem(probe.dim(), f32::NAN);
    let mut dx = Array2::from_elem(input.dim(), f32::NAN);
    layer
        .backward(
            input.view(),
            output.view(),
            probe.clone().view_mut(),
            Some(dx.view_mut()),
        )
        .expect("the last forward pass was that of the input");
    let expected = differences(input, |x| probed_in(mode, layer, x, probe));
    assert_close(&dx, &expected, TOLERANCE);
}

/// The gradients of a layer's parameters, vectors all of them, against finite differences. Call it
/// after a backward pass.
fn assert_vector_gradients(
    mode: Mode,
    layer: &mut dyn Layer,
    input: &Array2<f32>,
    probe: &Array2<f32>,
) {
    for (number, found) in parameter_gradients(layer).into_iter().enumerate() {
        let moved_by = |layer: &mut dyn Layer, position: usize, step: f32| {
            let mut count = 0;
            layer
                .update_parameters(&mut |mut parameter| {
                    if count == number {
                        parameter.value[position] += step;
                    }
                    count += 1;
                    Ok(())
                })
                .expect("nothing refuses");
            probed_in(mode, layer, input, probe)
        };
        let expected = Array1::from_shape_fn(found.len(), |position| {
            let after = moved_by(layer, position, STEP);
            let before = moved_by(layer, position, -2.0 * STEP);
            moved_by(layer, position, STEP);
            (after - before) / f64::from(2.0 * STEP)
        });
        let row = (1, found.len());
        let as_row = "as many numbers";
        assert_close(
            &found.to_shape(row).expect(as_row).to_owned(),
            &expected.to_shape(row).expect(as_row).to_owned(),
            TOLERANCE,
        );
    }
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

/// Matrices of numbers that come again and again.
fn matrices(numbers: Vec<f32>) -> impl FnMut((usize, usize)) -> Array2<f32> {
    let mut numbers = numbers.into_iter().cycle();
    move |shape| Array2::from_shape_simple_fn(shape, || numbers.next().expect("some numbers"))
}

/// Small poolings, with windows that overlap or leave gaps.
fn pools(kind: PoolKind) -> impl Strategy<Value = PoolOptions> {
    let pair = |range: std::ops::Range<usize>| (range.clone(), range);
    let sizes = (1_usize..3, pair(3..6), pair(1..4), pair(1..4), pair(0..2));
    sizes.prop_map(
        move |(channels, input, kernel, stride, padding)| PoolOptions {
            stride,
            padding: (padding.0.min(kernel.0 / 2), padding.1.min(kernel.1 / 2)),
            ..PoolOptions::two_d(kind, channels, input, kernel)
        },
    )
}

/// The value of a loss, and its gradient, which is compared with finite differences.
fn assert_loss_gradient(
    loss: &dyn Loss,
    outputs: &Array2<f32>,
    labels: &[u8],
) -> (f32, Array2<f32>) {
    let mut gradient = Array2::from_elem(outputs.dim(), f32::NAN);
    let value = loss.evaluate(outputs.view(), labels, gradient.view_mut());
    let mut scratch = Array2::zeros(outputs.dim());
    let expected = differences(outputs, |y| {
        let value = loss.evaluate(y.view(), labels, scratch.view_mut());
        f64::from(value.expect("good labels"))
    });
    assert_close(&gradient, &expected, TOLERANCE);
    (value.expect("good labels"), gradient)
}

fn loss_of(network: &mut Network, input: ArrayView2<'_, f32>, labels: &[u8]) -> f64 {
    let outputs = network
        .forward(&mut Session::digital(), input)
        .expect("good inputs");
    let mut gradient = Array2::zeros(outputs.dim());
    let loss = DIGITAL.evaluate(outputs.view(), labels, gradient.view_mut());
    f64::from(loss.expect("good labels"))
}

/// The gradients of all parameters by backpropagation, and by finite differences.
fn assert_backpropagation(network: &mut Network, input: &Array2<f32>, labels: &[u8]) {
    let outputs = network
        .forward(&mut Session::digital(), input.view())
        .expect("good inputs");
    let mut gradient = Array2::zeros(outputs.dim());
    DIGITAL
        .evaluate(outputs.view(), labels, gradient.view_mut())
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
        layer
            .backward(input.view(), probe.view(), probe.clone().view_mut(), Some(dx.view_mut()))
            .unwrap();
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
        conv
            .backward(input.view(), probe.view(), probe.clone().view_mut(), Some(dx.view_mut()))
            .unwrap();
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
        Relu
            .backward(input.view(), probe.view(), probe.clone().view_mut(), Some(dx.view_mut()))
            .unwrap();
        let expected = differences(&input, |x| probed(&mut Relu, x, &probe));
        assert_close(&dx, &expected, TOLERANCE);
    }

    #[test]
    fn cross_entropy(
        outputs in matrix(3, 4),
        labels in prop::collection::vec(0_u8..4, 3),
        logits_per_unit in 0.05_f32..4.0,
    ) {
        let loss = CrossEntropy { logits_per_unit };
        let (value, gradient) = assert_loss_gradient(&loss, &outputs, &labels);
        // Softmax does not see what all outputs of a vector have in common.
        for row in gradient.rows() {
            prop_assert!(row.sum().abs() < 1e-5);
        }
        let shifted = outputs + 5.0;
        let mut scratch = Array2::zeros(shifted.dim());
        let other = loss.evaluate(shifted.view(), &labels, scratch.view_mut()).unwrap();
        prop_assert!((value - other).abs() < 1e-4 * value.max(1.0));
    }

    #[test]
    fn mean_square(
        outputs in matrix(3, 4),
        labels in prop::collection::vec(0_u8..4, 3),
        (off_target, above) in (-1.0_f32..1.0, 0.1_f32..2.0),
    ) {
        let loss = MeanSquare { target: off_target + above, off_target };
        loss.check().unwrap();
        let (value, _) = assert_loss_gradient(&loss, &outputs, &labels);
        let squares = outputs.indexed_iter().map(|((vector, output), &y)| {
            let right = usize::from(labels[vector]) == output;
            f64::from(y - if right { loss.target } else { off_target }).powi(2)
        });
        let expected = squares.sum::<f64>() / 12.0;
        prop_assert!((f64::from(value) - expected).abs() < 1e-5);
    }

    #[test]
    fn bias(
        (channels, positions) in (1_usize..4, 1_usize..4),
        numbers in prop::collection::vec(-1.0_f32..1.0, 50),
    ) {
        let mut matrix = matrices(numbers);
        let shape = (3, channels * positions);
        let (input, probe) = (matrix(shape), matrix(shape));
        let mut layer = Bias::new(matrix((1, channels)).into_iter().collect(), positions).unwrap();
        assert_input_gradient(Mode::Training, &mut layer, &input, &probe);
        assert_vector_gradients(Mode::Training, &mut layer, &input, &probe);
    }

    #[test]
    fn batch_norm(
        (channels, positions, vectors) in (1_usize..4, 1_usize..4, 4_usize..7),
        numbers in prop::collection::vec(-1.0_f32..1.0, 80),
        training: bool,
    ) {
        let mode = if training { Mode::Training } else { Mode::Evaluation };
        let mut matrix = matrices(numbers);
        let shape = (vectors, channels * positions);
        // Spread vectors: differences of nearly equal ones are curved too much for the step.
        let mut input = matrix(shape);
        for (vector, mut row) in input.rows_mut().into_iter().enumerate() {
            row += 2.0 * vector as f32;
        }
        let probe = matrix(shape);
        let mut layer = BatchNorm::new(channels, positions).unwrap();
        layer
            .update_parameters(&mut |mut parameter| {
                let values = matrix((1, channels));
                parameter.value.iter_mut().zip(values).for_each(|(to, x)| *to = x + 1.5);
                Ok(())
            })
            .unwrap();
        layer
            .update_buffers(&mut |mut buffer| {
                let values = matrix((1, channels));
                buffer.value.iter_mut().zip(values).for_each(|(to, x)| *to = x + 1.5);
                Ok(())
            })
            .unwrap();
        assert_input_gradient(mode, &mut layer, &input, &probe);
        // Passes in between leave their statistics: the gradients are those of the last one.
        assert_vector_gradients(mode, &mut layer, &input, &probe);
    }

    #[test]
    fn average_pool(pool in pools(PoolKind::Average), numbers in prop::collection::vec(-1.0_f32..1.0, 300)) {
        let mut matrix = matrices(numbers);
        let pool = pool.check().unwrap();
        let input = matrix((2, pool.inputs()));
        let probe = matrix((2, pool.outputs()));
        assert_input_gradient(Mode::Training, &mut Pooling::new(pool), &input, &probe);
    }

    #[test]
    fn max_pool(pool in pools(PoolKind::Max), seed in 0_usize..1000) {
        let pool = pool.check().unwrap();
        let inputs = pool.inputs();
        // All values further apart than a step: no two change places.
        let input = Array2::from_shape_fn((2, inputs), |(v, i)| {
            4.0 * STEP * ((i * 37 + seed * (v + 1)) % 101 + i / 101 * 101) as f32
        });
        let probe = Array2::from_shape_fn((2, pool.outputs()), |(v, o)| ((v * 3 + o * 5) % 7) as f32 - 3.0);
        assert_input_gradient(Mode::Training, &mut Pooling::new(pool), &input, &probe);
    }

    #[test]
    fn dropout(input in matrix(3, 8), probe in matrix(3, 8), rate in 0.0_f32..0.9, training: bool) {
        let mode = if training { Mode::Training } else { Mode::Evaluation };
        assert_input_gradient(mode, &mut Dropout::new(rate).unwrap(), &input, &probe);
    }

    #[test]
    fn flatten_and_rescale(input in matrix(3, 4), probe in matrix(3, 4), factors in matrix(1, 4)) {
        let mut rescale = Rescale::new(factors.iter().copied().collect()).unwrap();
        let layers: [&mut dyn Layer; 2] = [&mut Flatten, &mut rescale];
        for layer in layers {
            assert_input_gradient(Mode::Training, layer, &input, &probe);
        }
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
        )
        .unwrap();
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
    for classes in [2_usize, 3, 10] {
        let outputs = Array2::from_elem((4, classes), 7.0);
        let mut gradient = Array2::zeros(outputs.dim());
        let loss = DIGITAL
            .evaluate(outputs.view(), &[0, 1, 0, 1], gradient.view_mut())
            .unwrap();
        assert!((loss - (classes as f32).ln()).abs() < 1e-6);
    }
}

#[test]
fn outputs_far_apart_give_a_large_but_finite_loss() {
    let mut gradient = Array2::zeros((1, 3));
    let outputs = ndarray::array![[1e30_f32, -1e30, 0.0]];
    let right = DIGITAL
        .evaluate(outputs.view(), &[0], gradient.view_mut())
        .unwrap();
    assert_eq!(right, 0.0);
    let wrong = DIGITAL
        .evaluate(outputs.view(), &[1], gradient.view_mut())
        .unwrap();
    assert!(wrong.is_finite() && wrong > 50.0);
    assert_eq!(gradient, ndarray::array![[1.0, -1.0, 0.0]]);
}
