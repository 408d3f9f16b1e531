//! The numbers in `docs/wire.md` are those of `wire::limits`, and no message is longer than they say.

use crate::golden;

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV4};

use golden::bytes::crc32c;
use golden::page;
use gossip_core::entries::Stretch;
use gossip_core::exchange::Direction;
use gossip_core::table::Prefix;
use gossip_core::wire::limits;
use gossip_core::wire::{
    AskHead, ClaimHead, CompareHead, Datagram, Header, Hint, Kind, ListingHead, PreciseItem,
    PullItem, RangesHead, Receipt, Row, SinglesHead, Standing, Summary, Suspect, Terms,
};
use gossip_core::{Address, DatagramError, Generation, Incarnation, Life, NodeId, Version};

const FLOOR: usize = 64;
const ADDRESS: usize = 8;
/// The number of a kind from 15 on, at the front of its body.
const NUMBER: usize = 1;
const V6: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::from_bits(u128::MAX)), u16::MAX);

const LAST: Generation = Generation {
    counter: u16::MAX,
    nonce: [0xff; 4],
};

/// The length of a value's encoding.
fn len<T: serde::Serialize>(value: &T) -> usize {
    postcard::to_slice(value, &mut [0; 200])
        .expect("short")
        .len()
}

/// A value of a type that has no public constructor, from its encoding.
fn made<T: serde::de::DeserializeOwned>(parts: &impl serde::Serialize) -> T {
    let mut buf = [0; 64];
    let bytes = postcard::to_slice(parts, &mut buf).expect("short");
    postcard::from_bytes(bytes).expect("valid")
}

fn longest_row<A>(address: A) -> Row<A> {
    Row {
        id: NodeId::MAX,
        generation: LAST,
        incarnation: Incarnation::MAX,
        standing: Standing::Left(u16::MAX),
        address: Some(address),
        held: Version::MAX,
    }
}

/// Bytes of the body's head and of one item, at their longest, with 8-byte addresses.
fn longest(kind: Kind) -> (usize, usize) {
    let (id, held) = (NodeId::MAX, Version::MAX);
    match kind {
        Kind::Ping | Kind::Ack => (len(&u16::MAX), 0),
        Kind::PingReq => (len(&(u16::MAX, id)), 0),
        Kind::You => (len(&[0xffu8; ADDRESS]), 0),
        Kind::Rows => (0, len(&longest_row([0xffu8; ADDRESS]))),
        Kind::Suspects => (0, len(&LONGEST_SUSPECT)),
        Kind::Root => (len(&(u64::MAX.to_le_bytes(), Direction::Pull as u8)), 0),
        Kind::Same => (0, 0),
        Kind::Ranges => (len(&longest_ranges()), len(&[0xffu8; 4])),
        Kind::Listing => {
            let facts = [0xff; 2];
            (len(&longest_listing()), len(&Summary { id, facts, held }))
        }
        Kind::Hints => (0, len(&Hint { id, held })),
        Kind::Pull => (len(&u8::MAX), len(&longest_pull())),
        Kind::Answered => (len(&u8::MAX), 0),
        Kind::Claim => (len(&longest_claim()), limits::entry_room(FLOOR, id)),
        Kind::Versions => (
            NUMBER + len(&longest_claim()),
            limits::stretch(LONGEST_STRETCH),
        ),
        Kind::Singles => (
            NUMBER + len(&longest_singles()),
            limits::entry_room(FLOOR, id),
        ),
        Kind::Precise => (NUMBER + len(&u8::MAX), len(&longest_precise())),
        Kind::Known => (NUMBER + len(&longest_claim()) + 8, 0),
        Kind::Rate => (NUMBER + len(&(u32::MAX, u32::MAX, true)), 0),
        Kind::Receipt => (NUMBER + len(&longest_receipt()), 0),
        // A key as long as can be set, with its length.
        Kind::Ask => (
            NUMBER + len(&longest_ask()),
            limits::entry_room(FLOOR, id) - limits::entry(0, 0, 0) + 1,
        ),
        Kind::Compare => (NUMBER + len(&longest_compare()), 0),
        Kind::Equal => (NUMBER + len(&u16::MAX), 0),
        Kind::Terms => (NUMBER + len(&longest_terms()), 0),
        Kind::Returned => (NUMBER + len(&[0xffu8; 4]), limits::entry_room(FLOOR, id)),
        Kind::Newborn => (NUMBER + len(&longest_row([0xffu8; ADDRESS])), 0),
        Kind::Nack => (NUMBER + len(&(u16::MAX, Some(id))), 0),
    }
}

