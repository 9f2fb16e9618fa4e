//! Laws that mapping strategies obey, for tests (feature `testing`, here and of `bss2-core`).
//!
//! ```
//! use bss2_core::testing::hold_all;
//! use bss2_mapping::Tiling;
//! use bss2_mapping::testing::{STRATEGY_LAWS, StrategySubject};
//!
//! let strategy = StrategySubject::new(Tiling::packed());
//! hold_all(STRATEGY_LAWS, &strategy).expect("all laws hold");
//! ```

use std::fmt;
use std::num::NonZero;

use bss2_core::random::keyed_stream;
use bss2_core::testing::{ExactArray, Law, ensure, ensure_done, ensure_equal};
use bss2_core::{ArrayGeometry, Trial};
use ndarray::{Array2, ArrayView2, arr0};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::{
    Activations, Coding, InputCoding, Layer, LayerSample, LayerShape, MappingError,
    MappingStrategy, Plan, PlanRunner, WeightCoding,
};

/// An implementation of [`MappingStrategy`] that is to be held to the laws.
pub struct StrategySubject {
    strategy: Box<dyn MappingStrategy>,
    geometries: Vec<ArrayGeometry>,
}

impl StrategySubject {
    /// A strategy that plans for arrays of any size.
    pub fn new(strategy: impl MappingStrategy + 'static) -> Self {
        let sizes = [(2, 8, 12), (1, 5, 9), (4, 16, 7), (2, 128, 256)];
        let geometry =
            |(hemispheres, inputs, columns)| ArrayGeometry::new(hemispheres, inputs, columns).ok();
        Self::for_arrays(strategy, sizes.into_iter().filter_map(geometry).collect())
    }

    /// One that plans for arrays of these sizes, such as those of a profile.
    pub fn for_arrays(
        strategy: impl MappingStrategy + 'static,
        geometries: Vec<ArrayGeometry>,
    ) -> Self {
        Self {
            strategy: Box::new(strategy),
            geometries,
        }
    }

    /// Some layers for each of its arrays, first with nothing known but their sizes, then with a sample of
    /// each; with their plans. Left out are those without a sample if the strategy needs one.
    fn plans(&self) -> impl Iterator<Item = Result<(Case, Plan), String>> + '_ {
        let of_array = move |&geometry: &ArrayGeometry| {
            let cases = (0..LAYERS).flat_map(move |layer| {
                [false, true].map(|is_known| Case::new(layer, geometry, is_known))
            });
            cases.map(move |case| {
                let case = case.map_err(|error| error.to_string())?;
                Ok(self.plan(&case)?.map(|plan| (case, plan)))
            })
        };
        let plans = self.geometries.iter().flat_map(of_array);
        plans.filter_map(Result::transpose)
    }

    /// The plan of a layer; none of one without a sample if the strategy needs one.
    fn plan(&self, case: &Case) -> Result<Option<Plan>, String> {
        let layer = case.layer().map_err(|error| error.to_string())?;
        match self.strategy.plan(&layer, case.geometry) {
            Ok(plan) => Ok(Some(plan)),
            Err(MappingError::NoSample) if case.sample.is_none() => Ok(None),
            Err(error) => Err(format!("{case}: {error}")),
        }
    }
}

/// Layers that are planned for each array.
const LAYERS: u64 = 12;

/// Vectors of a batch.
const VECTORS: usize = 5;

/// A layer that is to be planned.
struct Case {
    shape: LayerShape,
    geometry: ArrayGeometry,
    sample: Option<Sample>,
    rng: ChaCha8Rng,
}

/// Weights and inputs that every coding can hold.
struct Sample {
    weights: Array2<i8>,
    activations: Array2<u8>,
}

impl Case {
    fn new(number: u64, geometry: ArrayGeometry, is_known: bool) -> Result<Self, MappingError> {
        let mut rng = keyed_stream(number, 4);
        let groups = rng.random_range(1..4);
        let mut size = |fits: usize| groups * rng.random_range(1..=(2 * fits / groups).max(1));
        let (inputs, outputs) = (size(geometry.inputs()), size(geometry.columns()));
        let shape = LayerShape::grouped(inputs, outputs, groups)?;
        Ok(Self {
            shape,
            geometry,
            sample: is_known.then(|| Sample::of(shape, number)),
            rng,
        })
    }

    fn layer(&self) -> Result<Layer<'_>, MappingError> {
        match &self.sample {
            None => Ok(self.shape.into()),
            Some(sample) => Layer::with_sample(self.shape, sample.view()),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = if self.sample.is_some() {
            "a sample"
        } else {
            "no sample"
        };
        write!(f, "{:?} with {known} on {}", self.shape, self.geometry)
    }
}

impl Sample {
    fn of(shape: LayerShape, number: u64) -> Self {
        let mut rng = keyed_stream(number, 5);
        let weights = || rng.random_range(-32..32);
        let weights = Array2::from_shape_simple_fn(shape.weights(), weights);
        let inputs = || rng.random_range(-8_i8..16).max(0) as u8;
        Self {
            weights,
            activations: Array2::from_shape_simple_fn((VECTORS, shape.inputs()), inputs),
        }
    }

    fn view(&self) -> LayerSample<'_> {
        LayerSample {
            weights: self.weights.view(),
            activations: self.activations.view().into(),
        }
    }
}

