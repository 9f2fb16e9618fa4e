//! How numbers of a layer stand on the array.

use std::fmt;
use std::ops::RangeInclusive;

use bss2_core::{ACTIVATION_MAX, WEIGHT_MAX};
use serde::{Deserialize, Serialize};

use crate::MappingError;
use crate::error::check_option;

/// How signed weights are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightCoding {
    /// As the array takes them: in membrane mode by the two rows of a driver (row pair), in
    /// synaptic-line mode by two columns that the chip itself subtracts. −63…63.
    #[default]
    Signed,
    /// Two neighbouring columns per output, positive weights in the first, negative ones in the
    /// second, subtracted digitally. −63…63, on an array that need not know a sign, such as that of
    /// unsigned mode.
    ColumnPair,
    /// Weights raised by 32. A further column per block (and copy) holds nothing but 32s, and is
    /// subtracted digitally from all others. −32…31, on an array that need not know a sign.
    ///
    /// Readings saturate before they are subtracted: what the raised weights put out has to fit ±127
    /// LSB ([`saturated_readings`](bss2_core::RunReport::saturated_readings) counts where it did not).
    Offset,
}

impl fmt::Display for WeightCoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signed => "signed",
            Self::ColumnPair => "column pairs",
            Self::Offset => "offset",
        })
    }
}

/// By what [`WeightCoding::Offset`] raises weights.
pub const WEIGHT_OFFSET: i8 = 32;

/// By what [`InputCoding::Offset`] raises inputs.
pub const INPUT_OFFSET: u8 = 16;

impl WeightCoding {
    /// Every coding.
    pub const ALL: [Self; 3] = [Self::Signed, Self::ColumnPair, Self::Offset];

    /// Weights of a layer that can be held.
    pub const fn weights(self) -> RangeInclusive<i8> {
        match self {
            Self::Signed | Self::ColumnPair => -WEIGHT_MAX..=WEIGHT_MAX,
            Self::Offset => -WEIGHT_OFFSET..=WEIGHT_OFFSET - 1,
        }
    }

    /// Columns of each output.
    pub const fn columns_per_output(self) -> usize {
        match self {
            Self::Signed | Self::Offset => 1,
            Self::ColumnPair => 2,
        }
    }

    /// Columns beside those of the outputs, per block and copy.
    pub const fn reference_columns(self) -> usize {
        match self {
            Self::Signed | Self::ColumnPair => 0,
            Self::Offset => 1,
        }
    }
}

/// How inputs are sent, of which the array takes 0…31 only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputCoding {
    /// As they are: 0…31.
    #[default]
    Unsigned,
    /// Positive inputs first, then the magnitudes of negative ones through the same weights; the
    /// results are subtracted digitally. −31…31 for twice the readouts.
    TwoPasses,
    /// Raised by 16. What 16 at every input puts out is measured with every batch, and subtracted
    /// digitally, in whole LSB: that removes the columns' offsets as well. −16…15. What is put out with
    /// the offset has to fit ±127 LSB, as with [`WeightCoding::Offset`].
    Offset {
        /// Vectors of which the measurement is the mean, 1…1000: few leave their noise in every
        /// result, many take time.
        correction_vectors: u32,
    },
}

impl InputCoding {
    /// Largest accepted number of correction vectors.
    pub const CORRECTION_VECTORS_MAX: u32 = 1000;

    /// Inputs of a layer that can be sent.
    pub const fn inputs(self) -> RangeInclusive<i8> {
        let (most, offset) = (ACTIVATION_MAX as i8, INPUT_OFFSET as i8);
        match self {
            Self::Unsigned => 0..=most,
            Self::TwoPasses => -most..=most,
            Self::Offset { .. } => -offset..=most - offset,
        }
    }

    /// How often a vector is run through the same weights.
    pub const fn runs_per_vector(self) -> usize {
        match self {
            Self::Unsigned | Self::Offset { .. } => 1,
            Self::TwoPasses => 2,
        }
    }

    /// Vectors run after each load of weights beside those of the batch.
    pub const fn correction_vectors(self) -> u32 {
        match self {
            Self::Unsigned | Self::TwoPasses => 0,
            Self::Offset { correction_vectors } => correction_vectors,
        }
    }
}

impl fmt::Display for InputCoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsigned => "unsigned",
            Self::TwoPasses => "two passes",
            Self::Offset { .. } => "offset",
        })
    }
}

