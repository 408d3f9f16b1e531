//! What is true of the hosts and the network at each moment, whatever the nodes believe.

use super::Marks;
use crate::sim::{Index, Note, Record, Span, Time, What};

/// A machine that takes no longer for a datagram keeps up with a busy cluster.
const SLOW: Span = Span::from_millis(2);

/// Who runs, who hears whom, and when that was last otherwise.
#[derive(Clone, Debug)]
pub struct Ground {
    hosts: Vec<State>,
    live: Marks,
    paused: u32,
    doubled: u32,
    cuts: Vec<Cut>,
    /// When something changed last that the nodes must come to terms with.
    disturbed: Time,
    /// For how long hosts were live, summed over the hosts, up to `summed`.
    host_micros: u128,
    summed: Time,
    grace: Span,
    /// A machine keeps up that takes no longer for a datagram.
    keeps_up: Span,
}

#[derive(Clone, Copy, Debug)]
struct State {
    presence: Presence,
    /// When it last came up or went on.
    since: Time,
    /// When its last trouble ended, if it had one.
    back: Option<Time>,
    /// How long its machine takes for a datagram, and since when.
    slow: Span,
    slow_since: Time,
    /// Whether another node has its id, now or ever.
    is_doubled: bool,
    was_doubled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Absent,
    Live,
    Paused,
    Left,
}

/// A partition, open or healed.
#[derive(Clone, Debug)]
struct Cut {
    name: String,
    sides: Vec<u32>,
    healed: Option<Time>,
}

impl Ground {
    /// No host yet, and a whole network. After a trouble has ended, hosts may believe the worst of
    /// each other for `grace` more without being wrong to.
    #[must_use]
    pub fn new(grace: Span) -> Self {
        Self {
            hosts: Vec::new(),
            live: Marks::default(),
            paused: 0,
            doubled: 0,
            cuts: Vec::new(),
            disturbed: Time::START,
            host_micros: 0,
            summed: Time::START,
            grace,
            keeps_up: SLOW,
        }
    }

    /// From now on machines keep up that take no longer than this for a datagram.
    pub fn keep_up_at(&mut self, each: Span) {
        self.keeps_up = each;
    }

    /// Takes notice of one record.
    pub fn record(&mut self, record: &Record<'_, Note>) {
        let (now, host) = (record.time, record.host);
        match record.what {
            What::Added => self.turn(now, host, Presence::Live),
            What::Crashed => self.turn(now, host, Presence::Absent),
            What::Restarted { .. } => self.come_back(now, host),
            What::Resumed if self.is(host, Presence::Paused) => self.come_back(now, host),
            What::Paused if self.is_live(host) => self.turn(now, host, Presence::Paused),
            What::Note(Note::Left) => self.turn(now, host, Presence::Left),
            What::Partitioned { name, sides } => self.cut(now, name, sides),
            What::Healed { name } => self.heal(now, name),
            What::Moved => self.trouble(now, host),
            What::Doubled => self.double(now, host, true),
            What::Alone => self.double(now, host, false),
            What::Slowed { each } => self.slow(now, host, *each),
            What::Rewired { .. } | What::Note(Note::Started { .. } | Note::Wrote { .. }) => {
                self.disturbed = now
            }
            _ => {}
        }
    }

    /// Whether a host is running: up, not paused, and not departed.
    #[must_use]
    pub fn is_live(&self, host: Index) -> bool {
        self.live.contains(host)
    }

    /// Whether a host stands still.
    #[must_use]
    pub fn is_paused(&self, host: Index) -> bool {
        self.is(host, Presence::Paused)
    }

    /// Whether a host has said goodbye, and did not start again.
    #[must_use]
    pub fn has_left(&self, host: Index) -> bool {
        self.is(host, Presence::Left)
    }

    /// The hosts that are running.
    #[must_use]
    pub fn live(&self) -> &Marks {
        &self.live
    }

    /// How many hosts there were in all.
    #[must_use]
    pub fn hosts(&self) -> u32 {
        self.hosts.len() as u32
    }

    /// When a host last came up, or went on after a pause; [`Time::START`] for an unknown one.
    #[must_use]
    pub fn live_since(&self, host: Index) -> Time {
        self.hosts
            .get(host as usize)
            .map_or(Time::START, |state| state.since)
    }

