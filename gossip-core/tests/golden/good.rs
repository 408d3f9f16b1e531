//! Datagrams that every receiver understands.

use super::bytes::{Body, Builder, mix};
use super::{ANY_ID, CLUSTER, COUNTER_MAX, Vector, precise, requests, singles};

const PING: u8 = 1;
const ACK: u8 = 2;
const PING_REQ: u8 = 3;
const YOU: u8 = 4;
const ROWS: u8 = 5;
const NEWBORN: u8 = 25;
const NACK: u8 = 26;
const SUSPECTS: u8 = 6;
const ROOT: u8 = 7;
const RATE: u8 = 16;
const TERMS: u8 = 27;
const SAME: u8 = 8;
const RANGES: u8 = 9;
const LISTING: u8 = 10;
const HINTS: u8 = 11;
const PULL: u8 = 12;
const ANSWERED: u8 = 13;
const CLAIM: u8 = 14;
const VERSIONS: u8 = 17;

pub const LIFE: [u8; 4] = [0xa1, 0xa2, 0xa3, 0xa4];

/// A datagram of node 7 in a buffer of 1400 bytes.
pub fn from_7() -> Builder {
    Builder::new(1400, 7, 0, 0x0102_0304)
}

/// All of them but for their meaning.
pub fn vectors() -> Vec<Vector> {
    let parts = [
        headers(),
        probes(),
        addresses(),
        rows(),
        suspects(),
        fingerprints(),
        listings(),
        pulls(),
        claims(),
        short_claims(),
        singles::good(),
        precise::good(),
        requests::good(),
        terms(),
        mixed(),
        tolerated(),
    ];
    parts.into_iter().flatten().collect()
}

pub fn ok(name: &str, builder: Builder) -> Vector {
    Vector::new(name, "ok", builder.seal(CLUSTER))
}

fn reads(name: &str, builder: Builder) -> Vector {
    Vector::new(name, "reads", builder.seal(CLUSTER))
}

/// A vector of one section with the largest of everything, in a buffer of `floor` bytes.
pub fn largest(name: &str, floor: usize, kind: u8, body: Body) -> Vector {
    let builder = Builder::new(floor, ANY_ID, u16::MAX, u32::MAX);
    ok(name, builder.long(kind, body)).buffer(floor)
}

pub fn largest_short(name: &str, kind: u8, body: Body) -> Vector {
    let builder = Builder::new(64, ANY_ID, u16::MAX, u32::MAX);
    ok(name, builder.short(kind, body)).buffer(64)
}

fn headers() -> Vec<Vector> {
    vec![
        ok("header-least", Builder::new(1400, 0, 0, 0)),
        ok(
            "header-most",
            Builder::new(1400, ANY_ID, u16::MAX, u32::MAX),
        ),
        ok(
            "header-most-ids-of-2-bytes",
            Builder::new(64, 16_383, 300, 0xfeff),
        )
        .largest_id(16_383)
        .buffer(64),
    ]
}

fn probes() -> Vec<Vector> {
    let token = |token: u64| Body::new().varint(token);
    let ask = |token, target| Body::new().varints(&[token, target]);
    vec![
        ok("ping-least", from_7().short(PING, token(0))),
        ok("ping", from_7().short(PING, token(513))),
        largest_short("ping-most", PING, token(65_535)),
        ok("ack-least", from_7().short(ACK, token(0))),
        largest_short("ack-most", ACK, token(65_535)),
        ok("ping-req-least", from_7().short(PING_REQ, ask(0, 0))),
        largest_short("ping-req-most", PING_REQ, ask(65_535, ANY_ID)),
        ok("nack-least", from_7().short(NACK, token(0).byte(0))),
        ok("nack", from_7().short(NACK, token(513).byte(1).varint(9))),
        largest_short("nack-most", NACK, token(65_535).byte(1).varint(ANY_ID)),
    ]
}

fn addresses() -> Vec<Vector> {
    let port = |port| Body::new().varint(port);
    let v4 = Body::new().byte(0).raw(&[127, 0, 0, 1]).varint(7777);
    let v6 = Body::new().byte(1).raw(&[0xff; 16]).varint(65_535);
    vec![
        ok("you-least", from_7().long(YOU, port(0))),
        ok("you", from_7().long(YOU, port(300))),
        largest("you-8-bytes", 64, YOU, Body::new().raw(&[0xff; 8])).address("[u8;8]"),
        ok("you-ipv4", from_7().long(YOU, v4)).address("SocketAddr"),
        largest("you-ipv6", 72, YOU, v6).address("SocketAddr"),
    ]
}

fn row(id: u64, counter: u16, nonce: u32, incarnation: u64) -> Body {
    Body::new()
        .varint(id)
        .generation(counter, nonce)
        .varint(incarnation)
}

