//! Mapping of network layers onto the BrainScaleS-2 synapse arrays.
//!
//! A [`MappingStrategy`] turns a layer into a [`Plan`]: plain data that says which weights stand on
//! which rows and columns in which pass, and how results combine. A [`PlanRunner`] carries a plan out
//! on any [`MacArray`](bss2_core::MacArray). A [`LoweredConvolution`] makes a convolution such a
//! layer, a [`ConvolutionRunner`] carries it out. A [`ScalingRule`] brings weights into the range of
//! the array.
//!
//! A [`Tiling`] needs to know the array's sizes only. [`Placed`] and [`Tuned`] know the array by an
//! [`ArrayProfile`], which a [`ProfileProtocol`] measures.
//!
//! # Example
//!
//! A layer of 300 inputs × 10 outputs takes three blocks, one after the other on alternating
//! hemispheres:
//!
//! ```
//! use bss2_core::{ArrayGeometry, Trial};
//! use bss2_hardware::IdealArray;
//! use bss2_mapping::{LayerShape, MappingStrategy, PlanRunner, Tiling};
//! use ndarray::Array2;
//!
//! let shape = LayerShape::dense(300, 10)?;
//! let plan = Tiling::in_order().plan(&shape.into(), ArrayGeometry::BSS2)?;
//! assert_eq!(plan.passes().len(), 3);
//! println!("{plan}"); // as a table
//!
//! let mut array = IdealArray::new(ArrayGeometry::BSS2, 0.01)?;
//! let weights = Array2::from_elem((300, 10), 2);
//! let activations = Array2::from_elem((1, 300), 7_u8);
//! let mut outputs = Array2::zeros((1, 10));
//! let mut runner = PlanRunner::new(plan);
//! runner.run(&mut array, weights.view(), activations.view(), &mut Trial::new(1), outputs.view_mut())?;
//! assert_eq!(outputs[[0, 0]], 42); // 18 + 18 + 6
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod activations;
mod coding;
mod convolution;
mod cost;
mod error;
mod floor;
mod indices;
mod output_error;
mod placement;
mod plan;
mod profile;
mod runner;
mod scaling;
mod schedule;
mod shape;
mod sharing;
mod strategy;
#[cfg(feature = "testing")]
pub mod testing;
mod tiling;
mod tuning;

pub use activations::Activations;
pub use coding::{Coding, INPUT_OFFSET, InputCoding, WEIGHT_OFFSET, WeightCoding};
pub use convolution::{
    Convolution, ConvolutionOptions, ConvolutionRunner, LoweredConvolution, Lowering,
};
pub use cost::{PlanCost, Workload};
pub use error::MappingError;
pub use indices::Indices;
pub use output_error::OutputError;
pub use placement::Placed;
pub use plan::{Block, Pass, Plan, PlanFault, Run, are_apart};
pub use profile::{
    ArrayProfile, ColumnProfile, DriverProfile, HemisphereProfile, LINEARITY_LSB, ProfileProtocol,
    ProfiledArray,
};
pub use runner::PlanRunner;
pub use scaling::{ScalePer, Scaling, ScalingRule, quantile};
pub use shape::LayerShape;
pub use sharing::share_array;
pub use strategy::{Layer, LayerSample, MappingStrategy};
pub use tiling::{Cut, Hemispheres, Order, Packing, Tiling};
pub use tuning::{Candidate, Objective, Tuned};
