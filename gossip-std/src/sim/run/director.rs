//! The timeline: what happens when, and that it happens.

use std::collections::BTreeMap;

use gossip_core::SplitMix64;

use super::build::Build;
use super::cluster::Cluster;
use super::wiring;
use crate::sim::chance::{Purpose, below, stream, unit};
use crate::sim::index::Index;
use crate::sim::node_host::Call;
use crate::sim::scenario::{
    Action, Boot, Churn, Flash, Pick, Restart, Rolling, Scenario, ScenarioError, Set,
};
use crate::sim::time::{Span, Time};

/// How long a host that says goodbye stays to say it.
const GOODBYE: Span = Span::from_secs(2);

/// One thing that will happen.
#[derive(Clone, Copy, Debug)]
enum Step<'s> {
    Act(&'s Action),
    Start,
    Crash(Index),
    Restart(Index, bool),
    Leave(Index),
    /// The goodbye that began then is over.
    Gone(Index, Time),
    Churn(&'s Churn),
    /// The twin of the first host, in the place of the second, stops.
    Untwin(Index, Index),
}

/// What is still to happen. Things at one moment happen in the order in which they were planned.
pub(super) struct Director<'s> {
    scenario: &'s Scenario,
    rng: SplitMix64,
    plan: BTreeMap<(Time, u64), Step<'s>>,
    planned: u64,
}

impl<'s> Director<'s> {
    pub(super) fn new(scenario: &'s Scenario, seed: u64) -> Self {
        let mut director = Self {
            scenario,
            rng: stream(seed, Index::MAX, Purpose::Fault),
            plan: BTreeMap::new(),
            planned: 0,
        };
        for (_, at) in scenario.timeline() {
            director.plan(Time::START + at.time, Step::Act(&at.action));
        }
        director
    }

    fn plan(&mut self, at: Time, step: Step<'s>) {
        self.plan.insert((at, self.planned), step);
        self.planned += 1;
    }

    /// When the next thing happens; [`Time::FAR`] if nothing will.
    pub(super) fn next_time(&self) -> Time {
        self.plan
            .first_key_value()
            .map_or(Time::FAR, |((at, _), _)| *at)
    }

    /// Starts the first hosts as the scenario says.
    pub(super) fn boot<B: Build>(
        &mut self,
        cluster: &mut Cluster<'_, '_, B>,
    ) -> Result<(), ScenarioError> {
        let nodes = self.scenario.nodes;
        match self.scenario.boot {
            Boot::Staggered { over } => self.start(cluster, nodes, over),
            // The hosts of a settled cluster are there before the director comes.
            Boot::AllKnown => Ok(()),
            Boot::Join => {
                for _ in 0..nodes {
                    start_one(cluster)?;
                }
                Ok(())
            }
        }
    }

