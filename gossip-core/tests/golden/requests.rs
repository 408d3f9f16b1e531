//! Receipts of mail, asks for a key and comparisons on demand: right and wrong datagrams.

use super::bad::{bad as refused, sends};
use super::bytes::{Body, Builder, mix};
use super::good::{LIFE, from_7, largest, largest_short, ok};
use super::{ANY_ID, COUNTER_MAX, Vector};

const RECEIPT: u8 = 21;
const ASK: u8 = 22;
const COMPARE: u8 = 23;
const EQUAL: u8 = 24;
const NEWBORN: u8 = 25;

/// Owner, life, version.
fn receipt(owner: u64, version: u64) -> Body {
    Body::new().varint(owner).raw(&LIFE).varint(version)
}

/// Token, owner, life, version, key.
fn ask(token: u8, owner: u64, version: u64, key: &str) -> Body {
    let body = Body::new().byte(token).varint(owner).raw(&LIFE);
    body.varint(version).blob(key.as_bytes())
}

/// Token, depth and number of the range, sum.
fn compare(token: u64, depth: u8, number: u64, sum: u64) -> Body {
    let body = Body::new().varint(token).byte(depth).varint(number);
    body.raw(&sum.to_le_bytes())
}

pub fn good() -> Vec<Vector> {
    let token = |token| Body::new().varint(token);
    let range = compare(300, 2, 0xa5, 0x0123_4567_89ab_cdef);
    let place = compare(65_535, 16, mix(ANY_ID), u64::MAX);
    let longest = ask(255, ANY_ID, COUNTER_MAX, "abcdef");
    vec![
        ok("receipt-least", from_7().long(RECEIPT, receipt(0, 0))),
        ok("receipt", from_7().long(RECEIPT, receipt(3, 500))),
        largest("receipt-most", 64, RECEIPT, receipt(ANY_ID, COUNTER_MAX)),
        ok("ask-least", from_7().long(ASK, ask(1, 0, 0, "k"))),
        ok("ask", from_7().long(ASK, ask(9, 3, 500, "grüße"))),
        largest("ask-most", 64, ASK, longest),
        ok("compare-least", from_7().long(COMPARE, compare(0, 0, 0, 0))),
        ok("compare-a-range", from_7().long(COMPARE, range)),
        largest("compare-one-place", 64, COMPARE, place),
        ok("equal-least", from_7().short(EQUAL, token(0))),
        largest_short("equal-most", EQUAL, token(65_535)),
    ]
}

pub fn bad() -> Vec<Vector> {
    let malformed = |name, kind, body, why| refused(name, "Malformed", sends(kind, body), why);
    let above =
        |name, builder: Builder, why| refused(name, "IdTooLarge", builder, why).largest_id(1000);
    let impossible = |name, body, why| refused(name, "Impossible", sends(ASK, body), why);
    let (wide, long) = (compare(1, 1, 16, 0), Body::new().varint(65_536));
    let no_key = Body::new().raw(&ask(1, 1, 1, "k").0[..7]);
    let trailing = receipt(1, 1).byte(0);
    let (acked, asked) = (receipt(1001, 1), ask(1, 1001, 0, "k"));
    // Counter, nonce, incarnation, alive, no address, held.
    let born = |id| {
        Body::new()
            .varints(&[id, 0])
            .raw(&[0; 4])
            .varints(&[0, 0, 0, 1])
    };
    vec![
        malformed("receipt-trailing", RECEIPT, trailing, "one byte more"),
        malformed("ask-no-key", ASK, no_key, "ends before the key"),
        malformed("compare-wide", COMPARE, wide, "depth 1, number 16"),
        malformed("equal-of-17-bits", EQUAL, long, "the token is 2^16"),
        impossible("ask-token-0", ask(0, 1, 0, "k"), "token 0"),
        impossible("ask-key-empty", ask(1, 1, 0, ""), "an empty key"),
        malformed(
            "newborn-trailing",
            NEWBORN,
            born(1).byte(0),
            "one byte more",
        ),
        above(
            "newborn-above-largest",
            sends(NEWBORN, born(1001)),
            "of 1001",
        ),
        above("receipt-above-largest", sends(RECEIPT, acked), "of 1001"),
        above("ask-above-largest", sends(ASK, asked), "an ask of 1001"),
    ]
}
