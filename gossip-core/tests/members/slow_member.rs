//! A node that takes long for each datagram is slow, and not dead: nobody declares it so, and the cluster
//! becomes quiet again, since all back off. A real crash is still found.

use crate::support;

use gossip_core::wire::{Hint, Kind, Section, Standing};
use gossip_core::{Checked, Duration, Event, Generation, NodeId, Status};
use support::alone::{Alone, Sent, Word, acks, alive, first, says, version};
use support::craft::{body, row};
use support::{Large, Net, Weather, config, id};

/// The slow take so long for a datagram: five a second, where a quiet cluster sends them two.
const EACH: u64 = 200;

fn is_slow(address: u16) -> bool {
    address.is_multiple_of(8)
}

/// When the slow ones become slow, and through whom all join in the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slowed {
    /// Once the cluster has settled.
    Later,
    /// From the boot; each joins through one of those before it.
    AtBoot,
    /// From the boot; all join through one of them.
    WithTheSeed,
}

/// A cluster of which one in eight is slow.
fn cluster(nodes: u16, seed: u64, slowed_when: Slowed) -> Net<Large> {
    let from_boot = slowed_when != Slowed::Later;
    let mut net = Net::new(seed, 1400, Weather::FAIR);
    let slow: Vec<u16> = (0..nodes).filter(|address| is_slow(*address)).collect();
    let slowed = |net: &mut Net<Large>| {
        slow.iter().for_each(|address| {
            net.slow.insert(*address, (EACH, 0));
        });
    };
    if from_boot {
        slowed(&mut net);
    }
    for address in 0..nodes {
        let made = config(address, 1400).forget_after(Duration::from_secs(600));
        net.add(made.check().unwrap(), Large::tables());
        if address > 0 {
            let through = match slowed_when {
                Slowed::WithTheSeed => 0,
                _ => address / 2,
            };
            net.node(address).join(through).unwrap();
        }
        net.node(address).set("k", &[address as u8; 8]).unwrap();
    }
    net.run(10_000);
    slowed(&mut net);
    net
}

/// Events that tell of the death of somebody that runs.
fn wrong_deaths(net: &mut Net<Large>, gone: Option<NodeId>) -> usize {
    let mut deaths = 0;
    for address in 0..net.nodes.len() as u16 {
        if net.nodes[usize::from(address)].is_none() {
            continue;
        }
        while let Some(event) = net.node(address).poll_event() {
            if let Event::Member {
                id,
                status: Status::Dead,
            } = event
            {
                deaths += usize::from(Some(id) != gone);
            }
        }
    }
    deaths
}

/// How many wrong deaths there are in five minutes, how many bytes a node sends each second in each of the last
/// four, and how many call themselves slow then.
fn outcome(nodes: u16, seed: u64, when: Slowed) -> (usize, Vec<u64>, usize) {
    let mut net = cluster(nodes, seed, when);
    let mut deaths = wrong_deaths(&mut net, None);
    net.run(60_000);
    deaths += wrong_deaths(&mut net, None);
    let minutes: Vec<u64> = (0..4)
        .map(|_| {
            let before = net.bytes_sent;
            net.run(60_000);
            (net.bytes_sent - before) / 60 / u64::from(nodes)
        })
        .collect();
    deaths += wrong_deaths(&mut net, None);
    let slow = net.node(1).members().filter(|row| row.is_slow()).count();
    println!(
        "{nodes} nodes, seed {seed}, {when:?}: {deaths} wrong deaths, B/node/s {minutes:?}, {slow} called slow, agree {}",
        net.agree()
    );
    (deaths, minutes, slow)
}

#[test]
fn slow_is_not_dead_and_the_cluster_becomes_quiet() {
    for when in [Slowed::Later, Slowed::AtBoot, Slowed::WithTheSeed] {
        for nodes in [2u16, 3, 4, 8, 16, 33, 64] {
            let seed = u64::from(nodes) + 100;
            let (deaths, minutes, _) = outcome(nodes, seed, when);
            assert_eq!(deaths, 0, "{nodes} nodes, {when:?}");
            let last = minutes.last().copied().unwrap_or(u64::MAX);
            assert!(last <= 60, "{nodes} nodes, {when:?}: {minutes:?} B/node/s");
        }
    }
}

#[test]
fn a_crash_of_a_slow_member_is_found() {
    for nodes in [3u16, 8, 32] {
        let mut net = cluster(nodes, 5, Slowed::Later);
        net.run(60_000);
        let gone = 0;
        net.nodes[gone] = None;
        let begun = net.now;
        let found = net.run_until(begun + 120_000, |net| {
            net.live().all(|node| {
                node.member(id(1))
                    .is_none_or(|row| row.status() == Status::Dead)
            })
        });
        println!(
            "{nodes} nodes: a slow one is dead for all after {} ms",
            net.now - begun
        );
        assert!(found, "{nodes} nodes");
        assert_eq!(wrong_deaths(&mut net, Some(id(1))), 0, "{nodes} nodes");
    }
}

