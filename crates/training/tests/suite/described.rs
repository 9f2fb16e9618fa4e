//! Networks as data: from a description to a digital network, onto the array, and into files.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use bss2_core::{Baseline, NOMINAL_GAIN_LSB, RunSettings};
use bss2_hardware::IdealArray;
use bss2_training::{
    ArrayChoice, ArrayGain, InputDescription, LayerDescription, NetworkDescription, OnArray,
    Session, TrainingError, WeightFile, WeightUnits,
};
use ndarray::{Array2, ArrayD, IxDyn};

use crate::support::CHIP;

/// Everything there is.
const ALL_LAYERS: &str = r#"
input = { channels = 2, height = 6, width = 6 }

[[layers]]
type = "conv2d"
name = "conv1"
channels = 4
kernel = [3, 3]
padding = [1, 1]
groups = 2
bias = true
array = { num_sends = 8 }

[[layers]]
type = "batch_norm"
name = "bn1"

[[layers]]
type = "relu"

[[layers]]
type = "max_pool2d"
kernel = [2, 2]

[[layers]]
type = "conv1d"
name = "conv2"
channels = 3
kernel = 2
array = { num_sends = 8, lowering = { unrolled = { height = 3, width = 2 } } }

[[layers]]
type = "average_pool1d"
kernel = 2

[[layers]]
type = "relu"

[[layers]]
type = "dropout"
rate = 0.5

[[layers]]
type = "flatten"

[[layers]]
type = "dense"
name = "fc1"
outputs = 3
bias = true
array = { num_sends = 8 }
"#;

fn all_layers() -> NetworkDescription {
    NetworkDescription::from_toml(ALL_LAYERS).expect("a description")
}

fn ideal(gain_lsb: f32) -> IdealArray {
    IdealArray::new(CHIP, gain_lsb).expect("gain in range")
}

/// Some numbers that differ from place to place.
fn numbers(shape: &[usize], seed: u64) -> ArrayD<f32> {
    let mut state = seed;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        state = bss2_core::random::derive_seed(state, 1);
        (state % 2001) as f32 / 1000.0 - 1.0
    })
}

/// A weight file for [`ALL_LAYERS`].
fn weights(seed: u64) -> WeightFile {
    let shapes: [(&str, &[usize]); 10] = [
        ("conv1.weight", &[4, 1, 3, 3]),
        ("conv1.bias", &[4]),
        ("bn1.weight", &[4]),
        ("bn1.bias", &[4]),
        ("bn1.running_mean", &[4]),
        ("bn1.running_var", &[4]),
        ("conv2.weight", &[3, 4, 2]),
        ("fc1.weight", &[3, 9]),
        ("fc1.bias", &[3]),
        ("unused", &[]),
    ];
    let mut file = WeightFile::default();
    for (index, (name, shape)) in shapes[..9].iter().enumerate() {
        let mut values = numbers(shape, seed + index as u64);
        if name.ends_with("var") {
            values.mapv_inplace(|v| 1.5 + v);
        }
        file.tensors.insert((*name).to_owned(), values);
    }
    file
}

/// Error of a deployed network on an array of fine steps, in units of what the resolution allows:
/// activations of 5 bits, which are rounded down, and weights of 7 bits, through three layers.
fn error_of_deployed(seed: u64) -> f32 {
    let description = all_layers();
    let mut digital = description.build(1).unwrap();
    digital
        .names
        .import(&mut digital.network, &weights(seed))
        .unwrap();
    let samples = numbers(&[40, 72], seed).mapv(f32::abs);
    let samples: Array2<f32> = samples.into_dimensionality().unwrap();
    let mut session = Session::digital();
    let expected = digital.network.forward(&mut session, samples.view());
    let expected = expected.unwrap().clone();

    let choice = ArrayChoice {
        gain: ArrayGain::Uniform(0.002),
        ..ArrayChoice::default()
    };
    let mut deployed = description
        .deploy(&digital, samples.view(), choice)
        .unwrap();
    let mut array = ideal(0.002);
    let mut session = Session::on(&mut array, 1);
    let found = deployed.network.forward(&mut session, samples.view());
    let found = found.unwrap() / deployed.report[2].lsb_per_unit;
    let error = (&found - &expected).mapv(|d| d * d).mean().unwrap().sqrt();
    error / (0.2 + 0.3 * expected.std(0.0))
}

