//! What settings and biases change.

use bss2_core::random::keyed_stream;
use bss2_core::{ACTIVATION_MAX, Baseline, ChipControl, Register, RunSettings, WEIGHT_MAX};
use ndarray::{Array2, Axis};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::Parameters;
use super::transfer::only_working;
use crate::ExperimentError;
use crate::bench::{Bench, OverRepeats, repeated};
use crate::statistics::{deviation, line, mean, root_mean_square};

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Knob {
    NumSends,
    Wait,
    /// Factor on the biases of both OTAs.
    OtaBias,
    /// Factor on the synapses' bias.
    SynapseBias,
    /// 1 where the baseline is measured, 0 where it is the constant.
    MeasuredBaseline,
}

/// Random weights and activations, both signs alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Load {
    /// Weights up to ±40, all activations: eight sends stay within the swing.
    Moderate,
    /// Weights of ±50 and more, activations from 24: dense, strong input.
    Strong,
}

/// What was found at one setting.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Effect {
    pub(super) knob: Knob,
    pub(super) load: Load,
    pub(super) value: f64,
    /// Mean over columns of the slope of results against exact sums, per send, in LSB.
    pub(super) gain_lsb: f64,
    /// Standard deviation over columns of that slope, in %, less what noise makes of it.
    pub(super) gain_spread_percent: f64,
    /// Standard deviation over columns of the intercept, in LSB.
    pub(super) offset_spread_lsb: f64,
    /// Standard deviation over repeats, root mean square, in LSB.
    pub(super) noise_lsb: f64,
    /// Chip time per vector, in µs.
    pub(super) chip_time_us: f64,
}

impl Effect {
    /// Noise in units of activation · weight: what a single product has to exceed.
    pub(super) fn input_noise(&self) -> f64 {
        let sends = if self.knob == Knob::NumSends {
            self.value
        } else {
            1.0
        };
        self.noise_lsb / (self.gain_lsb * sends)
    }
}

impl Knob {
    /// Name in tables and result files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::NumSends => "num_sends",
            Self::Wait => "wait_between_events",
            Self::OtaBias => "i_bias_synin_gm factor",
            Self::SynapseBias => "syn_i_bias_dac factor",
            Self::MeasuredBaseline => "measured baseline",
        }
    }
}

impl Load {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Moderate => "moderate",
            Self::Strong => "strong",
        }
    }
}

/// Weights, vectors, and the exact sums.
#[derive(Serialize, Deserialize)]
struct Stimulus {
    load: Load,
    weights: Array2<i8>,
    vectors: Array2<u8>,
    sums: Array2<f64>,
}

impl Stimulus {
    /// The same for every chip.
    fn new(load: Load, vectors: usize, inputs: usize, columns: usize) -> Self {
        let (magnitudes, activations) = match load {
            Load::Moderate => (0..=40, 0..=ACTIVATION_MAX),
            Load::Strong => (50..=WEIGHT_MAX, 24..=ACTIVATION_MAX),
        };
        let mut random = keyed_stream(0, load as u64);
        let pairs = Array2::from_shape_simple_fn((inputs.div_ceil(2), columns), || {
            let magnitude = random.random_range(magnitudes.clone());
            if random.random() {
                magnitude
            } else {
                -magnitude
            }
        });
        // Each weight has its opposite beside it: sums then vary around zero in every column.
        let weights = Array2::from_shape_fn((inputs, columns), |(i, c)| {
            let weight: i8 = pairs[[i / 2, c]];
            if i % 2 == 0 { weight } else { -weight }
        });
        let vectors = Array2::from_shape_simple_fn((vectors, inputs), || {
            random.random_range(activations.clone())
        });
        let sums = vectors.mapv(f64::from).dot(&weights.mapv(f64::from));
        Self {
            load,
            weights,
            vectors,
            sums,
        }
    }
}

