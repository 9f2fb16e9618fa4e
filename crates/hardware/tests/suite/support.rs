//! Stimuli, runs and statistics shared by the tests.

use bss2_core::random::keyed_stream;
use bss2_core::{
    ArrayGeometry, CadcChannel, ChipControl, ChipProbe, MacArray, Region, Register, RunRequest,
    RunSettings, Trial,
};
use bss2_hardware::{ChipConfig, Imperfection, SimulatedChip};
use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};
use rand::RngExt;

pub(crate) const BSS2: ArrayGeometry = ArrayGeometry::BSS2;

pub(crate) fn geometry(hemispheres: usize, inputs: usize, columns: usize) -> ArrayGeometry {
    ArrayGeometry::new(hemispheres, inputs, columns).expect("sizes are positive")
}

pub(crate) fn chip(config: ChipConfig, seed: u64) -> SimulatedChip {
    SimulatedChip::new(&config.check().expect("parameters in range"), seed)
}

pub(crate) fn settings(num_sends: u32, wait_between_events: u32) -> RunSettings {
    RunSettings::new(num_sends, wait_between_events).expect("settings in range")
}

/// Two hemispheres, small enough to be drawn quickly.
pub(crate) fn small_geometry() -> ArrayGeometry {
    geometry(2, 32, 64)
}

/// A chip without mismatch or noise; compression stays.
pub(crate) fn clean() -> ChipConfig {
    ChipConfig::typical().without_noise().without_mismatch()
}

/// A chip whose signal path, moreover, is linear.
pub(crate) fn linear() -> ChipConfig {
    [
        Imperfection::SoftStart,
        Imperfection::OtaAsymmetry,
        Imperfection::OtaSaturation,
        Imperfection::ResidualLeak,
        Imperfection::SoftEnds,
    ]
    .into_iter()
    .fold(clean(), ChipConfig::without)
}

/// The same on an array of another size.
pub(crate) fn sized(config: ChipConfig, geometry: ArrayGeometry) -> ChipConfig {
    ChipConfig { geometry, ..config }
}

/// One send at the default wait on a whole hemisphere.
pub(crate) fn whole(geometry: ArrayGeometry, hemisphere: usize) -> RunRequest {
    RunRequest {
        region: Region::whole(geometry, hemisphere),
        settings: RunSettings::default(),
        trial: Trial::new(1),
    }
}

/// A run of a whole hemisphere with another timing.
pub(crate) fn timed(geometry: ArrayGeometry, sends: u32, wait: u32) -> RunRequest {
    RunRequest {
        settings: settings(sends, wait),
        ..whole(geometry, 0)
    }
}

/// Runs a good request.
pub(crate) fn run(
    array: &mut (impl MacArray + ?Sized),
    request: &RunRequest,
    activations: ArrayView2<'_, u8>,
) -> Array2<i8> {
    let mut outputs = Array2::zeros((activations.nrows(), request.region.columns));
    array
        .run(request, activations, outputs.view_mut())
        .expect("a good request");
    outputs
}

/// Writes one value into all instances of a register.
pub(crate) fn write_all(chip: &mut impl ChipControl, register: Register, value: i32) {
    let count = register.instances(chip.control_geometry());
    chip.write_register(register, &vec![value; count])
        .expect("a value in range");
}

/// Codes of a good request.
pub(crate) fn codes(
    chip: &mut impl ChipProbe,
    request: &RunRequest,
    channel: CadcChannel,
    activations: ArrayView2<'_, u8>,
) -> Array2<u8> {
    let mut codes = Array2::zeros((activations.nrows(), request.region.columns));
    chip.read_cadc(request, channel, activations, codes.view_mut())
        .expect("a good request");
    codes
}

/// Loads good weights.
pub(crate) fn load(
    array: &mut (impl MacArray + ?Sized),
    region: Region,
    weights: ArrayView2<'_, i8>,
) {
    array
        .load_weights(region, weights)
        .expect("weights in range");
}

/// Loads random weights into every hemisphere.
pub(crate) fn load_random(array: &mut (impl MacArray + ?Sized), seed: u64) {
    let geometry = array.geometry();
    for hemisphere in 0..geometry.hemispheres() {
        let region = Region::whole(geometry, hemisphere);
        let weights = random_weights((geometry.inputs(), geometry.columns()), seed);
        load(array, region, weights.view());
    }
}

pub(crate) fn random_weights(shape: (usize, usize), seed: u64) -> Array2<i8> {
    let mut rng = keyed_stream(seed, 1001);
    Array2::from_shape_simple_fn(shape, || rng.random_range(-63..=63))
}

/// Random activations of which about a third are zeros.
pub(crate) fn random_activations(shape: (usize, usize), seed: u64) -> Array2<u8> {
    let mut rng = keyed_stream(seed, 1002);
    Array2::from_shape_simple_fn(shape, || rng.random_range(-15_i16..=31).max(0) as u8)
}

/// The same vector, many times: a new trial for each.
pub(crate) fn repeat(vector: &Array2<u8>, times: usize) -> Array2<u8> {
    assert_eq!(vector.nrows(), 1);
    concatenate(Axis(0), &vec![vector.view(); times]).expect("rows of equal length")
}

pub(crate) fn to_f64(outputs: &Array2<i8>) -> Array2<f64> {
    outputs.mapv(f64::from)
}

/// Mean of each column over the vectors.
pub(crate) fn column_means(values: &Array2<f64>) -> Array1<f64> {
    values.mean_axis(Axis(0)).expect("some vectors")
}

/// Standard deviation of each column over the vectors.
pub(crate) fn column_deviations(values: &Array2<f64>) -> Array1<f64> {
    values.std_axis(Axis(0), 1.0)
}

/// Correlation of two columns over the vectors.
pub(crate) fn correlation(values: &Array2<f64>, a: usize, b: usize) -> f64 {
    correlation_of(&values.column(a).to_owned(), &values.column(b).to_owned())
}

pub(crate) fn correlation_of(a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    let centred = |x: &Array1<f64>| x - x.mean().expect("some values");
    let (a, b) = (centred(a), centred(b));
    a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// An array of its own. (`to_owned` fails in debug builds for no rows that were split off others.)
pub(crate) fn copy_of<T: Copy + Default>(array: ArrayView2<'_, T>) -> Array2<T> {
    let mut copy = Array2::default(array.dim());
    copy.assign(&array);
    copy
}
