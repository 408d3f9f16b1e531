//! What watches a run: the monitor, and the trace if one is wanted.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::sim::index::{Index, id_of};
use crate::sim::invariant::Checks;
use crate::sim::measure::{Demand, Leeway};
use crate::sim::monitor::{Monitor, MonitorOptions};
use crate::sim::note::Note;
use crate::sim::outcome::Window;
use crate::sim::record::{Observer, Record};
use crate::sim::scenario::{Action, At, Scenario};
use crate::sim::soak;
use crate::sim::time::{Span, Time};
use crate::sim::trace::Trace;

/// With more than so many pairs of a replica and an entry, the rules about entries are not checked:
/// they remember every pair.
const REMEMBERED_MAX: u64 = 4_000_000;

/// With more hosts than this, staleness is not measured: a sample costs their square.
const STALENESS_HOSTS_MAX: u32 = 512;

/// With more hosts than this, it is not counted who holds whom for dead: a sample may cost their square.
const BELIEFS_HOSTS_MAX: u32 = 1024;

/// With more hosts than this, nobody asks who is within reach of whom: an answer costs their number.
pub(super) const REACH_HOSTS_MAX: u32 = 1024;

/// With more hosts than this, nobody asks who sees a write: an answer costs their square.
const VISIBLE_HOSTS_MAX: u32 = 256;

/// Of datagrams between two hosts that are within reach of each other at most this share fails: so few
/// that a round in which neither a ping nor an indirect one gets through is rare (SWIM, section 3.3).
const FAILING_MAX: f64 = 0.02;

/// How many rounds trouble has an after-effect, if that is longer than the grace.
const CALM_ROUNDS: f64 = 30.0;

/// How long after a pause, a partition or a slow-down a wrong declaration of death is excused.
const GRACE: Span = Span::from_secs(30);

/// All that watches a run.
pub(super) struct Watch<'t> {
    pub monitor: Monitor,
    /// Whether the spread of some update is measured.
    pub tracks: bool,
    /// The places of nodes that have the ids of others.
    twins: BTreeSet<Index>,
    trace: Option<Trace<&'t mut dyn Write>>,
}

impl<'t> Watch<'t> {
    pub(super) fn new(scenario: &Scenario, trace: Option<&'t mut dyn Write>) -> Self {
        Self {
            tracks: scenario.at.iter().any(|at| is_tracked(&at.action)),
            monitor: Monitor::new(&options(scenario)),
            twins: BTreeSet::new(),
            trace: trace.map(Trace::new),
        }
    }

    /// What is recorded of this place is of no host's node from now on.
    pub(super) fn add_twin(&mut self, place: Index) {
        self.twins.insert(place);
    }

    pub(super) fn is_twin(&self, place: Index) -> bool {
        self.twins.contains(&place)
    }

    pub(super) fn is_violated(&self) -> bool {
        self.monitor.violation().is_some()
    }

    /// The monitor, once the trace is written out.
    pub(super) fn finish(self) -> io::Result<Monitor> {
        if let Some(trace) = self.trace {
            trace.finish()?;
        }
        Ok(self.monitor)
    }
}

impl Observer<Note> for Watch<'_> {
    fn record(&mut self, record: &Record<'_, Note>) {
        if !self.is_twin(record.host) {
            self.monitor.record(record);
        }
        if let Some(trace) = &mut self.trace {
            trace.record(record);
        }
    }
}

fn is_tracked(action: &Action) -> bool {
    match action {
        Action::Set(set) => set.tracked,
        Action::Flash(flash) => flash.tracked,
        _ => false,
    }
}

/// What a scenario is watched for.
fn options(scenario: &Scenario) -> MonitorOptions {
    let hosts = scenario.hosts();
    let owners = u64::from(hosts) * u64::from(scenario.keys());
    let remembers_all = u64::from(hosts) * owners <= REMEMBERED_MAX;
    let wants = |name| scenario.expect.wants(name);
    let entries = [
        "unwritten",
        "resurrection",
        "vanished",
        "backwards",
        "outlived",
    ];
    let bound = soak::bound::visible(scenario);
    MonitorOptions {
        steady: steady(scenario),
        staleness: hosts <= STALENESS_HOSTS_MAX,
        beliefs: hosts <= BELIEFS_HOSTS_MAX,
        grace: GRACE,
        demand: demand(scenario, bound),
        checks: Checks {
            entries: remembers_all && entries.into_iter().any(wants),
            tables: wants("table-bound"),
            refused: wants("refused"),
            in_vain: wants("in-vain"),
            mtu: mtu(scenario).filter(|_| wants("mtu")),
            reachable: hosts <= REACH_HOSTS_MAX && wants("reachable"),
            visible: Some(bound).filter(|_| hosts <= VISIBLE_HOSTS_MAX && wants("visible")),
            fresh: scenario.protocol.fresh.unwrap_or_default(),
            leeway: leeway(scenario),
            agreement: scenario.expect.agree_within.filter(|_| wants("agreement")),
        },
    }
}

/// What makes two hosts be within reach of each other: a ping is answered in half a round.
fn demand(scenario: &Scenario, bound: Span) -> Demand {
    let config = scenario.protocol.config(id_of(0)).ok();
    let round = config.map(|config| config.probe_interval().as_millis());
    let round = Span::from_millis(round.unwrap_or_default().into());
    Demand {
        within: round.times(0.25),
        failing: FAILING_MAX,
        calm: GRACE.max(round.times(CALM_ROUNDS)),
        memory: bound + GRACE,
        keeps_up: scenario.expect.keeps_up,
    }
}

/// How long the datagrams that bring a write may take together, where no host is held up.
const TRANSIT: Span = Span::from_secs(5);

/// How far from the end of a lease replicas may be. What waits for a host that stands still or is slow
/// may wait as long as the trouble lasts.
fn leeway(scenario: &Scenario) -> Leeway {
    let holds_up = |at: &At| matches!(at.action, Action::Pause(_) | Action::Slow { .. });
    let held_up = scenario.at.iter().any(holds_up);
    let trouble = held_up.then(|| scenario.last_disturbance());
    Leeway {
        hosts: scenario.hosts(),
        drift: f64::from(scenario.clocks.max_drift_ppm) / 1e6,
        late: TRANSIT + trouble.unwrap_or_default(),
    }
}

/// The longest datagram that a node may send, in bytes.
fn mtu(scenario: &Scenario) -> Option<usize> {
    let config = scenario.protocol.config(id_of(0)).ok()?;
    Some(scenario.protocol.mtu_max(config.mtu_floor()))
}

/// The second half of what is left after the last disturbance; of the whole run, if something is
/// written until its end.
fn steady(scenario: &Scenario) -> Option<Window> {
    let end = scenario.duration;
    let last = scenario.last_disturbance();
    let calm = if last < end { last } else { Span::ZERO };
    let rest = Time::START + end;
    let from = Time::START + calm + rest.since(Time::START + calm).times(0.5);
    (from < rest).then_some(Window { from, until: rest })
}
