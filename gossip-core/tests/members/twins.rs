//! Two live nodes with one id: whoever is left has it in the end, everybody learns of it, and nobody else
//! suffers (`membership/myself.rs`, `membership/rivalry.rs`, `membership/clash.rs`).

use crate::support;

use gossip_core::persist::Age;
use gossip_core::wire::{Kind, Standing};
use gossip_core::{Event, Generation, Identity, Node, Status, Storage};
use support::craft::{body, craft, row};
use support::{Large, Net, Weather, config, id, pages};

/// What became of a story.
#[derive(Debug, Default)]
struct Outcome {
    /// How long it took until all others saw the survivor alive and read what it wrote, in milliseconds.
    healed: Option<u64>,
    /// How often the survivor and the one that stopped were told.
    conflicts: [usize; 2],
    /// Which others were told of it, a bit each.
    witnesses: usize,
    /// How often another node was held for dead.
    deaths: usize,
    /// How often what another node had written could not be read.
    missed: usize,
    /// How many lives the id had.
    lives: u16,
}

/// Who stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stops {
    Twin,
    Original,
}

#[derive(Clone, Copy, Debug)]
struct Story {
    nodes: u16,
    seed: u64,
    /// How long both live, in milliseconds.
    stay: u64,
    stops: Stops,
    /// It says goodbye first.
    politely: bool,
    /// The twin takes back what is remembered of its id.
    takes_back: bool,
    weather: Weather,
}

impl Story {
    fn start(&self) -> Net<Large> {
        let mut net = Net::new(self.seed, 300, self.weather);
        for address in 0..self.nodes {
            net.add(config(address, 300).check().unwrap(), Large::tables());
            if address > 0 {
                net.node(address).join(0).unwrap();
            }
            net.node(address).set("k", &[address as u8]).unwrap();
        }
        let (end, all) = (net.now + 60_000, usize::from(self.nodes));
        assert!(net.run_until(end, |net| {
            net.agree() && net.live().all(|node| node.live() == all)
        }));
        net
    }

    /// Starts a node with the original's id at an address of its own.
    fn start_twin(&self, net: &mut Net<Large>) -> u16 {
        let twin = self.nodes;
        let original = self.original();
        let settings = config(original, 300)
            .address(twin)
            .fresh(!self.takes_back)
            .check()
            .unwrap();
        let mut node = Node::new(settings, Large::tables());
        node.join(0).unwrap();
        if net.nodes.len() == usize::from(twin) {
            net.nodes.push(None);
        }
        net.put(twin, node);
        twin
    }

    fn original(&self) -> u16 {
        self.nodes / 2
    }

    /// The twin comes, both live, and one of them stops.
    fn tell(&self) -> Outcome {
        let mut net = self.start();
        // Its life is long known.
        net.run(40_000);
        let others: Vec<u16> = (0..self.nodes)
            .filter(|at| *at != self.original())
            .collect();
        others.iter().for_each(|at| drop(events(&mut net, *at)));
        let twin = self.start_twin(&mut net);
        let mut outcome = Outcome::default();
        self.watch(&mut net, self.stay, &mut outcome, &others);
        let (left, stopped) = match self.stops {
            Stops::Twin => (self.original(), twin),
            Stops::Original => (twin, self.original()),
        };
        outcome.conflicts[1] = conflicts(&mut net, stopped);
        if self.politely {
            net.node(stopped).leave();
            net.run(1_000);
        }
        net.nodes[usize::from(stopped)] = None;
        let begun = net.now;
        net.node(left).set("after", b"x").unwrap();
        while net.now < begun + 120_000 {
            self.watch(&mut net, 250, &mut outcome, &others);
            let member = id(self.original() + 1);
            let whole = others.iter().all(|at| {
                let node = net.nodes[usize::from(*at)].as_ref().unwrap();
                let row = node.member(member);
                row.is_some_and(|row| row.status() == Status::Alive)
                    && node.get(member, "after") == Some(b"x")
            });
            if whole && outcome.healed.is_none() {
                outcome.healed = Some(net.now - begun);
                break;
            }
        }
        outcome.conflicts[0] = conflicts(&mut net, left);
        outcome.lives = net.node(left).generation().counter;
        outcome
    }