fn rows() -> Vec<Vector> {
    let none = row(0, 0, 0, 0).byte(0).byte(0).varint(0);
    let alive = row(7, 0, 0x0102_0304, 0).byte(0).byte(1).varint(300);
    let alive = alive.varint(1);
    let dead = row(200, 3, 0xdead_beef, 5).byte(1).varint(600).byte(0);
    let left = row(201, 3, 0xdead_beef, 5).byte(2).varint(599).byte(0);
    let slow = row(7, 0, 0, 3).byte(3).byte(1).varint(300).varint(2);
    let three = alive.clone().raw(&dead.varint(9).0).raw(&left.varint(9).0);
    let most = row(ANY_ID, u16::MAX, u32::MAX, COUNTER_MAX).byte(2);
    let most = most.varint(65_535).byte(1);
    let bytes8 = most.clone().raw(&[0xff; 8]).varint(COUNTER_MAX);
    let ipv6 = most.byte(1).raw(&[0xff; 16]).varint(65_535);
    let ipv4 = row(7, 0, 0, 1).byte(0).byte(1).byte(0).raw(&[10, 0, 0, 9]);
    let ipv4 = ipv4.varint(7777).varint(2);
    let newborn = |row: &Body| from_7().long(NEWBORN, row.clone());
    vec![
        ok("newborn-least", newborn(&none)),
        ok("newborn", newborn(&alive)),
        largest("newborn-most-8-bytes", 64, NEWBORN, bytes8.clone()).address("[u8;8]"),
        ok("rows-slow", from_7().long(ROWS, slow)),
        ok("rows-least", from_7().long(ROWS, none)),
        ok("rows-alive-dead-left", from_7().long(ROWS, three)),
        largest("rows-most-8-bytes", 64, ROWS, bytes8).address("[u8;8]"),
        largest("rows-most-ipv6", 72, ROWS, ipv6.varint(COUNTER_MAX)).address("SocketAddr"),
        ok("rows-ipv4", from_7().long(ROWS, ipv4)).address("SocketAddr"),
        ok(
            "rows-head-of-2-bytes",
            Builder::new(64, 7, 0, 0).long(ROWS, alive),
        )
        .buffer(64),
    ]
}

/// Floor, largest id, parts, whether it is an answer.
fn terms() -> Vec<Vector> {
    let of = |floor, largest_id, parts, answer| {
        let body = Body::new().varints(&[floor, largest_id]);
        body.byte(parts).byte(answer)
    };
    vec![
        ok("terms-least", from_7().short(TERMS, of(0, 0, 0, 0))),
        ok("terms", from_7().short(TERMS, of(1400, ANY_ID, 7, 0))),
        ok(
            "terms-answer",
            from_7().short(TERMS, of(64, 16_383, 0x81, 1)),
        ),
        largest_short("terms-most", TERMS, of(65_535, ANY_ID, 255, 1)),
    ]
}

fn suspects() -> Vec<Vector> {
    let two = row(1, 0, 1, 0).raw(&row(300, 2, 3, 4).0);
    let most = row(ANY_ID, u16::MAX, u32::MAX, COUNTER_MAX);
    vec![
        ok("suspects-least", from_7().long(SUSPECTS, row(0, 0, 0, 0))),
        ok("suspects-two", from_7().long(SUSPECTS, two)),
        largest("suspects-most", 64, SUSPECTS, most),
    ]
}

fn fingerprints() -> Vec<Vector> {
    let rate = |allowed: u64, wanted: u64| Body::new().varints(&[allowed, wanted]);
    let root = |sum: u64| Body::new().raw(&sum.to_le_bytes());
    // Salt, depth and number of the range, mask.
    let head = |salt, depth, number, mask: u16| {
        let body = Body::new().byte(salt).byte(depth).varint(number);
        body.raw(&mask.to_le_bytes())
    };
    let sums = |count: u32| (1..=count).flat_map(|n| (n * 0x0101).to_le_bytes());
    let all: Vec<u8> = sums(16).collect();
    let least = head(0, 0, 0, 1).raw(&[0; 4]);
    let some = head(9, 2, 0xa5, 0b1000_0000_0010_0001).raw(&all[..12]);
    let every = head(255, 0, 0, u16::MAX).raw(&all);
    let most = head(255, 15, (1 << 60) - 1, 1 << 15).raw(&[0xff; 4]);
    vec![
        ok("root-least", from_7().short(ROOT, root(0))),
        ok("root", from_7().short(ROOT, root(0x0123_4567_89ab_cdef))),
        ok(
            "root-of-a-bare-node",
            from_7()
                .first(0x11)
                .short(ROOT, root(0x0123_4567_89ab_cdef)),
        ),
        ok("rate", from_7().short(RATE, rate(2500, 300).byte(0))),
        largest_short(
            "rate-most",
            RATE,
            rate(u32::MAX.into(), u32::MAX.into()).byte(1),
        ),
        ok("root-push", from_7().short(ROOT, root(7).byte(1))),
        largest_short("root-most", ROOT, root(u64::MAX).byte(2)),
        ok("same", from_7().short(SAME, Body::new())),
        ok("ranges-least", from_7().long(RANGES, least)),
        ok("ranges-some-parts", from_7().long(RANGES, some)),
        ok("ranges-every-part", from_7().long(RANGES, every)),
        largest("ranges-deepest", 64, RANGES, most),
    ]
}