/// A node among 20 peers, the last of which is slow.
fn beside_a_slow_one() -> Alone {
    beside_one_slow_in(config(0, 1400).check().unwrap())
}

fn beside_one_slow_in(config: Checked<u16>) -> Alone {
    let mut alone = Alone::with(config, 1400);
    let mut rows: Vec<_> = (2..=20).map(|peer| alive(peer, first(peer))).collect();
    rows.push(row(21, first(21), 1, Standing::Slow, Some(20)));
    alone.hear(says(21, &[(Kind::Rows, body(&rows))]));
    alone.sent();
    alone
}

/// The acks of all but the slow one.
fn acks_of_the_quick(sent: &Sent) -> Vec<Word> {
    let quick = sent.to != 20;
    let pings = sent.pings().into_iter().filter(|_| quick);
    pings.map(|token| acks(sent.to + 1, token)).collect()
}

#[test]
fn a_slow_member_is_pinged_once_more_before_it_is_suspected() {
    let mut alone = beside_a_slow_one();
    let (mut pings, mut suspected) = (Vec::new(), None);
    for _ in 0..400 {
        let now = alone.now;
        alone.pass(100, |sent| {
            if sent.to == 20 {
                pings.extend(sent.pings().into_iter().map(|token| (now, token)));
            }
            acks_of_the_quick(sent)
        });
        if alone.status(21) == Some(Status::Suspect) {
            suspected = suspected.or(Some(alone.now));
            break;
        }
    }
    let [(first, token), (second, again)] = pings[..] else {
        panic!("{pings:?}");
    };
    assert_eq!(token, again);
    assert!((6_000..=8_000).contains(&(second - first)), "{pings:?}");
    let suspected = suspected.unwrap() - first;
    assert!((12_000..=14_000).contains(&suspected), "{suspected}");
}

#[test]
fn a_slow_suspect_is_told_so_by_the_pings_alone() {
    let mut alone = beside_a_slow_one();
    let mut words = Vec::new();
    alone.pass(40_000, |sent| {
        if sent.to == 20 {
            let accused = |section| matches!(section, Section::Suspects(_));
            let accuses = sent.sections().into_iter().any(accused);
            words.push((accuses, sent.pings().is_empty()));
        }
        acks_of_the_quick(sent)
    });
    assert_eq!(alone.status(21), Some(Status::Suspect));
    let alone_in_it = words.iter().filter(|word| **word == (true, true)).count();
    assert_eq!(alone_in_it, 1, "the first word: {words:?}");
}

#[test]
fn a_slow_suspect_that_speaks_is_spared_four_times() {
    let mut deaths = Vec::new();
    for speaks in [false, true] {
        let mut alone = beside_a_slow_one();
        let begun = alone.now;
        let mut dead = None;
        while dead.is_none() && alone.now < begun + 300_000 {
            alone.pass(1_000, acks_of_the_quick);
            if speaks {
                alone.hear(says(21, &[]));
            }
            if alone.status(21) == Some(Status::Dead) {
                dead = Some(alone.now - begun);
            }
        }
        deaths.push(dead.unwrap());
    }
    println!("a slow one is dead after {deaths:?} ms if it is silent, or speaks");
    let [silent, speaks] = deaths[..] else {
        panic!()
    };
    assert!(silent <= 60_000, "{silent}");
    let time = speaks - silent;
    assert!((55_000..=72_000).contains(&time), "{time}");
}

/// A node among 20 peers, and how it reacts when the last, which it called dead, says that it is alive: how many
/// rows of that peer it sends to it. The peer's last acks came so much later.
fn corrections(delay: u64) -> usize {
    let mut alone = Alone::among(21, 1400);
    let mut owed = Vec::new();
    let answered = 120_000;
    let begun = alone.now;
    while alone.status(21) != Some(Status::Dead) && alone.now < begun + 600_000 {
        let now = alone.now;
        let late: Vec<(u64, u16)> = owed.extract_if(.., |(at, _)| *at <= now).collect();
        late.iter()
            .for_each(|(_, token)| alone.hear(acks(21, *token)));
        alone.pass(10, |sent| {
            if sent.to == 20 && now < begun + answered {
                owed.extend(sent.pings().iter().map(|token| (now + delay, *token)));
            }
            let mut words = acks_of_the_quick(sent);
            for section in sent.sections() {
                if let Section::PingReq(token, _) = section {
                    words.push(says(
                        sent.to + 1,
                        &[(Kind::Nack, body(&[(token, None::<NodeId>)]))],
                    ));
                }
            }
            words
        });
    }
    assert_eq!(alone.status(21), Some(Status::Dead));
    assert_eq!(alone.node.stats().late_acks > 0, delay > 1000);
    alone.pass(2_000, acks_of_the_quick);
    let mut told = 0;
    alone.hear(says(21, &[(Kind::Rows, body(&[alive(21, first(21))]))]));
    alone.pass(5_000, |sent| {
        let to_it = sent.to == 20;
        told += sent
            .rows()
            .iter()
            .filter(|row| to_it && row.id == id(21))
            .count();
        acks_of_the_quick(sent)
    });
    told
}

