//! Work on the threads' pool.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Threads that are kept awake at most: what is shared out here is small.
const AWAKE_MAX: usize = 3;

/// How long a thread waits for work before it sleeps as usual.
const PATIENCE: Duration = Duration::from_millis(5);

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
    let mut busy = Instant::now();
    while !done.load(Ordering::Relaxed) {
        if rayon::yield_now() == Some(rayon::Yield::Executed) {
            busy = Instant::now();
        } else if busy.elapsed() > PATIENCE {
            return;
        } else {
            std::thread::yield_now();
        }
    }
}