/// `ids` in the order of their places, with the fields of a listing.
fn listed(mut ids: Vec<u64>, held: u64) -> Body {
    ids.sort_by_key(|id| mix(*id));
    ids.iter().fold(Body::new(), |body, id| {
        body.varint(*id).raw(&[0x34, 0x12]).varint(held)
    })
}

fn listings() -> Vec<Vector> {
    let head = |salt, reply, depth, number| {
        let body = Body::new().byte(salt).byte(reply);
        body.byte(depth).varint(number)
    };
    let several = head(7, 0, 0, 0).raw(&listed((1..=6).collect(), 300).0);
    let single = head(255, 1, 16, mix(ANY_ID)).raw(&listed(vec![ANY_ID], COUNTER_MAX).0);
    let part = head(0, 1, 2, mix(5) >> 56).raw(&listed(vec![5], 2).0);
    let hint = |id, held| Body::new().varints(&[id, held]);
    let hints = hint(1, 2).raw(&hint(128, 127).0).raw(&hint(3, 128).0);
    vec![
        ok("listing-empty", from_7().long(LISTING, head(0, 0, 0, 0))),
        ok("listing-several", from_7().long(LISTING, several)),
        ok("listing-reply-of-a-part", from_7().long(LISTING, part)),
        largest("listing-of-one-place", 64, LISTING, single),
        ok("hints-least", from_7().long(HINTS, hint(0, 0))),
        ok("hints-three", from_7().long(HINTS, hints)),
        largest("hints-most", 64, HINTS, hint(ANY_ID, COUNTER_MAX)),
    ]
}

fn pulls() -> Vec<Vector> {
    let item = |owner, held| Body::new().varint(owner).raw(&LIFE).varint(held);
    let plain = item(3, 500).byte(0);
    let recovering = item(4, 500).byte(1).varints(&[20, 600]);
    let several = Body::new().byte(17).raw(&plain.0).raw(&recovering.0);
    let most = item(ANY_ID, COUNTER_MAX).byte(1);
    let most = most.varints(&[COUNTER_MAX, COUNTER_MAX]);
    let least = Body::new().byte(0).raw(&item(0, 0).byte(0).0);
    vec![
        ok("pull-least", from_7().long(PULL, least)),
        ok("pull-two", from_7().long(PULL, several)),
        largest("pull-most", 64, PULL, Body::new().byte(255).raw(&most.0)),
        ok(
            "answered-least",
            from_7().short(ANSWERED, Body::new().byte(0)),
        ),
        largest_short("answered-most", ANSWERED, Body::new().byte(255)),
    ]
}

/// Token, owner, life; then a, b - a, held - b, gc, as_of - held.
fn claim(token: u8, owner: u64, numbers: [u64; 5]) -> Body {
    let body = Body::new().byte(token).varint(owner).raw(&LIFE);
    body.varints(&numbers)
}

fn claims() -> Vec<Vector> {
    let set = |body: Body, back: u64, key: &str, value: &[u8]| {
        body.varint(back << 1).blob(key.as_bytes()).blob(value)
    };
    let delete = |body: Body, back: u64, key: &str| {
        body.varint(back << 1 | 1).blob(key.as_bytes()).varint(0)
    };
    let lease = |body: Body, back: u64, key: &str, steps: u64, value: &[u8]| {
        let body = body.varint(back << 1 | 1).blob(key.as_bytes());
        body.varint(steps).blob(value)
    };
    let whole = claim(1, 3, [1, 9, 0, 1, 0]);
    let whole = delete(set(whole, 0, "color", b"blue"), 2, "old");
    let whole = set(set(whole, 8, "empty", b""), 5, "grüße", &[0, 255]);
    let page = set(claim(2, 3, [20, 5, 75, 30, 400]), 0, "k", b"v");
    let quarter = 1 << 26;
    let most = claim(
        255,
        ANY_ID,
        [quarter, quarter, quarter, quarter, quarter - 1],
    );
    let most = set(most, 0, "key", b"val");
    let leased = claim(3, 3, [1, 3, 0, 1, 0]);
    let leased = lease(set(leased, 0, "good", b"1"), 1, "least", 1, b"");
    let leased = lease(leased, 2, "most", 42_949_672, b"2");
    let far = claim(0, 0, [0, COUNTER_MAX, 0, COUNTER_MAX, 0]);
    let far = delete(set(far, 0, "a", b"1"), COUNTER_MAX - 1, "z");
    vec![
        ok(
            "claim-of-nothing",
            from_7().long(CLAIM, claim(0, 0, [0, 1, 0, 1, 0])),
        ),
        ok("claim-values-and-a-tombstone", from_7().long(CLAIM, whole)),
        ok("claim-page-in-between", from_7().long(CLAIM, page)),
        ok("claim-with-leases", from_7().long(CLAIM, leased)),
        largest("claim-most-that-fits-64", 64, CLAIM, most),
        ok("claim-first-and-last-version", from_7().long(CLAIM, far)),
    ]
}

