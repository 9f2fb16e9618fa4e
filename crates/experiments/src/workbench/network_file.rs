//! Networks, recipes and weights in files.

use std::path::Path;

use bss2_training::{
    BatchNormDescription, Conv1dDescription, Conv2dDescription, DenseDescription,
    DropoutDescription, InjectNoiseDescription, LayerDescription, NetworkDescription,
    Pool1dDescription, Pool2dDescription, Recipe, ReluDescription, WeightFile,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::{ExperimentError, StudyData, read_text};

/// Reads the description of a network.
///
/// # Errors
/// [`ExperimentError::Read`] if there is no such file, [`ExperimentError::NetworkFile`] if it holds
/// something else; it names the layer and its key, or the line.
pub fn read_network(path: &Path) -> Result<NetworkDescription, ExperimentError> {
    let text = read_text(path)?;
    let described = toml::from_str(&text);
    described.map_err(|error| {
        let reason = wrong_layer(&text).unwrap_or_else(|| at_line(&text, &error));
        not_described(path, reason)
    })
}

/// Reads a recipe.
///
/// # Errors
/// [`ExperimentError::Read`] if there is no such file, [`ExperimentError::NetworkFile`] if it holds
/// something else.
pub fn read_recipe(path: &Path) -> Result<Recipe, ExperimentError> {
    let text = read_text(path)?;
    toml::from_str(&text).map_err(|error| not_described(path, at_line(&text, &error)))
}

/// Reads weights for a network.
///
/// # Errors
/// [`ExperimentError::OtherUnits`] for weights in other units than the network's; what
/// [`WeightFile::load`] says.
pub(super) fn load_weights(
    path: &Path,
    network: &Path,
    description: &NetworkDescription,
) -> Result<WeightFile, ExperimentError> {
    let file = WeightFile::load(path)?;
    let (found, expected) = (file.units(), description.units);
    if found == expected {
        return Ok(file);
    }
    Err(ExperimentError::OtherUnits {
        weights: path.to_owned(),
        network: network.to_owned(),
        found,
        expected,
    })
}

fn not_described(path: &Path, reason: String) -> ExperimentError {
    ExperimentError::NetworkFile {
        path: path.to_owned(),
        reason,
    }
}

/// The first layer that cannot be read, and why; the error for the whole file names the first layer
/// whichever it is, because a layer's type must be known before its keys are.
fn wrong_layer(text: &str) -> Option<String> {
    let file: Table = toml::from_str(text).ok()?;
    let layers = file.get("layers")?.as_array()?;
    layers.iter().enumerate().find_map(|(index, layer)| {
        let reason = why_no_layer(layer)?;
        let name = layer.get("name").and_then(Value::as_str);
        let name = name.map_or_else(String::new, |name| format!(" '{name}'"));
        Some(format!("layer {}{name}: {reason}", index + 1))
    })
}

fn why_no_layer(layer: &Value) -> Option<String> {
    let error = LayerDescription::deserialize(layer.clone()).err()?;
    let kind = layer.get("type").and_then(Value::as_str);
    let by_key = match kind {
        Some("dense") => why_not::<DenseDescription>(layer),
        Some("conv1d") => why_not::<Conv1dDescription>(layer),
        Some("conv2d") => why_not::<Conv2dDescription>(layer),
        Some("batch_norm") => why_not::<BatchNormDescription>(layer),
        Some("relu") => why_not::<ReluDescription>(layer),
        Some("max_pool1d" | "average_pool1d") => why_not::<Pool1dDescription>(layer),
        Some("max_pool2d" | "average_pool2d") => why_not::<Pool2dDescription>(layer),
        Some("dropout") => why_not::<DropoutDescription>(layer),
        Some("inject_noise") => why_not::<InjectNoiseDescription>(layer),
        _ => None,
    };
    Some(by_key.unwrap_or_else(|| in_one_line(error.message())))
}

/// Why a layer without its type is no such description: the message, behind the key that it is about.
fn why_not<T: DeserializeOwned>(layer: &Value) -> Option<String> {
    let mut options = layer.as_table()?.clone();
    options.remove("type");
    let text = toml::to_string(&options).ok()?;
    let error = toml::from_str::<T>(&text).err()?;
    let message = in_one_line(error.message());
    let line = text.get(error.span()?.start..)?;
    let before = text.get(..error.span()?.start)?;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = format!("{}{}", before.get(start..)?, line.lines().next()?);
    match line.split_once('=') {
        // Other messages name the key themselves.
        Some((key, _)) if message.starts_with("invalid") => {
            Some(format!("{}: {message}", key.trim()))
        }
        _ => Some(message),
    }
}

/// An error of a whole file in one line, behind the number of its own.
fn at_line(text: &str, error: &toml::de::Error) -> String {
    let reason = in_one_line(error.message());
    let before = error.span().and_then(|span| text.get(..span.start));
    before.map_or_else(
        || reason.clone(),
        |before| format!("line {}: {reason}", 1 + before.matches('\n').count()),
    )
}

fn in_one_line(message: &str) -> String {
    message.trim().replace('\n', ", ")
}

/// Refuses a network for inputs of another size than the data's.
pub(super) fn refuse_other_input(
    description: &NetworkDescription,
    data: &StudyData,
) -> Result<(), ExperimentError> {
    let (expected, found) = (data.description().features, description.input.len());
    if expected == found {
        return Ok(());
    }
    Err(ExperimentError::OtherInput {
        data: data.description().name.clone(),
        image: data.image(),
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(layers: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.toml");
        let good =
            "input = { width = 4 }\n[[layers]]\ntype = \"dense\"\nname = \"fc1\"\noutputs = 3\n";
        std::fs::write(&path, format!("{good}{layers}")).unwrap();
        let message = read_network(&path).unwrap_err().to_string();
        assert_eq!(message.lines().count(), 1, "{message}");
        message.split_once("network.toml: ").unwrap().1.to_owned()
    }

    #[test]
    fn errors_within_layers_name_the_layer_and_the_key() {
        let relu = "[[layers]]\ntype = \"relu\"\n";
        let dense = |rest: &str| {
            refused(&format!(
                "{relu}[[layers]]\ntype = \"dense\"\nname = \"fc2\"\n{rest}"
            ))
        };
        for (rest, expected) in [
            (
                "outputz = 3",
                "layer 3 'fc2': unknown field `outputz`, expected one of `name`",
            ),
            (
                "outputs = \"3\"",
                "layer 3 'fc2': outputs: invalid type: string \"3\"",
            ),
            ("bias = true", "layer 3 'fc2': missing field `outputs`"),
            (
                "outputs = 3\narray = { num_send = 4 }",
                "layer 3 'fc2': unknown field `num_send`, expected one of `num_sends`",
            ),
            (
                "outputs = 3\narray = { num_sends = -4 }",
                "layer 3 'fc2': num_sends: invalid value: integer `-4`",
            ),
        ] {
            let message = dense(rest);
            assert!(message.starts_with(expected), "{message}");
        }
        let conv = "[[layers]]\ntype = \"conv2d\"\nname = \"c\"\nchannels = 2\nkernel = 3";
        let message = refused(conv);
        assert!(
            message.starts_with("layer 2 'c': kernel: invalid type"),
            "{message}"
        );
        let message = refused("[[layers]]\ntype = \"dens\"");
        assert!(
            message.starts_with("layer 2: unknown variant `dens`"),
            "{message}"
        );
        let message = refused("[[layers]]\nname = \"fc2\"");
        assert!(
            message.starts_with("layer 2 'fc2': missing field `type`"),
            "{message}"
        );
    }

    #[test]
    fn errors_outside_layers_name_their_line() {
        let message = refused("[[layers]\n");
        assert!(message.starts_with("line 6: "), "{message}");
        let message = refused("[inputs]\nwidth = 4");
        assert!(message.contains("unknown field `inputs`"), "{message}");
    }
}
