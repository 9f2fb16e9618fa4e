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

use bss2_core::random::keyed_stream;
use bss2_core::testing::{ExactArray, Law, ensure, ensure_equal};
use bss2_core::{ArrayGeometry, Trial};
use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::{
    Activations, Coding, InputCoding, LayerShape, MappingStrategy, Plan, PlanRunner, WeightCoding,
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

    fn plan(&self, shape: LayerShape, geometry: ArrayGeometry) -> Result<Plan, String> {
        let plan = self.strategy.plan(&shape.into(), geometry);
        plan.map_err(|error| format!("{shape:?} on {geometry}: {error}"))
    }

    /// Some layers for each of its arrays.
    fn cases(&self) -> impl Iterator<Item = (LayerShape, ArrayGeometry, ChaCha8Rng)> + '_ {
        const LAYERS: u64 = 12;
        let of_array = |&geometry: &ArrayGeometry| {
            (0..LAYERS).filter_map(move |layer| {
                let mut rng = keyed_stream(layer, 4);
                let groups = rng.random_range(1..4);
                let mut size =
                    |fits: usize| groups * rng.random_range(1..=(2 * fits / groups).max(1));
                let (inputs, outputs) = (size(geometry.inputs()), size(geometry.columns()));
                let shape = LayerShape::grouped(inputs, outputs, groups).ok()?;
                Some((shape, geometry, rng))
            })
        };
        self.geometries.iter().flat_map(of_array)
    }
}

/// The laws of mapping strategies.
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
    for (shape, geometry, _) in subject.cases() {
        let plan = subject.plan(shape, geometry)?;
        ensure_equal("the plan's layer", &plan.shape(), &shape)?;
        ensure_equal("the plan's array", &plan.geometry(), &geometry)?;
    }
    Ok(())
}

fn plans_are_repeatable(subject: &StrategySubject) -> Found {
    for (shape, geometry, _) in subject.cases() {
        let [first, second] = [
            subject.plan(shape, geometry)?,
            subject.plan(shape, geometry)?,
        ];
        ensure(first == second, || {
            format!("{shape:?} on {geometry} has two plans")
        })?;
    }
    Ok(())
}

fn plans_are_exact_on_an_exact_array(subject: &StrategySubject) -> Found {
    for (shape, geometry, mut rng) in subject.cases() {
        let plan = subject.plan(shape, geometry)?;
        let numbers = Numbers::of(shape, plan.coding(), &mut rng);
        let expected = numbers.product(shape, plan.coding());
        let found = numbers.run(plan, geometry)?;
        ensure_equal(&format!("{shape:?} on {geometry}"), &found, &expected)?;
    }
    Ok(())
}

fn what_does_not_fit_is_refused(subject: &StrategySubject) -> Found {
    for &geometry in &subject.geometries {
        let most = LayerShape::SIDE_MAX;
        let shape = LayerShape::dense(most, most).map_err(|error| error.to_string())?;
        let plan = subject.strategy.plan(&shape.into(), geometry);
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
    unit: i32,
}

impl Numbers {
    const VECTORS: usize = 5;

    /// −1, 0 or 1 units of what the coding takes; where it adds offsets, these are small multiples.
    fn of(shape: LayerShape, coding: Coding, rng: &mut ChaCha8Rng) -> Self {
        let input_unit: i8 = match coding.inputs {
            InputCoding::Offset { .. } => 16,
            InputCoding::Unsigned | InputCoding::TwoPasses => 1,
        };
        let weight_unit: i8 = match coding.weights {
            WeightCoding::Offset => 32,
            WeightCoding::Signed | WeightCoding::ColumnPair => 1,
        };
        let mut draw = |size: (usize, usize), unit: i8, range: std::ops::RangeInclusive<i8>| {
            Array2::from_shape_simple_fn(size, || match rng.random_range(0..16) {
                0 => unit,
                1 if range.contains(&-unit) => -unit,
                _ => 0,
            })
        };
        let weights = draw(shape.weights(), weight_unit, coding.weights.weights());
        let size = (Self::VECTORS, shape.inputs());
        Self {
            weights,
            inputs: draw(size, input_unit, coding.inputs.inputs()),
            unit: i32::from(input_unit) * i32::from(weight_unit),
        }
    }

    /// The product by its definition, in units.
    fn product(&self, shape: LayerShape, coding: Coding) -> Array2<i32> {
        Array2::from_shape_fn((Self::VECTORS, shape.outputs()), |(v, o)| {
            let first = o / shape.group_outputs() * shape.group_inputs();
            let products = (0..shape.group_inputs())
                .map(|i| i32::from(self.inputs[[v, first + i]]) * i32::from(self.weights[[i, o]]));
            products.sum::<i32>() / self.unit * coding.row_repetition as i32
        })
    }

    fn run(&self, plan: Plan, geometry: ArrayGeometry) -> Result<Array2<i32>, String> {
        let mut array = ExactArray::new(geometry, self.unit);
        let mut outputs = Array2::zeros((Self::VECTORS, plan.shape().outputs()));
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