/// The laws of mapping strategies. They hold for layers with a [sample](Layer::with_sample), and for those
/// without unless the strategy says that it needs one ([`MappingError::NoSample`]).
pub const STRATEGY_LAWS: &[Law<StrategySubject>] = &[
    Law::new(
        "a plan is for what was asked",
        "it has the layer's shape and the array's size",
        a_plan_is_for_what_was_asked,
    ),
    Law::new(
        "plans are repeatable",
        "the same layer and array give the same plan",
        plans_are_repeatable,
    ),
    Law::new(
        "plans are exact on an exact array",
        "where nothing saturates, a plan computes the product of the layer",
        plans_are_exact_on_an_exact_array,
    ),
    Law::new(
        "what does not fit is refused",
        "a layer of more blocks than a plan may have gives an error",
        what_does_not_fit_is_refused,
    ),
];

type Found = Result<(), String>;

fn a_plan_is_for_what_was_asked(subject: &StrategySubject) -> Found {
    for planned in subject.plans() {
        let (case, plan) = planned?;
        ensure_equal("the plan's layer", &plan.shape(), &case.shape)?;
        ensure_equal("the plan's array", &plan.geometry(), &case.geometry)?;
    }
    Ok(())
}

fn plans_are_repeatable(subject: &StrategySubject) -> Found {
    for planned in subject.plans() {
        let (case, plan) = planned?;
        let again = subject.plan(&case)?;
        ensure(again == Some(plan), || format!("{case} has two plans"))?;
    }
    Ok(())
}

fn plans_are_exact_on_an_exact_array(subject: &StrategySubject) -> Found {
    for planned in subject.plans() {
        let (mut case, plan) = planned?;
        let numbers = Numbers::of(case.shape, plan.coding(), &mut case.rng);
        let expected = numbers.product(case.shape, plan.coding());
        let found = numbers.run(plan, case.geometry)?;
        ensure_equal(&case.to_string(), &found, &expected)?;
    }
    Ok(())
}

fn what_does_not_fit_is_refused(subject: &StrategySubject) -> Found {
    let most = LayerShape::SIDE_MAX;
    let shape = ensure_done("a large layer", LayerShape::dense(most, most))?;
    // A sample of the same number in all places takes no memory.
    let (weight, activation) = (arr0(1_i8), arr0(1_u8));
    let views = weight
        .broadcast(shape.weights())
        .zip(activation.broadcast((VECTORS, most)));
    for &geometry in &subject.geometries {
        let mut plan = subject.strategy.plan(&shape.into(), geometry);
        if let (Err(MappingError::NoSample), Some((weights, activations))) = (&plan, views) {
            let sample = LayerSample {
                weights,
                activations: activations.into(),
            };
            let layer = ensure_done("its sample", Layer::with_sample(shape, sample))?;
            plan = subject.strategy.plan(&layer, geometry);
        }
        ensure(plan.is_err(), || {
            format!("{shape:?} on {geometry} has a plan")
        })?;
    }
    Ok(())
}

/// A layer's numbers, so few of them not zero that nothing saturates.
struct Numbers {
    weights: Array2<i8>,
    inputs: Array2<i8>,
    /// What a product of one unit of both is.
    unit: NonZero<u16>,
}

impl Numbers {
    /// −1, 0 or 1 units of what the coding takes; where it adds offsets, these are small multiples.
    fn of(shape: LayerShape, coding: Coding, rng: &mut ChaCha8Rng) -> Self {
        let input_unit: u8 = match coding.inputs {
            InputCoding::Offset { .. } => 16,
            InputCoding::Unsigned | InputCoding::TwoPasses => 1,
        };
        let weight_unit: u8 = match coding.weights {
            WeightCoding::Offset => 32,
            WeightCoding::Signed | WeightCoding::ColumnPair => 1,
        };
        let mut draw = |size: (usize, usize), unit: u8, range: std::ops::RangeInclusive<i8>| {
            let unit = unit.cast_signed();
            Array2::from_shape_simple_fn(size, || match rng.random_range(0..16) {
                0 => unit,
                1 if range.contains(&-unit) => -unit,
                _ => 0,
            })
        };
        let weights = draw(shape.weights(), weight_unit, coding.weights.weights());
        let size = (VECTORS, shape.inputs());
        Self {
            weights,
            inputs: draw(size, input_unit, coding.inputs.inputs()),
            unit: NonZero::new(u16::from(input_unit) * u16::from(weight_unit))
                .unwrap_or(NonZero::<u16>::MIN),
        }
    }

    /// The product by its definition, in units.
    fn product(&self, shape: LayerShape, coding: Coding) -> Array2<i32> {
        Array2::from_shape_fn((VECTORS, shape.outputs()), |(v, o)| {
            let first = o / shape.group_outputs() * shape.group_inputs();
            let products = (0..shape.group_inputs())
                .map(|i| i32::from(self.inputs[[v, first + i]]) * i32::from(self.weights[[i, o]]));
            products.sum::<i32>() / i32::from(self.unit.get()) * coding.row_repetition as i32
        })
    }

    fn run(&self, plan: Plan, geometry: ArrayGeometry) -> Result<Array2<i32>, String> {
        let mut array = ExactArray::new(geometry, self.unit);
        let mut outputs = Array2::zeros((VECTORS, plan.shape().outputs()));
        let unsigned = self.inputs.mapv(|x| x.max(0) as u8);
        let activations: Activations<'_> = match plan.coding().inputs {
            InputCoding::Unsigned => unsigned.view().into(),
            InputCoding::TwoPasses | InputCoding::Offset { .. } => self.inputs.view().into(),
        };
        let weights: ArrayView2<'_, i8> = self.weights.view();
        let mut trial = Trial::new(1);
        PlanRunner::new(plan)
            .run(
                &mut array,
                weights,
                activations,
                &mut trial,
                outputs.view_mut(),
            )
            .map_err(|error| error.to_string())?;
        Ok(outputs.mapv(i32::from))
    }
}
