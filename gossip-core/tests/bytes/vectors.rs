//! The golden vectors guard the wire format: the file, the crate and a second writer that was made
//! from `docs/wire.md` alone must agree on every byte.
//!
//! Where the format changes on purpose, write the file anew and read the difference:
//! `cargo test -p gossip-core --test bytes -- --ignored write_vectors`

use crate::golden;

use std::net::SocketAddr;

use golden::bytes::{Body, crc32c};
use golden::{CLUSTER, Vector, bad, good, text};
use gossip_core::wire::{Datagram, Kind};
use gossip_core::{Config, DatagramError, Instant, Node, NodeId, SplitMix64, Stats, inline};

inline! {
    /// A few of everything.
    struct Few {
        members: 8, entries: 16, key: 16, value: 16, news: 8, duties: 8,
        relays: 4, seeds: 2, exchanges: 4, ranges: 8, wants: 8,
        mails: 4, syncs: 2, reads: 2,
    }
}

const NOW: Instant = Instant::from_millis(5000);

/// The first lines of the file.
const HEAD: &str = "\
# Golden vectors of wire version 1, of the cluster \"golden\". Columns, parted by tabs:
# name; address type; largest_id; bytes of the buffer it was written into; result: ok, or reads (valid,
# but no sender of this version writes it), or the error; meaning; the datagram in hexadecimal.
";

/// What the second writer makes, with the meaning that the crate reads in it.
fn written() -> Vec<Vector> {
    let mut vectors = good::vectors();
    for vector in &mut vectors {
        vector.meaning = read(vector).unwrap_or_else(|error| format!("{error:?}"));
    }
    vectors.extend(bad::vectors());
    vectors
}

fn read(vector: &Vector) -> Result<String, DatagramError> {
    let largest_id = NodeId::new(vector.largest_id).expect("an id");
    let cluster = crc32c(CLUSTER.as_bytes());
    let bytes = &vector.bytes;
    match vector.address.as_str() {
        "u16" => text::describe::<u16>(bytes, cluster, largest_id),
        "[u8;8]" => text::describe::<[u8; 8]>(bytes, cluster, largest_id),
        "SocketAddr" => text::describe::<SocketAddr>(bytes, cluster, largest_id),
        other => panic!("{other}: unknown address type"),
    }
}

/// A running node of the cluster that knows one peer and an entry of its own.
fn node(largest_id: u64) -> Node<u16, Few> {
    let config = Config::new(NodeId::from(900))
        .cluster(CLUSTER)
        .address(9)
        .mtu_floor(64)
        .largest_id(NodeId::new(largest_id).expect("an id"));
    let mut node = Node::new(config.check().expect("valid"), Few::tables());
    node.handle_timeout(Instant::ZERO, &mut SplitMix64::new(1));
    node.set("mine", b"1").expect("room");
    let row = Body::new().varint(3).generation(0, 77).varint(0);
    let hello = good::from_7().long(5, row.byte(0).byte(1).varint(3).varint(1));
    let hello = hello.seal(CLUSTER);
    node.handle_datagram(NOW, 7, &hello).expect("a row");
    assert!(node.is_joined());
    node
}

#[test]
#[ignore = "writes the file"]
fn write_vectors() {
    let lines = written().into_iter().map(|vector| vector.to_line() + "\n");
    let file: String = std::iter::once(HEAD.to_string()).chain(lines).collect();
    std::fs::create_dir_all(golden::path().parent().unwrap()).unwrap();
    std::fs::write(golden::path(), file).unwrap();
}

#[test]
fn the_second_writer_makes_the_same_bytes() {
    let (file, made) = (golden::read(), written());
    for (old, new) in file.iter().zip(&made) {
        assert_eq!(old.to_line(), new.to_line());
    }
    assert_eq!(file.len(), made.len());
}

#[test]
fn each_vector_reads_as_it_says() {
    for vector in golden::read() {
        match read(&vector) {
            Ok(meaning) => assert_eq!((&*vector.name, meaning), (&*vector.name, vector.meaning)),
            Err(error) => {
                let found = format!("{error:?}");
                assert_eq!((&*vector.name, found), (&*vector.name, vector.result));
            }
        }
    }
}

#[test]
fn names_differ_and_every_kind_and_error_is_there() {
    let vectors = golden::read();
    let mut names: Vec<_> = vectors.iter().map(|vector| &vector.name).collect();
    names.sort();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    for kind in Kind::ALL {
        let word = format!("| {}", kind.name());
        let has = |result: &str| {
            vectors
                .iter()
                .any(|vector| vector.result == result && vector.meaning.contains(&word))
        };
        assert!(has("ok"), "no vector of {kind:?}");
    }
    for error in [
        DatagramError::TooShort,
        DatagramError::UnknownVersion,
        DatagramError::ForeignOrCorrupt,
        DatagramError::Sealed,
        DatagramError::IdTooLarge,
        DatagramError::Truncated,
        DatagramError::Malformed,
        DatagramError::Impossible,
    ] {
        let name = format!("{error:?}");
        let found = vectors.iter().any(|vector| vector.result == name);
        assert!(found, "no vector of {error:?}");
    }
}