fn longest_terms() -> Terms {
    Terms {
        mtu_floor: u16::MAX,
        largest_id: NodeId::MAX,
        parts: made(&u8::MAX),
        is_answer: true,
    }
}

const LONGEST_STRETCH: Stretch = Stretch::Gap(Version::MAX.get());

fn longest_precise() -> PreciseItem {
    PreciseItem {
        owner: NodeId::MAX,
        life: made(&[0xffu8; 4]),
        held: Version::MAX,
        recover: Some((Version::MAX, Version::MAX)),
        from: Version::MAX,
        have: [0xff; 8],
    }
}

const LONGEST_SUSPECT: Suspect = Suspect {
    id: NodeId::MAX,
    generation: LAST,
    incarnation: Incarnation::MAX,
};

fn longest_ranges() -> RangesHead {
    let prefix: Prefix = made(&(15u8, u64::MAX >> 4));
    assert!(prefix.can_split());
    RangesHead {
        salt: u8::MAX,
        prefix,
        mask: [0xff; 2],
    }
}

fn longest_listing() -> ListingHead {
    ListingHead {
        salt: u8::MAX,
        reply: true,
        prefix: made(&(16u8, u64::MAX)),
    }
}

fn longest_pull() -> PullItem {
    PullItem {
        owner: NodeId::MAX,
        life: made(&[0xffu8; 4]),
        held: Version::MAX,
        recover: Some((Version::MAX, Version::MAX)),
    }
}

/// Each field on its own at its most; together they would be impossible.
fn longest_claim() -> ClaimHead {
    ClaimHead {
        token: u8::MAX,
        owner: NodeId::MAX,
        life: made(&[0xffu8; 4]),
        a: Version::MAX,
        length: Version::MAX,
        more: Version::MAX,
        gc: Version::MAX,
        ahead: Version::MAX,
    }
}

fn longest_singles() -> SinglesHead {
    SinglesHead {
        token: u8::MAX,
        owner: NodeId::MAX,
        life: made(&[0xffu8; 4]),
        held: Version::MAX,
        newest: Version::MAX,
    }
}

fn longest_receipt() -> Receipt {
    Receipt {
        owner: NodeId::MAX,
        life: made(&[0xffu8; 4]),
        version: Version::MAX,
    }
}

fn longest_ask() -> AskHead {
    AskHead {
        token: u8::MAX,
        owner: NodeId::MAX,
        life: made(&[0xffu8; 4]),
        version: Version::MAX,
    }
}

fn longest_compare() -> CompareHead {
    CompareHead {
        token: u16::MAX,
        prefix: made(&(16u8, u64::MAX)),
        sum: [0xff; 8],
    }
}

#[test]
fn the_longest_of_each_kind_is_what_the_page_says_and_fits_the_floor() {
    let rows = page::table(&["kind", "number", "head"]);
    assert_eq!(rows.len(), Kind::ALL.len());
    for (row, kind) in rows.iter().zip(Kind::ALL) {
        let [name, number, head, numbers @ ..] = &row[..] else {
            panic!("{row:?}");
        };
        assert_eq!(
            (name.as_str(), page::number(number)),
            (kind.name(), *kind as usize)
        );
        let (body, item) = longest(*kind);
        let section_head = match head.as_str() {
            "short" => 1,
            "long" => limits::section_head(FLOOR),
            other => panic!("{other}"),
        };
        assert!(head == "long" || body + item < 15);
        let section = section_head + body + item;
        let datagram = limits::header(NodeId::MAX) + section;
        let stated: Vec<usize> = numbers.iter().map(|cell| page::number(cell)).collect();
        assert_eq!(stated, [body, item, section, datagram], "{name}");
        assert!(datagram <= FLOOR, "{name}");
    }
}

#[test]
fn the_fields_of_each_kind_add_up() {
    let types = page::table(&["type", "encoding", "bytes, at most"]);
    let sections = page::sections();
    let totals = page::table(&["kind", "number", "head"]);
    assert_eq!(sections.len(), Kind::ALL.len());
    for ((number, name, fields), total) in sections.iter().zip(&totals) {
        assert_eq!((name, number.to_string()), (&total[0], total[1].clone()));
        let of = |part: &str| -> usize {
            let rows = fields
                .iter()
                .filter(|row| row[0] == part && !row[3].is_empty());
            rows.map(|row| page::sum(&row[3], ADDRESS)).sum()
        };
        assert_eq!(of("head"), page::number(&total[3]), "{name}");
        if !["claim", "singles", "ask", "returned"].contains(&name.as_str()) {
            assert_eq!(of("item"), page::number(&total[4]), "{name}");
        }
        for field in fields {
            let [_, field, kind, most, _] = &field[..] else {
                panic!("{field:?}");
            };
            let (kind, extra) = kind
                .strip_prefix("option ")
                .map_or((kind.as_str(), 0), |kind| (kind, 1));
            let stated = match kind.strip_prefix("bytes[") {
                Some(length) => length.trim_end_matches(']').to_string(),
                None => {
                    let found = types.iter().find(|row| row[0] == kind);
                    found.unwrap_or_else(|| panic!("type {kind}"))[2].clone()
                }
            };
            // The number of a range of at most 15 digits is the one field that cannot be as long
            // as its type.
            if name == "ranges" && field == "number" {
                assert_eq!(page::number(most), limits::varint(u64::MAX >> 4));
            } else if most.is_empty() {
                assert_eq!(*most, stated);
            } else {
                let stated = extra + page::sum(&stated, ADDRESS);
                assert_eq!(page::sum(most, ADDRESS), stated, "{name} {field}");
            }
        }
    }
}

