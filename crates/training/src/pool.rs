//! The sizes of a pooling.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::TrainingError;
use crate::error::check_option;

/// What a pooling makes of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    /// Its largest value; padding never wins.
    #[default]
    Max,
    /// The mean of its values; padding counts as zeros.
    Average,
}

/// Sizes of a pooling as they are written down; pairs are (height, width).
///
/// A pooling in one dimension is one of height 1. Sizes mean what they do in PyTorch's `MaxPool2d`
/// and `AvgPool2d` (with `count_include_pad`, without `ceil_mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PoolOptions {
    /// What becomes of a window.
    pub kind: PoolKind,
    /// Channels, 1…2²⁰, each pooled alone.
    pub channels: usize,
    /// Pixels of an input channel, each 1…2²⁰.
    pub input: (usize, usize),
    /// Pixels of a window, each 1…2²⁰.
    pub kernel: (usize, usize),
    /// Input pixels from one window to the next, each 1…2²⁰.
    pub stride: (usize, usize),
    /// Pixels put on either side of the input, at most half of the window's.
    pub padding: (usize, usize),
}

impl Default for PoolOptions {
    /// The maximum of one pixel of one channel.
    fn default() -> Self {
        Self::two_d(PoolKind::Max, 1, (1, 1), (1, 1))
    }
}

impl PoolOptions {
    /// A pooling in two dimensions: windows side by side, no padding.
    pub const fn two_d(
        kind: PoolKind,
        channels: usize,
        input: (usize, usize),
        kernel: (usize, usize),
    ) -> Self {
        Self {
            kind,
            channels,
            input,
            kernel,
            stride: kernel,
            padding: (0, 0),
        }
    }

    /// A pooling in one dimension: windows side by side, no padding.
    pub const fn one_d(kind: PoolKind, channels: usize, length: usize, kernel: usize) -> Self {
        Self::two_d(kind, channels, (1, length), (1, kernel))
    }

    /// Refuses sizes that do not fit together.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`] for a size outside its range, a kernel that exceeds the
    /// padded input, and more than 2²⁰ inputs or outputs in all.
    pub fn check(self) -> Result<Pool, TrainingError> {
        Pool::new(self)
    }
}

/// A pooling whose sizes fit together. Inputs and outputs are channel-major (channel, row, column).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "PoolOptions", into = "PoolOptions")]
pub struct Pool {
    options: PoolOptions,
    output: (usize, usize),
}

impl TryFrom<PoolOptions> for Pool {
    type Error = TrainingError;

    fn try_from(options: PoolOptions) -> Result<Self, TrainingError> {
        Self::new(options)
    }
}

impl From<Pool> for PoolOptions {
    fn from(pool: Pool) -> Self {
        pool.options
    }
}

impl Pool {
    /// Largest accepted size, and number of inputs or outputs: 2²⁰.
    pub const SIZE_MAX: usize = 1 << 20;

    /// Checks the sizes.
    ///
    /// # Errors
    /// Those of [`PoolOptions::check`].
    pub fn new(options: PoolOptions) -> Result<Self, TrainingError> {
        check_size("channels", options.channels, 1, Self::SIZE_MAX)?;
        let output = (
            axis(ROWS, options, |(height, _)| height)?,
            axis(COLUMNS, options, |(_, width)| width)?,
        );
        let pool = Self { options, output };
        for (option, pixels) in [("inputs", options.input), ("outputs", output)] {
            let channel = pixels.0.saturating_mul(pixels.1);
            let count = options.channels.saturating_mul(channel);
            check_size(option, count, 1, Self::SIZE_MAX)?;
        }
        Ok(pool)
    }

    /// The sizes.
    pub const fn options(&self) -> &PoolOptions {
        &self.options
    }

    /// Numbers of an input sample, all channels together.
    pub const fn inputs(&self) -> usize {
        self.options.channels * self.options.input.0 * self.options.input.1
    }

    /// Numbers of an output sample, all channels together.
    pub const fn outputs(&self) -> usize {
        self.options.channels * self.positions()
    }

    /// Height and width of an output channel.
    pub const fn output(&self) -> (usize, usize) {
        self.output
    }

    /// Pixels of an output channel.
    pub const fn positions(&self) -> usize {
        self.output.0 * self.output.1
    }

    /// Input rows and columns, padding left out, that an output pixel sees: always some.
    pub(crate) fn window(&self, row: usize, column: usize) -> (Range<usize>, Range<usize>) {
        let PoolOptions {
            input,
            kernel,
            stride,
            padding,
            ..
        } = self.options;
        (
            seen(row * stride.0, kernel.0, padding.0, input.0),
            seen(column * stride.1, kernel.1, padding.1, input.1),
        )
    }
}

/// Names of an axis's options.
type AxisNames = [&'static str; 4];
const ROWS: AxisNames = [
    "input height",
    "kernel height",
    "stride height",
    "padding height",
];
const COLUMNS: AxisNames = [
    "input width",
    "kernel width",
    "stride width",
    "padding width",
];

/// Checks the sizes along an axis and returns that of the output.
fn axis(
    names: AxisNames,
    options: PoolOptions,
    of: impl Fn((usize, usize)) -> usize,
) -> Result<usize, TrainingError> {
    let (input, kernel) = (of(options.input), of(options.kernel));
    let (stride, padding) = (of(options.stride), of(options.padding));
    let max = Pool::SIZE_MAX;
    check_size(names[0], input, 1, max)?;
    check_size(names[1], kernel, 1, max)?;
    check_size(names[2], stride, 1, max)?;
    check_size(names[3], padding, 0, kernel / 2)?;
    let padded = input + 2 * padding;
    check_size(names[1], kernel, 1, padded)?;
    Ok((padded - kernel) / stride + 1)
}

fn check_size(
    option: &'static str,
    value: usize,
    min: usize,
    max: usize,
) -> Result<(), TrainingError> {
    check_option(option, value as f64, min as f64, max as f64)
}

/// The part of a window, which starts so far into the padded input, that lies in the input.
fn seen(start: usize, kernel: usize, padding: usize, input: usize) -> Range<usize> {
    start.saturating_sub(padding)..(start + kernel - padding).min(input)
}
