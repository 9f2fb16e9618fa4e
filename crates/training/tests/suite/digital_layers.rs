//! What each digital layer computes, against its definition.

use std::sync::Arc;

use bss2_training::{
    Affine, BatchNorm, Bias, Dense, Dropout, Flatten, Layer, Mode, Network, Pool, PoolKind,
    PoolOptions, Pooling, Session, Step, TrainingError,
};
use ndarray::{Array2, array};
use proptest::prelude::*;

fn run(
    layer: &mut dyn Layer,
    session: &mut Session<'_>,
    mode: Mode,
    input: &Array2<f32>,
) -> Array2<f32> {
    let width = layer.outputs(input.ncols()).expect("inputs that fit");
    let mut output = Array2::from_elem((input.nrows(), width), f32::NAN);
    session
        .in_mode(mode, |session| {
            layer.forward(session, input.view(), output.view_mut())
        })
        .expect("good inputs");
    output
}

fn evaluated(layer: &mut dyn Layer, input: &Array2<f32>) -> Array2<f32> {
    run(layer, &mut Session::digital(), Mode::Evaluation, input)
}

fn trained(layer: &mut dyn Layer, input: &Array2<f32>) -> Array2<f32> {
    run(layer, &mut Session::digital(), Mode::Training, input)
}

fn near(found: &Array2<f32>, expected: &Array2<f32>) -> bool {
    let mut both = found.iter().zip(expected);
    found.dim() == expected.dim() && both.all(|(a, b)| (a - b).abs() < 1e-4 * b.abs().max(1.0))
}

fn is_out_of_range<T>(result: Result<T, TrainingError>, name: &str) -> bool {
    matches!(result, Err(TrainingError::OptionOutOfRange { option, .. }) if option == name)
}

fn buffers(layer: &dyn Layer) -> Vec<(&'static str, Vec<f32>)> {
    let mut found = Vec::new();
    layer.buffers(&mut |buffer| found.push((buffer.name, buffer.value.iter().copied().collect())));
    found
}

/// What a step says of values in channels.
fn affine(step: &Step, input: &Array2<f32>) -> Array2<f32> {
    let Step::Affine(Affine {
        factors,
        offsets,
        positions,
    }) = step
    else {
        panic!("{step:?} is not affine");
    };
    Array2::from_shape_fn(input.dim(), |at| {
        factors[at.1 / positions] * input[at] + offsets[at.1 / positions]
    })
}

#[test]
fn a_bias_is_added_to_all_positions_of_its_channel() {
    let mut bias = Bias::new(vec![1.0, -2.0], 3).unwrap();
    let input = array![
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        [6.0, 0.0, 0.0, 0.0, 0.0, 9.0]
    ];
    let expected = array![
        [1.0, 2.0, 3.0, 1.0, 2.0, 3.0],
        [7.0, 1.0, 1.0, -2.0, -2.0, 7.0]
    ];
    assert_eq!(evaluated(&mut bias, &input), expected);
    assert_eq!(affine(&bias.step().unwrap(), &input), expected);
}

#[test]
fn biases_and_normalisations_of_no_size_are_refused() {
    assert!(is_out_of_range(Bias::new(Vec::new(), 1), "channels"));
    assert!(is_out_of_range(Bias::new(vec![0.0], 0), "positions"));
    assert!(is_out_of_range(
        BatchNorm::new(usize::MAX, usize::MAX),
        "channels"
    ));
    assert!(is_out_of_range(
        BatchNorm::new(1 << 11, 1 << 10),
        "features"
    ));
    assert!(BatchNorm::new(1 << 10, 1 << 10).is_ok());
    for b in [f32::NAN, f32::INFINITY] {
        let refused = Bias::new(vec![0.0, b], 1);
        assert!(matches!(refused, Err(TrainingError::NotFinite { .. })));
    }
}

/// Mean 2.5 and variance 1.25 (unbiased 5/3) in the first channel, 10 and 0 in the second.
fn two_channels() -> Array2<f32> {
    array![[1.0, 2.0, 10.0, 10.0], [3.0, 4.0, 10.0, 10.0]]
}

#[test]
fn a_batch_is_normalised_by_its_own_statistics_in_training() {
    let mut norm = BatchNorm::new(2, 2).unwrap();
    let scale = (1.25_f32 + 1e-5).sqrt().recip();
    let expected = array![[-1.5, -0.5, 0.0, 0.0], [0.5, 1.5, 0.0, 0.0]] * scale;
    assert!(near(&trained(&mut norm, &two_channels()), &expected));
}

