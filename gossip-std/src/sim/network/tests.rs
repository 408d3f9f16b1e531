//! Networks as they are written down, and datagrams under way.

use gossip_core::SplitMix64;

use super::*;
use crate::sim::Time;

fn network(config: &str, hosts: u32) -> Network {
    let config: NetworkConfig = toml::from_str(config).unwrap();
    Network::new(&config, hosts, 1).unwrap()
}

/// One sender's view of the network.
struct Sender {
    links: Links,
    rng: SplitMix64,
}

impl Sender {
    fn new() -> Self {
        Self {
            links: Links::default(),
            rng: SplitMix64::new(1),
        }
    }

    fn send(&mut self, network: &Network, from: Index, to: Index) -> Fate {
        self.send_at(network, Time::START, from, to)
    }

    fn send_at(&mut self, network: &Network, now: Time, from: Index, to: Index) -> Fate {
        network.transit(&mut self.links, &mut self.rng, now, from, to, 100)
    }
}

fn arrivals(fate: Fate) -> Vec<Arrival> {
    match fate {
        Fate::Arrives(arrivals) => arrivals.into_iter().collect(),
        Fate::Lost(_) => Vec::new(),
    }
}

fn millis(fate: Fate) -> Option<f64> {
    let first = arrivals(fate).into_iter().next()?;
    Some(first.at.as_secs() * 1e3)
}

const FULL: &str = r#"
reach = "neighbours"
[topology]
sites = { count = 3, wan = { latency = "40ms", loss = 0.01 } }
[link]
latency = { log-normal = { min = "1ms", median = "3ms", sigma = 0.5 } }
loss = { gilbert-elliott = { good = "10s", bad = "500ms" } }
duplicate = 0.01
reorder = { share = 0.05, by = "20ms" }
corrupt = 0.001
bandwidth = { bytes-per-second = 100000, queue-bytes = 20000, shared = "uplink" }
mtu = 512
[[rules]]
name = "deaf"
from = [1, "4-6"]
to = "not 1"
both-ways = true
set = { loss = 1, mtu = 64 }
"#;

#[test]
fn a_network_reads_back_as_it_was_written() {
    let config: NetworkConfig = toml::from_str(FULL).unwrap();
    assert_eq!(config.check(6), Ok(()));
    assert_eq!(config.link.mtu, 512);
    assert_eq!(config.rules[0].set.loss, Some(LossModel::Independent(1.0)));
    let text = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str(&text), Ok(config), "{text}");
    let plain = NetworkConfig::default();
    assert_eq!(toml::from_str(""), Ok(plain.clone()));
    assert_eq!(toml::from_str(&toml::to_string(&plain).unwrap()), Ok(plain));
}

#[test]
fn every_topology_can_be_written() {
    for text in [
        "\"full-mesh\"",
        "{ ring = { each-side = 2 } }",
        "{ grid = { width = 4 } }",
        "{ grid = { width = 4, wrap = true } }",
        "{ geometric = { range = 0.3 } }",
        "{ regular = { degree = 4 } }",
    ] {
        let network = network(&format!("topology = {text}"), 16);
        assert!(network.neighbours(5).count() >= 2, "{text}");
        assert!(network.neighbours(5).all(|other| other != 5));
        assert_eq!(network.neighbours(16).count(), 0);
    }
}

