//! Whether a scenario makes sense.

use gossip_core::{Checked, NodeId, wire::limits};

use super::error::{ScenarioError, ensure, ensure_some, within};
use super::state::lease_room;
use super::walk::Walk;
use super::{Entries, Floor, Protocol, Scenario};
use crate::sim::Index;

/// The most nodes that a run may have, those that join later included.
pub(super) const HOSTS_MAX: u32 = 1_000_000;

impl Scenario {
    /// Makes sure that the scenario can be played.
    ///
    /// # Errors
    /// The first field that makes it impossible.
    pub fn check(&self) -> Result<(), ScenarioError> {
        self.check_size()?;
        let config = self.config_of_last()?;
        self.entries.check(self.keys())?;
        let load = self.workload.as_ref().filter(|load| load.leases > 0.0);
        let lease = lease_room(load.map(|load| load.ttl));
        check_room(&self.entries, config.entry_room().saturating_sub(lease))?;
        self.boot.check(self.duration)?;
        if let Some(load) = &self.workload {
            load.check(self.duration)?;
        }
        self.check_network(config.mtu_floor())?;
        self.clocks.check()?;
        let mut walk = Walk::new(self, config.entry_room());
        for (number, at) in self.timeline() {
            walk.step(number, at)?;
        }
        walk.finish()?;
        self.expect.check(self.last_disturbance(), self.duration)
    }

    /// The settings of the node with the largest id.
    pub(super) fn config_of_last(&self) -> Result<Checked<Index>, ScenarioError> {
        // What is another with some hosts is judged apart.
        let usual = Protocol {
            floors: Vec::new(),
            ..self.protocol.clone()
        };
        usual.config(NodeId::truncated(u64::from(self.hosts())))
    }

    fn check_network(&self, mtu: usize) -> Result<(), ScenarioError> {
        within("network", self.network.check(self.hosts()))?;
        let carried = self.network.link.mtu;
        for Floor { mtu: floor, .. } in &self.protocol.floors {
            let fits = (mtu..=carried).contains(floor);
            ensure(fits, "protocol.floors.mtu", || {
                format!(
                    "is {floor}; it must be from protocol.mtu to network.link.mtu, {mtu} to {carried}"
                )
            })?;
        }
        ensure(mtu <= carried, "protocol.mtu", || {
            format!("is {mtu}; it must be at most network.link.mtu, {carried}")
        })
    }

    fn check_size(&self) -> Result<(), ScenarioError> {
        ensure(!self.name.trim().is_empty(), "name", || {
            "is empty; give the scenario a name".to_owned()
        })?;
        ensure_some("nodes", self.nodes)?;
        ensure(self.hosts() <= HOSTS_MAX, "nodes", || {
            let hosts = self.hosts();
            format!("is {hosts} with those that join later; it must be at most {HOSTS_MAX}")
        })?;
        ensure(self.duration.as_micros() > 0, "duration", || {
            "is 0s; a run takes time".to_owned()
        })
    }
}

/// An entry must fit one datagram, whatever else the claim around it says.
fn check_room(entries: &Entries, room: usize) -> Result<(), ScenarioError> {
    let (key, value) = (entries.key_bytes, entries.value_bytes);
    ensure(limits::entry(0, key, value) <= room, "entries:", || {
        format!(
            "of {key} and {value} bytes do not fit a datagram: at this protocol.mtu an entry has {room} bytes"
        )
    })
}
