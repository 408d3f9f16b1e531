//! The delta rules by themselves: histories, a receiver, a sender, leases, lives.

#[path = "../delta_world/mod.rs"]
mod delta_world;

mod histories;
mod leases;
mod random;
mod reborn;
mod receiver;
mod sender;
