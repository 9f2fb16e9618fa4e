//! Weights into the range of the array.

use bss2_core::WEIGHT_MAX;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::MappingError;

/// What shares one scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalePer {
    /// All weights of a layer.
    #[default]
    Layer,
    /// The weights of an output: each uses the range, and what follows has to know the scales.
    Output,
}

/// How the weights of a layer are brought into their range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScalingRule {
    /// What shares one scale.
    pub per: ScalePer,
    /// Share of the weights that share a scale, by magnitude, that must fit the range ±63, 0.5…1;
    /// the rest is clipped.
    pub weight_quantile: f64,
    /// Share of the outputs of weights that share a scale, by magnitude, that must fit the range of
    /// `i8`, 0.5…1.
    pub output_quantile: f64,
    /// Weight units per unit of the weights, 10⁻⁹…10⁹, whatever the quantiles say; `None` for the
    /// full range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_scale: Option<f32>,
}

impl Default for ScalingRule {
    /// A scale per layer, 99.9 % of weights and outputs in range.
    fn default() -> Self {
        Self {
            per: ScalePer::Layer,
            weight_quantile: 0.999,
            output_quantile: 0.999,
            fixed_scale: None,
        }
    }
}

impl ScalingRule {
    /// Refuses quantiles outside their ranges.
    ///
    /// # Errors
    /// [`MappingError::QuantileOutOfRange`].
    pub fn check(self) -> Result<Self, MappingError> {
        check_quantile("weight_quantile", self.weight_quantile)?;
        check_quantile("output_quantile", self.output_quantile)?;
        if let Some(scale) = self.fixed_scale {
            check_range("fixed_scale", f64::from(scale), 1e-9, 1e9)?;
        }
        Ok(self)
    }

    /// Scales weights (inputs × outputs) to the range ±63, less where `signal_lsb` (vectors ×
    /// outputs), what they cause on the array as they are, would leave the range of `i8`.
    ///
    /// The signal is that of the array's gain times the plan's
    /// [amplification](crate::Plan::amplification); without vectors, weights alone count.
    ///
    /// # Errors
    /// [`MappingError::QuantileOutOfRange`]; [`MappingError::Shape`] for a signal of another number
    /// of outputs; [`MappingError::NotFinite`].
    pub fn fit(
        self,
        weights: ArrayView2<'_, f32>,
        signal_lsb: ArrayView2<'_, f32>,
    ) -> Result<Scaling, MappingError> {
        self.check()?;
        let expected = (signal_lsb.nrows(), weights.ncols());
        crate::strategy::check_shape("signal", expected, signal_lsb.dim())?;
        check_finite("weights", weights)?;
        check_finite("signal", signal_lsb)?;

        let of_layer = self.scale(weights, signal_lsb);
        let scales = match self.per {
            ScalePer::Layer => vec![of_layer.unwrap_or(1.0); weights.ncols()],
            ScalePer::Output => {
                let weights = weights.axis_chunks_iter(Axis(1), 1);
                let signals = signal_lsb.axis_chunks_iter(Axis(1), 1);
                let scale = |(weights, signal)| self.scale(weights, signal).or(of_layer);
                let scales = weights.zip(signals).map(scale);
                scales.map(|scale| scale.unwrap_or(1.0)).collect()
            }
        };
        let mut scaling = Scaling {
            scales,
            clipped_weights: 0.0,
            output_lsb: 0.0,
        };
        scaling.clipped_weights = scaling.clipped(weights);
        let outputs = signal_lsb.rows().into_iter();
        let outputs = outputs.flat_map(|row| scaling.times(row).map(f32::abs));
        scaling.output_lsb = quantile(outputs, self.output_quantile);
        Ok(scaling)
    }

    /// Magnitude of outputs (vectors × outputs) at the output quantile, in their unit.
    pub fn output_magnitude(self, outputs: ArrayView2<'_, f32>) -> f32 {
        quantile(outputs.iter().map(|y| y.abs()), self.output_quantile)
    }

