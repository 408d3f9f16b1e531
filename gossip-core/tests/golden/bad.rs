//! Datagrams that every receiver refuses, and why.

use super::bytes::{Body, Builder, mix};
use super::good::from_7;
use super::{CLUSTER, COUNTER_MAX, Vector, precise, requests, singles};

/// All of them.
pub fn vectors() -> Vec<Vector> {
    let parts = [
        headers(),
        strangers(),
        ids(),
        truncated(),
        malformed_small(),
        malformed_rows(),
        malformed_exchange(),
        impossible_ranges(),
        impossible_claims(),
        versions(),
        singles::bad(),
        precise::bad(),
        requests::bad(),
    ];
    parts.into_iter().flatten().collect()
}

pub fn bad(name: &str, error: &str, builder: Builder, why: &str) -> Vector {
    Vector::new(name, error, builder.seal(CLUSTER)).meaning(why)
}

/// Node 7 says this, as raw bytes.
fn says(bytes: &[u8]) -> Builder {
    from_7().raw(bytes)
}

/// Node 7 sends this section.
pub fn sends(kind: u8, body: Body) -> Builder {
    from_7().long(kind, body)
}

/// A first byte, and a header after the tag.
fn raw(first: u8, header: &[u8]) -> Vec<u8> {
    let bytes = Builder::new(1400, 0, 0, 0).first(first).seal(CLUSTER);
    let mut bytes = bytes[..5].to_vec();
    bytes.extend_from_slice(header);
    let tag = super::bytes::tag(&bytes, CLUSTER, 0);
    bytes[1..5].copy_from_slice(&tag);
    bytes
}

fn headers() -> Vec<Vector> {
    let short = |name, bytes: Vec<u8>, why| Vector::new(name, "TooShort", bytes).meaning(why);
    vec![
        short("nothing", vec![], "no bytes at all"),
        short("first-byte-alone", vec![0x10], "a version and nothing else"),
        short("half-a-tag", vec![0x10, 1, 2], "ends inside the tag"),
        short("no-sender", raw(0x10, &[]), "ends after the tag"),
        short(
            "half-a-sender",
            raw(0x10, &[0x87]),
            "the sender's integer goes on",
        ),
        short("no-generation", raw(0x10, &[7]), "ends after the sender"),
        short(
            "half-a-nonce",
            raw(0x10, &[7, 0, 1, 2, 3]),
            "ends inside the nonce",
        ),
        short(
            "sender-of-57-bits",
            raw(0x10, &Body::new().varint(1 << 56).raw(&[0; 5]).0),
            "the sender's id is 2^56",
        ),
        short(
            "generation-counter-of-17-bits",
            raw(0x10, &Body::new().varint(7).varint(65_536).raw(&[0; 4]).0),
            "the generation's counter is 2^16",
        ),
    ]
}

fn strangers() -> Vec<Vector> {
    let version = "UnknownVersion";
    let foreign = "ForeignOrCorrupt";
    let other = Vector::new("other-cluster", foreign, from_7().seal("silver"));
    let nameless = Vector::new("nameless-cluster", foreign, from_7().seal(""));
    // Of eight-byte addresses, and read as of two.
    let kinds = Vector::new("other-kind", foreign, from_7().seal(CLUSTER)).address("[u8;8]");
    let kinds = Vector {
        address: "u16".into(),
        ..kinds
    };
    let mut flipped = from_7().short(1, Body::new().varint(1)).seal(CLUSTER);
    if let Some(last) = flipped.last_mut() {
        *last ^= 0x80;
    }
    let mut cut = from_7().short(1, Body::new().varint(1)).seal(CLUSTER);
    cut.pop();
    vec![
        bad("version-0", version, from_7().first(0x00), "wire version 0"),
        bad("version-2", version, from_7().first(0x20), "wire version 2"),
        bad(
            "sealed",
            "Sealed",
            from_7().first(0x18),
            "the flag for sealing is set",
        ),
        other.meaning("tag of the cluster \"silver\""),
        nameless.meaning("tag of the cluster \"\""),
        kinds.meaning("tag of nodes with addresses of another kind"),
        Vector::new("one-bit-flipped", foreign, flipped).meaning("damaged on the way"),
        Vector::new("last-byte-lost", foreign, cut).meaning("cut on the way"),
    ]
}

