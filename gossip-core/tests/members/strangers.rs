//! Nodes that do not belong together refuse each other, and both sides can say why: another cluster's name,
//! wire version, kind of addresses, `mtu_floor` or `largest_id`; and damage is none of these.

use std::net::{SocketAddr, SocketAddrV4};

use gossip_core::wire::{network, seal_tag};
use gossip_core::{
    Address, Config, DatagramError, Destination, Duration, Event, Instant, Mismatch, Node, NodeId,
    SplitMix64, Stats, inline,
};

inline! {
    struct Few {
        members: 8, entries: 16, key: 8, value: 8, news: 8, duties: 8,
        relays: 2, seeds: 2, exchanges: 2, ranges: 4, wants: 4,
    }
}

inline! {
    /// Membership alone.
    struct Bare {
        members: 4, entries: 0, key: 0, value: 0, news: 2, duties: 4,
        relays: 0, seeds: 2, exchanges: 0, ranges: 0, wants: 0,
    }
}

/// Two addresses of a type: of the node with that type, and of the other one.
type Two<A> = [A; 2];

/// Two nodes of any address types on one wire, each with an address for the other.
struct Wire<A: Address, B: Address> {
    one: Node<A, Few>,
    other: Node<B, Few>,
    a: Two<A>,
    b: Two<B>,
    rng: SplitMix64,
    millis: u64,
    /// Datagrams that arrived.
    carried: usize,
}

/// What a node has seen when all is over.
#[derive(Debug)]
struct Seen<A> {
    stats: Stats,
    events: Vec<Event<gossip_core::storage::InlineBlob<8>>>,
    latest: Option<(A, Mismatch)>,
    live: usize,
}

impl<A: Address, B: Address> Wire<A, B> {
    fn new(a: Two<A>, b: Two<B>, one: Config<A>, other: Config<B>) -> Self {
        Self {
            one: Node::new(one.address(a[0]).check().unwrap(), Few::tables()),
            other: Node::new(other.address(b[1]).check().unwrap(), Few::tables()),
            a,
            b,
            rng: SplitMix64::new(5),
            millis: 0,
            carried: 0,
        }
    }

    fn run(&mut self, millis: u64) {
        let end = self.millis + millis;
        let mut buf = [0; 1400];
        while self.millis < end {
            let now = Instant::from_millis(self.millis);
            if self.one.poll_timeout() <= now {
                self.one.handle_timeout(now, &mut self.rng);
            }
            if self.other.poll_timeout() <= now {
                self.other.handle_timeout(now, &mut self.rng);
            }
            let mut sent = Vec::new();
            while let Some(transmit) = self.one.poll_transmit(now, &mut buf) {
                if transmit.to == Destination::One(self.a[1]) {
                    sent.push((true, buf[..transmit.len].to_vec()));
                }
            }
            while let Some(transmit) = self.other.poll_transmit(now, &mut buf) {
                if transmit.to == Destination::One(self.b[0]) {
                    sent.push((false, buf[..transmit.len].to_vec()));
                }
            }
            self.millis += 10;
            let now = Instant::from_millis(self.millis);
            self.carried += sent.len();
            for (by_one, bytes) in sent {
                let _ = match by_one {
                    true => self.other.handle_datagram(now, self.b[0], &bytes),
                    false => self.one.handle_datagram(now, self.a[1], &bytes),
                };
            }
        }
    }

    fn seen(mut self) -> (Seen<A>, Seen<B>) {
        (seen(&mut self.one), seen(&mut self.other))
    }
}

fn seen<A: Address>(node: &mut Node<A, Few>) -> Seen<A> {
    Seen {
        stats: *node.stats(),
        events: std::iter::from_fn(|| node.poll_event()).collect(),
        latest: node.mismatch(),
        live: node.live(),
    }
}

fn config<A: Address>(id: u16) -> Config<A> {
    Config::new(NodeId::from(id))
}

/// The first joins through the second, which has never heard of it.
fn met<A: Address, B: Address>(
    a: Two<A>,
    b: Two<B>,
    one: Config<A>,
    other: Config<B>,
) -> (Seen<A>, Seen<B>) {
    let mut wire = Wire::new(a, b, one, other);
    wire.one.join(a[1]).unwrap();
    wire.run(8_000);
    wire.seen()
}