#[test]
fn running_statistics_go_a_tenth_of_the_way_with_the_unbiased_variance() {
    let mut norm = BatchNorm::new(2, 2).unwrap();
    assert_eq!(
        buffers(&norm),
        [
            ("running_mean", vec![0.0, 0.0]),
            ("running_var", vec![1.0, 1.0])
        ]
    );
    evaluated(&mut norm, &two_channels());
    assert_eq!(buffers(&norm)[0].1, [0.0, 0.0], "evaluation moves nothing");
    trained(&mut norm, &two_channels());
    let found = Array2::from_shape_vec(
        (2, 2),
        [buffers(&norm)[0].1.clone(), buffers(&norm)[1].1.clone()].concat(),
    );
    let expected = array![[0.25, 1.0], [0.9 + 0.1 * 5.0 / 3.0, 0.9]];
    assert!(near(&found.unwrap(), &expected));
}

#[test]
fn evaluation_normalises_by_the_running_statistics_as_its_step_says() {
    let mut norm = BatchNorm::new(2, 2).unwrap();
    for _ in 0..3 {
        trained(&mut norm, &two_channels());
    }
    norm.update_parameters(&mut |mut parameter| {
        parameter.value.iter_mut().for_each(|v| *v += 0.7);
        Ok(())
    })
    .unwrap();
    let output = evaluated(&mut norm, &two_channels());
    assert!(near(
        &output,
        &affine(&norm.step().unwrap(), &two_channels())
    ));
    // A batch of one does there.
    let one = two_channels().slice(ndarray::s![..1, ..]).to_owned();
    assert_eq!(evaluated(&mut norm, &one).row(0), output.row(0));
}

#[test]
fn one_value_has_no_statistics() {
    let mut network = Network::new(vec![
        Box::new(Flatten),
        Box::new(BatchNorm::new(2, 1).unwrap()),
    ])
    .unwrap();
    let refused = Session::digital().in_mode(Mode::Training, |session| {
        network.forward(session, array![[1.0, 2.0]].view()).err()
    });
    let expected = TrainingError::TooFewToNormalise {
        layer: 1.into(),
        values: 1,
    };
    assert_eq!(refused, Some(expected));
    // Positions count as well.
    trained(&mut BatchNorm::new(1, 2).unwrap(), &array![[1.0, 2.0]]);
}

#[test]
fn running_statistics_are_precise_far_from_zero() {
    let mut norm = BatchNorm::new(1, 1).unwrap();
    let input = Array2::from_shape_fn((1000, 1), |(v, _)| 1e4 + (v % 2) as f32);
    let output = trained(&mut norm, &input);
    assert!(
        output.iter().all(|y| (y.abs() - 1.0).abs() < 1e-2),
        "{output}"
    );
}

#[test]
fn a_network_hands_out_buffers_with_their_layer() {
    let network = || {
        Network::new(vec![
            Box::new(Dense::new(Array2::eye(2))) as Box<dyn Layer>,
            Box::new(BatchNorm::new(2, 1).unwrap()),
            Box::new(Bias::new(vec![0.0; 2], 1).unwrap()),
            Box::new(BatchNorm::new(1, 2).unwrap()),
        ])
        .unwrap()
    };
    let all = |network: &Network| {
        let mut found = Vec::new();
        network.buffers(&mut |layer, buffer| {
            found.push((layer, buffer.name, buffer.value.to_owned()));
        });
        found
    };
    let (mut one, mut other) = (network(), network());
    Session::digital().in_mode(Mode::Training, |session| {
        one.forward(session, array![[1.0, 2.0], [5.0, -2.0]].view())
            .unwrap();
    });
    let saved = all(&one);
    let places: Vec<_> = saved
        .iter()
        .map(|(layer, name, _)| (*layer, *name))
        .collect();
    let names = ["running_mean", "running_var"];
    assert_eq!(
        places,
        [(1, names[0]), (1, names[1]), (3, names[0]), (3, names[1])]
    );
    assert_ne!(all(&other), saved);
    let mut next = saved.iter();
    other
        .update_buffers(&mut |layer, mut buffer| {
            let (of, name, value) = next.next().unwrap();
            assert_eq!((layer, buffer.name), (*of, *name));
            buffer.value.assign(value);
            Ok(())
        })
        .unwrap();
    assert_eq!(all(&other), saved);
    let mut seen = 0;
    let refused = other.update_buffers(&mut |_, _| {
        seen += 1;
        Err(TrainingError::NoSamples)
    });
    assert_eq!((refused, seen), (Err(TrainingError::NoSamples), 1));
}

fn pooling(options: PoolOptions) -> Pooling {
    Pooling::new(options.check().expect("small sizes"))
}