#[test]
fn the_types_are_as_long_as_the_page_says() {
    let types = page::table(&["type", "encoding", "bytes, at most"]);
    let most = |name: &str| -> usize {
        let row = types.iter().find(|row| row[0] == name);
        page::number(&row.unwrap_or_else(|| panic!("{name}"))[2])
    };
    assert_eq!(most("varint16"), len(&u16::MAX));
    assert_eq!(most("varint32"), len(&u32::MAX));
    assert_eq!(most("varint64"), len(&u64::MAX));
    assert_eq!(most("id"), len(&NodeId::MAX));
    assert_eq!(most("id"), limits::varint(NodeId::MAX.get()));
    assert_eq!(most("counter"), len(&Version::MAX));
    assert_eq!(most("counter"), len(&Incarnation::MAX));
    assert_eq!(most("generation"), len(&LAST));
    assert_eq!(most("life"), len(&made::<Life>(&[1u8; 4])));
    assert_eq!(most("prefix"), len(&(16u8, u64::MAX)));
    for shift in 0..64 {
        assert_eq!(limits::varint(1 << shift), len(&(1u64 << shift)));
        assert_eq!(
            limits::varint((1 << shift) - 1),
            len(&((1u64 << shift) - 1))
        );
    }
}

#[test]
fn the_header_is_as_long_as_the_page_says() {
    let fields = page::table(&["field", "type", "bytes, at most", "meaning"]);
    let numbers: Vec<usize> = fields.iter().map(|row| page::number(&row[2])).collect();
    let (total, parts) = numbers.split_last().expect("a total");
    assert_eq!(parts.iter().sum::<usize>(), *total);
    assert_eq!(limits::header(NodeId::MAX), *total);
    let header = Header {
        sender: NodeId::MAX,
        generation: LAST,
    };
    assert_eq!(5 + len(&header), *total);
}

/// Compares an address type's row with the type, and with the encoding of its longest address.
fn check_address<A: Address>(name: &str, longest: A) {
    let rows = page::table(&["address type", "encoding", "A"]);
    let row = rows
        .iter()
        .find(|row| row[0].split(" (").next() == Some(name));
    let row = row.unwrap_or_else(|| panic!("{name}"));
    assert_eq!(
        (page::number(&row[2]), page::number(&row[3])),
        (A::MAX_WIRE, A::MIN_FLOOR)
    );
    assert_eq!(page::number(&row[4]), usize::from(A::KIND));
    check_longest(longest);
    assert!(limits::min_floor(A::MAX_WIRE) == A::MIN_FLOOR && A::MIN_FLOOR >= 52 + A::MAX_WIRE);
}

fn check_longest<A: Address>(longest: A) {
    assert_eq!(len(&longest), A::MAX_WIRE);
    let row = len(&longest_row(longest));
    assert_eq!(row, limits::row(A::MAX_WIRE));
    let datagram = limits::header(NodeId::MAX) + limits::section_head(A::MIN_FLOOR) + row;
    assert!(datagram <= A::MIN_FLOOR);
}

#[test]
fn addresses_are_as_long_as_the_page_says() {
    check_address("u8", u8::MAX);
    check_address("u16", u16::MAX);
    check_address("u32", u32::MAX);
    check_address("[u8; 8]", [0xffu8; 8]);
    check_longest([0xffu8; 2]);
    check_longest([0xffu8; 4]);
    check_longest([0xffu8; 6]);
    let v4 = SocketAddrV4::new([255; 4].into(), u16::MAX);
    check_address("SocketAddrV4", v4);
    check_address("SocketAddr", V6);
    assert!(len(&SocketAddr::V4(v4)) < SocketAddr::MAX_WIRE);
}

