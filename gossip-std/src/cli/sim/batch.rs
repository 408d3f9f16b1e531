//! Many runs of one scenario, several at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Calls `run` for each of the seeds, with `jobs` threads, and gives the results in the seeds' order.
///
/// # Errors
/// The error of the first seed that has one; seeds that nobody has begun by then are left out.
pub(super) fn play<T, E, F>(seeds: &[u64], jobs: usize, run: F) -> Result<Vec<T>, E>
where
    T: Send,
    E: Send,
    F: Fn(u64) -> Result<T, E> + Sync,
{
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(seeds.len()));
    let work = || {
        while let Some((place, seed)) = take(&next, seeds) {
            let result = run(seed);
            if result.is_err() {
                next.store(seeds.len(), Ordering::Relaxed);
            }
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((place, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..jobs.min(seeds.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
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
            let squares = play(&seeds, jobs, |seed| Ok::<_, ()>(seed * seed)).unwrap();
            let expected: Vec<u64> = seeds.iter().map(|seed| seed * seed).collect();
            assert_eq!(squares, expected);
        }
    }

    #[test]
    fn the_first_error_ends_a_batch() {
        let begun = AtomicUsize::new(0);
        let run = |seed| {
            begun.fetch_add(1, Ordering::Relaxed);
            if seed < 3 { Ok(seed) } else { Err(seed) }
        };
        let seeds: Vec<u64> = (0..1000).collect();
        assert_eq!(play(&seeds, 1, run), Err(3));
        assert_eq!(begun.load(Ordering::Relaxed), 4);
    }
}
