//! All that watches a run: the truth, the measures and the rules, fed by one stream of records.

use gossip_core::wire::Kind;

use super::invariant::{Checks, Invariants};
use super::measure::{
    Acquaintance, Beliefs, Cluster, Deaths, Demand, Detections, Incidents, Inspect, Peaks, Spread,
    Staleness, Tally, TrafficSeries, Truth,
};
use super::network::Network;
use super::outcome::{Outcome, Violation, Window};
use super::{Index, Note, Observer, Record, Span, Time, What};

/// What a run is to be watched for.
#[derive(Clone, Debug, Default)]
pub struct MonitorOptions {
    /// The steady state, in which traffic is measured apart.
    pub steady: Option<Window>,
    /// Whether samples measure staleness: O(owners) for each host that differs from the others.
    pub staleness: bool,
    /// Whether samples count who holds whom for dead: O(hosts + beliefs).
    pub beliefs: bool,
    /// How long after a trouble (a crash, a pause, a partition) a wrong declaration of death is
    /// excused.
    pub grace: Span,
    /// What the links of hosts do that are within reach of each other.
    pub demand: Demand,
    /// The rules.
    pub checks: Checks,
}

/// Watches a run from its first record to its last.
#[derive(Clone, Debug)]
pub struct Monitor {
    truth: Truth,
    incidents: Incidents,
    spread: Spread,
    acquaintance: Acquaintance,
    detections: Detections,
    deaths: Deaths,
    beliefs: Option<Beliefs>,
    tally: Tally,
    traffic: TrafficSeries,
    peaks: Peaks,
    staleness: Option<Staleness>,
    steady: Option<Window>,
    invariants: Invariants,
}

impl Monitor {
    /// Watches for this.
    #[must_use]
    pub fn new(options: &MonitorOptions) -> Self {
        Self {
            truth: Truth::with_reach(options.grace, options.demand),
            incidents: Incidents::default(),
            spread: Spread::default(),
            acquaintance: Acquaintance::default(),
            detections: Detections::default(),
            deaths: Deaths::default(),
            beliefs: options.beliefs.then(Beliefs::default),
            tally: Tally::default(),
            traffic: TrafficSeries::default(),
            peaks: Peaks::default(),
            staleness: options.staleness.then(Staleness::default),
            steady: options.steady,
            invariants: Invariants::new(options.checks),
        }
    }

    /// What is true at this moment of the run.
    #[must_use]
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Measures how the next write of this key spreads: one bit and one delay for each host.
    pub fn track(&mut self, owner: Index, key: &str) {
        self.spread.track(owner, key);
    }

    /// The network is like this from now on.
    pub fn rewired(&mut self, now: Time, network: &Network) {
        self.truth.reach.rewired(now, network);
    }

    /// Reads a host's counters for the last time before it goes down. Without this, what it sent
    /// since the last sample is not counted.
    pub fn before_crash(&mut self, index: Index, host: &dyn Inspect) {
        self.tally.read(index, host);
    }

    /// The run begins: what hosts sent before is not counted, and what they know, they know.
    pub fn begin(&mut self, cluster: &dyn Cluster) {
        self.tally.begin(cluster, self.truth.ground.hosts());
        self.acquaintance.begin(&self.truth, cluster);
    }

    /// Looks at all hosts. Every note up to `now` must have been recorded.
    pub fn sample(&mut self, now: Time, cluster: &dyn Cluster) {
        let hosts = self.truth.ground.hosts();
        self.tally.sample(cluster, hosts);
        self.traffic.sample(now, &self.truth, &self.tally);
        self.peaks.sample(cluster, hosts);
        let claims = self.claims();
        self.spread.sample(now, &self.truth, cluster, claims);
        self.acquaintance.sample(now, &self.truth, cluster);
        if let Some(staleness) = &mut self.staleness {
            staleness.sample(now, &self.truth, cluster);
        }
        if let Some(beliefs) = &mut self.beliefs {
            beliefs.sample(now, &self.truth);
        }
        self.invariants.sample(now, &self.truth, cluster);
    }

    /// Looks at the updates that still spread, and at nothing else: O(hosts) for each of them.
    pub fn look_at_spread(&mut self, now: Time, cluster: &dyn Cluster) {
        let claims = self.claims();
        self.spread.sample(now, &self.truth, cluster, claims);
    }

    /// The first violation of a rule, after which a run need not go on.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.invariants.violation()
    }

    /// Takes a last sample and yields the measures. The scenario's name, the seed, the parameters,
    /// the datagrams lost and the number of events are the caller's to add.
    #[must_use]
    pub fn finish(mut self, now: Time, cluster: &dyn Cluster) -> Outcome {
        self.sample(now, cluster);
        self.invariants.finish(now, &self.truth, cluster);
        let claims = self.claims();
        let (coverage, epidemic) = self.spread.finish(claims);
        Outcome {
            hosts: self.truth.ground.hosts(),
            duration: now,
            incidents: self.incidents.finish(),
            coverage,
            membership: self.acquaintance.finish(&self.truth, cluster),
            detection: self.detections.finish(),
            beliefs: self.beliefs.map(Beliefs::finish).unwrap_or_default(),
            false_deaths: self.deaths.mistaken(),
            unreachable_deaths: self.deaths.unreachable(),
            traffic: self.traffic.finish(&self.tally, self.steady),
            tables: self.peaks.finish(&self.tally),
            staleness: self.staleness.unwrap_or_default().finish(),
            epidemic,
            violations: self.invariants.violation().cloned().into_iter().collect(),
            ..Outcome::default()
        }
    }

    /// Claims of entries sent by all hosts so far, as of the last sample.
    fn claims(&self) -> u64 {
        self.tally.sections(Kind::Claim).count
    }
}

impl Monitor {
    /// A host was in the middle of a storm of datagrams.
    pub fn storm(&mut self, now: Time, host: Index) {
        self.invariants.storm(now, host);
    }
}

impl Observer<Note> for Monitor {
    fn record(&mut self, record: &Record<'_, Note>) {
        self.truth.record(record);
        if matches!(record.what, What::Restarted { with_memory: false }) {
            self.tally.restarted(record.host);
        }
        self.incidents.record(record);
        let claims = self.claims();
        self.spread.record(record, &self.truth, claims);
        self.acquaintance.record(record, &self.truth);
        self.detections.record(record, &self.truth);
        self.deaths.record(record, &self.truth);
        if let Some(beliefs) = &mut self.beliefs {
            beliefs.record(record);
        }
        self.invariants.record(record, &self.truth);
    }
}
