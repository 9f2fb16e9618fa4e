//! From a digital network to the array.

use bss2_core::NOMINAL_GAIN_LSB;
use bss2_data::{Dataset, Digits};
use bss2_hardware::IdealArray;
use bss2_mapping::{
    Coding, InputCoding, MappingError, MappingStrategy, ScalingRule, Tiling, WeightCoding,
};
use bss2_training::{
    Dense, Deployment, Layer, LayerDeployment, LinearLayer, Network, Relu, Session, Step,
    TrainingError, deploy, float_mlp,
};
use ndarray::{Array2, ArrayView1, array};

use crate::support::{CHIP, Set, sent, set_parameter, trained_mlp, yin_yang};

fn digits() -> [Set; 2] {
    let split = Digits::new(1).split().expect("embedded");
    [split.train, split.test].map(|samples| Set {
        inputs: samples.inputs().clone(),
        labels: samples.labels().to_vec(),
    })
}

fn decision(outputs: ArrayView1<'_, f32>) -> usize {
    (0..outputs.len()).fold(
        0,
        |best, i| if outputs[i] > outputs[best] { i } else { best },
    )
}

fn decisions(network: &mut Network, session: &mut Session<'_>, set: &Set) -> Vec<usize> {
    let outputs = network
        .forward(session, set.inputs.view())
        .expect("good inputs");
    outputs.rows().into_iter().map(decision).collect()
}

/// Share of samples on which the deployed network decides like the digital one.
fn agreement(float: &mut Network, set: &Set, num_sends: u32) -> f64 {
    let tiling = sent(num_sends);
    let deployment = Deployment::by(&tiling);
    let (mut analog, _) = deploy(
        &float.steps().expect("steps that are known"),
        set.inputs.view(),
        deployment,
    )
    .expect("a good set");
    let mut array = IdealArray::new(CHIP, NOMINAL_GAIN_LSB).expect("gain in range");
    let expected = decisions(float, &mut Session::digital(), set);
    let found = decisions(&mut analog, &mut Session::on(&mut array, 1), set);
    let equal = expected.iter().zip(&found).filter(|(a, b)| a == b).count();
    equal as f64 / expected.len() as f64
}

#[test]
fn on_an_ideal_array_with_enough_sends_the_decisions_stay() {
    let [training, test] = digits();
    let mut float = trained_mlp(&[64, 32, 10], &training, 10);
    let share = agreement(&mut float, &test, 8);
    assert!(share >= 0.95, "digits: {share}");

    // Four inputs of 5 bits place the borders of Yin-Yang's classes less well.
    let [training, test] = yin_yang(1000, 500);
    let mut float = trained_mlp(&[4, 40, 3], &training, 20);
    let share = agreement(&mut float, &test, 64);
    assert!(share >= 0.92, "Yin-Yang: {share}");
}

#[test]
fn a_signal_below_half_a_step_loses_the_decisions() {
    let [training, test] = yin_yang(1000, 500);
    let mut float = trained_mlp(&[4, 40, 3], &training, 20);
    // 4 inputs · 31 · 63 · 0.0018 are at most 14 LSB.
    assert!(agreement(&mut float, &test, 1) < 0.8);
}

/// Two layers of 2 × 2 with weights 1, −½, ¼, 2 and the unit matrix.
fn hand_made() -> Network {
    let layers: Vec<Box<dyn Layer>> = vec![
        Box::new(Dense::new(array![[1.0, -0.5], [0.25, 2.0]])),
        Box::new(Relu),
        Box::new(Dense::new(array![[1.0, 0.0], [0.0, 1.0]])),
    ];
    Network::new(layers).expect("three layers")
}

fn unit_samples() -> Array2<f32> {
    array![[1.0, 0.0], [0.0, 1.0]]
}

fn exact(gain_lsb: f32, weight_quantile: f64) -> LayerDeployment<'static> {
    LayerDeployment {
        gain_lsb,
        scaling: ScalingRule {
            weight_quantile,
            output_quantile: 1.0,
            ..ScalingRule::default()
        },
        ..LayerDeployment::default()
    }
}

fn assert_near(found: f32, expected: f32) {
    assert!(
        (found - expected).abs() < 1e-4 * expected.abs(),
        "{found}, expected {expected}"
    );
}

#[test]
fn weights_limit_the_scale_where_the_signal_is_weak() {
    let (network, report) = deploy(
        &hand_made().steps().expect("steps that are known"),
        unit_samples().view(),
        Deployment::of_all(exact(0.01, 1.0)),
    )
    .unwrap();
    // The largest weight 2 becomes 63; 31 · 63 · 0.01 LSB fit the activations as they are.
    assert_near(report[0].weight_scale, 31.5);
    assert_near(report[0].output_lsb, 19.53);
    assert_eq!((report[0].shift, report[0].clipped_weights), (Some(0), 0.0));
    // Activations are then ⌊9.765⌋, 0 and ⌊2.44⌋, ⌊19.53⌋: 19 · 63 · 0.01.
    assert_near(report[1].weight_scale, 63.0);
    assert_near(report[1].output_lsb, 11.97);
    assert_eq!((report[1].shift, report[1].clipped_weights), (None, 0.0));
    assert_eq!(report.len(), 2);
    assert_eq!(
        network.weights(),
        [
            array![[31.5, -15.75], [7.875, 63.0]],
            array![[63.0, 0.0], [0.0, 63.0]],
        ]
    );
}

