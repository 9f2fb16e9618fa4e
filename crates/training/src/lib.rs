//! Training of networks on the BrainScaleS-2 analog multiplier.
//!
//! A [`Network`] is a stack of [`Layer`]s. Digital layers compute in `f32`; an [`AnalogDense`] or
//! [`AnalogConv`] layer runs on any [`MacArray`](bss2_core::MacArray), be it ideal, a mock or a chip, through a
//! mapping plan. The backward pass never sees the array's inside: a [`GradientModel`] stands for
//! what it is taken to do. Training with the chip in the loop is then nothing but [`train`] with a
//! chip as the array.
//!
//! The usual way of a network: train it as [`float_mlp`] or [`float_cnn`], [`deploy`] it (scale to the array's
//! ranges, quantise), and retrain it in the loop.
//!
//! Where chip time is scarce, a [`TwinProtocol`] measures the array once, [`Twin::fit`] makes a digital
//! twin of the [`Recording`], and networks are trained on a [`TwinArray`], with the twin's own
//! derivative ([`TwinGradient`]) if wanted, before they see the chip.
//!
//! # Example
//!
//! ```
//! use bss2_core::{ArrayGeometry, RunSettings};
//! use bss2_data::{Dataset, YinYang};
//! use bss2_hardware::{IdealArray, NOMINAL_GAIN_LSB};
//! use bss2_mapping::Tiling;
//! use bss2_training::{
//!     Adam, CrossEntropy, Deployment, Examples, RateSchedule, Schedule, Session, deploy, evaluate,
//!     float_mlp, train,
//! };
//!
//! let data = YinYang::new(1000, 300, 1)?.split()?;
//! let training = Examples::new(data.train.inputs().view(), data.train.labels())?;
//! let test = Examples::new(data.test.inputs().view(), data.test.labels())?;
//!
//! let mut float = float_mlp(&[4, 32, 3], 1)?;
//! let schedule = Schedule { epochs: 25, batch: 20, seed: 1, rate: RateSchedule::Constant };
//! let loss = CrossEntropy { logits_per_unit: 1.0 };
//! let mut optimizer = Adam::new(0.01)?;
//! train(&mut float, &mut Session::digital(), training, schedule, &loss, &mut optimizer, &mut |_| {})?;
//!
//! // Sending each vector 8 times makes four inputs strong enough for 8-bit outputs.
//! let tiling = Tiling::in_order().with_settings(RunSettings::new(8, 5)?);
//! let deployment = Deployment::by(&tiling);
//! let (mut analog, _report) = deploy(&float.steps()?, training.inputs(), deployment)?;
//! let mut array = IdealArray::new(ArrayGeometry::BSS2, NOMINAL_GAIN_LSB)?;
//! let mut session = Session::on(&mut array, 1);
//! let accuracy = evaluate(&mut analog, &mut session, test)?;
//! assert!(accuracy > 0.6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod augmentation;
mod buffer;
mod deploy;
mod description;
mod error;
mod evaluation;
mod examples;
mod float;
mod gradient;
pub mod init;
mod layer;
mod linear;
mod loss;
mod network;
mod optimizer;
mod parameter;
mod pool;
mod product;
mod recipe;
mod session;
mod shuffle;
mod state;
mod step;
#[cfg(feature = "testing")]
pub mod testing;
mod threads;
mod trainer;
mod twin;
mod weights;

pub use augmentation::Augmentation;
pub use buffer::{BufferView, BufferViewMut, UpdateBuffer};
pub use deploy::{
    DeployedLayer, Deployment, InputScale, LayerDeployment, OnLayers, WeightUnits, deploy,
};
pub use description::{
    ArrayChoice, ArrayGain, BatchNormDescription, Conv1dDescription, Conv2dDescription,
    DenseDescription, DeployedNetwork, DescribedNetwork, DropoutDescription,
    InjectNoiseDescription, InputDescription, LayerDescription, NetworkDescription, OnArray,
    Pool1dDescription, Pool2dDescription, ReluDescription,
};
pub use error::{LayerPlace, TrainingError};
pub use evaluation::Evaluation;
pub use examples::Examples;
pub use float::{float_cnn, float_mlp, published_mnist_cnn};
pub use gradient::{
    GradientModel, LinearGain, LinearGradients, LinearPass, MakeGradientModel, SaturationMask,
    SmoothSaturation, exact_products,
};
pub use layer::{
    AnalogConv, AnalogDense, BatchNorm, Bias, Conv, ConvertingRelu, Dense, Dropout, Flatten,
    InjectNoise, Layer, NoiseKind, NoisyModes, Pooling, QuantiseInput, Relu, Rescale,
    check_backward, check_forward,
};
pub use linear::LinearLayer;
pub use loss::{CrossEntropy, Loss, MeanSquare};
pub use network::Network;
pub use optimizer::{
    Adam, Optimizer, OptimizerState, ParameterState, RateSchedule, Sgd, TrainingProgress,
};
pub use parameter::{ParameterView, ParameterViewMut, UpdateParameter};
pub use pool::{Pool, PoolKind, PoolOptions};
pub use recipe::{
    Budget, Checkpoint, ChipFigures, Gradients, Ground, Lab, LossChoice, Method, Noise, OneChip,
    OptimizerChoice, Recipe, RecipeRun, Stage, StageProgress, StageReport, Trained,
};
pub use session::{Mode, Session};
pub use shuffle::epoch_order;
pub use state::NetworkState;
pub use step::{Affine, Step};
pub use trainer::{
    AfterEpoch, Epoch, Schedule, StepBuffers, Trainer, TrainingState, evaluate, evaluation, train,
};
pub use twin::{
    ColumnTwin, DriverModel, DriverTwin, FitOptions, HemisphereFit, HemisphereTwin, Knots,
    MockParameters, MockProtocol, NoiseInjection, Recording, Twin, TwinArray, TwinFit,
    TwinGradient, TwinProtocol, measure_mock,
};
pub use weights::{TensorNames, WeightFile};
