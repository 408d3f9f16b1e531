//! Every permitted set of parts as a cluster of its own, and each two of them half and half: one cluster,
//! which joins, finds a crash, takes a restart and a goodbye, shares what entries there are with those that
//! keep some, and costs no more in quiet than either half alone.

mod mixture;

use gossip_core::wire::Kind;
use gossip_core::{Config, Duration, Instant, Mail, NodeId, Reconciliation, Status};
use mixture::{ALL, Net, Parts};

fn id(address: u16) -> NodeId {
    NodeId::from(address + 1)
}

/// What a cluster is like besides its parts.
#[derive(Clone, Copy)]
struct Setting {
    nodes: u16,
    mtu: usize,
    seed: u64,
    /// Whether every second node asks for single entries.
    precise: bool,
}

fn start(net: &mut Net, setting: Setting, parts: Parts, address: u16) {
    let order = if setting.precise && address.is_multiple_of(2) {
        Reconciliation::PreciseNewest
    } else {
        Reconciliation::ScuttleDepth
    };
    let config = Config::new(id(address))
        .address(address)
        .mtu_floor(setting.mtu)
        .largest_id(NodeId::truncated(1 << 14))
        .tombstone_grace(Duration::from_secs(10))
        .reconciliation(order)
        .direct_mail(Mail::To(2))
        .fresh(true);
    net.start(address, (parts.make)(config.check().unwrap()));
    net.node(address).set("k", &address.to_be_bytes());
    let seed = u16::from(address == 0);
    net.node(address).join(seed);
}

/// `true` if all that run know the same, and all entries of those that run and keep some.
fn agree(net: &Net, of: &[Parts]) -> bool {
    let mut facts = net.live().map(|node| node.prints().0);
    let first = facts.next();
    if !facts.all(|print| Some(print) == first) {
        return false;
    }
    let keepers = || {
        let running = net.nodes.iter().zip(of).enumerate();
        running.filter_map(|(address, (node, parts))| {
            let node = node.as_ref().filter(|_| parts.entries)?;
            Some((address as u16, node))
        })
    };
    keepers().all(|(_, node)| {
        keepers().all(|(owner, _)| node.get(id(owner), "k").is_some())
            && keepers()
                .next()
                .is_some_and(|(_, first)| first.prints().1 == node.prints().1)
    })
}

fn all_see(net: &Net, who: u16, status: Status) -> bool {
    let others = net
        .nodes
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != usize::from(who));
    let mut others = others.filter_map(|(_, node)| node.as_ref());
    others.all(|node| node.status(id(who)) == Some(status))
}

/// Sections that only a difference brings about. (Rows also go with the hellos by which lost members are
/// looked for.)
const DIFFERENCES: [Kind; 5] = [
    Kind::Ranges,
    Kind::Listing,
    Kind::Pull,
    Kind::Claim,
    Kind::Singles,
];

fn differences(net: &Net) -> u32 {
    let of = |kind| net.live().map(move |node| node.heard(kind)).sum::<u32>();
    DIFFERENCES.into_iter().map(of).sum()
}

/// Bytes a node and second in a quiet minute, in which nothing but equal roots is exchanged.
fn quiet(net: &mut Net, what: &str) -> f64 {
    net.run(30_000);
    let (bytes, before) = (net.bytes_sent, differences(net));
    net.run(60_000);
    assert_eq!(
        differences(net),
        before,
        "{what}: something differs in quiet"
    );
    (net.bytes_sent - bytes) as f64 / net.live().count() as f64 / 60.0
}

/// A cluster from its first join to its quiet: after how many ms all was known, and its bytes a node and
/// second in quiet.
fn begin(setting: Setting, of: &[Parts], what: &str) -> (Net, u64, f64) {
    let mut net = Net::new(setting.seed, setting.mtu);
    for address in 0..setting.nodes {
        start(&mut net, setting, of[usize::from(address)], address);
    }
    let (begun, whole) = (net.now, usize::from(setting.nodes));
    let known = |net: &Net| agree(net, of) && net.live().all(|node| node.live() == whole);
    assert!(
        net.run_until(begun + 60_000, known),
        "{what}: never complete"
    );
    let took = net.now - begun;
    let rate = quiet(&mut net, what);
    (net, took, rate)
}

/// What may happen to a cluster: a crash, a restart, a goodbye, all with one datagram in five lost.
fn live_through(net: &mut Net, setting: Setting, of: &[Parts], what: &str) {
    let last = setting.nodes - 1;
    net.loss = 20;
    net.nodes[usize::from(last)] = None;
    let end = net.now + 60_000;
    let dead = net.run_until(end, |net| all_see(net, last, Status::Dead));
    assert!(dead, "{what}: the crash is not known to all");
    start(net, setting, of[usize::from(last)], last);
    let end = net.now + 60_000;
    let back = net.run_until(end, |net| {
        agree(net, of) && all_see(net, last, Status::Alive)
    });
    assert!(back, "{what}: the restart is not known to all");
    if last > 1 {
        net.node(1).leave();
        net.run(2_000);
        net.nodes[1] = None;
        let end = net.now + 60_000;
        let left = net.run_until(end, |net| agree(net, of) && all_see(net, 1, Status::Left));
        assert!(left, "{what}: the goodbye is not known to all");
    }
    net.loss = 0;
    let end = net.now + 60_000;
    let rest = usize::from(setting.nodes - u16::from(last > 1));
    let settled = net.run_until(end, |net| {
        agree(net, of) && net.live().all(|node| node.live() == rest)
    });
    assert!(settled, "{what}: does not settle");
    quiet(net, what);
}

