//! What is asked for: a layer's sizes, and how it is to be cut.

use std::path::Path;

use bss2_mapping::{LayerShape, Tiling};

use crate::{ExperimentError, read_text};

/// Makes a tiling.
pub type MakeTiling = fn() -> Tiling;

/// The tilings by name on the command line.
pub const STRATEGIES: [(&str, MakeTiling); 3] = [
    ("in-order", Tiling::in_order),
    ("balanced", Tiling::balanced),
    ("packed", Tiling::packed),
];

/// The tiling of a name on the command line.
///
/// # Errors
/// [`ExperimentError::UnknownStrategy`] names those there are.
pub fn strategy(name: &str) -> Result<Tiling, ExperimentError> {
    let mut strategies = STRATEGIES.iter();
    strategies
        .find(|(known, _)| *known == name)
        .map(|(_, make)| make())
        .ok_or_else(|| ExperimentError::UnknownStrategy {
            name: name.to_owned(),
            known: STRATEGIES.map(|(name, _)| name).join(", "),
        })
}

/// A layer given as inputs × outputs, such as "300x10", in groups.
///
/// # Errors
/// [`ExperimentError::LayerForm`] for any other text; [`ExperimentError::Mapping`] for sizes that no
/// layer has.
pub fn layer_shape(text: &str, groups: usize) -> Result<LayerShape, ExperimentError> {
    let sizes = text.split_once(['x', '×']);
    let sizes = sizes.and_then(|(inputs, outputs)| {
        let number = |text: &str| text.trim().parse::<usize>().ok();
        Some((number(inputs)?, number(outputs)?))
    });
    let (inputs, outputs) = sizes.ok_or_else(|| ExperimentError::LayerForm {
        text: text.to_owned(),
    })?;
    Ok(LayerShape::grouped(inputs, outputs, groups)?)
}

/// Reads a tiling from a TOML file; missing keys take their defaults, those of `in-order`.
///
/// # Errors
/// [`ExperimentError::Read`] if there is no such file, [`ExperimentError::TilingFile`] if it holds
/// anything else.
pub fn read_tiling(path: &Path) -> Result<Tiling, ExperimentError> {
    let text = read_text(path)?;
    parse(&text).map_err(|reason| ExperimentError::TilingFile {
        path: path.to_owned(),
        reason,
    })
}

fn parse(text: &str) -> Result<Tiling, String> {
    toml::from_str(text).map_err(|error| {
        let reason = error.message().trim().replace('\n', ", ");
        match error.span() {
            None => reason,
            Some(span) => {
                let line = 1 + text[..span.start].matches('\n').count();
                format!("line {line}: {reason}")
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use bss2_mapping::{Cut, WeightCoding};

    use super::*;

    #[test]
    fn layers_are_two_numbers() {
        let shape = layer_shape("300x10", 2).unwrap();
        assert_eq!(
            (shape.inputs(), shape.outputs(), shape.groups()),
            (300, 10, 2)
        );
        assert_eq!(layer_shape("3×4", 1).unwrap().weights(), (3, 4));
        for text in [
            "",
            "300",
            "300x",
            "ax10",
            "-3x10",
            "3x4x5",
            "99999999999999999999x1",
        ] {
            let refused = layer_shape(text, 1).unwrap_err();
            assert!(
                matches!(refused, ExperimentError::LayerForm { .. }),
                "{text}"
            );
        }
        for (text, groups) in [("0x10", 1), ("10x10", 3), ("10x10", 0), ("9999999x1", 1)] {
            let refused = layer_shape(text, groups).unwrap_err();
            assert!(matches!(refused, ExperimentError::Mapping(_)), "{text}");
        }
    }

    #[test]
    fn every_strategy_has_its_name() {
        for (name, make) in STRATEGIES {
            assert_eq!(strategy(name).unwrap(), make());
        }
        let refused = strategy("best").unwrap_err().to_string();
        assert_eq!(
            refused,
            "unknown strategy 'best', known are: in-order, balanced, packed"
        );
    }

    #[test]
    fn tilings_are_read_and_what_is_wrong_is_named() {
        assert_eq!(parse("").unwrap(), Tiling::in_order());
        let read = parse("cut = \"even\"\n[coding]\nweights = \"column_pair\"").unwrap();
        assert_eq!(
            (read.cut, read.coding.weights),
            (Cut::Even, WeightCoding::ColumnPair)
        );
        for (name, make) in STRATEGIES {
            let text = toml::to_string(&make()).unwrap();
            assert_eq!(parse(&text).unwrap(), make(), "{name}");
        }
        for (text, expected) in [
            (
                "cutt = \"even\"",
                "line 1: unknown field `cutt`, expected one of `cut`",
            ),
            (
                "\ncut = \"evn\"",
                "line 2: unknown variant `evn`, expected `full` or `even`",
            ),
            ("[coding]\nrows = 2", "unknown field `rows`"),
            ("cut = = 1", "line 1: "),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
            assert!(!refused.contains('\n'));
        }
    }
}