fn short_claims() -> Vec<Vector> {
    // Bits of 7 numbers; or how many are missing before one; or how many are there.
    let told = claim(1, 3, [0, 200, 1, 150, 3]);
    let told = told.raw(&[0b0110_1011, 0x80 | 9, 0xc0 | 40, 0xff, 20]);
    let nothing = claim(0, 0, [0, 1, 0, 1, 0]);
    let far = claim(0, 0, [1, COUNTER_MAX - 1, 0, COUNTER_MAX, 0]);
    let far = far.raw(&[0xbf]).varint(COUNTER_MAX - 2 - 63);
    let half = 1 << 27;
    let most = claim(255, ANY_ID, [half, half - 1, 0, COUNTER_MAX, 0]);
    let most = most.raw(&[0xff]).varint(half - 1 - 63);
    let sends = |kind, body| from_7().long(kind, body);
    vec![
        ok("versions-of-nothing", sends(VERSIONS, nothing)),
        ok("versions-of-every-sort", sends(VERSIONS, told)),
        ok("versions-after-a-long-gap", sends(VERSIONS, far)),
        largest("versions-most", 64, VERSIONS, most),
    ]
}

fn mixed() -> Vec<Vector> {
    let token = Body::new().varint(4242);
    let sum = Body::new().raw(&0x1122_3344_5566_7788u64.to_le_bytes());
    let hint = Body::new().varints(&[7, 12]);
    let probe = from_7().short(PING, token.clone());
    let probe = probe.short(ROOT, sum).long(HINTS, hint.clone());
    let hello = row(7, 0, 0x0102_0304, 0).byte(0).byte(0).varint(1);
    let answer = from_7().short(ACK, token).long(ROWS, hello);
    let answer = answer.short(SAME, Body::new());
    let claimed = claim(9, 7, [0, 2, 0, 1, 0]);
    let catch_up = from_7()
        .long(
            PULL,
            Body::new().byte(1).varint(5).raw(&LIFE).byte(0).byte(0),
        )
        .long(CLAIM, claimed.clone())
        .long(CLAIM, claimed);
    let wide = Builder::new(20_000, 7, 0, 0x0102_0304).long(HINTS, hint);
    vec![
        ok("round-ping-root-hint", probe),
        ok("answer-ack-row-same", answer),
        ok("catch-up-pull-and-two-claims", catch_up),
        ok("length-of-3-bytes", wide).buffer(20_000),
    ]
}

fn tolerated() -> Vec<Vector> {
    let token = || Body::new().varint(1);
    let unknown = from_7()
        .short(PING, token())
        .short(0, Body::new().raw(b"later"))
        .long(0xff, Body::new().raw(&[0xff; 19]))
        .short(ACK, token());
    let padded = from_7().short(PING, token()).raw(&[0; 5]);
    // 7 and 1 as longer variable-length integers than needed.
    let overlong = Builder::new(1400, 7, 0, 0).raw(&[PING << 4 | 3, 0x81, 0x80, 0]);
    let long_head = from_7().raw(&[PING << 4 | 15, 0x81, 0x80, 0, 5]);
    let short_rows = from_7().short(HINTS, Body::new().varints(&[7, 2]));
    vec![
        reads("unknown-sections-are-skipped", unknown),
        reads("zeros-at-the-end-are-unknown-sections", padded),
        reads(
            "flags-of-later-versions",
            from_7().first(0x14).short(SAME, Body::new()),
        ),
        reads("overlong-integer", overlong),
        reads("long-head-where-a-short-one-would-do", long_head),
        reads("short-head-where-a-long-one-is-written", short_rows),
        reads("rows-none", from_7().long(ROWS, Body::new())),
        reads("pull-of-nothing", from_7().long(PULL, Body::new().byte(3))),
    ]
}