/// How the numbers of a layer stand on the array, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Coding {
    /// Signed weights.
    pub weights: WeightCoding,
    /// Signed inputs.
    pub inputs: InputCoding,
    /// Rows that hold the same weights and are driven by the same input, 1…1024: their results add
    /// up on the membrane.
    pub row_repetition: usize,
    /// Columns (or pairs of them) that hold the same weights, 1…1024: their results are averaged
    /// digitally and rounded.
    pub column_copies: usize,
    /// Vectors of a batch that run at once on rows and columns of their own, 1…1024.
    pub vectors_at_once: usize,
}

impl Default for Coding {
    fn default() -> Self {
        Self::PLAIN
    }
}

impl Coding {
    /// Weights and inputs as they are, everything once; the default.
    pub const PLAIN: Self = Self {
        weights: WeightCoding::Signed,
        inputs: InputCoding::Unsigned,
        row_repetition: 1,
        column_copies: 1,
        vectors_at_once: 1,
    };

    /// Largest accepted number of repetitions, copies, or vectors at once.
    pub const TIMES_MAX: usize = 1024;

    /// Refuses numbers outside their ranges.
    ///
    /// # Errors
    /// [`MappingError::OptionOutOfRange`].
    pub fn check(self) -> Result<Self, MappingError> {
        let times = [
            ("row_repetition", self.row_repetition),
            ("column_copies", self.column_copies),
            ("vectors_at_once", self.vectors_at_once),
        ];
        for (option, value) in times {
            check_option(option, value as u64, 1, Self::TIMES_MAX as u64)?;
        }
        if let InputCoding::Offset { correction_vectors } = self.inputs {
            let max = u64::from(InputCoding::CORRECTION_VECTORS_MAX);
            check_option("correction_vectors", u64::from(correction_vectors), 1, max)?;
        }
        Ok(self)
    }

    /// Rows of a block with so many inputs.
    pub const fn rows(self, inputs: usize) -> usize {
        inputs.saturating_mul(self.row_repetition)
    }

    /// Columns of a block with so many outputs.
    pub const fn columns(self, outputs: usize) -> usize {
        self.columns_per_copy(outputs)
            .saturating_mul(self.column_copies)
    }

    /// Columns of each copy of so many outputs.
    pub(crate) const fn columns_per_copy(self, outputs: usize) -> usize {
        let of_outputs = outputs.saturating_mul(self.weights.columns_per_output());
        of_outputs.saturating_add(self.weights.reference_columns())
    }

    /// Most inputs of a block on so many rows; none on rows that are repeated no times.
    pub const fn inputs_on(self, rows: usize) -> usize {
        match rows.checked_div(self.row_repetition) {
            Some(inputs) => inputs,
            None => 0,
        }
    }

    /// Most outputs of a block on so many columns; none without copies.
    pub const fn outputs_on(self, columns: usize) -> usize {
        let Some(per_copy) = columns.checked_div(self.column_copies) else {
            return 0;
        };
        per_copy.saturating_sub(self.weights.reference_columns())
            / self.weights.columns_per_output()
    }

    /// Whether all weights −63…63 and all activations 0…31 can be held and sent.
    ///
    /// # Errors
    /// [`MappingError::NarrowCoding`] with what can.
    pub fn check_full_range(self) -> Result<(), MappingError> {
        let (weights, inputs) = (self.weights.weights(), self.inputs.inputs());
        let weights_fit = *weights.start() <= -WEIGHT_MAX && *weights.end() >= WEIGHT_MAX;
        let inputs_fit = *inputs.start() <= 0 && *inputs.end() >= ACTIVATION_MAX as i8;
        if weights_fit && inputs_fit {
            return Ok(());
        }
        Err(MappingError::NarrowCoding {
            weights: (*weights.start(), *weights.end()),
            inputs: (*inputs.start(), *inputs.end()),
        })
    }

    /// Whether readings are subtracted from others.
    pub(crate) const fn subtracts(self) -> bool {
        !matches!(self.weights, WeightCoding::Signed)
            || !matches!(self.inputs, InputCoding::Unsigned)
    }

    /// Whether a reading of a column is the output, without further arithmetic.
    pub(crate) const fn is_plain(self) -> bool {
        matches!(self.weights, WeightCoding::Signed)
            && matches!(self.inputs, InputCoding::Unsigned)
            && self.column_copies == 1
    }
}
