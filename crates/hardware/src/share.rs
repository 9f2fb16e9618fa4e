//! Work in pieces, shared among threads.

use std::sync::{Mutex, PoisonError};

/// Threads of the present pool that so much work is worth, if less than `at_once` is not worth one. (Who
/// does not come from the pool waits long for its threads.)
pub(crate) fn threads_for(work: usize, at_once: usize) -> usize {
    let at_once = match rayon::current_thread_index() {
        Some(_) => at_once,
        None => 4 * at_once,
    };
    (work / at_once).clamp(1, rayon::current_num_threads())
}

/// Does all pieces of some work on so many threads at most.
pub(crate) fn share_among<P>(
    threads: usize,
    pieces: impl DoubleEndedIterator<Item = P> + Send,
    work: impl Fn(P) + Sync,
) {
    // Workers of no size take no memory.
    share(pieces, &mut vec![(); threads], |(), piece| work(piece));
}

/// Does all pieces of some work, each by one of the workers, of which there is at least one. Each worker
/// is with one thread and takes piece after piece, as one may start late or be slower than others: half
/// of them from the first on, half from the last, so that the next time, too, each meets what its
/// processor has at hand.
pub(crate) fn share<P, W: Send>(
    pieces: impl DoubleEndedIterator<Item = P> + Send,
    workers: &mut [W],
    work: impl Fn(&mut W, P) + Sync,
) {
    if let [worker] = workers {
        return pieces.for_each(|piece| work(worker, piece));
    }
    let pieces = &Mutex::new(pieces);
    let locked = || pieces.lock().unwrap_or_else(PoisonError::into_inner);
    let (here, there) = workers.split_at_mut(workers.len() / 2);
    rayon::join(
        || each_takes(&|| locked().next(), here, &work),
        || each_takes(&|| locked().next_back(), there, &work),
    );
}

fn each_takes<P, W: Send>(
    next: &(impl Fn() -> Option<P> + Sync),
    workers: &mut [W],
    work: &(impl Fn(&mut W, P) + Sync),
) {
    match workers {
        [] => {}
        [worker] => std::iter::from_fn(next).for_each(|piece| work(worker, piece)),
        workers => {
            let (here, there) = workers.split_at_mut(workers.len() / 2);
            rayon::join(
                || each_takes(next, here, work),
                || each_takes(next, there, work),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_worked_on_once() {
        for workers in 1..6 {
            for pieces in [0, 1, 7, 300] {
                let mut done = vec![0_u32; pieces];
                let mut counts = vec![0; workers];
                share(done.iter_mut(), &mut counts, |count, piece| {
                    *piece += 1;
                    *count += 1;
                });
                assert!(done.iter().all(|times| *times == 1));
                assert_eq!(counts.iter().sum::<usize>(), pieces);
            }
        }
    }
}
