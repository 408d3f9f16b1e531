//! The steady load: every owner writes at random moments of its own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use gossip_core::SplitMix64;
use gossip_core::shared::Contribution;

use super::build::Build;
use super::cluster::Cluster;
use crate::sim::chance::{Purpose, below, happens, stream, unit};
use crate::sim::index::Index;
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
                // Who has another's id writes nothing under its name.
                if !cluster.watch.is_twin(host) {
                    cluster.world.schedule(host, at, call);
                }
            }
            self.plan(host, at);
        }
    }

    /// The next moment: the gaps of a Poisson process are exponential, where its rate is one.
    fn plan(&mut self, host: Index, from: Time) {
        let mut left = -(1.0 - unit(&mut self.rngs[host as usize])).ln();
        let mut at = from;
        loop {
            let (rate, change) = self.workload.rate(at.since(Time::START));
            let rate = rate / f64::from(self.workload.burst);
            let next = at + Span::from_secs_f64(left / rate);
            match change.map(|change| Time::START + change) {
                Some(change) if next > change => {
                    left -= rate * change.since(at).as_secs();
                    at = change;
                }
                _ => return self.next.push(Reverse((next, host))),
            }
        }
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
        let leased = self.workload.leases > 0.0 && happens(rng, self.workload.leases);
        let ttl = leased.then_some(self.workload.ttl);
        Call::Set { key, value, ttl }
    }
}

/// A value that no other is likely to equal, and that nobody takes for a contribution to a shared key:
/// survivors would keep copies, which no owner wrote.
pub(super) fn random_value(rng: &mut SplitMix64, len: usize) -> Vec<u8> {
    let words = std::iter::repeat_with(|| rng.next().to_le_bytes());
    let mut value: Vec<u8> = words.flatten().take(len).collect();
    if Contribution::decode(&value).is_some() {
        // As no contribution begins.
        value[0] &= 0x7f;
    }
    value
}
