//! Datagrams of a member that lies: valid header and tag, and sections that make as little sense as
//! the input wants.

use gossip_core::entries::delta::{Claim, Listed};
use gossip_core::table::Prefix;
use gossip_core::wire::{
    ClaimHead, ClaimItem, Header, Hint, Kind, ListingHead, PullItem, RangesHead, Row, Standing,
    Summary, Suspect, WIRE_VERSION, seal_tag,
};
use gossip_core::{Generation, Incarnation, Life, NodeId, SplitMix64, Version};
use serde::Serialize;

use crate::input::Input;

/// The keys that nodes and liars use; the last is longer than the storage under test holds.
pub(crate) const KEYS: [&str; 6] = ["a", "b", "c", "dd", "eeee", "fffff"];

/// What the liar knows of its victim.
pub(crate) struct Victim {
    pub(crate) id: NodeId,
    pub(crate) generation: Generation,
    pub(crate) cluster: u32,
}

/// One datagram made of the input.
pub(crate) fn datagram(input: &mut Input<'_>, victim: &Victim) -> Vec<u8> {
    let mut bytes = vec![WIRE_VERSION << 4, 0, 0, 0, 0];
    let header = Header {
        sender: id(input, victim),
        generation: generation(input, victim),
    };
    put(&mut bytes, &header);
    for _ in 0..=input.index(3) {
        section(input, victim, &mut bytes);
    }
    mangle(input, &mut bytes);
    seal_tag(&mut bytes, victim.cluster);
    bytes
}

/// Sometimes damages one byte or cuts the end off, before the tag is made.
fn mangle(input: &mut Input<'_>, bytes: &mut Vec<u8>) {
    match input.byte() {
        250.. => {
            let at = input.index(bytes.len());
            bytes[at] ^= input.byte();
        }
        245..250 => bytes.truncate(input.index(bytes.len())),
        _ => {}
    }
}

fn section(input: &mut Input<'_>, victim: &Victim, out: &mut Vec<u8>) {
    let nibble = input.byte() & 15;
    let Some(kind) = Kind::ALL.iter().find(|kind| **kind as u8 == nibble) else {
        return close(nibble, input.bytes(5), out);
    };
    let mut body = Vec::new();
    match kind {
        Kind::Ping | Kind::Ack => put(&mut body, &u16::from(input.byte() & 7)),
        Kind::PingReq => put(&mut body, &(u16::from(input.byte() & 7), id(input, victim))),
        Kind::You => put(&mut body, &u16::from(input.byte() & 15)),
        Kind::Root => body.extend(input.bytes(8)),
        Kind::Same => {}
        Kind::Answered => put(&mut body, &(input.byte() & 7)),
        Kind::Rows => list(input, &mut body, |input| row(input, victim)),
        Kind::Suspects => list(input, &mut body, |input| Suspect {
            id: id(input, victim),
            generation: generation(input, victim),
            incarnation: incarnation(input),
        }),
        Kind::Hints => list(input, &mut body, |input| Hint {
            id: id(input, victim),
            held: version(input),
        }),
        Kind::Ranges => ranges(input, &mut body),
        Kind::Listing => listing(input, victim, &mut body),
        Kind::Pull => {
            put(&mut body, &(input.byte() & 7));
            list(input, &mut body, |input| pull_item(input, victim));
        }
        Kind::Claim => claim(input, victim, &mut body),
    }
    close(nibble, &body, out);
}

fn row(input: &mut Input<'_>, victim: &Victim) -> Row<u16> {
    let secs = u16::from(input.byte());
    Row {
        id: id(input, victim),
        generation: generation(input, victim),
        incarnation: incarnation(input),
        standing: input.pick(&[
            Standing::Alive,
            Standing::Dead(secs),
            Standing::Left(secs),
            Standing::Dead(u16::MAX),
        ]),
        address: input.pick(&[None, Some(u16::from(secs as u8 & 15))]),
        held: version(input),
    }
}

fn pull_item(input: &mut Input<'_>, victim: &Victim) -> PullItem {
    let recover = (version(input), version(input));
    PullItem {
        owner: id(input, victim),
        life: life(generation(input, victim)),
        held: version(input),
        recover: input.pick(&[None, Some(recover)]),
    }
}

fn ranges(input: &mut Input<'_>, body: &mut Vec<u8>) {
    let mask = u16::from_le_bytes([input.byte(), input.byte()]);
    let head = RangesHead {
        salt: input.byte() & 3,
        prefix: prefix(input),
        mask: mask.to_le_bytes(),
    };
    put(body, &head);
    for _ in 0..mask.count_ones() {
        let sum = u32::from(input.byte() & 1);
        put(body, &sum.to_le_bytes());
    }
}

/// Mostly in the order that makes a listing acceptable.
fn listing(input: &mut Input<'_>, victim: &Victim, body: &mut Vec<u8>) {
    let head = ListingHead {
        salt: input.byte() & 3,
        reply: input.byte() & 1 == 1,
        prefix: prefix(input),
    };
    put(body, &head);
    let mut items: Vec<_> = (0..input.index(4))
        .map(|_| Summary {
            id: id(input, victim),
            facts: [input.byte() & 1, 0],
            held: version(input),
        })
        .collect();
    items.sort_by_key(|item| place(item.id));
    items.dedup_by_key(|item| item.id);
    items.iter().for_each(|item| put(body, item));
}

