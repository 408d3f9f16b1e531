//! A real node at one moment, and what can be done with it: each verb makes another such moment.

use gossip_core::entries::delta::Claim;
use gossip_core::wire::{
    ClaimHead, ClaimItem, Datagram, Hint, Items, Kind, Row, Section, Standing,
};
use gossip_core::{
    Checked, Config, Duration, Generation, Instant, Node, NodeId, SplitMix64, Version, inline,
};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::nodes::Event;
use crate::support::craft::{body, craft};

inline! {
    /// The owner and itself, and a pull at a time.
    pub struct Least {
        members: 2, entries: 2, key: 19, value: 1, news: 0, duties: 4,
        relays: 0, seeds: 0, exchanges: 1, ranges: 1, wants: 1,
    }
}

/// The owner's place among the nodes.
pub const O: usize = 0;
pub const REPLICAS: [usize; 2] = [1, 2];
pub const KEYS: usize = 2;

/// So long that a page of 64 bytes holds one entry.
const KEY_NAMES: [&str; KEYS] = ["a-key-of-nineteen-b", "b-key-of-nineteen-b"];

/// A real node, and its own time.
#[derive(Clone, Debug)]
pub struct Snap {
    node: Node<u16, Least>,
    now: Instant,
    /// A hash of all that decides what it will do.
    pub print: u64,
}

impl PartialEq for Snap {
    fn eq(&self, other: &Self) -> bool {
        self.print == other.print
    }
}

impl Eq for Snap {}

/// What a node answered, and whether that left it as it was but for a timeout.
pub struct Answer {
    pub bytes: Vec<u8>,
    pub left_no_trace: bool,
}

fn id(at: usize) -> NodeId {
    NodeId::from(at as u16 + 1)
}

/// Nothing is ever due but sweeps.
fn config(at: usize) -> Checked<u16> {
    const NEVER: Duration = Duration::from_millis(u32::MAX);
    Config::new(id(at))
        .address(at as u16)
        .mtu_floor(64)
        .largest_id(id(2))
        .probe_interval(NEVER)
        .reconnect_interval(NEVER)
        .forget_after(NEVER)
        .reply_timeout(Duration::from_millis(1))
        .tombstone_grace(SWEEP.times(2))
        .fresh(true)
        .check()
        .expect("valid")
}

const SWEEP: Duration = Duration::from_millis(1);

impl Snap {
    /// The owner, in its first life or in one after that of `earlier`.
    pub fn owner(earlier: Option<&Self>) -> Self {
        let begin = |seed| Self::begin(O, seed);
        let is_later = |snap: &Self| earlier.is_none_or(|e| snap.generation() > e.generation());
        let mut lives = (1..)
            .map(begin)
            .filter(|snap| snap.node.generation().nonce[0] > 3);
        lives.find(is_later).expect("some seed")
    }

    pub fn replica(at: usize) -> Self {
        Self::begin(at, 7)
    }

    fn begin(at: usize, seed: u64) -> Self {
        let mut node = Node::new(config(at), Least::tables());
        node.handle_timeout(Instant::ZERO, &mut SplitMix64::new(seed));
        Self::of(node, Instant::ZERO)
    }

    /// A node with everything said and told that is due.
    fn of(mut node: Node<u16, Least>, now: Instant) -> Self {
        while node.poll_transmit(now, &mut [0; 300]).is_some() {}
        while node.poll_event().is_some() {}
        let mut hasher = DefaultHasher::new();
        node.canonical(now).hash(&mut hasher);
        let print = hasher.finish();
        Self { node, now, print }
    }

    pub fn generation(&self) -> Generation {
        self.node.generation()
    }

    pub fn held(&self) -> Version {
        self.node
            .member(self.node.id())
            .expect("it knows itself")
            .held()
    }

    pub fn generation_of_owner(&self) -> Generation {
        self.node.member(id(O)).expect("known").generation()
    }

    pub fn held_of_owner(&self) -> Version {
        self.node.member(id(O)).expect("known").held()
    }

    /// What it shows of the owner's key.
    pub fn read(&self, key: usize) -> Option<u8> {
        self.node.get(id(O), KEY_NAMES[key]).map(|value| value[0])
    }

    pub fn is_deleted(&self, key: usize) -> bool {
        self.node.is_tombstone(id(O), KEY_NAMES[key])
    }

