//! Places, lives and fingerprints are what `docs/wire.md` says: its examples, a second computation
//! made from the page alone, and a real node agree.

use crate::golden;

use golden::bytes::{Body, crc32c, mix};
use golden::sums::{Known, fingerprint, hash, life, of_versions, short_sum};
use golden::{ANY_ID, CLUSTER, good, page, text};
use gossip_core::entries::accelerate;
use gossip_core::wire::{Datagram, Section};
use gossip_core::{Config, Instant, Node, NodeId, SplitMix64, Version, inline};

inline! {
    struct Several {
        members: 32, entries: 16, key: 8, value: 8, news: 8, duties: 8,
        relays: 4, seeds: 2, exchanges: 4, ranges: 32, wants: 8,
    }
}

const NOW: Instant = Instant::from_millis(5000);
const ME: u64 = 900;

#[test]
fn the_page_shows_the_right_examples() {
    let known = Known {
        id: 7,
        counter: 3,
        nonce: 0xdead_beef,
        incarnation: 5,
        standing: 0,
        address: Some(300),
        held: 9,
    };
    let facts = known.facts();
    let expected = [
        format!("{:016x}", mix(0)),
        format!("{:016x}", mix(1)),
        format!("{:016x}", hash(b"")),
        format!("{:016x}", hash(b"123456789")),
        text::hex(&life(3, 0xdead_beef)),
        text::hex(&facts),
        format!("{:016x}", hash(&facts)),
        format!("{:016x}", known.weight()),
        text::hex(&short_sum(known.weight(), 200)),
        text::hex(&known.short_hash(200)),
        format!("{:016x}", of_versions(&[])),
        format!("{:016x}", of_versions(&[2, 3, 9])),
    ];
    let stated = page::table(&["value", "hexadecimal"]);
    let stated: Vec<_> = stated.iter().map(|row| row[1].clone()).collect();
    assert_eq!(stated, expected);
    let page = page::text();
    assert!(page.contains(&format!("it is `{:016x}`", known.facts_weight())));
    assert!(page.contains(&format!("{:08x}", crc32c(b"123456789"))));
    assert!(page.contains(&format!("{:08x}", crc32c(b"golden"))));
    let same = golden::read()
        .into_iter()
        .find(|vector| vector.name == "same");
    assert!(page.contains(&text::hex(&same.expect("a vector").bytes[1..5])));
}

#[test]
fn versions_hash_as_the_page_says() {
    let hashed = |versions: &[u64]| {
        let numbers = versions
            .iter()
            .map(|version| Version::new(*version as u32).unwrap());
        accelerate::hash(numbers)
    };
    for versions in [&[][..], &[2, 3, 9], &[9, 2, 3], &[1], &[(1 << 28) - 1, 7]] {
        assert_eq!(hashed(versions), of_versions(versions));
    }
}

/// Members of all sorts.
fn members() -> Vec<Known> {
    let member = |id: u64| Known {
        id,
        counter: (id * 5000) as u16,
        nonce: (id as u32).wrapping_mul(0x9e37_79b9),
        incarnation: id * id * id * id * id,
        standing: (id % 3) as u8,
        address: (!id.is_multiple_of(4)).then_some(id as u16 * 7),
        held: 0,
    };
    (1..=24).map(member).collect()
}

/// A node that was told of all of them, and what it knows.
fn node() -> (Node<u16, Several>, Vec<Known>) {
    let config = Config::new(NodeId::truncated(ME))
        .cluster(CLUSTER)
        .address(9);
    let mut node = Node::new(config.check().expect("valid"), Several::tables());
    node.handle_timeout(Instant::ZERO, &mut SplitMix64::new(1));
    node.set("key", b"value").expect("room");
    let mut all = members();
    let rows = all
        .iter()
        .fold(Body::new(), |body, known| body.raw(&known.row(600).0));
    tell(&mut node, 5, rows);
    // Each of these takes a token, and the salt follows the tokens.
    for token in 0..200 {
        let ask = Body::new().varints(&[token, 9]);
        let ask = good::from_7().short(3, ask).seal(CLUSTER);
        node.handle_datagram(NOW, 7, &ask).expect("valid");
    }
    let me = node.member(node.id()).expect("itself");
    all.push(Known {
        id: ME,
        counter: me.generation().counter,
        nonce: u32::from_be_bytes(me.generation().nonce),
        incarnation: 0,
        standing: 0,
        address: Some(9),
        held: me.held().get().into(),
    });
    all.sort_by_key(Known::place);
    (node, all)
}

fn tell(node: &mut Node<u16, Several>, kind: u8, body: Body) {
    let datagram = good::from_7().long(kind, body).seal(CLUSTER);
    node.handle_datagram(NOW, 7, &datagram).expect("valid");
}

/// Every datagram that the node sends now.
fn sent(node: &mut Node<u16, Several>) -> Vec<Vec<u8>> {
    let mut buf = [0; 1400];
    let next = || {
        let transmit = node.poll_transmit(NOW, &mut buf)?;
        Some(buf[..transmit.len].to_vec())
    };
    std::iter::from_fn(next).collect()
}

