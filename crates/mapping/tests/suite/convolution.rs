//! Convolutions against their definition.

use bss2_core::{ArrayGeometry, NOMINAL_GAIN_LSB, Trial};
use bss2_hardware::MockArray;
use bss2_mapping::{
    Activations, Coding, Convolution, ConvolutionOptions, ConvolutionRunner, InputCoding,
    LayerShape, LoweredConvolution, Lowering, MappingError, MappingStrategy, Tiling, WeightCoding,
};
use ndarray::{Array2, ArrayView2, array, s};
use proptest::prelude::*;

use crate::support::{ideal, tilings};

fn sizes(
    heights: std::ops::Range<usize>,
    widths: std::ops::Range<usize>,
) -> impl Strategy<Value = (usize, usize)> {
    (heights, widths)
}

/// Convolutions in one and two dimensions, with up to 27 weights per output.
fn convolutions() -> impl Strategy<Value = Convolution> {
    let channels = (1_usize..4, 1_usize..4, 1_usize..3);
    let input = sizes(1..8, 1..8);
    let kernel = sizes(1..4, 1..4);
    let steps = (sizes(1..4, 1..4), sizes(0..3, 0..3), sizes(1..3, 1..3));
    (channels, input, kernel, steps, any::<bool>()).prop_filter_map(
        "a kernel larger than its input",
        |((inputs, outputs, groups), input, kernel, steps, is_flat)| {
            let (stride, padding, dilation) = steps;
            let flat = |pair: (usize, usize), height| {
                if is_flat { (height, pair.1) } else { pair }
            };
            let options = ConvolutionOptions {
                input_channels: inputs * groups,
                input: flat(input, 1),
                output_channels: outputs * groups,
                kernel: flat(kernel, 1),
                stride: flat(stride, 1),
                padding: flat(padding, 0),
                dilation: flat(dilation, 1),
                groups,
            };
            options.check().ok()
        },
    )
}

fn lowerings() -> impl Strategy<Value = Lowering> {
    prop_oneof![
        Just(Lowering::Im2col),
        (1_usize..5, 1_usize..5).prop_map(|(height, width)| Lowering::Unrolled { height, width }),
    ]
}

fn signed_tilings() -> impl Strategy<Value = Tiling> {
    (tilings(), any::<[bool; 2]>()).prop_map(|(tiling, [pairs, signed])| {
        let coding = tiling.coding;
        tiling.with_coding(Coding {
            weights: [WeightCoding::Signed, WeightCoding::ColumnPair][usize::from(pairs)],
            inputs: [InputCoding::Unsigned, InputCoding::TwoPasses][usize::from(signed)],
            ..coding
        })
    })
}

/// Numbers within ±`limit`, a third of them zero.
fn numbers(seed: u64, shape: (usize, usize), limit: i8) -> Array2<i8> {
    let mut state = seed;
    Array2::from_shape_simple_fn(shape, || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let drawn = (state >> 33) as u32;
        let value = (drawn / 3 % (2 * limit as u32 + 1)) as i8 - limit;
        if drawn.is_multiple_of(3) { 0 } else { value }
    })
}

/// The convolution by its definition.
fn direct(convolution: &Convolution, kernel: &Array2<i8>, samples: &Array2<i8>) -> Array2<i32> {
    let o = convolution.options();
    let (height, width) = convolution.output();
    let (channels, of_group) = (o.input_channels / o.groups, o.output_channels / o.groups);
    let shape = (samples.nrows(), o.output_channels * height * width);
    Array2::from_shape_fn(shape, |(sample, output)| {
        let (channel, y, x) = (
            output / (height * width),
            output / width % height,
            output % width,
        );
        let mut sum = 0;
        for c in 0..channels {
            for i in 0..o.kernel.0 {
                for j in 0..o.kernel.1 {
                    let row = (y * o.stride.0 + i * o.dilation.0) as isize - o.padding.0 as isize;
                    let column =
                        (x * o.stride.1 + j * o.dilation.1) as isize - o.padding.1 as isize;
                    let (h, w) = (o.input.0 as isize, o.input.1 as isize);
                    if (0..h).contains(&row) && (0..w).contains(&column) {
                        let from = (channel / of_group * channels + c) as isize * h * w;
                        let input = samples[[sample, (from + row * w + column) as usize]];
                        let weight = kernel[[(c * o.kernel.0 + i) * o.kernel.1 + j, channel]];
                        sum += i32::from(input) * i32::from(weight);
                    }
                }
            }
        }
        sum
    })
}

