//! Features in channels.

use ndarray::{Array1, ArrayView2, Zip};

use super::check_width;
use crate::error::check_option;
use crate::{ParameterView, ParameterViewMut, TrainingError};

/// Most features of a layer.
const FEATURES_MAX: usize = 1 << 20;

/// How features lie: channel by channel, with as many positions in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channels {
    count: usize,
    positions: usize,
}

impl Channels {
    /// Refuses none of either, and more than 2²⁰ features in all.
    pub(super) fn new(count: usize, positions: usize) -> Result<Self, TrainingError> {
        let features = count.saturating_mul(positions);
        let sizes = [
            ("channels", count),
            ("positions", positions),
            ("features", features),
        ];
        for (option, size) in sizes {
            check_option(option, size as f64, 1.0, FEATURES_MAX as f64)?;
        }
        Ok(Self { count, positions })
    }

    pub(super) const fn count(self) -> usize {
        self.count
    }

    /// Features of each channel.
    pub(super) const fn positions(self) -> usize {
        self.positions
    }

    /// Features of all channels.
    pub(super) const fn features(self) -> usize {
        self.count * self.positions
    }

    /// Outputs for a number of inputs, of a layer that keeps the shape.
    pub(super) fn outputs(self, inputs: usize) -> Result<usize, TrainingError> {
        check_width(self.features(), inputs)?;
        Ok(inputs)
    }

    /// Gives each feature its channel's number.
    pub(super) fn spread(self, of_channels: impl IntoIterator<Item = f32>, to: &mut [f32]) {
        for (features, number) in to.chunks_exact_mut(self.positions).zip(of_channels) {
            features.fill(number);
        }
    }
}

/// Sums over the vectors of a batch and the positions of each channel, in `f64`.
#[derive(Clone, Debug)]
pub(super) struct ChannelSums {
    channels: Channels,
    /// One for each feature: sweeps over these are vectorised for any number of positions.
    totals: Vec<f64>,
}

impl ChannelSums {
    pub(super) fn new(channels: Channels) -> Self {
        Self {
            channels,
            totals: vec![0.0; channels.features()],
        }
    }

    /// Σ x of each channel; `values` are vectors × features.
    pub(super) fn of(&mut self, values: ArrayView2<'_, f32>) -> impl Iterator<Item = f64> + '_ {
        self.totals.fill(0.0);
        for row in values.rows() {
            Zip::from(&mut self.totals[..])
                .and(row)
                .for_each(|total, &x| *total += f64::from(x));
        }
        self.by_channel()
    }

    /// Σ (x − centre) · factor(x − centre, g) of each channel; `values` and `beside` (x and g) are
    /// vectors × features, `centres` one for each feature.
    pub(super) fn of_products(
        &mut self,
        values: ArrayView2<'_, f32>,
        centres: &[f32],
        beside: ArrayView2<'_, f32>,
        factor: impl Fn(f32, f32) -> f32,
    ) -> impl Iterator<Item = f64> + '_ {
        self.totals.fill(0.0);
        for (row, beside) in values.rows().into_iter().zip(beside.rows()) {
            Zip::from(&mut self.totals[..])
                .and(row)
                .and(centres)
                .and(beside)
                .for_each(|total, &x, &centre, &g| {
                    let distance = x - centre;
                    *total += f64::from(distance * factor(distance, g));
                });
        }
        self.by_channel()
    }

    fn by_channel(&self) -> impl Iterator<Item = f64> + '_ {
        let channels = self.totals.chunks_exact(self.channels.positions);
        channels.map(|features| features.iter().sum())
    }
}

/// A trainable number for each channel.
#[derive(Clone, Debug)]
pub(super) struct ChannelParameter {
    name: &'static str,
    pub(super) value: Array1<f32>,
    pub(super) gradient: Array1<f32>,
}

impl ChannelParameter {
    pub(super) fn new(name: &'static str, value: Vec<f32>) -> Self {
        Self {
            name,
            gradient: Array1::zeros(value.len()),
            value: value.into(),
        }
    }

    pub(super) fn view(&self) -> ParameterView<'_> {
        ParameterView {
            name: self.name,
            value: self.value.view().into_dyn(),
            gradient: self.gradient.view().into_dyn(),
            range: f32::MIN..=f32::MAX,
        }
    }

    pub(super) fn view_mut(&mut self) -> ParameterViewMut<'_> {
        ParameterViewMut {
            name: self.name,
            value: self.value.view_mut().into_dyn(),
            gradient: self.gradient.view().into_dyn(),
            range: f32::MIN..=f32::MAX,
        }
    }
}
