//! Laws that searches and calibrations obey, for tests (feature `testing`, here and of `bss2-core`).
//!
//! ```
//! use bss2_calibration::BinarySearch;
//! use bss2_calibration::testing::{SEARCH_LAWS, SearchSubject};
//! use bss2_core::testing::hold_all;
//!
//! let search = SearchSubject {
//!     search: Box::new(BinarySearch),
//!     start_within: 1000,
//!     finds_within: 0,
//! };
//! hold_all(SEARCH_LAWS, &search).expect("all laws hold");
//! ```
//!
//! A calibration, of any chip that can be simulated, is held to [`CALIBRATION_LAWS`]:
//!
//! ```
//! use bss2_calibration::Procedure;
//! use bss2_calibration::testing::{CALIBRATION_LAWS, CalibrationSubject};
//! use bss2_core::ArrayGeometry;
//! use bss2_core::testing::hold_all;
//! use bss2_hardware::{ChipConfig, SimulatedChip};
//!
//! let config = ChipConfig {
//!     geometry: ArrayGeometry::new(1, 8, 16)?,
//!     ..ChipConfig::typical()
//! };
//! let config = config.check()?;
//! let joint = CalibrationSubject {
//!     chip: Box::new(move || Box::new(SimulatedChip::new(&config, 1))),
//!     calibrate: Box::new(|chip| Procedure::joint().run(chip, 1, &mut |_| {})),
//! };
//! hold_all(CALIBRATION_LAWS, &joint).expect("all laws hold");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calibration;
mod search;

pub use calibration::{CALIBRATION_LAWS, Calibrate, CalibrationSubject};
pub use search::{SEARCH_LAWS, SearchSubject};