    pub fn write(&self, key: usize, value: Option<u8>) -> Self {
        let mut node = self.node.clone();
        match value {
            Some(value) => node.set(KEY_NAMES[key], &[value]).expect("room"),
            None => assert_eq!(node.delete(KEY_NAMES[key]), Ok(true)),
        }
        Self::of(node, self.now)
    }

    /// It hears of the owner's life, and has the owner prove it if there is reason to doubt it. If it
    /// holds nothing of an earlier life it begins at the birth, as it would when it first asks.
    pub fn hear(&self, owner: &Self) -> Self {
        let mut node = self.node.clone();
        let mut hear = |held| {
            let rows = owner.row(held);
            node.handle_datagram(self.now, O as u16, &rows)
                .expect("valid");
        };
        hear(Version::NONE);
        if (0..KEYS).all(|key| self.read(key).is_none()) {
            hear(Version::BIRTH);
        }
        let mut owner = owner.clone();
        pump(&mut node, self.now, &mut owner.node, owner.now, |_, _| {});
        Self::of(node, self.now)
    }

    /// The owner's row by itself, as it was when it held so much.
    fn row(&self, held: Version) -> Vec<u8> {
        let me = self.node.member(id(O)).expect("it knows itself");
        let row = Row {
            id: id(O),
            generation: self.generation(),
            incarnation: me.incarnation(),
            standing: Standing::Alive,
            address: Some(O as u16),
            held,
        };
        craft(id(O), self.generation(), &[(Kind::Rows, body(&[row]))])
    }

    /// Sweeps until tombstones that are old enough are collected; `None` if there were none.
    pub fn sweep(&self) -> Option<Self> {
        const SWEEPS: u32 = 3;
        let tombstones = |node: &Node<u16, Least>| {
            let deleted = KEY_NAMES.iter().filter(|key| node.is_tombstone(id(O), key));
            deleted.count()
        };
        let before = tombstones(&self.node);
        if before == 0 {
            return None;
        }
        let (mut node, mut now) = (self.node.clone(), self.now);
        for _ in 0..SWEEPS {
            now = now.after(SWEEP);
            node.handle_timeout(now, &mut SplitMix64::new(1));
        }
        (tombstones(&node) < before).then(|| Self::of(node, now))
    }

    /// The pull that it sends when somebody says that it holds the owner's entries up to `held`.
    pub fn pull(&self, held: Version) -> Option<Vec<u8>> {
        let mut node = self.node.clone();
        let hint = Hint { id: id(O), held };
        let hints = craft(
            id(O),
            Generation::default(),
            &[(Kind::Hints, body(&[hint]))],
        );
        node.handle_datagram(self.now, O as u16, &hints)
            .expect("valid");
        first_of(&mut node, self.now, 64)
    }

    /// What it answers to a pull of `at` in a datagram of up to `room` bytes.
    pub fn answer(&self, at: usize, pull: &[u8], room: usize) -> Option<Answer> {
        let mut node = self.node.clone();
        node.handle_datagram(self.now, at as u16, pull)
            .expect("valid");
        let bytes = first_of(&mut node, self.now, room)?;
        // Whether news goes first in a datagram changes with each: after two it is as before.
        node.handle_datagram(self.now, at as u16, pull)
            .expect("valid");
        first_of(&mut node, self.now, room)?;
        let after = self.now.after(Duration::from_millis(60));
        let mut quiet = self.node.clone();
        for node in [&mut node, &mut quiet] {
            node.handle_timeout(after, &mut SplitMix64::new(1));
        }
        let left_no_trace = node.canonical(after) == quiet.canonical(after);
        Some(Answer {
            bytes,
            left_no_trace,
        })
    }

    /// It receives a datagram; `None` if that changed nothing.
    pub fn take(&self, from: usize, bytes: &[u8]) -> Option<Self> {
        let mut node = self.node.clone();
        node.handle_datagram(self.now, from as u16, bytes)
            .expect("valid");
        let after = Self::of(node, self.now);
        (after.print != self.print).then_some(after)
    }

