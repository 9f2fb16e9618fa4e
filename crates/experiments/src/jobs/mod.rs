//! The work of a study as a list of independent jobs.
//!
//! What a job delivers depends on its [`Address`] and on nothing else, so that it can be kept, taken
//! up again after an interruption, or done on another machine.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Serialize, de::DeserializeOwned};

use crate::{ExperimentError, Progress, Task};

mod address;
mod failure;
mod shard;
mod side_by_side;
mod store;

use address::Address;
pub(crate) use address::hexadecimal;
pub use failure::JobFailure;
pub use shard::Shard;
pub(crate) use side_by_side::pool;
pub(crate) use store::JobStore;

/// Jobs of an experiment, by their keys.
pub(crate) struct JobList<'a, K> {
    /// The experiment.
    pub(crate) experiment: &'static str,
    /// What all jobs depend on. (A list `chip_seeds` in it says no more than which jobs there are:
    /// none depends on it.)
    pub(crate) configuration: &'a toml::Table,
    /// What tells a job from the others; the text that it becomes stands in messages.
    pub(crate) keys: &'a [K],
    /// Steps of progress that a job takes.
    pub(crate) steps: &'a (dyn Fn(&K) -> u64 + Sync),
}

/// Which jobs are done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All.
    All,
    /// One shard of them: an experiment does not end then.
    Shard(Shard),
    /// None: all are there already.
    Nothing,
}

/// Does the jobs of a study.
pub(crate) struct Jobs<'a> {
    progress: &'a dyn Progress,
    store: JobStore,
    scope: Scope,
    threads: usize,
    /// Jobs of all lists so far, which are dealt out to shards in turn.
    listed: AtomicUsize,
    /// Names of the files of all jobs that are done here.
    own: Mutex<BTreeSet<String>>,
    /// Jobs that are known to have failed elsewhere.
    known_failures: Vec<JobFailure>,
}

impl<'a> Jobs<'a> {
    /// All jobs, on a number of threads.
    pub(crate) fn new(
        progress: &'a dyn Progress,
        store: JobStore,
        scope: Scope,
        threads: usize,
    ) -> Self {
        Self {
            progress,
            store,
            scope,
            threads,
            listed: AtomicUsize::new(0),
            own: Mutex::new(BTreeSet::new()),
            known_failures: Vec::new(),
        }
    }

    /// None is done; those of which there is no result may have failed where they were.
    pub(crate) fn merged(
        progress: &'a dyn Progress,
        store: JobStore,
        known_failures: Vec<JobFailure>,
        threads: usize,
    ) -> Self {
        Self {
            known_failures,
            ..Self::new(progress, store, Scope::Nothing, threads)
        }
    }

    /// Names and contents of the files that are kept of the jobs that were done here, by name.
    pub(crate) fn files(&self) -> Result<Vec<(String, Vec<u8>)>, ExperimentError> {
        self.store.files(&locked(&self.own))
    }

    /// Removes these, and nothing that is another study's.
    pub(crate) fn clear(&self) -> Result<(), ExperimentError> {
        self.store.clear(&locked(&self.own))
    }

    /// The result of every job, in the order of the keys: those that are there are taken, the others
    /// done side by side, and kept. An experiment has one such list, so that every job of it can be
    /// another machine's.
    ///
    /// # Errors
    /// [`ExperimentError::JobsFailed`] if jobs fail or panic, after all others have been done;
    /// [`ExperimentError::JobsElsewhere`] if some are not done here.
    pub(crate) fn each<K, R>(
        &self,
        list: &JobList<'_, K>,
        run: impl Fn(&K, &dyn Task) -> Result<R, ExperimentError> + Sync,
    ) -> Result<Vec<R>, ExperimentError>
    where
        K: Serialize + Sync,
        R: Serialize + DeserializeOwned + Send,
    {
        let first = self.listed.fetch_add(list.keys.len(), Ordering::Relaxed);
        self.results(list, run, |position| match self.scope {
            Scope::All => true,
            Scope::Shard(shard) => shard.holds(first + position),
            Scope::Nothing => false,
        })
    }

