//! Sizes of a linear layer.

use serde::{Deserialize, Serialize};

use crate::MappingError;

/// Sizes of a linear layer: inputs, outputs and groups.
///
/// A dense layer has one group. With more, inputs and outputs are divided evenly, in order, and an
/// output sees the inputs of its group only. Weights are inputs of one group × all outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawShape")]
pub struct LayerShape {
    inputs: usize,
    outputs: usize,
    groups: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawShape {
    inputs: usize,
    outputs: usize,
    groups: usize,
}

impl TryFrom<RawShape> for LayerShape {
    type Error = MappingError;

    fn try_from(raw: RawShape) -> Result<Self, MappingError> {
        Self::grouped(raw.inputs, raw.outputs, raw.groups)
    }
}

impl LayerShape {
    /// Largest accepted number of inputs or outputs: 2²⁰.
    pub const SIDE_MAX: usize = 1 << 20;

    /// A dense layer.
    ///
    /// # Errors
    /// [`MappingError::EmptyLayer`] without inputs or outputs; [`MappingError::LayerTooLarge`] beyond
    /// [`SIDE_MAX`](Self::SIDE_MAX).
    pub fn dense(inputs: usize, outputs: usize) -> Result<Self, MappingError> {
        Self::grouped(inputs, outputs, 1)
    }

    /// A layer of so many inputs and outputs in all, in groups.
    ///
    /// # Errors
    /// As [`dense`](Self::dense); [`MappingError::Groups`] unless inputs and outputs are multiples of
    /// the number of groups.
    pub fn grouped(inputs: usize, outputs: usize, groups: usize) -> Result<Self, MappingError> {
        if inputs == 0 || outputs == 0 {
            return Err(MappingError::EmptyLayer { inputs, outputs });
        }
        if inputs.max(outputs) > Self::SIDE_MAX {
            return Err(MappingError::LayerTooLarge {
                inputs,
                outputs,
                limit: Self::SIDE_MAX,
            });
        }
        if groups == 0 || !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
            return Err(MappingError::Groups {
                inputs,
                outputs,
                groups,
            });
        }
        Ok(Self {
            inputs,
            outputs,
            groups,
        })
    }

    /// Length of an activation vector.
    pub const fn inputs(self) -> usize {
        self.inputs
    }

    /// Length of an output vector.
    pub const fn outputs(self) -> usize {
        self.outputs
    }

    /// Number of groups; 1 for a dense layer.
    pub const fn groups(self) -> usize {
        self.groups
    }

    /// Inputs of one group.
    pub const fn group_inputs(self) -> usize {
        self.inputs / self.groups
    }

    /// Outputs of one group.
    pub const fn group_outputs(self) -> usize {
        self.outputs / self.groups
    }

    /// Shape of the layer's weights: inputs of one group × all outputs.
    pub const fn weights(self) -> (usize, usize) {
        (self.group_inputs(), self.outputs)
    }

    /// Number of weights.
    pub const fn weight_count(self) -> u64 {
        self.group_inputs() as u64 * self.outputs as u64
    }
}