fn runner(
    convolution: Convolution,
    lowering: Lowering,
    tiling: &Tiling,
    geometry: ArrayGeometry,
) -> ConvolutionRunner {
    let lowered = LoweredConvolution::new(convolution, lowering).expect("a small convolution");
    let plan = tiling
        .plan(&lowered.shape().into(), geometry)
        .expect("a small layer");
    ConvolutionRunner::new(lowered, plan).expect("a plan of the layer")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn both_lowerings_equal_the_definition(
        convolution in convolutions(), lowering in lowerings(), tiling in signed_tilings(),
        samples in 0_usize..4, rows in 2_usize..10, columns in 6_usize..14, seed: u64,
    ) {
        let geometry = ArrayGeometry::new(2, rows, columns).unwrap();
        let kernel = numbers(seed, convolution.kernel_shape(), 1);
        let mut samples = numbers(!seed, (samples, convolution.inputs()), 2);
        if tiling.coding.inputs == InputCoding::Unsigned {
            samples.mapv_inplace(i8::abs);
        }
        let unsigned = samples.mapv(i8::unsigned_abs);
        let activations: Activations<'_> = if tiling.coding.inputs == InputCoding::Unsigned {
            unsigned.view().into()
        } else {
            samples.view().into()
        };
        let mut outputs = Array2::from_elem((samples.nrows(), convolution.outputs()), 77);
        let mut runner = runner(convolution, lowering, &tiling, geometry);
        let trial = &mut Trial::new(0);
        runner
            .run(&mut ideal(geometry), kernel.view(), activations, trial, outputs.view_mut())
            .unwrap();
        let amplification = tiling.coding.row_repetition as i32;
        let expected = direct(&convolution, &kernel, &samples) * amplification;
        prop_assert_eq!(outputs.mapv(i32::from), expected);
        // What the runner held before does not matter.
        let mut again = Array2::from_elem((1.min(samples.nrows()), convolution.outputs()), 77);
        let first = samples.slice(s![..again.nrows(), ..]);
        runner
            .run(&mut ideal(geometry), kernel.view(), first, trial, again.view_mut())
            .unwrap();
        prop_assert_eq!(&again, &outputs.slice(s![..again.nrows(), ..]));
    }

    #[test]
    fn scattering_is_the_transpose_of_gathering(
        convolution in convolutions(), lowering in lowerings(), count in 0_usize..3, seed: u64,
    ) {
        let lowered = LoweredConvolution::new(convolution, lowering).unwrap();
        let rows = count * lowered.vectors_per_sample();
        let wide = |seed, shape| numbers(seed, shape, 3).mapv(f32::from);
        let dot = |a: &Array2<f32>, b: &Array2<f32>| (a * b).sum();

        let samples = wide(seed, (count, convolution.inputs()));
        let vectors = wide(!seed, (rows, lowered.shape().inputs()));
        let mut gathered = Array2::from_elem(vectors.dim(), 77.0);
        lowered.gather(samples.view(), gathered.view_mut()).unwrap();
        let mut scattered = Array2::zeros(samples.dim());
        lowered.scatter_add(vectors.view(), scattered.view_mut()).unwrap();
        prop_assert_eq!(dot(&gathered, &vectors), dot(&samples, &scattered));

        let outputs = wide(seed, (count, convolution.outputs()));
        let vectors = wide(!seed, (rows, lowered.shape().outputs()));
        let mut gathered = Array2::from_elem(vectors.dim(), 77.0);
        lowered.gather_outputs(outputs.view(), gathered.view_mut()).unwrap();
        let mut scattered = Array2::from_elem(outputs.dim(), 77.0);
        lowered.scatter(vectors.view(), scattered.view_mut()).unwrap();
        prop_assert_eq!(dot(&gathered, &vectors), dot(&outputs, &scattered));
        lowered.scatter(gathered.view(), scattered.view_mut()).unwrap();
        prop_assert_eq!(scattered, outputs);
    }

    /// On an array with noise, whose numbering shows.
    #[test]
    fn a_batch_may_be_split(
        convolution in convolutions(), lowering in lowerings(), seed: u64, cut in 0_usize..5,
    ) {
        let geometry = ArrayGeometry::new(2, 8, 8).unwrap();
        let array = &mut MockArray::new(geometry, NOMINAL_GAIN_LSB, 2.0).unwrap();
        let kernel = numbers(seed, convolution.kernel_shape(), 60);
        let samples = numbers(!seed, (4, convolution.inputs()), 31).mapv(i8::unsigned_abs);
        let mut runner = runner(convolution, lowering, &Tiling::in_order(), geometry);
        let mut part = |first: usize, samples: ArrayView2<'_, u8>| {
            let mut outputs = Array2::from_elem((samples.nrows(), convolution.outputs()), 77);
            let trial = &mut Trial { first_vector: first as u64, ..Trial::new(seed) };
            runner.run(array, kernel.view(), samples, trial, outputs.view_mut()).unwrap();
            (outputs, trial.pass)
        };
        let (whole, passes) = part(0, samples.view());
        let cut = cut.min(4);
        let (before, after) = samples.view().split_at(ndarray::Axis(0), cut);
        prop_assert_eq!(part(0, before), (whole.slice(s![..cut, ..]).to_owned(), passes));
        prop_assert_eq!(part(cut, after), (whole.slice(s![cut.., ..]).to_owned(), passes));
    }

    #[test]
    fn sizes_are_read_back_as_they_were(convolution in convolutions()) {
        let text = serde_json::to_string(&convolution).unwrap();
        prop_assert_eq!(serde_json::from_str::<Convolution>(&text).unwrap(), convolution);
    }
}