fn ids() -> Vec<Vector> {
    let small = |name, builder, why| bad(name, "IdTooLarge", builder, why).largest_id(1000);
    let sender = Builder::new(1400, 1001, 0, 0);
    let target = Body::new().varints(&[1, 1001]);
    let owner = Body::new().byte(0).varint(1001).raw(&[0; 4]);
    let owner = owner.varints(&[0, 1, 0, 1, 0]);
    let row = Body::new().varint(1001).generation(0, 0).raw(&[0; 4]);
    let known = Body::new().varint(1000).generation(0, 0).varint(0);
    let known = known.varint(1001).generation(0, 0).varint(0);
    let hint = Body::new().varints(&[1001, 1]);
    let listed = Body::new().raw(&[0; 4]).varint(1001).raw(&[0; 3]);
    let pulled = Body::new().byte(0).varint(1001).raw(&[0; 6]);
    let ask = from_7().short(3, target);
    let helper = from_7().short(26, Body::new().byte(0).byte(1).varint(1001));
    vec![
        small("sender-above-largest", sender, "sender 1001"),
        small("target-above-largest", ask, "ping-req target 1001"),
        small("helper-above-largest", helper, "nack helper 1001"),
        small("owner-above-largest", sends(14, owner), "a claim of 1001"),
        small("row-above-largest", sends(5, row), "a row of 1001"),
        small("suspect-above-largest", sends(6, known), "1000, then 1001"),
        small("hint-above-largest", sends(11, hint), "a hint of 1001"),
        small("listed-above-largest", sends(10, listed), "lists 1001"),
        small("pulled-above-largest", sends(12, pulled), "a pull of 1001"),
    ]
}

fn truncated() -> Vec<Vector> {
    let cut = |name, bytes: &[u8], why| bad(name, "Truncated", says(bytes), why);
    vec![
        cut(
            "section-past-the-end",
            &[0x12, 1],
            "a ping of 2 bytes, 1 is there",
        ),
        cut(
            "length-is-missing",
            &[0x5f],
            "a long head without its length",
        ),
        cut(
            "length-goes-on",
            &[0x5f, 0x80],
            "the length's integer goes on",
        ),
        cut(
            "length-past-the-end",
            &[0xff, 9, 0],
            "an unknown section of 9 bytes, 1 is there",
        ),
        cut(
            "length-of-17-bits",
            &[0xff, 0x80, 0x80, 4],
            "the length is 2^16",
        ),
        cut(
            "length-of-4-bytes",
            &[0x1f, 0x81, 0x80, 0x80, 0, 1],
            "an integer of 4 bytes",
        ),
        cut(
            "second-section-past-the-end",
            &[0x11, 1, 0x80, 0xb2, 7],
            "ping and same are whole, hints of 2 bytes are not",
        ),
    ]
}

fn malformed_small() -> Vec<Vector> {
    let bad = |name, bytes: &[u8], why| bad(name, "Malformed", says(bytes), why);
    vec![
        bad("ping-empty", &[0x10], "no token"),
        bad("ping-trailing", &[0x12, 1, 0], "a byte after the token"),
        bad(
            "ping-unfinished",
            &[0x11, 0x80],
            "the token's integer goes on",
        ),
        bad(
            "ping-of-17-bits",
            &[0x13, 0x80, 0x80, 4],
            "the token is 2^16",
        ),
        bad("ack-trailing", &[0x22, 1, 0], "a byte after the token"),
        bad("ping-req-no-target", &[0x31, 1], "no target"),
        bad("you-trailing", &[0x42, 1, 0], "a byte after the address"),
        bad(
            "root-of-7",
            &[0x77, 1, 2, 3, 4, 5, 6, 7],
            "one byte too few",
        ),
        bad(
            "root-way-0",
            &[0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0],
            "both ways is no byte at all",
        ),
        bad(
            "root-way-3",
            &[0x79, 1, 2, 3, 4, 5, 6, 7, 8, 3],
            "no such way",
        ),
        bad(
            "root-of-10",
            &[0x7a, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0],
            "one byte too many",
        ),
        bad(
            "rate-answer-2",
            &[0xf4, 16, 1, 1, 2],
            "neither a question nor an answer",
        ),
        bad("same-with-a-body", &[0x81, 0], "a body where none belongs"),
        bad("answered-trailing", &[0xd2, 1, 0], "a byte after the token"),
        bad(
            "good-then-malformed",
            &[0x11, 1, 0xb2, 7, 9, 0x81, 0],
            "ping and hints are right, same has a body",
        ),
    ]
}