/// Nodes of one cluster's name with these address types are two worlds, and both know why.
fn kinds_part<A: Address, B: Address>(a: Two<A>, b: Two<B>) {
    for cluster in ["", "one", "another name"] {
        let pair = (config(1).cluster(cluster), config(2).cluster(cluster));
        let (one, other) = met(a, b, pair.0, pair.1);
        assert_eq!((one.live, other.live), (1, 1), "{a:?} {b:?}");
        assert_eq!(other.latest, Some((b[0], Mismatch::AddressKind(A::KIND))));
        assert_eq!(one.latest, Some((a[1], Mismatch::AddressKind(B::KIND))));
        let met = |stats: &Stats| stats.drop_other_address_kind > 0;
        assert!(met(&one.stats) && met(&other.stats), "{one:?} {other:?}");
        assert_eq!(one.stats.drop_other_cluster, 0);
        let event = Event::Mismatch(Mismatch::AddressKind(A::KIND));
        assert!(other.events.contains(&event), "{other:?}");
    }
}

#[test]
fn addresses_of_one_kind_are_never_read_for_another() {
    let v4 = |last| SocketAddrV4::new([10, 0, 0, last].into(), 7000);
    let (bytes2, bytes4) = ([[1u8, 2], [172, 2]], [[1u8; 4], [2; 4]]);
    let (short, long) = ([300u16, 301], [[1u8; 8], [2; 8]]);
    kinds_part(short, bytes2);
    kinds_part(bytes2, short);
    kinds_part(short, [300u32, 70_000]);
    kinds_part(short, [1u8, 2]);
    kinds_part([1u8, 2], [1u32, 2]);
    kinds_part(bytes4, [300u32, 301]);
    kinds_part(bytes4, [v4(1), v4(2)]);
    kinds_part(long, [[1u8; 6], [2; 6]]);
    kinds_part([v4(1), v4(2)], [v4(1), v4(2)].map(SocketAddr::V4));
    kinds_part([v4(1), v4(2)].map(SocketAddr::V4), short);
}

#[test]
fn another_clusters_name_is_told_by_both_sides() {
    for (red, blue) in [("red", "blue"), ("", "blue"), ("red", ""), ("red", "Red")] {
        let pair = (config(1).cluster(red), config(2).cluster(blue));
        let (one, other) = met([10u16, 20], [10u16, 20], pair.0, pair.1);
        assert_eq!((one.live, other.live), (1, 1));
        for seen in [&one, &other] {
            assert!(seen.stats.drop_other_cluster > 0, "{red} {blue} {seen:?}");
            assert_eq!(seen.stats.drop_other_address_kind, 0);
            assert!(seen.events.contains(&Event::Mismatch(Mismatch::Cluster)));
        }
        assert_eq!(one.latest, Some((20, Mismatch::Cluster)));
        assert_eq!(other.latest, Some((10, Mismatch::Cluster)));
    }
}

#[test]
fn a_name_and_a_kind_that_both_differ_are_another_cluster() {
    let pair = (config(1).cluster("red"), config(2).cluster("blue"));
    let (one, other) = met([10u16, 20], [[1u8, 0], [2, 0]], pair.0, pair.1);
    assert!(one.stats.drop_other_cluster > 0 && other.stats.drop_other_cluster > 0);
}

#[test]
fn another_floor_or_largest_id_is_told_by_both_sides_and_not_in_the_way() {
    let addresses = [10u16, 20];
    for (ours, theirs) in [(1400, 64), (127, 300), (64, 65_507)] {
        let pair = (config(1).mtu_floor(ours), config(2).mtu_floor(theirs));
        let mut wire = Wire::new(addresses, addresses, pair.0, pair.1);
        wire.one.join(20).unwrap();
        wire.run(3_000);
        let (one, other) = wire.seen();
        if ours.max(theirs) <= 1400 {
            assert_eq!((one.live, other.live), (2, 2));
            assert_eq!(one.latest, Some((20, Mismatch::MtuFloor(theirs as u16))));
            assert!(one.stats.other_mtu_floor > 0);
        }
        assert_eq!(other.latest, Some((10, Mismatch::MtuFloor(ours as u16))));
        assert!(other.stats.other_mtu_floor > 0);
    }
    let small = NodeId::from(100);
    let pair = (config(1), config(2).largest_id(small));
    let (one, other) = met(addresses, addresses, pair.0, pair.1);
    for seen in [&one.stats, &other.stats] {
        assert!(seen.other_largest_id > 0 && seen.other_mtu_floor == 0);
    }
}

