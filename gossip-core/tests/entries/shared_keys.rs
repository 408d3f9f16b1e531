//! What a node may contribute to shared keys, and how wrong clocks, claims and sets are read.

use crate::sharing;
use crate::support;

use gossip_core::shared::{Merge, Merged, Wall};
use gossip_core::{Duration, Instant, Node, SetError, SplitMix64};
use sharing::*;
use support::{Large, Weather};

#[test]
fn a_clock_far_ahead_is_overruled_by_whoever_saw_it_and_reaches_no_other_key() {
    let mut net = cluster(3, 12, 300, Weather::FAIR);
    let year = 365 * 24 * 3_600_000;
    let (now, wrong) = (
        Wall::from_unix_millis(50 * year),
        Wall::from_unix_millis(150 * year),
    );
    net.node(0).share("mode", b"wrong", Some(wrong)).unwrap();
    net.node(0).share("other", b"wrong", Some(now)).unwrap();
    settle(&mut net);
    for (at, wall) in [(1, Some(now)), (2, None), (0, Some(now))] {
        let said = format!("right {at}");
        net.node(at).share("mode", said.as_bytes(), wall).unwrap();
        settle(&mut net);
        for reader in 0..3 {
            assert_eq!(
                text(&mut net, reader, "mode", Merge::Last),
                Some(said.clone())
            );
        }
    }
    net.node(1).share("new", b"one", Some(now)).unwrap();
    let Some(Merged::Value(written)) = net.node(1).merged("new", Merge::Last) else {
        panic!("it was shared");
    };
    assert_eq!(written.stamp.millis(), now.as_millis());
}

#[test]
fn the_first_claim_wins_and_later_ones_know() {
    let mut net = cluster(4, 13, 300, Weather::LOSSY);
    for at in 0..4u64 {
        let wall = Some(Wall::from_unix_millis(9_000 - at));
        assert_eq!(
            net.node(at as u16)
                .claim("leader", &[b'a' + at as u8], wall),
            Ok(true)
        );
    }
    settle(&mut net);
    for at in 0..4 {
        assert_eq!(
            text(&mut net, at, "leader", Merge::First).as_deref(),
            Some("d")
        );
        assert_eq!(net.node(at).claim("leader", b"x", None), Ok(false));
    }
    crash(&mut net, 3);
    net.run(FORGOTTEN_MILLIS);
    assert_eq!(
        text(&mut net, 0, "leader", Merge::First).as_deref(),
        Some("d")
    );
}

#[test]
fn a_set_that_no_longer_fits_its_entry_is_refused_and_stays_as_it_was() {
    let mut net = cluster(2, 14, 300, Weather::FAIR);
    let mut held = Vec::new();
    let refused = loop {
        let element = format!("element{}", held.len());
        match net.node(0).include("tags", element.as_bytes()) {
            Ok(true) => held.push(element),
            other => break other,
        }
    };
    // Large holds values of 32 bytes: a mark, a stamp, and elements of 1 + 8 bytes.
    assert_eq!(refused, Err(SetError::Value { max: 32 }));
    assert_eq!(held.len(), 3);
    assert_eq!(elements(&mut net, 0, "tags"), held);
    assert_eq!(net.node(0).include("tags", b"element1"), Ok(false));
    assert_eq!(net.node(0).exclude("tags", b"element1"), Ok(true));
    assert_eq!(net.node(0).exclude("tags", b"element1"), Ok(false));
    assert_eq!(net.node(1).include("tags", b"element0"), Ok(true));
    settle(&mut net);
    assert_eq!(elements(&mut net, 1, "tags"), ["element0", "element2"]);
    assert_eq!(net.node(0).exclude("tags", b"element0"), Ok(true));
    settle(&mut net);
    assert_eq!(
        elements(&mut net, 0, "tags"),
        ["element0", "element2"],
        "the other has it too"
    );
}

#[test]
fn plain_entries_and_shared_keys_do_not_mix() {
    let mut net = cluster(2, 15, 300, Weather::FAIR);
    net.node(0).set("hits", b"12").unwrap();
    assert_eq!(number(&mut net, 0, "hits", Merge::Sum), None);
    let plain = Err(SetError::Kind {
        found: gossip_core::shared::Kind::Plain,
    });
    assert_eq!(
        net.node(0).count("hits", 3),
        plain,
        "it is said what stands there"
    );
    assert_eq!(net.node(0).delete("hits"), Ok(true));
    net.node(0).count("hits", 3).unwrap();
    assert_eq!(number(&mut net, 0, "hits", Merge::Sum), Some(3));
    assert_eq!(number(&mut net, 0, "hits", Merge::Max), None);
    for key in ["\0", "\0hits\u{1}"] {
        assert_eq!(net.node(0).set(key, b"x"), Err(SetError::Reserved));
        assert_eq!(net.node(0).delete(key), Err(SetError::Reserved));
        assert_eq!(net.node(0).count(key, 1), Err(SetError::Reserved));
        assert_eq!(net.node(0).share(key, b"x", None), Err(SetError::Reserved));
        assert_eq!(net.node(0).include(key, b"x"), Err(SetError::Reserved));
    }
    assert_eq!(net.node(0).stats().refused_writes, 11);
}

#[test]
fn what_was_said_for_a_time_is_not_kept_when_its_owner_is_gone() {
    let mut net = cluster(3, 17, 300, Weather::FAIR);
    let (now, long) = (net.instant(), Duration::from_secs(3_600));
    for key in ["kept", "leased"] {
        net.node(2).share_number(key, 1).unwrap();
    }
    assert_eq!(net.node(2).renew(now, "leased", long), Ok(true));
    assert_eq!(
        net.node(2).renew(now, "\0kept", long),
        Err(SetError::Reserved)
    );
    assert_eq!(
        net.node(2).set_for(now, "\0kept", b"", long),
        Err(SetError::Reserved)
    );
    settle(&mut net);
    assert_eq!(number(&mut net, 0, "leased", Merge::Max), Some(1));
    crash(&mut net, 2);
    net.run(FORGOTTEN_MILLIS);
    settle(&mut net);
    assert_eq!(number(&mut net, 0, "kept", Merge::Max), Some(1));
    assert_eq!(number(&mut net, 0, "leased", Merge::Max), None);
}

#[test]
fn a_node_that_has_not_started_does_not_count() {
    let checked = settings(0, 300).check().unwrap();
    let mut node = Node::new(checked, Large::tables());
    assert_eq!(node.count("hits", 1), Err(SetError::NotStarted));
    assert_eq!(node.share("mode", b"x", None), Ok(()));
    node.handle_timeout(Instant::ZERO, &mut SplitMix64::new(1));
    assert_eq!(node.count("hits", 1), Ok(()));
    node.leave();
    assert_eq!(node.count("hits", 1), Err(SetError::NotRunning));
}
