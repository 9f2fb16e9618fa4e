//! How to bring a network onto the array.

use bss2_core::{ACTIVATION_MAX, ArrayGeometry, NOMINAL_GAIN_LSB};
use bss2_mapping::{Lowering, MappingStrategy, ScalingRule, Tiling};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::error::check_option;
use crate::{ConvertingRelu, TrainingError};

/// How to bring a digital network onto the array.
#[derive(Clone, Copy, Debug)]
pub struct Deployment<'a> {
    /// Sizes of the array.
    pub geometry: ArrayGeometry,
    /// How inputs become activations.
    pub input: InputScale,
    /// How the linear layers are brought onto the array.
    pub layers: OnLayers<'a>,
    /// What weights and biases are given in.
    pub units: WeightUnits,
}

/// How linear layers are brought onto the array.
#[derive(Clone, Copy, Debug)]
pub enum OnLayers<'a> {
    /// All in the same way.
    All(LayerDeployment<'a>),
    /// Each in its own way, in order.
    Each(&'a [LayerDeployment<'a>]),
}

/// How a linear layer is brought onto the array.
#[derive(Clone, Copy, Debug)]
pub struct LayerDeployment<'a> {
    /// How it is mapped.
    pub strategy: &'a dyn MappingStrategy,
    /// Gain that the array is taken to have with one send, in LSB per activation and weight unit.
    pub gain_lsb: f32,
    /// How weights are brought into their range, and outputs into that of `i8` and, after the
    /// shift, of activations.
    pub scaling: ScalingRule,
    /// How a convolution becomes a linear layer.
    pub lowering: Lowering,
    /// Bits by which its outputs are shifted right to become the next layer's activations, 0…7;
    /// `None` for as many as the range of activations asks for.
    pub shift: Option<u8>,
}

/// How inputs become activations; what lies beyond their range is clipped.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum InputScale {
    /// 0…1 becomes 0…31.
    #[default]
    UnitRange,
    /// The input at this quantile of the samples, 0.5…1, becomes 31.
    Quantile(f64),
    /// Activations per unit of input, 10⁻⁶…10⁶.
    Fixed(f32),
}

/// What the weights and biases of a network are given in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightUnits {
    /// Those of a digital network: they are scaled to the array's range.
    #[default]
    Digital,
    /// Those of the array, as a deployed network has them: weights of ±63, biases in LSB. They stay as
    /// they are.
    Array,
}

impl Default for Deployment<'_> {
    /// One chip, inputs of 0…1, all layers in the [usual way](LayerDeployment::default).
    fn default() -> Self {
        Self {
            geometry: ArrayGeometry::BSS2,
            input: InputScale::UnitRange,
            layers: OnLayers::All(LayerDeployment::default()),
            units: WeightUnits::Digital,
        }
    }
}

impl Default for LayerDeployment<'_> {
    /// Blocks [in order](Tiling), one send, the [nominal gain](NOMINAL_GAIN_LSB), a scale per layer
    /// with 99.9 % of weights and outputs in range, an output position per vector.
    fn default() -> Self {
        Self {
            strategy: const { &Tiling::IN_ORDER },
            gain_lsb: NOMINAL_GAIN_LSB,
            scaling: ScalingRule::default(),
            lowering: Lowering::Im2col,
            shift: None,
        }
    }
}

impl<'a> Deployment<'a> {
    /// All layers in the usual way, but for the strategy by which they are mapped.
    pub fn by(strategy: &'a dyn MappingStrategy) -> Self {
        Self::of_all(LayerDeployment {
            strategy,
            ..LayerDeployment::default()
        })
    }

    /// All layers in this way.
    pub fn of_all(layers: LayerDeployment<'a>) -> Self {
        Self {
            layers: OnLayers::All(layers),
            ..Self::default()
        }
    }

    pub(super) fn check(&self, layers: usize) -> Result<(), TrainingError> {
        self.input.check()?;
        match self.layers {
            OnLayers::All(layer) => layer.check(),
            OnLayers::Each(each) if each.len() != layers => Err(TrainingError::LayerCount {
                expected: layers,
                found: each.len(),
            }),
            OnLayers::Each(each) => each.iter().try_for_each(LayerDeployment::check),
        }
    }
}

impl<'a> OnLayers<'a> {
    /// That of a layer among as many as were checked.
    pub(super) fn of(self, index: usize) -> LayerDeployment<'a> {
        match self {
            Self::All(layer) => layer,
            Self::Each(each) => each[index],
        }
    }
}

impl LayerDeployment<'_> {
    fn check(&self) -> Result<(), TrainingError> {
        check_option("gain_lsb", f64::from(self.gain_lsb), 1e-9, 1e3)?;
        self.scaling.check()?;
        ConvertingRelu::new(self.shift.unwrap_or(0))?;
        Ok(())
    }
}

impl InputScale {
    fn check(self) -> Result<(), TrainingError> {
        match self {
            Self::UnitRange => Ok(()),
            Self::Quantile(quantile) => check_option("input quantile", quantile, 0.5, 1.0),
            Self::Fixed(scale) => check_option("input scale", f64::from(scale), 1e-6, 1e6),
        }
    }

    /// Activations per unit of input, for such samples.
    pub(super) fn activations_per_unit(
        self,
        samples: ArrayView2<'_, f32>,
    ) -> Result<f32, TrainingError> {
        let most = f32::from(ACTIVATION_MAX);
        let scale = match self {
            Self::UnitRange => most,
            Self::Fixed(scale) => scale,
            Self::Quantile(quantile) => {
                most / bss2_mapping::quantile(samples.iter().copied(), quantile)
            }
        };
        check_option("activations per unit of input", f64::from(scale), 1e-6, 1e6)?;
        Ok(scale)
    }
}

impl WeightUnits {
    /// LSB per unit of biases, where weights in digital units have so many.
    pub(super) const fn lsb_per_unit(self, of_digital: f32) -> f32 {
        match self {
            Self::Digital => of_digital,
            Self::Array => 1.0,
        }
    }
}
