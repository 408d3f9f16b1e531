//! The timeline: a minute of random faults, all of them over at its end.

use super::CALM_FROM;
use super::dice::Dice;
use crate::sim::network::{Change, HostSet, Latency, LossModel, Rule};
use crate::sim::scenario::{
    Action, Again, At, Churn, Flash, Pick, Restart, Rolling, Scenario, Set,
};
use crate::sim::{Index, Span};

/// No fault begins before: nodes that join at the start get to know each other a little.
const FIRST: Span = Span::from_secs(3);

/// No fault begins after; the rest of the minute is for those that take time to end.
const LAST: Span = Span::from_secs(55);

/// From one fault to the next.
const GAP: (Span, Span) = (Span::from_millis(200), Span::from_secs(8));

/// Churn leaves a host down for so long at most, and takes none down after `CHURN_LAST`.
const DOWNTIME_MAX: Span = Span::from_secs(3);
const CHURN_LAST: Span = Span::from_secs(57);

/// A host that said goodbye is back after so long at the soonest: it takes its time to say it.
const GOODBYE: Span = Span::from_secs(3);

/// How many hosts may come besides those at the start.
const JOINING_MAX: u32 = 3;

/// The timeline of a scenario that has everything else.
pub(super) fn draw(dice: &mut Dice, scenario: &Scenario) -> Vec<At> {
    let mut timeline = Timeline {
        hosts: vec![Presence::Up; scenario.nodes as usize],
        dice,
        scenario,
        open: Vec::new(),
        rules: Vec::new(),
        named: 0,
        is_slow: false,
        is_lossy: false,
        churns: false,
        last_leave: Span::ZERO,
        at: Vec::new(),
    };
    let mut time = FIRST;
    loop {
        time = time + timeline.dice.span(GAP.0, GAP.1);
        if time > LAST {
            break;
        }
        let fault = timeline.dice.one_of(&Timeline::FAULTS);
        fault(&mut timeline, time);
    }
    timeline.end();
    timeline.at
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Up,
    Down,
    Paused,
    /// It said goodbye: its memory is of no use.
    Left,
}

/// A timeline under way, and what it has come to. (What churn and rolling restarts do is not known
/// here: of an action for a host that is not as expected nothing comes.)
struct Timeline<'a> {
    dice: &'a mut Dice,
    scenario: &'a Scenario,
    hosts: Vec<Presence>,
    /// The partitions that are open.
    open: Vec<String>,
    /// The rules in force.
    rules: Vec<String>,
    /// How many names were given.
    named: u32,
    is_slow: bool,
    is_lossy: bool,
    /// Whether hosts crash and restart that are not named here.
    churns: bool,
    last_leave: Span,
    at: Vec<At>,
}