fn claim(input: &mut Input<'_>, victim: &Victim, body: &mut Vec<u8>) {
    let a = version(input);
    let b = a.plus(u32::from(input.byte() & 15)).unwrap_or(a);
    let held = b.plus(u32::from(input.byte() & 7)).unwrap_or(b);
    let claim = Claim {
        a,
        b,
        held,
        gc: version(input).min(held),
        as_of: held.plus(u32::from(input.byte() & 7)).unwrap_or(held),
    };
    let owner = id(input, victim);
    let life = life(generation(input, victim));
    put(body, &ClaimHead::new(input.byte() & 7, owner, life, &claim));
    for _ in 0..input.index(5) {
        let entry = Listed {
            key: input.pick(&KEYS),
            version: a.plus(1 + u32::from(input.byte() & 7)).unwrap_or(b),
            value: None,
        };
        let value = input.byte();
        let bytes = [value; 10];
        let value = (value & 1 == 1).then(|| &bytes[..usize::from(value) % bytes.len()]);
        put(body, &ClaimItem::new(b, Listed { value, ..entry }));
    }
}

fn id(input: &mut Input<'_>, victim: &Victim) -> NodeId {
    match input.byte() {
        number @ 0..=7 => NodeId::from(u16::from(number)),
        8..=99 => victim.id,
        254 => NodeId::truncated(300),
        255 => NodeId::MAX,
        number => NodeId::from(2 + u16::from(number % 6)),
    }
}

fn generation(input: &mut Input<'_>, victim: &Victim) -> Generation {
    let choice = input.byte();
    let counter = [0, 1, 2, u16::MAX - 1, u16::MAX][usize::from(choice >> 2) % 5];
    match choice & 3 {
        0 => Generation::default(),
        1 => victim.generation,
        2 => Generation {
            counter,
            ..victim.generation
        },
        _ => Generation {
            counter,
            nonce: [choice >> 5; 4],
        },
    }
}

fn incarnation(input: &mut Input<'_>) -> Incarnation {
    match input.byte() {
        255 => Incarnation::MAX,
        number => Incarnation::new(u32::from(number & 7)).unwrap_or_default(),
    }
}

fn version(input: &mut Input<'_>) -> Version {
    match input.byte() {
        255 => Version::MAX,
        254 => Version::new(Version::MAX.get() - 1).unwrap_or_default(),
        number => Version::new(u32::from(number & 15)).unwrap_or_default(),
    }
}

/// Everything, or what lies around one of the members.
fn prefix(input: &mut Input<'_>) -> Prefix {
    let depth = input.pick(&[0u8, 0, 1, 2, 15, 16]);
    let place = place(NodeId::from(u16::from(input.byte() & 7)));
    let number = place.checked_shr(64 - 4 * u32::from(depth)).unwrap_or(0);
    Prefix::try_from((depth, number)).unwrap_or(Prefix::ROOT)
}

/// Where an id stands in the members' common order: a step of SplitMix64.
fn place(id: NodeId) -> u64 {
    SplitMix64::new(id.get()).next()
}

/// The short name of a life: the low half of the mixed generation.
fn life(generation: Generation) -> Life {
    let nonce = u32::from_be_bytes(generation.nonce);
    let mixed = SplitMix64::new((u64::from(generation.counter) << 32) | u64::from(nonce)).next();
    let bytes = (mixed as u32).to_le_bytes();
    postcard::from_bytes(&bytes).expect("a life is four bytes")
}

fn list<T: Serialize>(
    input: &mut Input<'_>,
    body: &mut Vec<u8>,
    mut item: impl FnMut(&mut Input<'_>) -> T,
) {
    for _ in 0..input.index(4) {
        put(body, &item(input));
    }
}

/// Appends a section with a head of the long form.
fn close(nibble: u8, body: &[u8], out: &mut Vec<u8>) {
    out.push(nibble << 4 | 15);
    put(out, &(body.len() as u16));
    out.extend(body);
}

fn put<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    let mut scratch = [0u8; 128];
    let bytes = postcard::to_slice(value, &mut scratch).expect("a small value");
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use gossip_core::wire::Datagram;

    /// The liar must be heard: most of what it says has to pass validation, and every kind of
    /// section has to come up.
    #[test]
    fn most_lies_are_accepted() {
        let victim = Victim {
            id: NodeId::from(1),
            generation: Generation::default(),
            cluster: 0,
        };
        let mut rng = SplitMix64::new(7);
        let mut kinds = [0u32; Kind::COUNT];
        let mut accepted = 0;
        for _ in 0..2000 {
            let bytes: Vec<u8> = (0..16).flat_map(|_| rng.next().to_le_bytes()).collect();
            let lie = datagram(&mut Input::new(&bytes), &victim);
            let Ok(parsed) = Datagram::parse::<u16>(&lie, 0, NodeId::MAX) else {
                continue;
            };
            accepted += 1;
            for (kind, _) in parsed.sizes() {
                kinds[kind.map_or(0, |kind| kind as usize)] += 1;
            }
        }
        assert!(accepted > 1000, "only {accepted} of 2000 are accepted");
        assert!(kinds[..15].iter().all(|count| *count > 20), "{kinds:?}");
    }
}
