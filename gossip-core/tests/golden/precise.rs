//! Precise reconciliation: right and wrong datagrams.

use super::bad::{bad as refused, sends};
use super::bytes::Body;
use super::good::{LIFE, from_7, largest, ok};
use super::{ANY_ID, COUNTER_MAX, Vector};

const PRECISE: u8 = 19;
const KNOWN: u8 = 20;

/// Owner, life, held.
fn about(body: Body, owner: u64, held: u64) -> Body {
    body.varint(owner).raw(&LIFE).varint(held)
}

/// Token, owner, life, a, length, more, gc, ahead, and a hash.
fn known(token: u8, owner: u64, numbers: [u64; 5]) -> Body {
    let body = Body::new().byte(token).varint(owner).raw(&LIFE);
    let hash = 0x0123_4567_89ab_cdef_u64.to_le_bytes();
    body.varints(&numbers).raw(&hash)
}

pub fn good() -> Vec<Vector> {
    let first = about(Body::new().byte(1), 3, 20).byte(0).varint(20);
    let two = first.raw(&5u64.to_le_bytes());
    let two = about(two, 4, 0).byte(1).varints(&[7, 9]).varint(300);
    let two = two.raw(&[0; 8]);
    let most = about(Body::new().byte(255), ANY_ID, COUNTER_MAX).byte(1);
    let most = most.varints(&[COUNTER_MAX; 3]).raw(&[0xff; 8]);
    let half = 1 << 27;
    let longest = known(255, ANY_ID, [half, half - 1, 0, COUNTER_MAX, 0]);
    vec![
        ok("precise-two-owners", from_7().long(PRECISE, two)),
        largest("precise-most", 64, PRECISE, most),
        ok("known", from_7().long(KNOWN, known(2, 3, [20, 5, 3, 7, 1]))),
        largest("known-most", 64, KNOWN, longest),
    ]
}

pub fn bad() -> Vec<Vector> {
    let malformed = |name, kind, body, why| refused(name, "Malformed", sends(kind, body), why);
    let impossible = |name, body, why| refused(name, "Impossible", sends(KNOWN, body), why);
    let alien = |name, kind, body, why| {
        refused(name, "IdTooLarge", sends(kind, body), why).largest_id(1000)
    };
    let item = |owner| about(Body::new().byte(1), owner, 20).byte(0).varint(20);
    vec![
        malformed(
            "precise-cut",
            PRECISE,
            item(3).raw(&[1; 7]),
            "7 bytes of bits",
        ),
        malformed(
            "known-trailing",
            KNOWN,
            known(1, 1, [0, 5, 0, 0, 0]).byte(0),
            "a byte after the hash",
        ),
        alien("precise-owner", PRECISE, item(1001).raw(&[0; 8]), "of 1001"),
        alien(
            "known-owner",
            KNOWN,
            known(1, 1001, [0, 5, 0, 0, 0]),
            "of 1001",
        ),
        impossible("known-empty-span", known(1, 1, [5, 0, 0, 0, 0]), "b = a"),
        impossible(
            "known-gc-above-held",
            known(1, 1, [0, 5, 0, 6, 0]),
            "held 5, gc 6",
        ),
    ]
}
