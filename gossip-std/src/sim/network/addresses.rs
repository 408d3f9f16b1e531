//! Addresses of hosts that got other ones than they began with.

use std::collections::BTreeMap;

use crate::sim::Index;

/// Who has which address. A host's address is its number until it changes; later ones are given from
/// the top of the second half of 16 bits downwards, so that they fit every type of address.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    /// Of hosts that do not have their first address any more.
    of: BTreeMap<Index, Index>,
    hosts: BTreeMap<Index, Index>,
}

/// The first address that is given to a host beyond its number.
const FIRST: Index = u16::MAX as Index;

impl Addresses {
    pub(super) fn of(&self, host: Index) -> Index {
        self.of.get(&host).copied().unwrap_or(host)
    }

    pub(super) fn host(&self, address: Index) -> Option<Index> {
        match self.hosts.get(&address) {
            Some(host) => (self.of(*host) == address).then_some(*host),
            None => (!self.of.contains_key(&address)).then_some(address),
        }
    }

    /// Gives the host an address that nobody had before.
    pub(super) fn change(&mut self, host: Index) {
        let address = FIRST - self.hosts.len() as Index;
        self.hosts.insert(address, host);
        self.of.insert(host, address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_under_its_last_address_alone() {
        let mut addresses = Addresses::default();
        assert_eq!((addresses.of(3), addresses.host(3)), (3, Some(3)));
        addresses.change(3);
        let first = addresses.of(3);
        assert_ne!(first, 3);
        assert_eq!((addresses.host(3), addresses.host(first)), (None, Some(3)));
        addresses.change(3);
        addresses.change(4);
        let second = addresses.of(3);
        assert_eq!(
            (addresses.host(first), addresses.host(second)),
            (None, Some(3))
        );
        assert_eq!(addresses.host(addresses.of(4)), Some(4));
        assert_eq!(addresses.host(5), Some(5));
    }
}
