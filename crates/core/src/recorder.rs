//! Keep what went through an array, and play it back.

use std::slice;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::{ArrayError, ArrayGeometry, ArrayPass, MacArray, Region, RunReport, RunRequest};

/// One step of a [`Recording`].
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Load {
        region: Region,
        weights: Array2<i8>,
    },
    Run {
        request: RunRequest,
        activations: Array2<u8>,
        outputs: Array2<i8>,
        report: RunReport,
    },
}

/// Everything that was loaded into an array and run on it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    geometry: ArrayGeometry,
    steps: Vec<Step>,
}

impl Recording {
    /// Number of loads and runs.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// Wraps an array and records its loads and runs.
#[derive(Clone, Debug)]
pub struct Recorder<A> {
    inner: A,
    recording: Recording,
}

impl<A: MacArray> Recorder<A> {
    /// Wraps `inner` with an empty recording.
    pub fn new(inner: A) -> Self {
        let geometry = inner.geometry();
        Self {
            inner,
            recording: Recording {
                geometry,
                steps: Vec::new(),
            },
        }
    }

    /// Unwraps the recording.
    pub fn into_recording(self) -> Recording {
        self.recording
    }
}

impl<A: MacArray> MacArray for Recorder<A> {
    fn geometry(&self) -> ArrayGeometry {
        self.inner.geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.inner.load_weights(region, weights)?;
        self.recording.steps.push(Step::Load {
            region,
            weights: copy_of(weights),
        });
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let report = self.inner.run(request, activations, outputs.view_mut())?;
        self.recording.steps.push(Step::Run {
            request: *request,
            activations: copy_of(activations),
            outputs: copy_of(outputs.view()),
            report,
        });
        Ok(report)
    }

    /// Done pass by pass, recorded as runs one after the other; the report of those of a pass is that of its last.
    fn run_passes(&mut self, passes: &mut [ArrayPass<'_, '_>]) -> Result<RunReport, ArrayError> {
        let mut reports = RunReport::default();
        for pass in passes {
            pass.check_hemispheres()?;
            for load in &*pass.loads {
                self.load_weights(load.region, load.weights)?;
            }
            let mut runs = ArrayPass::of_runs(pass.runs);
            let report = self.inner.run_passes(slice::from_mut(&mut runs))?;
            for (index, run) in runs.runs.iter().enumerate() {
                let is_last = index + 1 == runs.runs.len();
                self.recording.steps.push(Step::Run {
                    request: run.request,
                    activations: copy_of(run.activations),
                    outputs: copy_of(run.outputs.view()),
                    report: if is_last {
                        report
                    } else {
                        RunReport::default()
                    },
                });
            }
            reports += report;
        }
        Ok(reports)
    }
}

/// An array of its own. (`to_owned` fails in debug builds for no rows that were split off others.)
fn copy_of<T: Copy + Default>(array: ArrayView2<'_, T>) -> Array2<T> {
    let mut copy = Array2::default(array.dim());
    copy.assign(&array);
    copy
}

/// Plays a [`Recording`] back: an array that answers as the recorded one did, as long as it is
/// asked the same in the same order.
#[derive(Clone, Debug)]
pub struct Replay {
    recording: Recording,
    next: usize,
}

impl Replay {
    /// Starts at the recording's first step.
    pub const fn new(recording: Recording) -> Self {
        Self { recording, next: 0 }
    }

    fn mismatch(&self, reason: &'static str) -> ArrayError {
        ArrayError::ReplayMismatch {
            step: self.next,
            reason,
        }
    }
}

impl MacArray for Replay {
    fn geometry(&self) -> ArrayGeometry {
        self.recording.geometry
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        region.check_weights(self.geometry(), weights)?;
        match self.recording.steps.get(self.next) {
            Some(Step::Load {
                region: recorded_region,
                weights: recorded,
            }) => {
                if *recorded_region != region || recorded.view() != weights {
                    return Err(self.mismatch("other weights were recorded"));
                }
            }
            Some(Step::Run { .. }) => return Err(self.mismatch("a run was recorded here")),
            None => return Err(self.mismatch("the recording has ended")),
        }
        self.next += 1;
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        mut outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        request
            .region
            .check_run(self.geometry(), activations, outputs.dim())?;
        let report = match self.recording.steps.get(self.next) {
            Some(Step::Run {
                request: recorded_request,
                activations: recorded,
                outputs: recorded_outputs,
                report,
            }) => {
                if recorded_request != request || recorded.view() != activations {
                    return Err(self.mismatch("another run was recorded"));
                }
                if recorded_outputs.dim() != outputs.dim() {
                    return Err(self.mismatch("outputs of another shape were recorded"));
                }
                outputs.assign(recorded_outputs);
                *report
            }
            Some(Step::Load { .. }) => return Err(self.mismatch("a load was recorded here")),
            None => return Err(self.mismatch("the recording has ended")),
        };
        self.next += 1;
        Ok(report)
    }
}