    /// The scale that weights and their signal can share; `None` for weights of zero, to which any
    /// scale would do.
    fn scale(self, weights: ArrayView2<'_, f32>, signal: ArrayView2<'_, f32>) -> Option<f32> {
        if self.fixed_scale.is_some() {
            return self.fixed_scale;
        }
        let magnitudes = weights.iter().map(|w| w.abs()).filter(|&w| w > 0.0);
        let widest = quantile(magnitudes, self.weight_quantile);
        let loudest = quantile(signal.iter().map(|y| y.abs()), self.output_quantile);
        let scale = (WEIGHT_LIMIT / widest).min(OUTPUT_LIMIT_LSB / loudest);
        scale.is_finite().then_some(scale)
    }
}

/// By what a layer's weights are multiplied, and what that does.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    scales: Vec<f32>,
    clipped_weights: f64,
    output_lsb: f32,
}

impl Scaling {
    /// Weight units per unit of the weights, for each output; all the same under
    /// [`ScalePer::Layer`].
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// The smallest scale of all outputs.
    pub fn smallest(&self) -> f32 {
        self.scales.iter().copied().fold(f32::INFINITY, f32::min)
    }

    /// Share of weights that are clipped, 0…1.
    pub const fn clipped_weights(&self) -> f64 {
        self.clipped_weights
    }

    /// Magnitude at the output quantile, over all outputs, of the signal as scaled, in LSB.
    pub const fn output_lsb(&self) -> f32 {
        self.output_lsb
    }

    /// The weights (inputs × outputs) as scaled and clipped to ±63, not rounded.
    ///
    /// # Errors
    /// [`MappingError::Shape`] for another number of outputs.
    pub fn apply(&self, weights: ArrayView2<'_, f32>) -> Result<Array2<f32>, MappingError> {
        let expected = (weights.nrows(), self.scales.len());
        crate::strategy::check_shape("weights", expected, weights.dim())?;
        let scaled = |at: (usize, usize)| weights[at] * self.scales[at.1];
        Ok(Array2::from_shape_fn(weights.dim(), |at| {
            scaled(at).clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT)
        }))
    }

    fn clipped(&self, weights: ArrayView2<'_, f32>) -> f64 {
        let rows = weights.rows().into_iter();
        let scaled = rows.flat_map(|row| self.times(row));
        let clipped = scaled.filter(|w| w.abs() > WEIGHT_LIMIT).count();
        clipped as f64 / weights.len().max(1) as f64
    }

    /// A number per output, each times its scale.
    fn times<'a>(&'a self, row: ArrayView1<'a, f32>) -> impl Iterator<Item = f32> + 'a {
        let scales = self.scales.iter();
        row.into_iter().zip(scales).map(|(x, scale)| x * scale)
    }
}

const WEIGHT_LIMIT: f32 = WEIGHT_MAX as f32;

/// Largest output magnitude that a layer is scaled to, in LSB: leaves room for offsets and noise.
const OUTPUT_LIMIT_LSB: f32 = 110.0;

fn check_quantile(option: &'static str, value: f64) -> Result<(), MappingError> {
    check_range(option, value, 0.5, 1.0)
}

fn check_range(option: &'static str, value: f64, min: f64, max: f64) -> Result<(), MappingError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(MappingError::QuantileOutOfRange {
        option,
        value,
        min,
        max,
    })
}

fn check_finite(what: &'static str, values: ArrayView2<'_, f32>) -> Result<(), MappingError> {
    let unusable = values.indexed_iter().find(|(_, value)| !value.is_finite());
    match unusable {
        None => Ok(()),
        Some((at, &value)) => Err(MappingError::NotFinite { what, at, value }),
    }
}

/// The value below which the given share of a set lies; the smallest or largest for a share outside 0…1, 0
/// for an empty set.
pub fn quantile(values: impl Iterator<Item = f32>, share: f64) -> f32 {
    let mut values: Vec<f32> = values.collect();
    if values.is_empty() {
        return 0.0;
    }
    let last = values.len() - 1;
    let index = ((share * last as f64).round() as usize).min(last);
    *values.select_nth_unstable_by(index, f32::total_cmp).1
}
