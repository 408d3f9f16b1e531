//! Direct mail (Demers et al. 1987, section 1.1): own writes go to peers at once, are acknowledged,
//! sent again a few times, and then left to anti-entropy.

use crate::support;

use gossip_core::entries::delta::{Claim, Listed};
use gossip_core::wire::{ClaimHead, ClaimItem, Datagram, Kind, Receipt, Section};
use gossip_core::{
    Config, Duration, Generation, Mail, NodeId, Stats, Storage, Tables, Version, inline,
};
use support::craft::{body, craft, life};
use support::{Net, Weather, config, id};

inline! {
    /// Room for mail to everybody.
    struct Post {
        members: 16, entries: 64, key: 8, value: 16, news: 8, duties: 16,
        relays: 4, seeds: 2, exchanges: 4, ranges: 8, wants: 8, mails: 16,
    }
}

inline! {
    /// Room for mail to two peers.
    struct TwoLetters {
        members: 16, entries: 64, key: 8, value: 16, news: 8, duties: 16,
        relays: 4, seeds: 2, exchanges: 4, ranges: 8, wants: 8, mails: 2,
    }
}

inline! {
    /// Nodes that know nothing of mail.
    struct NoPost {
        members: 16, entries: 64, key: 8, value: 16, news: 8, duties: 16,
        relays: 4, seeds: 2, exchanges: 4, ranges: 8, wants: 8,
    }
}

const MTU: usize = 127;
const NODES: u16 = 9;

/// A round every minute, and no news: what comes at once came by mail.
fn slow(address: u16, mail: Mail) -> Config<u16> {
    config(address, MTU)
        .probe_interval(Duration::from_secs(60))
        .gossip_fanout(0)
        .direct_mail(mail)
}