    fn watch(&self, net: &mut Net<Large>, millis: u64, outcome: &mut Outcome, others: &[u16]) {
        let end = net.now + millis;
        let member = id(self.original() + 1);
        while net.now < end {
            let step = 250.min(end - net.now);
            net.run(step);
            for at in others {
                for event in events(net, *at) {
                    match event {
                        Event::Clash { id } if id == member => outcome.witnesses |= 1 << at,
                        Event::Member {
                            id: who,
                            status: Status::Dead,
                        } if who != member => outcome.deaths += 1,
                        _ => {}
                    }
                }
                let reads = |owner: &&u16| {
                    net.nodes[usize::from(*at)]
                        .as_ref()
                        .unwrap()
                        .get(id(**owner + 1), "k")
                        .is_some()
                };
                outcome.missed += others.len() - others.iter().filter(reads).count();
            }
        }
    }
}

fn events(net: &mut Net<Large>, address: u16) -> Vec<Event<<Large as Storage<u16>>::Key>> {
    let node = net.node(address);
    core::iter::from_fn(|| node.poll_event()).collect()
}

fn conflicts(net: &mut Net<Large>, address: u16) -> usize {
    let all = events(net, address);
    all.iter()
        .filter(|event| **event == Event::Conflict)
        .count()
}

/// Stays from half a second to five minutes, in clusters of 3 to 16; either may be the one that stops, as it
/// likes.
#[test]
fn whoever_is_left_is_heard_by_all_and_nobody_else_suffers() {
    for seed in 0..120 {
        let stay = [500, 2_000, 7_000, 30_000, 120_000, 300_000][seed as usize % 6];
        let stops = match seed % 5 {
            0 | 2 | 4 => Stops::Twin,
            _ => Stops::Original,
        };
        let story = Story {
            nodes: 3 + (seed * 7 % 14) as u16,
            seed,
            stay,
            stops,
            politely: seed % 4 == 3,
            takes_back: seed % 3 != 0,
            weather: if seed % 7 == 6 {
                Weather::LOSSY
            } else {
                Weather::FAIR
            },
        };
        let outcome = story.tell();
        let all = format!("{story:?}: {outcome:?}");
        assert!(
            outcome.healed.is_some_and(|millis| millis <= 30_000),
            "{all}"
        );
        assert_eq!((outcome.deaths, outcome.missed), (0, 0), "{all}");
        assert!(outcome.lives <= 9, "{all}");
        if stay >= 30_000 {
            assert_eq!(outcome.conflicts, [1, 1], "{all}");
            let everybody = (1 << story.nodes) - 1 - (1 << story.original());
            assert_eq!(outcome.witnesses, everybody, "{all}");
        } else if stops == Stops::Twin && outcome.lives > 0 {
            assert_eq!(outcome.conflicts[0], 1, "{all}");
        }
    }
}

fn usual(nodes: u16, seed: u64) -> Story {
    Story {
        nodes,
        seed,
        stay: 0,
        stops: Stops::Twin,
        politely: false,
        takes_back: true,
        weather: Weather::FAIR,
    }
}

#[test]
fn two_that_live_on_do_not_flap() {
    for seed in 0..4 {
        let story = usual(4 + 3 * seed as u16, seed);
        let mut net = story.start();
        let twin = story.start_twin(&mut net);
        net.run(60_000);
        let member = id(story.original() + 1);
        let lives = |net: &mut Net<Large>| net.node(0).member(member).unwrap().generation();
        let life = lives(&mut net);
        let both = [story.original(), twin];
        let states = both.map(|at| net.node(at).identity());
        assert!(states.contains(&Identity::Yielded), "{states:?}");
        assert!(states.contains(&Identity::Contested), "{states:?}");
        both.iter().for_each(|at| drop(events(&mut net, *at)));
        let bytes = net.bytes_sent;
        for _ in 0..60 {
            net.run(20_000);
            assert_eq!(lives(&mut net), life);
            assert_eq!(both.map(|at| net.node(at).identity()), states);
            assert_eq!(net.node(0).clashes().collect::<Vec<_>>(), [member]);
        }
        assert_eq!(both.map(|at| conflicts(&mut net, at)), [0, 0], "told once");
        let rate = (net.bytes_sent - bytes) / 1200 / u64::from(story.nodes + 1);
        assert!(rate < 400, "{rate} bytes a node and second");
        // The others know of each other's writes as ever.
        net.node(0).set("late", b"1").unwrap();
        net.run(2_000);
        assert!(net.live().all(|node| node.get(id(1), "late").is_some()));
    }
}

