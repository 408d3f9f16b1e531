//! Everything of a scenario but its timeline.

use super::CALM_FROM;
use super::dice::Dice;
use crate::sim::Span;
use crate::sim::network::{GilbertElliott, Latency, Link, LossModel, NetworkConfig, Reorder};
use crate::sim::scenario::{Boot, Clocks, Entries, Protocol, Scenario, Workload};

/// Ids up to this take one byte, which leaves room for entries in the smallest datagrams.
const SMALL_ID_MAX: u64 = 127;

pub(super) fn draw(dice: &mut Dice, name: &str) -> Scenario {
    let mtu = dice.one_of(&[64, 127, 512, 1400]);
    let nodes = dice.between(3, 16);
    let protocol = protocol(dice, mtu);
    let entries = entries(dice, mtu);
    Scenario {
        name: name.to_owned(),
        description: "random faults for a minute, then calm".to_owned(),
        nodes,
        duration: CALM_FROM,
        boot: dice.one_of(&[
            Boot::AllKnown,
            Boot::AllKnown,
            Boot::Join,
            Boot::Staggered {
                over: Span::from_secs(5),
            },
        ]),
        protocol,
        workload: dice.chance(0.75).then(|| workload(dice)),
        entries,
        network: NetworkConfig {
            link: link(dice, mtu),
            ..NetworkConfig::default()
        },
        clocks: clocks(dice),
        expect: Default::default(),
        at: Vec::new(),
    }
}

fn protocol(dice: &mut Dice, mtu: usize) -> Protocol {
    let secs = |secs: &[u64], dice: &mut Dice| Some(Span::from_secs(dice.one_of(secs)));
    Protocol {
        interval: Some(Span::from_millis(dice.one_of(&[200, 500, 1000]))),
        fanout: Some(dice.one_of(&[0, 1, 3])),
        mtu: Some(mtu),
        largest_id: (mtu == 64 || dice.chance(0.3)).then_some(SMALL_ID_MAX),
        reconnect_interval: secs(&[1, 2, 4], dice),
        forget_after: secs(&[45, 60, 600], dice),
        tombstone_grace: secs(&[2, 5, 60], dice),
        ..Protocol::default()
    }
}

fn entries(dice: &mut Dice, mtu: usize) -> Entries {
    Entries {
        count: dice.one_of(&[0, 1, 3, 6]),
        key_bytes: 3,
        value_bytes: if mtu == 64 {
            8
        } else {
            dice.one_of(&[8, 24, 40])
        },
    }
}

fn workload(dice: &mut Dice) -> Workload {
    Workload {
        updates_per_second: dice.one_of(&[0.05, 0.2, 1.0]),
        deletes: dice.one_of(&[0.0, 0.2, 0.5]),
        leases: 0.0,
        ttl: Span::from_secs(10),
        burst: dice.one_of(&[1, 1, 4]),
        keys: Some(dice.one_of(&[1, 3, 8])),
        from: Span::ZERO,
        until: Some(dice.span(Span::from_secs(20), CALM_FROM)),
        phases: Vec::new(),
    }
}

fn link(dice: &mut Dice, mtu: usize) -> Link {
    Link {
        latency: latency(dice),
        loss: fair_loss(dice),
        duplicate: dice.one_of(&[0.0, 0.02, 0.2]),
        reorder: Reorder {
            share: dice.one_of(&[0.0, 0.1, 0.3]),
            by: Span::from_millis(dice.one_of(&[20, 200])),
        },
        corrupt: dice.one_of(&[0.0, 0.0, 0.01, 0.05]),
        bandwidth: None,
        mtu,
    }
}

fn latency(dice: &mut Dice) -> Latency {
    let uniform = |min, max| Latency::Uniform {
        min: Span::from_millis(min),
        max: Span::from_millis(max),
    };
    dice.one_of(&[
        Latency::Constant(Span::from_millis(5)),
        uniform(1, 10),
        uniform(10, 60),
        Latency::LogNormal {
            min: Span::from_millis(1),
            median: Span::from_millis(10),
            sigma: 0.8,
        },
    ])
}

/// What the calm network still loses.
fn fair_loss(dice: &mut Dice) -> LossModel {
    dice.one_of(&[
        LossModel::Independent(0.0),
        LossModel::Independent(0.0),
        LossModel::Independent(0.05),
        LossModel::GilbertElliott(GilbertElliott {
            good: Span::from_secs(5),
            bad: Span::from_millis(200),
            loss_good: 0.0,
            loss_bad: 1.0,
        }),
    ])
}

fn clocks(dice: &mut Dice) -> Clocks {
    Clocks {
        max_offset: dice.one_of(&[Span::ZERO, Span::from_secs(3600)]),
        max_drift_ppm: dice.one_of(&[0, 100, 10_000, 100_000]),
    }
}
