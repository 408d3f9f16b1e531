//! Addresses on the command line: `host:port`, where the host may be a name.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use super::failure::Failure;

/// A host, by name or number, and a port.
#[derive(Clone, Debug)]
pub(super) struct HostPort(String);

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.parse::<SocketAddr>().is_ok() {
            return Ok(Self(text.to_owned()));
        }
        let (host, port) = text.rsplit_once(':').ok_or("an address is HOST:PORT")?;
        if port.parse::<u16>().is_err() {
            return Err("an address is HOST:PORT, the port a number up to 65535".to_owned());
        }
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("an address is HOST:PORT".to_owned());
        }
        if host.contains([':', '[', ']']) {
            return Err("an IPv6 address is written [::1]:7000".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HostPort {
    /// `true` if the host is a number and not a name.
    pub(super) fn is_literal(&self) -> bool {
        self.0.parse::<SocketAddr>().is_ok()
    }

    pub(super) fn port(&self) -> u16 {
        let port = self.0.rsplit_once(':').map(|(_, port)| port.parse());
        port.and_then(Result::ok).unwrap_or_default()
    }

    /// The addresses behind the name, at least one. Asks the system's resolver, which may take
    /// seconds.
    pub(super) fn resolve(&self) -> Result<Vec<SocketAddr>, Failure> {
        let found: Vec<SocketAddr> = self
            .0
            .to_socket_addrs()
            .map_err(|error| Failure::Run(format!("cannot resolve {}: {error}", self.0)))?
            .collect();
        if found.is_empty() {
            return Err(Failure::Run(format!(
                "cannot resolve {}: no address",
                self.0
            )));
        }
        Ok(found)
    }

    /// The addresses behind the name that a socket bound to `bind` can send to, at least one.
    pub(super) fn resolve_for(&self, bind: SocketAddr) -> Result<Vec<SocketAddr>, Failure> {
        let mut found = self.resolve()?;
        found.retain(|address| reachable(bind, *address));
        if found.is_empty() {
            let family = if bind.is_ipv4() { "IPv4" } else { "IPv6" };
            let message = format!("{} has no {family} address, and {bind} needs one", self.0);
            return Err(Failure::Run(message));
        }
        Ok(found)
    }
}

/// A wildcard IPv6 socket also speaks IPv4.
fn reachable(bind: SocketAddr, peer: SocketAddr) -> bool {
    bind.is_ipv4() == peer.is_ipv4() || (bind.is_ipv6() && bind.ip().is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_numbers_and_names() {
        for text in [
            "127.0.0.1:7000",
            "[::1]:7000",
            "localhost:0",
            "a-b.example:65535",
        ] {
            assert!(text.parse::<HostPort>().is_ok(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in [
            "",
            "localhost",
            ":7000",
            "localhost:",
            "localhost:70000",
            "::1:7000",
            "a b:1",
        ] {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
    }

    #[test]
    fn keeps_to_the_family_of_the_socket() {
        let v4: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let v6: SocketAddr = "[::1]:1".parse().unwrap();
        let any: SocketAddr = "[::]:1".parse().unwrap();
        assert!(reachable(v4, v4) && reachable(v6, v6) && reachable(any, v4) && reachable(any, v6));
        assert!(!reachable(v4, v6) && !reachable(v6, v4));
    }
}
