//! The agent's UDP socket.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, SocketAddrV6};

use mio::net::UdpSocket;
use socket2::{Domain, Protocol, Socket, Type};

/// Where datagrams come from and go to. Neither call blocks.
pub(super) trait Datagrams {
    /// Reads the next datagram in to `buffer`; its length and sender.
    fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)>;

    /// Sends one datagram.
    fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<()>;
}

/// A bound UDP socket that reaches IPv4 as well where it is a dual-stack one.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) socket: UdpSocket,
    pub(super) local: SocketAddr,
}

impl Port {
    pub(super) fn bind(addr: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
        if addr.is_ipv6() && addr.ip().is_unspecified() {
            // Where the system has no dual-stack sockets, this one serves IPv6 alone.
            let _ = socket.set_only_v6(false);
        }
        socket.set_nonblocking(true)?;
        socket.bind(&addr.into())?;
        let socket = UdpSocket::from_std(socket.into());
        let local = socket.local_addr()?;
        Ok(Self { socket, local })
    }
}

impl Datagrams for Port {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.recv_from(buffer)
    }

    fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<()> {
        let to = spelled_for(self.local, to).ok_or(ErrorKind::NetworkUnreachable)?;
        self.socket.send_to(bytes, to).map(drop)
    }
}

/// `to` as a socket bound to `local` wants it: an IPv6 socket knows IPv4 addresses in their mapped
/// form, an IPv4 socket reaches no IPv6 address.
fn spelled_for(local: SocketAddr, to: SocketAddr) -> Option<SocketAddr> {
    match (local, to) {
        (SocketAddr::V6(_), SocketAddr::V4(v4)) => {
            Some(SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0).into())
        }
        (SocketAddr::V4(_), SocketAddr::V6(_)) => None,
        _ => Some(to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_spelled_for_the_sockets_family() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        for (local, to, spelled) in [
            ("0.0.0.0:1", "10.0.0.1:7", Some("10.0.0.1:7")),
            ("0.0.0.0:1", "[fd00::1]:7", None),
            ("[::]:1", "10.0.0.1:7", Some("[::ffff:10.0.0.1]:7")),
            ("[::]:1", "[fd00::1]:7", Some("[fd00::1]:7")),
        ] {
            assert_eq!(
                spelled_for(address(local), address(to)),
                spelled.map(address)
            );
        }
    }
}
