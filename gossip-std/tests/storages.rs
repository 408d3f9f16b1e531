//! The same history, datagram for datagram, whether tables are inline or on the heap.

#[path = "../../gossip-core/tests/support/mod.rs"]
mod support;

use gossip_core::table::Prefix;
use gossip_core::wire::Kind;
use gossip_core::{Duration, Mail, Storage, Tables, inline};
use gossip_std::{Heap, Limits};
use support::{Net, Weather, config, id};

// All permit what the heap permits, which is every part: nodes tell each other what their storage permits.

inline! {
    /// Room for all.
    struct Roomy {
        members: 80, entries: 1400, key: 16, value: 32, news: 32, duties: 32,
        relays: 16, seeds: 4, exchanges: 8, ranges: 32, wants: 64, mails: 80, syncs: 4, reads: 4,
        copies: 1400, leases: 400, bygones: 16,
    }
}

inline! {
    /// Tight everywhere.
    struct Tight {
        members: 8, entries: 24, key: 8, value: 16, news: 6, duties: 6,
        relays: 2, seeds: 2, exchanges: 3, ranges: 4, wants: 4, mails: 2, syncs: 1, reads: 1,
        copies: 24, leases: 4, bygones: 16,
    }
}

inline! {
    /// Room for mail, syncs and reads, and not for all that is asked.
    struct Posted {
        members: 16, entries: 80, key: 8, value: 16, news: 8, duties: 16,
        relays: 4, seeds: 2, exchanges: 4, ranges: 8, wants: 8, mails: 5, syncs: 1, reads: 1,
        copies: 80, leases: 8, bygones: 16,
    }
}

/// What a history looks like from outside: every datagram in order, and what each node shows.
type Seen = (
    Vec<(u16, u16, Vec<u8>)>,
    Vec<Vec<(u64, String, Vec<u8>)>>,
    Vec<u64>,
);

fn history<S: Storage<u16>>(tables: impl Fn() -> Tables<u16, S>, mtu: usize, nodes: u16) -> Seen {
    let mut net = Net::<S>::new(42, mtu, Weather::WILD);
    net.log = Some(Vec::new());
    let settings = |address| {
        config(address, mtu)
            .tombstone_grace(Duration::from_secs(2))
            .direct_mail(Mail::All)
            .check()
            .expect("valid")
    };
    for address in 0..nodes {
        net.add(settings(address), tables());
        for key in 0..4 {
            let _ = net
                .node(address)
                .set(&format!("key{key}"), &[key, address as u8]);
        }
        let _ = net.node(address).join(0);
    }
    net.run(10_000);
    for address in 0..nodes {
        let _ = net.node(address).delete("key1");
        let _ = net.node(address).set("key2", b"again");
        let now = net.instant();
        let ttl = Duration::from_millis(500 + 1000 * u32::from(address));
        let _ = net.node(address).set_for(now, "key3", b"soon", ttl);
    }
    let deadline = net.instant().after(Duration::from_secs(9));
    for peer in 1..4 {
        let _ = net.node(0).sync(id(peer + 1), Prefix::ROOT, deadline);
        let _ = net.node(0).read_fresh(id(peer + 1), "key2", 3, deadline);
    }
    net.nodes[1] = None;
    net.run(15_000);
    net.start(1, settings(1), tables());
    net.node(1).join(0).expect("room for a seed");
    net.run(30_000);
    let log = net.log.take().expect("the log was asked for");
    let datagrams = log
        .into_iter()
        .map(|record| (record.from, record.to, record.bytes))
        .collect();
    let contents = (0..nodes).map(|address| net.contents(address)).collect();
    let prints = net.live().map(|node| node.fingerprint()).collect();
    (datagrams, contents, prints)
}

fn same(inline: &Seen, heap: &Seen) {
    assert!(inline.0.len() > 500, "{} datagrams", inline.0.len());
    for (step, pair) in inline.0.iter().zip(&heap.0).enumerate() {
        assert_eq!(pair.0, pair.1, "datagram {step}");
    }
    assert_eq!(inline, heap);
}