#[test]
fn the_published_network_has_its_sizes() {
    let options = ConvolutionOptions {
        stride: (5, 5),
        padding: (1, 1),
        ..ConvolutionOptions::two_d(1, (28, 28), 20, (10, 10))
    };
    let convolution = options.check().unwrap();
    assert_eq!((convolution.inputs(), convolution.outputs()), (784, 500));
    assert_eq!(convolution.output(), (5, 5));
    assert_eq!(convolution.kernel_shape(), (100, 20));
    let sizes = |lowering| {
        let lowered = LoweredConvolution::new(convolution, lowering).unwrap();
        let shape = lowered.shape();
        (
            shape.inputs(),
            shape.outputs(),
            lowered.vectors_per_sample(),
        )
    };
    assert_eq!(sizes(Lowering::Im2col), (100, 20, 25));
    let unrolled = |height, width| sizes(Lowering::Unrolled { height, width });
    assert_eq!(unrolled(1, 1), (100, 20, 25));
    assert_eq!(unrolled(2, 1), (150, 40, 15));
    assert_eq!(unrolled(2, 3), (15 * 20, 120, 6));
    assert_eq!(unrolled(5, 5), (900, 500, 1));
    assert_eq!(
        unrolled(9, 9),
        (900, 500, 1),
        "as many positions as there are"
    );
}

#[test]
fn the_layers_weights_hold_the_kernel_once_per_position() {
    let convolution = ConvolutionOptions::one_d(1, 4, 2, 2).check().unwrap();
    let lowering = Lowering::Unrolled {
        height: 1,
        width: 2,
    };
    let lowered = LoweredConvolution::new(convolution, lowering).unwrap();
    let mut weights = Array2::from_elem((3, 4), 7.0_f32);
    let kernel = array![[1.0, 2.0], [3.0, 4.0]];
    lowered.expand(kernel.view(), weights.view_mut()).unwrap();
    assert_eq!(
        weights,
        array![
            [1.0, 2.0, 0.0, 0.0],
            [3.0, 4.0, 1.0, 2.0],
            [0.0, 0.0, 3.0, 4.0]
        ]
    );
    // The last tile holds one output and reaches beyond the input.
    let mut vectors = Array2::from_elem((2, 3), 7);
    let samples = array![[1, 2, 3, 4]];
    lowered.gather(samples.view(), vectors.view_mut()).unwrap();
    assert_eq!(vectors, array![[1, 2, 3], [3, 4, 0]]);
}

