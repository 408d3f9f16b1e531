//! A small world for the rules of [`gossip_core::entries::delta`]: one owner, some replicas, and
//! witnesses that notice when a promise is broken.
//!
//! - **P1** a deleted key never comes back to a replica that applied the delete, and stays nowhere in
//!   the end; nor does one whose lease ran out, to a replica where it did;
//! - **P2** a key its owner did not delete, and whose lease is not over, never disappears from a replica
//!   that has shown it;
//! - **P3** reads of a key never go back to an older version;
//! - **P4** when writes stop and messages get through, all equal the owner.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test crate uses its own part"
)]

pub mod leases;
pub mod promises;
pub mod replica;
pub mod rules;
pub mod short;
pub mod world;

pub use leases::Lease;
pub use replica::{Form, Held, Replica, Table, Told, key_name};
pub use rules::Rules;
pub use world::{Broken, O, World};

use gossip_core::Version;

/// The version `number`.
pub fn v(number: u32) -> Version {
    Version::new(number).expect("tests stay far below the largest version")
}