#[test]
fn roomy_tables_agree() {
    let limits = Limits {
        bygones: 8,
        members: 80,
        entries: 1400,
        key: 16,
        value: 32,
        news: 32,
        duties: 32,
        relays: 16,
        seeds: 4,
        exchanges: 8,
        ranges: 32,
        wants: 64,
        leases: 400,
        mails: 80,
        syncs: 4,
        reads: 4,
    };
    same(
        &history(Roomy::tables, 200, 10),
        &history(|| Heap::tables(limits), 200, 10),
    );
}

#[test]
fn tables_that_overflow_agree() {
    // More nodes and entries than there is room for: every bound is reached.
    let limits = Limits {
        bygones: 8,
        members: 8,
        entries: 24,
        key: 8,
        value: 16,
        news: 6,
        duties: 6,
        relays: 2,
        seeds: 2,
        exchanges: 3,
        ranges: 4,
        wants: 4,
        leases: 4,
        mails: 2,
        syncs: 1,
        reads: 1,
    };
    same(
        &history(Tight::tables, 64, 12),
        &history(|| Heap::tables(limits), 64, 12),
    );
}

#[test]
fn mail_syncs_and_reads_agree() {
    let limits = Limits {
        bygones: 8,
        members: 16,
        entries: 80,
        key: 8,
        value: 16,
        news: 8,
        duties: 16,
        relays: 4,
        seeds: 2,
        exchanges: 4,
        ranges: 8,
        wants: 8,
        mails: 5,
        syncs: 1,
        reads: 1,
        leases: 8,
    };
    same(
        &history(Posted::tables, 127, 8),
        &history(|| Heap::tables(limits), 127, 8),
    );
}

/// Bounds of 0 given at run time count like types that permit nothing: those who keep members alone, or no
/// leases, are one cluster with the others.
#[test]
fn bounds_of_nothing_divide_nobody() {
    let mut net = Net::<Heap>::new(5, 300, Weather::FAIR);
    let limits = |address: u16| match address % 3 {
        0 => Limits::default(),
        1 => Limits {
            entries: 0,
            ..Limits::default()
        },
        _ => Limits {
            leases: 0,
            ..Limits::default()
        },
    };
    for address in 0..12 {
        let settings = config(address, 300).check().expect("valid");
        net.add(settings, Heap::tables(limits(address)));
        let set = net.node(address).set("k", b"v").is_ok();
        assert_eq!(set, address % 3 != 1);
        let now = net.instant();
        let ttl = Duration::from_secs(600);
        let leased = net.node(address).set_for(now, "l", b"v", ttl).is_ok();
        assert_eq!(leased, address % 3 == 0);
        let _ = net.node(address).join(0);
    }
    net.run(60_000);
    let prints: Vec<_> = net.live().map(|node| node.facts_fingerprint()).collect();
    assert!(prints.iter().all(|print| *print == prints[0]));
    let differences = |net: &Net<Heap>| -> u32 {
        let kinds = [Kind::Ranges, Kind::Listing, Kind::Pull, Kind::Claim];
        let of = |kind| {
            net.live()
                .map(move |node| node.stats().received.of(kind).count)
        };
        kinds.into_iter().flat_map(of).sum()
    };
    let (before, bytes) = (differences(&net), net.bytes_sent);
    net.run(60_000);
    assert_eq!(differences(&net), before, "something differs in quiet");
    let rate = (net.bytes_sent - bytes) as f64 / 12.0 / 60.0;
    assert!(rate < 45.0, "{rate} B/node/s");
    for (address, node) in net.live().enumerate() {
        let keeps = address % 3 != 1;
        for owner in (0..12).filter(|owner| owner % 3 != 1) {
            assert_eq!(
                node.get(id(owner + 1), "k").is_some(),
                keeps,
                "at {address}"
            );
            let leased = address % 3 == 0 && owner % 3 == 0;
            assert_eq!(
                node.get(id(owner + 1), "l").is_some(),
                leased,
                "at {address}"
            );
        }
    }
}