/// A deployed network gives the outputs of the digital one, biases, normalisation, pooling and all.
#[test]
fn deployed_networks_compute_what_the_digital_ones_did() {
    let mut errors: Vec<f32> = (0..1000).map(error_of_deployed).collect();
    errors.sort_by(f32::total_cmp);
    for (place, most) in [(500, 0.2), (989, 0.62), (998, 0.95), (999, 1.1)] {
        let error = errors[place];
        assert!(
            error < most,
            "{error} at {place} of 1000 is not below {most}"
        );
    }
}

#[test]
fn what_is_exported_is_imported() {
    let mut described = all_layers().build(1).unwrap();
    let file = weights(5);
    described
        .names
        .import(&mut described.network, &file)
        .unwrap();
    assert_eq!(described.names.export(&described.network).unwrap(), file);
}

/// As in PyTorch, weights stand with the outputs first: y = W·x.
#[test]
fn weights_in_files_are_out_by_in() {
    let description = NetworkDescription::mlp(&[2, 3], &OnArray::default());
    let mut described = description.build(1).unwrap();
    let rows = ArrayD::from_shape_vec(IxDyn(&[3, 2]), vec![1.0, 0.0, 0.0, 1.0, 2.0, 3.0]).unwrap();
    let mut file = WeightFile::default();
    file.tensors.insert("fc1.weight".to_owned(), rows);
    described
        .names
        .import(&mut described.network, &file)
        .unwrap();
    let input = ndarray::array![[5.0, 7.0]];
    let output = described
        .network
        .forward(&mut Session::digital(), input.view());
    assert_eq!(output.unwrap(), ndarray::array![[5.0, 7.0, 31.0]]);
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let described = || all_layers().build(1).unwrap();
    let refused = |change: fn(&mut WeightFile)| {
        let mut file = weights(1);
        change(&mut file);
        let mut described = described();
        let before = described.network.state();
        let error = described
            .names
            .import(&mut described.network, &file)
            .unwrap_err();
        assert_eq!(described.network.state(), before);
        error
    };
    let missing = refused(|file| drop(file.tensors.remove("bn1.running_mean")));
    let name = "bn1.running_mean".to_owned();
    let message = missing.to_string();
    assert!(
        matches!(missing, TrainingError::WeightsMissing { name: found, .. } if found == name),
        "{message}"
    );
    assert!(
        message.contains("it has bn1.bias, bn1.running_var, "),
        "{message}"
    );
    let unknown = refused(|file| {
        file.tensors
            .insert("fc2.weight".to_owned(), numbers(&[1], 1));
    });
    let name = "fc2.weight".to_owned();
    assert_eq!(unknown, TrainingError::WeightsUnknown { name });
    let shape = refused(|file| {
        file.tensors
            .insert("fc1.weight".to_owned(), numbers(&[9, 3], 1));
    });
    assert_eq!(
        shape,
        TrainingError::WeightsShape {
            name: "fc1.weight".to_owned(),
            expected: vec![3, 9],
            found: vec![9, 3],
        }
    );
    let negative = refused(|file| {
        let values = file.tensors.get_mut("bn1.running_var").unwrap();
        values.fill(-0.25);
    });
    let name = "bn1.running_var".to_owned();
    let value = -0.25;
    assert_eq!(negative, TrainingError::WeightsNegative { name, value });
    let infinite = refused(|file| {
        let values = file.tensors.get_mut("conv2.weight").unwrap();
        values.fill(f32::NAN);
    });
    let name = "conv2.weight".to_owned();
    assert_eq!(infinite, TrainingError::WeightsNotFinite { name });
}

