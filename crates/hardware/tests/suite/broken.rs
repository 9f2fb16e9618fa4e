//! Every law is seen to be broken by an array that breaks it.

use std::{mem, slice};

use bss2_core::testing::{ARRAY_LAWS, Agreement, ArraySubject, KnownSettings};
use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, ArrayPass, MacArray, Region, RunReport, RunRequest,
    RunSettings,
};
use bss2_hardware::{IdealArray, MockArray};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

use crate::support::{copy_of, geometry};

/// What is wrong with an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    InputsLeak,
    WeightsLeak,
    WeightsAreNegated,
    VectorsCountFromZero,
    ThreadsShow,
    InputsShift,
    LoadingClears,
    LoadingTransposes,
    RunsCount,
    OtherRunsShow,
    HemispheresShareWeights,
    OnlyTheFirstRuns,
    LoadsComeFirst,
    ColumnsDiffer,
    WeightsAreClamped,
    ActivationsAreClamped,
    AllSettingsAreTaken,
    EmptyBatchesAreRefused,
    LayoutIsIgnored,
}

/// Which law each of them breaks at least.
const BREAKS: &[(Defect, &str)] = &[
    (Defect::InputsLeak, "a fresh array ignores its inputs"),
    (Defect::WeightsLeak, "silence is the baseline"),
    (Defect::WeightsAreNegated, "weights decide the results"),
    (
        Defect::VectorsCountFromZero,
        "a batch may be split anywhere",
    ),
    (Defect::ThreadsShow, "threads change nothing"),
    (Defect::InputsShift, "a part answers as within the whole"),
    (Defect::LoadingClears, "loading a region leaves the rest"),
    (
        Defect::LoadingTransposes,
        "loading in parts is loading at once",
    ),
    (Defect::RunsCount, "equal requests give equal results"),
    (Defect::OtherRunsShow, "runs leave no trace"),
    (
        Defect::HemispheresShareWeights,
        "hemispheres are independent",
    ),
    (Defect::OnlyTheFirstRuns, "together is one after the other"),
    (Defect::LoadsComeFirst, "passes are one after the other"),
    (
        Defect::ColumnsDiffer,
        "permuted columns permute the results",
    ),
    (Defect::WeightsAreClamped, "bad weights change nothing"),
    (Defect::ActivationsAreClamped, "bad runs change nothing"),
    (Defect::AllSettingsAreTaken, "settings are known or refused"),
    (Defect::EmptyBatchesAreRefused, "an empty batch is a run"),
    (Defect::LayoutIsIgnored, "memory may lie anyhow"),
];

/// A good array with a defect.
struct Broken<A> {
    inner: A,
    defect: Defect,
    runs: u64,
    first_weight: i8,
    last_region: Option<Region>,
}

impl<A: MacArray> Broken<A> {
    fn new(inner: A, defect: Defect) -> Self {
        Self {
            inner,
            defect,
            runs: 0,
            first_weight: 0,
            last_region: None,
        }
    }
}

impl<A: MacArray> MacArray for Broken<A> {
    fn geometry(&self) -> ArrayGeometry {
        self.inner.geometry()
    }