#[test]
fn long_heads_are_as_long_as_the_page_says() {
    let rows = page::table(&["room left, from", "to"]);
    for row in &rows {
        let (from, to) = (page::number(&row[0]), page::number(&row[1]));
        let head = page::number(&row[2]);
        assert_eq!(
            [limits::section_head(from), limits::section_head(to)],
            [head; 2]
        );
    }
    let ends = rows.iter().map(|row| page::number(&row[1]) + 1);
    let starts = rows.iter().map(|row| page::number(&row[0])).skip(1);
    assert!(starts.eq(ends.take(rows.len() - 1)), "a gap");
    assert_eq!(page::number(&rows[rows.len() - 1][1]), limits::MTU_MAX);
}

#[test]
fn limits_are_as_the_page_says() {
    let small = NodeId::from(16_383);
    let settings = [
        (NodeId::MAX, 8, 64),
        (small, u16::MAX_WIRE, 64),
        (NodeId::MAX, SocketAddr::MAX_WIRE, 72),
        (NodeId::MAX, SocketAddr::MAX_WIRE, 1400),
    ];
    let rows = page::table(&["bytes", "any id, [u8; 8], floor 64"]);
    let row_of = |name: &str| {
        let row = rows.iter().find(|row| row[5] == name).expect("a row");
        row[1..5]
            .iter()
            .map(|cell| page::number(cell))
            .collect::<Vec<_>>()
    };
    let each = |of: &dyn Fn(NodeId, usize, usize) -> usize| {
        let numbers = settings.iter().map(|(id, a, floor)| of(*id, *a, *floor));
        numbers.collect::<Vec<_>>()
    };
    let room = |id, floor| limits::entry_room(floor, id);
    assert_eq!(row_of("header"), each(&|id, _, _| limits::header(id)));
    assert_eq!(
        row_of("section_head"),
        each(&|_, _, floor| limits::section_head(floor))
    );
    assert_eq!(row_of("row"), each(&|_, address, _| limits::row(address)));
    assert_eq!(
        row_of("claim_head"),
        each(&|id, _, _| limits::claim_head(id))
    );
    assert_eq!(row_of("entry_room"), each(&|id, _, floor| room(id, floor)));
    let most = each(&|id, _, floor| room(id, floor) - limits::entry(0, 0, 0));
    assert_eq!(row_of("Node::entry_max"), most);
    for (key, value) in [(1, 0), (127, 127), (128, 0), (3, 128), (200, 16_384)] {
        let width = |length: usize| 1 + usize::from(length > 127) + usize::from(length > 16_383);
        let expected = 1 + width(key) + key + width(value) + value;
        assert_eq!(limits::entry(0, key, value), expected);
    }
}

#[test]
fn every_reason_to_refuse_is_on_the_page() {
    let rows = page::table(&["reason", "when"]);
    for error in [
        DatagramError::TooShort,
        DatagramError::UnknownVersion,
        DatagramError::ForeignOrCorrupt,
        DatagramError::OtherCluster,
        DatagramError::OtherAddressKind,
        DatagramError::Sealed,
        DatagramError::FromSelf,
        DatagramError::IdTooLarge,
        DatagramError::Truncated,
        DatagramError::Malformed,
        DatagramError::Impossible,
        DatagramError::NotRunning,
    ] {
        let name = format!("{error:?}");
        assert!(rows.iter().any(|row| row[0] == name), "{name}");
    }
}

#[test]
fn kinds_have_the_heads_that_the_page_says() {
    let rows = page::table(&["kind", "number", "head"]);
    for vector in golden::read().iter().filter(|vector| vector.result == "ok") {
        let cluster = crc32c(golden::CLUSTER.as_bytes());
        let id = NodeId::MAX;
        // Sizes do not depend on the address type, but validity does.
        let sizes: Vec<_> = match vector.address.as_str() {
            "u16" => {
                Datagram::parse::<u16>(&vector.bytes, cluster, id).map(|d| d.sizes().collect())
            }
            "[u8;8]" => {
                Datagram::parse::<[u8; 8]>(&vector.bytes, cluster, id).map(|d| d.sizes().collect())
            }
            _ => Datagram::parse::<SocketAddr>(&vector.bytes, cluster, id)
                .map(|d| d.sizes().collect()),
        }
        .expect("valid");
        let mut at = vector.bytes.len() - sizes.iter().map(|(_, len)| len).sum::<usize>();
        for (kind, len) in sizes {
            let number = kind.map_or(0, |kind| kind as usize).to_string();
            let row = rows.iter().find(|row| row[1] == number).expect("a kind");
            let long = vector.bytes[at] & 0x0f == 15;
            assert_eq!(
                row[2],
                if long { "long" } else { "short" },
                "{}",
                vector.name
            );
            at += len;
        }
    }
}