/// What a training leaves behind, description and weights, is the same network again.
#[test]
fn the_resolved_description_gives_the_same_network() {
    let description = all_layers();
    let mut digital = description.build(1).unwrap();
    digital
        .names
        .import(&mut digital.network, &weights(3))
        .unwrap();
    let samples = numbers(&[30, 72], 8).mapv(f32::abs);
    let samples: Array2<f32> = samples.into_dimensionality().unwrap();
    let choice = ArrayChoice::default();
    let mut first = description
        .deploy(&digital, samples.view(), choice)
        .unwrap();
    let file = first.names.export(&first.network).unwrap();

    let text = first.description.to_toml().unwrap();
    let read = NetworkDescription::from_toml(&text).unwrap();
    assert_eq!(read, first.description);
    assert_eq!(read.units, WeightUnits::Array);
    let mut again = read.build(7).unwrap();
    again.names.import(&mut again.network, &file).unwrap();
    // Other samples: nothing is chosen by them any more.
    let others = samples.mapv(|x| 0.1 * x);
    let mut second = read.deploy(&again, others.view(), choice).unwrap();
    assert_eq!(second.network.state(), first.network.state());
    let outputs = |network: &mut bss2_training::Network| {
        let mut array = ideal(NOMINAL_GAIN_LSB);
        let mut session = Session::on(&mut array, 1);
        network
            .forward(&mut session, samples.view())
            .unwrap()
            .clone()
    };
    assert_eq!(outputs(&mut second.network), outputs(&mut first.network));
}

#[test]
fn inputs_of_any_range_fill_that_of_activations() {
    let mut description = NetworkDescription::mlp(&[3, 2], &OnArray::default());
    let samples = Array2::from_shape_fn((50, 3), |(v, _)| 0.002 * v as f32);
    let scale = |description: &NetworkDescription| {
        let digital = description.build(1).unwrap();
        let deployed = description.deploy(&digital, samples.view(), ArrayChoice::default());
        deployed.unwrap().report[0].activations_per_unit
    };
    assert_eq!(scale(&description), 31.0);
    description.input.full_range_quantile = Some(1.0);
    assert!((scale(&description) - 31.0 / 0.098).abs() < 0.01);
    description.input.activations_per_unit = Some(12.5);
    assert_eq!(scale(&description), 12.5);
}

#[test]
fn descriptions_that_mean_nothing_are_refused() {
    let refused = |from: &str, to: &str| {
        let text = ALL_LAYERS.replacen(from, to, 1);
        assert_ne!(text, ALL_LAYERS, "{from}");
        let built = NetworkDescription::from_toml(&text).and_then(|d| d.build(1));
        built.unwrap_err().to_string()
    };
    for (from, to, expected) in [
        ("channels = 4", "chanels = 4", "chanels"),
        ("num_sends = 8", "sends = 8", "sends"),
        ("\"max_pool2d\"", "\"median_pool\"", "median_pool"),
        ("groups = 2", "groups = 3", "layer 'conv1'"),
        ("name = \"conv2\"", "name = \"conv1\"", "conv1"),
        ("name = \"fc1\"", "name = \"\"", "''"),
        ("rate = 0.5", "rate = 1.5", "layer 8"),
        ("outputs = 3", "outputs = 0", "layer 'fc1'"),
        ("width = 6", "width = 0", "width"),
        (
            "type = \"flatten\"",
            "type = \"flatten\"\nstart = 1",
            "start",
        ),
        ("num_sends = 8", "num_sends = 0", "layer 'conv1'"),
        (
            "array = { num_sends = 8 }",
            "array = { tiling = { settings = { num_sends = 2, wait_between_events = 5 } } }",
            "layer 'conv1' of the description: tiling.settings",
        ),
        ("kernel = [2, 2]", "kernel = [9, 9]", "layer 4"),
    ] {
        let message = refused(from, to);
        assert!(message.contains(expected), "{to}: {message}");
    }
}

