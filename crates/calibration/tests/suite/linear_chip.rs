//! A chip of the tests' own: the circuit's known form, all linear, with hidden values that a test can
//! look up.
//!
//! It shares no code with the hardware crate, so what calibrates it knows the traits alone. Nothing
//! saturates but the codes, nothing is noisy unless a test asks for it. Each code is rounded after a
//! shift of up to half an LSB that depends on the repetition and the channel alone, so that means
//! resolve less than an LSB.

use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, ReadoutSource, Register, Scope, random::derive_seed,
};
use ndarray::Array2;

mod circuit;
mod control;
mod measure;
mod truth;

/// Signed inputs per hemisphere: the routines' stimuli are made for as many.
pub(crate) const INPUTS: usize = 128;

/// Hemispheres of the chip.
pub(crate) const HEMISPHERES: usize = 2;

/// Amplitude of a pulse of full length, in activation units.
pub(crate) const FULL: f64 = 33.0;

/// What the tests' chip shows as its temperature, in °C.
pub(crate) const CELSIUS: f64 = 31.5;

/// What differs from element to element; deviations lie within reach of the registers.
#[derive(Clone, Debug)]
pub(crate) struct Hidden {
    /// By quadrant: where the CADC's ramp starts, in LSB.
    pub(crate) ramp_start: Vec<f64>,
    /// By quadrant: relative slope of that ramp.
    pub(crate) ramp_slope: Vec<f64>,
    /// By quadrant: relative current of the synapses.
    pub(crate) synapses: Vec<f64>,
    /// By quadrant: relative slope of the drivers' ramp.
    pub(crate) driver_ramp: Vec<f64>,
    /// By channel, in LSB.
    pub(crate) channel_offset: Vec<f64>,
    /// By driver, in activation units.
    pub(crate) driver_offset: Vec<f64>,
    /// By column: relative rate of both lines.
    pub(crate) line_rate: Vec<[f64; 2]>,
    /// By column: where both lines rest, in LSB.
    pub(crate) line_rest: Vec<[f64; 2]>,
    /// By column: relative conductance of the leak.
    pub(crate) leak: Vec<f64>,
    /// By column: offset of the leak potential, in LSB.
    pub(crate) leak_offset: Vec<f64>,
    /// By column: offset of the reset potential, in LSB.
    pub(crate) reset_offset: Vec<f64>,
    /// By column: relative gains of both OTAs.
    pub(crate) gain: Vec<[f64; 2]>,
    /// By column: where both OTAs are balanced, in codes from the reference's reset value.
    pub(crate) balance: Vec<[f64; 2]>,
}

impl Hidden {
    fn draw(seed: u64, geometry: ArrayGeometry) -> Self {
        // Evenly drawn from ± a largest deviation.
        let mut kind = 0;
        let mut around = |scope: Scope, middle: f64, largest: f64| -> Vec<f64> {
            kind += 1;
            let seed = derive_seed(seed, kind);
            let draw = |index| {
                let even = derive_seed(seed, index) as f64 / u64::MAX as f64;
                middle + largest * (2.0 * even - 1.0)
            };
            (0..scope.instances(geometry) as u64).map(draw).collect()
        };
        let mut pairs = |middle: f64, largest: f64| -> Vec<[f64; 2]> {
            let [a, b] = [(); 2].map(|()| around(Scope::Column, middle, largest));
            a.into_iter().zip(b).map(|(a, b)| [a, b]).collect()
        };
        Self {
            line_rate: pairs(1.0, 0.15),
            line_rest: pairs(-6.0, 5.0),
            gain: pairs(1.0, 0.2),
            balance: pairs(0.0, 80.0),
            ramp_start: around(Scope::Quadrant, 0.0, 10.0),
            ramp_slope: around(Scope::Quadrant, 1.0, 0.06),
            synapses: around(Scope::Quadrant, 0.95, 0.05),
            driver_ramp: around(Scope::Quadrant, 1.0, 0.08),
            channel_offset: around(Scope::Channel, 0.0, 15.0),
            driver_offset: around(Scope::Driver, 0.0, 5.0),
            leak: around(Scope::Column, 1.0, 0.2),
            leak_offset: around(Scope::Column, 0.0, 8.0),
            reset_offset: around(Scope::Column, 0.0, 6.0),
        }
    }
}

