//! What every layer keeps to, whatever it computes; and each layer's stated backward formula.

use bss2_core::MacArray;
use bss2_core::testing::hold_all;
use bss2_mapping::{ConvolutionOptions, Lowering};
use bss2_training::testing::{LAYER_LAWS, LayerSubject};
use bss2_training::{
    BatchNorm, Bias, Conv, ConvertingRelu, Dense, Dropout, Flatten, GradientModel, InjectNoise,
    Layer, LinearGain, NoiseKind, NoisyModes, PoolKind, PoolOptions, Pooling, QuantiseInput, Relu,
    Rescale, SaturationMask, Session, TrainingError,
};
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::support::{analog_conv, analog_dense, assert_close, ideal, product, weight_gradient};

fn converting(shift: u8) -> ConvertingRelu {
    ConvertingRelu::new(shift).expect("shift in range")
}

/// Holds a layer that takes `inputs` inputs to the laws of layers.
fn assert_conforms(make: impl Fn() -> Box<dyn Layer> + 'static, inputs: usize) {
    let subject = LayerSubject {
        make: Box::new(make),
        inputs,
        array: Box::new(|| -> Box<dyn MacArray> { Box::new(ideal()) }),
    };
    if let Err(violations) = hold_all(LAYER_LAWS, &subject) {
        panic!("{violations:#?}");
    }
}

fn fractional_weights(inputs: usize, outputs: usize) -> Array2<f32> {
    Array2::from_shape_fn((inputs, outputs), |(i, o)| {
        ((i * 31 + o * 17) % 121) as f32 - 60.3
    })
}

#[test]
fn layers_of_six_inputs_conform() {
    let gain_lsb = 0.0018;
    let analog = |model: fn(f32) -> Box<dyn GradientModel>| {
        move || -> Box<dyn Layer> {
            Box::new(analog_dense(fractional_weights(6, 4), model(gain_lsb)))
        }
    };
    assert_conforms(|| Box::new(Dense::new(fractional_weights(6, 4))), 6);
    assert_conforms(|| Box::new(Relu), 6);
    assert_conforms(|| Box::new(converting(0)), 6);
    assert_conforms(|| Box::new(converting(7)), 6);
    assert_conforms(|| Box::new(QuantiseInput::default()), 6);
    assert_conforms(analog(|gain_lsb| Box::new(LinearGain { gain_lsb })), 6);
    assert_conforms(analog(|gain_lsb| Box::new(SaturationMask { gain_lsb })), 6);
    assert_conforms(|| Box::new(Flatten), 6);
    let factors = vec![1.0, -0.5, 0.0, 2.0, 0.1, 3.0];
    assert_conforms(
        move || Box::new(Rescale::new(factors.clone()).expect("finite")),
        6,
    );
    for positions in [1, 2, 6] {
        let channels = 6 / positions;
        let bias = move || Bias::new(vec![0.5; channels], positions).expect("finite");
        assert_conforms(move || Box::new(bias()), 6);
        let norm = move || BatchNorm::new(channels, positions).expect("small sizes");
        assert_conforms(move || Box::new(norm()), 6);
    }
    for kind in [PoolKind::Max, PoolKind::Average] {
        let options = PoolOptions {
            stride: (1, 2),
            padding: (1, 0),
            ..PoolOptions::two_d(kind, 1, (2, 3), (2, 2))
        };
        let pool = options.check().expect("small sizes");
        assert_conforms(move || Box::new(Pooling::new(pool)), 6);
    }
    for rate in [0.0, 0.5, Dropout::RATE_MAX] {
        assert_conforms(
            move || Box::new(Dropout::new(rate).expect("rate in range")),
            6,
        );
    }
    let noise = |kind| {
        let modes = NoisyModes::Training;
        move || -> Box<dyn Layer> {
            Box::new(InjectNoise::new(kind, modes, 0.5).expect("a small deviation"))
        }
    };
    assert_conforms(noise(NoiseKind::Additive), 6);
    assert_conforms(noise(NoiseKind::Multiplicative), 6);
}