    /// Whether a host came back from a crash or a pause less than the grace ago.
    #[must_use]
    pub fn is_just_back(&self, now: Time, host: Index) -> bool {
        let back = self.hosts.get(host as usize).and_then(|state| state.back);
        back.is_some_and(|at| now.since(at) < self.grace)
    }

    /// Whether a host has run ever since, on a machine that kept up with what it was sent.
    #[must_use]
    pub fn is_steady(&self, host: Index, since: Time) -> bool {
        let state = self.hosts.get(host as usize);
        state.is_some_and(|state| {
            let is_fast = state.slow <= self.keeps_up && (state.slow_since <= since);
            let is_one = state.presence == Presence::Live && !state.is_doubled;
            is_one && state.since <= since && is_fast
        })
    }

    /// Whether another node ever had the id of this host.
    #[must_use]
    pub fn was_doubled(&self, host: Index) -> bool {
        let state = self.hosts.get(host as usize);
        state.is_some_and(|state| state.was_doubled)
    }

    /// Whether two hosts cannot hear each other, or could not less than the grace ago.
    #[must_use]
    pub fn were_apart(&self, now: Time, a: Index, b: Index) -> bool {
        let recent = |cut: &&Cut| cut.healed.is_none_or(|at| now.since(at) < self.grace);
        self.cuts
            .iter()
            .filter(recent)
            .any(|cut| cut.side(a) != cut.side(b))
    }

    /// Since when the hosts have had the chance to agree: no partition is open, nobody is paused,
    /// and nothing was written or changed since. `None` while a trouble lasts.
    #[must_use]
    pub fn calm_since(&self) -> Option<Time> {
        let whole = self.cuts.iter().all(|cut| cut.healed.is_some());
        (whole && self.paused + self.doubled == 0).then_some(self.disturbed)
    }

    /// How long a wrong belief is excused after a trouble.
    #[must_use]
    pub fn grace(&self) -> Span {
        self.grace
    }

    /// For how long hosts have been running until `now`, summed over the hosts, in seconds.
    #[must_use]
    pub fn host_seconds(&self, now: Time) -> f64 {
        let open = u128::from(now.since(self.summed).as_micros());
        let micros = self.host_micros + open * u128::from(self.live.count());
        micros as f64 / 1e6
    }

    fn is(&self, host: Index, presence: Presence) -> bool {
        let state = self.hosts.get(host as usize);
        state.is_some_and(|state| state.presence == presence)
    }

    fn come_back(&mut self, now: Time, host: Index) {
        self.turn(now, host, Presence::Live);
        self.hosts[host as usize].back = Some(now);
    }

    fn turn(&mut self, now: Time, host: Index, presence: Presence) {
        let index = host as usize;
        self.state_mut(host);
        self.sum(now);
        self.paused -= u32::from(self.hosts[index].presence == Presence::Paused);
        self.paused += u32::from(presence == Presence::Paused);
        self.hosts[index].presence = presence;
        self.hosts[index].since = now;
        if presence == Presence::Live {
            self.live.insert(host);
        } else {
            self.live.remove(host);
        }
        self.disturbed = now;
    }

    /// The others must come to terms with what became of a host that goes on.
    fn trouble(&mut self, now: Time, host: Index) {
        self.disturbed = now;
        let state = self.state_mut(host);
        state.since = now;
        state.back = Some(now);
    }

    fn double(&mut self, now: Time, host: Index, is_doubled: bool) {
        self.trouble(now, host);
        let state = self.state_mut(host);
        let was = std::mem::replace(&mut state.is_doubled, is_doubled);
        state.was_doubled = true;
        self.doubled = self.doubled + u32::from(is_doubled) - u32::from(was);
    }

    fn slow(&mut self, now: Time, host: Index, each: Span) {
        self.disturbed = now;
        let keeps_up = self.keeps_up;
        let state = self.state_mut(host);
        // Between two speeds at which it keeps up there is no difference.
        if each.max(state.slow) > keeps_up {
            state.slow_since = now;
        }
        state.slow = each;
    }

    fn state_mut(&mut self, host: Index) -> &mut State {
        let index = host as usize;
        if index >= self.hosts.len() {
            self.hosts.resize(index + 1, State::ABSENT);
        }
        &mut self.hosts[index]
    }

