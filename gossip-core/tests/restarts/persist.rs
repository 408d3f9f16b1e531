//! A node's state as bytes: what is written can be read again, and nothing else is taken for it.

use crate::support;

use gossip_core::persist::{Age, ImportError};
use gossip_core::{Checked, Duration, Import, Instant, Node, Status, inline};
use support::{Net, Small, Weather, config, id, pages};

inline! {
    /// Room for two members, and entries of the usual size.
    struct Two {
        members: 2, entries: 24, key: 8, value: 16, news: 6, duties: 6,
        relays: 2, seeds: 2, exchanges: 3, ranges: 4, wants: 4,
    }
}

inline! {
    /// Room for members alone.
    struct NoEntries {
        members: 8, entries: 0, key: 0, value: 0, news: 6, duties: 6,
        relays: 2, seeds: 2, exchanges: 3, ranges: 4, wants: 4,
    }
}

inline! {
    /// Short keys, and values of a byte.
    struct Short {
        members: 8, entries: 24, key: 4, value: 1, news: 6, duties: 6,
        relays: 2, seeds: 2, exchanges: 3, ranges: 4, wants: 4,
    }
}

const AGES: [Age; 3] = [
    Age::Current,
    Age::AtMost(Duration::from_secs(3)),
    Age::Unknown,
];

fn checked(address: u16) -> Checked<u16> {
    config(address, 300).check().unwrap()
}

/// Four nodes that know each other; node 2 has died. Node 1 holds values, tombstones, a suspect and
/// the dead one.
fn settled() -> Net<Small> {
    let mut net = Net::new(7, 300, Weather::FAIR);
    for address in 0..4 {
        net.add(checked(address), Small::tables());
        net.node(address).join(0).unwrap();
        net.node(address).set("name", &[address as u8; 9]).unwrap();
        net.node(address).set("gone", b"soon").unwrap();
    }
    net.run(5_000);
    for address in 0..4 {
        net.node(address).delete("gone").unwrap();
    }
    net.run(2_000);
    net.nodes[2] = None;
    let dead = |net: &Net<Small>| {
        let row = net.nodes[1]
            .as_ref()
            .unwrap()
            .member(id(3))
            .unwrap()
            .status();
        row == Status::Dead
    };
    let end = net.now + 60_000;
    assert!(net.run_until(end, dead));
    net
}

fn import(age: Age, now: Instant, state: &[u8]) -> Result<Node<u16, Small>, ImportError> {
    Node::import(checked(1), Small::tables(), now, age, state)
}

#[test]
fn pages_of_any_size_make_up_one_state() {
    let mut net = settled();
    let now = net.instant();
    let whole = pages(net.node(1), now, 10_000);
    for size in [1, 2, 7, 64, 255, 256] {
        assert_eq!(
            pages(net.node(1), now, size),
            whole,
            "pages of {size} bytes"
        );
    }
}

#[test]
fn what_was_exported_is_known_again() {
    let mut net = settled();
    let now = net.instant();
    let old = net.node(1).clone();
    let state = pages(&old, now, 64);
    for age in AGES {
        let mut new = import(age, now, &state).unwrap();
        assert!(new.kept(now).eq(old.kept(now)), "{age:?}");
        assert!(old.is_tombstone(id(4), "gone") && new.is_tombstone(id(4), "gone"));
        assert_eq!(new.poll_event(), None, "nothing is news");
        for (new, old) in new.known(now).zip(old.known(now)) {
            let unheard = age == Age::Unknown && old.row.id != id(2);
            assert_eq!(new.unheard, unheard, "{age:?} {new:?}");
            assert_eq!((new.row.id, new.row.held), (old.row.id, old.row.held));
            assert_eq!((new.gc, new.as_of), (old.gc, old.as_of));
            assert_eq!(new.row.address, old.row.address);
        }
    }
    let current = import(Age::Current, now, &state).unwrap();
    assert!(current.known(now).eq(old.known(now)));
    assert_eq!(current.fingerprint(), old.fingerprint());
    assert_eq!(pages(&current, now, 64), state);
}

#[test]
fn a_state_is_taken_in_pieces_of_any_size() {
    let mut net = settled();
    let now = net.instant();
    let state = pages(net.node(1), now, 64);
    let whole = import(Age::Current, now, &state).unwrap();
    for size in [1, 3, 50, 4096] {
        let mut import: Import<u16, Small> =
            Import::new(checked(1), Small::tables(), now, Age::Current);
        let mut waiting = Vec::new();
        for piece in state.chunks(size) {
            waiting.extend_from_slice(piece);
            let taken = import.feed(&waiting).unwrap();
            waiting.drain(..taken);
        }
        assert!(waiting.is_empty() && import.is_complete());
        assert_eq!(import.finish().unwrap(), whole, "pieces of {size} bytes");
    }
}