#[test]
fn an_id_above_ours_is_told_by_both_sides() {
    let pair = (config(900), config(2).largest_id(NodeId::from(100)));
    let (one, other) = met([10u16, 20], [10u16, 20], pair.0, pair.1);
    assert!(other.stats.drop_id_too_large > 0);
    assert_eq!(other.latest, Some((10, Mismatch::LargestId)));
    assert_eq!(one.latest, Some((20, Mismatch::LargestId)));
}

#[test]
fn equal_nodes_have_nothing_to_tell() {
    let (one, other) = met([10u16, 20], [10u16, 20], config(1), config(2));
    assert_eq!((one.live, other.live), (2, 2));
    assert_eq!((one.latest, other.latest), (None, None));
    for seen in [&one, &other] {
        let told = |event: &Event<_>| matches!(event, Event::Mismatch(_) | Event::NoAnswer);
        assert!(!seen.events.iter().any(told), "{seen:?}");
        assert_eq!(seen.stats.joins_unanswered, 0);
    }
}

/// Whoever wants to join through whom, strangers that answer each other cost next to nothing.
#[test]
fn strangers_do_not_keep_each_other_busy() {
    const HOUR: u64 = 3_600_000;
    for joins in [[true, false], [false, true], [true, true]] {
        let pair = (config(1).cluster("red"), config(2).cluster("blue"));
        let mut wire = Wire::new([10u16, 20], [10u16, 20], pair.0, pair.1);
        if joins[0] {
            wire.one.join(20).unwrap();
        }
        if joins[1] {
            wire.other.join(10).unwrap();
        }
        wire.run(HOUR);
        // Tries once a minute and with every reconnect, each of up to two datagrams, and their answers.
        assert!(wire.carried < 1_500, "{joins:?}: {}", wire.carried);
    }
}

/// A datagram of node 2 of the cluster `""`.
fn honest() -> Vec<u8> {
    let checked = config::<u16>(2).address(20).check().unwrap();
    let mut node = Node::new(checked, Few::tables());
    node.handle_timeout(Instant::ZERO, &mut SplitMix64::new(3));
    node.join(10).unwrap();
    node.handle_timeout(Instant::ZERO, &mut SplitMix64::new(3));
    let mut buf = [0; 1400];
    let sent = node.poll_transmit(Instant::ZERO, &mut buf).unwrap();
    buf[..sent.len].to_vec()
}

fn receiver() -> Node<u16, Few> {
    let checked = config::<u16>(1).address(10).check().unwrap();
    let mut node = Node::new(checked, Few::tables());
    node.handle_timeout(Instant::ZERO, &mut SplitMix64::new(4));
    node
}

#[test]
fn damage_is_neither_another_cluster_nor_another_kind() {
    let (honest, mut node, mut rng) = (honest(), receiver(), SplitMix64::new(8));
    for round in 0..20_000u64 {
        let mut bytes = honest.clone();
        // Some bits anywhere behind the first byte, so that all of it fails at the tag.
        for _ in 0..3 + rng.next() % 4 {
            let at = 1 + rng.next() as usize % (bytes.len() - 1);
            bytes[at] ^= 1 << (rng.next() % 8);
        }
        if bytes == honest {
            continue;
        }
        let now = Instant::from_millis(round * 100);
        let taken = node.handle_datagram(now, 20, &bytes);
        assert_eq!(taken, Err(DatagramError::ForeignOrCorrupt));
    }
    assert_eq!(node.stats().drop_other_cluster, 0);
    assert_eq!(node.mismatch(), None);
    assert!(node.stats().drop_foreign_or_corrupt > 19_000);
}

#[test]
fn a_copy_of_a_damaged_datagram_makes_no_cluster() {
    let (mut bytes, mut node) = (honest(), receiver());
    *bytes.last_mut().unwrap() ^= 1;
    for millis in [0, 1, 5, 50, 99] {
        let taken = node.handle_datagram(Instant::from_millis(millis), 20, &bytes);
        assert_eq!(taken, Err(DatagramError::ForeignOrCorrupt), "{millis}");
    }
}

#[test]
fn the_same_stranger_at_two_addresses_was_not_met_before() {
    let (mut bytes, mut node) = (honest(), receiver());
    seal_tag(&mut bytes, 0x1234_5678);
    for (millis, from) in [(0, 20), (100, 21), (200, 20), (300, 21)] {
        let taken = node.handle_datagram(Instant::from_millis(millis), from, &bytes);
        assert_eq!(taken, Err(DatagramError::ForeignOrCorrupt), "{millis}");
    }
    let again = node.handle_datagram(Instant::from_millis(400), 21, &bytes);
    assert_eq!(again, Err(DatagramError::OtherCluster));
}