#[test]
fn each_twin_is_told_of_anew() {
    for seed in 0..4 {
        let story = usual(5, seed);
        let mut net = story.start();
        net.run(40_000);
        let member = id(story.original() + 1);
        for round in 0..4 {
            let twin = story.start_twin(&mut net);
            net.run(20_000);
            assert_eq!(conflicts(&mut net, story.original()), 1, "round {round}");
            assert_eq!(conflicts(&mut net, twin), 1, "round {round}");
            let clash = Event::Clash { id: member };
            assert!(events(&mut net, 0).contains(&clash), "round {round}");
            net.nodes[usize::from(twin)] = None;
            net.node(story.original()).set("round", &[round]).unwrap();
            net.run(30_000);
            assert_eq!(net.node(0).get(member, "round"), Some(&[round][..]));
            assert_eq!(net.node(story.original()).identity(), Identity::Sole);
        }
        assert!(net.node(0).stats().clashes >= 4);
        assert!(net.node(story.original()).stats().conflicts >= 4);
    }
}

/// Node 2 restarts again and again, at new addresses: nobody takes that for a clash.
#[test]
fn restarts_are_no_clash() {
    for (seed, fresh) in (0..4).flat_map(|seed| [(seed, true), (seed, false)]) {
        let story = usual(5, seed);
        let mut net = story.start();
        let mut at = story.original();
        for round in 0..6 {
            net.nodes[usize::from(at)] = None;
            let gap = [0, 300, 2_000, 15_000][net.random(4) as usize];
            net.run(gap);
            at = if round % 2 == 0 { 5 + round } else { at };
            let settings = config(story.original(), 300).address(at).fresh(fresh);
            let mut node = Node::new(settings.check().unwrap(), Large::tables());
            node.join(0).unwrap();
            net.nodes.resize_with(usize::from(at) + 1, || None);
            net.put(at, node);
            net.run(20_000);
            for address in [0, 1, 3, 4, at] {
                let told = events(&mut net, address);
                let clash =
                    |event: &Event<_>| matches!(event, Event::Clash { .. } | Event::Conflict);
                assert!(
                    !told.iter().any(clash),
                    "seed {seed} round {round}: {told:?}"
                );
            }
        }
    }
}

/// However often somebody says that this node is dead in a later life, it outbids that, at a bounded rate.
#[test]
fn a_dead_life_with_the_id_is_always_outbid_and_never_fast() {
    let mut net = usual(3, 1).start();
    let mut counter = net.node(1).generation().counter;
    let begun = net.now;
    for _ in 0..300 {
        let life = net.node(1).generation();
        let later = Generation {
            counter: life.counter + 1,
            nonce: [9; 4],
        };
        let dead = row(2, later, 0, Standing::Dead(600), None);
        let lie = craft(
            id(50),
            Generation::default(),
            &[(Kind::Rows, body(&[dead]))],
        );
        net.deliver(9, 1, &lie);
        net.run(500);
        counter = counter.max(net.node(1).generation().counter);
    }
    let bids = u64::from(counter) / 2;
    let secs = (net.now - begun) / 1000;
    assert!((secs / 5..secs / 3).contains(&bids), "{bids} in {secs} s");
    assert_eq!(net.node(1).identity(), Identity::Sole);
}

/// The state of a node is copied while it sleeps, and both go on in the same life.
#[test]
fn a_copied_state_that_goes_on_in_the_same_life_is_noticed() {
    for seed in 0..5 {
        let story = usual(5, seed);
        let mut net = story.start();
        net.run(40_000);
        let now = net.instant();
        let state = pages(net.nodes[2].as_ref().unwrap(), now, 300);
        let settings = config(2, 300).address(5).check().unwrap();
        let copy = Node::import(settings, Large::tables(), now, Age::Current, &state).unwrap();
        net.nodes.push(None);
        net.put(5, copy);
        net.run(30_000);
        assert_eq!(conflicts(&mut net, 2) + conflicts(&mut net, 5), 2);
        let before = net.node(0).member(id(3)).unwrap();
        let (life, incarnation) = (before.generation(), before.incarnation());
        net.run(120_000);
        let after = net.node(0).member(id(3)).unwrap();
        assert_eq!(
            (after.generation(), after.incarnation()),
            (life, incarnation)
        );
        net.nodes[5] = None;
        net.node(2).set("after", b"x").unwrap();
        net.run(30_000);
        for at in [0, 1, 3, 4] {
            assert_eq!(net.node(at).get(id(3), "after"), Some(&b"x"[..]), "{seed}");
        }
    }
}
