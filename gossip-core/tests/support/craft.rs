//! Datagrams of an insider's own making, and small clusters to send them to.

use gossip_core::wire::{Header, Kind, Row, Standing, seal_tag};
use gossip_core::{Generation, Incarnation, Life, NodeId, SplitMix64, Status, Storage, Version};
use serde::Serialize;

use super::{Large, Net, Weather, config, id};

/// A datagram by an insider: header and sections.
pub fn craft(sender: NodeId, generation: Generation, sections: &[(Kind, Vec<u8>)]) -> Vec<u8> {
    let header = Header { sender, generation };
    let mut bytes = vec![0x10, 0, 0, 0, 0];
    bytes.extend(postcard::to_slice(&header, &mut [0; 32]).unwrap().iter());
    for (kind, body) in sections {
        let extended = *kind as u8 >= 15;
        bytes.push((*kind as u8).min(15) << 4 | 15);
        let mut length = body.len() + usize::from(extended);
        loop {
            let bits = (length & 0x7f) as u8;
            length >>= 7;
            if length == 0 {
                bytes.push(bits);
                break;
            }
            bytes.push(bits | 0x80);
        }
        bytes.extend(extended.then_some(*kind as u8));
        bytes.extend(body);
    }
    assert!(seal_tag(&mut bytes, 0));
    bytes
}

pub fn body<T: Serialize>(items: &[T]) -> Vec<u8> {
    let mut out = Vec::new();
    for item in items {
        out.extend(postcard::to_slice(item, &mut [0; 64]).unwrap().iter());
    }
    out
}

/// The short name of a life: the low half of the mixed generation.
pub fn life(generation: Generation) -> Life {
    let nonce = u32::from_be_bytes(generation.nonce);
    let mixed = SplitMix64::new((u64::from(generation.counter) << 32) | u64::from(nonce)).next();
    postcard::from_bytes(&(mixed as u32).to_le_bytes()).unwrap()
}

pub fn row(
    member: u16,
    generation: Generation,
    incarnation: u32,
    standing: Standing,
    address: Option<u16>,
) -> Row<u16> {
    Row {
        id: id(member),
        generation,
        incarnation: Incarnation::new(incarnation).unwrap(),
        standing,
        address,
        held: Version::NONE,
    }
}

pub fn cluster(nodes: u16, seed: u64) -> Net<Large> {
    let mut net = Net::new(seed, 300, Weather::FAIR);
    for address in 0..nodes {
        net.add(config(address, 300).check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    net.run(5_000);
    assert!(net.live().all(|n| n.live() == usize::from(nodes)));
    net
}

pub fn status<S: Storage<u16>>(net: &mut Net<S>, at: u16, of: u16) -> Option<Status> {
    net.node(at).member(id(of)).map(|m| m.status())
}
