//! Any bytes, parsed: nothing panics, and every section of an accepted datagram can be walked.

use std::net::SocketAddr;

use gossip_core::entries::Stretch;
use gossip_core::entries::delta::Claim;
use gossip_core::wire::{ClaimItem, Datagram, Items, Section, WIRE_VERSION, network, seal_tag};
use gossip_core::{Address, Instant, NodeId, Version};

/// The checksum of the empty cluster name.
const CLUSTER: u32 = 0;

/// Parses `bytes` as they are, and again with a version and a tag that let them pass.
pub fn run(bytes: &[u8]) {
    parse_as::<u16>(bytes);
    parse_as::<[u8; 8]>(bytes);
    parse_as::<SocketAddr>(bytes);
}

fn parse_as<A: Address>(bytes: &[u8]) {
    parse_below::<A>(bytes);
    let mut sealed = bytes.to_vec();
    if let Some(first) = sealed.first_mut() {
        *first = WIRE_VERSION << 4;
        if seal_tag(&mut sealed, network(CLUSTER, A::KIND)) {
            parse_below::<A>(&sealed);
        }
    }
}

fn parse_below<A: Address>(bytes: &[u8]) {
    for largest_id in [NodeId::truncated(200), NodeId::MAX] {
        parse::<A>(bytes, largest_id);
    }
}

fn parse<A: Address>(bytes: &[u8], largest_id: NodeId) {
    let Ok(datagram) = Datagram::parse::<A>(bytes, CLUSTER, largest_id) else {
        return;
    };
    assert!(datagram.header.sender <= largest_id);
    let known = datagram.sizes().filter(|(kind, _)| kind.is_some()).count();
    let walked = datagram
        .sections::<A>()
        .map(|s| walk(&s, largest_id))
        .count();
    assert_eq!(known, walked, "an accepted section does not decode");
    let body: usize = datagram.sizes().map(|(_, len)| len).sum();
    assert!(body < bytes.len(), "sections are longer than the datagram");
}

/// All of it stands at the birth of the receiver's life.
fn walk_returned(items: &Items<'_, ClaimItem<'_>>) {
    for item in items.iter() {
        let entry = item.listed(Instant::ZERO, Version::BIRTH);
        assert_eq!(entry.map(|entry| entry.version), Some(Version::BIRTH));
    }
}

/// Visits every item and checks what validation promises of it.
fn walk<A: Address>(section: &Section<'_, A>, largest_id: NodeId) {
    match section {
        Section::PingReq(_, id) | Section::Nack(_, Some(id)) => assert!(*id <= largest_id),
        Section::Rows(rows) => rows.iter().for_each(|row| assert!(row.id <= largest_id)),
        Section::Returned(_, items) => walk_returned(items),
        Section::Newborn(row) => assert!(row.id <= largest_id),
        Section::Suspects(all) => all.iter().for_each(|one| assert!(one.id <= largest_id)),
        Section::Ranges(head, sums) => {
            let parts = u16::from_le_bytes(head.mask).count_ones() as usize;
            assert_eq!(sums.iter().count(), parts);
            assert!(head.prefix.can_split() && parts > 0);
        }
        Section::Listing(_, items) => {
            items.iter().for_each(|item| assert!(item.id <= largest_id));
        }
        Section::Hints(hints) => hints.iter().for_each(|hint| assert!(hint.id <= largest_id)),
        Section::Pull(_, items) => {
            assert!(items.iter().all(|item| item.owner <= largest_id));
        }
        Section::Claim(head, claim, items) => {
            assert!(head.owner <= largest_id && claim.is_plausible());
            walk_entries(items, claim.a, claim.b);
        }
        Section::Versions(head, claim, stretches) => {
            assert!(head.owner <= largest_id && claim.is_plausible());
            walk_stretches(claim, stretches);
        }
        Section::Singles(head, items) => {
            assert!(head.owner <= largest_id);
            walk_entries(items, Version::BIRTH, head.newest);
        }
        Section::Receipt(receipt) => assert!(receipt.owner <= largest_id),
        Section::Ask(head, key) => {
            assert!(head.owner <= largest_id && head.token != 0 && !key.is_empty());
        }
        Section::Precise(_, items) => {
            assert!(items.iter().all(|item| item.owner <= largest_id));
        }
        Section::Known(head, claim, _) => {
            assert!(head.owner <= largest_id && claim.is_plausible());
        }
        Section::Ping(_)
        | Section::Ack(_)
        | Section::You(_)
        | Section::Root(..)
        | Section::Rate(_)
        | Section::Terms(_)
        | Section::Same
        | Section::Compare(_)
        | Section::Equal(_)
        | Section::Nack(_, None)
        | Section::Answered(_) => {}
    }
}

/// Entries with versions in `(a, b]`, counted back from `b`.
fn walk_entries(items: &Items<'_, ClaimItem<'_>>, a: Version, b: Version) {
    for item in items.iter() {
        let entry = item.listed(Instant::ZERO, b).expect("a validated item");
        assert!(a < entry.version && entry.version <= b);
        assert!(!entry.key.is_empty());
    }
}

fn walk_stretches(claim: &Claim, stretches: &Items<'_, Stretch>) {
    let mut told = claim.a.get();
    for stretch in stretches.iter() {
        let (first, last) = stretch.ends();
        assert!(0 < first && first <= last && told + last <= claim.b.get());
        assert!(stretch.has(first) && stretch.has(last));
        told += stretch.len();
    }
}