#[test]
fn pools_as_pytorch_does() {
    let input = Array2::from_shape_fn((1, 16), |(_, i)| i as f32);
    let max = PoolOptions::two_d(PoolKind::Max, 1, (4, 4), (2, 2));
    assert_eq!(
        evaluated(&mut pooling(max), &input),
        array![[5.0, 7.0, 13.0, 15.0]]
    );
    let options = PoolOptions {
        kernel: (3, 3),
        padding: (1, 1),
        ..max
    };
    let padded = options;
    assert_eq!(
        evaluated(&mut pooling(padded), &input),
        array![[5.0, 7.0, 13.0, 15.0]]
    );
    let mean = PoolOptions {
        kind: PoolKind::Average,
        ..padded
    };
    let expected = array![[10.0, 24.0, 51.0, 90.0]] / 9.0;
    assert!(near(&evaluated(&mut pooling(mean), &input), &expected));
    // Padding never wins, even against negative values.
    let negative = evaluated(&mut pooling(padded), &(&input - 20.0));
    assert_eq!(negative, array![[-15.0, -13.0, -7.0, -5.0]]);
}

#[test]
fn of_equal_values_the_first_gets_the_gradient_of_a_maximum() {
    let mut layer = pooling(PoolOptions::one_d(PoolKind::Max, 1, 4, 4));
    let input = array![[1.0, 3.0, 3.0, 2.0]];
    let output = evaluated(&mut layer, &input);
    let mut dx = Array2::from_elem((1, 4), f32::NAN);
    layer
        .backward(
            input.view(),
            output.view(),
            array![[5.0]].view_mut(),
            Some(dx.view_mut()),
        )
        .unwrap();
    assert_eq!(dx, array![[0.0, 5.0, 0.0, 0.0]]);
}

#[test]
fn pools_whose_sizes_do_not_fit_are_refused() {
    let good = PoolOptions::two_d(PoolKind::Max, 2, (4, 6), (2, 3));
    let cases = [
        (
            "channels",
            PoolOptions {
                channels: 0,
                ..good
            },
        ),
        (
            "input height",
            PoolOptions {
                input: (0, 6),
                ..good
            },
        ),
        (
            "input width",
            PoolOptions {
                input: (4, usize::MAX),
                ..good
            },
        ),
        (
            "kernel width",
            PoolOptions {
                kernel: (2, 0),
                ..good
            },
        ),
        (
            "kernel height",
            PoolOptions {
                kernel: (5, 3),
                ..good
            },
        ),
        (
            "stride height",
            PoolOptions {
                stride: (0, 1),
                ..good
            },
        ),
        (
            "padding width",
            PoolOptions {
                padding: (1, 2),
                ..good
            },
        ),
        (
            "inputs",
            PoolOptions {
                channels: 1 << 20,
                ..good
            },
        ),
    ];
    for (name, options) in cases {
        assert!(is_out_of_range(options.check(), name), "{name}");
    }
    let pool = good.check().unwrap();
    assert_eq!(
        (pool.inputs(), pool.output(), pool.outputs()),
        (48, (2, 2), 8)
    );
    assert_eq!(Pooling::new(pool).step(), Some(Step::Pool(pool)));
}

