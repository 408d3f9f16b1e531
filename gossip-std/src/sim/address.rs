//! The addresses that hosts of the simulated network give each other.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use gossip_core::Address;

use super::index::Index;

/// An address type that can name every host of a simulated network. How many bytes an address takes
/// on the wire is part of what a simulation measures.
pub trait HostAddress: Address + Send {
    /// The address of a host.
    fn of(host: Index) -> Self;

    /// The host that has this address.
    fn index(self) -> Index;
}

/// At most 65,536 hosts: 1 to 3 bytes on the wire.
impl HostAddress for u16 {
    fn of(host: Index) -> Self {
        host as u16
    }

    fn index(self) -> Index {
        Index::from(self)
    }
}

/// 1 to 5 bytes on the wire.
impl HostAddress for u32 {
    fn of(host: Index) -> Self {
        host
    }

    fn index(self) -> Index {
        self
    }
}

/// The UDP port of every simulated host.
const PORT: u16 = 7946;

/// The network `10.0.0.0/8`, with room for 16,777,216 hosts.
const NET: u32 = 0x0a00_0000;

impl HostAddress for SocketAddrV4 {
    fn of(host: Index) -> Self {
        Self::new(Ipv4Addr::from_bits(NET | host), PORT)
    }

    fn index(self) -> Index {
        self.ip().to_bits() & !NET
    }
}

impl HostAddress for SocketAddr {
    fn of(host: Index) -> Self {
        Self::V4(SocketAddrV4::of(host))
    }

    /// Simulated hosts have IPv4 addresses; any other names a host that does not exist.
    fn index(self) -> Index {
        match self {
            Self::V4(address) => address.index(),
            Self::V6(_) => Index::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_host() {
        for host in [0, 1, 255, 256, 65_535] {
            assert_eq!(u16::of(host).index(), host);
            assert_eq!(u32::of(host).index(), host);
            assert_eq!(SocketAddrV4::of(host).index(), host);
            assert_eq!(SocketAddr::of(host).index(), host);
        }
        assert_eq!(SocketAddrV4::of(258).to_string(), "10.0.1.2:7946");
    }
}