fn sections<'a>(datagrams: &'a [Vec<u8>]) -> impl Iterator<Item = Section<'a, u16>> {
    let largest = NodeId::new(ANY_ID).expect("an id");
    datagrams.iter().flat_map(move |bytes| {
        let datagram = Datagram::parse::<u16>(bytes, crc32c(CLUSTER.as_bytes()), largest);
        datagram
            .expect("valid")
            .sections::<u16>()
            .collect::<Vec<_>>()
    })
}

#[test]
fn a_node_computes_the_same_fingerprints() {
    let (mut node, known) = node();
    assert_eq!(node.fingerprint(), fingerprint(&known, 0, 0));
    // A root that differs: too many rows to list, so the sums of the 16 parts come.
    let root = good::from_7()
        .short(7, Body::new().raw(&[1; 8]))
        .seal(CLUSTER);
    node.handle_datagram(NOW, 7, &root).expect("valid");
    let datagrams = sent(&mut node);
    let mut found = 0;
    for section in sections(&datagrams) {
        if let Section::Ranges(head, sums) = section {
            assert_eq!((head.prefix.into(), head.mask), ((0u8, 0u64), [0xff; 2]));
            let expected = (0..16).map(|part| short_sum(fingerprint(&known, 1, part), head.salt));
            assert!(head.salt > 100, "too plain a salt to show anything");
            assert!(sums.iter().eq(expected));
            found += 1;
        }
    }
    assert_eq!(found, 1);
}

#[test]
fn a_node_lists_members_by_place_with_the_same_hashes() {
    let (mut node, known) = node();
    let head = Body::new().raw(&[0, 0, 0, 0xff, 0xff]);
    tell(&mut node, 9, head.raw(&[1; 64]));
    let datagrams = sent(&mut node);
    let mut listed = Vec::new();
    for section in sections(&datagrams) {
        if let Section::Listing(head, rows) = section {
            let (depth, number): (u8, u64) = head.prefix.into();
            assert_eq!(depth, 1);
            for row in rows.iter() {
                let found = known.iter().find(|known| known.id == row.id.get());
                let found = found.expect("a member");
                assert_eq!(found.place() >> 60, number);
                assert_eq!(row.facts, found.short_hash(head.salt));
                assert_eq!(u64::from(row.held.get()), found.held);
                listed.push(row.id.get());
            }
        }
    }
    let expected: Vec<_> = known.iter().map(|known| known.id).collect();
    assert_eq!(listed, expected);
}

#[test]
fn facts_alone_are_compared_with_whom_keeps_no_entries() {
    let (mut node, known) = node();
    let sum = |inside: &dyn Fn(&Known) -> bool| {
        let inside = known.iter().filter(|known| inside(known));
        inside.fold(0u64, |sum, known| sum.wrapping_add(known.facts_weight()))
    };
    assert_eq!(node.facts_fingerprint(), sum(&|_| true));
    assert_ne!(node.facts_fingerprint(), node.fingerprint());
    let bare = |kind, body| good::from_7().first(0x11).short(kind, body).seal(CLUSTER);
    let same = bare(7, Body::new().raw(&sum(&|_| true).to_le_bytes()));
    node.handle_datagram(NOW, 7, &same).expect("valid");
    let datagrams = sent(&mut node);
    assert!(sections(&datagrams).any(|section| section == Section::Same));
    let other = bare(7, Body::new().raw(&[1; 8]));
    node.handle_datagram(NOW, 7, &other).expect("valid");
    let datagrams = sent(&mut node);
    let found = sections(&datagrams).find_map(|section| match section {
        Section::Ranges(head, sums) => Some((head.salt, sums.iter().collect::<Vec<_>>())),
        _ => None,
    });
    let (salt, sums) = found.expect("too many rows to list");
    let of_part = |part| short_sum(sum(&|known| known.place() >> 60 == part), salt);
    assert_eq!(sums, (0..16).map(of_part).collect::<Vec<_>>());
    // And in a listing nothing is told of entries.
    let head = Body::new().raw(&[0, 0, 0, 0xff, 0xff]);
    let ranges = good::from_7().first(0x11).long(9, head.raw(&[1; 64]));
    let taken = node.handle_datagram(NOW, 7, &ranges.seal(CLUSTER));
    taken.expect("valid");
    let datagrams = sent(&mut node);
    let held = sections(&datagrams).filter_map(|section| match section {
        Section::Listing(_, rows) => Some(rows.iter().map(|row| row.held.get()).sum::<u32>()),
        _ => None,
    });
    let held: Vec<_> = held.collect();
    assert!(!held.is_empty() && held.iter().all(|held| *held == 0));
}

#[test]
fn a_node_names_lives_the_same_way() {
    let (mut node, known) = node();
    let owner = known.iter().find(|known| known.id == 9).expect("a member");
    tell(&mut node, 11, Body::new().varints(&[9, 500]));
    let datagrams = sent(&mut node);
    let pulls: Vec<_> = sections(&datagrams)
        .filter_map(|section| match section {
            Section::Pull(_, items) => items.iter().next(),
            _ => None,
        })
        .collect();
    assert_eq!(pulls.len(), 1);
    assert_eq!((pulls[0].owner.get(), pulls[0].held.get()), (9, 1));
    let mut bytes = [0; 4];
    postcard::to_slice(&pulls[0].life, &mut bytes).expect("four bytes");
    assert_eq!(bytes, life(owner.counter, owner.nonce));
}
