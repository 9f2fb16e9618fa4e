//! Everything that is measured on one network of one seed.

use bss2_training::{NetworkDescription, NoiseKind};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Parameters;
use super::architecture::{Architecture, linear_layers};
use super::place::Place;
use super::trained::Trained;
use crate::{ExperimentError, StudyData};

/// What was measured on one network of one seed.
#[derive(Serialize, Deserialize)]
pub(super) struct NetworkRun {
    pub(super) architecture: Architecture,
    pub(super) seed: u64,
    /// Accuracy in percent without noise, trained without.
    pub(super) accuracy_percent: f64,
    /// Accuracy in percent with additive noise on all layers, at the strengths of the parameters.
    pub(super) curve_percent: Vec<f64>,
    /// By kind and place.
    pub(super) bearings: Vec<Bearing>,
}

/// How much noise of a kind the network bears at a place.
#[derive(Serialize, Deserialize)]
pub(super) struct Bearing {
    pub(super) kind: NoiseKind,
    pub(super) place: Place,
    /// Trained without noise; `None` if accuracy does not fall so far.
    pub(super) midpoint: Option<f64>,
    /// Root mean square of the layer's outputs; `None` for all layers.
    pub(super) output_rms: Option<f64>,
    /// After a training with such noise there: additive, or multiplicative on all layers.
    pub(super) hardened: Option<Hardened>,
}

/// A network that was trained with noise.
#[derive(Serialize, Deserialize)]
pub(super) struct Hardened {
    /// The noise in training.
    pub(super) sigma: f64,
    /// Accuracy in percent without noise.
    pub(super) accuracy_percent: f64,
    pub(super) midpoint: Option<f64>,
    pub(super) output_rms: Option<f64>,
}

impl NetworkRun {
    pub(super) fn run(
        architecture: Architecture,
        seed: u64,
        parameters: &Parameters,
        data: &StudyData,
    ) -> Result<Self, ExperimentError> {
        let description = architecture.description(parameters, data);
        let trained = Trained::new(seed, &description, None, parameters, data)?;
        let accuracy_percent = trained.accuracy_percent()?;
        let sigmas = parameters.curve_sigmas.iter();
        let curve_percent = sigmas
            .map(|&sigma| trained.noisy_percent(NoiseKind::Additive, &Place::All, sigma))
            .collect::<Result<_, _>>()?;
        let places = Place::all(linear_layers(&description));
        let kinds = [NoiseKind::Additive, NoiseKind::Multiplicative].into_iter();
        let cases: Vec<_> = kinds
            .flat_map(|kind| places.iter().map(move |place| (kind, place)))
            .collect();
        let bearing = |&(kind, place): &(NoiseKind, &Place)| {
            let midpoint = trained.midpoint(accuracy_percent, kind, place)?;
            let is_trained_for = kind == NoiseKind::Additive || *place == Place::All;
            let sigma = midpoint.filter(|_| is_trained_for);
            let sigma = sigma.map(|midpoint| parameters.training_noise * midpoint);
            let hardened = sigma.map(|sigma| {
                Hardened::new(seed, &description, (kind, place, sigma), parameters, data)
            });
            Ok(Bearing {
                kind,
                midpoint,
                output_rms: output_rms(&trained, place)?,
                hardened: hardened.transpose()?,
                place: place.clone(),
            })
        };
        // The first error in the order of cases, not of time.
        let bearings: Vec<Result<Bearing, ExperimentError>> =
            cases.par_iter().map(bearing).collect();
        let bearings = bearings.into_iter().collect::<Result<_, _>>()?;
        Ok(Self {
            architecture,
            seed,
            accuracy_percent,
            curve_percent,
            bearings,
        })
    }
}

impl Hardened {
    fn new(
        seed: u64,
        description: &NetworkDescription,
        noise: (NoiseKind, &Place, f64),
        parameters: &Parameters,
        data: &StudyData,
    ) -> Result<Self, ExperimentError> {
        let (kind, place, sigma) = noise;
        let trained = Trained::new(seed, description, Some(noise), parameters, data)?;
        let accuracy_percent = trained.accuracy_percent()?;
        Ok(Self {
            sigma,
            accuracy_percent,
            midpoint: trained.midpoint(accuracy_percent, kind, place)?,
            output_rms: output_rms(&trained, place)?,
        })
    }
}

fn output_rms(trained: &Trained<'_>, place: &Place) -> Result<Option<f64>, ExperimentError> {
    let rms = place.layer().map(|_| trained.output_rms(place));
    rms.transpose()
}