#[test]
fn pools_are_checked_when_they_are_read() {
    let options = PoolOptions::one_d(PoolKind::Average, 3, 9, 2);
    let pool = options.check().unwrap();
    let text = serde_json::to_string(&pool).unwrap();
    assert!(text.contains(r#""kind":"average""#), "{text}");
    assert_eq!(serde_json::from_str::<Pool>(&text).unwrap(), pool);
    let wrong = text.replace("\"stride\":[1,2]", "\"stride\":[1,0]");
    assert_ne!(wrong, text);
    assert!(serde_json::from_str::<Pool>(&wrong).is_err());
    assert!(serde_json::from_str::<PoolOptions>(r#"{"colour": 1}"#).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every pooling is the definition on a padded copy of the input.
    #[test]
    fn pools_follow_their_definition(
        (channels, height, width) in (1_usize..3, 1_usize..7, 1_usize..7),
        (kernel_height, kernel_width) in (1_usize..4, 1_usize..4),
        stride in (1_usize..4, 1_usize..4),
        padding in (0_usize..2, 0_usize..2),
        average: bool,
        numbers in prop::collection::vec(-9.0_f32..9.0, 72),
    ) {
        let kernel = (kernel_height, kernel_width);
        let options = PoolOptions {
            stride,
            padding: (padding.0.min(kernel.0 / 2), padding.1.min(kernel.1 / 2)),
            kind: if average { PoolKind::Average } else { PoolKind::Max },
            ..PoolOptions::two_d(PoolKind::Max, channels, (height, width), kernel)
        };
        prop_assume!(options.check().is_ok());
        let pool = options.check().unwrap();
        let input = Array2::from_shape_fn((1, pool.inputs()), |(_, i)| numbers[i]);
        let padded = |channel: usize, row: usize, column: usize| {
            let row = row.checked_sub(options.padding.0).filter(|&r| r < height)?;
            let column = column.checked_sub(options.padding.1).filter(|&c| c < width)?;
            Some(input[[0, (channel * height + row) * width + column]])
        };
        let (_, columns) = pool.output();
        let expected = Array2::from_shape_fn((1, pool.outputs()), |(_, output)| {
            let (channel, position) = (output / pool.positions(), output % pool.positions());
            let (row, column) = (position / columns * stride.0, position % columns * stride.1);
            let mut window = Vec::new();
            for y in 0..kernel.0 {
                for x in 0..kernel.1 {
                    window.extend(padded(channel, row + y, column + x));
                }
            }
            if average {
                window.iter().sum::<f32>() / (kernel.0 * kernel.1) as f32
            } else {
                window.into_iter().fold(f32::NEG_INFINITY, f32::max)
            }
        });
        let found = evaluated(&mut Pooling::new(pool), &input);
        prop_assert!(near(&found, &expected), "{found}, expected {expected}");
    }

    /// Whatever the statistics are, a normalised channel has mean β and deviation γ.
    #[test]
    fn a_normalised_batch_has_the_parameters_as_its_statistics(
        numbers in prop::collection::vec(-9.0_f32..9.0, 24),
        positions in 1_usize..4,
    ) {
        let input = Array2::from_shape_vec((24 / (2 * positions), 2 * positions), numbers).unwrap();
        let output = trained(&mut BatchNorm::new(2, positions).unwrap(), &input);
        for channel in 0..2 {
            let features = channel * positions..(channel + 1) * positions;
            let of_channel = |of: &Array2<f32>| {
                let values = of.slice(ndarray::s![.., features.clone()]);
                (values.mean().unwrap(), values.std(0.0))
            };
            prop_assume!(of_channel(&input).1 > 0.1);
            let (mean, deviation) = of_channel(&output);
            prop_assert!(mean.abs() < 1e-4 && (deviation - 1.0).abs() < 1e-2);
        }
    }
}

#[test]
fn dropout_leaves_out_its_rate_and_keeps_the_mean() {
    let input = Array2::from_elem((100, 1000), 2.0);
    for rate in [0.0, 0.1, 0.5, 0.9] {
        let mut dropout = Dropout::new(rate).unwrap();
        let output = trained(&mut dropout, &input);
        let kept = 2.0 / (1.0 - rate);
        assert!(output.iter().all(|&y| y == 0.0 || (y - kept).abs() < 1e-5));
        let left_out = output.iter().filter(|&&y| y == 0.0).count() as f32 / 1e5;
        // Five standard deviations of a share of 10⁵.
        let tolerance = 5.0 * (rate * (1.0 - rate) / 1e5).sqrt();
        assert!(
            (left_out - rate).abs() <= tolerance,
            "{left_out}, rate {rate}"
        );
        assert_eq!(evaluated(&mut dropout, &input), input);
        assert_eq!(dropout.step(), Some(Step::Nothing));
    }
}

#[test]
fn masks_depend_on_the_trial_seed_and_their_number_alone() {
    let input = Array2::ones((3, 50));
    let mask = |session: &mut Session<'_>| {
        run(
            &mut Dropout::new(0.5).unwrap(),
            session,
            Mode::Training,
            &input,
        )
    };
    let mut session = Session::digital_with_seed(5);
    let masks = [(); 3].map(|()| mask(&mut session));
    assert!(masks[0] != masks[1] && masks[1] != masks[2] && masks[0] != masks[2]);
    assert_ne!(mask(&mut Session::digital_with_seed(6)), masks[0]);
    // On an array, too; and evaluation draws nothing.
    let mut array = crate::support::ideal();
    let mut session = Session::on(&mut array, 5);
    assert_eq!(mask(&mut session), masks[0]);
    let mut dropout = Dropout::new(0.5).unwrap();
    run(&mut dropout, &mut session, Mode::Evaluation, &input);
    assert_eq!(mask(&mut session), masks[1]);
}

#[test]
fn masks_are_the_same_on_every_thread() {
    let input = Arc::new(Array2::<f32>::ones((2, 40)));
    let masks: Vec<_> = (0..3)
        .map(|_| {
            let input = Arc::clone(&input);
            std::thread::spawn(move || trained(&mut Dropout::new(0.3).unwrap(), &input))
        })
        .map(|thread| thread.join().unwrap())
        .collect();
    assert!(masks.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn rates_outside_their_range_are_refused() {
    for rate in [-0.1, 1.0, 2.0, f32::NAN, f32::INFINITY] {
        assert!(
            is_out_of_range(Dropout::new(rate), "dropout rate"),
            "{rate}"
        );
    }
}

#[test]
fn flatten_changes_nothing() {
    let input = array![[1.0, -2.0, 3.0]];
    assert_eq!(evaluated(&mut Flatten, &input), input);
    assert_eq!(Flatten.step(), Some(Step::Nothing));
}
