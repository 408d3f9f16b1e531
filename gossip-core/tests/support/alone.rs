//! One real node among peers of which a test makes up every word.

use gossip_core::entries::delta::{Claim, Listed};
use gossip_core::wire::{ClaimHead, ClaimItem, Datagram, Kind, Row, Section, Standing};
use gossip_core::{Checked, Generation, Instant, Node, NodeId, SplitMix64, Status, Version};

use super::craft::{body, craft, life, row};
use super::{Large, config, id};

/// The node has the id 1 and the address 0; a peer with the id n has the address n - 1.
pub struct Alone {
    pub node: Box<Node<u16, Large>>,
    pub now: u64,
    rng: SplitMix64,
    mtu: usize,
}

/// A datagram that the node sent.
pub struct Sent {
    pub to: u16,
    pub bytes: Vec<u8>,
}

/// What a peer says to the node, and from which address.
pub type Word = (u16, Vec<u8>);

impl Alone {
    pub fn new(mtu: usize) -> Self {
        Self::with(config(0, mtu).check().unwrap(), mtu)
    }

    pub fn with(config: Checked<u16>, mtu: usize) -> Self {
        let mut alone = Self {
            node: Box::new(Node::new(config, Large::tables())),
            now: 1000,
            rng: SplitMix64::new(7),
            mtu,
        };
        alone.wake();
        alone
    }

    /// A node that knows peers 2 to `last`, all alive, by the word of the last.
    pub fn among(last: u16, mtu: usize) -> Self {
        let mut alone = Self::new(mtu);
        let rows: Vec<Row<u16>> = (2..=last).map(|peer| alive(peer, first(peer))).collect();
        alone.hear(says(last, &[(Kind::Rows, body(&rows))]));
        alone.sent();
        alone
    }

    pub fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    /// A word comes that the node must accept.
    pub fn hear(&mut self, (from, bytes): Word) {
        let now = self.instant();
        self.node.handle_datagram(now, from, &bytes).unwrap();
    }

    pub fn wake(&mut self) {
        let now = self.instant();
        if self.node.poll_timeout() <= now {
            self.node.handle_timeout(now, &mut self.rng);
        }
    }

    /// Everything that the node has to send now.
    pub fn sent(&mut self) -> Vec<Sent> {
        let (now, mut buf) = (self.instant(), vec![0; self.mtu]);
        let next = || {
            let transmit = self.node.poll_transmit(now, &mut buf)?;
            let bytes = buf[..transmit.len].to_vec();
            let to = transmit.to.one().unwrap();
            Some(Sent { to, bytes })
        };
        std::iter::from_fn(next).collect()
    }

    /// Lets so much time go by; what `answer` makes of each datagram arrives a millisecond later.
    pub fn pass(&mut self, millis: u64, mut answer: impl FnMut(&Sent) -> Vec<Word>) {
        let end = self.now + millis;
        while self.now < end {
            self.wake();
            let words: Vec<Word> = self.sent().iter().flat_map(&mut answer).collect();
            self.now += 1;
            for word in words {
                self.hear(word);
            }
        }
    }

    pub fn status(&self, of: u16) -> Option<Status> {
        self.node.member(id(of)).map(|member| member.status())
    }

    pub fn held(&self, of: u16) -> Version {
        self.node.member(id(of)).unwrap().held()
    }
}

impl Sent {
    pub fn sections(&self) -> Vec<Section<'_, u16>> {
        let datagram = Datagram::parse::<u16>(&self.bytes, 0, NodeId::MAX).unwrap();
        datagram.sections().collect()
    }

    /// The tokens of its pings.
    pub fn pings(&self) -> Vec<u16> {
        let token = |section| match section {
            Section::Ping(token) => Some(token),
            _ => None,
        };
        self.sections().into_iter().filter_map(token).collect()
    }

    /// The rows that it tells.
    pub fn rows(&self) -> Vec<Row<u16>> {
        let rows = |section| match section {
            Section::Rows(rows) => rows.iter().collect(),
            _ => Vec::new(),
        };
        self.sections().into_iter().flat_map(rows).collect()
    }
}

/// The life of a peer that the node knows first.
pub fn first(peer: u16) -> Generation {
    lived(peer, 1)
}

/// A life of a peer with this counter.
pub fn lived(peer: u16, counter: u16) -> Generation {
    Generation {
        counter,
        nonce: [peer as u8; 4],
    }
}

pub fn alive(peer: u16, generation: Generation) -> Row<u16> {
    row(peer, generation, 0, Standing::Alive, Some(peer - 1))
}

/// A datagram of a peer in its first life.
pub fn says(peer: u16, sections: &[(Kind, Vec<u8>)]) -> Word {
    says_in(peer, first(peer), sections)
}

pub fn says_in(peer: u16, generation: Generation, sections: &[(Kind, Vec<u8>)]) -> Word {
    (peer - 1, craft(id(peer), generation, sections))
}

/// An ack as a peer's own.
pub fn acks(peer: u16, token: u16) -> Word {
    says(peer, &[(Kind::Ack, body(&[token]))])
}

pub fn version(number: u32) -> Version {
    Version::new(number).unwrap()
}

/// A claim about an owner's entries: the versions of [`Claim`] from `a` to `as_of`, and what it lists.
pub fn claim(
    owner: u16,
    generation: Generation,
    [a, b, held, gc, as_of]: [u32; 5],
    list: &[(&str, u32, Option<&[u8]>)],
) -> (Kind, Vec<u8>) {
    let claim = Claim {
        a: version(a),
        b: version(b),
        held: version(held),
        gc: version(gc),
        as_of: version(as_of),
    };
    let mut bytes = body(&[ClaimHead::new(9, id(owner), life(generation), &claim)]);
    for (key, number, value) in list {
        let listed = Listed {
            key,
            version: version(*number),
            value: *value,
            expires: None,
        };
        bytes.extend(body(&[ClaimItem::new(Instant::ZERO, claim.b, listed)]));
    }
    (Kind::Claim, bytes)
}
