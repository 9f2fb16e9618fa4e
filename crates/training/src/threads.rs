//! Work on the threads' pool.

use std::sync::atomic::{AtomicBool, Ordering};

/// Threads that are kept awake at most: what is shared out here is small.
const AWAKE_MAX: usize = 3;

/// How often in a row a thread looks for work in vain before it sleeps as usual: some milliseconds.
const PATIENCE: u32 = 10_000;

/// Does something on the threads' pool, and keeps some of its threads awake for it.
///
/// Each of the many pieces of work that a step of training shares out would otherwise have to wake
/// them, which takes longer than most of the pieces. What comes from within the pool is only done:
/// the other threads have work of their own then.
pub(crate) fn on_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if rayon::current_thread_index().is_some() {
        return work();
    }
    let done = &AtomicBool::new(false);
    rayon::scope(|scope| {
        let here = rayon::current_thread_index();
        for _ in 1..rayon::current_num_threads().min(1 + AWAKE_MAX) {
            scope.spawn(move |_| {
                // The thread that works may come by here while it waits for others.
                if rayon::current_thread_index() != here {
                    stay_awake(done);
                }
            });
        }
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    })
}

/// Does what other threads share out, until all is done or nothing comes for long.
fn stay_awake(done: &AtomicBool) {
    let mut in_vain = 0;
    while in_vain < PATIENCE && !done.load(Ordering::Relaxed) {
        if rayon::yield_now() == Some(rayon::Yield::Executed) {
            in_vain = 0;
        } else {
            in_vain += 1;
            // Whoever else has work to do goes first.
            std::thread::yield_now();
        }
    }
}
