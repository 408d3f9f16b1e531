//! What runs are likely to take, so that nobody waits for hours or fills the memory unwarned. Rough:
//! an order of size, from runs on one machine (docs/measurements.md, "The simulator itself").

use std::fmt;

use gossip_std::sim::scenario::Scenario;

/// Memory of a host that knows nobody, in bytes.
const HOST_BYTES: f64 = 20_000.0;
/// Memory of what one host knows of another, in bytes.
const MEMBER_BYTES: f64 = 200.0;
/// Memory of an entry on one host besides its key and value, in bytes.
const ENTRY_BYTES: f64 = 120.0;
/// Real time until one host knows of another, in seconds.
const MEET_SECONDS: f64 = 20e-6;
/// Real time until one write is known to one host, in seconds.
const TELL_SECONDS: f64 = 4e-6;
/// Real time that one host's round takes where nothing is new, in seconds.
const ROUND_SECONDS: f64 = 20e-6;

/// Estimates above these are worth a warning.
const BYTES_MAX: f64 = 4e9;
const SECONDS_MAX: f64 = 600.0;

/// What all runs of a batch take together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// Memory at a time.
    bytes: f64,
    /// Real time.
    seconds: f64,
}

impl Estimate {
    /// For so many runs of a scenario, `jobs` of them at a time.
    pub(super) fn of(scenario: &Scenario, runs: usize, jobs: usize) -> Self {
        let hosts = f64::from(scenario.hosts());
        let keys = f64::from(scenario.keys());
        let entry_bytes =
            ENTRY_BYTES + (scenario.entries.key_bytes + scenario.entries.value_bytes) as f64;
        let duration = scenario.duration.as_secs();
        let interval = scenario
            .protocol
            .interval
            .map_or(1.0, |span| span.as_secs());
        let load = scenario.workload.as_ref();
        let writes = keys + load.map_or(0.0, |load| load.updates_per_second * duration);
        let at_once = jobs.min(runs).max(1) as f64;

        let host_bytes = HOST_BYTES + hosts * (MEMBER_BYTES + keys * entry_bytes);
        let host_seconds =
            hosts * (MEET_SECONDS + writes * TELL_SECONDS) + duration / interval * ROUND_SECONDS;
        Self {
            bytes: hosts * host_bytes * at_once,
            seconds: hosts * host_seconds * (runs as f64 / at_once).ceil(),
        }
    }

    /// One line, if it is much.
    pub(super) fn warning(&self) -> Option<String> {
        let is_much = self.bytes > BYTES_MAX || self.seconds > SECONDS_MAX;
        is_much.then(|| format!("warning: this may take {self}"))
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, unit) = match self.seconds {
            seconds if seconds < 5400.0 => (seconds / 60.0, "minutes"),
            seconds if seconds < 172_800.0 => (seconds / 3600.0, "hours"),
            seconds => (seconds / 86_400.0, "days"),
        };
        let bytes = self.bytes / 1e9;
        write!(f, "some {bytes:.1} GB of memory and {time:.0} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gossip_std::sim::Span;
    use gossip_std::sim::scenario::LIBRARY;

    /// A settled cluster of so many nodes that hold one entry each, for some seconds.
    fn warning(nodes: u32, seconds: u64, runs: usize, jobs: usize) -> Option<String> {
        let text =
            format!("name = \"x\"\nnodes = {nodes}\nduration = \"1s\"\nentries = {{ count = 1 }}");
        let mut scenario = Scenario::parse(&text).unwrap();
        scenario.duration = Span::from_secs(seconds);
        Estimate::of(&scenario, runs, jobs).warning()
    }

    #[test]
    fn nothing_in_the_library_is_worth_a_warning() {
        for named in LIBRARY {
            assert_eq!(
                Estimate::of(&named.scenario(), 1, 1).warning(),
                None,
                "{}",
                named.name
            );
        }
    }

    #[test]
    fn much_memory_and_much_time_are_told() {
        let told = |nodes, seconds| warning(nodes, seconds, 1, 1).unwrap();
        assert_eq!(
            told(10_000, 10),
            "warning: this may take some 34.6 GB of memory and 40 minutes"
        );
        assert!(told(100, 10_000_000).ends_with("0.0 GB of memory and 6 hours"));
    }

    #[test]
    fn runs_one_after_the_other_take_time_and_runs_at_a_time_take_memory() {
        assert_eq!(warning(2000, 10, 1, 1), None);
        assert!(
            warning(2000, 10, 4, 4)
                .unwrap()
                .contains("5.7 GB of memory and 2 minutes")
        );
        assert!(
            warning(2000, 10, 40, 1)
                .unwrap()
                .contains("1.4 GB of memory and 64 minutes")
        );
    }
}
