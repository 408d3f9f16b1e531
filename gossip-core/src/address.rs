//! Where a datagram goes.

use core::fmt::Debug;
use core::hash::Hash;
use core::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::limits;

/// A transport address: small, `Copy`, ordered, and with a fixed upper bound on the wire.
///
/// Implemented for the integers and byte arrays radios use (802.15.4 short and extended addresses,
/// MAC addresses) and for [`SocketAddr`]. The wire form is the type's postcard encoding.
pub trait Address: Copy + Ord + Hash + Debug + Serialize + DeserializeOwned + 'static {
    /// The most bytes the postcard encoding of an address takes; at most 75.
    const MAX_WIRE: usize;

    /// The smallest `mtu_floor` with which every message of the protocol fits.
    const MIN_FLOOR: usize = limits::min_floor(Self::MAX_WIRE);

    /// The one spelling of this address, so that two forms of it do not split an identity.
    #[must_use]
    fn canonical(self) -> Self {
        self
    }
}

impl Address for u8 {
    const MAX_WIRE: usize = 1;
}

impl Address for u16 {
    const MAX_WIRE: usize = 3;
}

impl Address for u32 {
    const MAX_WIRE: usize = 5;
}

impl Address for [u8; 2] {
    const MAX_WIRE: usize = 2;
}

impl Address for [u8; 4] {
    const MAX_WIRE: usize = 4;
}

impl Address for [u8; 6] {
    const MAX_WIRE: usize = 6;
}

impl Address for [u8; 8] {
    const MAX_WIRE: usize = 8;
}

impl Address for SocketAddrV4 {
    const MAX_WIRE: usize = 7;
}

/// An IPv4-mapped IPv6 address (what a dual-stack socket reports) is the same as the IPv4 address;
/// the flow label and the scope are not part of an identity.
impl Address for SocketAddr {
    const MAX_WIRE: usize = 20;

    fn canonical(self) -> Self {
        match self {
            Self::V4(_) => self,
            Self::V6(v6) => match v6.ip().to_canonical() {
                IpAddr::V4(ip) => Self::V4(SocketAddrV4::new(ip, v6.port())),
                IpAddr::V6(ip) => Self::V6(SocketAddrV6::new(ip, v6.port(), 0, 0)),
            },
        }
    }
}
