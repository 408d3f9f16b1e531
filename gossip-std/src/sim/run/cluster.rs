//! The hosts of a run: how one starts, stops and starts again.

use std::collections::BTreeMap;

use gossip_core::{Duration, Instant};

use super::build::Build;
use crate::sim::chance::{Purpose, below, stream};
use crate::sim::host::Index;
use crate::sim::network::Network;
use crate::sim::node_host::{Call, id_of};
use crate::sim::scenario::{Clocks, Scenario, ScenarioError};
use crate::sim::time::{Span, Time};
use crate::sim::world::{HostClock, World, WorldOptions};

/// The hosts, and what is needed to make more of them.
pub(super) struct Cluster<'s, B: Build> {
    pub world: World<B::Host>,
    scenario: &'s Scenario,
    build: &'s B,
    seed: u64,
    /// What hosts were when they went down.
    memories: BTreeMap<Index, B::Host>,
}

impl<'s, B: Build> Cluster<'s, B> {
    pub(super) fn new(scenario: &'s Scenario, build: &'s B, options: WorldOptions, network: Network) -> Self {
        Self {
            world: World::new(options, network),
            scenario,
            build,
            seed: options.seed,
            memories: BTreeMap::new(),
        }
    }

    /// Starts one more host, with its first entries.
    pub(super) fn add(&mut self) -> Result<Index, ScenarioError> {
        let host = self.world.len();
        let clock = self.clock_of(host);
        let new = self.make(host)?;
        self.world.add(new, clock);
        self.set_first_entries(host);
        Ok(host)
    }

    /// Lets a host look for the others through the first, the first through the second.
    pub(super) fn join(&mut self, host: Index) {
        let seed = Index::from(host == 0);
        self.world.schedule(host, self.world.now(), Call::Join(seed));
    }

    /// Takes a host down.
    pub(super) fn crash(&mut self, host: Index) {
        if let Some(memory) = self.world.crash(host) {
            self.memories.insert(host, memory);
        }
    }

    /// Starts a host that is down again.
    pub(super) fn restart(&mut self, host: Index, with_memory: bool) -> Result<(), ScenarioError> {
        if self.world.host(host).is_some() {
            return Ok(());
        }
        let memory = self.memories.remove(&host).filter(|_| with_memory);
        if let Some(memory) = memory {
            self.world.restart(host, memory, true);
        } else {
            let new = self.make(host)?;
            self.world.restart(host, new, false);
            self.set_first_entries(host);
            self.join(host);
        }
        Ok(())
    }

    /// Every host that is down.
    pub(super) fn down(&self) -> Vec<Index> {
        let hosts = 0..self.world.len();
        hosts.filter(|host| self.world.host(*host).is_none()).collect()
    }

    fn make(&self, host: Index) -> Result<B::Host, ScenarioError> {
        let config = self.scenario.protocol.config(id_of(host))?;
        Ok(self.build.build(host, config))
    }

    fn set_first_entries(&mut self, host: Index) {
        let entries = &self.scenario.entries;
        let mut rng = stream(self.seed, host, Purpose::Workload);
        for number in 0..entries.count {
            let key = entries.key(number);
            let value = super::workload::random_value(&mut rng, entries.value_bytes);
            self.world.schedule(host, self.world.now(), Call::Set { key, value });
        }
    }

    fn clock_of(&self, host: Index) -> HostClock {
        let Clocks { max_offset, max_drift_ppm } = self.scenario.clocks;
        let mut rng = stream(self.seed, host, Purpose::Setting);
        let millis = max_offset.as_millis();
        let drift = below(&mut rng, 2 * u64::from(max_drift_ppm) + 1) as i64;
        HostClock {
            // Both signs, counted from the slowest, so that no clock begins before its epoch.
            offset_millis: below(&mut rng, millis.saturating_mul(2).saturating_add(1)),
            drift_ppm: (drift - i64::from(max_drift_ppm)) as i32,
        }
    }
}
