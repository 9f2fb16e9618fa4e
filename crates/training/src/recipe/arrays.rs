//! Arrays that stand for a chip while a network is trained.

use std::sync::Arc;

use bss2_core::{ArrayError, ArrayGeometry, MacArray, Region, RunReport, RunRequest};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::{ChipFigures, Ground, Noise};
use crate::{NoiseInjection, TrainingError, Twin, TwinArray};

/// Twins for all timings of a network, as one array: at least one.
#[derive(Debug)]
pub(super) struct Twins {
    arrays: Vec<TwinArray>,
}

impl Twins {
    fn new(
        twins: impl IntoIterator<Item = Result<Twin, TrainingError>>,
    ) -> Result<Self, TrainingError> {
        let twins = twins.into_iter();
        let arrays = twins.map(|twin| Ok(TwinArray::new(Arc::new(twin?))));
        let arrays = arrays.collect::<Result<Vec<_>, TrainingError>>()?;
        if arrays.is_empty() {
            return Err(TrainingError::NotMeasured);
        }
        Ok(Self { arrays })
    }

    /// Shows noise as an epoch asks for it.
    pub(super) fn set_noise(
        &mut self,
        noise: Noise,
        epoch: usize,
        epochs: usize,
    ) -> Result<(), TrainingError> {
        // The only epoch is the last.
        let share = if epochs < 2 {
            1.0
        } else {
            epoch as f32 / (epochs - 1) as f32
        };
        self.inject(NoiseInjection {
            factor: noise.from + share * (noise.to - noise.from),
            spread: noise.spread,
        })
    }

    /// Shows the noise that the twins have.
    pub(super) fn set_own_noise(&mut self) -> Result<(), TrainingError> {
        self.inject(NoiseInjection::default())
    }

    fn inject(&mut self, injection: NoiseInjection) -> Result<(), TrainingError> {
        let mut arrays = self.arrays.iter_mut();
        arrays.try_for_each(|array| array.set_noise(injection))
    }
}

/// Arrays of a ground that is not the chip: as many as are taken in turn.
pub(super) fn stand_ins(
    ground: &Ground,
    geometry: ArrayGeometry,
    figures: &ChipFigures,
) -> Result<Vec<Twins>, TrainingError> {
    let timings = || figures.settings().iter().zip(figures.mocks());
    let mock = |gain: f32| {
        let mocks = timings().map(move |(&settings, mock)| {
            Twin::mock(geometry, gain * mock.gain_lsb, mock.noise_lsb, settings)
        });
        Twins::new(mocks)
    };
    match ground {
        Ground::Digital | Ground::Chip | Ground::Temperatures { .. } => Ok(Vec::new()),
        Ground::Ideal => {
            let ideal =
                timings().map(|(&settings, mock)| Twin::ideal(geometry, mock.gain_lsb, settings));
            Ok(vec![Twins::new(ideal)?])
        }
        Ground::Mock(_) => Ok(vec![mock(1.0)?]),
        Ground::Drift { gains } => gains.iter().map(|&gain| mock(gain)).collect(),
        Ground::Twin(_) => Ok(vec![Twins::new(figures.twins().iter().cloned().map(Ok))?]),
    }
}

impl MacArray for Twins {
    fn geometry(&self) -> ArrayGeometry {
        self.arrays[0].geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        let mut arrays = self.arrays.iter_mut();
        arrays.try_for_each(|array| array.load_weights(region, weights))
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let holds = |array: &TwinArray| array.twin().settings() == request.settings;
        // The first, if there is none, says what it can do.
        let index = self.arrays.iter().position(holds).unwrap_or(0);
        self.arrays[index].run(request, activations, outputs)
    }
}

#[cfg(test)]
mod tests {
    use bss2_core::testing::{ARRAY_LAWS, Agreement, ArraySubject, KnownSettings, hold_all};
    use bss2_core::{ArrayMode, RunSettings};

    use super::*;

    #[test]
    fn twins_obey_the_laws_of_arrays_at_all_their_timings() {
        let geometry = ArrayGeometry::new(2, 24, 40).unwrap();
        let timings = [(1, 5), (4, 2), (1, 9)];
        let timings = timings.map(|(sends, wait)| RunSettings::new(sends, wait).unwrap());
        let make = move || {
            let mocks = timings.map(|settings| Twin::mock(geometry, 0.01, 1.6, settings));
            Box::new(Twins::new(mocks).unwrap()) as Box<dyn MacArray>
        };
        let subject = ArraySubject {
            make: Box::new(make),
            mode: ArrayMode::Membrane,
            settings: KnownSettings::Only(timings.to_vec()),
            agreement: Agreement::Exact,
            columns_are_equal: false,
        };
        if let Err(violations) = hold_all(ARRAY_LAWS, &subject) {
            panic!("{violations:#?}");
        }
    }
}
