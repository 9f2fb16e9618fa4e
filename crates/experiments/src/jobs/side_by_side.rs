//! Jobs on several threads.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::ExperimentError;

/// Calls `job` with each number below `count`, as many at once as there are threads; the results are
/// in the order of the numbers.
///
/// Every job has a pool of its own, so that none is begun within another, and no more jobs are in
/// memory than threads. When fewer jobs than threads are left, the last ones share the threads.
///
/// # Errors
/// [`ExperimentError::Threads`] if the system refuses a thread; jobs that are running end before.
///
/// # Panics
/// If a job does.
pub(super) fn run<R: Send>(
    count: usize,
    threads: usize,
    job: impl Fn(usize) -> R + Sync,
) -> Result<Vec<R>, ExperimentError> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let work = || -> Result<(), ExperimentError> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            let left = count - number;
            let result = pool(threads.div_ceil(left))?.install(|| job(number));
            *results[number]
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
    };
    std::thread::scope(|scope| {
        let begun = (1..threads.min(count)).map(|_| {
            let thread = std::thread::Builder::new().spawn_scoped(scope, work);
            thread.map_err(|error| refused(threads, &error))
        });
        let workers: Vec<_> = begun.collect();
        if workers.iter().any(Result::is_err) {
            next.store(count, Ordering::Relaxed);
        }
        let here = work();
        workers.into_iter().fold(here, |sum, worker| {
            let ended = worker
                .and_then(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
            sum.and(ended)
        })
    })?;
    let results: Option<Vec<R>> = results
        .into_iter()
        .map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect();
    results.ok_or_else(|| ExperimentError::Panic {
        message: "a job ended without a result".to_owned(),
    })
}

/// A pool of threads.
pub(crate) fn pool(threads: usize) -> Result<rayon::ThreadPool, ExperimentError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| refused(threads, &error))
}

fn refused(threads: usize, error: &impl ToString) -> ExperimentError {
    ExperimentError::Threads {
        threads,
        reason: error.to_string(),
    }
}
