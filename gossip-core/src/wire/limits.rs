//! Worst cases: how many bytes each part of a datagram may take, and what follows from it.
//!
//! `docs/wire.md` shows the same numbers as tables; a test compares the two.

pub(crate) use super::claims::claim_head_of;
pub use super::claims::{claim_head, stretch};
pub use super::members::row;
pub use super::singles::singles_head;
use crate::id::{NodeId, Version};
use crate::time::Duration;

/// The largest UDP payload over IPv4, and the largest `mtu_floor`.
pub const MTU_MAX: usize = 65_507;

/// The checksum of the empty cluster name.
pub(crate) const DEFAULT_CLUSTER: u32 = 0;

/// What the tags of a cluster's datagrams begin with on a medium whose addresses are of this
/// [kind](crate::Address::KIND), but for the wire version. `cluster` is the checksum of the cluster's name;
/// for addresses of kind 0 that is all.
#[must_use]
pub const fn network(cluster: u32, kind: u8) -> u32 {
    cluster ^ (kind as u32) << 16
}

/// Bytes of a header beside the sender's id: version 1, tag 4, generation 3 + 4.
const HEADER_WITHOUT_ID: usize = 12;

/// A generation's counter and nonce.
pub(super) const GENERATION: usize = 7;

/// A counter of 28 bits as a variable-length integer.
pub(super) const COUNTER: usize = varint(Version::MAX.get() as u64);

/// A life's name in claims and pulls.
pub(super) const LIFE: usize = 4;

/// The unit in which the remaining life of an entry travels.
pub const LEASE_STEP: Duration = Duration::from_millis(100);

/// The longest remaining life, in steps: that of [`Duration::MAX`], about 49 days.
const LEASE_STEPS_MAX: u32 = lease_steps(Duration::MAX);

/// Bytes of `number` as a variable-length integer.
#[must_use]
pub const fn varint(number: u64) -> usize {
    let bits = (u64::BITS.saturating_sub((number | 1).leading_zeros())) as usize;
    bits.div_ceil(7)
}

/// The longest header when no id is above `largest_id`.
#[must_use]
pub const fn header(largest_id: NodeId) -> usize {
    HEADER_WITHOUT_ID.saturating_add(varint(largest_id.get()))
}

/// The most bytes that a node sends in a round in which nothing differs: a ping (1 + 3) with a root (1 + 8)
/// to one member, and an ack (1 + 3) with a *same* (1) to another.
#[must_use]
pub(crate) const fn quiet_round(largest_id: NodeId) -> usize {
    header(largest_id).saturating_mul(2).saturating_add(18)
}

/// The longest head of a section in a datagram of `mtu` bytes.
#[must_use]
pub const fn section_head(mtu: usize) -> usize {
    if mtu < 130 {
        2
    } else if mtu < 16_387 {
        3
    } else {
        4
    }
}

/// The smallest `mtu_floor` for addresses of up to `address_max` bytes: a row must fit, and 64.
#[must_use]
pub const fn min_floor(address_max: usize) -> usize {
    let floor = header(NodeId::MAX)
        .saturating_add(4)
        .saturating_add(row(address_max));
    if floor < 64 { 64 } else { floor }
}

/// How many bytes an entry may take in a claim so that it fits every datagram.
#[must_use]
pub const fn entry_room(mtu_floor: usize, largest_id: NodeId) -> usize {
    mtu_floor
        .saturating_sub(header(largest_id))
        .saturating_sub(section_head(mtu_floor))
        .saturating_sub(claim_head(largest_id))
}

/// How many bytes an entry takes in a claim: `back` versions before the claim's end, a key and a
/// value of these lengths.
#[must_use]
pub const fn entry(back: u32, key: usize, value: usize) -> usize {
    varint((back as u64) << 1)
        .saturating_add(varint(key as u64))
        .saturating_add(key)
        .saturating_add(varint(value as u64))
        .saturating_add(value)
}

/// How many bytes a lease with so much left adds to an entry in a claim.
#[must_use]
pub const fn lease(left: Duration) -> usize {
    varint(lease_steps(left) as u64)
}

/// What is left of a lease as it travels: whole steps, rounded down.
#[must_use]
pub(crate) const fn lease_steps(left: Duration) -> u32 {
    left.as_millis().div_euclid(LEASE_STEP.as_millis())
}

/// What is left of a lease that travelled as so many steps; `None` if that is more than any lease.
#[must_use]
pub(crate) fn lease_of(steps: u32) -> Option<Duration> {
    (steps <= LEASE_STEPS_MAX).then(|| LEASE_STEP.times(steps))
}