/// Two channels of one row of three, in groups.
#[test]
fn convolutions_conform() {
    let options = ConvolutionOptions {
        padding: (0, 1),
        groups: 2,
        ..ConvolutionOptions::one_d(2, 3, 4, 2)
    };
    let convolution = options.check().expect("small sizes");
    let kernel = || fractional_weights(2, 4);
    let conv = move || Conv::new(convolution, kernel()).expect("the kernel's shape");
    assert_conforms(move || Box::new(conv()), 6);
    let unrolled = Lowering::Unrolled {
        height: 1,
        width: 3,
    };
    for lowering in [Lowering::Im2col, unrolled] {
        let make = move || {
            let model = Box::new(SaturationMask { gain_lsb: 0.0018 });
            analog_conv(convolution, kernel(), lowering, model)
        };
        assert_conforms(move || Box::new(make()), 6);
    }
}

#[test]
fn a_layer_larger_than_the_array_conforms() {
    let make = || {
        let model = Box::new(LinearGain { gain_lsb: 0.0018 });
        analog_dense(fractional_weights(300, 270), model)
    };
    assert_conforms(move || Box::new(make()), 300);
}

#[test]
fn layers_with_weights_take_their_width_only() {
    let analog = analog_dense(
        fractional_weights(6, 4),
        Box::new(LinearGain { gain_lsb: 0.1 }),
    );
    let refused = |found| {
        Err(TrainingError::Width {
            layer: 0.into(),
            expected: 6,
            found,
        })
    };
    let pool = PoolOptions::one_d(PoolKind::Max, 2, 3, 2);
    let pool = pool.check().expect("small sizes");
    let layers: [(&dyn Layer, usize); 5] = [
        (&Dense::new(fractional_weights(6, 4)), 4),
        (&analog, 4),
        (&Bias::new(vec![0.5; 3], 2).expect("finite"), 6),
        (&BatchNorm::new(2, 3).expect("small sizes"), 6),
        (&Pooling::new(pool), 2),
    ];
    for (layer, outputs) in layers {
        assert_eq!(
            [0, 5, 6, 7].map(|n| layer.outputs(n)),
            [refused(0), refused(5), Ok(outputs), refused(7)]
        );
    }
    let dropout = Dropout::new(0.5).expect("rate in range");
    let layers: [&dyn Layer; 5] = [
        &Relu,
        &converting(2),
        &QuantiseInput::default(),
        &dropout,
        &Flatten,
    ];
    for layer in layers {
        assert_eq!([1, 9].map(|n| layer.outputs(n)), [Ok(1), Ok(9)]);
    }
}

/// The gradient that a layer hands back for one of `gradient` everywhere.
fn pulled_back(layer: &mut dyn Layer, input: &Array2<f32>, gradient: f32) -> Vec<f32> {
    let mut output = Array2::zeros(input.dim());
    layer
        .forward(&mut Session::digital(), input.view(), output.view_mut())
        .expect("good inputs");
    let mut result = Array2::from_elem(input.dim(), f32::NAN);
    let mut gradient = Array2::from_elem(input.dim(), gradient);
    layer
        .backward(
            input.view(),
            output.view(),
            gradient.view_mut(),
            Some(result.view_mut()),
        )
        .expect("shapes that fit");
    result.iter().copied().collect()
}

#[test]
fn converting_relu_passes_two_to_minus_shift_where_it_neither_clips_nor_rectifies() {
    let every_output = Array2::from_shape_fn((1, 256), |(_, i)| i as f32 - 128.0);
    for shift in 0..8_u8 {
        let slope = 0.5_f32.powi(i32::from(shift));
        let passed = pulled_back(&mut converting(shift), &every_output, 3.0);
        for (&x, passed) in every_output.iter().zip(passed) {
            let rectified = x <= 0.0;
            let clipped = (x as i32) >> shift > 31;
            let expected = if rectified || clipped {
                0.0
            } else {
                3.0 * slope
            };
            assert_eq!(passed, expected, "shift {shift}, input {x}");
        }
    }
}