    /// What all other jobs of an experiment need: one job, which every shard does for itself. `key` is
    /// what it depends on besides the configuration: the seeds of chips, if it has something for each.
    ///
    /// # Errors
    /// As [`each`](Self::each).
    pub(crate) fn beforehand<R>(
        &self,
        experiment: &'static str,
        configuration: &toml::Table,
        key: &(impl Serialize + Sync),
        steps: u64,
        run: impl Fn(&dyn Task) -> Result<R, ExperimentError> + Sync,
    ) -> Result<R, ExperimentError>
    where
        R: Serialize + DeserializeOwned + Send,
    {
        let list = JobList {
            experiment,
            configuration,
            keys: &[("beforehand", key)],
            steps: &|_| steps,
        };
        let is_here = self.scope != Scope::Nothing;
        let results = self.results(&list, |_, task| run(task), |_| is_here)?;
        let [result] = <[R; 1]>::try_from(results).map_err(|_| elsewhere(experiment, 1))?;
        Ok(result)
    }

    fn results<K, R>(
        &self,
        list: &JobList<'_, K>,
        run: impl Fn(&K, &dyn Task) -> Result<R, ExperimentError> + Sync,
        is_here: impl Fn(usize) -> bool,
    ) -> Result<Vec<R>, ExperimentError>
    where
        K: Serialize + Sync,
        R: Serialize + DeserializeOwned + Send,
    {
        let basis = address::Basis::new(list.experiment, list.configuration)?;
        let addresses = list.keys.iter().map(|key| basis.address(key));
        let addresses: Vec<Address> = addresses.collect::<Result<_, _>>()?;
        let of_here = (0..addresses.len()).filter(|&i| is_here(i));
        locked(&self.own).extend(of_here.map(|i| addresses[i].name().to_owned()));
        let found = addresses.iter().map(|address| self.store.find(address));
        let mut results: Vec<Option<R>> = found.collect();
        let missing = (0..results.len()).filter(|&i| results[i].is_none());
        let (here, others): (Vec<usize>, Vec<usize>) = missing.partition(|&i| is_here(i));

        let failures = Mutex::new(Vec::new());
        if !here.is_empty() {
            let steps = here
                .iter()
                .map(|&position| (list.steps)(&list.keys[position]));
            let steps = steps.fold(0, u64::saturating_add);
            let task = self.progress.begin(list.experiment, steps);
            let done = side_by_side::run(here.len(), self.threads, |number| {
                let position = here[number];
                let address = &addresses[position];
                let done = caught(|| run(&list.keys[position], task.as_ref()))
                    .and_then(|result| self.store.keep(address, &result).map(|()| result));
                done.map_err(|error| {
                    let failure = JobFailure::new(list.experiment, address.key(), &error);
                    locked(&failures).push((position, failure));
                })
                .ok()
            })?;
            for (&position, result) in here.iter().zip(done) {
                results[position] = result;
            }
        }
        let mut failures = failures
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let is_known = |position: usize, failure: &JobFailure| {
            failure.experiment() == list.experiment && failure.key() == addresses[position].key()
        };
        let mut missing = 0;
        for position in others {
            let mut known = self.known_failures.iter();
            match known.find(|failure| is_known(position, failure)) {
                Some(failure) => failures.push((position, failure.clone())),
                None => missing += 1,
            }
        }
        failures.sort_by_key(|(position, _)| *position);
        if missing > 0 && self.scope == Scope::Nothing {
            return Err(elsewhere(list.experiment, missing));
        }
        if !failures.is_empty() {
            return Err(ExperimentError::JobsFailed {
                experiment: list.experiment,
                failures: failures.into_iter().map(|(_, failure)| failure).collect(),
            });
        }
        let results: Option<Vec<R>> = results.into_iter().collect();
        results.ok_or_else(|| elsewhere(list.experiment, missing))
    }
}

#[cfg(test)]
impl Jobs<'static> {
    /// All jobs, keeping nothing, on the current threads, telling nothing.
    pub(crate) fn here() -> Self {
        Self::new(
            &crate::Silent,
            JobStore::nowhere(),
            Scope::All,
            rayon::current_num_threads(),
        )
    }
}

const fn elsewhere(experiment: &'static str, missing: usize) -> ExperimentError {
    ExperimentError::JobsElsewhere {
        experiment,
        missing,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does a job, or what follows all of them; a panic is a failure of this alone.
pub(crate) fn caught<R>(
    run: impl FnOnce() -> Result<R, ExperimentError>,
) -> Result<R, ExperimentError> {
    // Nothing of what has been touched before a panic is used again.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(ExperimentError::Panic {
            message: text.unwrap_or("of unknown cause").to_owned(),
        })
    })
}

#[cfg(test)]
mod tests;
