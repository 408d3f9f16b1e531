//! A small but complete node program in which no panic can be reached.
//!
//! Its panic handler calls a function that does not exist, so the program links only if the
//! optimizer has proved every panic away. With the feature `control` one remains, and the link must
//! fail: proof that the proof can fail.
//!
//! Run in QEMU it also works: two nodes meet over a lossy link, every verb and command is used, and
//! the exit status says whether the second read what the first wrote.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use cortex_m::{asm, singleton};
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use gossip_core::shared::{Merge, Merged, Wall};
use gossip_core::{Config, Cursor, Duration, Filter, Instant, Node, NodeId, SplitMix64, inline};
use gossip_embedded::{Link, Medium, MemoryLink, Runner};

unsafe extern "C" {
    /// Exists nowhere: the linker's complaint is the message.
    safe fn a_panic_can_be_reached() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    a_panic_can_be_reached()
}

/// The longest datagram in bytes: so long that every length of a section's head is in the program.
const MTU: usize = 1400;

/// The cluster's floor, in bytes.
const FLOOR: usize = 64;

/// How many datagrams are in the air at most.
const SLOTS: usize = 8;

/// How long two nodes may take to meet and to part.
const PATIENCE: Duration = Duration::from_secs(120);

#[cfg(not(feature = "least"))]
inline! {
    /// What each of the two nodes keeps.
    struct Shelf {
        members: 4, entries: 16, key: 8, value: 16, news: 4, duties: 4,
        relays: 2, seeds: 1, exchanges: 1, ranges: 2, wants: 2, copies: 2, leases: 2,
    }
}

#[cfg(feature = "least")]
inline! {
    /// Membership alone. The program does not work with it; only its size is looked at.
    struct Shelf {
        members: 4, entries: 0, key: 0, value: 0, news: 4, duties: 4,
        relays: 2, seeds: 1, exchanges: 0, ranges: 0, wants: 0,
    }
}

type Air = Medium<u16, SLOTS, MTU>;
type Site = Runner<MemoryLink<'static, u16, SLOTS, MTU>, Shelf, MTU>;