    /// Writes have stopped: it hears of the owner's life and exchanges with it, one entry a page, until
    /// neither has anything to say.
    pub fn settle(&self, owner: &Self, tamper: super::parts::Tamper) -> Self {
        const TRIES: usize = 4;
        let mut settled = self.clone();
        if settled.generation_of_owner() != owner.generation() {
            settled = settled.hear(owner);
        }
        let hint = Hint {
            id: id(O),
            held: owner.held(),
        };
        let hints = craft(id(O), owner.generation(), &[(Kind::Hints, body(&[hint]))]);
        for _ in 0..TRIES {
            if settled.held_of_owner() == owner.held() {
                break;
            }
            let (mut node, mut owner) = (settled.node, owner.clone());
            node.handle_datagram(settled.now, O as u16, &hints)
                .expect("valid");
            pump(
                &mut node,
                settled.now,
                &mut owner.node,
                owner.now,
                |to_owner, bytes| {
                    if !to_owner {
                        *bytes = tamper.bent(bytes);
                    }
                },
            );
            settled.node = node;
        }
        settled
    }
}

/// The first datagram that a node has to send.
fn first_of(node: &mut Node<u16, Least>, now: Instant, room: usize) -> Option<Vec<u8>> {
    let mut buf = [0; 300];
    let transmit = node.poll_transmit(now, &mut buf[..room])?;
    Some(buf[..transmit.len].to_vec())
}

/// Two nodes exchange datagrams of 64 bytes until both are silent.
fn pump(
    node: &mut Node<u16, Least>,
    now: Instant,
    owner: &mut Node<u16, Least>,
    owner_now: Instant,
    bend: impl Fn(bool, &mut Vec<u8>),
) {
    const MOST: usize = 200;
    let at = (node.id().get() - 1) as u16;
    for _ in 0..MOST {
        if let Some(mut bytes) = first_of(node, now, 64) {
            bend(true, &mut bytes);
            owner.handle_datagram(owner_now, at, &bytes).expect("valid");
        } else if let Some(mut bytes) = first_of(owner, owner_now, 64) {
            bend(false, &mut bytes);
            node.handle_datagram(now, O as u16, &bytes).expect("valid");
        } else {
            return;
        }
    }
    panic!("they never fall silent");
}

/// What a control does to the claims on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tamper {
    /// Nothing.
    No,
    /// They depend on no more than their sender holds.
    Horizon,
    /// Their sender never collected anything.
    Collected,
    /// The last entry is left out.
    Unlisted,
}

impl Tamper {
    pub const CONTROLS: [Self; 3] = [Self::Horizon, Self::Collected, Self::Unlisted];

    /// The datagram, with its claims bent.
    pub fn bent(self, bytes: &[u8]) -> Vec<u8> {
        if self == Self::No {
            return bytes.to_vec();
        }
        let parsed = parse(bytes);
        let mut sections = Vec::new();
        for section in parsed.sections::<u16>() {
            match section {
                Section::Claim(head, claim, items) => {
                    sections.push((Kind::Claim, self.bent_claim(&head, claim, &items)));
                }
                Section::Versions(head, claim, items) => {
                    let head = self.bent_head(&head, claim);
                    let stretches: Vec<_> = items.iter().collect();
                    sections.push((Kind::Versions, [body(&[head]), body(&stretches)].concat()));
                }
                _ => return bytes.to_vec(),
            }
        }
        craft(parsed.header.sender, parsed.header.generation, &sections)
    }

    fn bent_head(self, head: &ClaimHead, mut claim: Claim) -> ClaimHead {
        match self {
            Self::Horizon => claim.as_of = claim.held,
            Self::Collected => claim.gc = Version::NONE,
            Self::No | Self::Unlisted => {}
        }
        ClaimHead::new(head.token, head.owner, head.life, &claim)
    }

    fn bent_claim(
        self,
        head: &ClaimHead,
        claim: Claim,
        items: &Items<'_, ClaimItem<'_>>,
    ) -> Vec<u8> {
        let mut items: Vec<_> = items.iter().collect();
        if self == Self::Unlisted {
            items.pop();
        }
        [body(&[self.bent_head(head, claim)]), body(&items)].concat()
    }
}

fn parse(bytes: &[u8]) -> Datagram<'_> {
    Datagram::parse::<u16>(bytes, 0, NodeId::MAX).expect("a node wrote it")
}

pub fn has_claim(bytes: &[u8]) -> bool {
    let claims = [Some(Kind::Claim), Some(Kind::Versions)];
    parse(bytes).sizes().any(|(kind, _)| claims.contains(&kind))
}

/// In which form the first claim of a datagram is told.
pub fn form_of(bytes: &[u8]) -> Event {
    match parse(bytes).sizes().next() {
        Some((Some(Kind::Versions), _)) => Event::Versions,
        _ => Event::Whole,
    }
}
