//! Threads that stay awake.

use std::hint;
use std::sync::atomic::{AtomicBool, Ordering};

/// Attempts to find work between which a thread that waits stands back.
const PAUSES: usize = 64;

/// Does some work of which parts are shared by threads, short ones one after the other: another thread of the pool
/// waits for these meanwhile, if one has nothing else to do. (Left to itself it falls asleep after some 10 µs, and
/// takes 25 µs to wake.)
pub(super) fn attentively<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    if rayon::current_thread_index().is_none() || rayon::current_num_threads() == 1 {
        return work();
    }
    let is_done = AtomicBool::new(false);
    let wait = || {
        while !is_done.load(Ordering::Acquire) {
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                (0..PAUSES).for_each(|_| hint::spin_loop());
            }
        }
    };
    let work = || {
        // Also where the work panics, or the other would wait for ever.
        let _done = Done(&is_done);
        work()
    };
    rayon::join(work, wait).0
}

/// Says that something is done when it is dropped.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn work_is_done_and_ends_even_if_it_panics() {
        assert_eq!(attentively(|| 7), 7, "outside of a pool");
        for threads in 1..4 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| {
                let sum = attentively(|| rayon::join(|| 3, || attentively(|| 4)));
                assert_eq!(sum, (3, 4));
                let panics = || attentively(|| assert_ne!(threads, threads));
                assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
            });
        }
    }
}
