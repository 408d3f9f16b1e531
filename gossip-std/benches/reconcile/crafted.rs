//! Datagrams made by hand: members that departed, and the entries that they left.

use gossip_core::entries::delta::{Claim, Listed};
use gossip_core::wire::{
    ClaimHead, ClaimItem, Header, Kind, Row, Standing, WIRE_VERSION, network, seal_tag,
};
use gossip_core::{Address, Generation, Incarnation, Life, NodeId, SplitMix64, Version};
use serde::Serialize;

use super::tap::Addr;

/// How long the departed are remembered, in seconds: as long as can be.
pub(crate) const MEMORY_SECS: u16 = u16::MAX;

/// So many members or claims fit a datagram of 1400 bytes.
const EACH: usize = 24;

/// The life of all who departed.
const GENERATION: Generation = Generation {
    counter: 0,
    nonce: [0, 0, 0, 7],
};

/// Datagrams that tell that these members were there and departed.
pub(crate) fn departed(ids: &[NodeId]) -> Vec<Vec<u8>> {
    let row = |id: &NodeId| Row::<Addr> {
        id: *id,
        generation: GENERATION,
        incarnation: Incarnation::default(),
        standing: Standing::Left(MEMORY_SECS),
        address: None,
        held: Version::BIRTH,
    };
    let rows = |ids: &[NodeId]| {
        let body = ids.iter().flat_map(|id| encoded(&row(id))).collect();
        datagram(&[(Kind::Rows, body)])
    };
    ids.chunks(EACH).map(rows).collect()
}

/// Datagrams that tell the one entry of each of these owners: its first version, or its second.
pub(crate) fn entries(owners: &[NodeId], second: bool) -> Vec<Vec<u8>> {
    let sections = |owners: &[NodeId]| {
        let claim = |owner: &NodeId| (Kind::Claim, claim(*owner, second));
        datagram(&owners.iter().map(claim).collect::<Vec<_>>())
    };
    owners.chunks(EACH).map(sections).collect()
}

/// An entry of 6 + 8 bytes in the version after the birth, or in the next.
fn claim(owner: NodeId, second: bool) -> Vec<u8> {
    let version = |number| Version::new(number).unwrap_or(Version::MAX);
    let (a, b) = if second { (2, 3) } else { (1, 2) };
    let claim = Claim {
        a: version(a),
        b: version(b),
        held: version(b),
        gc: Version::BIRTH,
        as_of: version(b),
    };
    let value = if second { b"12:02:00" } else { b"12:01:00" };
    let entry = Listed {
        key: "key-01",
        version: claim.b,
        value: Some(value),
        expires: None,
    };
    let mut body = encoded(&ClaimHead::new(0, owner, life(), &claim));
    body.extend(encoded(&ClaimItem::new(
        gossip_core::Instant::ZERO,
        claim.b,
        entry,
    )));
    body
}

/// As claims name it (wire.md, section 6).
fn life() -> Life {
    let number = u64::from(u32::from_be_bytes(GENERATION.nonce));
    let low = SplitMix64::new(number).next() as u32;
    postcard::from_bytes(&low.to_le_bytes()).expect("a life is four bytes")
}

/// A datagram of an unknown sender in the cluster without a name (wire.md, sections 2 to 4).
fn datagram(sections: &[(Kind, Vec<u8>)]) -> Vec<u8> {
    let header = Header {
        sender: NodeId::MAX,
        generation: GENERATION,
    };
    let mut bytes = vec![WIRE_VERSION << 4, 0, 0, 0, 0];
    bytes.extend(encoded(&header));
    for (kind, body) in sections {
        bytes.push((*kind as u8) << 4 | 15);
        bytes.extend(encoded(&(body.len() as u16)));
        bytes.extend(body);
    }
    let sealed = seal_tag(&mut bytes, network(0, Addr::KIND));
    assert!(sealed, "a header is there");
    bytes
}

fn encoded(item: &impl Serialize) -> Vec<u8> {
    let mut buffer = [0; 128];
    let written = postcard::to_slice(item, &mut buffer).expect("rows and entries are short");
    written.to_vec()
}
