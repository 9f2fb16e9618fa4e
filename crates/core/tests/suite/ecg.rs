//! The default cost model against the published inference: 276 µs and 192 µJ on the chip for one
//! electrocardiogram (Stradmann et al. 2022, arXiv:2103.15960).
//!
//! Time and energy are the abstract's. The layers are second-hand: 256 convolution outputs, 123
//! hidden units, 10 outputs that are averaged to two classes. They fill the chip: the convolution,
//! its kernel repeated for every position, takes the upper synram (128 inputs × 256 columns); the
//! dense layers share the lower one, with the two halves of the hidden layer's inputs side by side
//! (2 · 123 + 10 = 256 columns). So every weight stays loaded from one inference to the next, and
//! an inference takes four passes, one after the other.
//!
//! The anchor determined two of the model's defaults, so that this is no prediction: it shows that
//! plain costs per operation reach the published figures, and it notices when a default drifts.

use bss2_core::{
    ArrayError, ArrayGeometry, CostLedger, CostModel, MacArray, Metered, Region, RunReport,
    RunRequest, RunSettings, Trial,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

/// An array of the chip's size whose outputs nobody looks at.
struct Silent;

impl MacArray for Silent {
    fn geometry(&self) -> ArrayGeometry {
        ArrayGeometry::BSS2
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights(self.geometry(), weights)
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let region = request.region;
        region.check_run(self.geometry(), activations, outputs.dim())?;
        Ok(RunReport::default())
    }
}

const CONVOLUTION: Region = Region {
    hemisphere: 0,
    first_input: 0,
    inputs: 128,
    first_column: 0,
    columns: 256,
};
const HIDDEN: [Region; 2] = [
    Region {
        hemisphere: 1,
        columns: 123,
        ..CONVOLUTION
    },
    Region {
        hemisphere: 1,
        first_column: 123,
        columns: 123,
        ..CONVOLUTION
    },
];
const OUTPUT: Region = Region {
    hemisphere: 1,
    inputs: 123,
    first_column: 246,
    columns: 10,
    ..CONVOLUTION
};

/// Counts of one inference where the given shares of the recording's samples and of the rectified
/// activations are zeros.
fn inference(zero_samples: f64, zero_activations: f64) -> CostLedger {
    let mut array = Metered::new(Silent);
    let [first, second] = HIDDEN;
    let passes = [
        (CONVOLUTION, zero_samples),
        (first, zero_activations),
        (second, zero_activations),
        (OUTPUT, zero_activations),
    ];
    let mut trial = Trial::new(1);
    for (region, zeros) in passes {
        let request = RunRequest {
            region,
            settings: RunSettings::default(),
            trial: trial.next_pass(),
        };
        let silent = (zeros * region.inputs as f64).round() as usize;
        let vector = Array2::from_shape_fn((1, region.inputs), |(_, i)| u8::from(i >= silent) * 15);
        let mut outputs = Array2::zeros((1, region.columns));
        array
            .run(&request, vector.view(), outputs.view_mut())
            .expect("the passes fit the chip");
    }
    array.take_ledger()
}

/// Assumption: samples are differences of extremes and so rarely zero, and rectifiers silence
/// half of their inputs.
fn typical() -> CostLedger {
    inference(0.1, 0.5)
}

#[test]
fn an_inference_costs_about_the_published_time_and_energy() {
    let model = CostModel::default();
    let (time_us, energy_uj) = (model.chip_time_us(&typical()), model.energy_uj(&typical()));
    assert!((time_us / 276.0 - 1.0).abs() < 0.25, "{time_us} µs");
    assert!((energy_uj / 192.0 - 1.0).abs() < 0.25, "{energy_uj} µJ");
}

#[test]
fn the_network_is_of_the_stated_size() {
    let ledger = typical();
    let macs = 128 * 256 + 256 * 123 + 123 * 10;
    assert_eq!(ledger.macs, macs);
    assert_eq!((ledger.vectors, ledger.readouts), (4, 4));
    assert_eq!(ledger.events, 115 + 64 + 64 + 61);
    assert_eq!(ledger.cadc_conversions, 256 + 123 + 123 + 10);
}

#[test]
fn more_zeros_cost_less_time_and_less_energy() {
    let model = CostModel::default();
    let cost = |zeros| {
        let ledger = inference(zeros, zeros);
        (model.chip_time_us(&ledger), model.energy_uj(&ledger))
    };
    let costs = [0.0, 0.25, 0.5, 0.75, 1.0].map(cost);
    for pair in costs.windows(2) {
        let [(time, energy), (less_time, less_energy)] = [pair[0], pair[1]];
        assert!(less_time < time && less_energy < energy, "{pair:?}");
    }
    // 507 events of 5 cycles of 8 ns.
    let (dense, silent) = (costs[0], costs[4]);
    assert!((dense.0 - silent.0 - 507.0 * 0.04).abs() < 1e-9);
}

#[test]
fn single_operations_make_up_less_than_a_hundredth_of_the_energy() {
    let model = CostModel::default();
    let static_uj = model.get().static_power_w * model.chip_time_us(&typical());
    let operations_uj = model.energy_uj(&typical()) - static_uj;
    assert!(operations_uj > 0.0 && operations_uj < 0.01 * static_uj);
}

/// The published throughput is that of the whole software stack, with the largest batches and
/// matrices: the chip's part alone has to be faster.
#[test]
fn the_chip_alone_is_faster_than_the_software_stack() {
    let run = |hemisphere| {
        let mut array = Metered::new(Silent);
        let request = RunRequest {
            region: Region {
                hemisphere,
                ..CONVOLUTION
            },
            settings: RunSettings::default(),
            trial: Trial::new(1),
        };
        let vectors = Array2::from_elem((2000, 128), 15);
        let mut outputs = Array2::zeros((2000, 256));
        array
            .run(&request, vectors.view(), outputs.view_mut())
            .expect("the batch fits the chip");
        array.take_ledger()
    };
    let ledger = run(0).alongside(run(1));
    let macs_per_us = ledger.macs as f64 / CostModel::default().chip_time_us(&ledger);
    assert!(macs_per_us > 240.0, "{macs_per_us} per µs");
}