    fn sum(&mut self, now: Time) {
        let span = u128::from(now.since(self.summed).as_micros());
        self.host_micros += span * u128::from(self.live.count());
        self.summed = now;
    }

    fn cut(&mut self, now: Time, name: &str, sides: &[u32]) {
        self.heal(now, name);
        self.cuts.push(Cut {
            name: name.to_owned(),
            sides: sides.to_vec(),
            healed: None,
        });
    }

    fn heal(&mut self, now: Time, name: &str) {
        let grace = self.grace;
        self.cuts
            .retain(|cut| cut.healed.is_none_or(|at| now.since(at) < grace));
        for cut in &mut self.cuts {
            if cut.name == name {
                cut.healed.get_or_insert(now);
            }
        }
        self.disturbed = now;
    }
}

impl State {
    const ABSENT: Self = Self {
        presence: Presence::Absent,
        since: Time::START,
        back: None,
        slow: Span::ZERO,
        slow_since: Time::START,
        is_doubled: false,
        was_doubled: false,
    };
}

impl Cut {
    fn side(&self, host: Index) -> u32 {
        self.sides.get(host as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::NETWORK;
    use crate::sim::measure::script::{at, tell};

    fn ground(hosts: Index) -> Ground {
        let mut ground = Ground::new(Span::from_secs(10));
        for host in 0..hosts {
            record(&mut ground, 0, host, What::Added);
        }
        ground
    }

    fn record(ground: &mut Ground, secs: u64, host: Index, what: What<Note>) {
        tell(at(secs), host, what, |record| ground.record(record));
    }

    #[test]
    fn only_hosts_that_are_up_going_and_not_departed_are_live() {
        let mut ground = ground(5);
        record(&mut ground, 1, 0, What::Crashed);
        record(&mut ground, 1, 1, What::Paused);
        record(&mut ground, 1, 2, What::Note(Note::Left));
        record(&mut ground, 2, 2, What::Resumed);
        assert_eq!(ground.live().iter().collect::<Vec<_>>(), [3, 4]);
        assert!(ground.has_left(2) && !ground.has_left(1));
        record(&mut ground, 3, 0, What::Restarted { with_memory: false });
        record(&mut ground, 3, 1, What::Resumed);
        assert_eq!(ground.live().iter().collect::<Vec<_>>(), [0, 1, 3, 4]);
        assert!(ground.is_just_back(at(12), 0) && !ground.is_just_back(at(13), 0));
        assert!(!ground.is_just_back(at(3), 3), "it was never away");
        // 5 for 1 s, 2 for 2 s, 4 for 1 s.
        assert_eq!(ground.host_seconds(at(4)), 13.0);
    }

    #[test]
    fn a_host_is_steady_that_ran_all_the_time_on_a_fast_machine() {
        let mut ground = ground(3);
        let slowed = |millis| What::Slowed {
            each: Span::from_millis(millis),
        };
        assert!(ground.is_steady(0, at(0)));
        record(&mut ground, 5, 0, slowed(200));
        record(&mut ground, 5, 1, slowed(1));
        assert!(!ground.is_steady(0, at(9)) && ground.is_steady(1, at(0)));
        record(&mut ground, 10, 0, slowed(0));
        assert!(!ground.is_steady(0, at(9)) && ground.is_steady(0, at(10)));
        record(&mut ground, 20, 2, What::Paused);
        assert!(!ground.is_steady(2, at(20)));
        record(&mut ground, 30, 2, What::Resumed);
        assert!(!ground.is_steady(2, at(29)) && ground.is_steady(2, at(30)));
        assert!(!ground.is_steady(3, at(30)), "there is none");
    }

    #[test]
    fn a_cut_keeps_hosts_apart_until_a_grace_after_its_heal() {
        let mut ground = ground(3);
        let cut = What::Partitioned {
            name: "a".to_owned(),
            sides: vec![0, 1],
        };
        record(&mut ground, 1, NETWORK, cut);
        assert_eq!(ground.calm_since(), None);
        assert!(ground.were_apart(at(1), 0, 1) && !ground.were_apart(at(1), 0, 2));
        let name = "a".to_owned();
        record(&mut ground, 5, NETWORK, What::Healed { name });
        assert_eq!(ground.calm_since(), Some(at(5)));
        assert!(ground.were_apart(at(14), 1, 2) && !ground.were_apart(at(15), 1, 2));
    }
}
