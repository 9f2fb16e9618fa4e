//! Row 12: the chip at 40, 65 and 90 °C.

use bss2_core::RunSettings;
use ndarray::{Array2, Axis};
use rand::RngExt;

use super::Measured;
use super::check::{Band, Check};
use super::lab::Lab;
use crate::ExperimentError;
use crate::statistics::{deviation, line, mean, residual_deviation};

const SOURCE: &str = "arXiv:2609.15527, sections 3.2 and 4.2";

const FITTED: &str = "\
    gain, σ and their ratio: trend published, limit ours; random weights and inputs instead of \
    a trained network's; follows from `temperature.gain_per_kelvin` and \
    `temperature.noise_per_kelvin`, which were set for it";
const OURS: &str = "\
    errors and offsets: trend published, limit ours; random weights and inputs instead of a \
    trained network's, error against exact sums; the sizes of the spreads in `temperature` are \
    assumptions";

const fn trend(quantity: &'static str, band: Band, departure: &'static str) -> Check {
    Check::shown(12, quantity, "1", 3, SOURCE)
        .within(band)
        .departing(departure)
}

pub(super) const CHECKS: &[Check] = &[
    trend(
        "gain at 90 °C relative to 40 °C: falls",
        Band::at_most(0.99),
        FITTED,
    ),
    trend(
        "σ at 90 °C relative to 40 °C: falls",
        Band::at_most(0.99),
        FITTED,
    ),
    trend(
        "noise to signal at 90 °C relative to 40 °C: rises slightly",
        Band::new(1.0, 1.1),
        FITTED,
    ),
    trend(
        "error to signal at 90 °C relative to 40 °C: rises clearly",
        Band::at_least(1.2),
        OURS,
    ),
    trend(
        "share of neurons whose offset rises from 40 to 90 °C: both signs",
        Band::new(0.2, 0.8),
        OURS,
    ),
    trend(
        "calibrated at 65 °C: error to signal there relative to the lower of 40 and 90 °C",
        Band::at_most(0.99),
        OURS,
    ),
];

const COOL: f32 = 40.0;
const MIDDLE: f32 = 65.0;
const HOT: f32 = 90.0;

/// What is seen at one temperature.
struct Seen {
    gain: f64,
    noise_lsb: f64,
    error_to_signal: f64,
    offsets_lsb: Vec<f64>,
}

impl Seen {
    fn noise_to_signal(&self) -> f64 {
        self.noise_lsb / self.gain
    }
}

/// Random weights and inputs, repeated: the noise is that of the repeats, the error what remains of
/// their means beside the line against exact sums, relative to the signal's spread.
pub(super) fn measure(lab: &mut Lab) -> Result<Measured, ExperimentError> {
    let cool = at(lab, COOL)?;
    let hot = at(lab, HOT)?;
    let moved = cool.offsets_lsb.iter().zip(&hot.offsets_lsb);
    let rising = moved.filter(|(cool, hot)| hot > cool).count();

    lab.bench.chip.inner_mut().set_temperature_celsius(MIDDLE)?;
    lab.calibrate()?;
    let errors =
        [COOL, MIDDLE, HOT].map(|celsius| at(lab, celsius).map(|seen| seen.error_to_signal));
    let [below, there, above] = errors;
    let least_elsewhere = below?.min(above?);

    Ok(vec![
        hot.gain / cool.gain,
        hot.noise_lsb / cool.noise_lsb,
        hot.noise_to_signal() / cool.noise_to_signal(),
        hot.error_to_signal / cool.error_to_signal,
        rising as f64 / cool.offsets_lsb.len() as f64,
        there? / least_elsewhere,
    ]
    .into())
}

fn at(lab: &mut Lab, celsius: f32) -> Result<Seen, ExperimentError> {
    const VECTORS: usize = 16;
    const REPEATS: usize = 50;
    lab.bench
        .chip
        .inner_mut()
        .set_temperature_celsius(celsius)?;
    let geometry = lab.geometry();
    let mut random = lab.stimuli(12);
    let weights = Array2::from_shape_simple_fn((geometry.inputs(), geometry.columns()), || {
        random.random_range(-40..=40_i8)
    });
    let vectors = Array2::from_shape_simple_fn((VECTORS, geometry.inputs()), || {
        random.random_range(0..=31_u8)
    });
    let sums = vectors.mapv(f64::from).dot(&weights.mapv(f64::from));
    let (mut points, mut noise, mut offsets_lsb) = (Vec::new(), Vec::new(), Vec::new());
    for hemisphere in 0..geometry.hemispheres() {
        lab.bench.load(hemisphere, weights.view())?;
        for (vector, sums) in vectors.outer_iter().zip(sums.outer_iter()) {
            let repeated = Array2::from_shape_fn((REPEATS, vector.len()), |(_, i)| vector[i]);
            let outputs = lab
                .bench
                .run(hemisphere, RunSettings::default(), repeated.view())?;
            noise.extend(lab.of_working_in(hemisphere, outputs.std_axis(Axis(0), 1.0)));
            let means = outputs.mean_axis(Axis(0)).unwrap_or_default();
            let sums = lab.of_working_in(hemisphere, sums.iter().copied());
            points.extend(sums.into_iter().zip(lab.of_working_in(hemisphere, means)));
        }
        let silence = Array2::zeros((REPEATS, geometry.inputs()));
        let outputs = lab
            .bench
            .run(hemisphere, RunSettings::default(), silence.view())?;
        let means = outputs.mean_axis(Axis(0)).unwrap_or_default();
        offsets_lsb.extend(lab.of_working_in(hemisphere, means));
    }
    let fit = line(&points);
    let signal: Vec<f64> = points.iter().map(|(sum, _)| fit.0 * sum).collect();
    let signal_lsb = deviation(&signal);
    Ok(Seen {
        gain: fit.0,
        noise_lsb: mean(&noise),
        error_to_signal: residual_deviation(&points, fit) / signal_lsb,
        offsets_lsb,
    })
}
