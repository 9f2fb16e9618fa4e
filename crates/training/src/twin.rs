//! Digital twins: what was measured of an array, as an array on which networks are trained off-chip.

mod array;
mod check;
mod curve;
mod file;
mod fit;
mod gradient;
mod mock;
mod npz;
mod protocol;
mod recording;
mod response;
mod saturation;

use bss2_core::{ACTIVATION_MAX, ArrayGeometry, RunSettings};
use serde::{Deserialize, Serialize};

use crate::TrainingError;

pub use array::{NoiseInjection, TwinArray};
pub use curve::Knots;
pub use fit::{DriverModel, FitOptions, HemisphereFit, TwinFit};
pub use gradient::TwinGradient;
pub use mock::{MockParameters, MockProtocol, measure_mock};
pub use protocol::TwinProtocol;
pub use recording::Recording;

/// What an array does at one timing, as far as measurements tell.
///
/// A vector of activations x, of which n are not zero, gives the linear sum
///
/// s = Σ g(w)·a(x)·w + e·n,
///
/// in LSB, with the amplitude a that each driver makes of an activation, a gain g of each column for
/// positive (excitatory) and one for negative (inhibitory) weights, and what each event e adds to a
/// column whatever its size. The output is s + d(s) + σ·N(0, 1), rounded to even and saturated to
/// `i8`, with the deviation d of each column's response curve from its sum, offset included, and the
/// noise σ² = σ₀² + n·v.
///
/// [`Twin::fit`] finds all of that in a [`Recording`]. Written with its numbers and checked when it
/// is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawTwin")]
pub struct Twin {
    geometry: ArrayGeometry,
    settings: RunSettings,
    knots: Knots,
    hemispheres: Vec<HemisphereTwin>,
}

/// A hemisphere of a twin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HemisphereTwin {
    /// One per signed row.
    pub drivers: Vec<DriverTwin>,
    /// One per column.
    pub columns: Vec<ColumnTwin>,
}

/// What a synapse driver does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriverTwin {
    /// Amplitude of each activation 0…31, in activation units; none for 0, which sends no event.
    pub amplitudes: [f32; DriverTwin::CODES],
    /// Whether it responds; the amplitudes of one that does not are all zero.
    pub works: bool,
}

/// What a column does, all sends together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnTwin {
    /// Gain of positive weights, in LSB per activation and weight unit.
    pub excitatory_lsb: f32,
    /// Gain of negative weights, in LSB per activation and weight unit.
    pub inhibitory_lsb: f32,
    /// What each event adds to the sum, whatever its size, in LSB.
    pub event_lsb: f32,
    /// Deviation of the output from the sum at each of the twin's [`Knots`], in LSB.
    pub deviations_lsb: Vec<f32>,
    /// Standard deviation of an output from trial to trial without events, in LSB.
    pub noise_lsb: f32,
    /// Variance that each event adds, in LSB².
    pub event_variance_lsb2: f32,
    /// Whether it responds; the gains of one that does not are zero.
    pub works: bool,
}

impl DriverTwin {
    /// Activations that a driver knows.
    pub const CODES: usize = ACTIVATION_MAX as usize + 1;

    /// A driver whose amplitude is the activation.
    pub fn ideal() -> Self {
        Self {
            amplitudes: std::array::from_fn(|x| x as f32),
            works: true,
        }
    }
}

impl ColumnTwin {
    /// A column with the same gain for all weights and a straight response.
    fn linear(gain_lsb: f32, offset_lsb: f32, noise_lsb: f32) -> Self {
        Self {
            excitatory_lsb: gain_lsb,
            inhibitory_lsb: gain_lsb,
            event_lsb: 0.0,
            deviations_lsb: vec![offset_lsb],
            noise_lsb,
            event_variance_lsb2: 0.0,
            works: true,
        }
    }
}

/// What the mock loses by rounding down instead of to the nearest, in LSB.
const ROUNDING_DOWN_LSB: f32 = -0.5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTwin {
    geometry: ArrayGeometry,
    settings: RunSettings,
    knots: Knots,
    hemispheres: Vec<HemisphereTwin>,
}

impl TryFrom<RawTwin> for Twin {
    type Error = TrainingError;

    fn try_from(raw: RawTwin) -> Result<Self, TrainingError> {
        Self::new(raw.geometry, raw.settings, raw.knots, raw.hemispheres)
    }
}

impl Twin {
    /// Checks and keeps the numbers of a twin.
    ///
    /// # Errors
    /// [`TrainingError::TwinSize`] unless there are numbers for every hemisphere, driver, column and
    /// knot; [`TrainingError::TwinNumber`] for one that is not finite or beyond ±10⁶, for an
    /// amplitude of activation 0 that is not 0, and for noise below zero.
    pub fn new(
        geometry: ArrayGeometry,
        settings: RunSettings,
        knots: Knots,
        hemispheres: Vec<HemisphereTwin>,
    ) -> Result<Self, TrainingError> {
        let twin = Self {
            geometry,
            settings,
            knots,
            hemispheres,
        };
        twin.check()?;
        Ok(twin)
    }

    /// The twin of an ideal array: y = round(gain · `num_sends` · Σ x·w), without noise; the gain in
    /// LSB per activation and weight unit and send.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`] unless the gain lies in 10⁻⁶…10³.
    pub fn ideal(
        geometry: ArrayGeometry,
        gain_lsb: f32,
        settings: RunSettings,
    ) -> Result<Self, TrainingError> {
        Self::uniform(geometry, gain_lsb, 0.0, 0.0, settings)
    }

    /// The twin of the existing software stack's mock mode, which rounds down: an equal gain for all
    /// synapses, in LSB per activation and weight unit and send, and Gaussian noise, in LSB.
    ///
    /// # Errors
    /// [`TrainingError::OptionOutOfRange`] unless the gain lies in 10⁻⁶…10³ and the noise in 0…100.
    pub fn mock(
        geometry: ArrayGeometry,
        gain_lsb: f32,
        noise_lsb: f32,
        settings: RunSettings,
    ) -> Result<Self, TrainingError> {
        Self::uniform(geometry, gain_lsb, ROUNDING_DOWN_LSB, noise_lsb, settings)
    }

    fn uniform(
        geometry: ArrayGeometry,
        gain_lsb: f32,
        offset_lsb: f32,
        noise_lsb: f32,
        settings: RunSettings,
    ) -> Result<Self, TrainingError> {
        use crate::error::check_option;
        check_option("gain_lsb", gain_lsb.into(), 1e-6, 1e3)?;
        check_option("noise_lsb", noise_lsb.into(), 0.0, 100.0)?;
        let gain_lsb = gain_lsb * settings.num_sends() as f32;
        let column = ColumnTwin::linear(gain_lsb, offset_lsb, noise_lsb);
        let hemisphere = HemisphereTwin {
            drivers: vec![DriverTwin::ideal(); geometry.inputs()],
            columns: vec![column; geometry.columns()],
        };
        let hemispheres = vec![hemisphere; geometry.hemispheres()];
        Self::new(geometry, settings, Knots::STRAIGHT, hemispheres)
    }

    /// Sizes of the array.
    pub const fn geometry(&self) -> ArrayGeometry {
        self.geometry
    }

    /// The timing for which the twin holds.
    pub const fn settings(&self) -> RunSettings {
        self.settings
    }

    /// Sums at which the columns' response curves are known.
    pub const fn knots(&self) -> Knots {
        self.knots
    }

    /// The hemispheres.
    pub fn hemispheres(&self) -> &[HemisphereTwin] {
        &self.hemispheres
    }
}
