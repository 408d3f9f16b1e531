//! A simulated node seen from outside.

use gossip_core::{Generation, Stats, Status, Storage};

use super::address::HostAddress;
use super::host::Host;
use super::index::{Index, host_of, id_of};
use super::measure::{Cluster, Inspect};
use super::node_host::{NodeHost, hash_of};
use super::world::World;

impl<A: HostAddress, S: Storage<A>> Inspect for NodeHost<A, S> {
    fn fingerprint(&self) -> u64 {
        self.node().fingerprint()
    }

    fn live(&self) -> u32 {
        self.node().live() as u32
    }

    fn holds_live(&self, member: Index) -> bool {
        let row = self.node().member(id_of(member));
        row.is_some_and(|row| matches!(row.status(), Status::Alive | Status::Suspect))
    }

    fn stats(&self) -> &Stats {
        self.node().stats()
    }

    fn held(&self, owner: Index) -> Option<(Generation, u32)> {
        let row = self.node().member(id_of(owner))?;
        Some((row.generation(), row.held().get()))
    }

    fn shows(&self, owner: Index, key: &str) -> Option<u32> {
        let entry = self.node().entry(id_of(owner), key)?;
        Some(entry.version.get())
    }

    fn is_telling(&self, owner: Index) -> bool {
        self.node().is_telling(id_of(owner))
    }

    fn visible(&self, tell: &mut dyn FnMut(Index, &str, u32, u64)) {
        for entry in self.node().entries() {
            let value = hash_of(entry.value);
            tell(host_of(entry.owner), entry.key, entry.version.get(), value);
        }
    }

    fn tables(&self, tell: &mut dyn FnMut(&'static str, usize, usize)) {
        for usage in self.node().usage() {
            tell(usage.table, usage.len, usage.capacity);
        }
    }
}

impl<H: Host + Inspect> Cluster for World<H> {
    fn host(&self, index: Index) -> Option<&dyn Inspect> {
        let host: &dyn Inspect = self.host(index)?;
        Some(host)
    }

    fn longest(&self, index: Index) -> usize {
        self.counters(index).longest
    }
}