#[test]
fn what_cannot_lie_on_the_array_is_refused_with_its_layer() {
    let deployed = |layers: &[LayerDescription]| {
        let description = NetworkDescription {
            units: WeightUnits::Digital,
            input: InputDescription::features(3),
            layers: layers.to_vec(),
        };
        let digital = description.build(1).unwrap();
        let samples = Array2::ones((4, 3));
        description
            .deploy(&digital, samples.view(), ArrayChoice::default())
            .map(|_| ())
    };
    let mlp = NetworkDescription::mlp(&[3, 4, 2], &OnArray::default()).layers;
    deployed(&mlp).unwrap();
    let without_rectifier = [mlp[0].clone(), mlp[2].clone()];
    let rectified_inputs = [mlp[1].clone(), mlp[0].clone()];
    for (layers, expected) in [(without_rectifier, 1), (rectified_inputs, 0)] {
        match deployed(&layers) {
            Err(TrainingError::NotDeployable { layer, .. }) => assert_eq!(layer.index, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn layers_are_named_in_errors_or_counted_from_one() {
    let description = all_layers();
    let mut described = description.build(1).unwrap();
    let narrow = Array2::zeros((1, 71));
    let refused = |error: TrainingError| error.to_string();
    let passed = described
        .network
        .forward(&mut Session::digital(), narrow.view());
    let message = refused(passed.unwrap_err());
    assert!(message.starts_with("layer 'conv1' takes 72"), "{message}");

    let samples = Array2::ones((4, 72));
    let choice = ArrayChoice::default();
    let mut deployed = description
        .deploy(&described, samples.view(), choice)
        .unwrap();
    let passed = deployed
        .network
        .forward(&mut Session::digital(), samples.view());
    let message = refused(passed.unwrap_err());
    assert!(message.starts_with("layer 'conv1' is analog"), "{message}");

    let unrectified = NetworkDescription {
        layers: [&description.layers[..2], &description.layers[3..]].concat(),
        ..description
    };
    let digital = unrectified.build(1).unwrap();
    let message = refused(
        unrectified
            .deploy(&digital, samples.view(), choice)
            .unwrap_err(),
    );
    assert!(
        message.starts_with("layer 'conv2' cannot be deployed"),
        "{message}"
    );
}

#[test]
fn a_baseline_is_that_of_the_runs() {
    let on_array = OnArray {
        num_sends: 3,
        baseline: Baseline::Measured,
        ..OnArray::default()
    };
    let expected = RunSettings::new(3, 5).unwrap();
    let expected = expected.with_baseline(Baseline::Measured);
    let description = NetworkDescription::mlp(&[3, 2], &on_array);
    assert_eq!(description.settings().unwrap(), [expected]);
    let text = description.to_toml().unwrap();
    assert_eq!(NetworkDescription::from_toml(&text).unwrap(), description);

    let digital = description.build(1).unwrap();
    let samples = Array2::ones((4, 3));
    let mut deployed = description
        .deploy(&digital, samples.view(), ArrayChoice::default())
        .unwrap();
    let mut found = Vec::new();
    deployed
        .network
        .set_gradient_models(&mut |plan| {
            found.push(plan.settings());
            Ok(Box::new(bss2_training::LinearGain { gain_lsb: 1.0 }))
        })
        .unwrap();
    assert_eq!(found, [expected]);
}

/// A shift acts, or is refused.
#[test]
fn shifts_stand_on_rectifiers_that_convert() {
    let relu = |shift| LayerDescription::Relu(bss2_training::ReluDescription { shift });
    let linear = NetworkDescription::mlp(&[3, 3, 2], &OnArray::default()).layers;
    let shifts = |relus: &[Option<u8>], last: Option<Option<u8>>| {
        let mut layers = vec![linear[0].clone()];
        layers.extend(relus.iter().map(|&shift| relu(shift)));
        layers.push(linear[2].clone());
        layers.extend(last.map(relu));
        let description = NetworkDescription {
            units: WeightUnits::Digital,
            input: InputDescription::features(3),
            layers,
        };
        let digital = description.build(1)?;
        let samples = Array2::ones((4, 3));
        let deployed = description.deploy(&digital, samples.view(), ArrayChoice::default())?;
        // What it is now can be deployed, too.
        let again = deployed.description.build(1)?;
        deployed
            .description
            .deploy(&again, samples.view(), ArrayChoice::default())?;
        Ok::<_, TrainingError>(deployed.report[0].shift)
    };
    assert_eq!(shifts(&[Some(6)], Some(None)), Ok(Some(6)));
    assert_eq!(shifts(&[Some(6), None], None), Ok(Some(6)));
    for (refused, index) in [
        (shifts(&[None, Some(6)], None), 2),
        (shifts(&[Some(6)], Some(Some(6))), 3),
    ] {
        match refused {
            Err(TrainingError::NotDeployable { layer, .. }) => assert_eq!(layer.index, index),
            other => panic!("{other:?}"),
        }
    }
}