#[test]
fn sizes_that_do_not_fit_are_named() {
    let good = ConvolutionOptions::two_d(4, (6, 7), 2, (3, 3));
    let refused = |change: fn(&mut ConvolutionOptions)| {
        let mut options = good;
        change(&mut options);
        options.check().unwrap_err().to_string()
    };
    let expected = "stride width = 0 is outside 1…1048576";
    assert_eq!(refused(|o| o.stride.1 = 0), expected);
    let expected = "input_channels = 0 is outside 1…1048576";
    assert_eq!(refused(|o| o.input_channels = 0), expected);
    let expected = "groups = 0 is outside 1…1048576";
    assert_eq!(refused(|o| o.groups = 0), expected);
    let expected = "padding height = 18446744073709551615 is outside 0…1048576";
    assert_eq!(refused(|o| o.padding.0 = usize::MAX), expected);
    let expected = "4 inputs and 2 outputs cannot both be divided evenly into 4 groups";
    assert_eq!(refused(|o| o.groups = 4), expected);
    let expected = "a kernel of (3, 9), dilated, exceeds the input of (6, 7), padded";
    assert_eq!(refused(|o| o.dilation.1 = 4), expected);
    let expected = "a convolution with 1049600 inputs, at most 1048576 are handled";
    assert_eq!(
        refused(|o| (o.input_channels, o.input) = (1025, (4, 256))),
        expected
    );
    let expected = "a convolution with 6291456 outputs, at most 1048576 are handled";
    assert_eq!(
        refused(|o| {
            o.kernel = (1, 1);
            o.padding = (300, 24);
            o.output_channels = 1 << 16;
            o.input = (4, 7);
            o.stride = (40, 10);
        }),
        expected
    );
    let expected = "a convolution with 4194304 weights per output, at most 1048576 are handled";
    assert_eq!(
        refused(|o| (o.kernel, o.padding) = ((1024, 1024), (600, 600))),
        expected
    );
    let unknown = r#"{"kernels": [1, 1]}"#;
    assert!(serde_json::from_str::<Convolution>(unknown).is_err());
    let empty = r#"{"kernel": [0, 1]}"#;
    assert!(serde_json::from_str::<Convolution>(empty).is_err());
}

#[test]
fn lowerings_that_cannot_be_laid_out_are_named() {
    let convolution = ConvolutionOptions::one_d(1, 1 << 20, 1, 1 << 10);
    let convolution = convolution.check().unwrap();
    let refused = |height, width| {
        let lowering = Lowering::Unrolled { height, width };
        LoweredConvolution::new(convolution, lowering).unwrap_err()
    };
    let expected = "unrolled height = 0 is outside 1…1048576";
    assert_eq!(refused(0, 1).to_string(), expected);
    let limit = LoweredConvolution::WEIGHTS_MAX;
    let what = "weights of the linear layer";
    let too_large = |count| MappingError::ConvolutionTooLarge { what, count, limit };
    assert_eq!(refused(1, 1 << 19), too_large(1 << 29));
    assert_eq!(refused(1, 1 << 15), too_large((1 << 30) + 1023 * (1 << 15)));
}

#[test]
fn arguments_of_other_shapes_are_named() {
    let geometry = ArrayGeometry::new(1, 8, 8).unwrap();
    let convolution = ConvolutionOptions::one_d(1, 4, 2, 2).check().unwrap();
    let lowered = LoweredConvolution::new(convolution, Lowering::Im2col).unwrap();
    let other = LayerShape::dense(3, 2).unwrap();
    let plan = Tiling::in_order().plan(&other.into(), geometry).unwrap();
    assert_eq!(
        ConvolutionRunner::new(lowered.clone(), plan).unwrap_err(),
        MappingError::OtherLayer {
            expected: lowered.shape(),
            planned: other
        }
    );
    let mut runner = runner(convolution, Lowering::Im2col, &Tiling::in_order(), geometry);
    let mut attempt = |kernel, samples, outputs| {
        let (kernel, samples) = (Array2::zeros(kernel), Array2::<u8>::zeros(samples));
        let mut outputs = Array2::zeros(outputs);
        let (array, trial) = (&mut ideal(geometry), &mut Trial::new(0));
        let refused = runner.run(
            array,
            kernel.view(),
            samples.view(),
            trial,
            outputs.view_mut(),
        );
        refused.unwrap_err().to_string()
    };
    let expected = "kernel must have shape (2, 2), found (2, 3)";
    assert_eq!(attempt((2, 3), (1, 4), (1, 6)), expected);
    let expected = "samples must have shape (1, 4), found (1, 5)";
    assert_eq!(attempt((2, 2), (1, 5), (1, 6)), expected);
    let expected = "outputs must have shape (1, 6), found (2, 6)";
    assert_eq!(attempt((2, 2), (1, 4), (2, 6)), expected);
    let mut vectors = Array2::<i8>::zeros((2, 2));
    let samples = Array2::zeros((1, 4));
    let refused = lowered.gather(samples.view(), vectors.view_mut());
    let expected = "vectors must have shape (3, 2), found (2, 2)";
    assert_eq!(refused.unwrap_err().to_string(), expected);
}
