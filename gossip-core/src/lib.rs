//! Gossip without sockets, clocks, threads or a heap.

#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unreachable,
    clippy::todo
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[cfg(test)]
extern crate std;

mod address;
mod config;
pub mod entries;
mod error;
mod event;
pub mod exchange;
mod hash;
mod id;
pub mod membership;
pub mod node;
mod rng;
mod sampling;
mod stats;
pub mod storage;
pub mod table;
mod time;
mod transmit;
pub mod wire;

pub use address::Address;
pub use config::{Checked, Config, ConfigError};
pub use entries::EntryRef;
pub use error::{DatagramError, JoinError, SetError};
pub use event::{Event, Status};
pub use id::{Generation, Incarnation, Life, NodeId, OutOfRange, Place, Version};
pub use node::Node;
pub use rng::SplitMix64;
pub use stats::{Flow, Stats, Traffic};
pub use storage::{List, Storage, Tables};
pub use table::Member;
pub use time::{Duration, Instant};
pub use transmit::Transmit;
