//! The timeline, walked through without playing it: whether each action is possible when it comes,
//! and when the last one ends.

use std::fmt::Display;

use gossip_core::wire::limits;

use super::error::{ScenarioError, ensure, ensure_rate, ensure_share, ensure_some, within};
use super::state::{check_ttl, lease_room};
use super::{Action, At, Churn, Flash, Pick, Restart, Rolling, Scenario, Set, Twin};
use crate::sim::Span;
use crate::sim::network::HostSet;

impl Scenario {
    /// The actions in the order in which they happen, each with its number in the file (from 1).
    #[must_use]
    pub fn timeline(&self) -> Vec<(usize, &At)> {
        let mut timeline: Vec<(usize, &At)> = (1..).zip(&self.at).collect();
        timeline.sort_by_key(|(_, at)| at.time);
        timeline
    }

    /// When the last thing ends that keeps nodes from agreeing: faults, joins, writes, the start.
    #[must_use]
    pub fn last_disturbance(&self) -> Span {
        let start = match self.boot {
            super::Boot::Staggered { over } => over,
            super::Boot::AllKnown | super::Boot::Join => Span::ZERO,
        };
        let load = self
            .workload
            .as_ref()
            .map_or(Span::ZERO, |load| load.until.unwrap_or(self.duration));
        let ends = self.at.iter().map(|at| self.end(at));
        ends.fold(start.max(load), Span::max)
    }

    /// When an action is over.
    fn end(&self, at: &At) -> Span {
        match &at.action {
            Action::Churn(churn) => churn.until + churn.downtime,
            Action::Join { over, .. } => at.time + *over,
            Action::Twin(twin) => at.time + twin.lasts,
            Action::Rolling(rolling) => {
                let hosts = rolling.hosts.as_ref();
                let hosts =
                    hosts.map_or(self.nodes as usize, |hosts| hosts.iter(self.nodes).count());
                let steps = hosts.saturating_sub(1) as f64;
                at.time + rolling.every.times(steps) + rolling.down
            }
            _ => at.time,
        }
    }
}

/// Where the walk has come to.
pub(super) struct Walk<'a> {
    scenario: &'a Scenario,
    /// What an entry may take, in bytes.
    entry_room: usize,
    /// How many hosts there are by now.
    hosts: u32,
    /// The names of the partitions that are open.
    open: Vec<&'a str>,
    /// The names of the network's rules in force.
    rules: Vec<&'a str>,
    /// The place in the file of the action that the walk has come to.
    place: usize,
    /// Of the hosts that are named and do not exist, the one that would take the most nodes.
    missing: Option<Missing>,
}

/// Something is about hosts that do not exist by then.
struct Missing {
    /// So many nodes the scenario would need.
    nodes: u32,
    error: ScenarioError,
}

impl<'a> Walk<'a> {
    pub(super) fn new(scenario: &'a Scenario, entry_room: usize) -> Self {
        Self {
            scenario,
            entry_room,
            hosts: scenario.nodes,
            open: Vec::new(),
            rules: scenario
                .network
                .rules
                .iter()
                .map(|rule| rule.name.as_str())
                .collect(),
            place: 0,
            missing: None,
        }
    }

    /// One action and its place in the file, the earlier ones done. Whether the hosts exist that it
    /// names, only the end of the walk tells.
    pub(super) fn step(&mut self, place: usize, at: &'a At) -> Result<(), ScenarioError> {
        self.place = place;
        self.act(at).map_err(|error| self.here(error))
    }

    /// The walk is over: every host must have existed when it was named.
    pub(super) fn finish(self) -> Result<(), ScenarioError> {
        self.missing.map_or(Ok(()), |missing| Err(missing.error))
    }

    fn here(&self, error: ScenarioError) -> ScenarioError {
        error.inside(&format!("at[{}]", self.place))
    }

    fn act(&mut self, at: &'a At) -> Result<(), ScenarioError> {
        let duration = self.scenario.duration;
        ensure(at.time <= duration, "time", || {
            format!("is {}; the run ends at {duration}", at.time)
        })?;
        match &at.action {
            Action::Partition { name, sides } => self.partition(name, sides),
            Action::Heal(name) => self.heal(name),
            Action::HealAll => {
                self.open.clear();
                Ok(())
            }
            Action::Crash(pick) => self.pick("do.crash", pick),
            Action::Pause(pick) => self.pick("do.pause", pick),
            Action::Leave(pick) => self.pick("do.leave", pick),
            Action::Move(pick) => self.pick("do.move", pick),
            Action::Twin(twin) => self.twin(at.time, twin),
            Action::Slow { who, .. } => self.pick("do.slow.who", who),
            Action::Restart(Restart { hosts, .. }) => self.optional("do.restart.hosts", hosts),
            Action::Resume(again) => self.optional("do.resume.hosts", &again.hosts),
            Action::Rolling(rolling) => self.rolling(at, rolling),
            Action::SetLoss(loss) => within("do.set-loss", loss.check()),
            Action::SetLink(link) => within("do.set-link", link.check()),
            Action::AddRule(rule) => {
                self.rules.push(&rule.name);
                within("do.add-rule", rule.check())
            }
            Action::LiftRule(name) => self.lift(name),
            Action::Join { count, over } => self.join(at.time, *count, *over),
            Action::Churn(churn) => self.churn(at.time, churn),
            Action::Set(set) => self.set(set),
            Action::Delete { host, key } => {
                self.host("do.delete.host", *host)?;
                self.entry("do.delete.key", key, 0)
            }
            Action::Flash(flash) => self.flash(flash),
        }
    }

