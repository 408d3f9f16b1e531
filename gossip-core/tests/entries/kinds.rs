//! Each verb writes what is of its kind, and destroys nothing that stands for another.

use crate::support;

use gossip_core::persist::Age;
use gossip_core::shared::{Kind, Merge, Merged};
use gossip_core::{Duration, Instant, Node, NodeId, SetError, SplitMix64};
use support::{Large, Net, Weather, config, pages};

type Alone = Node<u16, Large>;
type Verb = fn(&mut Alone) -> Result<(), SetError>;

/// The verbs that write, two of each kind where there are two.
const VERBS: [(Kind, Verb); 8] = [
    (Kind::Plain, |node| node.set("k", b"plain")),
    (Kind::Plain, |node| {
        node.set_for(
            Instant::from_millis(5),
            "k",
            b"short",
            Duration::from_secs(9),
        )
    }),
    (Kind::Value, |node| node.share("k", b"said", None)),
    (Kind::Value, |node| {
        node.claim("k", b"claimed", None).map(drop)
    }),
    (Kind::Number, |node| node.share_number("k", 4)),
    (Kind::Counter, |node| node.count("k", -2)),
    (Kind::Elements, |node| node.include("k", b"one").map(drop)),
    (Kind::Elements, |node| node.exclude("k", b"two").map(drop)),
];

fn alone() -> Alone {
    let settings = config(0, 300).check().unwrap();
    let mut node = Node::new(settings, Large::tables());
    node.handle_timeout(Instant::from_millis(1), &mut SplitMix64::new(3));
    node
}

fn own(node: &Alone) -> Option<Vec<u8>> {
    node.get(node.id(), "k").map(<[u8]>::to_vec)
}

fn number(node: &Alone, how: Merge) -> Option<i64> {
    match node.merged("k", how) {
        Some(Merged::Number(number)) => Some(number),
        _ => None,
    }
}

#[test]
fn a_verb_of_another_kind_is_refused_with_what_stands_there() {
    for (stands, first) in VERBS {
        for (kind, second) in VERBS {
            let mut node = alone();
            first(&mut node).unwrap();
            let before = own(&node);
            if before.is_none() {
                continue; // It took out what was not there.
            }
            let refused = node.stats().refused_writes;
            let done = second(&mut node);
            if kind == stands {
                assert_eq!(done, Ok(()), "{kind:?} over {stands:?}");
                continue;
            }
            // Who claims what is claimed learns that.
            let expected = Err(SetError::Kind { found: stands });
            assert_eq!(done, expected, "{kind:?} over {stands:?}");
            assert_eq!(own(&node), before);
            assert_eq!(node.stats().refused_writes, refused + 1);
            assert!(done.unwrap_err().to_string().contains(&stands.to_string()));
            assert_eq!(node.delete("k"), Ok(true));
            assert_eq!(second(&mut node), Ok(()), "{kind:?} after a delete");
        }
    }
}

#[test]
fn what_was_counted_stays_after_the_wrong_verbs() {
    let mut node = alone();
    node.count("k", 50).unwrap();
    node.count("k", -8).unwrap();
    assert!(node.share_number("k", 4).is_err());
    assert!(node.set("k", b"plain").is_err());
    assert_eq!(number(&node, Merge::Sum), Some(42));
    node.set("plain", b"text").unwrap();
    assert!(node.count("plain", 1).is_err());
    assert_eq!(node.get(node.id(), "plain"), Some(&b"text"[..]));
}

#[test]
fn plain_bytes_that_look_like_a_contribution_are_plain() {
    let mut other = alone();
    other.count("k", 7).unwrap();
    let counter = own(&other).unwrap();
    for bytes in [&counter[..], &[0xf8, 1, 2], &[0xf9, 0, 0], &[0xfa, 0], b""] {
        let mut node = alone();
        node.set("k", bytes).unwrap();
        node.set("k", b"next").unwrap();
        node.set("k", bytes).unwrap();
        let plain = SetError::Kind { found: Kind::Plain };
        assert_eq!(node.share_number("k", 1), Err(plain), "{bytes:x?}");
    }
}

#[test]
fn a_restored_contribution_is_one_still() {
    for age in [
        Age::Current,
        Age::AtMost(Duration::from_secs(1)),
        Age::Unknown,
    ] {
        let mut node = alone();
        node.count("k", 9).unwrap();
        node.set("plain", b"text").unwrap();
        let now = Instant::from_millis(70);
        let state = pages(&node, now, 512);
        let settings = config(0, 300).check().unwrap();
        let mut again: Alone = Node::import(settings, Large::tables(), now, age, &state).unwrap();
        again.handle_timeout(now, &mut SplitMix64::new(8));
        let found = Kind::Counter;
        assert_eq!(again.set("k", b"plain"), Err(SetError::Kind { found }));
        assert_eq!(again.set("plain", b"more"), Ok(()));
        assert_eq!(number(&again, Merge::Sum), Some(9));
    }
}

#[test]
fn a_contribution_that_is_taken_back_is_one_still() {
    let mut net: Net<Large> = Net::new(5, 300, Weather::FAIR);
    for address in 0..4 {
        let settings = config(address, 300).fresh(false).check().unwrap();
        net.add(settings, Large::tables());
        net.node(address).join(u16::from(address == 0)).unwrap();
    }
    net.run(5_000);
    net.node(2).include("tags", b"red").unwrap();
    net.node(2).set("plain", b"text").unwrap();
    net.run(20_000);
    let settings = config(2, 300).fresh(false).check().unwrap();
    net.start(2, settings, Large::tables());
    net.node(2).join(0).unwrap();
    let back = |net: &Net<Large>| {
        let node = net.nodes[2].as_ref().unwrap();
        node.get(NodeId::from(3), "tags").is_some()
    };
    let end = net.now + 60_000;
    assert!(net.run_until(end, back));
    let found = Kind::Elements;
    assert_eq!(net.node(2).set("tags", b"x"), Err(SetError::Kind { found }));
    assert_eq!(net.node(2).include("tags", b"blue"), Ok(true));
    assert_eq!(net.node(2).set("plain", b"more"), Ok(()));
}