    /// Makes everything happen that is due.
    pub(super) fn perform<B: Build>(
        &mut self,
        cluster: &mut Cluster<'_, '_, B>,
    ) -> Result<(), ScenarioError> {
        let now = cluster.world.now();
        while let Some(entry) = self.plan.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let step = entry.remove();
            self.step(cluster, step)?;
        }
        Ok(())
    }

    fn step<B: Build>(
        &mut self,
        cluster: &mut Cluster<'_, '_, B>,
        step: Step<'s>,
    ) -> Result<(), ScenarioError> {
        match step {
            Step::Act(action) => {
                self.act(cluster, action)?;
                if changes_network(action) {
                    cluster.look_at_network();
                }
            }
            Step::Start => start_one(cluster)?,
            Step::Crash(host) => cluster.crash(host),
            Step::Restart(host, with_memory) => cluster.restart(host, with_memory)?,
            Step::Leave(host) => cluster.ask(host, Call::Leave),
            Step::Gone(host, since) => cluster.crash_if_up_since(host, since),
            Step::Churn(churn) => self.churn(cluster, churn),
            Step::Untwin(host, place) => cluster.end_twin(host, place),
        }
        Ok(())
    }

    fn act<B: Build>(
        &mut self,
        cluster: &mut Cluster<'_, '_, B>,
        action: &'s Action,
    ) -> Result<(), ScenarioError> {
        let now = cluster.world.now();
        match action {
            Action::Crash(pick) => self.each(cluster, pick, Cluster::crash),
            Action::Pause(pick) => {
                self.each(cluster, pick, |cluster, host| cluster.world.pause(host))
            }
            Action::Slow { who, per_datagram } => {
                for host in self.machines(cluster, who) {
                    cluster.world.slow(host, *per_datagram);
                }
            }
            Action::Leave(pick) => {
                for host in self.pick(cluster, pick) {
                    self.plan_leave(now, host);
                }
            }
            Action::Resume(again) => {
                let hosts = 0..cluster.world.len();
                for host in
                    hosts.filter(|host| again.hosts.as_ref().is_none_or(|set| set.contains(*host)))
                {
                    cluster.world.resume(host);
                }
            }
            Action::Restart(restart) => self.restart(cluster, restart)?,
            Action::Move(pick) => {
                for host in self.machines(cluster, pick) {
                    cluster.world.readdress(host);
                }
            }
            Action::Twin(twin) => {
                let place = cluster.add_twin(twin.of - 1)?;
                self.plan(now + twin.lasts, Step::Untwin(twin.of - 1, place));
            }
            Action::Rolling(rolling) => self.rolling(cluster, rolling),
            Action::Join { count, over } => self.start(cluster, *count, *over)?,
            Action::Churn(churn) => self.plan_churn(now, churn),
            Action::Set(set) => self.set(cluster, set),
            Action::Delete { host, key } => {
                cluster.ask(host - 1, Call::Delete { key: key.clone() });
            }
            Action::Flash(flash) => self.flash(cluster, flash),
            Action::Partition { name, sides } => {
                wiring::partition(&mut cluster.world, name, sides)?
            }
            Action::Heal(name) => wiring::heal(&mut cluster.world, name),
            Action::HealAll => wiring::heal_all(&mut cluster.world),
            Action::SetLoss(loss) => wiring::set_loss(&mut cluster.world, *loss)?,
            Action::SetLink(link) => wiring::set_link(&mut cluster.world, *link)?,
            Action::LiftRule(name) => wiring::lift_rule(&mut cluster.world, name),
            Action::AddRule(rule) => wiring::add_rule(&mut cluster.world, rule)?,
        }
        Ok(())
    }

    /// The hosts that are meant, of those that are up.
    fn pick<B: Build>(&mut self, cluster: &Cluster<'_, '_, B>, pick: &Pick) -> Vec<Index> {
        let hosts = cluster.world.hosts().map(|(host, _)| host);
        let mut up: Vec<Index> = hosts.filter(|host| !cluster.watch.is_twin(*host)).collect();
        let count = match pick {
            Pick::Hosts(set) => {
                up.retain(|host| set.contains(*host));
                return up;
            }
            Pick::Random(count) => *count as usize,
            Pick::Share(share) => ((up.len() as f64 * share).round() as usize).max(1),
        };
        let count = count.min(up.len());
        for place in 0..count {
            let other = place + below(&mut self.rng, (up.len() - place) as u64) as usize;
            up.swap(place, other);
        }
        up.truncate(count);
        up.sort_unstable();
        up
    }

    /// The hosts that are meant, of all that ever started where they are named: what becomes of a
    /// machine becomes of it whether a node runs there or not.
    fn machines<B: Build>(&mut self, cluster: &Cluster<'_, '_, B>, pick: &Pick) -> Vec<Index> {
        match pick {
            Pick::Hosts(set) => set.iter(cluster.world.len()).collect(),
            Pick::Random(_) | Pick::Share(_) => self.pick(cluster, pick),
        }
    }

    fn each<'c, 't, B: Build>(
        &mut self,
        cluster: &mut Cluster<'c, 't, B>,
        pick: &Pick,
        mut act: impl FnMut(&mut Cluster<'c, 't, B>, Index),
    ) {
        for host in self.pick(cluster, pick) {
            act(cluster, host);
        }
    }

    /// Starts `count` hosts, evenly over a span.
    fn start<B: Build>(
        &mut self,
        cluster: &mut Cluster<'_, '_, B>,
        count: u32,
        over: Span,
    ) -> Result<(), ScenarioError> {
        let now = cluster.world.now();
        let gaps = f64::from(count.saturating_sub(1).max(1));
        for number in 0..count {
            let at = now + over.times(f64::from(number) / gaps);
            if at == now {
                start_one(cluster)?;
            } else {
                self.plan(at, Step::Start);
            }
        }
        Ok(())
    }

    fn restart<B: Build>(
        &mut self,
        cluster: &mut Cluster<'_, '_, B>,
        restart: &Restart,
    ) -> Result<(), ScenarioError> {
        for host in cluster.down() {
            if restart.hosts.as_ref().is_none_or(|set| set.contains(host)) {
                cluster.restart(host, restart.with_memory)?;
            }
        }
        Ok(())
    }

    fn rolling<B: Build>(&mut self, cluster: &Cluster<'_, '_, B>, rolling: &'s Rolling) {
        let mut at = cluster.world.now();
        let set = rolling.hosts.as_ref();
        for host in
            (0..cluster.world.len()).filter(|host| set.is_none_or(|set| set.contains(*host)))
        {
            if rolling.leaves {
                // A host that says goodbye is not restarted before it has said it.
                self.plan_leave(at, host);
                self.plan(at + rolling.down.max(GOODBYE), Step::Restart(host, false));
            } else {
                self.plan(at, Step::Crash(host));
                let restart = Step::Restart(host, rolling.with_memory);
                self.plan(at + rolling.down, restart);
            }
            at = at + rolling.every;
        }
    }

    /// The host says goodbye and goes, before anything that is planned later for the moment it goes.
    fn plan_leave(&mut self, at: Time, host: Index) {
        self.plan(at, Step::Leave(host));
        self.plan(at + GOODBYE, Step::Gone(host, at));
    }

    fn plan_churn(&mut self, from: Time, churn: &'s Churn) {
        let gap = -(1.0 - unit(&mut self.rng)).ln() / churn.per_second;
        let at = from + Span::from_secs_f64(gap);
        if at < Time::START + churn.until {
            self.plan(at, Step::Churn(churn));
        }
    }

    fn churn<B: Build>(&mut self, cluster: &mut Cluster<'_, '_, B>, churn: &'s Churn) {
        let now = cluster.world.now();
        for host in self.pick(cluster, &Pick::Random(1)) {
            cluster.crash(host);
            self.plan(now + churn.downtime, Step::Restart(host, churn.with_memory));
        }
        self.plan_churn(now, churn);
    }

    fn set<B: Build>(&mut self, cluster: &mut Cluster<'_, '_, B>, set: &Set) {
        let value = match &set.value {
            Some(value) => value.clone().into_bytes(),
            None => super::workload::random_value(&mut self.rng, self.scenario.entries.value_bytes),
        };
        let host = set.host - 1;
        if set.tracked {
            cluster.track(host, &set.key);
        }
        let (key, ttl) = (set.key.clone(), set.ttl);
        cluster.ask(host, Call::Set { key, value, ttl });
    }

    fn flash<B: Build>(&mut self, cluster: &mut Cluster<'_, '_, B>, flash: &Flash) {
        let entries = &self.scenario.entries;
        for number in 0..flash.entries {
            let key = entries.key(number);
            let value = super::workload::random_value(&mut self.rng, entries.value_bytes);
            if flash.tracked {
                cluster.track(flash.host - 1, &key);
            }
            let ttl = None;
            cluster.ask(flash.host - 1, Call::Set { key, value, ttl });
        }
    }
}

fn changes_network(action: &Action) -> bool {
    matches!(
        action,
        Action::Partition { .. }
            | Action::Heal(_)
            | Action::HealAll
            | Action::SetLoss(_)
            | Action::SetLink(_)
            | Action::AddRule(_)
            | Action::LiftRule(_)
    )
}

fn start_one<B: Build>(cluster: &mut Cluster<'_, '_, B>) -> Result<(), ScenarioError> {
    let host = cluster.add()?;
    if host > 0 {
        cluster.join(host);
    }
    Ok(())
}