/// Nodes that know each other and have nothing to say.
fn settled<S: Storage<u16>>(mail: Mail, tables: fn() -> Tables<u16, S>) -> Net<S> {
    let mut net = Net::new(1, MTU, Weather::FAIR);
    for address in 0..NODES {
        net.add(slow(address, mail).check().unwrap(), tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let end = net.now + 3_600_000;
    let all = usize::from(NODES);
    let met = |net: &Net<S>| net.agree() && net.live().all(|node| node.live() == all);
    assert!(net.run_until(end, met));
    net.run(5_000);
    net
}

fn have<S: Storage<u16>>(net: &Net<S>, key: &str, value: &[u8]) -> usize {
    let has = |node: &&gossip_core::Node<u16, S>| node.get(id(1), key) == Some(value);
    net.live().filter(has).count()
}

fn stats<S: Storage<u16>>(net: &mut Net<S>, address: u16) -> Stats {
    *net.node(address).stats()
}

fn claims(net: &mut Net<Post>) -> u32 {
    stats(net, 0).sent.of(Kind::Claim).count
}

#[test]
fn mail_reaches_everybody_at_once_without_a_round() {
    let mut net = settled(Mail::All, Post::tables);
    let before = claims(&mut net);
    net.node(0).set("k", b"v").unwrap();
    net.run(11);
    assert_eq!(have(&net, "k", b"v"), usize::from(NODES));
    net.run(11);
    let others = u32::from(NODES) - 1;
    assert_eq!(stats(&mut net, 0).mails_delivered, others);
    assert!(net.agree(), "a letter is a claim: everybody holds the same");
    net.run(10_000);
    assert_eq!(
        claims(&mut net),
        before + others,
        "sent again though received"
    );
    assert_eq!(stats(&mut net, 0).mails_handed_over, 0);
}

#[test]
fn without_mail_the_same_write_waits_for_a_round() {
    let mut net = settled(Mail::Off, Post::tables);
    net.node(0).set("k", b"v").unwrap();
    net.run(1_000);
    assert_eq!(have(&net, "k", b"v"), 1);
}

#[test]
fn mail_to_two_reaches_two() {
    let mut net = settled(Mail::To(2), Post::tables);
    net.node(0).set("k", b"v").unwrap();
    net.run(22);
    assert_eq!(stats(&mut net, 0).mails_delivered, 2);
    assert_eq!(have(&net, "k", b"v"), 3);
}

#[test]
fn several_writes_cost_one_letter_and_the_last_value_goes() {
    let mut net = settled(Mail::All, Post::tables);
    let before = claims(&mut net);
    for number in 0..100u8 {
        net.node(0).set("k", &[number]).unwrap();
    }
    net.run(30);
    assert_eq!(have(&net, "k", &[99]), usize::from(NODES));
    assert_eq!(claims(&mut net), before + u32::from(NODES) - 1);
    assert!(net.agree());
}

#[test]
fn more_than_a_datagram_goes_page_after_page() {
    let mut net = settled(Mail::All, Post::tables);
    for number in 0..20 {
        net.node(0)
            .set(&format!("k{number}"), &[number; 16])
            .unwrap();
    }
    net.run(400);
    assert!(net.agree());
    assert_eq!(have(&net, "k0", &[0; 16]), usize::from(NODES));
    assert_eq!(stats(&mut net, 0).mails_delivered, u32::from(NODES) - 1);
}

#[test]
fn under_flow_control_mail_goes_when_the_write_is_let_out() {
    let mut net = Net::new(1, MTU, Weather::FAIR);
    for address in 0..2 {
        let config = slow(address, Mail::All).flow_control(true);
        net.add(config.check().unwrap(), Post::tables());
    }
    net.node(1).join(0).unwrap();
    net.run(5_000);
    for number in 0..200u8 {
        net.node(0).set("k", &[number]).unwrap();
        net.node(0).set("l", &[number]).unwrap();
    }
    let end = net.now + 60_000;
    assert!(net.run_until(end, |net| have(net, "k", &[199]) == 2
        && have(net, "l", &[199]) == 2));
    assert!(net.agree());
    let stats = stats(&mut net, 0);
    assert!(stats.mails_delivered >= 1 && stats.mails_handed_over == 0);
}

#[test]
fn lost_mail_is_sent_again_until_it_arrives() {
    let mut net = settled(Mail::All, Post::tables);
    let before = claims(&mut net);
    net.connected = |_, _| false;
    net.node(0).set("k", b"v").unwrap();
    net.run(400);
    net.connected = |_, _| true;
    net.run(400);
    assert_eq!(have(&net, "k", b"v"), usize::from(NODES));
    let others = u32::from(NODES) - 1;
    assert_eq!(stats(&mut net, 0).mails_delivered, others);
    assert_eq!(
        claims(&mut net),
        before + 3 * others,
        "at 0, 250 and 500 ms"
    );
}

#[test]
fn a_lost_receipt_costs_one_more_letter_and_nothing_else() {
    let mut net = settled(Mail::All, Post::tables);
    net.connected = |from, _| from == 0;
    net.node(0).set("k", b"v").unwrap();
    net.run(200);
    assert_eq!(have(&net, "k", b"v"), usize::from(NODES));
    assert_eq!(stats(&mut net, 0).mails_delivered, 0);
    net.connected = |_, _| true;
    net.run(300);
    assert_eq!(stats(&mut net, 0).mails_delivered, u32::from(NODES) - 1);
}

#[test]
fn mail_that_is_never_acknowledged_is_handed_over_to_anti_entropy() {
    let mut net = settled(Mail::All, Post::tables);
    let before = claims(&mut net);
    net.connected = |from, to| from != 4 && to != 4;
    net.node(0).set("k", b"v").unwrap();
    net.run(5_000);
    let sent = stats(&mut net, 0);
    assert_eq!(sent.mails_handed_over, 1);
    assert_eq!(sent.mails_delivered, u32::from(NODES) - 2);
    assert_eq!(
        claims(&mut net),
        before + u32::from(NODES) - 2 + 4,
        "4 tries"
    );
    assert_eq!(have(&net, "k", b"v"), usize::from(NODES) - 1);
    net.connected = |_, _| true;
    let end = net.now + 3_600_000;
    assert!(net.run_until(end, |net| have(net, "k", b"v") == usize::from(NODES)));
}

#[test]
fn where_the_table_is_full_the_rest_is_handed_over_and_anti_entropy_delivers() {
    let mut net = settled(Mail::All, TwoLetters::tables);
    net.node(0).set("k", b"v").unwrap();
    net.run(40);
    assert_eq!(stats(&mut net, 0).mails_delivered, 2);
    assert_eq!(stats(&mut net, 0).mails_handed_over, u32::from(NODES) - 3);
    let reached = have(&net, "k", b"v");
    assert!(reached < usize::from(NODES), "{reached}");
    let end = net.now + 3_600_000;
    assert!(net.run_until(end, |net| have(net, "k", b"v") == usize::from(NODES)));
}

#[test]
fn whoever_missed_something_reads_the_mail_at_once_and_pulls_the_rest() {
    let mut net = settled(Mail::All, Post::tables);
    net.connected = |_, to| to != 4;
    for number in 0..8 {
        net.node(0).set(&format!("k{number}"), b"old").unwrap();
    }
    net.run(5_000);
    net.connected = |_, _| true;
    assert_eq!(net.node(4).get(id(1), "k3"), None);
    net.node(0).set("late", b"new").unwrap();
    net.run(11);
    assert_eq!(net.node(4).get(id(1), "late"), Some(&b"new"[..]));
    net.run(100);
    assert_eq!(net.node(4).get(id(1), "k3"), Some(&b"old"[..]));
    assert!(net.agree());
}

#[test]
fn a_node_without_room_for_mail_takes_it_as_a_claim() {
    let mut net = settled(Mail::All, NoPost::tables);
    let last = net.node(0).member(id(1)).unwrap().held();
    let generation = net.node(0).generation();
    let next = last.plus(1).unwrap();
    let claim = Claim {
        a: last,
        b: next,
        held: next,
        gc: last,
        as_of: next,
    };
    let head = ClaimHead::new(0, id(1), life(generation), &claim);
    let (key, version, value) = ("k", next, Some(&b"v"[..]));
    let item = ClaimItem::new(
        gossip_core::Instant::ZERO,
        next,
        Listed {
            key,
            version,
            value,
            expires: None,
        },
    );
    let letter = [body(&[head]), body(&[item])].concat();
    let letter = craft(id(1), generation, &[(Kind::Claim, letter)]);
    net.deliver(0, 1, &letter);
    assert_eq!(net.node(1).get(id(1), "k"), Some(&b"v"[..]));
    assert_eq!(net.node(1).stats().sent.of(Kind::Receipt).count, 0);
}

#[test]
fn receipts_that_nobody_waits_for_change_nothing_and_are_counted() {
    let mut net = settled(Mail::All, Post::tables);
    net.connected = |_, _| false;
    net.node(0).set("k", b"v").unwrap();
    net.run(10);
    let (mine, held) = (
        net.node(0).generation(),
        net.node(0).member(id(1)).unwrap().held(),
    );
    let later = Generation { counter: 9, ..mine };
    let receipt = |owner: NodeId, life, version| Receipt {
        owner,
        life,
        version,
    };
    let lies = [
        (id(3), receipt(id(1), life(mine), held.plus(1).unwrap())),
        (id(3), receipt(id(1), life(mine), Version::BIRTH)),
        (id(3), receipt(id(1), life(later), held)),
        (id(3), receipt(id(2), life(mine), held)),
        (id(99), receipt(id(1), life(mine), held)),
    ];
    let now = net.instant();
    let before = net.node(0).canonical(now);
    for (count, (sender, lie)) in (1..).zip(lies) {
        let lie = craft(
            sender,
            Generation::default(),
            &[(Kind::Receipt, body(&[lie]))],
        );
        net.deliver(2, 0, &lie);
        assert_eq!(stats(&mut net, 0).idle_receipts, count);
    }
    assert_eq!(net.node(0).canonical(now), before);
}

#[test]
fn mail_of_a_stranger_or_of_another_life_gets_no_receipt() {
    let mut net = settled(Mail::Off, Post::tables);
    net.log = Some(Vec::new());
    let (a, b) = (Version::BIRTH, Version::new(2).unwrap());
    let claim = Claim {
        a,
        b,
        held: b,
        gc: a,
        as_of: b,
    };
    let lives = [
        (id(1), Generation::default()),
        (id(77), Generation::default()),
    ];
    for (owner, generation) in lives {
        let head = ClaimHead::new(0, owner, life(generation), &claim);
        let letter = craft(id(1), generation, &[(Kind::Claim, body(&[head]))]);
        net.deliver(0, 1, &letter);
    }
    net.run(100);
    assert_eq!(stats(&mut net, 1).foreign_claims, 2);
    let receipts = net.log.as_ref().unwrap().iter().filter(|record| {
        let datagram = Datagram::parse::<u16>(&record.bytes, 0, NodeId::MAX).unwrap();
        let mut sections = datagram.sections();
        sections.any(|section: Section<'_, u16>| matches!(section, Section::Receipt(_)))
    });
    assert_eq!(receipts.count(), 0);
}
