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
    /// Which kind of address this is: part of what every datagram's tag begins with, so that nodes whose
    /// addresses are of different kinds refuse each other's datagrams instead of reading one
    /// kind for another. The crate's own have numbers below 128; those from 128 on are free for others.
    const KIND: u8;

    /// The most bytes the postcard encoding of an address takes; at most 75.
    const MAX_WIRE: usize;

    /// The smallest `mtu_floor` with which every message of the protocol fits.
    const MIN_FLOOR: usize = limits::min_floor(Self::MAX_WIRE);

    /// The [kind](Self::KIND) of the medium that this address belongs to. A type whose addresses belong to
    /// several media, each with addresses of its own, says which.
    fn kind(&self) -> u8 {
        Self::KIND
    }

    /// The one spelling of this address, so that two forms of it do not split an identity.
    #[must_use]
    fn canonical(self) -> Self {
        self
    }
}

impl Address for u8 {
    const KIND: u8 = 1;
    const MAX_WIRE: usize = 1;
}

impl Address for u16 {
    const KIND: u8 = 0;
    const MAX_WIRE: usize = 3;
}

impl Address for u32 {
    const KIND: u8 = 2;
    const MAX_WIRE: usize = 5;
}

impl Address for [u8; 2] {
    const KIND: u8 = 18;
    const MAX_WIRE: usize = 2;
}

impl Address for [u8; 4] {
    const KIND: u8 = 20;
    const MAX_WIRE: usize = 4;
}

impl Address for [u8; 6] {
    const KIND: u8 = 22;
    const MAX_WIRE: usize = 6;
}

impl Address for [u8; 8] {
    const KIND: u8 = 24;
    const MAX_WIRE: usize = 8;
}

impl Address for SocketAddrV4 {
    const KIND: u8 = 32;
    const MAX_WIRE: usize = 7;
}

/// An IPv4-mapped IPv6 address (what a dual-stack socket reports) is the same as the IPv4 address;
/// the flow label and the scope are not part of an identity.
impl Address for SocketAddr {
    const KIND: u8 = 33;
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
