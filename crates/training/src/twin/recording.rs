//! What was measured of an array.

use bss2_core::{ACTIVATION_MAX, ArrayGeometry, RunSettings, WEIGHT_MAX};
use ndarray::{Array4, Array5};

use crate::TrainingError;

/// Weights and activations that were sent through a whole array, and what came out: all that a twin
/// is fitted from.
///
/// Each hemisphere was given a number of weight matrices (sets), and with each set a batch of
/// vectors, several times (repeats). [`TwinProtocol`](crate::TwinProtocol) measures one on any array;
/// [`read_npz`](Self::read_npz) takes one that was measured elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    geometry: ArrayGeometry,
    settings: RunSettings,
    pub(super) weights: Array4<i8>,
    pub(super) activations: Array4<u8>,
    pub(super) outputs: Array5<i8>,
}

impl Recording {
    /// Most sets, vectors or repeats.
    pub const COUNT_MAX: usize = 1 << 16;
    /// Most values of one array: 2²⁸, one byte each.
    pub const VALUES_MAX: usize = 1 << 28;

    /// Checks and keeps what was measured, of the whole synram of every hemisphere:
    ///
    /// - `weights`, hemispheres × sets × inputs × columns, −63…63,
    /// - `activations`, hemispheres × sets × vectors × inputs, 0…31,
    /// - `outputs`, hemispheres × sets × repeats × vectors × columns, in LSB.
    ///
    /// # Errors
    /// [`TrainingError::RecordingShape`] if these do not fit one another, are empty or too large,
    /// [`TrainingError::RecordingValue`] for a weight or an activation outside its range; both name
    /// the array. [`TrainingError::Array`] for sizes that no array has.
    pub fn new(
        settings: RunSettings,
        weights: Array4<i8>,
        activations: Array4<u8>,
        outputs: Array5<i8>,
    ) -> Result<Self, TrainingError> {
        let (hemispheres, sets, inputs, columns) = weights.dim();
        let (_, _, vectors, _) = activations.dim();
        let (_, _, repeats, _, _) = outputs.dim();
        check_shape(
            "activations",
            &[hemispheres, sets, vectors, inputs],
            activations.shape(),
        )?;
        check_shape(
            "outputs",
            &[hemispheres, sets, repeats, vectors, columns],
            outputs.shape(),
        )?;
        let geometry = ArrayGeometry::new(hemispheres, inputs, columns)?;
        for (array, shape) in [
            ("weights", weights.shape()),
            ("activations", activations.shape()),
            ("outputs", outputs.shape()),
        ] {
            check_sizes(array, shape)?;
        }
        let limit = i64::from(WEIGHT_MAX);
        check_values("weights", weights.indexed_iter(), -limit, limit)?;
        let limit = i64::from(ACTIVATION_MAX);
        check_values("activations", activations.indexed_iter(), 0, limit)?;
        Ok(Self {
            geometry,
            settings,
            weights: weights.as_standard_layout().into_owned(),
            activations: activations.as_standard_layout().into_owned(),
            outputs: outputs.as_standard_layout().into_owned(),
        })
    }

    /// Sizes of the array.
    pub const fn geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    /// The timing at which it was measured.
    pub const fn settings(&self) -> RunSettings {
        self.settings
    }

    /// Hemispheres × sets × inputs × columns.
    pub const fn weights(&self) -> &Array4<i8> {
        &self.weights
    }

    /// Hemispheres × sets × vectors × inputs.
    pub const fn activations(&self) -> &Array4<u8> {
        &self.activations
    }

    /// Hemispheres × sets × repeats × vectors × columns, in LSB.
    pub const fn outputs(&self) -> &Array5<i8> {
        &self.outputs
    }
}

fn check_shape(
    array: &'static str,
    expected: &[usize],
    found: &[usize],
) -> Result<(), TrainingError> {
    if expected == found {
        return Ok(());
    }
    Err(TrainingError::RecordingShape {
        array,
        expected: format!("{expected:?}"),
        found: found.to_vec(),
    })
}

fn check_sizes(array: &'static str, shape: &[usize]) -> Result<(), TrainingError> {
    let values = shape
        .iter()
        .try_fold(1_usize, |n, &size| n.checked_mul(size));
    let fits = shape
        .iter()
        .all(|&size| size > 0 && size <= Recording::COUNT_MAX)
        && values.is_some_and(|values| values <= Recording::VALUES_MAX);
    if fits {
        return Ok(());
    }
    Err(TrainingError::RecordingShape {
        array,
        expected: format!(
            "1…{} in each direction, {} values at most",
            Recording::COUNT_MAX,
            Recording::VALUES_MAX
        ),
        found: shape.to_vec(),
    })
}

fn check_values<'a, T: Copy + Into<i64> + 'a>(
    array: &'static str,
    mut values: impl Iterator<Item = ((usize, usize, usize, usize), &'a T)>,
    min: i64,
    max: i64,
) -> Result<(), TrainingError> {
    let outside = values.find(|(_, value)| !(min..=max).contains(&(**value).into()));
    match outside {
        None => Ok(()),
        Some(((a, b, c, d), &value)) => Err(TrainingError::RecordingValue {
            array,
            place: [a, b, c, d],
            value: value.into(),
            min,
            max,
        }),
    }
}
