//! Datagrams of a member that lies: valid header and tag, and sections that make as little sense as
//! the input wants.

use gossip_core::entries::Stretch;
use gossip_core::entries::accelerate::hash;
use gossip_core::entries::delta::{Claim, Listed};
use gossip_core::table::Prefix;
use gossip_core::wire::{
    AskHead, ClaimHead, ClaimItem, CompareHead, Header, Hint, Kind, ListingHead, PreciseItem,
    PullItem, RangesHead, Receipt, Row, SinglesHead, Standing, Summary, Suspect, WIRE_VERSION,
    network, seal_tag,
};
use gossip_core::{Address, Generation, Incarnation, Instant, Life, NodeId, SplitMix64, Version};
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
    // The victim's addresses are of kind 0.
    seal_tag(&mut bytes, network(victim.cluster, u16::KIND));
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
    // One more than there are kinds, so that unknown ones come up too.
    let number = input.index(Kind::COUNT + 1) as u8;
    let Some(kind) = Kind::ALL.iter().find(|kind| **kind as u8 == number) else {
        return close(number, input.bytes(5), out);
    };
    let mut body = Vec::new();
    match kind {
        Kind::Ping | Kind::Ack => put(&mut body, &u16::from(input.byte() & 7)),
        Kind::PingReq => put(&mut body, &(u16::from(input.byte() & 7), id(input, victim))),
        Kind::Nack => nack(input, victim, &mut body),
        Kind::You => put(&mut body, &u16::from(input.byte() & 15)),
        Kind::Root => {
            let len = 8 + usize::from(input.byte() & 1);
            body.extend(input.bytes(len));
        }
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
        Kind::Versions => versions(input, victim, &mut body),
        Kind::Precise => {
            put(&mut body, &(input.byte() & 7));
            list(input, &mut body, |input| precise_item(input, victim));
        }
        Kind::Known => known(input, victim, &mut body),
        Kind::Singles => singles(input, victim, &mut body),
        Kind::Receipt => put(&mut body, &receipt(input, victim)),
        Kind::Ask => ask(input, victim, &mut body),
        Kind::Compare => compare(input, &mut body),
        Kind::Equal => put(&mut body, &u16::from(input.byte() & 7)),
        Kind::Returned => {
            put(&mut body, &life(generation(input, victim)));
            entries(input, Version::NONE, Version::BIRTH, &mut body);
        }
        Kind::Newborn => put(&mut body, &row(input, victim)),
        Kind::Terms => terms(input, victim, &mut body),
        Kind::Rate => rate(input, &mut body),
    }
    close(number, &body, out);
}

/// Floor, largest id, parts, whether it is an answer.
fn terms(input: &mut Input<'_>, victim: &Victim, body: &mut Vec<u8>) {
    let floor = input.pick(&[64u16, 400, 1400]);
    let (largest, parts) = (id(input, victim), input.byte());
    put(body, &(floor, largest, parts, input.byte() & 1 == 1));
}

