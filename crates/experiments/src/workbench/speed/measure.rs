//! The figures.

use std::time::{Duration, Instant};

use bss2_core::{ArrayGeometry, Chips, MacArray, Trial, WeightCache};
use bss2_hardware::{ChipConfig, SimulatedChip};
use bss2_mapping::{LayerShape, MappingStrategy, PlanRunner, Tiling};
use ndarray::Array2;
use serde::Serialize;

use super::machine::memory_mb;
use super::plain::PlainProduct;
use crate::ExperimentError;
use crate::jobs::pool;

/// What grows from figure to figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Series {
    /// Vectors of a batch, on a full chip.
    Batch,
    /// Inputs and outputs of a layer, on one chip.
    Layer,
    /// Chips that hold a layer.
    Chips,
    /// Threads, with a full chip and the largest batch.
    Threads,
    /// Batches, one after the other.
    Batches,
}

impl Series {
    pub(super) const fn by(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Layer => "layer",
            Self::Chips => "chips",
            Self::Threads => "threads",
            Self::Batches => "batches",
        }
    }
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Measured {
    pub(super) series: Series,
    pub(super) vectors: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) chips: usize,
    pub(super) threads: usize,
    /// Batches that were run.
    pub(super) batches: usize,
    pub(super) chip_gmac_per_s: f64,
    pub(super) plain_gmac_per_s: f64,
    /// Memory of the process afterwards, in MB, where the system tells.
    pub(super) memory_mb: Option<f64>,
}

impl Measured {
    /// The chip's speed in units of the plain product's.
    pub(super) fn ratio(&self) -> f64 {
        self.chip_gmac_per_s / self.plain_gmac_per_s
    }
}

/// What is to be measured.
#[derive(Clone, Copy, Debug)]
struct Case {
    series: Series,
    vectors: usize,
    inputs: usize,
    outputs: usize,
    chips: usize,
    threads: usize,
    /// Fewest batches, or all of them where they are what grows.
    batches: usize,
}

impl Case {
    const FULL_CHIP: Self = Self {
        series: Series::Batch,
        vectors: 1024,
        inputs: 256,
        outputs: 256,
        chips: 1,
        threads: 1,
        batches: 5,
    };
}

/// All cases, in the order of their measurement.
fn cases() -> Vec<Case> {
    let full = Case::FULL_CHIP;
    let batch = (0..=12).map(|power| Case {
        vectors: 1 << power,
        ..full
    });
    let layer = [32, 64, 128, 256, 512, 1024, 2048].map(|size| Case {
        series: Series::Layer,
        vectors: 256,
        inputs: size,
        outputs: size,
        ..full
    });
    let chips = [1, 2, 4, 8].map(|chips| Case {
        series: Series::Chips,
        vectors: 256,
        inputs: 256 * chips,
        chips,
        ..full
    });
    let most = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = (1..=most).map(|threads| Case {
        series: Series::Threads,
        vectors: 4096,
        threads,
        ..full
    });
    let batches = [2, 10, 100, 1000].map(|batches| Case {
        series: Series::Batches,
        batches,
        ..full
    });
    // First of all what tells of memory, before others have left some.
    batches
        .into_iter()
        .chain(batch)
        .chain(layer)
        .chain(chips)
        .chain(threads)
        .collect()
}

/// Steps of the measurement.
pub(super) fn steps() -> u64 {
    cases().len() as u64
}

/// Measures all, with so much time for each figure.
pub(super) fn all(
    patience: Duration,
    next: &mut dyn FnMut(&str),
) -> Result<Vec<Measured>, ExperimentError> {
    let measure = |case: Case| {
        next(case.series.by());
        let pool = pool(case.threads)?;
        pool.install(|| case.measure(patience))
    };
    cases().into_iter().map(measure).collect()
}

impl Case {
    fn measure(self, patience: Duration) -> Result<Measured, ExperimentError> {
        let Self {
            series,
            vectors,
            inputs,
            outputs,
            chips,
            threads,
            batches,
        } = self;
        let chip = SimulatedChip::new(&ChipConfig::typical().check()?, 1);
        let mut array = WeightCache::new(Chips::new(vec![chip; chips])?);
        let shape = LayerShape::dense(inputs, outputs)?;
        let plan = Tiling::balanced().plan(&shape.into(), array.geometry())?;
        let mut runner = PlanRunner::new(plan);
        let weights = Array2::from_shape_fn((inputs, outputs), |(i, o)| {
            ((i * 31 + o * 17) % 127) as i8 - 63
        });
        let activations =
            Array2::from_shape_fn((vectors, inputs), |(v, i)| ((v * 13 + i * 7) % 32) as u8);
        let mut sums = Array2::zeros((vectors, outputs));
        let mut trial = Trial::new(1);
        let mut plain = PlainProduct::new(vectors, inputs, outputs)?;

        let (mut of_chip, mut of_plain) = (Duration::MAX, Duration::MAX);
        let begin = Instant::now();
        let mut done = 0;
        while match series {
            Series::Batches => done < batches,
            _ => done < batches || begin.elapsed() < patience,
        } {
            let start = Instant::now();
            let (weights, activations) = (weights.view(), activations.view());
            runner.run(
                &mut array,
                weights,
                activations,
                &mut trial,
                sums.view_mut(),
            )?;
            of_chip = of_chip.min(start.elapsed());
            let start = Instant::now();
            std::hint::black_box(plain.multiply());
            of_plain = of_plain.min(start.elapsed());
            done += 1;
        }
        let gmacs = (vectors * inputs * outputs) as f64 * 1e-9;
        Ok(Measured {
            series,
            vectors,
            inputs,
            outputs,
            chips,
            threads,
            batches: done,
            chip_gmac_per_s: gmacs / of_chip.as_secs_f64(),
            plain_gmac_per_s: gmacs / of_plain.as_secs_f64(),
            memory_mb: memory_mb(),
        })
    }
}

// `ArrayGeometry` names the limit of the largest case.
const _: () = assert!(2 * 8 <= ArrayGeometry::HEMISPHERES_MAX);