#[test]
fn a_state_that_is_cut_anywhere_is_refused() {
    let mut net = settled();
    let now = net.instant();
    let state = pages(net.node(1), now, 64);
    for len in 0..state.len() {
        let error = import(Age::Unknown, now, &state[..len]).unwrap_err();
        let clear = matches!(error, ImportError::Truncated | ImportError::Damaged);
        assert!(clear, "{len} bytes: {error}");
        let mut import: Import<u16, Small> =
            Import::new(checked(1), Small::tables(), now, Age::Unknown);
        import.feed(&state[..len]).unwrap();
        assert_eq!(import.finish().unwrap_err(), ImportError::Truncated);
    }
    let mut longer = state.clone();
    longer.push(0);
    assert!(import(Age::Unknown, now, &longer).is_err());
}

#[test]
fn a_state_with_any_flipped_bit_is_refused() {
    let mut net = settled();
    let now = net.instant();
    let mut state = pages(net.node(1), now, 64);
    for bit in 0..state.len() * 8 {
        state[bit / 8] ^= 1 << (bit % 8);
        assert!(import(Age::Unknown, now, &state).is_err(), "bit {bit}");
        let mut pieces: Import<u16, Small> =
            Import::new(checked(1), Small::tables(), now, Age::Unknown);
        let fed = pieces.feed(&state).and_then(|_| pieces.finish());
        assert!(fed.is_err(), "bit {bit}, in pieces");
        state[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(import(Age::Unknown, now, &state).is_ok());
}

#[test]
fn a_state_that_is_not_this_nodes_is_refused_with_the_reason() {
    let mut net = settled();
    let now = net.instant();
    let state = pages(net.node(1), now, 64);
    let of = |config| {
        let node = Node::<u16, Small>::import(config, Small::tables(), now, Age::Unknown, &state);
        node.unwrap_err()
    };
    assert_eq!(of(checked(3)), ImportError::OtherNode { found: id(2) });
    let elsewhere = config(1, 300).cluster("elsewhere").check().unwrap();
    assert_eq!(of(elsewhere), ImportError::OtherCluster);
    let few_ids = config(1, 300).largest_id(id(3)).check().unwrap();
    assert_eq!(of(few_ids), ImportError::IdTooLarge { found: id(4) });
    let error = import(Age::Unknown, now, b"[agent]\nstate = \"none\"\n").unwrap_err();
    assert_eq!(error, ImportError::NotAState);
    let error = import(Age::Unknown, now, b"gsip\x02whatever").unwrap_err();
    assert_eq!(error, ImportError::UnknownVersion { found: 2 });
}

#[test]
fn a_storage_or_mtu_that_is_too_small_is_named() {
    let mut net = settled();
    let now = net.instant();
    let state = pages(net.node(1), now, 64);
    macro_rules! into {
        ($storage:ident) => {
            Node::<u16, $storage>::import(checked(1), $storage::tables(), now, Age::Unknown, &state)
                .unwrap_err()
        };
    }
    assert_eq!(into!(Two), ImportError::Members { max: 2 });
    assert_eq!(into!(NoEntries), ImportError::Entries { max: 0 });
    assert_eq!(into!(Short), ImportError::Value { max: 1 });
    let mut long = Net::<Small>::new(1, 300, Weather::FAIR);
    long.add(checked(1), Small::tables());
    long.node(0).set("long key", &[7; 16]).unwrap();
    let state = pages(long.node(0), now, 64);
    let error = Node::<u16, Short>::import(checked(1), Short::tables(), now, AGES[0], &state);
    assert_eq!(error.unwrap_err(), ImportError::Key { max: 4 });
    let narrow = config(1, 64).check().unwrap();
    let error = Node::<u16, Small>::import(narrow, Small::tables(), now, AGES[0], &state);
    assert!(matches!(error, Err(ImportError::Entry { max }) if max < 24));
}

#[test]
fn a_lease_goes_on_for_what_may_be_left_of_it() {
    let mut net = settled();
    let now = net.instant();
    let node = net.node(1);
    for (key, secs) in [("short", 10), ("long", 100)] {
        let ttl = Duration::from_secs(secs);
        node.set_for(now, key, b"v", ttl).unwrap();
    }
    let state = pages(&net.node(1).clone(), now, 64);
    let later = now.after(Duration::from_secs(5000));
    let left = |age, key| {
        let node = import(age, later, &state).unwrap();
        let entry = node.entry(id(2), key)?;
        Some(entry.expires.unwrap().since(later))
    };
    let secs = |secs| Some(Duration::from_secs(secs));
    let ages = [
        (Age::Current, secs(10), secs(100)),
        (Age::AtMost(Duration::from_secs(9)), secs(1), secs(91)),
        (Age::AtMost(Duration::from_secs(10)), None, secs(90)),
        (Age::Unknown, None, None),
    ];
    for (age, short, long) in ages {
        assert_eq!(
            (left(age, "short"), left(age, "long")),
            (short, long),
            "{age:?}"
        );
        let node = import(age, later, &state).unwrap();
        assert_eq!(node.is_tombstone(id(2), "short"), short.is_none());
    }
}
