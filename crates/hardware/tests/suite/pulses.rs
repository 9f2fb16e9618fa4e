//! Simultaneous pulses, what both channels of a column see of them, and the temperature sensor.

mod charge;
mod noise;
mod readout;

use bss2_core::{ArrayGeometry, ChipProbe, PulseRequest, Region, Trial};
use bss2_hardware::{ChipConfig, Imperfection};
use ndarray::Array2;

/// The usual readout after some events, 0.4 µs apart, on a whole hemisphere.
pub(super) fn request(geometry: ArrayGeometry, events: u32) -> PulseRequest {
    PulseRequest {
        region: Region::whole(geometry, 0),
        trial: Trial::new(1),
        events,
        interval_cycles: 50,
        readout_delay_cycles: PulseRequest::USUAL_READOUT_DELAY,
    }
}

/// Codes of both channels of a good request.
pub(super) fn pulsed(
    chip: &mut impl ChipProbe,
    request: &PulseRequest,
    repetitions: usize,
) -> [Array2<u8>; 2] {
    let shape = (repetitions, request.region.columns);
    let [mut causal, mut acausal] = [Array2::zeros(shape), Array2::zeros(shape)];
    chip.read_pulses(request, [causal.view_mut(), acausal.view_mut()])
        .expect("a good request");
    [causal, acausal]
}

/// Codes of the causal channels of one repetition.
pub(super) fn causal(chip: &mut impl ChipProbe, request: &PulseRequest) -> Vec<f64> {
    let [causal, _] = pulsed(chip, request, 1);
    causal.iter().map(|code| f64::from(*code)).collect()
}

/// A chip with mismatch, without noise.
pub(super) fn noiseless() -> ChipConfig {
    ChipConfig::preset("noiseless")
        .expect("a preset")
        .without(Imperfection::StuckChannels)
        .without(Imperfection::FailedDrivers)
}

pub(super) fn worst(found: impl IntoIterator<Item = f64>) -> f64 {
    found.into_iter().fold(0.0, |worst, d| worst.max(d.abs()))
}
