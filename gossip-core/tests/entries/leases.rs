//! Values that are set for a time, on whole nodes.

use crate::support;

use gossip_core::{Duration, Event, Instant, NodeId, SetError, inline};
use support::{Large, Net, Weather, config};

const SECOND: u64 = 1000;

/// The id of the node at address 1.
const OWNER: NodeId = NodeId::truncated(2);

inline! {
    /// No leases are permitted.
    struct Plain {
        members: 8, entries: 24, key: 8, value: 16, news: 8, duties: 8,
        relays: 2, seeds: 2, exchanges: 2, ranges: 4, wants: 4,
    }
}

fn secs(secs: u32) -> Duration {
    Duration::from_secs(secs)
}

/// So many nodes that know each other, at this MTU.
fn cluster(nodes: u16, mtu: usize, weather: Weather) -> Net<Large> {
    let mut net = Net::new(7, mtu, weather);
    for address in 0..nodes {
        let settings = config(address, mtu).tombstone_grace(secs(4));
        net.add(settings.check().unwrap(), Large::tables());
        net.node(address).join(0).unwrap();
    }
    net.run(10 * SECOND);
    assert!(net.agree());
    net
}

/// How many nodes show the key of node 1.
fn shown(net: &Net<Large>, key: &str) -> usize {
    net.live()
        .filter(|node| node.get(OWNER, key).is_some())
        .count()
}

fn set_for(net: &mut Net<Large>, key: &str, ttl: Duration) {
    let now = net.instant();
    net.node(1).set_for(now, key, b"v", ttl).unwrap();
}

#[test]
fn a_value_runs_out_everywhere_though_its_owner_is_dead() {
    let mut net = cluster(8, 64, Weather::FAIR);
    set_for(&mut net, "k", secs(20));
    net.run(5 * SECOND);
    assert_eq!(shown(&net, "k"), 8);
    net.nodes[1] = None;
    net.run(14 * SECOND);
    assert_eq!(shown(&net, "k"), 7, "a second is left");
    net.run(SECOND + 100);
    assert_eq!(shown(&net, "k"), 0);
    for node in net.live() {
        assert!(node.is_tombstone(OWNER, "k"));
        assert_eq!(node.stats().expired, 1);
    }
    net.run(10 * SECOND);
    assert!(
        net.live().all(|node| !node.is_tombstone(OWNER, "k")),
        "collected"
    );
    assert_eq!(shown(&net, "k"), 0);
}

#[test]
fn what_is_left_is_never_more_than_the_owner_has_left_beyond_the_way() {
    let mut net = cluster(24, 64, Weather::WILD);
    set_for(&mut net, "k", secs(60));
    net.run(20 * SECOND);
    assert_eq!(shown(&net, "k"), 24);
    let ends = |at: u16| {
        net.nodes[usize::from(at)]
            .as_ref()
            .unwrap()
            .entry(OWNER, "k")
            .unwrap()
            .expires
            .unwrap()
    };
    let owner = ends(1).as_millis();
    for at in 0..24 {
        let here = ends(at).as_millis();
        // Each node passes on whole steps of 100 ms; a datagram is 120 ms on its way at most.
        assert!(
            owner.saturating_sub(23 * 100) <= here && here <= owner + 23 * 120,
            "{owner} {here}"
        );
    }
    assert!(
        (2..24).any(|at| ends(at) != ends(1)),
        "no clocks were compared"
    );
}

#[test]
fn a_lease_that_is_renewed_lasts_and_makes_no_event() {
    let mut net = cluster(4, 1400, Weather::FAIR);
    set_for(&mut net, "k", secs(10));
    net.run(2 * SECOND);
    while net.node(2).poll_event().is_some() {}
    for _ in 0..6 {
        net.run(5 * SECOND);
        let now = net.instant();
        assert_eq!(net.node(1).renew(now, "k", secs(10)), Ok(true));
    }
    net.run(5 * SECOND);
    assert_eq!(shown(&net, "k"), 4);
    let events = std::iter::from_fn(|| net.node(2).poll_event());
    assert!(
        events
            .into_iter()
            .all(|event| !matches!(event, Event::Set { .. } | Event::Deleted { .. }))
    );
    net.run(6 * SECOND);
    assert_eq!(shown(&net, "k"), 0);
    let now = net.instant();
    assert_eq!(
        net.node(1).renew(now, "k", secs(10)),
        Ok(false),
        "it is not set"
    );
}

