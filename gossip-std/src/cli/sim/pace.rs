//! How fast runs went, and how much memory they took: for people, and not part of any result.

use std::fs;
use std::time::Instant;

use gossip_std::sim::outcome::Outcome;

/// Takes the time from its making.
pub(super) struct Pace(Instant);

impl Pace {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// One line: events and their rate, and the memory of the whole process for each node.
    pub(super) fn line(&self, runs: &[Outcome], jobs: usize) -> String {
        let seconds = self.0.elapsed().as_secs_f64();
        let events: u64 = runs.iter().map(|run| run.events).sum();
        let rate = events as f64 / seconds.max(1e-9);
        let mut line = format!("{events} events in {seconds:.1} s: {rate:.0} a second");
        let at_once = jobs.min(runs.len());
        let hosts: u64 = runs
            .iter()
            .take(at_once)
            .map(|run| u64::from(run.hosts))
            .sum();
        if let Some(bytes) = most_resident().filter(|_| hosts > 0) {
            line += &format!("; {} bytes of memory a node", bytes / hosts);
        }
        line
    }
}

/// The most memory that the process has held, in bytes, where the system tells.
fn most_resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
