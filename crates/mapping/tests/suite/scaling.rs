//! Weights into the range of the array.

use bss2_mapping::{MappingError, ScalePer, ScalingRule};
use ndarray::{Array2, array};
use proptest::prelude::*;

const PER_LAYER: ScalingRule = ScalingRule {
    per: ScalePer::Layer,
    weight_quantile: 1.0,
    output_quantile: 1.0,
    fixed_scale: None,
};
const PER_OUTPUT: ScalingRule = ScalingRule {
    per: ScalePer::Output,
    ..PER_LAYER
};

#[test]
fn a_layer_has_one_scale_and_outputs_have_theirs() {
    let weights = array![[1.0, -0.25, 0.0], [0.5, 0.125, 0.0]];
    // The second output is loud for its weights, the third silent.
    let signal = array![[20.0, -11.0, 0.0]];
    let layer = PER_LAYER.fit(weights.view(), signal.view()).unwrap();
    assert_eq!(layer.scales(), [5.5; 3]);
    assert_eq!(layer.output_lsb(), 110.0);
    let outputs = PER_OUTPUT.fit(weights.view(), signal.view()).unwrap();
    assert_eq!(outputs.scales(), [5.5, 10.0, 5.5]);
    assert_eq!(outputs.smallest(), 5.5);
    assert_eq!(
        outputs.apply(weights.view()).unwrap(),
        array![[5.5, -2.5, 0.0], [2.75, 1.25, 0.0]]
    );
}

#[test]
fn without_a_signal_weights_fill_their_range() {
    let weights = array![[1.0, -0.25], [0.5, 0.125]];
    let silent = Array2::zeros((0, 2));
    let scales = |rule: ScalingRule| {
        let scaling = rule.fit(weights.view(), silent.view()).unwrap();
        (scaling.scales().to_vec(), scaling.output_lsb())
    };
    assert_eq!(scales(PER_LAYER), (vec![63.0; 2], 0.0));
    assert_eq!(scales(PER_OUTPUT), (vec![63.0, 252.0], 0.0));
    let zeros = Array2::zeros((2, 2));
    let scaling = PER_OUTPUT.fit(zeros.view(), silent.view()).unwrap();
    assert_eq!(scaling.scales(), [1.0, 1.0]);
}

#[test]
fn a_fixed_scale_is_kept_whatever_is_clipped() {
    let weights = array![[100.0, -25.0], [50.0, 12.5]];
    let signal = array![[300.0, -110.0]];
    let fixed = |fixed_scale, rule| ScalingRule {
        fixed_scale: Some(fixed_scale),
        ..rule
    };
    for rule in [PER_LAYER, PER_OUTPUT] {
        let as_they_are = fixed(1.0, rule).fit(weights.view(), signal.view()).unwrap();
        assert_eq!(as_they_are.scales(), [1.0; 2]);
        assert_eq!(as_they_are.clipped_weights(), 0.25);
        assert_eq!(as_they_are.output_lsb(), 300.0);
        let clipped = array![[63.0, -25.0], [50.0, 12.5]];
        assert_eq!(as_they_are.apply(weights.view()).unwrap(), clipped);
        let halved = fixed(0.5, rule).fit(weights.view(), signal.view()).unwrap();
        let halves = array![[50.0, -12.5], [25.0, 6.25]];
        assert_eq!(halved.apply(weights.view()).unwrap(), halves);
        // Zeros have no scale of their own.
        let zeros = Array2::zeros((2, 2));
        let zeros = fixed(0.5, rule).fit(zeros.view(), signal.view()).unwrap();
        assert_eq!(zeros.scales(), [0.5; 2]);
    }
    for scale in [0.0, -1.0, 1e10, f32::NAN] {
        let refused = fixed(scale, PER_LAYER).check().unwrap_err();
        assert!(matches!(
            refused,
            MappingError::QuantileOutOfRange {
                option: "fixed_scale",
                ..
            }
        ));
    }
    // Rules without it read and write as they did.
    let text = serde_json::to_string(&PER_LAYER).unwrap();
    assert!(!text.contains("fixed_scale"), "{text}");
    assert_eq!(
        serde_json::from_str::<ScalingRule>(&text).unwrap(),
        PER_LAYER
    );
}

