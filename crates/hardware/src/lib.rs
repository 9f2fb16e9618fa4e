//! A simulated BrainScaleS-2 chip for analog matrix multiplication.
//!
//! Three implementations of [`MacArray`](bss2_core::MacArray) stand side by side:
//!
//! - [`IdealArray`]: exact integers, one known gain, the chip's clipping;
//! - [`MockArray`]: the ideal gain and one Gaussian per output, as the existing software stack's
//!   mock mode;
//! - [`SimulatedChip`]: a chip with hidden mismatch drawn from a seed, the signal chain from synapse
//!   driver to CADC, trial-to-trial noise, temperature and drift, and the registers that calibration
//!   turns, in two [fidelities](Fidelity). It also implements [`ChipControl`](bss2_core::ChipControl) and
//!   [`ChipProbe`](bss2_core::ChipProbe).
//!
//! Each stage of the circuit is a module of its own that holds its parameters, what is drawn once
//! per chip, and its equation: [`capmem`], [`driver`], [`synapse`], [`mod@line`], [`ota`], [`membrane`],
//! [`cadc`], [`noise`]; what changes them is in [`temperature`] and [`drift`].
//!
//! # Example
//!
//! ```
//! use bss2_core::{MacArray, Region, RunRequest, RunSettings, Trial};
//! use bss2_hardware::{ChipConfig, SimulatedChip};
//! use ndarray::Array2;
//!
//! let mut chip = SimulatedChip::new(&ChipConfig::typical().check()?, 42);
//! let region = Region::whole(chip.geometry(), 0);
//! chip.load_weights(region, Array2::from_elem((128, 256), 21).view())?;
//!
//! let request = RunRequest { region, settings: RunSettings::default(), trial: Trial::new(1) };
//! let activations = Array2::from_elem((1, 128), 15);
//! let mut outputs = Array2::zeros((1, 256));
//! chip.run(&request, activations.view(), outputs.view_mut())?;
//!
//! // The columns of a fresh chip disagree: that is what calibration is for.
//! let (least, most) = outputs.iter().fold((127, -128), |(a, b), &y| (a.min(y), b.max(y)));
//! assert!(most - least > 20);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Results may also be read from the synaptic lines, which takes lines that keep their charge:
//!
//! ```
//! use bss2_core::{
//!     ArrayMode, Baseline, ChipControl, MacArray, Region, Register, RunRequest, RunSettings, Trial,
//! };
//! use bss2_hardware::{ChipConfig, SimulatedChip};
//! use ndarray::Array2;
//!
//! let mut chip = SimulatedChip::new(&ChipConfig::typical().check()?, 42);
//! chip.set_mode(ArrayMode::SynapticLine)?; // 256 inputs × 128 outputs per hemisphere
//! let slow = vec![0; Register::IBiasSyninExcTau.instances(chip.control_geometry())];
//! chip.write_register(Register::IBiasSyninExcTau, &slow)?;
//! chip.settle()?;
//!
//! let region = Region::whole(chip.geometry(), 0);
//! let weights = Array2::from_shape_fn((256, 128), |(_, c)| if c < 64 { 2 } else { -2 });
//! chip.load_weights(region, weights.view())?;
//! let settings = RunSettings::new(1, 2)?.with_baseline(Baseline::Measured);
//! let request = RunRequest { region, settings, trial: Trial::new(1) };
//! let mut outputs = Array2::zeros((1, 128));
//! chip.run(&request, Array2::from_elem((1, 256), 15).view(), outputs.view_mut())?;
//! let mean = |outputs: &[i8]| outputs.iter().map(|&y| f32::from(y)).sum::<f32>() / 64.0;
//! let (positive, negative) = outputs.as_slice().unwrap().split_at(64);
//! assert!(mean(positive) > 15.0 && mean(negative) < -15.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod active;
#[cfg(test)]
mod agreement;
mod buffers;
pub mod cadc;
pub mod capmem;
mod chip;
mod circuit;
mod columns;
mod conditions;
mod config;
mod conversion;
pub mod drift;
pub mod driver;
mod error;
mod ideal;
mod imperfection;
mod instance;
pub mod line;
mod lumped;
pub mod membrane;
mod mock;
mod model;
pub mod noise;
pub mod ota;
mod parameter;
mod pass;
mod reading;
mod readout;
mod registers;
mod rises;
mod share;
mod side_by_side;
mod stream;
pub mod synapse;
mod synram;
pub mod temperature;
mod transient;

pub use bss2_core::NOMINAL_GAIN_LSB;
pub use chip::{Fidelity, SimulatedChip};
pub use config::{CheckedConfig, ChipConfig, Preset};
pub use error::ConfigError;
pub use ideal::IdealArray;
pub use imperfection::Imperfection;
pub use mock::MockArray;
pub use parameter::{Drawn, Parameter};