    fn run_passes(&mut self, passes: &mut [ArrayPass<'_, '_>]) -> Result<RunReport, ArrayError> {
        match self.defect {
            Defect::OnlyTheFirstRuns => {
                let [first, ..] = passes else {
                    return Ok(RunReport::default());
                };
                let mut first = ArrayPass::of_runs(&mut first.runs[..1]);
                self.inner.run_passes(slice::from_mut(&mut first))
            }
            Defect::LoadsComeFirst => {
                for load in passes
                    .iter_mut()
                    .flat_map(|pass| mem::take(&mut pass.loads))
                {
                    self.load_weights(load.region, load.weights)?;
                }
                self.inner.run_passes(passes)
            }
            _ => self.inner.run_passes(passes),
        }
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        let geometry = self.geometry();
        let mut given = weights.to_owned();
        match self.defect {
            Defect::WeightsAreNegated => given.mapv_inplace(i8::saturating_neg),
            Defect::WeightsAreClamped => given.mapv_inplace(|w| w.clamp(-63, 63)),
            Defect::LoadingClears => {
                let zeros = Array2::zeros((geometry.inputs(), geometry.columns()));
                let hemisphere = region.hemisphere.min(geometry.hemispheres() - 1);
                self.inner
                    .load_weights(Region::whole(geometry, hemisphere), zeros.view())?;
            }
            Defect::LoadingTransposes if region.first_column > 0 => {
                given.invert_axis(ndarray::Axis(0));
            }
            Defect::HemispheresShareWeights => {
                for hemisphere in 0..geometry.hemispheres() {
                    let everywhere = Region {
                        hemisphere,
                        ..region
                    };
                    self.inner.load_weights(everywhere, weights)?;
                }
            }
            _ => {}
        }
        self.first_weight = given.first().copied().unwrap_or_default();
        self.inner.load_weights(region, given.view())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let mut request = *request;
        let mut given = copy_of(activations);
        match self.defect {
            Defect::VectorsCountFromZero => request.trial.first_vector = 0,
            Defect::InputsShift => request.region.first_input = 0,
            Defect::ActivationsAreClamped => given.mapv_inplace(|x| x.min(31)),
            Defect::EmptyBatchesAreRefused if given.is_empty() => {
                return Err(ArrayError::Shape {
                    what: "activations",
                    expected: (1, request.region.inputs),
                    found: given.dim(),
                });
            }
            Defect::LayoutIsIgnored => {
                if let Some(memory) = activations.as_slice_memory_order() {
                    let shape = activations.dim();
                    given = Array2::from_shape_vec(shape, memory.to_vec()).unwrap();
                }
            }
            _ => {}
        }
        let report = self.inner.run(&request, given.view(), outputs.view_mut())?;
        self.runs += 1;
        let other = self.last_region.replace(request.region) != Some(request.region);
        let add = |y: &mut i8, amount: i8| *y = y.wrapping_add(amount);
        match self.defect {
            Defect::InputsLeak => {
                for (x, mut y) in given.outer_iter().zip(outputs.outer_iter_mut()) {
                    y.iter_mut().for_each(|y| add(y, x[0] as i8));
                }
            }
            Defect::WeightsLeak => outputs.iter_mut().for_each(|y| add(y, self.first_weight)),
            Defect::ThreadsShow => {
                let threads = rayon::current_num_threads() as i8;
                outputs.iter_mut().for_each(|y| add(y, threads));
            }
            Defect::RunsCount => outputs.iter_mut().for_each(|y| add(y, self.runs as i8)),
            Defect::OtherRunsShow if other && self.runs > 1 => {
                outputs
                    .slice_mut(s![..1, ..])
                    .iter_mut()
                    .for_each(|y| add(y, 1));
            }
            Defect::ColumnsDiffer => {
                for (c, mut column) in outputs.columns_mut().into_iter().enumerate() {
                    column.iter_mut().for_each(|y| add(y, c as i8));
                }
            }
            _ => {}
        }
        Ok(report)
    }
}

/// The laws that an array with a defect breaks.
fn broken_laws(defect: Defect) -> Vec<&'static str> {
    let size = geometry(2, 12, 24);
    let noisy = defect == Defect::VectorsCountFromZero;
    let make = move || -> Box<dyn MacArray> {
        if noisy {
            let mock = MockArray::new(size, 0.01, 2.0).expect("parameters in range");
            return Box::new(Broken::new(mock, defect));
        }
        let ideal = IdealArray::new(size, 0.01).expect("gain in range");
        Box::new(Broken::new(ideal, defect))
    };
    let subject = ArraySubject {
        make: Box::new(make),
        mode: ArrayMode::Membrane,
        settings: match defect {
            Defect::AllSettingsAreTaken => KnownSettings::Only(vec![RunSettings::USUAL]),
            _ => KnownSettings::All,
        },
        agreement: Agreement::Exact,
        columns_are_equal: !noisy,
    };
    let broken = ARRAY_LAWS.iter().filter(|law| law.hold(&subject).is_err());
    broken.map(|law| law.name).collect()
}

#[test]
fn a_good_array_breaks_none() {
    assert_eq!(broken_laws(Defect::None), [""; 0]);
}

#[test]
fn each_law_is_broken_by_an_array_that_breaks_it() {
    for (defect, law) in BREAKS {
        let broken = broken_laws(*defect);
        assert!(broken.contains(law), "{defect:?} breaks {broken:?}");
    }
    for law in ARRAY_LAWS {
        let breaks = BREAKS.iter().filter(|(_, name)| *name == law.name);
        assert_eq!(breaks.count(), 1, "{}", law.name);
    }
}