/// Turns one knob after the other; the chip is as before afterwards.
pub(super) fn measure(
    bench: &mut Bench,
    parameters: &Parameters,
    working: &[bool],
) -> Result<Vec<Effect>, ExperimentError> {
    let geometry = bench.geometry();
    let working = &working[..geometry.columns()];
    let stimulus = |load| {
        let vectors = parameters.effect_vectors;
        Stimulus::new(load, vectors, geometry.inputs(), geometry.columns())
    };
    let (moderate, strong) = (stimulus(Load::Moderate), stimulus(Load::Strong));
    let default = RunSettings::default();
    let mut tester = Tester {
        bench,
        repeats: parameters.effect_repeats,
        parameters,
        working,
        effects: Vec::new(),
    };
    for &sends in &parameters.sends {
        let settings = RunSettings::new(sends, default.wait_between_events())?;
        tester.test(Knob::NumSends, f64::from(sends), settings, &moderate)?;
    }
    for &wait in &parameters.waits {
        let settings = RunSettings::new(default.num_sends(), wait)?;
        for stimulus in [&moderate, &strong] {
            tester.test(Knob::Wait, f64::from(wait), settings, stimulus)?;
        }
    }
    let ota_biases = [Register::IBiasSyninExcGm, Register::IBiasSyninInhGm];
    for (knob, registers, factors) in [
        (Knob::OtaBias, &ota_biases[..], &parameters.gm_factors),
        (
            Knob::SynapseBias,
            &[Register::SynIBiasDac],
            &parameters.synapse_bias_factors,
        ),
    ] {
        for &factor in factors {
            let before = scale(tester.bench, registers, factor)?;
            tester.test(knob, factor, default, &moderate)?;
            for (&register, values) in registers.iter().zip(&before) {
                tester.bench.chip.write_register(register, values)?;
            }
            tester.bench.chip.settle()?;
        }
    }
    for (value, baseline) in [(0.0, Baseline::Constant), (1.0, Baseline::Measured)] {
        let settings = default.with_baseline(baseline);
        tester.test(Knob::MeasuredBaseline, value, settings, &moderate)?;
    }
    Ok(tester.effects)
}

/// Multiplies the values of registers, as far as their ranges permit, and returns what they were.
fn scale(
    bench: &mut Bench,
    registers: &[Register],
    factor: f64,
) -> Result<Vec<Vec<i32>>, ExperimentError> {
    let mut before = Vec::new();
    for &register in registers {
        let values = bench.chip.register_values(register)?;
        let spec = register.spec();
        let scaled = values
            .iter()
            .map(|&value| ((f64::from(value) * factor).round() as i32).clamp(spec.min, spec.max));
        let scaled: Vec<i32> = scaled.collect();
        bench.chip.write_register(register, &scaled)?;
        before.push(values);
    }
    bench.chip.settle()?;
    Ok(before)
}

/// Measures settings on the first hemisphere.
struct Tester<'a> {
    bench: &'a mut Bench,
    repeats: usize,
    parameters: &'a Parameters,
    working: &'a [bool],
    effects: Vec<Effect>,
}

impl Tester<'_> {
    fn test(
        &mut self,
        knob: Knob,
        value: f64,
        settings: RunSettings,
        stimulus: &Stimulus,
    ) -> Result<(), ExperimentError> {
        const HEMISPHERE: usize = 0;
        self.bench.load(HEMISPHERE, stimulus.weights.view())?;
        let batch = repeated(stimulus.vectors.view(), self.repeats);
        self.bench.chip.take_ledger();
        let outputs = self.bench.run(HEMISPHERE, settings, batch.view())?;
        let cost = self.bench.chip.take_ledger();

        let (vectors, columns) = stimulus.sums.dim();
        let OverRepeats { means, deviations } = OverRepeats::of(&outputs, vectors);
        let fits = (0..columns).map(|c| {
            let points = stimulus.sums.column(c).into_iter().zip(means.column(c));
            line(&points.map(|(x, y)| (*x, *y)).collect::<Vec<_>>())
        });
        let (slopes, intercepts): (Vec<f64>, Vec<f64>) = fits.unzip();
        let squares = stimulus.sums.var_axis(Axis(0), 0.0) * batch.nrows() as f64;
        let squares = only_working(&squares.to_vec(), self.working);
        let slopes = only_working(&slopes, self.working);
        let noises = deviations
            .columns()
            .into_iter()
            .map(|column| root_mean_square(&column.to_vec()));
        let noises = only_working(&noises.collect::<Vec<_>>(), self.working);
        let noise_lsb = root_mean_square(&noises);
        // Noise alone lets fitted slopes differ by this much.
        let from_noise =
            noise_lsb.powi(2) * mean(&squares.iter().map(|s| 1.0 / s).collect::<Vec<_>>());
        let gain_variance = (deviation(&slopes).powi(2) - from_noise).max(0.0);
        self.effects.push(Effect {
            knob,
            load: stimulus.load,
            value,
            gain_lsb: mean(&slopes) / f64::from(settings.num_sends()),
            gain_spread_percent: 100.0 * gain_variance.sqrt() / mean(&slopes),
            offset_spread_lsb: deviation(&only_working(&intercepts, self.working)),
            noise_lsb,
            chip_time_us: self.parameters.cost_model.chip_time_us(&cost) / batch.nrows() as f64,
        });
        Ok(())
    }
}
