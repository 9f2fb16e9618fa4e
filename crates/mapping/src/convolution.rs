//! Convolutions, and their way to linear layers.

mod lowering;
mod runner;
mod window;

use serde::{Deserialize, Serialize};

use crate::error::check_option;
use crate::{LayerShape, MappingError};

pub use lowering::{LoweredConvolution, Lowering};
pub use runner::ConvolutionRunner;

/// Sizes of a convolution as they are written down; pairs are (height, width).
///
/// A convolution in one dimension is one of height 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConvolutionOptions {
    /// Channels of the input, 1…2²⁰.
    pub input_channels: usize,
    /// Pixels of an input channel, each 1…2²⁰.
    pub input: (usize, usize),
    /// Channels of the output, 1…2²⁰.
    pub output_channels: usize,
    /// Pixels of the kernel, each 1…2²⁰.
    pub kernel: (usize, usize),
    /// Input pixels from one output to the next, each 1…2²⁰.
    pub stride: (usize, usize),
    /// Zeros put on either side of the input, each 0…2²⁰.
    pub padding: (usize, usize),
    /// Input pixels from one pixel of the kernel to the next, each 1…2²⁰.
    pub dilation: (usize, usize),
    /// Parts, in order, into which the channels are divided: an output channel sees the input
    /// channels of its group only.
    pub groups: usize,
}

impl Default for ConvolutionOptions {
    /// One channel, one pixel, a kernel of one pixel.
    fn default() -> Self {
        Self::two_d(1, (1, 1), 1, (1, 1))
    }
}

impl ConvolutionOptions {
    /// A convolution in two dimensions: stride and dilation 1, no padding, one group.
    pub const fn two_d(
        input_channels: usize,
        input: (usize, usize),
        output_channels: usize,
        kernel: (usize, usize),
    ) -> Self {
        Self {
            input_channels,
            input,
            output_channels,
            kernel,
            stride: (1, 1),
            padding: (0, 0),
            dilation: (1, 1),
            groups: 1,
        }
    }

    /// A convolution in one dimension: stride and dilation 1, no padding, one group.
    pub const fn one_d(
        input_channels: usize,
        length: usize,
        output_channels: usize,
        kernel: usize,
    ) -> Self {
        Self::two_d(input_channels, (1, length), output_channels, (1, kernel))
    }

    /// Refuses sizes that do not fit together.
    ///
    /// # Errors
    /// [`MappingError::OptionOutOfRange`] for a size outside its range; [`MappingError::Groups`]
    /// unless both numbers of channels are multiples of the groups;
    /// [`MappingError::KernelTooLarge`] if the kernel, dilated, exceeds the input, padded;
    /// [`MappingError::ConvolutionTooLarge`] for more than [`LayerShape::SIDE_MAX`] inputs, outputs,
    /// or weights per output.
    pub fn check(self) -> Result<Convolution, MappingError> {
        Convolution::new(self)
    }
}

/// A convolution whose sizes fit together.
///
/// Inputs are channel-major (channel, row, column), and so are outputs. The kernel is held as the
/// matrix of a linear layer: (input channel of the group, row, column) × output channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "ConvolutionOptions", into = "ConvolutionOptions")]
pub struct Convolution {
    options: ConvolutionOptions,
    output: (usize, usize),
}

impl TryFrom<ConvolutionOptions> for Convolution {
    type Error = MappingError;

    fn try_from(options: ConvolutionOptions) -> Result<Self, MappingError> {
        Self::new(options)
    }
}

impl From<Convolution> for ConvolutionOptions {
    fn from(convolution: Convolution) -> Self {
        convolution.options
    }
}

impl Convolution {
    /// Checks the sizes.
    ///
    /// # Errors
    /// Those of [`ConvolutionOptions::check`].
    pub fn new(options: ConvolutionOptions) -> Result<Self, MappingError> {
        check_ranges(&options)?;
        let convolution = Self {
            options,
            output: output(&options)?,
        };
        convolution.check_products()?;
        Ok(convolution)
    }

