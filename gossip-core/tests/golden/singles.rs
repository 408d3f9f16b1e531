//! Entries on their own: right and wrong datagrams.

use super::bad::{bad as refused, sends};
use super::bytes::Body;
use super::good::{LIFE, from_7, largest, ok};
use super::{ANY_ID, COUNTER_MAX, Vector};

const SINGLES: u8 = 15;
const RETURNED: u8 = 28;

/// Token, owner, life, held, newest.
fn head(token: u8, owner: u64, held: u64, newest: u64) -> Body {
    let body = Body::new().byte(token).varint(owner).raw(&LIFE);
    body.varints(&[held, newest])
}

fn entry(body: Body, back: u64, key: &str, value: &[u8]) -> Body {
    body.varint(back << 1).blob(key.as_bytes()).blob(value)
}

fn returned() -> Body {
    Body::new().raw(&LIFE)
}

pub fn good() -> Vec<Vector> {
    let several = entry(head(0, 3, 4, 500), 0, "late", b"1");
    let several = entry(several, 498, "early", b"").varint(7 << 1 | 1);
    let several = several.blob(b"gone").blob(b"");
    let most = head(255, ANY_ID, COUNTER_MAX, COUNTER_MAX);
    let most = entry(most, 0, "key", b"val");
    let longest = entry(returned(), 0, "key", b"val");
    vec![
        ok("singles-none", from_7().long(SINGLES, head(0, 0, 0, 0))),
        ok("singles-out-of-order", from_7().long(SINGLES, several)),
        largest("singles-longest-head", 64, SINGLES, most),
        ok("returned-none", from_7().long(RETURNED, returned())),
        ok(
            "returned-two",
            from_7().long(
                RETURNED,
                entry(entry(returned(), 0, "a", b"1"), 0, "b", b""),
            ),
        ),
        largest("returned-longest", 64, RETURNED, longest),
    ]
}

pub fn bad() -> Vec<Vector> {
    let one = |newest, item: &[u8]| sends(SINGLES, head(1, 1, 0, newest).raw(item));
    let malformed = |name, body, why| refused(name, "Malformed", sends(SINGLES, body), why);
    let impossible =
        |name, newest, item: &[u8], why| refused(name, "Impossible", one(newest, item), why);
    let cut = Body::new().raw(&head(1, 1, 9, 9).0[..6]);
    let stranger = sends(SINGLES, head(0, 1001, 0, 0));
    vec![
        malformed("singles-head-cut", cut, "ends after the life"),
        malformed(
            "singles-newest-of-29-bits",
            head(1, 1, 0, COUNTER_MAX + 1),
            "newest is 2^28",
        ),
        malformed(
            "singles-entry-cut",
            head(1, 1, 0, 9).raw(&[0, 5, b'k']),
            "ends inside a key",
        ),
        impossible(
            "singles-birth",
            2,
            &[2, 1, b'k', 0],
            "version 1, which nobody writes",
        ),
        refused(
            "returned-of-version-0",
            "Impossible",
            sends(RETURNED, entry(returned(), 1, "k", b"")),
            "version 0",
        ),
        refused(
            "returned-entry-cut",
            "Malformed",
            sends(RETURNED, returned().raw(&[0, 5, b'k'])),
            "ends inside a key",
        ),
        impossible("singles-below-0", 2, &[6, 1, b'k', 0], "version -1"),
        impossible("singles-key-empty", 2, &[0, 0, 0], "an empty key"),
        impossible(
            "singles-lease-too-long",
            2,
            &[1, 1, b'k', 0xa9, 0xb8, 0xbd, 0x14, 1, 9],
            "42,949,673 steps left",
        ),
        refused(
            "single-above-largest",
            "IdTooLarge",
            stranger,
            "singles of 1001",
        )
        .largest_id(1000),
    ]
}