fn malformed_rows() -> Vec<Vector> {
    let bad = |name, kind, body, why| bad(name, "Malformed", sends(kind, body), why);
    let row = || Body::new().varint(1).generation(0, 1).varint(0);
    let (standing, option) = (row().raw(&[4, 0, 0]), row().raw(&[0, 2, 0]));
    let incarnation = Body::new().varint(1).generation(0, 1);
    let incarnation = incarnation.varint(COUNTER_MAX + 1);
    let id = Body::new().varints(&[1 << 56, 1]);
    let held = Body::new().varints(&[1, COUNTER_MAX + 1]);
    vec![
        bad("row-cut", 5, row().byte(0), "ends before the address"),
        bad("row-standing-4", 5, standing, "there is no standing 4"),
        bad("row-option-2", 5, option, "there is no option 2"),
        bad("suspect-of-29-bits", 6, incarnation, "incarnation 2^28"),
        bad("hint-id-of-57-bits", 11, id, "the id is 2^56"),
        bad("hint-of-29-bits", 11, held, "held is 2^28"),
    ]
}

fn malformed_exchange() -> Vec<Vector> {
    let bad = |name, kind, body: &[u8], why| {
        let body = Body::new().raw(body);
        bad(name, "Malformed", sends(kind, body), why)
    };
    let head = |length| {
        let body = Body::new().byte(0).varint(1).raw(&[0; 4]);
        body.varints(&[0, length, 0, 0, 0]).0
    };
    let (long, cut) = (head(COUNTER_MAX + 1), [&head(1)[..], &[0, 5, b'k']]);
    let (cut, binary) = (cut.concat(), [&head(1)[..], &[0, 1, 0xff, 0]].concat());
    let deep = [0, 17, 0, 1, 0, 0, 0, 0, 0];
    vec![
        bad("ranges-cut", 9, &[0, 0, 0, 1, 0, 9], "ends inside a sum"),
        bad("ranges-depth-17", 9, &deep, "17 digits"),
        bad("listing-wide", 10, &[0, 0, 1, 16], "depth 1, number 16"),
        bad("listing-reply-2", 10, &[0, 2, 0, 0], "there is no bool 2"),
        bad("listing-cut", 10, &[0, 0, 0, 0, 9], "ends after an id"),
        bad("pull-empty", 12, &[], "no token"),
        bad("pull-cut", 12, &[0, 1, 0, 0], "ends inside a life"),
        bad("claim-head-cut", 14, &[0, 1, 0, 0, 0, 0], "ends after life"),
        bad("claim-length-of-29-bits", 14, &long, "b - a is 2^28"),
        bad("claim-key-cut", 14, &cut, "ends inside a key"),
        bad("claim-key-no-text", 14, &binary, "the key is not UTF-8"),
    ]
}

fn impossible_ranges() -> Vec<Vector> {
    let bad = |name, kind, body, why| bad(name, "Impossible", sends(kind, body), why);
    let ranges = |mask: u16, sums: usize| {
        let head = Body::new().raw(&[0, 0, 0]);
        head.raw(&mask.to_le_bytes()).raw(&vec![1; 4 * sums])
    };
    let point = Body::new().byte(0).byte(16).varint(mix(1));
    let point = point.raw(&[1, 0]).raw(&[0; 4]);
    let mut ids: Vec<u64> = (1..=3).collect();
    ids.sort_by_key(|id| std::cmp::Reverse(mix(*id)));
    let rows = |head: [u8; 4], ids: &[u64]| {
        ids.iter().fold(Body::new().raw(&head), |body, id| {
            body.varint(*id).raw(&[0, 0]).varint(0)
        })
    };
    let outside = (mix(1) >> 60) as u8 ^ 1;
    vec![
        bad("ranges-no-parts", 9, ranges(0, 0), "an empty mask"),
        bad("ranges-too-few", 9, ranges(0b11, 1), "two parts, one sum"),
        bad(
            "ranges-too-many",
            9,
            ranges(0b11, 3),
            "two parts, three sums",
        ),
        bad(
            "ranges-of-one-place",
            9,
            point,
            "a range of depth 16 has no parts",
        ),
        bad(
            "listing-falling",
            10,
            rows([0; 4], &ids),
            "ids against the order of places",
        ),
        bad("listing-twice", 10, rows([0; 4], &[5, 5]), "an id twice"),
        bad(
            "listing-outside",
            10,
            rows([0, 0, 1, outside], &[1]),
            "an id outside the range",
        ),
    ]
}