#[test]
fn outputs_limit_the_scale_where_the_signal_is_strong() {
    let (_, report) = deploy(
        &hand_made().steps().expect("steps that are known"),
        unit_samples().view(),
        Deployment::of_all(exact(1.0, 1.0)),
    )
    .unwrap();
    // 31 · 2 · 1 LSB become 110; 110 >> 2 fits 0…31.
    assert_near(report[0].weight_scale, 110.0 / 62.0);
    assert_near(report[0].output_lsb, 110.0);
    assert_eq!((report[0].shift, report[0].clipped_weights), (Some(2), 0.0));
}

#[test]
fn what_lies_beyond_the_quantile_is_clipped_and_counted() {
    let (network, report) = deploy(
        &hand_made().steps().expect("steps that are known"),
        unit_samples().view(),
        Deployment::of_all(exact(0.01, 0.6)),
    )
    .unwrap();
    // Of the magnitudes ¼, ½, 1, 2 the one at 0.6 of the way is 1: it becomes 63, and 2 is cut.
    assert_near(report[0].weight_scale, 63.0);
    assert_eq!(report[0].clipped_weights, 0.25);
    assert_eq!(network.weights()[0], array![[63.0, -31.5], [15.75, 63.0]]);
}

#[test]
fn sends_count_as_gain() {
    let report = |num_sends, gain_lsb| {
        let network = hand_made();
        let tiling = sent(num_sends);
        let deployment = Deployment::of_all(LayerDeployment {
            strategy: &tiling,
            ..exact(gain_lsb, 1.0)
        });
        deploy(
            &network.steps().expect("steps that are known"),
            unit_samples().view(),
            deployment,
        )
        .unwrap()
        .1
    };
    assert_eq!(report(8, 0.25), report(1, 2.0));
}

#[test]
fn a_network_of_zeros_is_deployed_as_zeros() {
    let layers: Vec<Box<dyn Layer>> = vec![Box::new(Dense::new(Array2::zeros((3, 2))))];
    let network = Network::new(layers).unwrap();
    let (analog, report) = deploy(
        &network.steps().expect("steps that are known"),
        Array2::zeros((4, 3)).view(),
        Deployment::default(),
    )
    .unwrap();
    assert_eq!(report[0].weight_scale, 1.0);
    assert!(analog.weights()[0].iter().all(|&w| w == 0.0));
}

#[test]
fn the_digital_network_is_left_as_it_is() {
    let network = float_mlp(&[2, 5, 3], 1).unwrap();
    let before = network.weights();
    deploy(
        &network.steps().expect("steps that are known"),
        unit_samples().view(),
        Deployment::default(),
    )
    .unwrap();
    assert_eq!(network.weights(), before);
}

#[test]
fn arguments_that_do_not_fit_are_named() {
    let attempt = |change: &dyn Fn(&mut LayerDeployment<'_>), samples: Array2<f32>| {
        let mut layers = LayerDeployment::default();
        change(&mut layers);
        let deployment = Deployment::of_all(layers);
        let result = deploy(
            &hand_made().steps().expect("steps that are known"),
            samples.view(),
            deployment,
        );
        result.map(|_| ()).expect_err("the argument does not fit")
    };
    let good = unit_samples;
    for (name, change) in [
        (
            "gain_lsb",
            (|d| d.gain_lsb = f32::NAN) as fn(&mut LayerDeployment<'_>),
        ),
        ("gain_lsb", |d| d.gain_lsb = 0.0),
    ] {
        let error = attempt(&change, good());
        assert!(
            matches!(error, TrainingError::OptionOutOfRange { option, .. } if option == name),
            "{error:?}"
        );
    }
    for (expected, change) in [
        (
            "weight_quantile = 0.4 is outside 0.5…1",
            (|d| d.scaling.weight_quantile = 0.4) as fn(&mut LayerDeployment<'_>),
        ),
        ("output_quantile = 1.1 is outside 0.5…1", |d| {
            d.scaling.output_quantile = 1.1;
        }),
    ] {
        assert_eq!(attempt(&change, good()).to_string(), expected);
    }
    let empty = Array2::zeros((0, 2));
    assert_eq!(attempt(&|_| {}, empty), TrainingError::NoSamples);
    assert_eq!(
        attempt(&|_| {}, Array2::zeros((2, 3))),
        TrainingError::Width {
            layer: 0.into(),
            expected: 2,
            found: 3
        }
    );
}

#[test]
fn weights_that_are_no_numbers_are_not_deployed() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut network = hand_made();
        set_parameter(&mut network, 1, &array![[1.0, bad], [0.0, 1.0]]);
        let refused = deploy(
            &network.steps().expect("steps that are known"),
            unit_samples().view(),
            Deployment::default(),
        );
        assert_eq!(
            refused.map(|_| ()).unwrap_err(),
            TrainingError::NotFinite {
                layer: 2.into(),
                what: "weights"
            }
        );
    }
}

