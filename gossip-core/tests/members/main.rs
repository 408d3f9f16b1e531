//! Membership and failure detection: nodes on a network in memory.

#[path = "../support/mod.rs"]
mod support;

mod adversity;
mod airtime;
mod bare;
mod bounds;
mod clocks;
mod crowded;
mod departed;
mod floor;
mod forgotten;
mod learned_addresses;
mod lives;
mod membership;
mod mixed_floors;
mod news;
mod old_knowledge;
mod partitions;
mod proofs;
mod properties;
mod rules;
mod seeds;
mod sick_member;
mod slow_member;
mod strangers;
mod tight;
mod twins;