#[test]
fn other_wire_versions_of_our_name_are_known() {
    for version in [0u8, 2, 3, 15] {
        let (mut bytes, mut node) = (honest(), receiver());
        bytes[0] = version << 4;
        // The version stands above the kind.
        let laid_over = u32::from(version ^ 1) << 24;
        seal_tag(&mut bytes, network(laid_over, 0));
        for millis in [0, 100] {
            let taken = node.handle_datagram(Instant::from_millis(millis), 20, &bytes);
            assert_eq!(taken, Err(DatagramError::UnknownVersion));
        }
        assert_eq!(node.stats().drop_unknown_version, 2);
        assert_eq!(node.mismatch(), Some((20, Mismatch::Version(version))));
        let event = std::iter::from_fn(|| node.poll_event()).last();
        assert_eq!(event, Some(Event::Mismatch(Mismatch::Version(version))));
    }
    // A first byte that says so, and nothing else.
    let (mut bytes, mut node) = (honest(), receiver());
    bytes[0] = 0x20;
    for millis in [0, 100, 200] {
        let taken = node.handle_datagram(Instant::from_millis(millis), 20, &bytes);
        assert_eq!(taken, Err(DatagramError::UnknownVersion));
    }
    assert_eq!(node.mismatch(), None);
}

#[test]
fn a_flood_of_strangers_is_looked_at_ten_times_a_second() {
    let (mut bytes, mut node) = (honest(), receiver());
    seal_tag(&mut bytes, network(0, 7));
    for millis in 0..1000 {
        let taken = node.handle_datagram(Instant::from_millis(millis), 20, &bytes);
        assert!(taken.is_err());
    }
    assert_eq!(node.stats().drop_other_address_kind, 9);
    assert_eq!(node.stats().drop_foreign_or_corrupt, 991);
    // One answer, and one event.
    let mut buf = [0; 1400];
    let now = Instant::from_millis(1000);
    let answers = std::iter::from_fn(|| node.poll_transmit(now, &mut buf)).count();
    assert_eq!(answers, 1);
    let events = std::iter::from_fn(|| node.poll_event()).count();
    assert_eq!(events, 1);
}

#[test]
fn what_is_known_of_strangers_is_no_state_among_members() {
    let (mut bytes, mut node) = (honest(), receiver());
    let before = node.canonical(Instant::ZERO);
    seal_tag(&mut bytes, network(0, 7));
    for millis in [0, 100] {
        let taken = node.handle_datagram(Instant::from_millis(millis), 20, &bytes);
        assert!(taken.is_err());
    }
    assert_eq!(node.mismatch(), Some((20, Mismatch::AddressKind(7))));
    assert_eq!(before, node.canonical(Instant::ZERO));
}

/// A seed that is not there: one line a try, ever more seldom, and none before the third.
#[test]
fn a_seed_that_does_not_answer_is_told_at_a_decaying_rate() {
    let checked = config::<u16>(1).address(10).check().unwrap();
    let mut node = Node::<u16, Bare>::new(checked, Bare::tables());
    node.join(20).unwrap();
    node.join(10).unwrap();
    let (mut rng, mut told) = (SplitMix64::new(1), Vec::new());
    let mut buf = [0; 1400];
    for millis in 0..600_000 {
        let now = Instant::from_millis(millis);
        if node.poll_timeout() <= now {
            node.handle_timeout(now, &mut rng);
        }
        while node.poll_transmit(now, &mut buf).is_some() {}
        while let Some(event) = node.poll_event() {
            assert_eq!(event, Event::NoAnswer);
            told.push(millis);
        }
    }
    assert!((1_000..3_000).contains(&told[0]), "{told:?}");
    assert!(
        told.windows(2)
            .all(|pair| pair[1] - pair[0] >= pair[0] / 2 || pair[1] - pair[0] >= 60_000)
    );
    assert!((10..=16).contains(&told.len()), "{told:?}");
    let silent = node.seeds().find(|seed| seed.address() == 20).unwrap();
    assert!(!silent.has_answered() && usize::from(silent.tries()) >= told.len());
    let wait = silent
        .next_try()
        .unwrap()
        .since(Instant::from_millis(600_000));
    assert!(wait <= Duration::from_secs(60));
    // Its own address is a seed too, and nobody misses an answer from there.
    assert_eq!(node.stats().joins_unanswered as usize, told.len() + 2);
}
