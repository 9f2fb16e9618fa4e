//! A strategy that remembers what it was shown and what it planned.

use std::sync::{Mutex, PoisonError};

use bss2_core::ArrayGeometry;
use bss2_mapping::{Activations, Layer, MappingError, MappingStrategy, Plan};
use ndarray::Array2;

/// A layer that was planned.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    /// Typical inputs, vectors × inputs.
    pub(crate) activations: Array2<u8>,
}

/// Wraps a strategy.
#[derive(Debug)]
pub(crate) struct Recording<'a> {
    strategy: &'a dyn MappingStrategy,
    planned: Mutex<Vec<Planned>>,
}

impl<'a> Recording<'a> {
    pub(crate) const fn new(strategy: &'a dyn MappingStrategy) -> Self {
        Self {
            strategy,
            planned: Mutex::new(Vec::new()),
        }
    }

    /// What was planned, layer by layer.
    pub(crate) fn into_planned(self) -> Vec<Planned> {
        self.planned
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl MappingStrategy for Recording<'_> {
    fn plan(&self, layer: &Layer<'_>, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        let plan = self.strategy.plan(layer, geometry)?;
        let sample = layer.sample().ok_or(MappingError::NoSample)?;
        let activations = match sample.activations {
            Activations::Unsigned(values) => values.to_owned(),
            Activations::Signed(values) => values.mapv(i8::unsigned_abs),
        };
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        planned.push(Planned {
            plan: plan.clone(),
            activations,
        });
        Ok(plan)
    }
}