    fn partition(&mut self, name: &'a str, sides: &[HostSet]) -> Result<(), ScenarioError> {
        ensure(!self.open.contains(&name), "do.partition.name", || {
            format!("is \"{name}\", and that partition is open; give this one another name")
        })?;
        self.open.push(name);
        ensure(!sides.is_empty(), "do.partition.sides", || {
            "is empty; name at least one side".to_owned()
        })?;
        sides
            .iter()
            .try_for_each(|side| self.set_of("do.partition.sides", side))
    }

    fn heal(&mut self, name: &str) -> Result<(), ScenarioError> {
        let before = self.open.len();
        self.open.retain(|open| *open != name);
        ensure(self.open.len() < before, "do.heal", || {
            format!("is \"{name}\"; no partition of that name is open then")
        })
    }

    fn lift(&mut self, name: &str) -> Result<(), ScenarioError> {
        let before = self.rules.len();
        self.rules.retain(|rule| *rule != name);
        ensure(self.rules.len() < before, "do.lift-rule", || {
            format!("is \"{name}\"; no rule of that name is in force then")
        })
    }

    fn join(&mut self, time: Span, count: u32, over: Span) -> Result<(), ScenarioError> {
        ensure_some("do.join.count", count)?;
        self.ends("do.join.over", time + over)?;
        self.hosts += count;
        Ok(())
    }

    fn twin(&mut self, time: Span, twin: &Twin) -> Result<(), ScenarioError> {
        self.host("do.twin.of", twin.of)?;
        self.ends("do.twin.lasts", time + twin.lasts)?;
        self.hosts += 1;
        Ok(())
    }

    fn churn(&self, time: Span, churn: &Churn) -> Result<(), ScenarioError> {
        ensure_rate("do.churn.per-second", churn.per_second)?;
        ensure(churn.until > time, "do.churn.until", || {
            format!(
                "is {}; it must be after {time}, when churn begins",
                churn.until
            )
        })?;
        self.ends("do.churn.until", churn.until + churn.downtime)
    }

    fn rolling(&mut self, at: &At, rolling: &Rolling) -> Result<(), ScenarioError> {
        ensure(
            !(rolling.leaves && rolling.with_memory),
            "do.rolling.with-memory",
            || {
                "is true, and so is leaves; a host that said goodbye comes back in a new life, without \
                 memory: leave one of the two out"
                    .to_owned()
            },
        )?;
        self.optional("do.rolling.hosts", &rolling.hosts)?;
        self.ends("do.rolling.every", self.scenario.end(at))
    }

    fn set(&mut self, set: &Set) -> Result<(), ScenarioError> {
        self.host("do.set.host", set.host)?;
        let usual = self.scenario.entries.value_bytes;
        let value = set.value.as_ref().map_or(usual, String::len);
        if let Some(ttl) = set.ttl {
            check_ttl("do.set.ttl", ttl)?;
        }
        self.entry("do.set.key", &set.key, value + lease_room(set.ttl))
    }

    fn flash(&mut self, flash: &Flash) -> Result<(), ScenarioError> {
        self.host("do.flash.host", flash.host)?;
        ensure_some("do.flash.entries", flash.entries)
    }

    /// What an action begins must end before the run does.
    fn ends(&self, field: &str, end: Span) -> Result<(), ScenarioError> {
        let duration = self.scenario.duration;
        ensure(end <= duration, field, || {
            format!("makes it last until {end}; the run ends at {duration}")
        })
    }

    /// The host's number must be that of one that exists by now.
    fn host(&mut self, field: &str, number: u32) -> Result<(), ScenarioError> {
        self.exist(field, &number, Some(number).filter(|number| *number > 0))
    }

    /// The entry must have a key and fit one datagram.
    fn entry(&self, field: &str, key: &str, value: usize) -> Result<(), ScenarioError> {
        ensure(!key.is_empty(), field, || {
            "is empty; a key has at least one byte".to_owned()
        })?;
        let (bytes, room) = (limits::entry(0, key.len(), value), self.entry_room);
        ensure(bytes <= room, field, || {
            format!("and its value need {bytes} bytes; at this protocol.mtu an entry has {room}")
        })
    }

    fn pick(&mut self, field: &str, pick: &Pick) -> Result<(), ScenarioError> {
        match pick {
            Pick::Hosts(hosts) => self.set_of(&format!("{field}.hosts"), hosts),
            Pick::Random(count) => {
                let field = format!("{field}.random");
                ensure_some(&field, *count)?;
                self.exist(&field, count, Some(*count))
            }
            Pick::Share(share) => ensure_share(&format!("{field}.share"), *share),
        }
    }

    fn optional(&mut self, field: &str, hosts: &Option<HostSet>) -> Result<(), ScenarioError> {
        hosts
            .as_ref()
            .map_or(Ok(()), |hosts| self.set_of(field, hosts))
    }

    /// The hosts must exist by now.
    fn set_of(&mut self, field: &str, hosts: &HostSet) -> Result<(), ScenarioError> {
        self.exist(field, hosts, hosts.hosts_min())
    }

    /// What is `named` in a field makes sense with `needed` hosts or more, if with any number. Where
    /// there are fewer, that is noted.
    fn exist(
        &mut self,
        field: &str,
        named: &dyn Display,
        needed: Option<u32>,
    ) -> Result<(), ScenarioError> {
        let known = format!(
            "is {named}; hosts are then numbered from 1 to {}",
            self.hosts
        );
        let Some(needed) = needed else {
            return Err(ScenarioError::new(field, known));
        };
        let nodes = needed.saturating_sub(self.hosts - self.scenario.nodes);
        let most = self.missing.as_ref().map_or(0, |missing| missing.nodes);
        if needed > self.hosts && nodes > most {
            let problem = format!("{known}: name some of these, or make nodes at least {nodes}");
            let error = self.here(ScenarioError::new(field, problem));
            self.missing = Some(Missing { nodes, error });
        }
        Ok(())
    }
}