#[test]
fn a_wrong_word_or_number_is_named() {
    let read = |text: &str| toml::from_str::<NetworkConfig>(text);
    for (text, word) in [
        ("link = { los = 0.1 }", "los"),
        ("link = { loss = \"much\" }", "a probability like 0.2"),
        ("link = { latency = 5 }", "a span of time like \"5ms\""),
        (
            "link = { latency = { uniform = { min = \"1ms\" } } }",
            "max",
        ),
        ("topology = \"tree\"", "full-mesh"),
        ("rules = [{ set = { lost = 1 } }]", "lost"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    for (text, want) in [
        (
            "link.corrupt = 2",
            "link.corrupt is 2; it must be from 0 to 1",
        ),
        (
            "link.mtu = 0",
            "link.mtu is 0; it must be from 1 to 65507 bytes",
        ),
        (
            "rules = [{ set = { loss = 2 } }]",
            "rules[0].set.loss is 2; it must be from 0 to 1",
        ),
        (
            "topology = { regular = { degree = 3 } }",
            "topology.regular.degree is 3; it must be even where the number of hosts is odd",
        ),
        (
            "topology = { sites = { count = 9, wan = {} } }",
            "topology.sites.count is 9; it must be from 1 to the number of hosts",
        ),
    ] {
        let error = Network::new(&read(text).unwrap(), 7, 1).unwrap_err();
        assert_eq!(error.to_string(), want);
    }
}

#[test]
fn nothing_arrives_sooner_than_the_lookahead() {
    let mut network = network("", 4);
    assert_eq!(network.lookahead(), Span::from_millis(1));
    let mut sender = Sender::new();
    for _ in 0..10_000 {
        let late = millis(sender.send(&network, 0, 1)).unwrap();
        assert!((1.0..=10.0).contains(&late), "{late}");
    }
    let rule: Rule = toml::from_str("name = \"x\"\nset = { latency = \"2us\" }").unwrap();
    network.rule(rule).unwrap();
    assert_eq!(network.lookahead(), Span::from_micros(2));
    assert!(network.lift("x"));
    assert!(!network.lift("x"));
    assert_eq!(network.lookahead(), Span::from_millis(1));
}

#[test]
fn loss_duplicates_and_damage_come_as_often_as_they_should() {
    let network = network("link = { loss = 0.2, duplicate = 0.1, corrupt = 0.05 }", 2);
    let mut sender = Sender::new();
    let fates: Vec<_> = (0..100_000)
        .map(|_| arrivals(sender.send(&network, 0, 1)))
        .collect();
    let count = |n| fates.iter().filter(|copies| copies.len() == n).count();
    // None: 0.2 (0.9 + 0.1 * 0.2) = 0.184; two: 0.1 * 0.64; five standard deviations each.
    assert!((17_780..19_020).contains(&count(0)), "{}", count(0));
    assert!((6_010..6_790).contains(&count(2)), "{}", count(2));
    let copies = fates.iter().flatten();
    let damaged = copies.filter(|copy| copy.damage.is_some()).count();
    // 88,000 copies arrive: mean 4400, standard deviation below 70.
    assert!((4050..4750).contains(&damaged), "{damaged}");
}

#[test]
fn a_change_that_cannot_be_changes_nothing() {
    let mut network = network("", 4);
    let before = *network.link();
    let wrong = Link {
        corrupt: 1.1,
        ..before
    };
    assert!(network.set_link(wrong).is_err());
    let rule = |text| toml::from_str::<Rule>(text).unwrap();
    let error = network.rule(rule("set = { mtu = 0 }")).unwrap_err();
    let text = "rule.set.mtu is 0; it must be from 1 to 65507 bytes";
    assert_eq!(error.to_string(), text);
    assert_eq!(network.link_between(0, 1), &before);
}

#[test]
fn a_rule_replaces_the_one_of_its_name() {
    let mut network = network("", 4);
    for loss in ["0.1", "0.2"] {
        let text = format!("name = \"fog\"\nfrom = 1\nset = {{ loss = {loss} }}");
        network.rule(toml::from_str(&text).unwrap()).unwrap();
    }
    assert_eq!(network.link_between(0, 1).loss.mean(), 0.2);
    let narrow = toml::from_str("set = { mtu = 99 }").unwrap();
    network.rule(narrow).unwrap();
    assert_eq!(network.mtu(1), 99);
    assert!(network.lift("fog"));
    let left = network.link_between(0, 1);
    assert_eq!((left.loss.mean(), left.mtu), (0.0, 99));
}

#[test]
fn what_is_too_long_or_too_much_is_dropped() {
    let text = "link = { mtu = 100, bandwidth = { bytes-per-second = 1000, queue-bytes = 150 } }";
    let network = network(text, 2);
    let mut sender = Sender::new();
    let Sender { links, rng } = &mut sender;
    let long = network.transit(links, rng, Time::START, 0, 1, 101);
    assert_eq!(long, Fate::Lost(Cause::TooLarge));
    assert!(millis(sender.send(&network, 0, 1)).unwrap() >= 100.0);
    let full = Fate::Lost(Cause::Congestion);
    assert_eq!(sender.send(&network, 0, 1), full);
    assert_ne!(sender.send(&network, 1, 0), full);
    assert_eq!(network.mtu(0), 100);
}

#[test]
fn partitions_lose_everything_until_they_heal() {
    let mut network = network("", 8);
    let mut sender = Sender::new();
    network.partition("a", &["1-4".parse().unwrap()]).unwrap();
    assert_eq!(sender.send(&network, 0, 4), Fate::Lost(Cause::Partition));
    assert!(millis(sender.send(&network, 0, 3)).is_some());
    assert!(!network.connected(4, 0) && network.connected(4, 7));
    assert_eq!(network.partitions().collect::<Vec<_>>(), ["a"]);
    assert!(network.heal("a") && !network.heal("a"));
    assert!(network.connected(4, 0));
    assert!(millis(sender.send(&network, 0, 4)).is_some());
}

#[test]
fn there_is_no_way_to_a_host_that_does_not_exist_until_it_does() {
    let mut network = network("rules = [{ from = \"9-\", set = { mtu = 64 } }]", 8);
    let mut sender = Sender::new();
    assert_eq!(sender.send(&network, 0, 8), Fate::Lost(Cause::NoRoute));
    network.grow(9);
    assert!(millis(sender.send(&network, 0, 8)).is_some());
    assert_eq!(sender.send(&network, 8, 0), Fate::Lost(Cause::TooLarge));
}

#[test]
fn a_link_between_sites_is_different() {
    let text = "link = { latency = \"1ms\" }\n\
        topology = { sites = { count = 2, wan = { latency = \"40ms\" } } }";
    let network = network(text, 10);
    let mut sender = Sender::new();
    assert_eq!(millis(sender.send(&network, 0, 4)), Some(1.0));
    assert_eq!(millis(sender.send(&network, 4, 5)), Some(40.0));
    assert_eq!(network.lookahead(), Span::from_millis(1));
}

/// A ring of ten with 1 ms from each to the next.
const RING: &str = "topology = { ring = { each-side = 1 } }\nlink = { latency = \"1ms\" }\n";

#[test]
fn a_routed_datagram_takes_the_time_of_every_link() {
    let network = network(RING, 10);
    let mut sender = Sender::new();
    for (to, hops) in [(1, 1.0), (2, 2.0), (5, 5.0), (8, 2.0)] {
        assert_eq!(millis(sender.send(&network, 0, to)), Some(hops));
    }
}

#[test]
fn a_routed_datagram_is_lost_by_any_link() {
    let mut lossy = network(RING, 10);
    let link = Link {
        loss: LossModel::Independent(0.1),
        duplicate: 0.1,
        ..*lossy.link()
    };
    lossy.set_link(link).unwrap();
    let mut sender = Sender::new();
    let fates = (0..100_000).map(|_| arrivals(sender.send(&lossy, 0, 5)).len());
    let copies: usize = fates.sum();
    // 0.9^5 = 0.59049 arrive, and 1 - 0.9^5 = 0.40951 as many again: 83,230; the standard
    // deviation of the number of one datagram's copies is below 0.8.
    assert!((81_965..84_495).contains(&copies), "{copies}");
}

#[test]
fn routes_lead_around_a_partition_and_back_when_it_heals() {
    let mut network = network(RING, 10);
    let mut sender = Sender::new();
    assert_eq!(millis(sender.send(&network, 0, 2)), Some(2.0));
    // Host 1 alone on its side: the other way around the ring is open.
    network.partition("a", &["2".parse().unwrap()]).unwrap();
    assert_eq!(millis(sender.send(&network, 0, 2)), Some(8.0));
    assert_eq!(sender.send(&network, 0, 1), Fate::Lost(Cause::Partition));
    network.partition("b", &["6".parse().unwrap()]).unwrap();
    assert_eq!(sender.send(&network, 0, 2), Fate::Lost(Cause::Partition));
    assert!(!network.connected(0, 2) && network.connected(0, 6));
    network.heal_all();
    assert_eq!(millis(sender.send(&network, 0, 2)), Some(2.0));
}

#[test]
fn a_host_on_two_sides_forwards_between_them() {
    let mut network = network(RING, 10);
    let sides = ["1-6".parse().unwrap(), "6-10".parse().unwrap()];
    network.partition("a", &sides).unwrap();
    let mut sender = Sender::new();
    assert_eq!(millis(sender.send(&network, 4, 6)), Some(2.0));
    assert_eq!(millis(sender.send(&network, 0, 9)), Some(9.0));
}

#[test]
fn neighbours_reach_only_each_other() {
    let mut network = network(&format!("reach = \"neighbours\"\n{RING}"), 10);
    let mut sender = Sender::new();
    assert_eq!(millis(sender.send(&network, 0, 9)), Some(1.0));
    assert_eq!(sender.send(&network, 0, 2), Fate::Lost(Cause::NoRoute));
    network.partition("a", &["1".parse().unwrap()]).unwrap();
    assert_eq!(sender.send(&network, 0, 9), Fate::Lost(Cause::Partition));
    assert!(network.connected(3, 4) && !network.connected(3, 5));
}

#[test]
fn what_senders_share_changes_nothing_for_them() {
    let text = r#"
        topology = { grid = { width = 5 } }
        [link]
        loss = { gilbert-elliott = { good = "1s", bad = "300ms", loss-good = 0.1 } }
        bandwidth = { bytes-per-second = 2000, queue-bytes = 400 }
    "#;
    let network = network(text, 25);
    let mut shared = Links::default();
    let mut chances: Vec<_> = (0..25).map(SplitMix64::new).collect();
    let mut alone: Vec<_> = (0..25)
        .map(|from| (Links::default(), SplitMix64::new(from)))
        .collect();
    for step in 0..20_000 {
        let now = Time::from_micros(u64::from(step) * 1700);
        let (from, to) = (step % 25, step / 25 % 25);
        let rng = &mut chances[from as usize];
        let together = network.transit(&mut shared, rng, now, from, to, 100);
        let (links, rng) = &mut alone[from as usize];
        assert_eq!(network.transit(links, rng, now, from, to, 100), together);
    }
}