#[test]
fn a_later_write_decides_whether_there_is_a_lease() {
    let mut net = cluster(4, 1400, Weather::FAIR);
    for key in ["for-good", "deleted"] {
        set_for(&mut net, key, secs(8));
    }
    net.node(1).set("shortly", b"v").unwrap();
    net.run(2 * SECOND);
    net.node(1).set("for-good", b"v").unwrap();
    net.node(1).delete("deleted").unwrap();
    set_for(&mut net, "shortly", secs(4));
    net.run(2 * SECOND);
    let counts = |net: &Net<Large>| ["for-good", "deleted", "shortly"].map(|key| shown(net, key));
    assert_eq!(counts(&net), [4, 0, 4]);
    net.run(10 * SECOND);
    assert_eq!(counts(&net), [4, 0, 0]);
    let leases = |usage: gossip_core::Usage| usage.table == "leases" && usage.len > 0;
    assert!(!net.live().any(|node| node.usage().any(leases)));
}

#[test]
fn the_end_of_a_lease_is_an_event_and_a_deadline() {
    let mut net = cluster(2, 1400, Weather::FAIR);
    set_for(&mut net, "k", secs(1000));
    net.run(2 * SECOND);
    let node = net.node(0);
    while node.poll_event().is_some() {}
    let ends = node.entry(OWNER, "k").unwrap().expires.unwrap();
    let mut late = node.clone();
    // A node that stood still meanwhile shows nothing more once it goes on.
    let mut rng = gossip_core::SplitMix64::new(1);
    late.handle_timeout(ends.after(secs(50)), &mut rng);
    assert_eq!(late.get(OWNER, "k"), None);
    let events: Vec<_> = std::iter::from_fn(|| late.poll_event()).collect();
    let over = |event: &Event<_>| matches!(event, Event::Expired { owner, .. } if *owner == OWNER);
    assert_eq!(events.iter().filter(|event| over(event)).count(), 1);
    let deleted = |event: &Event<_>| matches!(event, Event::Deleted { .. });
    assert!(!events.iter().any(deleted), "{events:?}");
    let mut early = net.node(0).clone();
    early.handle_timeout(Instant::from_millis(ends.as_millis() - 1), &mut rng);
    assert!(early.get(OWNER, "k").is_some());
    assert!(early.poll_timeout() <= ends);
}

#[test]
fn who_was_away_when_it_ran_out_drops_it_too_and_it_never_returns() {
    let mut net = cluster(6, 64, Weather::LOSSY);
    for number in 0..5 {
        set_for(&mut net, &format!("k{number}"), secs(10 + number));
    }
    net.run(6 * SECOND);
    let asleep = net.nodes[3].take();
    for number in 0..5 {
        net.node(1).set(&format!("l{number}"), b"v").unwrap();
    }
    net.run(60 * SECOND);
    assert_eq!(shown(&net, "k4"), 0);
    net.nodes[3] = asleep;
    net.run(30 * SECOND);
    let end = net.now + 60 * SECOND;
    assert!(net.run_until(end, Net::agree));
    for number in 0..5 {
        assert_eq!(shown(&net, &format!("k{number}")), 0);
        assert_eq!(shown(&net, &format!("l{number}")), 6);
    }
}

#[test]
fn a_lease_that_cannot_be_granted_is_refused_with_the_reason() {
    let config = config(1, 64).check().unwrap();
    let mut node = gossip_core::Node::<u16, Plain>::new(config, Plain::tables());
    let now = Instant::from_millis(5);
    let before = node.clone().canonical(now);
    assert_eq!(
        node.set_for(now, "k", b"v", secs(1)),
        Err(SetError::Leases { max: 0 })
    );
    let min = Duration::from_millis(100);
    assert_eq!(
        node.set_for(now, "k", b"v", Duration::from_millis(99)),
        Err(SetError::Lease { min })
    );
    assert_eq!(node.canonical(now), before);
    assert_eq!(node.stats().refused_writes, 2);
    let mut net = cluster(2, 64, Weather::FAIR);
    let now = net.instant();
    let most = net.node(1).entry_max();
    let value = vec![0; most - 1];
    assert!(matches!(
        net.node(1).set_for(now, "k", &value, secs(60)),
        Err(SetError::Entry { max }) if max == most - 2
    ));
    assert_eq!(net.node(1).set_for(now, "k", &value[2..], secs(60)), Ok(()));
}

