//! Strategies that remember what they were shown and what they planned.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bss2_core::ArrayGeometry;
use bss2_mapping::{Activations, Layer, MappingError, MappingStrategy, Plan, Tiling};
use bss2_training::{NetworkDescription, TrainingError};
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
        recorded(self.strategy, &self.planned, layer, geometry)
    }
}

/// The described tilings of a network, one strategy for each linear layer, which together remember what
/// they planned.
#[derive(Debug)]
pub(crate) struct NetworkRecording {
    strategies: Vec<Box<dyn MappingStrategy>>,
    planned: Arc<Mutex<Vec<Planned>>>,
}

/// That of one layer.
#[derive(Debug)]
struct LayerRecording {
    tiling: Tiling,
    planned: Arc<Mutex<Vec<Planned>>>,
}

impl NetworkRecording {
    pub(crate) fn of(network: &NetworkDescription) -> Result<Self, TrainingError> {
        let planned = Arc::default();
        let layers = network.on_array().zip(network.settings()?);
        let strategies = layers.map(|(layer, settings)| {
            let recording = LayerRecording {
                tiling: layer.tiling.with_settings(settings),
                planned: Arc::clone(&planned),
            };
            Box::new(recording) as Box<dyn MappingStrategy>
        });
        Ok(Self {
            strategies: strategies.collect(),
            planned,
        })
    }

    pub(crate) fn strategies(&self) -> &[Box<dyn MappingStrategy>] {
        &self.strategies
    }

    /// What was planned, layer by layer.
    pub(crate) fn into_planned(self) -> Vec<Planned> {
        std::mem::take(&mut *locked(&self.planned))
    }
}

impl MappingStrategy for LayerRecording {
    fn plan(&self, layer: &Layer<'_>, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        recorded(&self.tiling, &self.planned, layer, geometry)
    }
}

fn recorded(
    strategy: &dyn MappingStrategy,
    planned: &Mutex<Vec<Planned>>,
    layer: &Layer<'_>,
    geometry: ArrayGeometry,
) -> Result<Plan, MappingError> {
    let plan = strategy.plan(layer, geometry)?;
    let sample = layer.sample().ok_or(MappingError::NoSample)?;
    let activations = match sample.activations {
        Activations::Unsigned(values) => values.to_owned(),
        Activations::Signed(values) => values.mapv(i8::unsigned_abs),
    };
    locked(planned).push(Planned {
        plan: plan.clone(),
        activations,
    });
    Ok(plan)
}

fn locked(planned: &Mutex<Vec<Planned>>) -> MutexGuard<'_, Vec<Planned>> {
    planned.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use bss2_core::testing::hold_all;
    use bss2_mapping::testing::{STRATEGY_LAWS, StrategySubject};

    use super::*;

    #[test]
    fn what_remembers_obeys_the_laws_of_strategies() {
        const TILING: &Tiling = &Tiling::IN_ORDER;
        let recording = StrategySubject::new(Recording::new(TILING));
        assert_eq!(hold_all(STRATEGY_LAWS, &recording), Ok(()));
        let of_layer = StrategySubject::new(LayerRecording {
            tiling: Tiling::packed(),
            planned: Arc::default(),
        });
        assert_eq!(hold_all(STRATEGY_LAWS, &of_layer), Ok(()));
    }
}