#[entry]
fn main() -> ! {
    let done = meet().is_some();
    debug::exit(if done { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {
        asm::wfi();
    }
}

/// Lets two nodes meet, share, hear noise and part; `None` if something did not come about.
fn meet() -> Option<()> {
    // Opaque numbers: the optimizer must not get rid of a panic by playing the story itself.
    let (seed, first, second) = black_box((7_u64, 1_u16, 2_u16));
    let air = &*singleton!(: Air = Air::new(seed, 20))?;
    let pair = singleton!(: [Option<Site>; 2] = [site(air, first), site(air, second)])?;
    let [Some(one), Some(two)] = pair else {
        return None;
    };
    let mut rng = SplitMix64::new(seed);
    let mut now = Instant::ZERO;

    two.node_mut().join(first).ok()?;
    // Results are opaque too, so that a storage that refuses them leaves the rest in the program.
    let writer = one.node_mut();
    black_box(writer.set(black_box("spare"), black_box(b"key"))).ok()?;
    black_box(writer.set(black_box("temp"), black_box(b"21.5 C"))).ok()?;
    let count = &black_box(300_u32);
    black_box(writer.set_value(black_box("count"), count, &mut [0; 8])).ok()?;
    let owner = NodeId::from(first);
    until(one, two, &mut now, &mut rng, |_, two| {
        two.get(owner, "temp") == Some(b"21.5 C")
    })?;
    until(one, two, &mut now, &mut rng, |_, two| {
        matches!(two.value::<u32>(owner, "count"), Some(Ok(300)))
    })?;
    if !black_box(one.node_mut().delete(black_box("temp"))).ok()? {
        return None;
    }
    until(one, two, &mut now, &mut rng, |_, two| {
        two.get(owner, "temp").is_none()
    })?;
    let ttl = black_box(Duration::from_secs(2));
    let writer = one.node_mut();
    black_box(writer.set_for(now, black_box("brief"), black_box(b"soon"), ttl)).ok()?;
    until(one, two, &mut now, &mut rng, |_, two| {
        two.entry(owner, "brief")
            .is_some_and(|entry| entry.expires.is_some())
    })?;
    black_box(one.node_mut().renew(now, black_box("brief"), ttl)).ok()?;
    until(one, two, &mut now, &mut rng, |_, two| {
        two.get(owner, "brief").is_none()
    })?;
    hear_noise(air, one, now, &mut rng)?;
    look_around(one.node())?;
    share_keys(one.node_mut())?;
    until(one, two, &mut now, &mut rng, |_, two| read_keys(two))?;
    one.node_mut().leave();
    until(one, two, &mut now, &mut rng, |one, two| {
        one.has_left() && two.live() == 1
    })
}

/// Contributes to shared keys in every way.
fn share_keys(node: &mut Node<u16, Shelf>) -> Option<()> {
    let wall = black_box(Some(Wall::from_unix_millis(7)));
    black_box(node.count(black_box("hits"), black_box(-2))).ok()?;
    black_box(node.share(black_box("mode"), black_box(b"on"), wall)).ok()?;
    black_box(node.claim(black_box("lead"), black_box(b"me"), wall)).ok()?;
    black_box(node.share_number(black_box("level"), black_box(2))).ok()?;
    black_box(node.include(black_box("tags"), black_box(b"x"))).ok()?;
    black_box(node.include(black_box("tags"), black_box(b"y"))).ok()?;
    black_box(node.exclude(black_box("tags"), black_box(b"x"))).ok()?;
    Some(())
}

/// `true` once the other node reads what was contributed.
fn read_keys(node: &Node<u16, Shelf>) -> bool {
    let number = |key, how, expected| {
        let merged = node.merged(black_box(key), black_box(how));
        matches!(merged, Some(Merged::Number(number)) if number == expected)
    };
    let union = node.merged(black_box("tags"), black_box(Merge::Union));
    let elements = match union {
        Some(Merged::Elements(elements)) => elements.count(),
        _ => 0,
    };
    number("hits", Merge::Sum, -2) && number("level", Merge::Max, 2) && elements == 1
}

/// Steps both nodes until `holds`.
fn until(
    one: &mut Site,
    two: &mut Site,
    now: &mut Instant,
    rng: &mut SplitMix64,
    holds: impl Fn(&Node<u16, Shelf>, &Node<u16, Shelf>) -> bool,
) -> Option<()> {
    let end = now.after(PATIENCE);
    while !black_box(holds(one.node(), two.node())) {
        if *now > end {
            return None;
        }
        let wake = one.turn(*now, rng).wake.min(two.turn(*now, rng).wake);
        *now = now.after(Duration::from_millis(1)).max(wake.min(end));
        while let Some(event) = one.node_mut().poll_event() {
            black_box(event);
        }
        while let Some(event) = two.node_mut().poll_event() {
            black_box(event);
        }
    }
    Some(())
}

/// A stranger sends bytes that mean nothing; the node must not care.
fn hear_noise(
    air: &'static Air,
    site: &mut Site,
    now: Instant,
    rng: &mut SplitMix64,
) -> Option<()> {
    let mut stranger = air.link(99);
    for length in [0, 1, 9, 40, 64] {
        let noise = black_box([0x5a; MTU]);
        let _ = stranger.send(1, noise.get(..length)?).ok()?;
        let _ = black_box(site.turn(now, rng));
    }
    Some(())
}

/// Uses the getters and iterators that nothing else here uses.
fn look_around(node: &Node<u16, Shelf>) -> Option<()> {
    let members = node
        .members()
        .filter(|member| member.address().is_some())
        .count();
    let entries = node.entries().count();
    let own = node.entries_of(node.id()).count();
    let watched = Filter::of(node.id()).prefix(black_box("c"));
    let changes = node.changes(black_box(Cursor::START), watched);
    let caught_up = changes.end() == node.newest_change() && changes.is_afresh();
    let first = changes.earliest().filter(|change| change.key == "count")?;
    let rest = node.changes(first.cursor, watched).count();
    black_box((
        node.fingerprint(),
        node.generation(),
        node.address(),
        node.is_joined(),
    ));
    black_box(
        node.stats()
            .counters()
            .fold(0_u32, |sum, (_, count)| sum.wrapping_add(count)),
    );
    remains(members);
    (members == 2 && entries == 2 && own == 2 && caught_up && rest == 0).then_some(())
}

/// The panic that must be found.
#[cfg(feature = "control")]
fn remains(members: usize) {
    black_box(black_box([1, 2, 3])[members]);
}

#[cfg(not(feature = "control"))]
fn remains(_: usize) {}

fn site(air: &'static Air, id: u16) -> Option<Site> {
    let config = Config::new(NodeId::from(id))
        .cluster("pair")
        .mtu_floor(black_box(FLOOR));
    let config = config.largest_id(NodeId::from(u16::MAX)).check().ok()?;
    Some(Runner::new(
        Node::new(config, Shelf::tables()),
        air.link(id),
    ))
}