#[test]
fn a_node_takes_what_is_right() {
    for vector in golden::read() {
        if vector.address != "u16" || !vector.is_readable() {
            continue;
        }
        let mut node = node(vector.largest_id);
        let before = *node.stats();
        assert_eq!(
            node.handle_datagram(NOW, 7, &vector.bytes),
            Ok(()),
            "{}",
            vector.name
        );
        let (old, new) = (before.received.datagrams, node.stats().received.datagrams);
        let bytes = u32::try_from(vector.bytes.len()).unwrap();
        assert_eq!((new.count, new.bytes), (old.count + 1, old.bytes + bytes));
    }
}

#[test]
fn a_node_drops_and_counts_what_is_wrong_and_changes_nothing() {
    for vector in golden::read() {
        if vector.address != "u16" || vector.is_readable() {
            continue;
        }
        let mut node = node(vector.largest_id);
        let before = node.clone();
        let error = node.handle_datagram(NOW, 7, &vector.bytes).unwrap_err();
        assert_eq!(format!("{error:?}"), vector.result, "{}", vector.name);
        assert_eq!(changed(before.stats(), node.stats()), [counter_of(error)]);
        assert_eq!(
            before.canonical(NOW),
            node.canonical(NOW),
            "{}",
            vector.name
        );
    }
}

#[test]
fn an_unknown_section_is_skipped_and_counted_and_the_others_apply() {
    let ping = || Body::new().varint(77);
    let row = || {
        let row = Body::new().varint(4).generation(0, 5).varint(0);
        row.byte(0).byte(1).varint(4).varint(1)
    };
    for kind in [0, 0xff] {
        let known = good::from_7().short(1, ping()).long(5, row());
        let known = known.seal(CLUSTER);
        let mixed = good::from_7()
            .short(kind, Body::new().raw(b"first"))
            .short(1, ping())
            .long(kind, Body::new().raw(&[0xff; 200]))
            .long(5, row())
            .short(kind, Body::new());
        let mixed = mixed.seal(CLUSTER);
        let start = node(golden::ANY_ID);
        let (mut plain, mut skipping) = (start.clone(), start.clone());
        plain.handle_datagram(NOW, 7, &known).unwrap();
        skipping.handle_datagram(NOW, 7, &mixed).unwrap();
        assert_eq!(plain.canonical(NOW), skipping.canonical(NOW));
        assert_ne!(plain.canonical(NOW), start.canonical(NOW));
        assert_eq!(plain.stats().unknown_sections, 0);
        assert_eq!(skipping.stats().unknown_sections, 3);
    }
}

#[test]
fn an_echo_is_dropped_and_so_is_everything_after_the_goodbye() {
    let mut node = node(golden::ANY_ID);
    let generation = node.generation();
    let nonce = u32::from_be_bytes(generation.nonce);
    let echo = golden::bytes::Builder::new(64, 900, generation.counter, nonce);
    let echo = echo.short(1, Body::new().varint(1)).seal(CLUSTER);
    let before = node.clone();
    let dropped = node.handle_datagram(NOW, 7, &echo);
    assert_eq!(dropped, Err(DatagramError::FromSelf));
    assert_eq!(changed(before.stats(), node.stats()), ["drop_from_self"]);
    assert_eq!(before.canonical(NOW), node.canonical(NOW));
    node.leave();
    let mut buf = [0; 64];
    for millis in 5000..20_000 {
        let now = Instant::from_millis(millis);
        node.handle_timeout(now, &mut SplitMix64::new(millis));
        while node.poll_transmit(now, &mut buf).is_some() {}
    }
    assert!(node.has_left());
    let before = *node.stats();
    let later = Instant::from_millis(20_000);
    let dropped = node.handle_datagram(later, 7, &good::from_7().seal(CLUSTER));
    assert_eq!(dropped, Err(DatagramError::NotRunning));
    assert_eq!(changed(&before, node.stats()), ["drop_not_running"]);
}

#[test]
fn a_tag_can_be_written_afterwards() {
    for vector in golden::read() {
        if !vector.is_readable() {
            continue;
        }
        let mut bytes = vector.bytes.clone();
        bytes[1..5].fill(0);
        let network = gossip_core::wire::network(crc32c(CLUSTER.as_bytes()), vector.kind());
        assert!(gossip_core::wire::seal_tag(&mut bytes, network));
        assert_eq!(bytes, vector.bytes, "{}", vector.name);
    }
    assert!(!gossip_core::wire::seal_tag(&mut [0x10, 0, 0, 0], 0));
    let nothing = Datagram::parse::<u16>(&[], 0, NodeId::MAX);
    assert_eq!(nothing.unwrap_err(), DatagramError::TooShort);
}

/// The plain counters that differ by one; any other difference fails.
fn changed(before: &Stats, after: &Stats) -> Vec<&'static str> {
    let pairs = before.counters().zip(after.counters());
    pairs
        .filter(|(old, new)| old != new)
        .map(|((name, old), (_, new))| {
            assert_eq!(new, old + 1, "{name}");
            name
        })
        .collect()
}

fn counter_of(error: DatagramError) -> &'static str {
    match error {
        DatagramError::TooShort => "drop_too_short",
        DatagramError::UnknownVersion => "drop_unknown_version",
        DatagramError::ForeignOrCorrupt => "drop_foreign_or_corrupt",
        DatagramError::Sealed => "drop_sealed",
        DatagramError::IdTooLarge => "drop_id_too_large",
        DatagramError::Truncated => "drop_truncated",
        DatagramError::Malformed => "drop_malformed",
        DatagramError::Impossible => "drop_impossible",
        other => panic!("{other:?} has no vector"),
    }
}
