//! No datagram is longer than the MTU.

use super::Broken;
use crate::sim::Index;

pub(super) const RULE: &str = "mtu";

/// Judges a datagram of `len` bytes where `most` are allowed.
pub(super) fn check(host: Index, len: usize, most: usize) -> Result<(), Broken> {
    if len <= most {
        return Ok(());
    }
    Err(Broken {
        rule: RULE,
        host,
        what: format!("sent a datagram of {len} bytes where the MTU is {most}"),
    })
}
