//! The writer makes the golden vectors byte for byte, and nothing longer than the stated worst case.

use std::net::SocketAddr;
use std::vec;
use std::vec::Vec;

use serde::{Deserialize, Serialize};

use super::codec::split;
use super::{Datagram, Items, Kind, Section, Writer, begin, network, seal_tag};
use crate::address::Address;
use crate::config::TAG;
use crate::exchange::Direction;
use crate::id::NodeId;

const VECTORS: &str = include_str!("../../vectors/v1.tsv");
const CLUSTER: u32 = TAG.checksum(b"golden");

/// The vectors that a sender of this version writes: name, address type, buffer size, bytes.
fn vectors() -> impl Iterator<Item = (&'static str, &'static str, usize, Vec<u8>)> {
    VECTORS.lines().filter_map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, address, _, buffer, "ok", _, hex] = columns[..] else {
            return None;
        };
        let bytes = (0..hex.len()).step_by(2);
        let bytes = bytes.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
        Some((name, address, buffer.parse().unwrap(), bytes.collect()))
    })
}

fn rewritten<A: Address>(bytes: &[u8], buffer: usize) -> Vec<u8> {
    let datagram = Datagram::parse::<A>(bytes, CLUSTER, NodeId::MAX).unwrap();
    let mut buf = vec![0xaa; buffer];
    let mut writer = Writer::new(&mut buf);
    assert!(begin(&mut writer, &datagram.header, bytes[0] & 0x0f));
    for section in datagram.sections::<A>() {
        write(&mut writer, &section);
    }
    let mut written = writer.written().to_vec();
    assert!(seal_tag(&mut written, network(CLUSTER, A::KIND)));
    written
}

fn write<A: Address>(writer: &mut Writer<'_>, section: &Section<'_, A>) {
    match section {
        Section::Ping(token) => assert!(writer.small(Kind::Ping, token)),
        Section::Ack(token) => assert!(writer.small(Kind::Ack, token)),
        Section::PingReq(token, target) => {
            assert!(writer.small(Kind::PingReq, &(token, target)));
        }
        Section::Nack(token, helper) => {
            assert!(writer.small(Kind::Nack, &(token, helper)));
        }
        Section::You(address) => assert!(writer.listed(Kind::You, address)),
        Section::Rows(rows) => long(writer, Kind::Rows, &(), rows),
        Section::Suspects(suspects) => long(writer, Kind::Suspects, &(), suspects),
        Section::Root(root, Direction::Both) => {
            assert!(writer.small(Kind::Root, &root.to_le_bytes()));
        }
        Section::Root(root, direction) => {
            assert!(writer.small(Kind::Root, &(root.to_le_bytes(), *direction as u8)));
        }
        Section::Same => assert!(writer.small(Kind::Same, &())),
        Section::Ranges(head, sums) => long(writer, Kind::Ranges, head, sums),
        Section::Listing(head, rows) => long(writer, Kind::Listing, head, rows),
        Section::Hints(hints) => long(writer, Kind::Hints, &(), hints),
        Section::Pull(token, items) => long(writer, Kind::Pull, token, items),
        Section::Answered(token) => assert!(writer.small(Kind::Answered, token)),
        Section::Claim(head, _, items) => long(writer, Kind::Claim, head, items),
        Section::Receipt(receipt) => assert!(writer.listed(Kind::Receipt, receipt)),
        Section::Ask(head, key) => assert!(writer.listed(Kind::Ask, &(head, key))),
        Section::Compare(head) => assert!(writer.listed(Kind::Compare, head)),
        Section::Equal(token) => assert!(writer.small(Kind::Equal, token)),
        Section::Returned(life, items) => long(writer, Kind::Returned, life, items),
        Section::Newborn(row) => assert!(writer.listed(Kind::Newborn, row)),
        Section::Versions(head, _, items) => long(writer, Kind::Versions, head, items),
        Section::Singles(head, items) => long(writer, Kind::Singles, head, items),
        Section::Precise(token, items) => long(writer, Kind::Precise, token, items),
        Section::Known(head, _, hash) => {
            assert!(writer.listed(Kind::Known, &(*head, hash.to_le_bytes())));
        }
        Section::Terms(terms) => assert!(writer.small(Kind::Terms, terms)),
        Section::Rate(rate) => assert!(writer.small(Kind::Rate, rate)),
    }
}

fn long<'a, T: Serialize + Deserialize<'a>>(
    writer: &mut Writer<'_>,
    kind: Kind,
    head: &impl Serialize,
    items: &Items<'a, T>,
) {
    let open = writer.open(kind).unwrap();
    assert!(writer.put(head));
    assert!(items.iter().all(|item| writer.put(&item)));
    writer.close_or_cancel(open);
}

#[test]
fn what_was_read_is_written_the_same() {
    let mut count = 0;
    for (name, address, buffer, bytes) in vectors() {
        let written = match address {
            "u16" => rewritten::<u16>(&bytes, buffer),
            "[u8;8]" => rewritten::<[u8; 8]>(&bytes, buffer),
            "SocketAddr" => rewritten::<SocketAddr>(&bytes, buffer),
            other => panic!("{other}"),
        };
        assert_eq!(written, bytes, "{name}");
        count += 1;
    }
    assert!(count > 40, "only {count} vectors");
}

#[test]
fn what_does_not_fit_leaves_no_trace() {
    // Body 11 bytes: a token and an id, both of the longest.
    let value = (u16::MAX, NodeId::MAX);
    for size in 0..20 {
        let mut buf = vec![0; size];
        let mut writer = Writer::new(&mut buf);
        assert_eq!(writer.small(Kind::PingReq, &value), size >= 12);
        assert_eq!(writer.len(), if size >= 12 { 12 } else { 0 });
        let mut writer = Writer::new(&mut buf);
        assert_eq!(writer.listed(Kind::Rows, &value), size >= 13);
        assert_eq!(writer.len(), if size >= 13 { 13 } else { 0 });
    }
    let mut buf = [0; 64];
    let mut writer = Writer::new(&mut buf);
    assert!(writer.small(Kind::Ping, &[0u8; 14]));
    assert!(
        !writer.small(Kind::Ping, &[0u8; 15]),
        "longer than a head can say"
    );
    assert_eq!(writer.len(), 15);
    let open = writer.open(Kind::Hints).unwrap();
    writer.close_or_cancel(open);
    assert_eq!(writer.len(), 15, "nothing in it: no section");
}

#[test]
fn a_section_fills_its_buffer_at_every_size() {
    // Around the sizes at which the length of a section takes another byte.
    for size in (2..300).chain(16_300..16_500).chain(65_400..65_508) {
        let mut buf = vec![0; size];
        let mut writer = Writer::new(&mut buf);
        let open = writer.open(Kind::Rows).unwrap();
        while writer.put(&7u8) {}
        writer.close(open);
        assert_eq!(writer.room(), 0);
        let body = size - super::limits::section_head(size);
        let found = split(writer.written())
            .map(|(number, body, rest)| (Kind::from_number(number), body.len(), rest.len()));
        assert_eq!(found, Some((Some(Kind::Rows), body, 0)), "{size}");
    }
}
