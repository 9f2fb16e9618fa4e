//! Random weights, activations and regions, always the same ones.

use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::random::keyed_stream;
use crate::{
    ACTIVATION_MAX, ArrayGeometry, ArrayMode, MacArray, ReadoutSource, Region, RunRequest,
    RunSettings, TraceRequest, Trial,
};

/// Random weights that a mode takes.
pub(super) fn weights(mode: ArrayMode, shape: (usize, usize), seed: u64) -> Array2<i8> {
    let mut rng = keyed_stream(seed, 1);
    Array2::from_shape_simple_fn(shape, || rng.random_range(mode.weights()))
}

/// Random activations of which about a third are zeros.
pub(super) fn activations(shape: (usize, usize), seed: u64) -> Array2<u8> {
    let mut rng = keyed_stream(seed, 2);
    let most = i16::from(ACTIVATION_MAX);
    Array2::from_shape_simple_fn(shape, || rng.random_range(-most / 2..=most).max(0) as u8)
}

/// So many vectors that they do not all go through an array at once.
pub(super) fn batch(geometry: ArrayGeometry) -> Array2<u8> {
    activations((150, geometry.inputs()), 7)
}

/// A random part of an array.
pub(super) fn region(geometry: ArrayGeometry, rng: &mut ChaCha8Rng) -> Region {
    let mut span = |limit: usize| {
        let first = rng.random_range(0..limit);
        (first, rng.random_range(1..=limit - first))
    };
    let (first_input, inputs) = span(geometry.inputs());
    let (first_column, columns) = span(geometry.columns());
    Region {
        hemisphere: rng.random_range(0..geometry.hemispheres()),
        first_input,
        inputs,
        first_column,
        columns,
    }
}

/// A rectangle in the middle of a hemisphere, at least one input and one column.
pub(super) fn middle(geometry: ArrayGeometry) -> Region {
    Region {
        hemisphere: 0,
        first_input: geometry.inputs() / 3,
        inputs: (geometry.inputs() / 2).max(1),
        first_column: geometry.columns() / 4,
        columns: (geometry.columns() / 3).max(1),
    }
}

/// One send at the default wait on a whole hemisphere.
pub(super) fn whole(geometry: ArrayGeometry, hemisphere: usize) -> RunRequest {
    RunRequest {
        region: Region::whole(geometry, hemisphere),
        settings: RunSettings::default(),
        trial: Trial::new(1),
    }
}

/// A trace of one column's membrane.
pub(super) fn trace(run: RunRequest, column: usize) -> TraceRequest {
    TraceRequest {
        run,
        column,
        source: ReadoutSource::Membrane,
        sample_interval_cycles: 10,
    }
}

/// Runs a good request.
pub(super) fn run(
    array: &mut dyn MacArray,
    request: &RunRequest,
    activations: ArrayView2<'_, u8>,
) -> Result<Array2<i8>, String> {
    let mut outputs = Array2::zeros((activations.nrows(), request.region.columns));
    array
        .run(request, activations, outputs.view_mut())
        .map_err(|error| format!("a good request is refused: {error}"))?;
    Ok(outputs)
}

/// Loads good weights.
pub(super) fn load(
    array: &mut dyn MacArray,
    region: Region,
    weights: ArrayView2<'_, i8>,
) -> Result<(), String> {
    array
        .load_weights(region, weights)
        .map_err(|error| format!("good weights are refused: {error}"))
}

/// Loads random weights into every hemisphere.
pub(super) fn load_random(
    array: &mut dyn MacArray,
    mode: ArrayMode,
    seed: u64,
) -> Result<(), String> {
    let geometry = array.geometry();
    let weights = weights(mode, (geometry.inputs(), geometry.columns()), seed);
    for hemisphere in 0..geometry.hemispheres() {
        load(array, Region::whole(geometry, hemisphere), weights.view())?;
    }
    Ok(())
}
