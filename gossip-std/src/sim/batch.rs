//! Many runs, several at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Calls `run` for each of the seeds, with `jobs` threads, and gives the results in the seeds' order,
/// whatever the number of threads. The first result in that order which `is_last` is the last one;
/// work that nobody has begun when such a result is found is left out.
pub fn play<T, F, L>(seeds: &[u64], jobs: usize, run: F, is_last: L) -> Vec<T>
where
    T: Send,
    F: Fn(u64) -> T + Sync,
    L: Fn(&T) -> bool + Sync,
{
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(seeds.len()));
    let work = || {
        while let Some((place, seed)) = take(&next, seeds) {
            let result = run(seed);
            let last = is_last(&result);
            if last {
                next.store(seeds.len(), Ordering::Relaxed);
            }
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((place, last, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..jobs.min(seeds.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, ..)| *place);
    let end = done.iter().position(|(_, last, _)| *last);
    done.truncate(end.map_or(done.len(), |end| end + 1));
    done.into_iter().map(|(.., result)| result).collect()
}

/// The next seed that nobody has begun, and its place.
fn take(next: &AtomicUsize, seeds: &[u64]) -> Option<(usize, u64)> {
    // A place is taken once and wraps never: there are no more takers than jobs after the last one.
    let place = next.fetch_add(1, Ordering::Relaxed);
    Some((place, *seeds.get(place)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_seeds_whatever_the_number_of_jobs() {
        let seeds: Vec<u64> = (0..100).rev().collect();
        for jobs in [1, 2, 7, 500] {
            let squares = play(&seeds, jobs, |seed| seed * seed, |_| false);
            let expected: Vec<u64> = seeds.iter().map(|seed| seed * seed).collect();
            assert_eq!(squares, expected);
        }
    }

    #[test]
    fn the_first_last_result_ends_a_batch_whatever_the_number_of_jobs() {
        let begun = AtomicUsize::new(0);
        let run = |seed| {
            begun.fetch_add(1, Ordering::Relaxed);
            seed
        };
        let seeds: Vec<u64> = (0..1000).collect();
        assert_eq!(play(&seeds, 1, run, |seed| *seed >= 3), [0, 1, 2, 3]);
        assert_eq!(begun.load(Ordering::Relaxed), 4);
        assert_eq!(play(&seeds, 7, run, |seed| *seed >= 3), [0, 1, 2, 3]);
    }
}