#[test]
fn a_claim_whose_leases_find_no_room_is_refused_whole_and_taken_later() {
    inline! {
        struct OneLease {
            members: 8, entries: 24, key: 8, value: 16, news: 8, duties: 8,
            relays: 2, seeds: 2, exchanges: 2, ranges: 4, wants: 4, leases: 1,
        }
    }
    let mut net = Net::<OneLease>::new(3, 64, Weather::FAIR);
    for address in 0..3 {
        net.add(config(address, 64).check().unwrap(), OneLease::tables());
        net.node(address).join(0).unwrap();
    }
    net.run(5 * SECOND);
    let now = net.instant();
    net.node(0).set_for(now, "a", b"v", secs(20)).unwrap();
    net.run(3 * SECOND);
    let now = net.instant();
    assert_eq!(
        net.node(1).set_for(now, "b", b"v", secs(20)),
        Err(SetError::Leases { max: 1 })
    );
    let (owner, key) = (NodeId::truncated(1), "a");
    assert!(net.live().all(|node| node.get(owner, key).is_some()));
    net.nodes[2] = None;
    net.start(2, config(2, 64).check().unwrap(), OneLease::tables());
    let now = net.instant();
    net.node(2).set_for(now, "c", b"v", secs(5)).unwrap();
    net.node(2).join(0).unwrap();
    net.run(3 * SECOND);
    assert!(net.node(2).stats().leases_full > 0);
    assert_eq!(
        net.node(2).get(owner, key),
        None,
        "rather nothing than for ever"
    );
    net.run(6 * SECOND);
    assert!(net.node(2).get(owner, key).is_some(), "now there is room");
}

#[test]
fn the_latest_of_deleted_expired_and_set_is_told() {
    type Then = fn(&mut Net<Large>);
    let told = |then: Then| {
        let mut net = cluster(3, 300, Weather::FAIR);
        set_for(&mut net, "k", secs(20));
        net.run(5 * SECOND);
        (0..3).for_each(|at| while net.node(at).poll_event().is_some() {});
        then(&mut net);
        let node = net.node(0);
        let all: Vec<_> = std::iter::from_fn(|| node.poll_event()).collect();
        let of = |wanted: fn(&Event<_>) -> bool| all.iter().filter(|event| wanted(event)).count();
        let set = of(|event| matches!(event, Event::Set { .. }));
        let deleted = of(|event| matches!(event, Event::Deleted { .. }));
        let expired = of(|event| matches!(event, Event::Expired { .. }));
        (set, deleted, expired)
    };
    assert_eq!(told(|net| net.run(20 * SECOND)), (0, 0, 1), "it ran out");
    let delete: Then = |net| {
        net.node(1).delete("k").unwrap();
        net.run(25 * SECOND);
    };
    assert_eq!(told(delete), (0, 1, 0), "it was deleted before that");
    let again: Then = |net| {
        net.run(20 * SECOND);
        net.node(1).set("k", b"new").unwrap();
        net.run(5 * SECOND);
    };
    assert_eq!(told(again), (1, 0, 0), "it is set again");
    let collected: Then = |net| {
        net.run(60 * SECOND);
        assert!(!net.node(0).is_tombstone(OWNER, "k"));
    };
    assert_eq!(told(collected), (0, 0, 1), "its tombstone is gone");
    let both: Then = |net| {
        net.run(20 * SECOND);
        set_for(net, "k", secs(5));
        net.run(2 * SECOND);
        net.node(1).delete("k").unwrap();
        net.run(10 * SECOND);
    };
    assert_eq!(told(both), (0, 1, 0), "the last end counts");
}