fn rate(input: &mut Input<'_>, body: &mut Vec<u8>) {
    let (allowed, wanted) = (u32::from(input.byte()) << 16, u32::from(input.byte()));
    put(body, &(allowed, wanted, input.byte() & 1 == 1));
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

fn precise_item(input: &mut Input<'_>, victim: &Victim) -> PreciseItem {
    let pull = pull_item(input, victim);
    PreciseItem {
        owner: pull.owner,
        life: pull.life,
        held: pull.held,
        recover: pull.recover,
        from: version(input),
        have: u64::from(input.byte()).to_le_bytes(),
    }
}

fn known(input: &mut Input<'_>, victim: &Victim, body: &mut Vec<u8>) {
    let a = version(input);
    let claim = bounds(input, a);
    let owner = id(input, victim);
    let life = life(generation(input, victim));
    put(body, &ClaimHead::new(input.byte() & 7, owner, life, &claim));
    // Often the hash of what may be held there.
    let versions = (a.get() + 1..=claim.b.get()).filter(|_| input.byte() & 1 == 1);
    let versions: Vec<Version> = versions.filter_map(Version::new).take(16).collect();
    put(body, &hash(versions.into_iter()).to_le_bytes());
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

/// The bounds of a claim from `a`.
fn bounds(input: &mut Input<'_>, a: Version) -> Claim {
    let b = a.plus(u32::from(input.byte() & 15)).unwrap_or(a);
    let held = b.plus(u32::from(input.byte() & 7)).unwrap_or(b);
    Claim {
        a,
        b,
        held,
        gc: version(input).min(held),
        as_of: held.plus(u32::from(input.byte() & 7)).unwrap_or(held),
    }
}

/// Mostly within the claim's bounds.
fn versions(input: &mut Input<'_>, victim: &Victim, body: &mut Vec<u8>) {
    let a = version(input);
    let claim = bounds(input, a);
    let owner = id(input, victim);
    let life = life(generation(input, victim));
    put(body, &ClaimHead::new(input.byte() & 7, owner, life, &claim));
    for _ in 0..input.index(3) {
        let length = u32::from(input.byte() & 3);
        let bits = input.byte() & 0x7f;
        put(
            body,
            &input.pick(&[
                Stretch::Gap(length),
                Stretch::Run(length + 1),
                Stretch::Bits(bits),
            ]),
        );
    }
}

fn claim(input: &mut Input<'_>, victim: &Victim, body: &mut Vec<u8>) {
    let a = version(input);
    let claim = bounds(input, a);
    let b = claim.b;
    let owner = id(input, victim);
    let life = life(generation(input, victim));
    put(body, &ClaimHead::new(input.byte() & 7, owner, life, &claim));
    entries(input, a, b, body);
}

fn singles(input: &mut Input<'_>, victim: &Victim, body: &mut Vec<u8>) {
    let newest = version(input);
    let head = SinglesHead {
        token: input.byte() & 7,
        owner: id(input, victim),
        life: life(generation(input, victim)),
        held: version(input),
        newest,
    };
    put(body, &head);
    entries(input, Version::BIRTH, newest, body);
}

/// Entries with versions above `a`, mostly up to `end`, from which they are counted back.
fn entries(input: &mut Input<'_>, a: Version, end: Version, body: &mut Vec<u8>) {
    for _ in 0..input.index(5) {
        let entry = Listed {
            key: input.pick(&KEYS),
            version: a.plus(1 + u32::from(input.byte() & 7)).unwrap_or(end),
            value: None,
            expires: None,
        };
        let value = input.byte();
        let bytes = [value; 10];
        let expires = (value & 6 == 6).then(|| Instant::from_millis(u64::from(value) * 100));
        let value = (value & 1 == 1).then(|| &bytes[..usize::from(value) % bytes.len()]);
        let entry = Listed {
            value,
            expires,
            ..entry
        };
        put(body, &ClaimItem::new(Instant::ZERO, end, entry));
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

fn receipt(input: &mut Input<'_>, victim: &Victim) -> Receipt {
    Receipt {
        owner: id(input, victim),
        life: life(generation(input, victim)),
        version: version(input),
    }
}

fn nack(input: &mut Input<'_>, victim: &Victim, body: &mut Vec<u8>) {
    let token = u16::from(input.byte() & 7);
    let helper = (input.byte() & 1 == 1).then(|| id(input, victim));
    put(body, &(token, helper));
}

fn ask(input: &mut Input<'_>, victim: &Victim, body: &mut Vec<u8>) {
    let head = AskHead {
        token: 1 + (input.byte() & 7),
        owner: id(input, victim),
        life: life(generation(input, victim)),
        version: version(input),
    };
    put(body, &(head, input.pick(&KEYS)));
}

fn compare(input: &mut Input<'_>, body: &mut Vec<u8>) {
    let head = CompareHead {
        token: u16::from(input.byte() & 7),
        prefix: prefix(input),
        sum: u64::from(input.byte() & 1).to_le_bytes(),
    };
    put(body, &head);
}

/// Appends a section with a head of the long form.
fn close(number: u8, body: &[u8], out: &mut Vec<u8>) {
    const EXTENDED: u8 = 15;
    let prefix = (number >= EXTENDED).then_some(number);
    out.push(number.min(EXTENDED) << 4 | 15);
    put(out, &((body.len() + prefix.iter().len()) as u16));
    out.extend(prefix);
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
        let numbers = Kind::ALL.iter().map(|kind| *kind as usize);
        let each = numbers.chain([0]).all(|number| kinds[number] > 20);
        assert!(each, "{kinds:?}");
    }
}