/// What does not work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failed {
    /// Channels whose code never moves.
    pub(crate) stuck_channels: Vec<(usize, u8)>,
    /// Drivers that send nothing.
    pub(crate) silent_drivers: Vec<usize>,
    /// OTAs, by column and sign, that deliver no current at all.
    pub(crate) dead_otas: Vec<(usize, usize)>,
}

/// The chip.
#[derive(Clone, Debug)]
pub(crate) struct LinearChip {
    seed: u64,
    geometry: ArrayGeometry,
    mode: ArrayMode,
    pub(crate) hidden: Hidden,
    pub(crate) failed: Failed,
    /// Standard deviation of the code of a membrane that rests with a time constant of 60 µs, in LSB;
    /// it grows with the root of the time constant.
    pub(crate) noise_lsb: f64,
    /// A defect: each wait for the CapMem raises all codes.
    pub(crate) settling_raises_codes: bool,
    weights: Vec<Array2<i8>>,
    /// By register: what was written, and what acts.
    requested: Vec<Vec<i32>>,
    acting: Vec<Vec<i32>>,
    /// Every call that changes or measures the chip.
    pub(crate) touches: usize,
    /// Measurements so far.
    pub(crate) measured: usize,
    /// The chip refuses measurements after as many.
    pub(crate) measurements_left: usize,
}

impl LinearChip {
    /// A chip of 2 × 128 inputs × some columns.
    pub(crate) fn new(seed: u64, columns: usize) -> Self {
        let geometry = ArrayGeometry::new(HEMISPHERES, INPUTS, columns).unwrap();
        let reset: Vec<Vec<i32>> = Register::ALL
            .iter()
            .map(|register| vec![register.spec().reset; register.instances(geometry)])
            .collect();
        Self {
            seed,
            geometry,
            mode: ArrayMode::Membrane,
            hidden: Hidden::draw(seed, geometry),
            failed: Failed::default(),
            noise_lsb: 0.0,
            settling_raises_codes: false,
            weights: vec![Array2::zeros((INPUTS, columns)); HEMISPHERES],
            acting: reset.clone(),
            requested: reset,
            touches: 0,
            measured: 0,
            measurements_left: usize::MAX,
        }
    }

    /// The value that acts in an instance of a register.
    fn acts(&self, register: Register, instance: usize) -> f64 {
        f64::from(self.acting[register as usize][instance])
    }

    /// The quadrant of an element, given how many of its kind a hemisphere has.
    fn quadrant(element: usize, per_hemisphere: usize) -> usize {
        2 * (element / per_hemisphere) + 2 * (element % per_hemisphere) / per_hemisphere
    }

    /// The quadrant of a column of the chip.
    pub(crate) fn quadrant_of_column(&self, column: usize) -> usize {
        Self::quadrant(column, self.geometry.columns())
    }

    /// The quadrant of a driver of the chip.
    pub(crate) fn quadrant_of_driver(driver: usize) -> usize {
        Self::quadrant(driver, INPUTS)
    }

    /// The channel of a column of the chip: causal (0) or acausal (1).
    pub(crate) fn channel(&self, column: usize, kind: usize) -> usize {
        let columns = self.geometry.columns();
        column / columns * 2 * columns + kind * columns + column % columns
    }

    /// The columns of the chip.
    pub(crate) fn columns(&self) -> std::ops::Range<usize> {
        0..Scope::Column.instances(self.geometry)
    }

    /// Whether every synapse holds a zero.
    pub(crate) fn holds_no_weights(&self) -> bool {
        self.weights.iter().flatten().all(|&w| w == 0)
    }

    fn source(&self, column: usize) -> ReadoutSource {
        ReadoutSource::ALL[self.acts(Register::ReadoutSource, column) as usize]
    }
}

/// What the chip says when it no longer measures.
pub(crate) fn broken() -> ArrayError {
    ArrayError::Device {
        reason: "the link is down".to_owned(),
    }
}
