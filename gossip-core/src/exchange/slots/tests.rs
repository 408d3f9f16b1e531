//! Slots by hand: partners, credit, turns, pulls, budgets.

use super::*;
use crate::storage::InlineList;
use std::vec::Vec;

type Three = Exchanges<u16, InlineList<Exchange<u16>, 3>>;

const END: Instant = Instant::from_millis(1000);

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn open(exchanges: &mut Three, peer: u16) -> Option<Bit> {
    let partner = (NodeId::from(peer), peer, Sums::Whole);
    exchanges.open(partner, END, Ways::BOTH, Budget::new(2, 100))
}

/// Exchanges with peers 1, 2 and 3.
fn three() -> Three {
    let mut exchanges = Exchanges::new(InlineList::new());
    let bits = [1, 2, 3].map(|peer| open(&mut exchanges, peer));
    assert_eq!(bits, [Some(1), Some(2), Some(4)]);
    exchanges
}

#[test]
fn each_partner_has_one_bit_and_a_free_one_is_used_again() {
    let mut exchanges = three();
    assert_eq!(open(&mut exchanges, 2), Some(2), "it goes on");
    assert_eq!((open(&mut exchanges, 4), exchanges.is_full()), (None, true));
    assert_eq!(exchanges.remove(2).unwrap().peer, NodeId::from(2));
    assert_eq!(open(&mut exchanges, 4), Some(2));
}

#[test]
fn who_is_not_heard_is_sent_so_much_and_no_more() {
    let mut exchanges = three();
    for _ in 0..CREDIT {
        assert_eq!(exchanges.ready_for(1), Some(1));
        exchanges.spend(1);
    }
    assert_eq!(
        (exchanges.ready_for(1), exchanges.ready_for(2)),
        (None, Some(2))
    );
    // Heard, and from another address.
    let partner = (NodeId::from(1), 9, Sums::Facts);
    assert_eq!(exchanges.refresh(partner, at(2000)), Some(1));
    assert_eq!(
        (exchanges.ready_for(1), exchanges.ready_for(9)),
        (None, Some(1))
    );
    assert_eq!(exchanges.expired(at(1999)), Some(2), "the others are over");
}

#[test]
fn all_have_their_turn() {
    let mut exchanges = three();
    let firsts: Vec<_> = (0..3)
        .map(|_| exchanges.in_turn().collect::<Vec<_>>())
        .collect();
    assert_eq!(firsts, [[0, 1, 2], [1, 2, 0], [2, 0, 1]]);
}

#[test]
fn a_pull_waits_for_its_own_answer() {
    let mut exchanges = three();
    let exchange = exchanges.get_mut(1).unwrap();
    let token = exchange.begin_pull(at(0), Duration::from_millis(300));
    assert_ne!(token, 0, "what nobody pulled has that");
    assert!(!exchange.end_pull(token + 1, 10));
    assert_eq!(
        (exchanges.next(), exchanges.missed(at(299))),
        (Some(at(300)), None)
    );
    assert_eq!(exchanges.missed(at(300)), Some(1));
    let exchange = exchanges.get_mut(1).unwrap();
    assert!(exchange.end_pull(token, 10) && !exchange.end_pull(token, 10));
    assert!(!exchanges.any_waits());
}

#[test]
fn three_answers_in_a_row_may_be_missing() {
    let mut exchanges = three();
    let exchange = exchanges.get_mut(1).unwrap();
    let pull = |exchange: &mut Exchange<u16>| exchange.begin_pull(at(0), Duration::ZERO);
    for _ in 0..3 {
        pull(exchange);
        assert!(exchange.miss_pull());
    }
    let token = pull(exchange);
    assert!(exchange.end_pull(token, 10), "and then one comes");
    for count in 1..5 {
        pull(exchange);
        assert_eq!(exchange.miss_pull(), count < 4);
    }
}

#[test]
fn a_peer_that_is_quick_again_is_waited_for_no_longer_than_that() {
    let mut exchanges = three();
    let wait = Duration::from_secs(9);
    let tokens = [1, 2].map(|bit| exchanges.get_mut(bit).unwrap().begin_pull(at(0), wait));
    assert_eq!(tokens, [1, 1]);
    exchanges.hurry(NodeId::from(1), at(500));
    assert_eq!(exchanges.missed(at(500)), Some(1));
    exchanges.remove(1);
    assert_eq!(exchanges.missed(at(500)), None);
}

#[test]
fn what_answers_bring_is_bounded() {
    let mut exchanges = three();
    let exchange = exchanges.get_mut(1).unwrap();
    exchange.pulls.add(NodeId::from(7).place());
    assert!(!exchange.is_at_rest());
    for (bytes, spent) in [(100, false), (50, false), (1, true)] {
        let token = exchange.begin_pull(at(0), Duration::ZERO);
        exchange.end_pull(token, bytes);
        assert_eq!(exchange.budget.is_spent(), spent, "{bytes}");
    }
    assert!(exchange.is_at_rest(), "there is more, but not this time");
    let boundless = Budget::new(u8::MAX, 100);
    exchanges.begin(NodeId::from(1), Ways::BOTH, boundless);
    assert!(exchanges.any_at_work() && exchanges.used_up().next().is_none());
}

#[test]
fn a_span_holds_all_that_was_added_and_is_trimmed_from_its_front() {
    let mut span = Span::EMPTY;
    [5, 9, 3].iter().for_each(|place| span.add(Place(*place)));
    assert!(span.contains(Place(3)) && span.contains(Place(9)));
    assert!(!span.contains(Place(2)) && !span.contains(Place(10)));
    span.trim(Place(6));
    assert_eq!(
        (span.first(), span.contains(Place(5))),
        (Some(Place(6)), false)
    );
    span.trim(Place(10));
    assert!(span.is_empty());
}