#[test]
fn quantised_inputs_pass_31_inside_0_to_1() {
    let input = array![[-1.0, -1e-6, 0.0, 0.01, 0.5, 0.99, 1.0, 1.000_001, 2.0]];
    let expected = [0.0, 0.0, 62.0, 62.0, 62.0, 62.0, 62.0, 0.0, 0.0];
    assert_eq!(
        pulled_back(&mut QuantiseInput::default(), &input, 2.0),
        expected
    );
    let mut output = Array2::zeros(input.dim());
    QuantiseInput::default()
        .forward(&mut Session::digital(), input.view(), output.view_mut())
        .unwrap();
    assert_eq!(
        output,
        array![[0.0, 0.0, 0.0, 0.0, 16.0, 31.0, 31.0, 31.0, 31.0]]
    );
}

#[test]
fn relu_passes_the_gradient_of_positive_inputs() {
    let input = array![[-2.0, -1e-30, 0.0, 1e-30, 5.0]];
    assert_eq!(
        pulled_back(&mut Relu, &input, 2.0),
        [0.0, 0.0, 0.0, 2.0, 2.0]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// g = model(dy), dW = xᵀ·g, dx = g·Wᵀ with the weights as they are kept, not as rounded.
    #[test]
    fn analog_dense_follows_its_formula(
        (vectors, inputs, outputs) in (1_usize..6, 1_usize..12, 1_usize..9),
        numbers in prop::collection::vec(-63.0_f32..63.0, 300),
        saturated: bool,
    ) {
        let mut numbers = numbers.into_iter().cycle();
        let mut matrix = |rows, columns| {
            Array2::from_shape_simple_fn((rows, columns), || numbers.next().unwrap())
        };
        let weights = matrix(inputs, outputs);
        let input = matrix(vectors, inputs).mapv(|x| (x.abs() / 2.0).floor());
        let gradient = matrix(vectors, outputs) / 63.0;

        // A strong array, so that some outputs are at the ends of the range.
        let gain_lsb = 0.1;
        let model: Box<dyn GradientModel> = if saturated {
            Box::new(SaturationMask { gain_lsb })
        } else {
            Box::new(LinearGain { gain_lsb })
        };
        let mut layer = analog_dense(weights.clone(), model);
        let mut array = bss2_hardware::IdealArray::new(crate::support::CHIP, gain_lsb).unwrap();
        let mut output = Array2::zeros((vectors, outputs));
        layer
            .forward(&mut Session::on(&mut array, 1), input.view(), output.view_mut())
            .unwrap();
        let mut dx = Array2::from_elem(input.dim(), f32::NAN);
        layer
            .backward(input.view(), output.view(), gradient.clone().view_mut(), Some(dx.view_mut()))
            .unwrap();

        let mut pulled = gradient;
        pulled.zip_mut_with(&output, |g, &y| {
            let at_an_end = y == 127.0 || y == -128.0;
            *g *= if saturated && at_an_end { 0.0 } else { gain_lsb };
        });
        let dw = weight_gradient(&layer).unwrap();
        assert_close(&dw, &product(input.t(), pulled.view()), 1e-4);
        assert_close(&dx, &product(pulled.view(), weights.t()), 1e-4);
    }

    #[test]
    fn analog_dense_runs_rounded_weights(
        numbers in prop::collection::vec(-63.0_f32..63.0, 12),
        activations in prop::collection::vec(0_u8..32, 4),
    ) {
        let weights = Array2::from_shape_vec((4, 3), numbers).unwrap();
        let input = Array2::from_shape_vec((1, 4), activations).unwrap().mapv(f32::from);
        let gain_lsb = 0.01;
        let mut layer = analog_dense(weights.clone(), Box::new(LinearGain { gain_lsb }));
        let mut array = bss2_hardware::IdealArray::new(crate::support::CHIP, gain_lsb).unwrap();
        let mut output = Array2::zeros((1, 3));
        layer
            .forward(&mut Session::on(&mut array, 1), input.view(), output.view_mut())
            .unwrap();
        let sums = product(input.view(), weights.mapv(f32::round_ties_even).view());
        for (found, sum) in output.iter().zip(&sums) {
            // Half a step for the array's rounding.
            prop_assert!((f64::from(*found) - 0.01 * sum).abs() <= 0.5001, "{found}, {sum}");
        }
    }
}