#[test]
fn what_does_not_fit_is_named() {
    let (weights, signal) = (array![[1.0, 2.0]], array![[1.0, f32::INFINITY]]);
    let refused = PER_LAYER.fit(weights.view(), signal.view()).unwrap_err();
    let expected = "signal: inf at (0, 1) is not a finite number";
    assert_eq!(refused.to_string(), expected);
    let refused = PER_LAYER.fit(signal.view(), weights.view()).unwrap_err();
    let expected = "weights: inf at (0, 1) is not a finite number";
    assert_eq!(refused.to_string(), expected);
    let refused = PER_LAYER.fit(weights.view(), Array2::zeros((1, 3)).view());
    let expected = "signal must have shape (1, 2), found (1, 3)";
    assert_eq!(refused.unwrap_err().to_string(), expected);
    for value in [0.4, 1.1, f64::NAN] {
        let rules = [
            ScalingRule {
                weight_quantile: value,
                ..PER_LAYER
            },
            ScalingRule {
                output_quantile: value,
                ..PER_LAYER
            },
        ];
        for (rule, name) in rules.iter().zip(["weight_quantile", "output_quantile"]) {
            let refused = rule.check().unwrap_err();
            assert!(matches!(
                refused,
                MappingError::QuantileOutOfRange { option, .. } if option == name
            ));
        }
    }
    let unknown = r#"{"per": "output", "quantile": 1.0}"#;
    assert!(serde_json::from_str::<ScalingRule>(unknown).is_err());
}

fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = Array2<f32>> {
    prop::collection::vec(-9.0_f32..9.0, rows * columns).prop_map(move |numbers| {
        Array2::from_shape_vec((rows, columns), numbers).expect("as many as asked for")
    })
}

proptest! {
    #[test]
    fn scaled_weights_and_outputs_fit_their_ranges(
        weights in matrix(5, 4), signal in matrix(7, 4), per_output: bool,
    ) {
        let rule = if per_output { PER_OUTPUT } else { PER_LAYER };
        let scaling = rule.fit(weights.view(), signal.view()).unwrap();
        let nearly = |limit: f32| limit * 1.000_001;
        for (row, scale) in weights.columns().into_iter().zip(scaling.scales()) {
            prop_assert!(row.iter().all(|w| (w * scale).abs() <= nearly(63.0)));
        }
        prop_assert!(scaling.output_lsb() <= nearly(110.0));
        // Each output alone is a layer of its own.
        let one = column_of(&weights, 2);
        let alone = PER_LAYER.fit(one.view(), column_of(&signal, 2).view()).unwrap();
        if per_output {
            prop_assert_eq!(scaling.scales()[2], alone.scales()[0]);
        } else {
            prop_assert!(scaling.scales()[2] <= alone.scales()[0]);
        }
    }

    #[test]
    fn the_share_that_is_clipped_is_that_beyond_the_quantile(weights in matrix(10, 4)) {
        let rule = ScalingRule { weight_quantile: 0.75, ..PER_LAYER };
        let scaling = rule.fit(weights.view(), Array2::zeros((0, 4)).view()).unwrap();
        prop_assert!((scaling.clipped_weights() - 0.25).abs() <= 0.05);
        let scaled = scaling.apply(weights.view()).unwrap();
        prop_assert!(scaled.iter().all(|w| w.abs() <= 63.0));
    }
}

fn column_of(matrix: &Array2<f32>, column: usize) -> Array2<f32> {
    matrix.slice(ndarray::s![.., column..=column]).to_owned()
}