    fn check_products(&self) -> Result<(), MappingError> {
        let options = &self.options;
        let channels_per_group = options.input_channels / options.groups;
        let products = [
            ("inputs", options.input_channels, options.input),
            ("outputs", options.output_channels, self.output),
            ("weights per output", channels_per_group, options.kernel),
        ];
        for (what, channels, (height, width)) in products {
            let count = channels.saturating_mul(height).saturating_mul(width);
            check_count(what, count, LayerShape::SIDE_MAX)?;
        }
        Ok(())
    }

    /// The sizes.
    pub const fn options(&self) -> &ConvolutionOptions {
        &self.options
    }

    /// Numbers of an input sample, all channels together.
    pub const fn inputs(&self) -> usize {
        let (height, width) = self.options.input;
        self.options.input_channels * height * width
    }

    /// Numbers of an output sample, all channels together.
    pub const fn outputs(&self) -> usize {
        self.options.output_channels * self.positions()
    }

    /// Height and width of an output channel.
    pub const fn output(&self) -> (usize, usize) {
        self.output
    }

    /// Pixels of an output channel.
    pub const fn positions(&self) -> usize {
        self.output.0 * self.output.1
    }

    /// Shape of the kernel: (input channel of the group, row, column) × output channel.
    pub const fn kernel_shape(&self) -> (usize, usize) {
        let (height, width) = self.options.kernel;
        let rows = self.channels_per_group() * height * width;
        (rows, self.options.output_channels)
    }

    /// Input channels of a group.
    pub const fn channels_per_group(&self) -> usize {
        self.options.input_channels / self.options.groups
    }
}

fn check_ranges(options: &ConvolutionOptions) -> Result<(), MappingError> {
    let ranges = [
        ("input_channels", options.input_channels, 1),
        ("input height", options.input.0, 1),
        ("input width", options.input.1, 1),
        ("output_channels", options.output_channels, 1),
        ("kernel height", options.kernel.0, 1),
        ("kernel width", options.kernel.1, 1),
        ("stride height", options.stride.0, 1),
        ("stride width", options.stride.1, 1),
        ("padding height", options.padding.0, 0),
        ("padding width", options.padding.1, 0),
        ("dilation height", options.dilation.0, 1),
        ("dilation width", options.dilation.1, 1),
        ("groups", options.groups, 1),
    ];
    for (option, value, min) in ranges {
        check_option(option, value as u64, min, LayerShape::SIDE_MAX as u64)?;
    }
    let (inputs, outputs) = (options.input_channels, options.output_channels);
    let groups = options.groups;
    if inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups) {
        return Ok(());
    }
    Err(MappingError::Groups {
        inputs,
        outputs,
        groups,
    })
}

/// Height and width of an output channel, for sizes in their ranges.
fn output(options: &ConvolutionOptions) -> Result<(usize, usize), MappingError> {
    let padded = |input: usize, padding: usize| input + 2 * padding;
    let dilated = |kernel: usize, dilation: usize| (kernel - 1).saturating_mul(dilation) + 1;
    let input = (
        padded(options.input.0, options.padding.0),
        padded(options.input.1, options.padding.1),
    );
    let kernel = (
        dilated(options.kernel.0, options.dilation.0),
        dilated(options.kernel.1, options.dilation.1),
    );
    if kernel.0 > input.0 || kernel.1 > input.1 {
        return Err(MappingError::KernelTooLarge { kernel, input });
    }
    Ok((
        (input.0 - kernel.0) / options.stride.0 + 1,
        (input.1 - kernel.1) / options.stride.1 + 1,
    ))
}

/// Refuses more of something than can be handled.
fn check_count(what: &'static str, count: usize, limit: usize) -> Result<(), MappingError> {
    if count <= limit {
        return Ok(());
    }
    Err(MappingError::ConvolutionTooLarge { what, count, limit })
}
