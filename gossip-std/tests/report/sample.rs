//! Hand-made runs with everything in them, shaped like real ones.

use gossip_core::SplitMix64;
use gossip_core::wire::Kind;
use gossip_std::sim::outcome::{
    BeliefGroup, BeliefPeak, BeliefSample, Beliefs, Count, Coverage, Detection, Epidemic, Incident,
    IncidentKind, LostCount, MembershipMeasure, Outcome, Parameters, Sir, StaleSample,
    StalenessMeasure, TablePeak, TrafficMeasure, TrafficSample, Violation, Window,
};
use gossip_std::sim::report::About;
use gossip_std::sim::{Span, Time, chance};

const HOSTS: u32 = 64;
const SECONDS: u64 = 120;

/// A run of 64 hosts over two minutes, with a burst of traffic at its start and one crash.
pub fn run(seed: u64) -> Outcome {
    let mut rng = SplitMix64::new(seed);
    Outcome {
        scenario: "lossy \"join\" <64 & more>".to_owned(),
        seed,
        parameters: parameters(),
        hosts: HOSTS,
        duration: at(SECONDS),
        incidents: incidents(),
        coverage: vec![coverage("config", &mut rng), coverage("reading", &mut rng)],
        membership: MembershipMeasure {
            full_after: Some(Span::from_millis(3200)),
            state_after: Some(Span::from_millis(4750)),
            full_after_heal: Some(Span::from_millis(9_500)),
            state_after_heal: None,
            known_at_end: 1.0,
        },
        detection: vec![detection(&mut rng)],
        beliefs: beliefs(),
        false_deaths: 0,
        unreachable_deaths: 3,
        traffic: traffic(&mut rng),
        tables: vec![TablePeak {
            table: "members".to_owned(),
            peak: 64,
            host: 3,
            capacity: 128,
            refused: 0,
        }],
        staleness: staleness(),
        epidemic: vec![epidemic()],
        violations: Vec::new(),
        events: 1_234_567,
    }
}

/// What [`run`] is about.
pub fn about() -> About {
    About {
        description: "Half of the <others> cannot be heard for a while".to_owned(),
        replay: "gossip sim 'lossy \"join\".toml' --seed 7".to_owned(),
    }
}

/// What a broken run would have.
pub fn violation() -> Violation {
    Violation {
        rule: "deleted-stays-deleted".to_owned(),
        at: at(61),
        host: Some(7),
        what: "node 8 shows key <b>a</b> of node 4 again, which deleted it as version 9".to_owned(),
    }
}

fn at(second: u64) -> Time {
    Time::START + Span::from_secs(second)
}

fn incidents() -> Vec<Incident> {
    let incident = |second, kind, count| Incident {
        at: at(second),
        kind,
        count,
    };
    vec![
        incident(60, IncidentKind::Crash, 1),
        incident(70, IncidentKind::Partition, 1),
        incident(90, IncidentKind::Heal, 1),
        incident(110, IncidentKind::Crash, 4),
    ]
}

/// All but the crashed one hold it for dead, and each half holds the other for dead while they are apart.
fn beliefs() -> Beliefs {
    let sample = |second: u64| BeliefSample {
        at: at(second),
        right: if second < 66 { 0 } else { 63 },
        wrong: if (76..95).contains(&second) { 1984 } else { 0 },
    };
    let hosts = |text: &str| text.parse().expect("a set of hosts");
    let group = |held: &str, wrong: &str| BeliefGroup {
        hosts: hosts(held),
        right: hosts("10"),
        wrong: hosts(wrong),
    };
    Beliefs {
        series: (0..=SECONDS).map(sample).collect(),
        peak: Some(BeliefPeak {
            at: at(76),
            groups: vec![group("1-9, 11-32", "33-64"), group("33-64", "1-9, 11-32")],
        }),
    }
}

fn parameters() -> Parameters {
    let mut parameters = Parameters::default();
    parameters.set("nodes", HOSTS);
    parameters.set("fanout", 1u32);
    parameters.set("interval", Span::from_secs(1));
    parameters.set("loss", 0.2);
    parameters.set("mtu", "1400 B");
    parameters
}

/// Delays as a logistic epidemic has them, with chance.
fn coverage(update: &str, rng: &mut SplitMix64) -> Coverage {
    let delay = |_| {
        let share = 0.01 + 0.98 * chance::unit(rng);
        Span::from_secs_f64((4.0 + (share / (1.0 - share)).ln()).max(0.05))
    };
    let delays: Vec<Span> = (1..HOSTS).map(delay).collect();
    Coverage::new(update.to_owned(), 5, at(20), HOSTS, 170, delays)
}

fn detection(rng: &mut SplitMix64) -> Detection {
    let delay = |_| Span::from_secs_f64(3.0 + 4.0 * chance::unit(rng));
    let delays = (1..HOSTS).map(delay).collect();
    Detection::new(9, at(60), HOSTS - 1, delays)
}

fn traffic(rng: &mut SplitMix64) -> TrafficMeasure {
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let series = (0..SECONDS).map(|second| sample(second, kinds.len() as u64, rng));
    let window = Window {
        from: at(30),
        until: at(60),
    };
    let mut traffic = TrafficMeasure::new(&kinds, series.collect(), Some(window));
    traffic.redundant_share = Some(0.125);
    traffic.lost = vec![LostCount {
        cause: "random".to_owned(),
        datagrams: traffic.total.count / 5,
    }];
    traffic
}

/// One second: a burst that fades, and a steady part with some noise.
fn sample(second: u64, kinds: u64, rng: &mut SplitMix64) -> TrafficSample {
    let burst = 40_000 >> second.min(20);
    let hosts = u64::from(HOSTS);
    let mut datagrams = Count::default();
    let mut kind = |number: u64| {
        let noise = chance::below(rng, hosts);
        let bytes = (burst + hosts * 12) / (number + 1) + noise;
        let count = Count {
            count: bytes / 8,
            bytes,
        };
        datagrams.add(count);
        count
    };
    let kinds = (0..kinds).map(&mut kind).collect();
    TrafficSample {
        from: at(second),
        host_seconds: f64::from(HOSTS),
        datagrams,
        kinds,
    }
}

fn staleness() -> StalenessMeasure {
    let sample = |second: u64| {
        let phase = second % 20;
        StaleSample {
            at: at(second),
            entries: if phase < 6 {
                (6 - phase).pow(2) * 20
            } else {
                0
            },
            max_age: if phase < 6 {
                Span::from_millis(900 * phase)
            } else {
                Span::ZERO
            },
            mean_age: if phase < 6 {
                Span::from_millis(500 * phase)
            } else {
                Span::ZERO
            },
            waiting: phase,
            max_wait: Span::from_millis(100 * phase),
        }
    };
    StalenessMeasure::new((0..=SECONDS).map(sample).collect())
}

fn epidemic() -> Epidemic {
    let counts = (0..=100u32).map(|step| {
        let time = f64::from(step) / 10.0;
        let share = |middle: f64| 1.0 / (1.0 + (-(time - middle) * 2.0).exp());
        let heard = 1 + (share(3.0) * 62.0).round() as u32;
        let removed = (share(5.0) * f64::from(heard)).round() as u32;
        Sir {
            at: at(20) + Span::from_secs_f64(time),
            susceptible: HOSTS - heard,
            infective: heard - removed,
            removed,
        }
    });
    Epidemic {
        update: "config".to_owned(),
        counts: counts.collect(),
    }
}
