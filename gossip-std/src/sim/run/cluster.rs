//! The hosts of a run: how one starts, stops and starts again.

use std::collections::BTreeMap;
use std::io;

use super::RunError;
use super::build::Build;
use super::settled::Settled;
use super::watch::{REACH_HOSTS_MAX, Watch};
use crate::sim::chance::{Purpose, below, stream};
use crate::sim::host::Host;
use crate::sim::index::{Index, id_of};
use crate::sim::measure::Inspect;
use crate::sim::network::{Cause, Network};
use crate::sim::node_host::Call;
use crate::sim::outcome::{LostCount, Outcome};
use crate::sim::record::What;
use crate::sim::scenario::{Clocks, Scenario, ScenarioError};
use crate::sim::time::{Span, Time};
use crate::sim::world::{HostClock, World, WorldOptions};

/// The hosts, and what is needed to make more of them.
pub(super) struct Cluster<'s, 't, B: Build> {
    pub world: World<B::Host>,
    pub watch: Watch<'t>,
    scenario: &'s Scenario,
    build: &'s B,
    seed: u64,
    /// What hosts were when they went down, but for those whose life was over.
    memories: BTreeMap<Index, B::Host>,
    /// When hosts last restarted.
    restarts: BTreeMap<Index, Time>,
}