impl Timeline<'_> {
    /// What may go wrong, the likelier the more often it stands here. Each makes something happen at
    /// a time, if it can.
    const FAULTS: [fn(&mut Self, Span); 19] = [
        Self::partition,
        Self::partition,
        Self::heal,
        Self::heal,
        Self::crash,
        Self::crash,
        Self::restart,
        Self::restart,
        Self::pause,
        Self::resume,
        Self::slow,
        Self::churn,
        Self::rolling,
        Self::leave,
        Self::join,
        Self::set_loss,
        Self::add_rule,
        Self::lift_rule,
        Self::write,
    ];

    fn partition(&mut self, time: Span) {
        if self.open.len() == 2 {
            return;
        }
        let all: Vec<Index> = (0..self.hosts.len() as Index).collect();
        let first = self.dice.some_of(&all, all.len() - 1);
        let rest: Vec<Index> = all
            .into_iter()
            .filter(|host| !first.contains(host))
            .collect();
        let mut sides = vec![set(&first)];
        if rest.len() > 1 && self.dice.chance(0.3) {
            let second = self.dice.some_of(&rest, rest.len() - 1);
            sides.push(set(&second));
        }
        let name = self.name("cut");
        self.open.push(name.clone());
        self.push(time, Action::Partition { name, sides });
    }

    fn heal(&mut self, time: Span) {
        if !self.open.is_empty() {
            let which = self.dice.between(0, self.open.len() as u32 - 1);
            let name = self.open.remove(which as usize);
            self.push(time, Action::Heal(name));
        }
    }

    fn crash(&mut self, time: Span) {
        if let Some(hosts) = self.some(Presence::Up, 0) {
            self.turn(&hosts, Presence::Down);
            self.push(time, Action::Crash(Pick::Hosts(set(&hosts))));
        }
    }

    fn restart(&mut self, time: Span) {
        let (from, with_memory) = match self.dice.between(0, 2) {
            0 if time >= self.last_leave + GOODBYE => (Presence::Left, false),
            2 => (Presence::Down, true),
            _ => (Presence::Down, false),
        };
        if let Some(hosts) = self.some(from, 0) {
            self.start_again(time, &hosts, with_memory);
        }
    }

    fn pause(&mut self, time: Span) {
        if let Some(hosts) = self.some(Presence::Up, 0) {
            self.turn(&hosts, Presence::Paused);
            self.push(time, Action::Pause(Pick::Hosts(set(&hosts))));
        }
    }

    fn resume(&mut self, time: Span) {
        if let Some(hosts) = self.some(Presence::Paused, 0) {
            self.turn(&hosts, Presence::Up);
            let hosts = Some(set(&hosts));
            self.push(time, Action::Resume(Again { hosts }));
        }
    }

    fn slow(&mut self, time: Span) {
        if let Some(hosts) = self.some(Presence::Up, 0) {
            self.is_slow = true;
            let per_datagram = Span::from_millis(self.dice.one_of(&[1, 20, 200]));
            let who = Pick::Hosts(set(&hosts));
            self.push(time, Action::Slow { who, per_datagram });
        }
    }

    /// Not beside a goodbye: a host that churn lets go on with what it knew must not have left.
    fn churn(&mut self, time: Span) {
        if self.churns || self.hosts.contains(&Presence::Left) {
            return;
        }
        self.churns = true;
        let churn = Churn {
            per_second: self.dice.one_of(&[0.2, 1.0]),
            until: self.dice.span(time + Span::from_secs(1), CHURN_LAST),
            downtime: self.dice.span(Span::from_millis(200), DOWNTIME_MAX),
            with_memory: self.dice.chance(0.5),
        };
        self.push(time, Action::Churn(churn));
    }

    /// Not beside a goodbye, for the same reason.
    fn rolling(&mut self, time: Span) {
        let every = self.dice.one_of(&[200, 1000]);
        let (every, down) = (Span::from_millis(every), Span::from_millis(3 * every));
        let steps = every.times(self.hosts.len() as f64);
        if self.churns || self.hosts.contains(&Presence::Left) || time + steps + down > LAST {
            return;
        }
        self.churns = true;
        let rolling = Rolling {
            hosts: Some(set(&(0..self.hosts.len() as Index).collect::<Vec<_>>())),
            every,
            down,
            leaves: false,
            with_memory: self.dice.chance(0.5),
        };
        self.push(time, Action::Rolling(rolling));
    }

    fn leave(&mut self, time: Span) {
        if self.churns {
            return;
        }
        if let Some(hosts) = self.some(Presence::Up, 1) {
            self.last_leave = time;
            self.turn(&hosts, Presence::Left);
            self.push(time, Action::Leave(Pick::Hosts(set(&hosts))));
        }
    }

    fn join(&mut self, time: Span) {
        let joined = self.hosts.len() as u32 - self.scenario.nodes;
        if joined >= JOINING_MAX {
            return;
        }
        let count = self.dice.between(1, JOINING_MAX - joined);
        for _ in 0..count {
            self.hosts.push(Presence::Up);
        }
        let over = Span::ZERO;
        self.push(time, Action::Join { count, over });
    }

    fn set_loss(&mut self, time: Span) {
        self.is_lossy = true;
        let loss = self.dice.one_of(&[0.2, 0.5, 0.9]);
        self.push(time, Action::SetLoss(LossModel::Independent(loss)));
    }

    /// One direction of some links becomes worse.
    fn add_rule(&mut self, time: Span) {
        let all: Vec<Index> = (0..self.hosts.len() as Index).collect();
        let from = set(&self.dice.some_of(&all, 3));
        let to = set(&self.dice.some_of(&all, all.len()));
        let name = self.name("bad");
        self.rules.push(name.clone());
        let rule = Rule {
            name,
            from,
            to,
            both_ways: false,
            set: self.harm(),
        };
        self.push(time, Action::AddRule(rule));
    }

    fn harm(&mut self) -> Change {
        let mut change = Change::default();
        match self.dice.between(0, 3) {
            0 => change.loss = Some(LossModel::Independent(self.dice.one_of(&[0.5, 1.0]))),
            1 => {
                let latency = self.dice.one_of(&[100, 400]);
                change.latency = Some(Latency::Constant(Span::from_millis(latency)));
            }
            2 => change.corrupt = Some(self.dice.one_of(&[0.3, 1.0])),
            _ => change.duplicate = Some(self.dice.one_of(&[0.5, 1.0])),
        }
        change
    }

    fn lift_rule(&mut self, time: Span) {
        if let Some(name) = self.rules.pop() {
            self.push(time, Action::LiftRule(name));
        }
    }

    fn write(&mut self, time: Span) {
        let host = self.dice.between(1, self.hosts.len() as u32);
        let key = self.scenario.entries.key(self.dice.between(0, 3));
        let action = match self.dice.between(0, 2) {
            0 => Action::Delete { host, key },
            1 => Action::Set(Set {
                host,
                key,
                value: None,
                ttl: None,
                tracked: false,
            }),
            _ => Action::Flash(Flash {
                host,
                entries: self.dice.between(2, 10),
                tracked: false,
            }),
        };
        self.push(time, action);
    }

    /// Everything ends that must not last.
    fn end(&mut self) {
        while !self.open.is_empty() {
            self.heal(CALM_FROM);
        }
        while !self.rules.is_empty() {
            self.lift_rule(CALM_FROM);
        }
        if self.is_lossy {
            let fair = self.scenario.network.link.loss;
            self.push(CALM_FROM, Action::SetLoss(fair));
        }
        if self.hosts.contains(&Presence::Paused) {
            self.push(CALM_FROM, Action::Resume(Again::default()));
        }
        self.bring_back();
        if self.is_slow {
            let who = Pick::Hosts(HostSet::all());
            let per_datagram = Span::ZERO;
            self.push(CALM_FROM, Action::Slow { who, per_datagram });
        }
    }

    /// Of those that are down every other one comes back, and host 1 in any case.
    fn bring_back(&mut self) {
        for host in 0..self.hosts.len() as Index {
            let presence = self.hosts[host as usize];
            let is_gone = matches!(presence, Presence::Down | Presence::Left);
            if is_gone && (host == 0 || self.dice.chance(0.5)) {
                let with_memory = presence == Presence::Down && self.dice.chance(0.5);
                self.start_again(CALM_FROM, &[host], with_memory);
            }
        }
    }

    fn start_again(&mut self, time: Span, hosts: &[Index], with_memory: bool) {
        self.turn(hosts, Presence::Up);
        let hosts = Some(set(hosts));
        self.push(time, Action::Restart(Restart { hosts, with_memory }));
    }

    /// Some of the hosts from `first` on that are present like this.
    fn some(&mut self, presence: Presence, first: Index) -> Option<Vec<Index>> {
        let hosts = (first..self.hosts.len() as Index)
            .filter(|host| self.hosts[*host as usize] == presence);
        let hosts: Vec<Index> = hosts.collect();
        (!hosts.is_empty()).then(|| self.dice.some_of(&hosts, hosts.len().div_ceil(2)))
    }

    fn turn(&mut self, hosts: &[Index], presence: Presence) {
        for host in hosts {
            self.hosts[*host as usize] = presence;
        }
    }

    fn name(&mut self, word: &str) -> String {
        self.named += 1;
        format!("{word}-{}", self.named)
    }

    fn push(&mut self, time: Span, action: Action) {
        self.at.push(At { time, action });
    }
}

fn set(hosts: &[Index]) -> HostSet {
    hosts.iter().copied().collect()
}