fn impossible_claims() -> Vec<Vector> {
    let claim = |numbers: [u64; 5], entry: &[u8]| {
        let body = Body::new().byte(0).varint(1).raw(&[0; 4]);
        body.varints(&numbers).raw(entry)
    };
    let bad = |name, numbers, entry: &[u8], why| {
        bad(name, "Impossible", sends(14, claim(numbers, entry)), why)
    };
    let most = COUNTER_MAX;
    let beyond = |name, numbers, why| bad(name, numbers, &[], why);
    vec![
        beyond("claim-empty-span", [5, 0, 0, 0, 0], "b = a"),
        beyond("claim-gc-above-held", [0, 1, 1, 3, 0], "held 2, gc 3"),
        beyond("claim-b-past-the-end", [most, 1, 0, 0, 0], "b is 2^28"),
        beyond(
            "claim-held-past-the-end",
            [most - 1, 1, 1, 0, 0],
            "held is 2^28",
        ),
        beyond(
            "claim-as-of-past-the-end",
            [0, most, 0, 0, 1],
            "as-of is 2^28",
        ),
        bad(
            "claim-entry-at-a",
            [4, 2, 0, 0, 0],
            &[4, 1, b'k', 0],
            "version 4 in (4, 6]",
        ),
        bad(
            "claim-entry-below-0",
            [0, 2, 0, 0, 0],
            &[6, 1, b'k', 0],
            "version -1",
        ),
        bad(
            "claim-key-empty",
            [0, 2, 0, 0, 0],
            &[0, 0, 0],
            "an empty key",
        ),
        bad(
            "claim-lease-too-long",
            [0, 2, 0, 0, 0],
            &[1, 1, b'k', 0xa9, 0xb8, 0xbd, 0x14, 1, 9],
            "42,949,673 steps left",
        ),
        bad(
            "claim-second-entry",
            [0, 2, 0, 0, 0],
            &[0, 1, b'k', 0, 9, 1, b'l', 0],
            "version -2",
        ),
    ]
}

/// Owner and numbers, with a token and a life of zeros.
fn short_head(owner: u64, numbers: &[u64]) -> Body {
    let body = Body::new().byte(0).varint(owner).raw(&[0; 4]);
    body.varints(numbers)
}

fn versions() -> Vec<Vector> {
    const KIND: u8 = 17;
    let told = |numbers: [u64; 5], told: &[u8]| short_head(1, &numbers).raw(told);
    let ten = [0, 10, 0, 0, 0];
    let odd = |name, body, why| bad(name, "Impossible", sends(KIND, body), why);
    let cut = |name, body, why| bad(name, "Malformed", sends(KIND, body), why);
    let alien = |name, body, why| bad(name, "IdTooLarge", sends(KIND, body), why).largest_id(1000);
    vec![
        alien("versions-owner", short_head(1001, &ten), "of 1001"),
        cut("versions-head-cut", short_head(1, &ten[..4]), "no as-of"),
        cut(
            "versions-run-cut",
            told(ten, &[0xff]),
            "no rest of the length",
        ),
        odd("versions-empty-span", told([5, 0, 0, 0, 0], &[]), "b = a"),
        odd("versions-no-bits", told(ten, &[0]), "bits without any set"),
        odd("versions-no-run", told(ten, &[0xc0]), "a run of nothing"),
        odd(
            "versions-bit-past-b",
            told(ten, &[0xc9, 2]),
            "version 11 in (0, 10]",
        ),
        odd(
            "versions-gap-past-b",
            told(ten, &[0x8a]),
            "version 11 in (0, 10]",
        ),
        odd(
            "versions-run-past-b",
            told(ten, &[0xcb]),
            "version 11 in (0, 10]",
        ),
        odd(
            "versions-after-b",
            told(ten, &[0xca, 1]),
            "version 11 in (0, 10]",
        ),
        odd(
            "versions-gap-past-the-end",
            told(ten, &[0xbf, 0xff, 0xff, 0xff, 0xff, 15]),
            "2^32",
        ),
    ]
}