impl<'s, 't, B: Build> Cluster<'s, 't, B> {
    pub(super) fn new(
        scenario: &'s Scenario,
        build: &'s B,
        options: WorldOptions,
        network: Network,
        watch: Watch<'t>,
    ) -> Self {
        Self {
            world: World::new(options, network),
            watch,
            scenario,
            build,
            seed: options.seed,
            memories: BTreeMap::new(),
            restarts: BTreeMap::new(),
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

    /// Starts one more host, which knows all that a settled cluster knows, and has it look for the first.
    pub(super) fn add_settled(&mut self, all: &Settled) -> Result<(), RunError> {
        let host = self.world.len();
        let config = self.scenario.protocol.config(id_of(host))?;
        let new = self.build.build_settled(host, config, all)?;
        self.world.add(new, self.clock_of(host));
        if host > 0 {
            self.join(host);
        }
        Ok(())
    }

    /// Starts a node with the id of a host in a place of its own, which looks for the others through the
    /// first. Nothing it tells is taken for a host's.
    pub(super) fn add_twin(&mut self, of: Index) -> Result<Index, ScenarioError> {
        let place = self.world.len();
        self.watch.add_twin(place);
        let config = self.scenario.protocol.config(id_of(of))?;
        self.world
            .add(self.build.build(place, config), self.clock_of(place));
        self.join(place);
        self.world.note(of, What::Doubled);
        Ok(place)
    }

    /// The twin of a host stops.
    pub(super) fn end_twin(&mut self, of: Index, place: Index) {
        self.world.crash(place);
        self.world.note(of, What::Alone);
    }

    /// Lets a host look for the others through the first, the first through the second.
    pub(super) fn join(&mut self, host: Index) {
        let seed = Index::from(host == 0);
        self.ask(host, Call::Join(seed));
    }

    /// Asks something of a host now, as [`World::schedule`] does.
    pub(super) fn ask(&mut self, host: Index, call: Call) {
        self.world.schedule(host, self.world.now(), call);
    }

    /// Measures from now on how a host's next write of a key spreads.
    pub(super) fn track(&mut self, host: Index, key: &str) {
        if self.world.host(host).is_some() {
            self.watch.monitor.track(host, key);
        }
    }

    /// Takes a host down.
    pub(super) fn crash(&mut self, host: Index) {
        if let Some(node) = self.world.host(host) {
            self.watch.monitor.before_crash(host, node);
        }
        let has_left = self.watch.monitor.truth().ground.has_left(host);
        let memory = self.world.crash(host).filter(|_| !has_left);
        if let Some(memory) = memory {
            self.memories.insert(host, memory);
        }
    }

    /// Takes a host down, unless it has restarted since.
    pub(super) fn crash_if_up_since(&mut self, host: Index, since: Time) {
        if self.restarts.get(&host).is_none_or(|at| *at <= since) {
            self.crash(host);
        }
    }

    /// Starts a host that is down again.
    pub(super) fn restart(&mut self, host: Index, with_memory: bool) -> Result<(), ScenarioError> {
        // The place of a twin is nobody's any more.
        if self.world.host(host).is_some() || self.watch.is_twin(host) {
            return Ok(());
        }
        self.restarts.insert(host, self.world.now());
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
        hosts
            .filter(|host| self.world.host(*host).is_none() && !self.watch.is_twin(*host))
            .collect()
    }

    /// Lets everything happen before `until`.
    pub(super) fn run_until(&mut self, until: Time) {
        self.world.run_until(until, &mut self.watch);
        if let Some(host) = self.world.storm() {
            self.watch.monitor.storm(self.world.now(), host);
        }
    }

    /// Notes what the network is like from now on.
    pub(super) fn look_at_network(&mut self) {
        if self.scenario.hosts() <= REACH_HOSTS_MAX {
            let (now, network) = (self.world.now(), self.world.network());
            self.watch.monitor.rewired(now, network);
        }
    }

    /// Puts another network in place of this one, which it gives back.
    pub(super) fn swap_network(&mut self, network: Network) -> Network {
        self.world.swap_network(network)
    }

    /// Lets all hosts find their seeds, and know the same, before the run begins; `true` if they did.
    pub(super) fn settle(&mut self, step: Span, limit: u32) -> bool {
        let settled = self.world.warm_up(step, limit, &mut self.watch, is_settled);
        self.watch.monitor.begin(&self.world);
        settled
    }

    /// Looks at all hosts, once what was just done to them is recorded.
    pub(super) fn sample(&mut self) {
        self.world.tell(&mut self.watch);
        self.watch.monitor.sample(self.world.now(), &self.world);
    }

    /// Looks at the updates that still spread.
    pub(super) fn look_at_spread(&mut self) {
        let now = self.world.now();
        self.watch.monitor.look_at_spread(now, &self.world);
    }

    /// The outcome, as far as the hosts tell it.
    pub(super) fn finish(self) -> io::Result<Outcome> {
        let monitor = self.watch.finish()?;
        let mut outcome = monitor.finish(self.world.now(), &self.world);
        outcome.events = self.world.events();
        outcome.traffic.lost = lost(&self.world);
        Ok(outcome)
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
            let ttl = None;
            self.ask(host, Call::Set { key, value, ttl });
        }
    }

    fn clock_of(&self, host: Index) -> HostClock {
        let Clocks {
            max_offset,
            max_drift_ppm,
        } = self.scenario.clocks;
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

/// Whether every host holds every other for live, all replicas are equal, and nobody has news to tell.
fn is_settled<H: Host + Inspect>(world: &World<H>) -> bool {
    if world.hosts().any(|(_, host)| has_news(host)) {
        return false;
    }
    let hosts = world.len();
    let mut prints = world
        .hosts()
        .map(|(_, host)| (host.live(), host.fingerprint()));
    let first = prints.next();
    first.is_none_or(|(live, _)| live == hosts) && prints.all(|print| Some(print) == first)
}

fn has_news(host: &impl Inspect) -> bool {
    let mut told = false;
    host.tables(&mut |table, len, _| told |= table == "news" && len > 0);
    told
}

/// Datagrams that did not arrive, by cause.
fn lost<H: Host>(world: &World<H>) -> Vec<LostCount> {
    let mut sums: BTreeMap<Cause, u64> = BTreeMap::new();
    let mut dropped = 0;
    for host in 0..world.len() {
        let counters = world.counters(host);
        for (cause, count) in counters.lost() {
            *sums.entry(cause).or_default() += count;
        }
        dropped += counters.dropped;
    }
    let named = sums
        .into_iter()
        .map(|(cause, datagrams)| (cause.to_string(), datagrams));
    let all = named.chain([("host down or buffer full".to_owned(), dropped)]);
    let some = all.filter(|(_, datagrams)| *datagrams > 0);
    some.map(|(cause, datagrams)| LostCount { cause, datagrams })
        .collect()
}