#[test]
fn a_late_member_that_is_called_dead_is_told_so_when_it_asks() {
    assert!(corrections(10) > 0);
    assert_eq!(corrections(1_500), 0);
}

/// When a node pulls again from a slow member that did not answer the first pull, if the member acks the pings
/// quickly, or not at all.
fn pulled_again(quick: bool) -> u64 {
    let patient = config(0, 1400).reply_timeout(Duration::from_secs(2));
    let mut alone = beside_one_slow_in(patient.check().unwrap());
    let held = version(9);
    alone.hear(says(
        21,
        &[(Kind::Hints, body(&[Hint { id: id(2), held }]))],
    ));
    let mut pulls = Vec::new();
    let begun = alone.now;
    while pulls.len() < 2 && alone.now < begun + 300_000 {
        let now = alone.now;
        alone.pass(100, |sent| {
            let is_pull = |section: &Section<'_, u16>| matches!(section, Section::Pull(..));
            if sent.to == 20 && sent.sections().iter().any(is_pull) {
                pulls.push(now);
            }
            if quick && sent.to == 20 {
                return sent.pings().iter().map(|token| acks(21, *token)).collect();
            }
            acks_of_the_quick(sent)
        });
        // It speaks, so that the exchange goes on.
        alone.hear(says(21, &[]));
    }
    pulls[1] - pulls[0]
}

#[test]
fn a_slow_member_that_answers_quickly_is_pulled_from_as_others_are() {
    let (silent, quick) = (pulled_again(false), pulled_again(true));
    println!("pulled from again after {quick} ms, and {silent} ms from one that answers nothing");
    assert!(silent >= 24_000 && quick + 4_000 <= silent);
}

/// After how many milliseconds a member that answers nothing is dead, once somebody has told so.
fn told_dead(standing: Standing, speaks: bool) -> u64 {
    let mut alone = Alone::among(20, 1400);
    alone.hear(says(
        21,
        &[(
            Kind::Rows,
            body(&[row(21, first(21), 1, standing, Some(20))]),
        )],
    ));
    alone.sent();
    let dead = row(21, first(21), 1, Standing::Dead(0), Some(20));
    alone.hear(says(3, &[(Kind::Rows, body(&[dead]))]));
    assert_eq!(alone.status(21), Some(Status::Suspect));
    let begun = alone.now;
    while alone.status(21) == Some(Status::Suspect) && alone.now < begun + 300_000 {
        alone.pass(100, acks_of_the_quick);
        if speaks {
            alone.hear(says(21, &[]));
        }
    }
    assert_eq!(alone.status(21), Some(Status::Dead));
    alone.now - begun
}

/// It may not have heard of the verdict yet.
#[test]
fn a_told_death_of_a_slow_member_is_believed_later() {
    for (speaks, factor) in [(false, 2), (true, 5)] {
        let told = |standing| told_dead(standing, speaks);
        let (quick, slow) = (told(Standing::Alive), told(Standing::Slow));
        println!("believed after {quick} ms, of a slow member after {slow} ms");
        assert!(slow >= factor * quick, "{quick} {slow}, {speaks}");
    }
}

/// Whether a node calls itself slow that hears `heard` and has no answer in time, or one of a life that has been
/// outbid, as 2 and 3 are: before it finds that the lives that are known of them are not there.
fn calls_itself_slow(heard: u16, outbid_answers: bool) -> bool {
    let mut alone = Alone::among(4, 1400);
    let other = |peer| Generation {
        counter: 1,
        nonce: [0xff, peer as u8, 0, 0],
    };
    for peer in [2, 3] {
        alone.hear(says(3, &[(Kind::Rows, body(&[alive(peer, other(peer))]))]));
    }
    let mut slow = false;
    for _ in 0..300 {
        if alone.status(2) == Some(Status::Dead) || alone.status(3) == Some(Status::Dead) {
            break;
        }
        alone.pass(100, |sent| {
            let outbid = outbid_answers && sent.to < 3;
            let pings = sent.pings().into_iter().filter(|_| outbid);
            pings.map(|token| acks(sent.to + 1, token)).collect()
        });
        alone.hear(says(heard, &[]));
        slow |= alone.node.member(id(1)).unwrap().is_slow();
    }
    slow
}

#[test]
fn an_answer_of_a_life_that_was_outbid_shows_that_nothing_waits_here() {
    assert!(calls_itself_slow(4, false));
    assert!(!calls_itself_slow(4, true));
}

#[test]
fn what_comes_of_a_life_that_was_outbid_does_not_stand_before_the_answers_of_others() {
    assert!(!calls_itself_slow(2, false));
}
