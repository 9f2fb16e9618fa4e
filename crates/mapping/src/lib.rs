//! Mapping of network layers onto the BrainScaleS-2 synapse arrays.
//!
//! A [`MappingStrategy`] cuts a dense layer of any size into blocks that fit a synram; the
//! [`Plan`] that comes out is plain data: which block of weights sits where, and which outputs it
//! adds to. A [`PlanRunner`] carries a plan out on any [`MacArray`](bss2_core::MacArray): partial
//! sums of an output are added digitally, saturating to `i8` as the chip's processors do. Layers may
//! have up to [`LayerShape::SIDE_MAX`] inputs and outputs and take up to [`Plan::TILES_MAX`] blocks.
//!
//! # Example
//!
//! A layer of 300 inputs × 10 outputs takes three blocks, one after the other on alternating
//! hemispheres:
//!
//! ```
//! use bss2_core::{ArrayGeometry, RunSettings, Trial};
//! use bss2_hardware::IdealArray;
//! use bss2_mapping::{InOrder, LayerShape, MappingStrategy, PlanRunner};
//! use ndarray::Array2;
//!
//! let shape = LayerShape { inputs: 300, outputs: 10 };
//! let plan = InOrder.plan(shape, ArrayGeometry::BSS2)?;
//! assert_eq!(plan.tiles().len(), 3);
//!
//! let mut array = IdealArray::new(ArrayGeometry::BSS2, 0.01)?;
//! let weights = Array2::from_elem((300, 10), 2);
//! let activations = Array2::from_elem((1, 300), 7);
//! let mut outputs = Array2::zeros((1, 10));
//! PlanRunner::new(plan).run(
//!     &mut array,
//!     weights.view(),
//!     activations.view(),
//!     RunSettings::default(),
//!     &mut Trial::new(1),
//!     outputs.view_mut(),
//! )?;
//! assert_eq!(outputs[[0, 0]], 42); // 18 + 18 + 6
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod plan;
mod runner;
mod strategy;

pub use error::MappingError;
pub use plan::{LayerShape, Plan, Tile};
pub use runner::PlanRunner;
pub use strategy::{Balanced, InOrder, MappingStrategy};