/// Every second node has set "plain", and "brief" for a time: all show what they have room for.
fn shows_what_it_keeps(net: &Net, of: &[Parts], what: &str) {
    for (at, node) in net.live().enumerate() {
        for owner in (0..of.len() as u16).step_by(2) {
            let plain = node.get(id(owner), "plain").is_some();
            assert_eq!(plain, of[at].entries, "{what}: at {at}");
            let brief = node.get(id(owner), "brief").is_some();
            assert_eq!(brief, at % 2 == 0, "{what}: at {at}");
        }
    }
}

/// Where some set entries for a time and others keep no leases, those who do are one cluster with those who
/// do not: quiet while the leases last, and equal when they are over.
#[test]
fn leases_divide_nobody() {
    let parts = |name| *ALL.iter().find(|parts| parts.name == name).expect("a set");
    for (nodes, lasting, mtu, precise) in [
        (2, "entries", 300, false),
        (6, "entries", 64, false),
        (9, "entries, mail", 127, true),
        (16, "entries, reads", 300, false),
        (8, "members alone", 300, false),
    ] {
        let what = format!("{nodes} nodes, half of them with {lasting}");
        let mixed: Vec<Parts> = (0..nodes)
            .map(|at| parts(if at % 2 == 0 { "everything" } else { lasting }))
            .collect();
        let setting = Setting {
            nodes,
            mtu,
            seed: u64::from(nodes),
            precise,
        };
        let (mut net, _, rate) = begin(setting, &mixed, &what);
        let ttl = Duration::from_secs(150);
        for at in (0..nodes).step_by(2) {
            let now = Instant::from_millis(net.now);
            assert!(net.node(at).set_for(now, "brief", ttl));
            assert!(net.node(at).set("plain", b"x"));
        }
        for at in (1..nodes).step_by(2) {
            let now = Instant::from_millis(net.now);
            assert!(!net.node(at).set_for(now, "brief", ttl), "no room for it");
        }
        net.run(20_000);
        let with_leases = quiet(&mut net, &what);
        assert!(
            with_leases <= rate * 1.05,
            "{what}: {with_leases} instead of {rate} B/node/s"
        );
        shows_what_it_keeps(&net, &mixed, &what);
        net.run(60_000);
        let end = net.now + 30_000;
        assert!(
            net.run_until(end, |net| agree(net, &mixed)),
            "{what}: leases are over"
        );
        assert!(net.live().all(|node| node.get(id(0), "brief").is_none()));
        quiet(&mut net, &what);
    }
}

#[test]
fn every_permitted_set_of_parts_is_a_cluster() {
    println!("| parts | nodes | all known after | bytes a node and second |");
    println!("|---|--:|--:|--:|");
    for (index, parts) in ALL.iter().enumerate() {
        for nodes in [2, 5, 16, 32, 64] {
            let setting = Setting {
                nodes,
                mtu: [64, 127, 300][index % 3],
                seed: index as u64 + u64::from(nodes),
                precise: nodes == 16,
            };
            let of = vec![*parts; usize::from(nodes)];
            let what = format!("{} x {nodes}", parts.name);
            let (mut net, took, rate) = begin(setting, &of, &what);
            println!("| {} | {nodes} | {took} ms | {rate:.1} |", parts.name);
            if nodes < 64 {
                live_through(&mut net, setting, &of, &what);
            }
        }
    }
}

#[test]
fn each_two_sets_of_parts_are_one_cluster() {
    println!("| parts | and | nodes | all known after | bytes a node and second | alone |");
    println!("|---|---|--:|--:|--:|--:|");
    for (at, first) in ALL.iter().enumerate() {
        for (beside, second) in ALL.iter().enumerate().skip(at + 1) {
            let seed = (at * 100 + beside) as u64;
            let nodes = [8, 3, 17][(at + beside) % 3];
            let setting = Setting {
                nodes,
                mtu: [64, 300][beside % 2],
                seed,
                precise: beside % 2 == 1,
            };
            // Which half the seed is of differs from pair to pair.
            let turned = (at + beside) % 2;
            let pick = |address: u16| {
                let half = (usize::from(address) + turned) / 2 % 2;
                if half == 0 { *first } else { *second }
            };
            let mixed: Vec<Parts> = (0..nodes).map(pick).collect();
            let what = format!("{} and {}", first.name, second.name);
            let (mut net, took, rate) = begin(setting, &mixed, &what);
            let alone = |parts: &Parts| {
                let of = vec![*parts; usize::from(nodes)];
                begin(setting, &of, parts.name).2
            };
            let most = alone(first).max(alone(second));
            println!(
                "| {} | {} | {nodes} | {took} ms | {rate:.1} | {most:.1} |",
                first.name, second.name
            );
            assert!(
                rate <= most * 1.02,
                "{what}: {rate} instead of {most} B/node/s"
            );
            live_through(&mut net, setting, &mixed, &what);
        }
    }
}