#[test]
fn samples_that_are_no_numbers_are_named() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let samples = array![[1.0, 0.0], [0.0, bad]];
        let refused = deploy(
            &hand_made().steps().expect("steps that are known"),
            samples.view(),
            Deployment::default(),
        );
        assert!(matches!(
            refused.map(drop),
            Err(TrainingError::InputNotFinite {
                sample: 1,
                feature: 1,
                value
            }) if value.to_bits() == bad.to_bits()
        ));
    }
}

#[test]
fn weights_whose_outputs_exceed_the_numbers_are_not_deployed_as_zeros() {
    let huge = LinearLayer::Dense(Array2::from_elem((2, 2), 3e38));
    let deployment = Deployment::of_all(exact(1e3, 1.0));
    let refused = deploy(&[Step::Linear(huge)], unit_samples().view(), deployment).map(drop);
    assert_eq!(
        refused,
        Err(TrainingError::NotFinite {
            layer: 0.into(),
            what: "outputs"
        })
    );
}

#[test]
fn the_nominal_gain_is_the_default() {
    assert_eq!(LayerDeployment::default().gain_lsb, NOMINAL_GAIN_LSB);
}

/// A layer of 200 inputs takes tiles of 128 and 72, or twice 100: the strategies' plans saturate
/// differently, but where nothing saturates they compute the same.
#[test]
fn every_strategy_deploys_the_same_function() {
    let samples = Array2::from_shape_fn((6, 200), |(v, i)| ((v * 7 + i) % 11) as f32 / 10.0);
    let float = float_mlp(&[200, 20, 3], 1).unwrap();
    let [in_order, balanced] = [Tiling::in_order(), Tiling::balanced()].map(|tiling| {
        let deployment = Deployment::by(&tiling);
        let (mut network, report) = deploy(
            &float.steps().expect("steps that are known"),
            samples.view(),
            deployment,
        )
        .unwrap();
        let mut array = IdealArray::new(CHIP, NOMINAL_GAIN_LSB).unwrap();
        let mut array = bss2_core::Recorder::new(&mut array);
        let outputs = network
            .forward(&mut Session::on(&mut array, 1), samples.view())
            .unwrap()
            .clone();
        (outputs, report, network.weights(), array.into_recording())
    });
    assert_ne!(in_order.3, balanced.3, "other tiles");
    assert_eq!(in_order.1, balanced.1);
    assert_eq!(in_order.2, balanced.2);
    for (a, b) in in_order.0.iter().zip(&balanced.0) {
        // The partial sums are rounded each for itself.
        assert!((a - b).abs() <= 8.0, "{a}, {b}");
    }
}

/// A strategy's refusal is the deployment's.
#[test]
fn a_layer_that_cannot_be_mapped_is_refused() {
    #[derive(Debug)]
    struct Never;
    impl MappingStrategy for Never {
        fn plan(
            &self,
            layer: &bss2_mapping::Layer<'_>,
            _geometry: bss2_core::ArrayGeometry,
        ) -> Result<bss2_mapping::Plan, MappingError> {
            Err(MappingError::LayerTooLarge {
                inputs: layer.shape().inputs(),
                outputs: layer.shape().outputs(),
                limit: 1,
            })
        }
    }
    let deployment = Deployment::by(&Never);
    let refused = deploy(
        &hand_made().steps().expect("steps that are known"),
        unit_samples().view(),
        deployment,
    )
    .map(drop);
    assert_eq!(
        refused,
        Err(TrainingError::Mapping(MappingError::LayerTooLarge {
            inputs: 2,
            outputs: 2,
            limit: 1
        }))
    );
}

/// Layers of a network may have any weights and activations; a coding for fewer is refused at once.
#[test]
fn codings_for_less_than_the_full_range_are_refused() {
    let refused = |coding| {
        let tiling = Tiling::in_order().with_coding(coding);
        let deployment = Deployment::by(&tiling);
        let steps = hand_made().steps().expect("steps that are known");
        deploy(&steps, unit_samples().view(), deployment).map(drop)
    };
    let offset = Coding {
        weights: WeightCoding::Offset,
        ..Coding::default()
    };
    let narrow = MappingError::NarrowCoding {
        weights: (-32, 31),
        inputs: (0, 31),
    };
    assert_eq!(refused(offset), Err(TrainingError::Mapping(narrow)));
    let pair = Coding {
        weights: WeightCoding::ColumnPair,
        inputs: InputCoding::TwoPasses,
        ..Coding::default()
    };
    assert_eq!(refused(pair), Ok(()));
}
