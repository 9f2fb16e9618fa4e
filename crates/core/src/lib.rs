//! Vocabulary of the BrainScaleS-2 (BSS-2) analog multiplier.
//!
//! This crate holds what every other layer of the workspace agrees on, and nothing else: the
//! [geometry](ArrayGeometry) of the synapse arrays, the checked values that travel between layers,
//! the narrow traits that join them, the [random streams](random) that make every result
//! reproducible, and the [cost ledger](CostLedger). It contains no physics and does no input or
//! output.
//!
//! | trait | who implements it | who uses it |
//! | --- | --- | --- |
//! | [`MacArray`] | ideal array, mock, simulated chip, wrappers | mapping, training |
//! | [`ChipControl`] | simulated chip, wrappers, test doubles | calibration |
//! | [`ChipProbe`] | simulated chip, wrappers, test doubles | calibration |
//!
//! [`Chip`] names the three together. The wrappers [`Metered`] (fills a ledger), [`Recorder`]
//! (keeps inputs and outputs, to be [replayed](Replay)), [`WeightCache`] (loads only what has changed)
//! and [`Chips`] (several arrays as one) compose with anything.
//!
//! # Example
//!
//! An array of one's own takes three methods; everything written against [`MacArray`] then runs on
//! it. This one computes exact products on a synram of 4 inputs × 3 columns:
//!
//! ```
//! use bss2_core::{
//!     ArrayError, ArrayGeometry, MacArray, Metered, Region, RunReport, RunRequest, RunSettings, Trial,
//! };
//! use ndarray::{array, s, Array2, ArrayView2, ArrayViewMut2};
//!
//! struct Exact {
//!     weights: Array2<i8>,
//! }
//!
//! impl MacArray for Exact {
//!     fn geometry(&self) -> ArrayGeometry {
//!         ArrayGeometry::new(1, 4, 3).unwrap()
//!     }
//!
//!     fn load_weights(&mut self, region: Region, weights: ArrayView2<'_, i8>) -> Result<(), ArrayError> {
//!         region.check_weights(self.geometry(), weights)?;
//!         self.weights.slice_mut(s![region.input_range(), region.column_range()]).assign(&weights);
//!         Ok(())
//!     }
//!
//!     fn run(
//!         &mut self,
//!         request: &RunRequest,
//!         activations: ArrayView2<'_, u8>,
//!         mut outputs: ArrayViewMut2<'_, i8>,
//!     ) -> Result<RunReport, ArrayError> {
//!         let region = request.region;
//!         region.check_run(self.geometry(), activations, outputs.dim())?;
//!         let weights = self.weights.slice(s![region.input_range(), region.column_range()]);
//!         // Not mapped: in debug builds, that fails for no rows that were split off others.
//!         let activations = Array2::from_shape_fn(activations.dim(), |at| i32::from(activations[at]));
//!         let sums = activations.dot(&weights.mapv(i32::from));
//!         outputs.zip_mut_with(&sums, |out, &sum| *out = sum.clamp(-128, 127) as i8);
//!         Ok(RunReport::default())
//!     }
//! }
//!
//! let mut array = Metered::new(Exact { weights: Array2::zeros((4, 3)) });
//! let region = Region::whole(array.geometry(), 0);
//! array.load_weights(region, array![[1, 2, 3], [0, 1, 0], [0, 0, 1], [-1, -1, -1]].view())?;
//!
//! let request = RunRequest { region, settings: RunSettings::default(), trial: Trial::default() };
//! let mut outputs = Array2::zeros((1, 3));
//! array.run(&request, array![[1_u8, 2, 0, 1]].view(), outputs.view_mut())?;
//! assert_eq!(outputs, array![[0, 3, 2]]);
//! assert_eq!(array.ledger().events, 3); // a zero sends no event
//! # Ok::<(), ArrayError>(())
//! ```

mod array;
mod buffer;
mod chips;
mod control;
mod cost;
mod error;
mod geometry;
mod metered;
mod mode;
mod pass;
mod probe;
pub mod product;
mod pulse;
pub mod random;
mod recorder;
mod region;
mod register;
mod settings;
#[cfg(feature = "testing")]
pub mod testing;
mod weight_cache;

pub use array::{MacArray, RunReport, RunRequest, Trial};
pub use buffer::Buffer;
pub use chips::Chips;
pub use control::{ChipControl, ChipIdentity};
pub use cost::{CostLedger, CostModel, CostParameters};
pub use error::{ArrayError, ControlError, CostError};
pub use geometry::{
    ACTIVATION_MAX, ArrayGeometry, BASELINE_CODE, NOMINAL_GAIN_LSB, Scope, WEIGHT_MAX,
};
pub use metered::Metered;
pub use mode::ArrayMode;
pub use pass::{ArrayLoad, ArrayPass, ArrayRun};
pub use probe::{CadcChannel, Chip, ChipProbe, ReadoutSource, TraceRequest};
pub use pulse::PulseRequest;
pub use recorder::{Recorder, Recording, Replay};
pub use region::{Region, find_outside};
pub use register::{Register, RegisterSpec};
pub use settings::{Baseline, RunSettings};
pub use weight_cache::WeightCache;
