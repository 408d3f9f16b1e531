//! The steady load: every owner writes at random moments of its own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use gossip_core::SplitMix64;

use super::build::Build;
use super::cluster::Cluster;
use crate::sim::chance::{Purpose, below, happens, stream, unit};
use crate::sim::host::Index;
use crate::sim::node_host::Call;
use crate::sim::scenario::{Scenario, Workload};
use crate::sim::time::{Span, Time};

/// The writes to come.
pub(super) struct Load<'s> {
    workload: &'s Workload,
    scenario: &'s Scenario,
    until: Time,
    /// When each owner writes next.
    next: BinaryHeap<Reverse<(Time, Index)>>,
    rngs: Vec<SplitMix64>,
    seed: u64,
}

impl<'s> Load<'s> {
    /// The load of a scenario, if it has one.
    pub(super) fn new(scenario: &'s Scenario, seed: u64) -> Option<Self> {
        let workload = scenario.workload.as_ref()?;
        let until = workload.until.unwrap_or(scenario.duration);
        Some(Self {
            workload,
            scenario,
            until: Time::START + until,
            next: BinaryHeap::new(),
            rngs: Vec::new(),
            seed,
        })
    }

    /// Schedules every write before `end`; hosts that are new by now write from `now` on.
    pub(super) fn fill<B: Build>(
        &mut self,
        cluster: &mut Cluster<'_, '_, B>,
        now: Time,
        end: Time,
    ) {
        while (self.rngs.len() as Index) < cluster.world.len() {
            let host = self.rngs.len() as Index;
            // Another stream than that of the first entries, which a restart draws again.
            self.rngs.push(stream(!self.seed, host, Purpose::Workload));
            let from = now.max(Time::START + self.workload.from);
            self.plan(host, from);
        }
        while let Some(&Reverse((at, host))) = self.next.peek() {
            if at >= end.min(self.until) {
                return;
            }
            self.next.pop();
            for _ in 0..self.workload.burst {
                let call = self.write(host);
                cluster.world.schedule(host, at, call);
            }
            self.plan(host, at);
        }
    }

    /// The next moment: the gaps of a Poisson process are exponential.
    fn plan(&mut self, host: Index, from: Time) {
        let rate = self.workload.updates_per_second / f64::from(self.workload.burst);
        let gap = -(1.0 - unit(&mut self.rngs[host as usize])).ln() / rate;
        self.next
            .push(Reverse((from + Span::from_secs_f64(gap), host)));
    }

    fn write(&mut self, host: Index) -> Call {
        let rng = &mut self.rngs[host as usize];
        let keys = self.scenario.workload_keys(self.workload);
        let number = below(rng, u64::from(keys)) as u32;
        let key = self.scenario.entries.key(number);
        if happens(rng, self.workload.deletes) {
            return Call::Delete { key };
        }
        let value = random_value(rng, self.scenario.entries.value_bytes);
        Call::Set { key, value }
    }
}

/// A value that no other is likely to equal.
pub(super) fn random_value(rng: &mut SplitMix64, len: usize) -> Vec<u8> {
    let words = std::iter::repeat_with(|| rng.next().to_le_bytes());
    words.flatten().take(len).collect()
}
